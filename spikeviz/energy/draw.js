// How EnergyExplorer draws: the bars, the plane of T and R, energy against accuracy.

import { breakEven, pays, total, verdict } from "./energy.js";
import { h, clamp, joules, show, unitOf } from "../base/page.js";
import { scale, ticks, axes, line, label, outline } from "../base/draw.js";
import { stroke, dot, across, upright } from "../base/draw.js";

const [LEFT, RIGHT, TOP, BELOW] = [56, 16, 22, 40]; // room around a plot
const THIN = 7; // pixels: a hatch in less looks like dust, so there the bars are plain
const PAYS = ["mac", "sum", "add"];
const DECADES = [0.001, 0.01, 0.1, 1, 10, 100, 1000];

const scales = ({ width, height }, xs, ys, logX = false, logY = false) =>
  [scale(xs, [LEFT, width - RIGHT], logX), scale(ys, [height - BELOW, TOP], logY)];

const patterns = new Map();
/** A colour, hatched for E_MAC, dotted for spike sums, plain for binary spikes. */
function filling(ctx, colour, paid) {
  if (paid === "add") return colour;
  const key = `${colour}|${paid}`;
  if (!patterns.has(key)) {
    const tile = h("canvas", { width: 6, height: 6 });
    const own = tile.getContext("2d");
    Object.assign(own, { fillStyle: colour, strokeStyle: colour, lineWidth: 2 });
    if (paid === "mac") for (const at of [-6, 0, 6]) line(own, [[at - 1, 7], [at + 7, -1]]);
    else for (const [x, y] of [[0, 0], [3, 3]]) own.fillRect(x, y, 2, 2);
    patterns.set(key, tile);
  }
  ctx.imageSmoothingEnabled = true; // a hatch is no picture of pixels
  return ctx.createPattern(patterns.get(key), "repeat");
}

/** A bar from low to high pixels, filled by how it is paid, with an outline. */
function bar(ctx, [x, y, width, height], colour, paid) {
  ctx.fillStyle = filling(ctx, colour, paid);
  ctx.fillRect(x, y, width, height);
  if (width > 3 && height > 3) outline(ctx, [x + 0.5, y + 0.5, width - 1, height - 1], colour, 1);
}

/** What the SNN pays in which way, one upon the other: [[way, from, to in mJ]]. */
function payments(rows) {
  let at = 0;
  const paid = (way) => total(rows.filter((row) => pays(row) === way), "snn");
  return PAYS.map((way) => [way, at, (at += paid(way))]).filter(([, from, to]) => to > from);
}

/** Both totals as stacked bars; a dashed line where they were measured. */
export function drawTotals(s, { ctx, width }, colour) {
  const most = Math.max(s.snn, s.ann, s.was.snn, s.was.ann, 1e-12);
  const x = scale([0, most], [LEFT, width - 90]);
  const drawTotal = (name, what, ink, parts, y) => {
    for (const [paid, from, to] of parts) bar(ctx, [x(from), y, x(to) - x(from), 26], ink, paid);
    label(ctx, name, LEFT - 8, y + 13, colour.fg, "right");
    const [now, then] = [x(s[what]), x(s.was[what])];
    const apart = Math.abs(now - then) > 160; // room for both numbers
    const end = apart || !s.changed ? now : Math.max(now, then);
    label(ctx, joules(s[what]), end + 6, y + 13, colour.fg);
    if (!s.changed) return;
    stroke(ctx, colour.fg, [[then, y - 3], [then, y + 29]], 1.5, [3, 2]);
    if (apart && then > now) label(ctx, joules(s.was[what]), then + 6, y + 13, colour.fg);
  };
  drawTotal("SNN", "snn", colour.red, payments(s.priced), 4);
  drawTotal("its twin", "ann", colour.blue, [["mac", 0, s.ann]], 38);
}

/** Bars by layer or stage: the SNN's at the left of each pair, its twin's at the right. Returns
 *  the scale along the groups. */
export function drawEnergyBars({ groups, spans, log }, area, colour) {
  const { ctx } = area;
  const twins = groups.map(({ rows }) => total(rows, "ann"));
  const most = Math.max(...groups.map(({ rows }) => total(rows, "snn")), ...twins, 1e-12);
  const [factor, unit] = unitOf(most);
  const range = [log ? 0.001 : 0, most * factor * (log ? 1.5 : 1.08)];
  const [x, y] = scales(area, [0, groups.length], range, false, log);
  const yTicks = log ? DECADES.filter((value) => value <= range[1]) : ticks(y, 4);
  axes(ctx, x, y, { colour, yTitle: `${unit} for an image`, yTicks });
  const bottom = y.range[0];
  const top = (mj) => (mj > 0 ? clamp(y(mj * factor), TOP, bottom - 1) : bottom);
  const slot = x(1) - x(0);
  const each = (slot > 5 ? slot - Math.min(6, slot * 0.25) : slot) / 2;
  groups.forEach(({ rows, chosen }, k) => {
    ctx.fillStyle = colour.grid;
    if (chosen) ctx.fillRect(x(k), TOP, slot, bottom - TOP);
    const left = x(k) + (slot - 2 * each) / 2;
    const looks = (paid) => (each < THIN ? "add" : paid);
    for (const [paid, from, to] of payments(rows))
      bar(ctx, [left, top(to), each, top(from) - top(to)], colour.red, looks(paid));
    bar(ctx, [left + each, top(twins[k]), each, bottom - top(twins[k])], colour.blue, looks("mac"));
  });
  drawStageNames(ctx, spans, x, bottom, colour);
  return x;
}

/** The stages under the bars, as many names as there is room for. */
function drawStageNames(ctx, spans, x, bottom, colour) {
  let free = 0;
  for (const { name, from, to } of spans) {
    stroke(ctx, colour.muted, [[x(from) + 1, bottom + 5], [x(to) - 1, bottom + 5]]);
    const [middle, half] = [(x(from) + x(to)) / 2, ctx.measureText(name).width / 2];
    if (middle - half < free) continue;
    label(ctx, name, middle, bottom + 10, colour.fg, "center", "top");
    free = middle + half + 6;
  }
}

// ---------------------------------------------------------------- the plane

const LEAST = 0.003; // of R on the plane; what lies below stands at the edge

/** Each layer at its T and R: a disc where spikes come in, else a square. Returns the scale of R,
 *  and where each row stands: [{row, x, y, size}]. */
export function drawPlane(s, area, colour) {
  const { ctx, width } = area;
  const steps = Math.max(32, ...s.priced.map((row) => row.passes));
  const [x, y] = scales(area, [0.7, steps * 1.4], [LEAST, 12], true, true);
  const even = breakEven(s.settings);
  drawEdge(even, ctx, x, y, colour);
  const biggest = Math.max(...s.priced.map((row) => row.flops));
  const rows = s.priced.filter(({ input }) => input !== "merged");
  const points = rows.map((row, k) => {
    const share = row.input === "image" ? 0 : k / Math.max(rows.length - 1, 1) - 0.5;
    const at = clamp(y(Math.max(row.rate ?? even, LEAST)), TOP, y.range[0]);
    const size = 3 + 4 * Math.sqrt(row.flops / biggest);
    return { row, x: x(row.passes) + share * 0.08 * width, y: at, size }; // side by side
  });
  const inks = { wins: colour.green, loses: colour.red, alone: colour.purple };
  for (const { row, x: px, y: py, size } of points) {
    const ink = inks[verdict(row)];
    Object.assign(ctx, { strokeStyle: ink, fillStyle: ink, lineWidth: 1.5, globalAlpha: 0.55 });
    ctx.beginPath();
    if (row.rate === null) ctx.rect(px - size, py - size, 2 * size, 2 * size);
    else ctx.arc(px, py, size, 0, 7);
    if (row.rate !== null) ctx.fill();
    ctx.globalAlpha = 1;
    ctx.stroke();
    const box = [px - size - 3, py - size - 3, 2 * size + 6, 2 * size + 6];
    if (row.layer === s.looked) outline(ctx, box, colour.fg);
  }
  return { y, points };
}

/** The line where additions cost what multiplications do, with the axes; below the line green. */
function drawEdge(even, ctx, x, y, colour) {
  const [[low, high], [left, right], [bottom, top]] = [x.domain, x.range, y.range];
  const edge = (step) => clamp(y(clamp(even / step, 1e-6, 1e6)), top, bottom);
  const steps = Array.from({ length: 41 }, (_, k) => low * (high / low) ** (k / 40));
  const points = steps.map((step) => [x(step), edge(step)]);
  Object.assign(ctx, { fillStyle: colour.green, globalAlpha: 0.12 });
  ctx.beginPath();
  for (const [px, py] of [[x(low), bottom], ...points, [x(high), bottom]]) ctx.lineTo(px, py);
  ctx.fill();
  ctx.globalAlpha = 1;
  const [xTicks, yTicks] = [[1, 2, 4, 8, 16, 32, 64], [0.01, 0.1, 1, 10]];
  const yTitle = "R, spikes for each input and step";
  axes(ctx, x, y, { colour, xTitle: "T, time steps", yTitle, xTicks, yTicks });
  stroke(ctx, colour.fg, points, 2, [6, 4]);
  const words = `T · R = E_MAC / E_A = ${show(even, 2)}`;
  const at = right - ctx.measureText(words).width - 4;
  label(ctx, words, at, Math.max(edge(x.invert(at)) - 8, 36), colour.fg, "left", "bottom");
  label(ctx, "spikes win", left + 6, bottom - 6, colour.fg, "left", "bottom");
}

// ---------------------------------------------------------------- accuracy

// The rows of the paper's Table 4 that its text gives: energy in mJ, top-1 on ImageNet in %.
const TABLE_4 = [
  { name: "Tiny", energy: 3.8, accuracy: 76.58 }, { name: "Base", energy: 14.2, accuracy: 80.53 },
  { name: "Large", energy: 32.0, accuracy: 81.23 },
  { name: "RMP-SNN-VGG-16", energy: 64.9 }, { name: "Dspike-VGG-16", energy: 80.3 },
  { name: "Meta-SpikeFormer", accuracy: 79.1 }, { name: "SpikFormer", accuracy: 74.8 },
];

/** Points with their names beside them, each where it covers neither a point nor a name. */
function drawDots(ctx, points, width, colour) {
  const taken = points.map(({ x, y }) => [x - 7, y - 7, x + 7, y + 7]);
  const free = ([left, top, right, bottom]) => left >= 0 && right <= width &&
    taken.every(([l, t, r, b]) => right <= l || left >= r || bottom <= t || top >= b);
  for (const { x, y, name, ink } of points.toSorted((a, b) => a.y - b.y)) {
    dot(ctx, x, y, 5, ink);
    const wide = ctx.measureText(name).width;
    const boxes = [0, 14, -14, 28, -28].flatMap((down) => [x + 9, x - 9 - wide].map((left) =>
      [left, y + down - 7, left + wide, y + down + 7]));
    const box = boxes.find(free) ?? boxes[0];
    taken.push(box);
    label(ctx, name, box[0], box[1] + 7, colour.fg);
  }
}

/** The paper's Table 4; `ours` is an energy in mJ by our sum, or null. */
export function drawPaper(area, colour, ours) {
  const { ctx, width } = area;
  const [x, y] = scales(area, [2, 200], [71, 83], true);
  const [xTicks, yTicks] = [[2, 5, 10, 20, 50, 100], [74, 76, 78, 80, 82]];
  const yTitle = "the paper's: ImageNet top-1, %";
  axes(ctx, x, y, { colour, xTitle: "mJ for an image", yTitle, xTicks, yTicks });
  const [dots, ink, grey] = [[], colour.purple, colour.muted];
  let low = y.range[0];
  for (const { name, energy, accuracy } of TABLE_4) {
    const [px, py, joules] = [x(energy), y(accuracy), `${name} ${energy} mJ`];
    if (energy && accuracy) dots.push({ x: px, y: py, name: joules, ink });
    else if (energy) {
      stroke(ctx, ink, [[px, y.range[0]], [px, low - 24]], 1.5, [2, 4]);
      label(ctx, joules, px - 4, low - 10, grey, "right", "bottom");
      low -= 16;
    } else {
      stroke(ctx, ink, across(x, py), 1.5, [2, 4]);
      label(ctx, `${name} ${accuracy} %`, x.range[1] - 2, py + 2, grey, "right", "top");
    }
  }
  drawDots(ctx, dots, width, colour);
  if (ours === null) return;
  const px = clamp(x(ours), ...x.range);
  stroke(ctx, colour.red, upright(px, y), 1.5, [6, 3]);
  const side = px > width / 2 ? "right" : "left";
  label(ctx, ` our sum: ${joules(ours)} `, px, TOP + 3, colour.red, side, "top");
}

/** Ours, where both were measured: [{name, energy, accuracy (0 to 1), chosen}]. */
export function drawOurs(area, colour, points) {
  const energies = points.map(({ energy }) => 1e3 * energy); // in µJ
  const accuracies = points.map(({ accuracy }) => 100 * accuracy);
  const [low, high] = [Math.max(Math.min(...energies), 1e-6) / 2, Math.max(...energies, 1e-6) * 2];
  const [worst, best] = [Math.min(...accuracies), Math.max(...accuracies)];
  const room = 0.3 * (best - worst) || 1;
  const [x, y] = scales(area, [low, high], [worst - room, best + room], true);
  const powers = Array.from({ length: 13 }, (_, k) => 10 ** (k - 4));
  const inside = powers.flatMap((power) => [power, 2 * power, 5 * power])
    .filter((value) => value >= Math.max(low, 0.001) && value <= high);
  const xTicks = inside.length > 7 ? inside.filter((_, k) => k % 3 === 0) : inside;
  const yTitle = "ours: accuracy on the digits, %";
  axes(area.ctx, x, y, { colour, xTitle: "µJ for an image", yTitle, xTicks, yTicks: ticks(y, 4) });
  drawDots(area.ctx, points.map(({ name, chosen }, k) => ({
    name, x: x(Math.max(energies[k], low)), y: y(accuracies[k]),
    ink: chosen ? colour.red : name === "the twin" ? colour.blue : colour.muted,
  })), area.width, colour);
}
