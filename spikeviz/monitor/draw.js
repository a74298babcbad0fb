// How TrainingMonitor draws: a curve of each run, and the rates of the layers, up to the playhead.
// Each function takes a part {canvas, still, moving, …}, the state `s` with the playhead's place
// `head` on the axis, a surface, the colours and keys of what is on show.

import { nearest, lastKnown, extent } from "./runs.js";
import { GUESS_HINT, ratesTitle } from "./words.js";
import { clamp, put } from "../base/page.js";
import { scale, axes, cividis, picture, stroke, dot, upright } from "../base/draw.js";
import { label, outline } from "../base/draw.js";
import { pointsOf, valueAt } from "../base/freehand.js";

export const AXES = { step: "step", epoch: "epoch", seconds: "time in s" };
const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
const NOISY = ["loss", "accuracy"]; // drawn pale, and smoothed once more
const [LEFT, RIGHT, TOP, BELOW] = [46, 14, 12, 40]; // room around a plot
const GLOW = 0.04; // of the axis: how long something new is lit behind the playhead
const BARS = 0.16; // of the width: the rates at the playhead, beside those of all times

export const inkOf = ({ index }, { blue, red, green, purple }) =>
  [blue, red, green, purple][index % 4];

const scales = ({ width, height }, { from, to }, domain, log = false, right = RIGHT) =>
  [scale([from, to], [LEFT, width - right]), scale(domain, [height - BELOW, TOP], log)];

function clipped(ctx, box, paint) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(...box);
  ctx.clip();
  paint();
  ctx.restore();
}

/** 1 where the playhead has just passed x, less and less behind it, 0 elsewhere and at the end. */
function glow({ head, from, to }, x) {
  const age = (head - x) / (to - from);
  return head < to && age >= 0 && age < GLOW ? 1 - age / GLOW : 0;
}

/** What paint(ctx) draws, kept: up to the playhead; ahead pale, and nothing while it plays. */
function upTo({ moving }, s, area, x, keys, paint) {
  const { ctx, width, height } = area;
  if (s.head >= s.to) return moving(area, keys, paint);
  if (!s.playing) {
    ctx.globalAlpha = 0.2;
    moving(area, keys, paint);
    ctx.globalAlpha = 1;
  }
  clipped(ctx, [0, 0, clamp(x(s.head), 0, width), height], () => moving(area, keys, paint));
}

/** The chapters, the cross that a pointer moves, and the playhead with its handle. */
function drawPlaces(s, ctx, x, y, colour) {
  for (const { x: place } of s.chapters) {
    if (s.playing && place > s.head) continue;
    stroke(ctx, colour.muted, upright(Math.round(x(place)) + 0.5, y), 1, [1, 4]);
    ctx.globalAlpha = glow(s, place);
    if (ctx.globalAlpha) stroke(ctx, colour.green, upright(x(place), y), 3);
    ctx.globalAlpha = 1;
  }
  if (s.at !== null) stroke(ctx, colour.muted, upright(x(s.at), y));
  if (s.live && s.head >= s.to) return;
  const px = x(s.head);
  const top = y.range[1];
  stroke(ctx, colour.fg, [[px, y.range[0]], [px, top]], 1.5);
  ctx.fillStyle = colour.fg;
  ctx.beginPath();
  [[-7, -11], [7, -11], [7, -5], [0, 2], [-7, -5]].forEach(([dx, dy]) =>
    ctx.lineTo(px + dx, top + dy));
  ctx.fill();
}

/** Where each run is at the playhead: on the line between two rows of its log. */
function drawHeads(train, s, ctx, x, y, unit, colour) {
  if (s.head >= s.to) return;
  for (const run of s.runs) {
    const { [train]: values = run.columns[train] } = run.smoothed;
    const value = values && valueAt(run.x, values, s.head);
    const place = Math.min(s.head, extent([run.x])?.[1] ?? s.head);
    if (value != null) dot(ctx, x(place), y(value * unit), 4.5, inkOf(run, colour));
  }
}

/** A test that has just been measured: its dot in full, and a ring that grows and fades. */
function drawNews(test, s, ctx, x, y, unit, colour) {
  for (const run of s.runs)
    run.columns[test]?.forEach((value, i) => {
      const lit = Number.isFinite(value) ? glow(s, run.x[i]) : 0;
      if (!lit) return;
      const [px, py] = [x(run.x[i]), y(value * unit)];
      dot(ctx, px, py, 4, inkOf(run, colour));
      ctx.globalAlpha = lit;
      ctx.beginPath();
      ctx.arc(px, py, 4 + 16 * (1 - lit), 0, 7);
      Object.assign(ctx, { strokeStyle: inkOf(run, colour), lineWidth: 2 });
      ctx.stroke();
      ctx.globalAlpha = 1;
    });
}

/** Returns the scales. */
export function drawPlot(part, s, area, colour, keys) {
  const { train, test, unit = 1, most: full, still } = part;
  const logged = train === "loss" && s.log_loss;
  const lists = s.runs.flatMap(({ columns }) => [columns[train], columns[test]].filter(Boolean));
  const [least, most] = (full ? [0, full] : extent(lists, logged)) ?? [0, 1];
  const bottom = logged ? least : 0;
  const top = (most > bottom ? most : bottom + 1) * unit * (logged ? 1.1 : 1.05);
  const [x, y] = scales(area, s, [bottom * unit, top], logged);
  const { ctx } = area;
  const drawRun = (own, run) => {
    const { [train]: values, [test]: tests } = run.columns;
    const [ink, dash, noisy] = [inkOf(run, colour), DASHES[run.index % 4], NOISY.includes(train)];
    const there = (value, i) =>
      Number.isFinite(value) && Number.isFinite(run.x[i]) && (!logged || value > 0);
    const points = (list) => Array.from(list, (value, i) =>
      there(value, i) && [x(run.x[i]), y(value * unit)]).filter(Boolean);
    own.globalAlpha = noisy ? 0.3 : 1;
    if (values) stroke(own, ink, points(values), noisy ? 1 : 2, noisy ? [] : dash);
    own.globalAlpha = 1;
    if (values && noisy) stroke(own, ink, points(run.smoothed[train]), 2, dash);
    const dots = tests ? points(tests) : [];
    stroke(own, ink, dots, 1, [3, 3]);
    for (const [px, py] of dots) dot(own, px, py, 4, ink);
  };
  still(area, keys, (own) => {
    axes(own, x, y, { colour, xTitle: AXES[s.axis] });
    if (train === "loss" && s.runs.length > 1) drawNames(s, own, x.range[1], colour);
  });
  if (part.guessed) drawGuess(s, area, x, y, unit, colour);
  if (part.guessed && s.ask) return { x, y };
  upTo(part, s, area, x, keys, (own) => {
    const box = [LEFT, 0, x.range[1] - LEFT + 6, y.range[0] + 1];
    clipped(own, box, () => s.runs.forEach((run) => drawRun(own, run)));
  });
  drawPlaces(s, ctx, x, y, colour);
  if (NOISY.includes(train) || !test) drawHeads(train, s, ctx, x, y, unit, colour);
  if (test) drawNews(test, s, ctx, x, y, unit, colour);
  return { x, y };
}

/** Which line is whose, where a falling loss leaves room. */
function drawNames({ runs }, ctx, right, colour) {
  runs.forEach((run, k) => {
    const [py, ink] = [TOP + 10 + 17 * k, inkOf(run, colour)];
    stroke(ctx, ink, [[right - 28, py], [right - 4, py]], 2, DASHES[run.index % 4]);
    label(ctx, run.name, right - 34, py, ink, "right", "middle", right - 140);
  });
}

/** The reader's own curve, and the pencil of the keys. */
function drawGuess(s, { ctx }, x, y, unit, colour) {
  const points = pointsOf(s).map(([place, share]) => [x(place), y(share * unit)]);
  const middle = (x.range[0] + x.range[1]) / 2;
  const room = x.range[1] - x.range[0] - 10;
  if (s.ask && !points.length)
    GUESS_HINT.forEach((words, i) =>
      label(ctx, words, middle, (y.range[0] + TOP) / 2 - 22 + 18 * i, colour.muted, "center",
        "middle", room));
  stroke(ctx, colour.purple, points, s.ask ? 3 : 2, s.ask ? [] : [6, 4]);
  if (!s.ask || !s.pencil) return;
  const [place, share] = s.pencil;
  dot(ctx, x(place), y(share * unit), 6, colour.purple);
}

/** A row a layer, from the first at the top; dark: silent, bright: the highest rate of all. At the
 *  right the rates at the playhead; over it all, the rates of a layer that is pointed at. Returns
 *  the scales along the axis and of the rows. */
export function drawRates(part, s, area, colour, keys) {
  const { rates, x: places } = s.rated;
  const { ctx, width } = area;
  const bars = Math.round(width * BARS);
  const [x, rows] = scales(area, s, [rates.length, 0], false, RIGHT + bars);
  const most = extent(rates.map(({ values }) => values))?.[1] || 1;
  const [wide, high] = [x.range[1] - LEFT, rows.range[0] - TOP];
  const end = clamp(extent([places])?.[1] ?? s.to, s.from, s.to);
  const now = rates.map(({ values }) => valueAt(places, values, s.head));
  const row = rates[s.layer] ? s.layer : null;
  put(part.title, ratesTitle(s.rated, row, now, most));
  part.still(area, keys, (own) => axes(own, x, rows,
    { colour: { ...colour, grid: "transparent" }, xTitle: AXES[s.axis], yTicks: [] }));
  const paint = () => part.moving(area, keys, (own) => {
    const cells = Array.from({ length: 200 }, (_, i) =>
      nearest(places, s.from + ((i + 0.5) / 200) * (s.to - s.from)));
    const pixels = rates.flatMap(({ values }) => cells.map((i) => {
      const rate = lastKnown(values, i);
      return rate === null ? [128, 128, 128] : cividis(rate / most);
    }));
    own.drawImage(picture(pixels, cells.length), LEFT, TOP, wide, high);
  });
  const shown = (until) => clipped(ctx, [LEFT, 0, x(until) - LEFT, area.height], paint);
  const strength = row === null ? 1 : 0.25;
  if (!s.playing && s.head < end) {
    ctx.globalAlpha = 0.25 * strength;
    shown(end);
  }
  ctx.globalAlpha = strength;
  shown(Math.min(end, s.head));
  ctx.globalAlpha = 1;
  const barX = scale([0, most], [x.range[1] + 12, width - 4]);
  now.forEach((rate, k) => {
    ctx.fillStyle = k === row ? colour.red : colour.blue;
    const box = [barX.range[0], rows(k), Math.max(barX(rate ?? 0) - barX.range[0], 1),
      Math.max(rows(k + 1) - rows(k) - 1, 1)];
    ctx.fillRect(...box);
  });
  label(ctx, "now", barX.range[0], rows.range[0] + 6, colour.muted, "left", "top",
    width - barX.range[0]);
  if (row !== null) drawLayer(s, ctx, x, rows, scale([0, most], [rows.range[0], TOP]), colour);
  drawPlaces(s, ctx, x, rows, colour);
  return { x, rows };
}

/** The rate of one layer over the run, dots where it was measured. */
function drawLayer(s, ctx, x, rows, y, colour) {
  const { rates, x: places } = s.rated;
  const { values } = rates[s.layer];
  axes(ctx, x, y, { colour });
  const points = Array.from(values, (value, i) =>
    Number.isFinite(value) && [x(places[i]), y(value)]).filter(Boolean);
  const paint = () => {
    stroke(ctx, colour.red, points, 2.5);
    for (const [px, py] of points) dot(ctx, px, py, 3, colour.red);
  };
  if (!s.playing) {
    ctx.globalAlpha = 0.3;
    paint();
    ctx.globalAlpha = 1;
  }
  clipped(ctx, [0, 0, x(s.head) + (s.head < s.to ? 0 : 4), rows.range[0] + 4], paint);
  const value = valueAt(places, values, s.head);
  if (value !== null) dot(ctx, x(Math.min(s.head, places.at(-1))), y(value), 5, colour.red);
  const [top, wide] = [rows(s.layer), x.range[1] - LEFT];
  outline(ctx, [LEFT, top, wide, rows(s.layer + 1) - top], colour.red, 1.5);
}
