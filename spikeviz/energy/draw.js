// How EnergyExplorer draws: totals, bars by layer, the plane of T and R, energy against accuracy.

import { breakEven, total, verdict } from "./energy.js";
import { h, clamp, show } from "../base/page.js";
import { scale, ticks, axes, line, label, outline } from "../base/draw.js";

const PAD = { left: 56, right: 16 };
const UNITS = [[1, "mJ"], [1e3, "µJ"], [1e6, "nJ"]];

/** [factor, name] of the unit that shows an energy in mJ with digits in front of the point. */
export const unitOf = (mj) => UNITS.find(([factor]) => mj * factor >= 1) ?? UNITS.at(-1);

/** An energy in mJ with three digits, as "70.7 µJ". */
export function energyText(mj) {
  const [factor, unit] = mj >= 0.1 ? UNITS[0] : unitOf(mj);
  return `${Number((mj * factor).toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 6 })} ${unit}`;
}

/** How a row is paid: "mac" (E_MAC), "sum" (E_A · Σ R of spike trains added up), "add" (E_A · R). */
export const pays = ({ rate, input }) => (rate === null ? "mac" : input === "spike sum" ? "sum" : "add");
const PAYS = ["mac", "sum", "add"];

const patterns = new Map();
/** A colour, hatched for E_MAC, dotted for spike sums, plain for binary spikes. */
function filling(ctx, colour, paid) {
  if (paid === "add") return colour;
  const key = `${colour}|${paid}`;
  if (!patterns.has(key)) {
    const tile = h("canvas", { width: 6, height: 6 });
    const own = tile.getContext("2d");
    own.fillStyle = own.strokeStyle = colour;
    own.lineWidth = 2;
    if (paid === "mac") for (const at of [-6, 0, 6]) line(own, [[at - 1, 7], [at + 7, -1]]);
    else for (const [x, y] of [[0, 0], [3, 3]]) own.fillRect(x, y, 2, 2);
    patterns.set(key, tile);
  }
  return ctx.createPattern(patterns.get(key), "repeat");
}

/** A bar from low to high pixels, filled by how it is paid, with an outline. */
function bar(ctx, [x, y, width, height], colour, paid) {
  ctx.fillStyle = filling(ctx, colour, paid);
  ctx.fillRect(x, y, width, height);
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  if (width > 3 && height > 3) ctx.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
}

/** Both totals as stacked bars; a dashed line where they were measured. */
export function drawTotals(s, { ctx, width }, colour) {
  const most = Math.max(s.snn, s.ann, s.was.snn, s.was.ann, 1e-12);
  const x = scale([0, most], [PAD.left, width - 90]);
  ctx.textBaseline = "middle";
  for (const [k, what, name, ink] of [[0, "snn", "SNN", colour.red], [1, "ann", "its twin", colour.blue]]) {
    const y = 4 + 34 * k;
    let at = 0;
    for (const paid of what === "snn" ? PAYS : ["mac"]) {
      const part = what === "ann" ? s.ann : total(s.priced.filter((row) => pays(row) === paid), what);
      if (part > 0) bar(ctx, [x(at), y, x(at + part) - x(at), 26], ink, paid);
      at += part;
    }
    ctx.fillStyle = colour.fg;
    ctx.textAlign = "right";
    ctx.fillText(name, PAD.left - 8, y + 13);
    ctx.textAlign = "left";
    const [now, then] = [x(s[what]), x(s.was[what])];
    const apart = s.changed && Math.abs(now - then) > 160; // room for both numbers
    ctx.fillText(energyText(s[what]), (apart ? now : Math.max(now, s.changed ? then : 0)) + 6, y + 13);
    if (!s.changed) continue;
    ctx.strokeStyle = colour.fg;
    ctx.lineWidth = 1.5;
    line(ctx, [[then, y - 3], [then, y + 29]], [3, 2]);
    if (apart && then > now) ctx.fillText(energyText(s.was[what]), then + 6, y + 13);
  }
}

/** Bars by layer or stage: the SNN's at the left of each pair, its twin's at the right. */
export function drawEnergyBars(s, { ctx, width, height }, colour) {
  const groups = s.groups;
  const x = (s.scales.bars = scale([0, groups.length], [PAD.left, width - PAD.right]));
  const sums = groups.map(({ rows }) => [total(rows, "snn"), total(rows, "ann")]);
  const most = Math.max(...sums.flat(), 1e-12);
  const [factor, unit] = unitOf(most);
  const bottom = height - 40;
  const y = s.log ? scale([0.001, most * factor * 1.5], [bottom, 22], true) : scale([0, most * factor * 1.08], [bottom, 22]);
  const decades = [0.001, 0.01, 0.1, 1, 10, 100, 1000].filter((value) => value <= y.domain[1]);
  axes(ctx, x, y, { colour, yTitle: `${unit} for an image`, yTicks: s.log ? decades : ticks(y, 4) });
  const top = (mj) => (mj > 0 ? clamp(y(mj * factor), 22, bottom - 1) : bottom);
  const slot = x(1) - x(0);
  const each = slot > 5 ? (slot - Math.min(6, slot * 0.25)) / 2 : slot / 2;
  groups.forEach(({ rows, chosen }, k) => {
    if (chosen) {
      ctx.fillStyle = colour.grid;
      ctx.fillRect(x(k), 22, slot, bottom - 22);
    }
    let at = 0;
    for (const paid of PAYS) {
      const part = total(rows.filter((row) => pays(row) === paid), "snn");
      if (part > 0) bar(ctx, [x(k) + (slot - 2 * each) / 2, top(at + part), each, top(at) - top(at + part)], colour.red, paid);
      at += part;
    }
    const twin = sums[k][1];
    bar(ctx, [x(k) + (slot - 2 * each) / 2 + each, top(twin), each, bottom - top(twin)], colour.blue, "mac");
  });
  drawStageNames(s, ctx, x, bottom, colour);
}

/** The stages under the bars, as many names as there is room for. */
function drawStageNames(s, ctx, x, bottom, colour) {
  ctx.textBaseline = "top";
  ctx.textAlign = "center";
  let free = 0;
  for (const { name, from, to } of s.spans) {
    ctx.strokeStyle = colour.muted;
    ctx.lineWidth = 1;
    line(ctx, [[x(from) + 1, bottom + 5], [x(to) - 1, bottom + 5]]);
    const [middle, wide] = [(x(from) + x(to)) / 2, ctx.measureText(name).width];
    if (middle - wide / 2 < free) continue;
    ctx.fillStyle = colour.fg;
    ctx.fillText(name, middle, bottom + 10);
    free = middle + wide / 2 + 6;
  }
}

const LEAST = 0.003; // of R on the plane; what lies below stands at the edge

/** Each layer at its T and R, and the line where additions cost what multiplications do. */
export function drawPlane(s, { ctx, width, height }, colour) {
  const steps = Math.max(32, ...s.priced.map((row) => row.passes));
  const x = scale([0.7, steps * 1.4], [PAD.left, width - PAD.right], true);
  const y = (s.scales.plane = scale([LEAST, 12], [height - 40, 22], true));
  const even = breakEven(s.settings);
  const [left, right] = x.domain;
  const edge = (step) => clamp(y(clamp(even / step, 1e-6, 1e6)), 22, height - 40);
  ctx.fillStyle = colour.green;
  ctx.globalAlpha = 0.12;
  ctx.beginPath();
  const points = Array.from({ length: 41 }, (_, k) => left * (right / left) ** (k / 40)).map((step) => [x(step), edge(step)]);
  [[x(left), height - 40], ...points, [x(right), height - 40]].forEach(([px, py]) => ctx.lineTo(px, py));
  ctx.fill();
  ctx.globalAlpha = 1;
  axes(ctx, x, y, { colour, xTitle: "T, time steps", yTitle: "R, spikes for each input and step", xTicks: [1, 2, 4, 8, 16, 32, 64], yTicks: [0.01, 0.1, 1, 10] });
  ctx.strokeStyle = colour.fg;
  ctx.lineWidth = 2;
  line(ctx, points, [6, 4]);
  ctx.fillStyle = colour.fg;
  ctx.textBaseline = "bottom";
  ctx.textAlign = "left";
  const words = `T · R = E_MAC / E_A = ${show(even, 2)}`;
  const labelAt = width - PAD.right - ctx.measureText(words).width - 4;
  ctx.fillText(words, labelAt, Math.max(edge(x.invert(labelAt)) - 8, 36));
  ctx.fillText("spikes win", x(left) + 6, height - 46);
  const biggest = Math.max(...s.priced.map((row) => row.flops));
  const inks = { wins: colour.green, loses: colour.red, alone: colour.purple };
  s.points = s.priced.map((row, k) => {
    const r = row.rate ?? even;
    const spread = row.input === "image" ? 0 : (k / Math.max(s.priced.length - 1, 1) - 0.5) * 0.08 * width; // side by side
    return { row, x: x(row.passes) + spread, y: clamp(y(Math.max(r, LEAST)), 22, height - 40), size: 3 + 4 * Math.sqrt(row.flops / biggest) };
  });
  for (const { row, x: px, y: py, size } of s.points) {
    ctx.strokeStyle = ctx.fillStyle = inks[verdict(row)];
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    if (row.rate === null) ctx.rect(px - size, py - size, 2 * size, 2 * size);
    else ctx.arc(px, py, size, 0, 7);
    ctx.globalAlpha = 0.55;
    if (row.rate !== null) ctx.fill();
    ctx.globalAlpha = 1;
    ctx.stroke();
    if (row.layer !== s.looked) continue;
    outline(ctx, [px - size - 3, py - size - 3, 2 * size + 6, 2 * size + 6], colour.fg);
  }
}

// The rows of the paper's Table 4 that its text gives: energy in mJ, top-1 on ImageNet in %.
export const TABLE_4 = [
  { name: "Tiny", energy: 3.8, accuracy: 76.58 },
  { name: "Base", energy: 14.2, accuracy: 80.53 },
  { name: "Large", energy: 32.0, accuracy: 81.23 },
  { name: "RMP-SNN-VGG-16", energy: 64.9 },
  { name: "Dspike-VGG-16", energy: 80.3 },
  { name: "Meta-SpikeFormer", accuracy: 79.1 },
  { name: "SpikFormer", accuracy: 74.8 },
];

/** Points with their names beside them; a name that would cover the one above moves down. */
function dots(ctx, points, width, colour) {
  let free = { left: 0, right: 0 };
  for (const { x, y, name, ink } of points.toSorted((a, b) => a.y - b.y)) {
    ctx.fillStyle = ink;
    ctx.beginPath();
    ctx.arc(x, y, 5, 0, 7);
    ctx.fill();
    const side = x + 9 + ctx.measureText(name).width > width ? "right" : "left";
    const at = Math.max(y, free[side]);
    free = { ...free, [side]: at + 15 };
    label(ctx, name, x + (side === "right" ? -9 : 9), at, colour.fg, side);
  }
}

/** The paper's Table 4; `ours` is an energy in mJ by our sum, or null. */
export function drawPaper(ctx, { width, height }, colour, ours) {
  const x = scale([2, 200], [PAD.left, width - PAD.right], true);
  const y = scale([71, 83], [height - 40, 22]);
  axes(ctx, x, y, { colour, xTitle: "mJ for an image", yTitle: "the paper's: ImageNet top-1, %", xTicks: [2, 5, 10, 20, 50, 100], yTicks: [74, 76, 78, 80, 82] });
  ctx.strokeStyle = colour.purple;
  ctx.lineWidth = 1.5;
  let lane = 0;
  for (const { name, energy, accuracy } of TABLE_4) {
    ctx.fillStyle = colour.muted;
    ctx.textBaseline = "bottom";
    ctx.textAlign = "right";
    if (!energy) {
      line(ctx, [[x.range[0], y(accuracy)], [x.range[1], y(accuracy)]], [2, 4]);
      ctx.textBaseline = "top";
      ctx.fillText(`${name} ${accuracy} %`, x.range[1] - 2, y(accuracy) + 2);
    }
    if (!accuracy) {
      line(ctx, [[x(energy), y.range[0]], [x(energy), y.range[0] - 24 - 16 * lane]], [2, 4]);
      ctx.fillText(`${name} ${energy} mJ`, x(energy) - 4, y.range[0] - 10 - 16 * lane++);
    }
  }
  const full = TABLE_4.filter(({ energy, accuracy }) => energy && accuracy);
  dots(ctx, full.map(({ name, energy, accuracy }) => ({ x: x(energy), y: y(accuracy), name: `${name} ${energy} mJ`, ink: colour.purple })), Infinity, colour);
  if (ours === null) return;
  const px = clamp(x(ours), ...x.range);
  ctx.strokeStyle = ctx.fillStyle = colour.red;
  line(ctx, [[px, y.range[0]], [px, y.range[1]]], [6, 3]);
  ctx.textAlign = px > width / 2 ? "right" : "left";
  ctx.textBaseline = "top";
  ctx.fillText(` our sum: ${energyText(ours)} `, px, y.range[1] + 3);
}

/** Ours, where both were measured: [{name, energy, accuracy (0 to 1), chosen}]. */
export function drawOurs(ctx, { width, height }, colour, points) {
  const [energies, accuracies] = [points.map((point) => point.energy), points.map((point) => 100 * point.accuracy)];
  const factor = 1e3; // in µJ
  const x = scale([Math.max(Math.min(...energies), 1e-9) * factor / 2, Math.max(...energies, 1e-9) * factor * 2], [PAD.left, width - PAD.right], true);
  const [worst, best] = [Math.min(...accuracies), Math.max(...accuracies)];
  const room = 0.3 * (best - worst) || 1;
  const y = scale([worst - room, best + room], [height - 40, 22]);
  const xTicks = Array.from({ length: 13 }, (_, k) => 10 ** (k - 4)).flatMap((power) => [power, 2 * power, 5 * power]).filter((value) => value >= Math.max(x.domain[0], 0.001) && value <= x.domain[1]);
  axes(ctx, x, y, { colour, xTitle: "µJ for an image", yTitle: "ours: accuracy on the digits, %", xTicks: xTicks.length > 7 ? xTicks.filter((_, k) => k % 3 === 0) : xTicks, yTicks: ticks(y, 4) });
  const ink = ({ name, chosen }) => (chosen ? colour.red : name === "the twin" ? colour.blue : colour.muted);
  dots(ctx, points.map((point) => ({ x: x(Math.max(point.energy * factor, x.domain[0])), y: y(100 * point.accuracy), name: point.name, ink: ink(point) })), width, colour);
}
