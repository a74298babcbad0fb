// Pictures of neurons, for the stations of the course: what a membrane, a raster, a slope, two
// leaks, four thresholds, a rate do. Each is drawn as far as `place`, from 0 to 1.

import { dot, label, scale, stairs, stroke } from "../base/draw.js";
import { clamp } from "../base/page.js";
import { simulate, stimulus } from "../base/neuron.js";

const SINE = { stimulus: "sine", dt: 1, duration: 24, period: 12 };
const constant = (value, steps) => new Float64Array(steps).fill(value);
const run = (p, current) => simulate({ v_threshold: 1, v_rest: 0, v_reset: 0, ...p }, current);

/** How many of the steps are done; at rest none is fresh. */
const stepAt = (place, steps) => (place < 1 ? place * steps : Infinity);

/** A triangle for each spike up to step `now`, and a ring that grows and fades around a new one. */
function spikes(ctx, s, x, y, now, colour) {
  s.forEach((fires, t) => {
    if (!fires || t + 1 > now) return;
    const age = clamp((now - t - 1) / 4, 0, 1);
    ctx.fillStyle = colour;
    ctx.beginPath();
    for (const [dx, dy] of [[0, -3.5], [3.5, 3], [-3.5, 3]]) ctx.lineTo(x(t + 1) + dx, y + dy);
    ctx.fill();
    if (age === 1) return;
    ctx.globalAlpha = 1 - age;
    Object.assign(ctx, { strokeStyle: colour, lineWidth: 1.5 });
    ctx.beginPath();
    ctx.arc(x(t + 1), y, 3 + 7 * age, 0, 7);
    ctx.stroke();
    ctx.globalAlpha = 1;
  });
}

/** The membrane up to step `now`, a fraction: charged from V to H in each step, then reset. */
function membrane(ctx, { h, v }, x, y, now, colour) {
  const points = [[x(0), y(0)]];
  for (let t = 0; t < Math.min(h.length, Math.ceil(now)); t++) {
    const [before, share] = [t ? v[t - 1] : 0, Math.min(1, now - t)];
    points.push([x(t + share), y(before + (h[t] - before) * share)]);
    if (share === 1 && v[t] !== h[t]) points.push([x(t + 1), y(v[t])]);
  }
  stroke(ctx, colour, points, 1.5);
  dot(ctx, ...points.at(-1), 2.5, colour);
}

const fast = run({ tau: 10 }, constant(1.5, 60));

export function neuron({ ctx, w, h, colour }, place) {
  const [x, y] = [scale([0, 60], [4, w - 4]), scale([0, 1], [h - 4, 16])];
  stroke(ctx, colour.red, [[4, y(1)], [w - 4, y(1)]], 1, [4, 3]);
  membrane(ctx, fast, x, y, stepAt(place, 60), colour.blue);
  spikes(ctx, fast.s, x, 7, stepAt(place, 60), colour.red);
}

const GREYS = [0.8, 1.1, 1.3, 1.6, 2, 2.6];
const trains = GREYS.map((grey) => run({ tau: 10 }, constant(grey, 60)).s);

/** A brighter point fires more often: each row is a neuron. */
export function raster({ ctx, w, h, colour }, place) {
  const x = scale([0, 60], [18, w - 4]);
  const row = (h - 6) / GREYS.length;
  GREYS.forEach((grey, i) => {
    const top = 3 + (GREYS.length - 1 - i) * row;
    ctx.globalAlpha = grey / 2.6;
    ctx.fillStyle = colour.fg;
    ctx.fillRect(4, top, row, row - 1);
    ctx.globalAlpha = 1;
    trains[i].forEach((fires, t) => {
      if (!fires || t + 1 > place * 60) return;
      const own = place < 1 && place * 60 - t < 3 ? colour.red : colour.blue;
      stroke(ctx, own, [[x(t + 1), top], [x(t + 1), top + row - 2]], 2);
    });
  });
  if (place < 1) stroke(ctx, colour.muted, [[x(place * 60), 2], [x(place * 60), h - 2]]);
}

const ALPHA = 2;
const slope = (u) => ALPHA / 2 / (1 + ((Math.PI / 2) * ALPHA * u) ** 2);

/** The step, and the slope that is lent to it, at a point that walks along. */
export function surrogate({ ctx, w, h, colour }, place) {
  const [x, y] = [scale([-2, 2], [4, w - 4]), scale([0, 1.1], [h - 9, 6])];
  const us = Array.from({ length: 81 }, (_, i) => -2 + i / 20);
  ctx.globalAlpha = 0.25;
  ctx.fillStyle = colour.green;
  ctx.beginPath();
  for (const u of [-2, ...us, 2]) ctx.lineTo(x(u), y(Math.abs(u) === 2 ? 0 : slope(u)));
  ctx.fill();
  ctx.globalAlpha = 1;
  stroke(ctx, colour.green, us.map((u) => [x(u), y(slope(u))]), 1.5);
  stroke(ctx, colour.muted, [[x(-2), y(0)], [x(0), y(0)], [x(0), y(1)], [x(2), y(1)]], 1.5);
  const u = -2 + 2.5 * place;
  const on = u < 0 ? 0 : 1;
  const reach = 0.5;
  stroke(ctx, colour.red, [-reach, reach].map((d) => [x(u + d), y(on + d * slope(u))]), 2);
  dot(ctx, x(u), y(on), 3, colour.red);
}

const leaks = [2, 4].map((tau) => run({ tau }, constant(1.25, 24)));

/** HSL's two branches: one input, two leaks. */
export function leaky({ ctx, w, h, colour }, place) {
  const [x, y] = [scale([0, 24], [4, w - 4]), scale([0, 1.1], [h - 4, 22])];
  stroke(ctx, colour.muted, [[4, y(1)], [w - 4, y(1)]], 1, [4, 3]);
  leaks.forEach((one, i) => {
    const own = [colour.blue, colour.purple][i];
    membrane(ctx, one, x, y, stepAt(place, 24), own);
    spikes(ctx, one.s, x, 6 + 8 * i, stepAt(place, 24), own);
  });
}

const THRESHOLDS = [0.5, 1, 1.5, 2];
const wave = stimulus({ ...SINE, amplitude: 3 });
const branches = THRESHOLDS.map((v_threshold) => run({ tau: 2, v_threshold }, wave).s);

/** MBPL: what four thresholds say in each step falls onto a column. */
export function thresholds({ ctx, w, h, colour }, place) {
  const own = [colour.blue, colour.green, colour.purple, colour.red];
  const [wide, tall, now] = [(w - 8) / 24, (h - 8) / 4, place * 24];
  const x = scale([0, 24], [4, w - 4]);
  const y = scale([0, 3], [h - 4, 4]);
  for (let t = 0; t < 24; t++) {
    let level = 0;
    branches.forEach((s, i) => {
      const fallen = clamp(now - t - i / 8, 0, 1);
      if (!s[t] || !fallen) return;
      level++;
      ctx.globalAlpha = fallen;
      ctx.fillStyle = own[i];
      ctx.fillRect(x(t) + 0.5, (h - 4 - level * tall) * fallen ** 2, wide - 1, tall - 1);
    });
  }
  ctx.globalAlpha = 1;
  stroke(ctx, colour.fg, stairs(wave, x, y), 1);
}

/** A rate of T spikes beside the ReLU that it stands for: the finer, the more steps. */
export function rates({ ctx, w, h, colour }, place) {
  const T = Math.floor(1 + 15 * place);
  const [x, y] = [scale([0, 1], [4, w - 4]), scale([0, 1], [h - 4, 6])];
  stroke(ctx, colour.muted, [[x(0), y(0)], [x(1), y(1)]], 1.5, [4, 3]);
  const steps = Array.from({ length: T }, (_, k) => k / T);
  stroke(ctx, colour.blue, stairs(steps, (k) => x(k / T), y), 1.5);
  if (h > 40) label(ctx, `T = ${T}`, 6, 10, colour.fg);
}
