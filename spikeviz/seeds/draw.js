// The picture: reels with the seeds of a draw, their runs on two lanes, and a brick for each draw.
// All of it is a function of the playhead's place: k is where k draws are in.

import { dot, label, scale, stroke, ticks, upright } from "../base/draw.js";
import { clamp, show } from "../base/page.js";
import { TOLD, nameOf, signed } from "./words.js";

const [PLAIN, BOLD] = ["12px system-ui, sans-serif", "600 12px system-ui, sans-serif"];
const [WINDOW, GAP, ROW] = [56, 6, 5]; // of the reels: a window's side, between two, in a row
const [LANES, BRICKS, FOOT] = [136, 226, 40]; // heights
const HEAD = 58; // of the bricks: the three counts
const BINS = 30;

const ease = (share) => {
  const f = clamp(share, 0, 1);
  return f * f * (3 - 2 * f);
};
const during = (share, from, to) => ease((share - from) / (to - from));

function layoutOf(width, count) {
  const narrow = width < 620;
  const inRow = Math.min(count, ROW);
  const rows = Math.ceil(count / ROW);
  const reels = { inRow, width: inRow * (WINDOW + GAP), height: rows * (WINDOW + GAP) };
  reels.top = narrow ? 1 : Math.max(1, (LANES - reels.height) / 2);
  const top = narrow ? reels.height + 12 : 0;
  const left = narrow ? 8 : reels.width + 40;
  return {
    narrow, reels, lanes: { left, right: width - 14, top, height: LANES },
    bricks: { top: top + LANES + 34, bottom: top + LANES + 34 + BRICKS },
    height: top + LANES + 34 + BRICKS + FOOT,
  };
}

export const heightOf = (width, count) => layoutOf(width, count).height;

/** Bins of the mean differences, in points: their width is round, and 0 is an edge. */
function binsOf({ by, spread }, count) {
  const reach = Math.max(0.3, (360 * spread) / Math.sqrt(count));
  const [low, high] = [Math.min(0, 100 * by - reach), Math.max(0, 100 * by + reach)];
  const rough = (high - low) / BINS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough * 0.999);
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  const bin = (mean) => clamp(Math.floor((100 * mean) / step + 1e-9), first, last - 1);
  return { step, domain: [first * step, last * step], bin };
}

const inkOf = ({ side, says }, rule, { blue, red, muted }) =>
  (rule ? says === "undecided" : !side) ? muted : side > 0 ? blue : red;

/** Draws the state at a place, of whose draws `told` is the tally. */
export function drawPicture({ ctx, width }, state, { place, told }, colour) {
  const { p, draws } = state;
  const at = layoutOf(width, p.seeds);
  const number = Math.ceil(place) - 1;
  const share = place - number;
  const now = draws[number];
  drawReels(ctx, state, at, now, now ? share : 0, colour);
  drawLanes(ctx, state, at, { now, share, before: draws.slice(0, Math.max(0, number)) }, colour);
  const there = { draws: draws.slice(0, number + 1), share, told };
  drawBricks(ctx, width, state, at, there, colour);
}

function drawReels(ctx, { pair, p }, { reels }, now, share, colour) {
  const { seeds } = pair;
  const count = Math.min(p.seeds, seeds.length);
  for (let i = 0; i < count; i++) {
    const left = 1 + (i % reels.inRow) * (WINDOW + GAP);
    const top = reels.top + Math.floor(i / reels.inRow) * (WINDOW + GAP);
    const stops = 0.12 + (0.4 * (i + 1)) / count;
    const still = share >= stops;
    ctx.save();
    Object.assign(ctx, { strokeStyle: still ? colour.fg : colour.muted, lineWidth: still ? 2 : 1 });
    ctx.beginPath();
    ctx.roundRect(left, top, WINDOW, WINDOW, 7);
    ctx.stroke();
    ctx.clip();
    const [x, y] = [left + WINDOW / 2, top + WINDOW / 2];
    const turned = now ? 24 * (1 - (1 - Math.min(1, share / stops)) ** 2) : 0;
    for (let k = Math.floor(turned) - 1; k <= turned + 2; k++) {
      const away = (k - turned) * 30;
      if (still ? k !== turned : !now && k) continue;
      const seed = now ? seeds[(now.places[i] + 7 * (24 - k + seeds.length)) % seeds.length] : "?";
      ctx.font = `600 ${still ? 19 : 17}px system-ui, sans-serif`;
      ctx.globalAlpha = clamp(1 - Math.abs(away) / 34, 0, 1);
      label(ctx, String(seed), x, y + away + 1, still ? colour.fg : colour.muted, "center");
    }
    ctx.restore();
  }
  ctx.font = PLAIN;
}

function drawLanes(ctx, { p, pair }, { lanes }, { now, share, before }, colour) {
  const all = pair.accuracies.flat().map((score) => 100 * score);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const spare = Math.max(0.5, 0.04 * (high - low));
  const x = scale([low - spare, Math.min(100.5, high + spare)], [lanes.left, lanes.right]);
  const ys = [lanes.top + 36, lanes.top + 92];
  const inks = [colour.blue, colour.red];
  const bottom = lanes.top + 112;
  for (const value of ticks(x, 6)) {
    stroke(ctx, colour.grid, upright(x(value), { range: [bottom, lanes.top + 22] }));
    label(ctx, show(value), x(value), bottom + 10, colour.muted, "center");
  }
  label(ctx, "accuracy in %", lanes.right, bottom + 26, colour.fg, "right");
  pair.accuracies.forEach((scores, side) => {
    ctx.font = BOLD;
    label(ctx, nameOf(p.axis, pair.values[side]), lanes.left, ys[side] - 18, inks[side]);
    ctx.font = PLAIN;
    stroke(ctx, colour.muted, [[lanes.left, ys[side]], [lanes.right, ys[side]]]);
    const seen = new Set(before.flatMap(({ places }) => places));
    ctx.globalAlpha = 0.3;
    for (const i of seen) dot(ctx, x(100 * scores[i]), ys[side], 3, inks[side]);
    ctx.globalAlpha = 1;
  });
  if (!now) return;
  const means = [now.one, now.other].map((scores) =>
    scores.reduce((sum, score) => sum + score, 0) / scores.length);
  now.one.forEach((score, i) => {
    const born = during(share, 0.12 + (0.4 * (i + 1)) / now.one.length, 0.72);
    if (!born) return;
    const [a, b] = [score, now.other[i]].map((s) => x(100 * s));
    ctx.globalAlpha = born;
    stroke(ctx, a > b ? colour.blue : a < b ? colour.red : colour.muted,
      [[a, ys[0]], [a + (b - a) * born, ys[0] + (ys[1] - ys[0]) * born]], 1.5);
    dot(ctx, a, ys[0] - 20 * (1 - born), 5, colour.blue);
    dot(ctx, b, ys[1] - 20 * (1 - born), 5, colour.red);
  });
  ctx.globalAlpha = during(share, 0.6, 0.8);
  means.forEach((mean, side) =>
    stroke(ctx, colour.fg, [[x(100 * mean), ys[side] - 9], [x(100 * mean), ys[side] + 9]], 2.5));
  ctx.globalAlpha = 1;
}

function drawBricks(ctx, width, state, { bricks }, { draws, share, told }, colour) {
  const { p, whole } = state;
  const { step, domain, bin } = binsOf(whole, p.seeds);
  const x = scale(domain, [20, width - 20]); // room for half a tick's words
  const [wide, high] = [x(step) - x(0), bricks.bottom - bricks.top - HEAD];
  const all = new Map();
  for (const { by } of state.draws) all.set(bin(by), (all.get(bin(by)) ?? 0) + 1);
  const each = Math.min(11, high / Math.max(1, ...all.values()));
  stroke(ctx, colour.muted, [[8, bricks.bottom], [width - 8, bricks.bottom]]);
  for (const value of ticks(x, width < 620 ? 5 : 9))
    label(ctx, signed(value, 1), x(value), bricks.bottom + 11, colour.muted, "center");
  const title = width < 620 ? "mean difference, points" : "mean difference of a draw, in points";
  label(ctx, title, width - 8, bricks.bottom + 29, colour.fg, "right");
  const stacked = new Map();
  draws.forEach((draw, i) => {
    const at = bin(draw.by);
    const below = stacked.get(at) ?? 0;
    stacked.set(at, below + 1);
    const falls = i === draws.length - 1 ? during(share, 0.72, 1) : 1;
    if (!falls) return;
    const y = bricks.bottom - (below + 1) * each;
    const top = bricks.top + (y - bricks.top) * falls;
    ctx.fillStyle = inkOf(draw, p.rule, colour);
    ctx.fillRect(x(at * step) + 0.75, top + (each > 3 ? 0.5 : 0), wide - 1.5,
      each - (each > 3 ? 1 : 0));
  });
  stroke(ctx, colour.fg, [[x(0), bricks.bottom + 4], [x(0), bricks.top + HEAD - 14]], 1.5, [5, 4]);
  drawCounts(ctx, state, told, bricks, width, colour);
  if (draws.length >= TOLD) drawWhole(ctx, x, whole, bricks, colour);
}

/** How often each side won, at its end of the axis, and what was decided for neither between. */
function drawCounts(ctx, { p, pair }, told, { top }, width, colour) {
  const [first, second] = pair.values.map((value) => nameOf(p.axis, value));
  const neither = p.rule ? told.undecided : told.level;
  const places = [
    [`← ${second} ahead`, p.rule ? told.disagree : told.second, 8, "left", colour.red],
    [p.rule ? "undecided" : "level", neither, width / 2, "center", colour.muted],
    [`${first} ahead →`, p.rule ? told.agree : told.first, width - 8, "right", colour.blue],
  ];
  for (const [words, count, x, align, ink] of places) {
    if (align === "center" && !count && !p.rule) continue;
    ctx.font = BOLD;
    label(ctx, words, x, top + 6, ink, align);
    ctx.font = "600 24px system-ui, sans-serif";
    label(ctx, String(count), x, top + 28, ink, align);
  }
  ctx.font = PLAIN;
}

/** What all runs say: their mean with two standard errors. */
function drawWhole(ctx, x, { by, error }, { top }, colour) {
  const [px, y] = [x(100 * by), top + HEAD - 9];
  stroke(ctx, colour.fg, [[x(100 * (by - 2 * error)), y], [x(100 * (by + 2 * error)), y]], 2);
  ctx.save();
  ctx.translate(px, y);
  ctx.rotate(Math.PI / 4);
  ctx.fillStyle = colour.fg;
  ctx.fillRect(-4.5, -4.5, 9, 9);
  ctx.restore();
}
