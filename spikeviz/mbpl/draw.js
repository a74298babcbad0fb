// The plots of MBPLExplorer. Each takes a surface (base/draw.js), what is on show, and how: the
// theme's `colour`, `lines`, the colours of the branches, and the `ghost`. It returns its scales.

import { LONGEST, MOST, low } from "./mbpl.js";
import { across, axes, dot, label, scale, stairs, stroke, ticks } from "../base/draw.js";
import { counted } from "../base/page.js";
import { SENDS } from "./words.js";

const LEFT = 68; // of every plot over time
const DASHES = [[8, 4], [3, 3], [10, 3, 2, 3], [5, 2]];

/** The input, the sum, a strip for each branch; `frozen` is the membranes' range, if it stays. */
export function drawTraces({ ctx, width, height }, state, look, frozen) {
  const { p, x: input, n, runs } = state;
  const { colour } = look;
  const x = scale([0, input.length], [LEFT, width - 26]);
  const yInput = scale([Math.min(0, ...input), Math.max(...input, 0.5) * 1.1], [74, 20]);
  axes(ctx, x, yInput, { colour, yTitle: "input x", yTicks: ticks(yInput, 2) });
  stroke(ctx, colour.green, stairs(input, x, yInput), 2);
  drawSum(ctx, x, scale([0, n], [182, 100]), state, look);

  const [top, bottom] = [206, height - 40];
  const heights = runs.flatMap(({ h }) => [...h]);
  const [least, most] = [Math.min(0, ...heights), Math.max(...p.thresholds, ...heights)];
  const membrane = frozen ?? [least, most + 0.25 * (most - least)];
  const named = scale([0.5, input.length + 0.5], x.range); // the first step is called 1
  const whole = ticks(named).filter((step) => step >= 1 && Number.isInteger(step));
  const xTicks = whole.includes(1) ? whole : [1, ...whole.filter((step) => step > 2)];
  const floor = scale([0, 1], [bottom, bottom - 1]);
  axes(ctx, named, floor, { colour, xTitle: "time step", yTicks: [], xTicks });
  const title = "membrane Hᵢ, its threshold and its spikes";
  label(ctx, title, LEFT, top - 4, colour.fg, "left", "bottom");
  const tall = (bottom - top) / n;
  const strips = runs.map((run, i) => {
    const y = scale(membrane, [top + (i + 1) * tall - 14, top + i * tall + 3]);
    drawStrip(ctx, x, y, { run, i, threshold: p.thresholds[i] }, top + (i + 0.5) * tall, look);
    return y;
  });
  return { x, membrane, strips };
}

/** The spikes of each step piled up, the levels that occur, and the sum before the last change. */
function drawSum(ctx, x, y, { n, runs, total, levels }, { colour, lines, ghost }) {
  const yTitle = `sum of the spikes Σ Sᵢ, ${levels} of ${n + 1} levels used (●)`;
  const all = Array.from({ length: n + 1 }, (_, level) => level);
  const yTicks = all.filter((level) => n < 6 || level % 2 === 0);
  axes(ctx, x, y, { colour, yTitle, yTicks });
  pileUp(ctx, x, y, runs.map(({ s }) => s), lines);
  stroke(ctx, colour.fg, stairs(total, x, y));
  if (ghost?.total.length === total.length)
    stroke(ctx, colour.muted, stairs(ghost.total, x, y), 1, [4, 3]);
  Object.assign(ctx, { strokeStyle: colour.fg, fillStyle: colour.fg, lineWidth: 1 });
  for (const level of all) {
    ctx.beginPath();
    ctx.arc(x.range[1] + 13, y(level), n < 6 ? 4 : 3, 0, 7);
    if (total.includes(level)) ctx.fill();
    else ctx.stroke();
  }
}

/** Some trains of spikes, at each step one on the other. */
function pileUp(ctx, x, y, trains, lines) {
  trains[0].forEach((_, t) => trains.filter((train) => train[t]).forEach((train, level) => {
    ctx.fillStyle = lines[trains.indexOf(train)];
    ctx.fillRect(x(t), y(level + 1), x(t + 1) - x(t), y(level) - y(level + 1) - 1);
  }));
}

/** What is sent at each step, in all the ways that it can be read out; the chosen one is framed. */
export function drawSent({ ctx, width, height }, { p, n, sent, cursor }, { colour, lines }) {
  const x = scale([0, sent.sum.length], [LEFT, width - 26]);
  const lane = (readout, top, bottom, [least, most], drawIt) => {
    const chosen = p.readout === readout;
    const y = scale([least, most], [bottom, top]);
    ctx.fillStyle = colour.grid;
    ctx.fillRect(x(cursor), top, x(1) - x(0), bottom - top);
    axes(ctx, x, y, { colour, yTicks: [least, most] });
    ctx.font = `${chosen ? 600 : 400} 12px system-ui, sans-serif`;
    const words = `${readout}: ${SENDS[readout](sent, cursor, p, n)}`;
    label(ctx, words, LEFT, top - 6, chosen ? colour.blue : colour.fg, "left", "bottom");
    ctx.font = "12px system-ui, sans-serif";
    if (chosen) stroke(ctx, colour.blue, [[2, top - 20], [2, bottom]], 3);
    drawIt(y);
  };
  if (sent.membrane) {
    const ends = [Math.min(0, ...sent.membrane), Math.max(0, ...sent.membrane)];
    if (ends[0] === ends[1]) ends[1] = 1;
    lane("membrane", 24, 92, ends, (y) => {
      stroke(ctx, colour.muted, across(x, y(0)));
      stroke(ctx, colour.green, stairs(sent.membrane, x, y), 2);
    });
    lane("spike", 128, 148, [0, 1], (y) => pileUp(ctx, x, y, [sent.spike], [colour.fg]));
  } else label(ctx, "membrane, spike: are read from M, and there is none", LEFT, 60, colour.muted);
  lane("sum", 184, 252, [0, n], (y) => {
    pileUp(ctx, x, y, sent.trains, lines);
    stroke(ctx, colour.fg, stairs(sent.sum, x, y));
  });
  const tall = Math.min(14, (height - 276) / n);
  label(ctx, `its ${n} trains`, 4, 262 + tall / 2, colour.muted);
  sent.trains.forEach((train, i) => {
    const top = 268 + i * tall;
    stroke(ctx, colour.grid, across(x, top + tall - 1));
    ctx.fillStyle = lines[i];
    train.forEach((spike, t) => spike && ctx.fillRect(x(t + 0.5) - 1.5, top, 3, tall - 2));
  });
}

/** The membrane of one branch, its threshold and its spikes; `middle` is the height of its name. */
function drawStrip(ctx, x, y, { run, i, threshold }, middle, { colour, lines }) {
  const floor = y.range[0];
  const at = (t) => x(t + 0.5);
  stroke(ctx, colour.grid, across(x, floor + 0.5));
  const values = (t) => (run.s[t] ? [run.h[t], run.v[t]] : [run.h[t]]);
  const path = Array.from(run.h, (_, t) => values(t).map((value) => [at(t), y(value)])).flat();
  stroke(ctx, lines[i], path, 2);
  ctx.fillStyle = lines[i];
  if (path.length === 1) ctx.fillRect(path[0][0] - 2, path[0][1] - 2, 4, 4);
  stroke(ctx, lines[i], across(x, y(threshold)), 1.5, DASHES[i % DASHES.length]);
  run.s.forEach((spike, t) => spike && ctx.fillRect(at(t) - 1.5, floor + 3, 3, 9));
  ctx.font = "600 12px system-ui, sans-serif";
  label(ctx, `LIF${low(i)}`, 4, middle - 8, lines[i]);
  ctx.font = "12px system-ui, sans-serif";
  label(ctx, counted(run.count, "spike"), 4, middle + 7, lines[i]);
}

/** Information and error against n and against T; up to 8 branches once the guess is made. */
export function drawCurves({ ctx, width, height }, state, look) {
  const { p, n } = state;
  const middle = Math.round(width * 0.5);
  const columns = [
    { list: "byBranches", title: "n", now: n, known: p.guess ? MOST : n,
      x: scale([1, MOST], [40, middle - 14]), xTicks: [1, 2, 3, 4, 5, 6, 7, 8] },
    { list: "bySteps", title: "T", now: p.time_steps, known: LONGEST,
      x: scale([1, LONGEST], [middle + 34, width - 14], true), xTicks: [1, 2, 5, 10, 20, 50] },
  ];
  const rows = [
    { name: "information", title: "information in bits", most: state.bits,
      range: [height / 2 - 30, 20] },
    { name: "error", title: "error of x read back", most: state.worst,
      range: [height - 38, height / 2 + 26] },
  ];
  for (const row of rows)
    for (const column of columns) drawCurve(ctx, state, row, column, look);
  return columns.map(({ x }) => x);
}

function drawCurve(ctx, state, row, { list, title, now, known, x, xTicks }, { colour, ghost }) {
  const y = scale([0, 1.08 * row.most || 1], row.range);
  const points = ({ [list]: judged }) => judged.slice(0, known).map(({ [row.name]: value }, i) =>
    [x(i + 1), y(Math.min(value, y.domain[1]))]);
  axes(ctx, x, y, { colour, xTicks, xTitle: title, yTitle: title === "n" ? row.title : "" });
  if (ghost) stroke(ctx, colour.muted, points(ghost), 1.5, [4, 3]);
  const shown = points(state);
  stroke(ctx, colour.blue, shown, 2);
  const [left, right] = [x(known), x.range[1]];
  if (left < right)
    label(ctx, "?", (left + right) / 2, (y.range[0] + y.range[1]) / 2, colour.muted, "center");
  stroke(ctx, colour.muted, across(x, y(row.most)), 1, [2, 3]);
  dot(ctx, ...shown[now - 1], 5, colour.red);
}
