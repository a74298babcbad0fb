// How SpikeRaster draws. Each function takes the state `s` (what compute() gives), a surface and
// the colours; it leaves its scales in s.scales for the hands.

import { spikesIn, binEdges, binned } from "./spikes.js";
import { h, clamp, show } from "../base/page.js";
import { scale, ticks, axes, line, cividis } from "../base/draw.js";

// Room around the raster in its canvas: numbers at the left, the title, below it one neuron's spikes
// and the population.
const [LEFT, RIGHT, TOP, BELOW] = [56, 16, 22, 150];
export const plotSize = (canvas) => [canvas.clientWidth - LEFT - RIGHT, canvas.clientHeight - TOP - BELOW];
export const grouped = (value) => value.toLocaleString("en");
const whole = (scaled, most) => ticks(scaled, most).filter(Number.isInteger);
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const pixelOf = ([red, green, blue], opacity) => (red | (green << 8) | (blue << 16) | (opacity << 24)) >>> 0;
/** Opacity of 255: one spike among many stays visible, a full bin is full ink. */
const ink = (share) => (share > 0 ? Math.round(255 * (0.1 + 0.9 * Math.sqrt(share))) : 0);

/** Remembers its last answer: memo()(key, make) makes a new one only for another key. */
export function memo() {
  let [last, value] = [null, null];
  return (key, make) => {
    if (key !== last) [last, value] = [key, make()];
    return value;
  };
}

/** A small canvas of pixels in 32 bits each, row by row. */
function bitmap(pixels, width) {
  const canvas = h("canvas", { width, height: pixels.length / width });
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width), 0, 0);
  return canvas;
}

/** The bin of the raster at {column, place}: its columns and rows, [first, last + 1]; or null. */
export function cellAt({ column, place }, { xEdges, yEdges }) {
  const bin = (edges, value) => {
    if (value < edges[0] || value >= edges.at(-1)) return null;
    let k = Math.floor(((value - edges[0]) * (edges.length - 1)) / (edges.at(-1) - edges[0]));
    while (edges[k] > value) k--;
    while (edges[k + 1] <= value) k++;
    return [edges[k], edges[k + 1]];
  };
  const [columns, rows] = [bin(xEdges, column), bin(yEdges, place)];
  return columns && rows && { columns, rows };
}

/** The neuron that is looked at: under the pointer (the first of its bin), or kept; or null. */
export const lookedAt = (s) => (s.cell ? s.order[s.cell.rows[0]] : s.neuron);

/** The spikes of a part as a picture, one pixel a bin; marked neurons in their own colour. */
function spikePicture(s, xEdges, yEdges, colour) {
  const cells = binned(s.sums, s.neurons, xEdges, yEdges);
  const wide = xEdges.length - 1;
  const [plain, other] = [rgb(colour.blue), rgb(s.highlight === "dead" ? colour.purple : colour.red)];
  const pixels = new Uint32Array(cells.length);
  for (let r = 0, i = 0; r < yEdges.length - 1; r++) {
    const size = yEdges[r + 1] - yEdges[r];
    const share = s.highlight ? (s.marked[yEdges[r + 1]] - s.marked[yEdges[r]]) / size : 0;
    const tint = pixelOf(other, 90 * share);
    const mixed = pixelOf(plain.map((value, c) => value + (other[c] - value) * share), 0);
    for (let c = 0; c < wide; c++, i++) {
      const opacity = ink(cells[i] / (size * (xEdges[c + 1] - xEdges[c])));
      pixels[i] = opacity > 90 * share ? mixed + opacity * 0x1000000 : tint;
    }
  }
  return { cells, image: bitmap(pixels, wide) };
}

/** Raster, the spikes of one neuron, the population. `tile` remembers the picture. */
export function drawRaster(s, { ctx, width, height }, colour, tile, key) {
  const [a, b, from, to] = s.window;
  const x = (s.scales.x = scale([a, b], [LEFT, width - RIGHT]));
  const y = (s.scales.y = scale([from, to], [TOP, height - BELOW]));
  const [wide, high] = [x.range[1] - LEFT, y.range[1] - TOP];
  const { cells, image } = tile(key, () => spikePicture(s, s.xEdges, s.yEdges, colour));
  s.cells = cells;
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(image, LEFT, TOP, wide, high);
  const yTitle = { index: "neuron", rate: "neurons, busiest first", channel: "neurons, busiest channel first" }[s.kind];
  axes(ctx, x, scale([to, from], [y.range[1], TOP]), { colour: { ...colour, grid: "transparent" }, yTicks: whole(scale([from, to], [0, 1]), 6), yTitle });
  ctx.strokeStyle = colour.muted;
  ctx.strokeRect(LEFT - 0.5, TOP - 0.5, wide + 1, high + 1);
  drawSamples(s, ctx, x, y, colour);
  drawTrain(s, ctx, x, y.range[1] + 28, colour);
  drawPopulation(s, ctx, x, [height - 40, y.range[1] + 66], colour);
  ctx.lineWidth = 2;
  if (s.cell) {
    const { columns, rows } = s.cell;
    ctx.strokeStyle = colour.red;
    ctx.strokeRect(x(columns[0]) - 1, y(rows[0]) - 1, Math.max(x(columns[1]) - x(columns[0]), 2) + 2, Math.max(y(rows[1]) - y(rows[0]), 2) + 2);
  }
  if (s.box) {
    ctx.strokeStyle = colour.fg;
    ctx.setLineDash([5, 3]);
    ctx.strokeRect(s.box[0], s.box[1], s.box[2] - s.box[0], s.box[3] - s.box[1]);
    ctx.setLineDash([]);
  }
}

/** Where one sample ends and the next begins, while there is room to see it. */
function drawSamples(s, ctx, x, y, colour) {
  if (s.inARow < 2 || x(s.steps) - x(0) < 5) return;
  ctx.strokeStyle = colour.muted;
  ctx.globalAlpha = 0.35;
  for (let at = Math.ceil(s.window[0] / s.steps); at <= s.window[1] / s.steps; at++) {
    const px = Math.round(x(at * s.steps)) + 0.5;
    line(ctx, [[px, y.range[0]], [px, y.range[1]]]);
  }
  ctx.globalAlpha = 1;
}

function drawTrain(s, ctx, x, top, colour) {
  const neuron = lookedAt(s);
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  ctx.fillStyle = colour.fg;
  ctx.fillText(neuron === null ? "spikes of one neuron: point at the raster" : `spikes of neuron ${neuron}`, LEFT, top - 2);
  ctx.fillStyle = colour.grid;
  ctx.fillRect(LEFT, top + 13, x.range[1] - LEFT, 1);
  if (neuron === null) return;
  ctx.fillStyle = s.cell ? colour.red : colour.blue;
  const wide = clamp(x(1) - x(0) - 1, 1, 6);
  for (let column = s.window[0]; column < s.window[1]; column++)
    if (s.spikes[column * s.neurons + neuron]) ctx.fillRect(x(column + 0.5) - wide / 2, top, wide, 13);
}

/** Share of the neurons that fire: of those in view, and dashed of all. */
function drawPopulation(s, ctx, x, range, colour) {
  const [a, b, from, to] = s.window;
  const share = (start, end, places) => spikesIn(s.sums, s.neurons, [start, end], places) / ((end - start) * (places[1] - places[0]));
  const path = (places) => Array.from(s.xEdges.slice(1), (end, k) => [s.xEdges[k], end, share(s.xEdges[k], end, places)]);
  const lines = [path([from, to]), ...(to - from < s.neurons ? [path([0, s.neurons])] : [])];
  const y = scale([0, Math.max(...lines.flat().map((step) => step[2]), 1e-9) * 1.15], range);
  const each = s.inARow > 1 ? s.steps : 1; // a number stands at the middle of its sample or step
  const numbered = scale([a / each - 0.5, b / each - 0.5], x.range);
  const xTitle = s.inARow > 1 ? `sample, ${s.steps} time step${s.steps === 1 ? "" : "s"} each` : "time step";
  axes(ctx, numbered, y, { colour, xTitle, yTitle: "share of neurons that fire", xTicks: whole(numbered, 8), yTicks: ticks(y, 2) });
  ctx.lineWidth = 2;
  lines.forEach((steps, k) => {
    ctx.strokeStyle = k ? colour.muted : colour.green;
    line(ctx, steps.flatMap(([start, end, value]) => [[x(start), y(value)], [x(end), y(value)]]), k ? [3, 3] : []);
  });
}

export function drawOverview(s, { ctx, width, height }, colour, picture, key) {
  const x = (s.scales.overX = scale([0, s.columns], [4, width - 4]));
  const y = (s.scales.overY = scale([0, s.neurons], [TOP, height - BELOW]));
  const { image } = picture(`${key}|${width}`, () => spikePicture(s, binEdges(0, s.columns, width - 8), binEdges(0, s.neurons, y.range[1] - TOP), colour));
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(image, 4, TOP, width - 8, y.range[1] - TOP);
  const [a, b, from, to] = s.window;
  ctx.strokeStyle = colour.red;
  ctx.lineWidth = 2;
  ctx.strokeRect(x(a) - 1, y(from) - 1, Math.max(x(b) - x(a), 3) + 2, Math.max(y(to) - y(from), 3) + 2);
}

/** Rates by channel; `looked` is the channel of the neuron looked at, `chosen` the keys' place, or null. */
export function drawBars(s, { ctx, width, height }, colour, looked, chosen) {
  const x = (s.scales.barX = scale([0, s.channels], [LEFT, width - RIGHT]));
  const edges = binEdges(0, s.channels, x.range[1] - LEFT);
  const rates = Array.from(edges.slice(1), (end, k) => {
    const spikes = s.byChannel.subarray(edges[k], end).reduce((a, b) => a + b, 0);
    return spikes / ((end - edges[k]) * s.size * s.columns);
  });
  const y = scale([0, Math.max(...rates, 1e-9) * 1.1], [height - 38, 20]);
  axes(ctx, x, y, { colour, xTitle: "channel", yTitle: "rate", xTicks: whole(x, 6) });
  const gap = x(1) - x(0) > 4 ? 1 : 0;
  rates.forEach((rate, k) => {
    ctx.fillStyle = edges[k] <= looked && looked < edges[k + 1] ? colour.red : colour.green;
    ctx.fillRect(x(edges[k]), y(rate), Math.max(x(edges[k + 1]) - x(edges[k]) - gap, 1), y.range[0] - y(rate));
  });
  ctx.fillStyle = colour.fg;
  if (chosen !== null) ctx.fillRect(x(chosen), y.range[0] + 1, Math.max(x(1) - x(0) - gap, 3), 3);
}

export function drawHistogram(s, { ctx, width, height }, colour, chosen) {
  const last = s.bins.length - 1;
  const x = (s.scales.binX = scale([0, last + 1], [LEFT, width - RIGHT]));
  const y = scale([0, Math.max(...s.bins.map((bin) => bin.count)) * 1.2], [height - 38, 20]);
  axes(ctx, x, y, { colour, yTitle: "neurons", xTitle: "rate of a neuron", xTicks: [] });
  ctx.textAlign = "center";
  ctx.lineWidth = 2;
  ctx.strokeStyle = colour.fg;
  const own = { 0: colour.purple, [last]: colour.red }; // dead, saturated
  s.bins.forEach((bin, k) => {
    const box = [x(k) + 1, y(bin.count), x(k + 1) - x(k) - 2, y.range[0] - y(bin.count)];
    ctx.fillStyle = own[k] ?? colour.green;
    ctx.fillRect(...box);
    if (own[k] && bin.low === s.wanted) ctx.strokeRect(...box);
  });
  s.bins.forEach((bin, k) => {
    ctx.fillStyle = own[k] ?? colour.muted;
    ctx.textBaseline = "bottom";
    if (own[k]) ctx.fillText(grouped(bin.count), Math.max(x(k + 0.5), LEFT + 18), y(bin.count) - 2);
    ctx.textBaseline = "top";
    if (own[k] || (k % Math.ceil(last / 5) === 0 && k < last - 1)) ctx.fillText(show(bin.low / s.columns), x(k + 0.5), y.range[0] + 6);
  });
  ctx.fillStyle = colour.fg;
  if (chosen !== null) ctx.fillRect(x(chosen) + 2, y.range[0] + 1, x(1) - x(0) - 4, 3);
}

/** A number for each place of the feature map: its spikes, or how many channels are marked there. */
export function mapOf(s) {
  const wide = s.size > 1 ? s.width : Math.ceil(Math.sqrt(s.neurons)); // else the neurons, row by row
  const cells = s.size > 1 ? s.size : s.neurons;
  const values = new Float64Array(cells);
  for (let n = 0; n < s.neurons; n++) values[n % cells] += s.highlight ? Number(s.counts[n] === s.wanted) : s.counts[n];
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  const pixels = new Uint32Array(wide * Math.ceil(cells / wide));
  values.forEach((value, i) => (pixels[i] = pixelOf(cividis(value / (most || 1)), 255)));
  return { values, most, image: bitmap(pixels, wide), wide, cells };
}

export function drawMap(s, { ctx, width, height }, colour, neuron) {
  const { image, wide, cells } = s.map;
  const pixel = Math.min((width - 2) / image.width, (height - 2) / image.height);
  s.scales.mapAt = (px, py) => {
    const [column, row] = [Math.floor((px - 1) / pixel), Math.floor((py - 1) / pixel)];
    return column < 0 || row < 0 || column >= wide || row * wide + column >= cells ? null : row * wide + column;
  };
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(image, 1, 1, image.width * pixel, image.height * pixel);
  if (neuron === null) return;
  const place = neuron % cells;
  ctx.strokeStyle = colour.red;
  ctx.lineWidth = 2;
  ctx.strokeRect(1 + (place % wide) * pixel, 1 + Math.floor(place / wide) * pixel, Math.max(pixel, 3), Math.max(pixel, 3));
}
