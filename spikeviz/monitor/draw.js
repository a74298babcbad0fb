// How TrainingMonitor draws: a curve of each run, and the rates of the layers. Each function takes
// a part {canvas, kept, …}, the state `s`, a surface, the colours and keys of what is on show.

import { smooth, nearest, lastKnown, extent } from "./runs.js";
import { clamp, put, show } from "../base/page.js";
import { scale, axes, cividis, picture, stroke, dot, upright, outline } from "../base/draw.js";

export const AXES = { step: "step", epoch: "epoch", seconds: "time in s" };
const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
const NOISY = ["loss", "accuracy"]; // drawn pale, and smoothed once more
const [LEFT, RIGHT, TOP, BELOW] = [46, 14, 12, 40]; // room around a plot

export const inkOf = ({ index }, { blue, red, green, purple }) =>
  [blue, red, green, purple][index % 4];

const scales = ({ width, height }, { from, to }, domain, log = false) =>
  [scale([from, to], [LEFT, width - RIGHT]), scale(domain, [height - BELOW, TOP], log)];

function clipped(ctx, box, paint) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(...box);
  ctx.clip();
  paint();
  ctx.restore();
}

function drawCross({ at }, ctx, x, y, colour) {
  if (at !== null) stroke(ctx, colour.fg, upright(x(at), y));
}

/** Returns the scale along the axis. */
export function drawPlot({ train, test, unit = 1, kept }, s, area, colour, keys) {
  const logged = train === "loss" && s.log_loss;
  const lists = s.runs.flatMap(({ columns }) => [columns[train], columns[test]].filter(Boolean));
  const [least, most] = extent(lists, logged) ?? [0, 1];
  const bottom = logged ? least : 0;
  const top = (most > bottom ? most : bottom + 1) * unit * (logged ? 1.1 : 1.05);
  const [x, y] = scales(area, s, [bottom * unit, top], logged);
  const drawRun = (ctx, run) => {
    const { [train]: values, [test]: tests, step } = run.columns;
    const [ink, dash, noisy] = [inkOf(run, colour), DASHES[run.index % 4], NOISY.includes(train)];
    const there = (value, i) =>
      Number.isFinite(value) && Number.isFinite(run.x[i]) && (!logged || value > 0);
    const points = (list) => Array.from(list, (value, i) =>
      there(value, i) && [x(run.x[i]), y(value * unit)]).filter(Boolean);
    ctx.globalAlpha = noisy ? 0.3 : 1;
    if (values) stroke(ctx, ink, points(values), noisy ? 1 : 2, noisy ? [] : dash);
    ctx.globalAlpha = 1;
    if (values && noisy) stroke(ctx, ink, points(smooth(step, values, s.smoothing)), 2, dash);
    const dots = tests ? points(tests) : [];
    stroke(ctx, ink, dots, 1, [3, 3]);
    for (const [px, py] of dots) dot(ctx, px, py, 4, ink);
  };
  kept(area, keys, (ctx) => {
    axes(ctx, x, y, { colour, xTitle: AXES[s.axis] });
    const box = [LEFT, 0, x.range[1] - LEFT + 6, y.range[0] + 1];
    clipped(ctx, box, () => s.runs.forEach((run) => drawRun(ctx, run)));
  });
  drawCross(s, area.ctx, x, y, colour);
  return { x };
}

/** A row a layer, from the first at the top; dark: silent, bright: the highest rate of all. Returns
 *  the scales along the axis and of the rows. */
export function drawRates({ title, kept }, s, area, colour, keys) {
  const { name, rates, x: places } = s.rated;
  const [x, rows] = scales(area, s, [rates.length, 0]);
  const most = extent(rates.map(({ values }) => values))?.[1] || 1;
  put(title, `firing rate of each layer of ${name}, first at the top: dark 0, ` +
    `bright ${show(most, 2)}`);
  const [wide, high] = [x.range[1] - LEFT, rows.range[0] - TOP];
  kept(area, keys, (ctx) => {
    const cells = Array.from({ length: 200 }, (_, i) =>
      nearest(places, s.from + ((i + 0.5) / 200) * (s.to - s.from)));
    const pixels = rates.flatMap(({ values }) => cells.map((i) => {
      const rate = lastKnown(values, i);
      return rate === null ? [128, 128, 128] : cividis(rate / most);
    }));
    const end = x(clamp(extent([places])?.[1] ?? s.to, s.from, s.to));
    clipped(ctx, [LEFT, 0, end - LEFT, area.height], () =>
      ctx.drawImage(picture(pixels, cells.length), LEFT, TOP, wide, high));
    const plain = { ...colour, grid: "transparent" };
    axes(ctx, x, rows, { colour: plain, xTitle: AXES[s.axis], yTicks: [] });
  });
  drawCross(s, area.ctx, x, rows, colour);
  const row = s.layer;
  if (rates[row]) outline(area.ctx, [LEFT, rows(row), wide, rows(row + 1) - rows(row)], colour.red);
  return { x, rows };
}
