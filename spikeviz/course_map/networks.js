// Pictures of networks and of what they cost, for the stations of the course. Each is drawn as far
// as `place`, from 0 to 1, from the numbers of its subject.

import { dot, label, outline, scale, stroke } from "../base/draw.js";
import { clamp } from "../base/page.js";
import { mulberry, simulate, stimulus } from "../base/neuron.js";
import { partitionOf, STAGES } from "../partition/partition.js";

const ease = (share) => share * share * (3 - 2 * share);
const times = (length, make) => Array.from({ length }, (_, i) => make(i));

const MINUTES = [15, 45, 50, 50, 55, 60, 45, 40, 40, 45, 45, 40, 60]; // of data.json
const HOURS = MINUTES.map((_, i) => MINUTES.slice(0, i).reduce((a, b) => a + b, 0));

/** The way through the course, a point for each notebook, as far apart as they take time. */
export function way({ ctx, w, h, colour }, place) {
  const x = scale([0, HOURS.at(-1)], [8, w - 8]);
  const y = (minute) => h / 2 - (h / 2 - 10) * Math.sin((minute / HOURS.at(-1)) * 9);
  const now = place * HOURS.at(-1);
  const path = times(101, (i) => (i / 100) * HOURS.at(-1));
  stroke(ctx, colour.grid, path.map((m) => [x(m), y(m)]), 3);
  stroke(ctx, colour.blue, path.filter((m) => m <= now).map((m) => [x(m), y(m)]), 3);
  HOURS.forEach((m) => dot(ctx, x(m), y(m), 3.5, m <= now ? colour.blue : colour.muted));
  dot(ctx, x(now), y(now), 5, colour.red);
}

const RUN = { v_threshold: 1, v_rest: 0, v_reset: 0, tau: 2 };
const noise = stimulus({ stimulus: "noise", amplitude: 1.1, dt: 1, duration: 20, seed: 4 });
const into = simulate(RUN, noise).s;
const learned = simulate(RUN, Float64Array.from(into, (s) => 1.8 * s)).s;

/** A shortcut: x and f(x) are spikes, their sum is 0, 1 or 2. */
export function residual({ ctx, w, h, colour }, place) {
  const wide = (w - 22) / 20;
  const rows = [["x", into, colour.blue], ["f", learned, colour.purple]];
  const tall = (h - 30) / 2;
  times(20, (t) => {
    const share = clamp(place * 20 - t, 0, 1);
    let base = h - 3;
    rows.forEach(([, s, own], i) => {
      if (!s[t] || !share) return;
      ctx.globalAlpha = share;
      ctx.fillStyle = own;
      ctx.fillRect(18 + t * wide, 3 + 12 * i, wide - 1.5, 9);
      const from = 3 + 12 * i;
      ctx.fillRect(18 + t * wide, from + (base - tall - from) * ease(share), wide - 1.5, tall - 1);
      base -= tall;
    });
    ctx.globalAlpha = 1;
  });
  rows.forEach(([name], i) => label(ctx, name, 4, 8 + 12 * i, colour.fg));
  label(ctx, "Y", 4, h - 12, colour.fg);
}

/** What a neuron sees after 1, 2, 3 convolutions of 7 × 7: each adds 6 to the side. */
export function field({ ctx, w, h, colour }, place) {
  const cell = (h - 4) / 19;
  const [left, top] = [Math.max(4, w / 2 - 14 * cell), 2];
  ctx.fillStyle = colour.grid;
  for (let k = 0; k < 19 * 19; k++)
    ctx.fillRect(left + (k % 19) * cell, top + Math.floor(k / 19) * cell, cell - 1, cell - 1);
  const layer = Math.min(2, Math.floor(place * 3));
  [colour.red, colour.purple, colour.blue].slice(0, layer + 1).forEach((own, n) => {
    const grown = n < layer ? 1 : ease(Math.min(1, place * 3 - n));
    const side = (1 + 6 * n + 6 * grown) * cell;
    const at = [left + 9.5 * cell - side / 2, top + 9.5 * cell - side / 2, side, side];
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = own;
    ctx.fillRect(...at);
    ctx.globalAlpha = 1;
    outline(ctx, at, own, 1.5);
  });
  const side = 7 + 6 * layer;
  if (w > 130) label(ctx, `${side} × ${side}`, left + 20.5 * cell, h / 2, colour.fg);
}

const part = partitionOf("grid", 8, 4);

/** The pixels of a grid's groups fly together, and back. */
export function groups({ ctx, w, h, colour }, place) {
  const cell = Math.min((h - 8) / 8, (w - 20) / 16);
  const own = [colour.blue, colour.red, colour.green, colour.purple];
  const gone = ease(clamp(1.5 - Math.abs(place - 0.5) * 3, 0, 1));
  part.order.forEach((pixel, k) => {
    const [g, t] = [Math.floor(k / 16), k % 16];
    const from = [w / 2 + ((pixel % 8) - 4) * cell, h / 2 + (Math.floor(pixel / 8) - 4) * cell];
    const to = [w / 2 + (g - 2) * (4 * cell + 4) + 2 + (t % 4) * cell,
      h / 2 + (Math.floor(t / 4) - 2) * cell];
    const [px, py] = from.map((start, i) => start + (to[i] - start) * gone);
    ctx.fillStyle = own[g];
    ctx.fillRect(px, py, cell - 1, cell - 1);
  });
}

const [TOKENS, CHANNELS] = [6, 8];
const random = mulberry(5);
const [queries, keys] = times(2, () => times(TOKENS, () => times(CHANNELS, () => random() < 0.4)));
const weights = queries.map((q) => {
  const scores = keys.map((k) => q.filter((s, c) => s && k[c]).length / Math.sqrt(CHANNELS));
  const raised = scores.map(Math.exp);
  return raised.map((e) => e / raised.reduce((a, b) => a + b));
});
const most = Math.max(...weights.flat());

/** Spiking attention: each token's look at the others, by the spikes that both have. */
export function attention({ ctx, w, h, colour }, place) {
  const [cell, at] = [(h - 6) / TOKENS, Math.min(TOKENS - 1, Math.floor(place * TOKENS))];
  const map = w - h - 2;
  const x = (i) => 8 + (i * (map - 20)) / (TOKENS - 1);
  weights.forEach((row, q) => row.forEach((weight, k) => {
    const share = clamp(place * TOKENS - q, 0, 1);
    ctx.globalAlpha = 0.08 + 0.92 * share * (weight / most);
    ctx.fillStyle = colour.blue;
    ctx.fillRect(map + k * cell, 3 + q * cell, cell - 1, cell - 1);
    if (q !== at) return;
    ctx.globalAlpha = share;
    stroke(ctx, colour.blue, [[x(q), 8], [x(k), h - 8]], (6 * weight) / most);
  }));
  ctx.globalAlpha = 1;
  times(TOKENS, (i) => {
    dot(ctx, x(i), 8, i === at ? 5 : 3, i === at ? colour.red : colour.muted);
    dot(ctx, x(i), h - 8, 3, colour.fg);
  });
}

const DEPTHS = [1, 3, 6, 1]; // of Tiny
const slabs = DEPTHS.flatMap((depth, stage) => times(depth, () => stage));

/** Tiny: its blocks, smaller maps stage by stage, and an image's four time steps on their way. */
export function network({ ctx, w, h, colour }, place) {
  const wide = (w - 12) / (slabs.length + 3);
  const steps = times(4, (t) => (place * 1.45 - t * 0.15) * (slabs.length + 1));
  slabs.forEach((stage, i) => {
    const tall = (h - 6) * Math.sqrt(STAGES[stage] / STAGES[0]);
    const near = steps.map((step) => Math.max(0, 1 - Math.abs(step - i)));
    const box = [6 + i * wide + stage * wide * 0.66, (h - tall) / 2, wide - 2, tall];
    ctx.globalAlpha = 0.25 + 0.75 * (place < 1 ? Math.max(...near) : 0.6);
    ctx.fillStyle = [colour.blue, colour.green, colour.purple, colour.red][stage];
    ctx.fillRect(...box);
  });
  ctx.globalAlpha = 1;
  const out = steps.filter((step) => step >= slabs.length).length;
  dot(ctx, w - 8, h / 2, 2 + out, colour.fg);
}

const [MAC, ADD, FURTHEST] = [4.6, 0.9, 8]; // pJ, pJ, T·R

/** Additions for T·R spikes cost more than one multiplication from T·R = 5.11 on. */
export function energy({ ctx, w, h, colour }, place) {
  const [x, y] = [scale([0, FURTHEST], [6, w - 6]), scale([0, ADD * FURTHEST], [h - 5, 5])];
  const now = place * FURTHEST;
  const even = MAC / ADD;
  stroke(ctx, colour.muted, [[x(0), y(MAC)], [x(FURTHEST), y(MAC)]], 1.5, [4, 3]);
  const cheap = Math.min(now, even);
  stroke(ctx, colour.blue, [[x(0), y(0)], [x(cheap), y(ADD * cheap)]], 2);
  if (now > even) stroke(ctx, colour.red, [[x(even), y(MAC)], [x(now), y(ADD * now)]], 2);
  dot(ctx, x(now), y(ADD * now), 3.5, now > even ? colour.red : colour.blue);
  label(ctx, `${(ADD * now).toFixed(1)} pJ`, 8, 10, colour.fg);
}

const [EPOCHS, WARM] = [200, 10]; // of the recipe for ImageNet

/** The learning rate of the paper's training: warm-up, then a cosine. */
export function schedule({ ctx, w, h, colour }, place) {
  const rate = (epoch) => epoch < WARM ? epoch / WARM
    : (1 + Math.cos((Math.PI * (epoch - WARM)) / (EPOCHS - WARM))) / 2;
  const [x, y] = [scale([0, EPOCHS], [6, w - 6]), scale([0, 1], [h - 5, 8])];
  const epochs = times(EPOCHS + 1, (i) => i);
  const now = place * EPOCHS;
  const curve = (upto) => epochs.filter((e) => e <= upto).map((e) => [x(e), y(rate(e))]);
  stroke(ctx, colour.grid, curve(EPOCHS), 2);
  stroke(ctx, colour.blue, [...curve(now), [x(now), y(rate(now))]], 2);
  dot(ctx, x(now), y(rate(now)), 3.5, colour.red);
}

const [ACROSS, DOWN, MOVES, CONTRAST] = [18, 10, 8, 0.2];
const light = (k, move) => {
  const away = Math.hypot((k % ACROSS) - 3 - 1.3 * move, Math.floor(k / ACROSS) - 4.5);
  return Math.log(0.1 + 0.9 * clamp(4 - away, 0, 1));
};
const changes = times(MOVES, (move) =>
  times(ACROSS * DOWN, (k) => light(k, move + 1) - light(k, move)));

/** A bright disc moves: its front edge sends events that say brighter, its back edge darker. */
export function events({ ctx, w, h, colour }, place) {
  const cell = Math.min((w - 6) / ACROSS, (h - 4) / DOWN);
  const [left, top] = [(w - ACROSS * cell) / 2, (h - DOWN * cell) / 2];
  const gap = cell > 4 ? 1 : 0.4;
  const move = Math.min(MOVES - 1, Math.floor(place * MOVES));
  const middle = [left + (3.5 + 1.3 * place * MOVES) * cell, top + 5 * cell];
  ctx.globalAlpha = 0.15;
  dot(ctx, ...middle, 3.5 * cell, colour.fg);
  ctx.globalAlpha = 1;
  changes[move].forEach((change, k) => {
    if (Math.abs(change) < CONTRAST) return;
    ctx.fillStyle = change > 0 ? colour.blue : colour.red;
    const [row, column] = [Math.floor(k / ACROSS), k % ACROSS];
    ctx.fillRect(left + column * cell, top + row * cell, cell - gap, cell - gap);
  });
}
