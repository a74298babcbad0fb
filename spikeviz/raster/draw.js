// How SpikeRaster draws. Each function takes the state `s` (state.js), a surface and the colours,
// and returns its scales, for the hands.

import { spikesIn, binEdges, binned } from "./spikes.js";
import { lookedAt } from "./state.js";
import { h, clamp, show, grouped, counted } from "../base/page.js";
import { scale, ticks, axes, cividis, label, outline, stroke, upright } from "../base/draw.js";

// Room around the raster in its canvas: numbers at the left, the title, below it one neuron's
// spikes and the population.
const [LEFT, RIGHT, TOP, BELOW] = [56, 16, 22, 150];
const TITLES = {
  index: "neuron", rate: "neurons, busiest first", channel: "neurons, busiest channel first",
};

export const plotSize = ({ clientWidth, clientHeight }) =>
  [clientWidth - LEFT - RIGHT, clientHeight - TOP - BELOW];
const whole = (scaled, most) => ticks(scaled, most).filter(Number.isInteger);
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const pixelOf = ([red, green, blue], opacity) =>
  (red | (green << 8) | (blue << 16) | (opacity << 24)) >>> 0;
/** Opacity of 255: one spike among many stays visible, a full bin is full ink. */
const ink = (share) => (share > 0 ? Math.round(255 * (0.1 + 0.9 * Math.sqrt(share))) : 0);

/** A small canvas of pixels in 32 bits each, row by row. */
function bitmap(pixels, width) {
  const canvas = h("canvas", { width, height: pixels.length / width });
  const data = new ImageData(new Uint8ClampedArray(pixels.buffer), width);
  canvas.getContext("2d").putImageData(data, 0, 0);
  return canvas;
}

/** A frame around columns [a, b] and rows [from, to], which are `least` pixels or more. */
function frame(ctx, x, y, [a, b], [from, to], least, colour) {
  const length = (scaled, low, high) => Math.max(scaled(high) - scaled(low), least) + 2;
  outline(ctx, [x(a) - 1, y(from) - 1, length(x, a, b), length(y, from, to)], colour);
}

/** The spikes of a part in its bins, and as a picture, one pixel a bin; marked neurons in their own
 *  colour. */
export function spikePicture(s, xEdges, yEdges, colour) {
  const cells = binned(s.sums, s.neurons, xEdges, yEdges);
  const wide = xEdges.length - 1;
  const marked = s.highlight === "dead" ? colour.purple : colour.red;
  const [plain, other] = [colour.blue, marked].map(rgb);
  const pixels = new Uint32Array(cells.length);
  for (let r = 0, i = 0; r < yEdges.length - 1; r++) {
    const [top, bottom] = [yEdges[r], yEdges[r + 1]];
    const size = bottom - top;
    const share = s.highlight ? (s.marked[bottom] - s.marked[top]) / size : 0;
    const tint = pixelOf(other, 90 * share);
    const mixed = pixelOf(plain.map((value, c) => value + (other[c] - value) * share), 0);
    for (let c = 0; c < wide; c++, i++) {
      const opacity = ink(cells[i] / (size * (xEdges[c + 1] - xEdges[c])));
      pixels[i] = opacity > 90 * share ? mixed + opacity * 0x1000000 : tint;
    }
  }
  return { cells, image: bitmap(pixels, wide) };
}

/** Raster, the spikes of one neuron, the population: up to the playhead; ahead of it pale, and
 *  nothing while it plays. */
export function drawRaster(s, { ctx, width, height }, colour, image) {
  const [a, b, from, to] = s.window;
  const x = scale([a, b], [LEFT, width - RIGHT]);
  const y = scale([from, to], [TOP, height - BELOW]);
  const [wide, high, bottom] = [x.range[1] - LEFT, y.range[1] - TOP, y.range[1]];
  axes(ctx, x, scale([to, from], [bottom, TOP]), {
    colour: { ...colour, grid: "transparent" }, yTitle: TITLES[s.kind],
    yTicks: whole(scale([from, to], [0, 1]), 6),
  });
  outline(ctx, [LEFT - 0.5, TOP - 0.5, wide + 1, high + 1], colour.muted, 1);
  drawSamples(s, ctx, x, y, colour);
  const population = populationOf(s, ctx, x, [height - 40, bottom + 66], colour);
  const spikes = () => {
    ctx.drawImage(image, LEFT, TOP, wide, high);
    drawTrain(s, ctx, x, bottom + 28, colour);
    population();
  };
  labelTrain(s, ctx, bottom + 26, colour);
  if (s.head === null) spikes();
  else drawHead(s, ctx, x, [TOP, height - 40], colour, spikes);
  if (s.cell) frame(ctx, x, y, s.cell.columns, s.cell.rows, 2, colour.red);
  if (s.box) {
    const [x0, y0, x1, y1] = s.box;
    ctx.setLineDash([5, 3]);
    outline(ctx, [x0, y0, x1 - x0, y1 - y0], colour.fg);
    ctx.setLineDash([]);
  }
  return { x, y };
}

/** What paint() draws, up to the playhead, which lights the step it is in. */
function drawHead(s, ctx, x, [top, bottom], colour, paint) {
  const px = x(s.head);
  if (!s.playing) {
    ctx.globalAlpha = 0.25;
    paint();
    ctx.globalAlpha = 1;
  }
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, 0, px, bottom + 2);
  ctx.clip();
  paint();
  const step = x(s.now.column);
  ctx.globalAlpha = 0.16;
  ctx.fillStyle = colour.fg;
  ctx.fillRect(step, top, px - step, bottom - top);
  ctx.restore();
  stroke(ctx, colour.fg, [[px, top - 4], [px, bottom]], 2);
}

/** Where one sample ends and the next begins, while there is room to see it. */
function drawSamples({ inARow, steps, window: [a, b] }, ctx, x, y, colour) {
  if (inARow < 2 || x(steps) - x(0) < 5) return;
  ctx.globalAlpha = 0.35;
  for (let at = Math.ceil(a / steps); at <= b / steps; at++)
    stroke(ctx, colour.muted, upright(Math.round(x(at * steps)) + 0.5, y));
  ctx.globalAlpha = 1;
}

function labelTrain(s, ctx, py, colour) {
  const neuron = lookedAt(s);
  const what = neuron === null ? "one neuron: point at the raster" : `neuron ${neuron}`;
  label(ctx, `spikes of ${what}`, LEFT, py, colour.fg, "left", "bottom");
}

function drawTrain(s, ctx, x, top, colour) {
  const neuron = lookedAt(s);
  ctx.fillStyle = colour.grid;
  ctx.fillRect(LEFT, top + 13, x.range[1] - LEFT, 1);
  if (neuron === null) return;
  ctx.fillStyle = s.cell ? colour.red : colour.blue;
  const wide = clamp(x(1) - x(0) - 1, 1, 6);
  for (let at = s.window[0]; at < s.window[1]; at++)
    if (s.spikes[at * s.neurons + neuron]) ctx.fillRect(x(at + 0.5) - wide / 2, top, wide, 13);
}

/** Share of the neurons that fire: of those in view, and dashed of all. Returns what draws it. */
function populationOf(s, ctx, x, range, colour) {
  const [a, b, from, to] = s.window;
  const bins = Array.from(s.xEdges.slice(1), (end, k) => [s.xEdges[k], end]);
  const shares = (low, high) => bins.map(([start, end]) =>
    spikesIn(s.sums, s.neurons, [start, end], [low, high]) / ((end - start) * (high - low)));
  const inView = shares(from, to);
  const ofAll = to - from < s.neurons ? shares(0, s.neurons) : [];
  const y = scale([0, Math.max(...inView, ...ofAll, 1e-9) * 1.15], range);
  // A number stands at the middle of its sample, from 0, or of its step, from 1.
  const [each, middle] = s.inARow > 1 ? [s.steps, -0.5] : [1, 0.5];
  const numbered = scale([a / each + middle, b / each + middle], x.range);
  axes(ctx, numbered, y, {
    colour, yTitle: "share of neurons that fire", yTicks: ticks(y, 2), xTicks: whole(numbered, 8),
    xTitle: s.inARow > 1 ? `sample, ${counted(s.steps, "time step")} each` : "time step",
  });
  const path = (values) => values.flatMap((value, k) => bins[k].map((at) => [x(at), y(value)]));
  return () => {
    stroke(ctx, colour.green, path(inView), 2);
    stroke(ctx, colour.muted, path(ofAll), 2, [3, 3]);
  };
}

/** The whole raster, small; picture(xEdges, yEdges) as in spikePicture. */
export function drawOverview(s, { ctx, width, height }, colour, picture) {
  const overX = scale([0, s.columns], [4, width - 4]);
  const overY = scale([0, s.neurons], [TOP, height - BELOW]);
  const [wide, high] = [width - 8, overY.range[1] - TOP];
  const { image } = picture(binEdges(0, s.columns, wide), binEdges(0, s.neurons, high));
  ctx.drawImage(image, 4, TOP, wide, high);
  const [columns, places] = [s.window.slice(0, 2), s.window.slice(2)];
  frame(ctx, overX, overY, columns, places, 3, colour.red);
  const least = (scaled, [low, high]) => { // a part that a finger can hold
    const size = Math.max(scaled(high) - scaled(low), 28);
    return [(scaled(low) + scaled(high) - size) / 2, size];
  };
  const [[left, across], [top, down]] = [least(overX, columns), least(overY, places)];
  return { overX, overY, held: [left, top, across, down] };
}

/** Rates by channel; `looked` is the channel of the neuron looked at, `chosen` the keys' place, or
 *  null. */
export function drawBars(s, { ctx, width, height }, colour, looked, chosen) {
  const barX = scale([0, s.channels], [LEFT, width - RIGHT]);
  const edges = binEdges(0, s.channels, barX.range[1] - LEFT);
  const rates = Array.from(edges.slice(1), (end, k) => {
    const spikes = s.byChannel.subarray(edges[k], end).reduce((a, b) => a + b, 0);
    return spikes / ((end - edges[k]) * s.size * s.columns);
  });
  const y = scale([0, Math.max(...rates, 1e-9) * 1.1], [height - 38, 20]);
  axes(ctx, barX, y, { colour, xTitle: "channel", yTitle: "rate", xTicks: whole(barX, 6) });
  const each = barX(1) - barX(0);
  const gap = each > 4 ? 1 : 0;
  const bottom = y.range[0];
  rates.forEach((rate, k) => {
    const [low, high] = [edges[k], edges[k + 1]];
    ctx.fillStyle = low <= looked && looked < high ? colour.red : colour.green;
    const wide = Math.max(barX(high) - barX(low) - gap, 1);
    ctx.fillRect(barX(low), y(rate), wide, bottom - y(rate));
  });
  ctx.fillStyle = colour.fg;
  if (chosen !== null) ctx.fillRect(barX(chosen), bottom + 1, Math.max(each - gap, 3), 3);
  return { barX };
}

export function drawHistogram({ bins, columns, wanted }, { ctx, width, height }, colour, chosen) {
  const last = bins.length - 1;
  const binX = scale([0, last + 1], [LEFT, width - RIGHT]);
  const y = scale([0, Math.max(...bins.map((bin) => bin.count)) * 1.2], [height - 38, 20]);
  axes(ctx, binX, y, { colour, yTitle: "neurons", xTitle: "rate of a neuron", xTicks: [] });
  const own = { 0: colour.purple, [last]: colour.red }; // dead, saturated
  const [bottom, wide] = [y.range[0], binX(1) - LEFT];
  bins.forEach(({ low, count }, k) => {
    const box = [binX(k) + 1, y(count), wide - 2, bottom - y(count)];
    ctx.fillStyle = own[k] ?? colour.green;
    ctx.fillRect(...box);
    if (own[k] && low === wanted) outline(ctx, box, colour.fg);
  });
  const write = (words, x, py, k, baseline) =>
    label(ctx, words, x, py, own[k] ?? colour.muted, "center", baseline);
  bins.forEach(({ low, count }, k) => {
    const middle = binX(k + 0.5);
    const numbered = k % Math.ceil(last / 5) === 0 && k < last - 1;
    if (own[k]) write(grouped(count), Math.max(middle, LEFT + 18), y(count) - 2, k, "bottom");
    if (own[k] || numbered) write(show(low / columns), middle, bottom + 6, k, "top");
  });
  ctx.fillStyle = colour.fg;
  if (chosen !== null) ctx.fillRect(binX(chosen) + 2, bottom + 1, wide - 4, 3);
  return { binX };
}

/** The numbers of s.map as a picture. */
export function mapPicture({ values, most, wide }) {
  const pixels = new Uint32Array(wide * Math.ceil(values.length / wide));
  values.forEach((value, i) => (pixels[i] = pixelOf(cividis(value / (most || 1)), 255)));
  return bitmap(pixels, wide);
}

export function drawMap({ map: { wide, cells } }, { ctx, width, height }, colour, image, neuron) {
  const pixel = Math.min((width - 2) / image.width, (height - 2) / image.height);
  ctx.drawImage(image, 1, 1, image.width * pixel, image.height * pixel);
  if (neuron !== null) {
    const [left, top] = [(neuron % cells) % wide, Math.floor((neuron % cells) / wide)];
    const side = Math.max(pixel, 3);
    outline(ctx, [1 + left * pixel, 1 + top * pixel, side, side], colour.red);
  }
  const mapAt = (px, py) => {
    const [column, row] = [px, py].map((at) => Math.floor((at - 1) / pixel));
    const cell = row * wide + column;
    return column < 0 || row < 0 || column >= wide || cell >= cells ? null : cell;
  };
  return { mapAt };
}
