// What SpikeRaster has on show: the numbers of the layer and sample chosen, and the part in view,
// a window [first column, last + 1, first place, last + 1].

import { unpack, spikeCounts, sumBy, neuronOrder, runningSums } from "./spikes.js";
import { binEdges, rateHistogram } from "./spikes.js";
import { clamp } from "../base/page.js";
import { valuesOf } from "../base/traits.js";
import { memory } from "../base/memory.js";

export const TRAITS = ["layer", "sample", "order", "window", "neuron", "highlight", "guess"];

/** Whole numbers [first, last + 1] of an interval of `length` from `start` on, inside 0 … end. */
export function inside(start, length, end) {
  const size = clamp(Math.round(length), 1, end);
  const first = clamp(Math.round(start), 0, end - size);
  return [first, first + size];
}

/** The interval low … high made `factor` times as long, at least by 1, around `at`. */
export function stretched(low, high, end, factor, at) {
  const length = (factor < 1 ? Math.floor : Math.ceil)((high - low) * factor);
  return inside(at - (at - low) * (length / (high - low)), length, end);
}

export const isWhole = ({ window: [a, b, from, to], columns, neurons }) =>
  a === 0 && from === 0 && b === columns && to === neurons;

/** The bin of the raster at {column, place}: its columns and rows, [first, last + 1]; or null. */
function cellAt({ column, place }, { xEdges, yEdges }) {
  const bin = (edges, value) => {
    if (value < edges[0] || value >= edges.at(-1)) return null;
    const end = edges.findIndex((edge) => edge > value);
    return [edges[end - 1], edges[end]];
  };
  const [columns, rows] = [bin(xEdges, column), bin(yEdges, place)];
  return columns && rows && { columns, rows };
}

/** The neuron that is looked at: under the pointer (the first of its bin), or kept; or null. */
export const lookedAt = (s) => (s.cell ? s.order[s.cell.rows[0]] : s.neuron);

function count(spikes, columns, neurons, size) {
  const counts = spikeCounts(spikes, columns, neurons);
  const [byChannel, bins] = [sumBy(counts, size), rateHistogram(counts, columns)];
  const [dead, saturated] = [bins[0].count, bins.at(-1).count];
  const total = byChannel.reduce((a, b) => a + b, 0);
  return { spikes, counts, byChannel, total, bins, dead, saturated };
}

function arrange(kind, { spikes, counts }, columns, size) {
  const order = neuronOrder(kind, counts, size);
  const places = new Uint32Array(order.length);
  order.forEach((neuron, place) => (places[neuron] = place));
  return { order, places, sums: runningSums(spikes, columns, order) };
}

/** Running sums, over the neurons in their order, of those with `wanted` spikes. */
function markSums(order, counts, wanted) {
  const sums = new Uint32Array(order.length + 1);
  order.forEach((neuron, k) => (sums[k + 1] = sums[k] + (counts[neuron] === wanted)));
  return sums;
}

/** A number for each place of the feature map: its spikes, or how many of its `each` channels are
 *  marked there; without a map, for each neuron, row by row. */
function mapOf({ neurons, size, channels, width, highlight, counts, wanted }) {
  const [cells, each] = size > 1 ? [size, channels] : [neurons, 1];
  const values = new Float64Array(cells);
  counts.forEach((count, n) => (values[n % cells] += highlight ? count === wanted : count));
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  return { values, most, cells, each, wide: size > 1 ? width : Math.ceil(Math.sqrt(neurons)) };
}

/** The map of the spikes of one column: how many channels fire at each place. */
function columnMap({ spikes, neurons, map: { cells } }, column) {
  const values = new Float64Array(cells);
  for (let n = 0, at = column * neurons; n < neurons; n++) values[n % cells] += spikes[at++];
  return values;
}

/** The map at the playhead: its column, and what fades of the one before. */
function stepMap(s, once) {
  const column = Math.max(Math.ceil(s.head) - 1, s.window[0]); // step k ends at place k
  const of = (at) => once(`column ${at % 2}`, [s.name, s.sample, at], () => columnMap(s, at));
  const now = of(column);
  const before = column > s.window[0] ? of(column - 1) : now;
  const fades = Math.max(0, 1 - 2 * (s.head - column));
  const values = now.map((value, k) => Math.max(value, before[k] * fades));
  const most = once("brightest", [s.name, s.sample], () => {
    let most = 1;
    for (let at = 0; at < s.columns; at++)
      most = columnMap(s, at).reduce((a, b) => Math.max(a, b), most);
    return most;
  });
  const fired = now.reduce((a, b) => a + b, 0);
  return { ...s.map, values, most, column, fired };
}

/** computer(model)(view) gives the state; view: {hover: {column, place} or null, box, plot: [width,
 *  height] of the raster, place: of the playhead in the window or null, playing}. */
export function computer(model) {
  const [layers, names, bits] = ["layers", "names", "bits"].map((name) => model.get(name));
  const bytes = new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength);
  const once = memory();
  return ({ hover, box, plot, place, playing }) => {
    const { order: kind, highlight, guess, ...p } = valuesOf(model, TRAITS);
    const { name, steps, samples, start, shape } =
      layers.find((layer) => layer.name === p.layer) ?? layers[0];
    const [channels, height, width] = shape;
    const size = height * width;
    const neurons = channels * size;
    const sample = p.sample === null ? null : clamp(p.sample, 0, samples - 1);
    const [inARow, first] = sample === null ? [samples, 0] : [1, sample * steps * neurons];
    const columns = inARow * steps;
    const all = once("all", [name], () => unpack(bytes, start, samples * steps * neurons));
    const numbers = once("numbers", [name, sample], () =>
      count(all.subarray(first, first + columns * neurons), columns, neurons, size));
    const key = [name, sample, kind];
    const ordered = once("order", key, () => arrange(kind, numbers, columns, size));
    const wanted = { dead: 0, saturated: columns }[highlight];
    const marked = once("marked", [...key, highlight], () =>
      markSums(ordered.order, numbers.counts, wanted));
    const asked = p.window;
    const fits = asked.length === 4 && asked[1] <= columns && asked[3] <= neurons;
    const window = fits ? asked : [0, columns, 0, neurons];
    const s = {
      names, name, steps, samples, sample, inARow, columns, channels, width, size, neurons, key,
      kind, highlight, wanted, marked, window, box, guess, ...numbers, ...ordered,
      head: place === null ? null : Math.min(window[0] + place, window[1]), playing,
      rate: numbers.total / (columns * neurons),
      neuron: p.neuron === null ? null : clamp(p.neuron, 0, neurons - 1),
      xEdges: binEdges(window[0], window[1], plot[0]),
      yEdges: binEdges(window[2], window[3], plot[1]),
    };
    s.cell = hover && cellAt(hover, s);
    s.map = once("map", [name, sample, highlight], () => mapOf(s));
    if (s.head !== null) s.now = stepMap(s, once);
    return s;
  };
}
