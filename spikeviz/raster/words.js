// What SpikeRaster says about the layer, a neuron, a bin, a channel, a place.

import { spikesIn } from "./spikes.js";
import { show, percent, grouped, counted } from "../base/page.js";

const rate = (value) => `rate ${show(value, 4)}`;

export const sampleName = ({ names }, k) => `sample ${k}${names[k] ? ` (${names[k]})` : ""}`;

const stepName = (s, column) => {
  const of = s.inARow > 1 ? ` of ${sampleName(s, Math.floor(column / s.steps))}` : "";
  return `step ${(column % s.steps) + 1}${of}`;
};

const placeName = ({ width }, cell) => `y ${Math.floor(cell / width)}, x ${cell % width}`;

function neuronName(s, neuron) {
  if (s.size === 1) return `neuron ${neuron}`;
  const channel = Math.floor(neuron / s.size);
  return `neuron ${neuron} = (channel ${channel}, ${placeName(s, neuron % s.size)})`;
}

export function summaryText(s) {
  const all = s.samples > 1 ? `All ${s.samples} samples, ` : "";
  const which = s.sample === null ? all : `S${sampleName(s, s.sample).slice(1)}, `;
  const share = (n) => `${grouped(n)} ${n === 0 ? "" : `(${percent(n / s.neurons)}) `}`;
  return `${which}${counted(s.neurons, "neuron")}, ${counted(s.columns, "step")}, ` +
    `${counted(s.total, "spike")}, ${rate(s.rate)}` +
    (s.guess === "" ? "." : `; ${share(s.dead)}dead (never fired), ` +
      `${share(s.saturated)}saturated (fired at every step).`);
}

export const GUESSES = {
  few: "under a tenth", some: "up to a half", most: "more than half",
};
export const QUESTION = "How many of these neurons never fire?";
export const RATES = "How many neurons have which rate"; // where nothing is asked

/** What the reader said, and what it is. */
export function verdictText({ guess, dead, neurons }) {
  if (!(guess in GUESSES)) return "";
  const share = dead / neurons;
  const is = share < 0.1 ? "few" : share <= 0.5 ? "some" : "most";
  return `${is === guess ? "Right" : "No"}: you said ${GUESSES[guess]}, it is ${percent(share)}.`;
}

/** Where the playhead stands. */
export const clockText = (s) => s.head === null
  ? counted(s.window[1] - s.window[0], "step") : stepName(s, s.now.column);

export const headTexts = (s) => [
  `S${stepName(s, s.now.column).slice(1)}`,
  `${counted(s.now.fired, "spike")}: ${percent(s.now.fired / s.neurons)} of the neurons fire`,
];

export function binText(s, k) {
  const { low, high, count } = s.bins[k];
  const name = { 0: " (dead)", [s.bins.length - 1]: " (saturated)" }[k] ?? "";
  const to = low === high ? "" : ` to ${show(high / s.columns)}`;
  const share = percent(count / s.neurons);
  return `Rate ${show(low / s.columns)}${to}${name}: ${counted(count, "neuron")}, ${share}.`;
}

export const channelText = (s, k) =>
  `Channel ${k}: ${rate(s.byChannel[k] / (s.size * s.columns))} over ${counted(s.size, "neuron")}.`;

export function placeText(s, cell) {
  const value = s.map.values[cell];
  const is = s.highlight ? `${value} of ${s.map.each} ${s.highlight}`
    : rate(value / (s.map.each * s.columns));
  return `Place ${s.size > 1 ? `(${placeName(s, cell)})` : `of neuron ${cell}`}: ${is}.`;
}

/** The title and the caption of the map. */
export function mapTexts(s) {
  const { size, columns, highlight, map: { most, each } } = s;
  const where = size > 1 ? "at each place" : "of each neuron";
  const order = size > 1 ? " (y, x)" : ", row by row";
  if (s.head !== null)
    return [`Spikes ${where}, now`, `Dark: 0, bright: ${s.now.most} of ${each}.`];
  const title = !highlight ? `Rate ${where}` : size > 1 ? `Where: ${highlight} neurons ${where}`
    : `Which neurons are ${highlight}`;
  const bright = highlight ? `${most} of ${each}` : show(most / (columns * each));
  const none = `No ${highlight ? `${highlight} neuron` : "spike"} here.`;
  return [`${title}${order}`, most ? `Dark: 0, bright: ${bright}.` : none];
}

/** A neuron that is pointed at or kept, with the bin it is in, in two lines. */
export function neuronTexts(s, neuron) {
  if (neuron === null)
    return ["Point at the raster: a neuron, its place, its rate, its spikes.", ""];
  const train = s.columns > 60 ? []
    : Array.from({ length: s.columns }, (_, at) => s.spikes[at * s.neurons + neuron]);
  const own = `${rate(s.counts[neuron] / s.columns)}, ${counted(s.counts[neuron], "spike")} in ` +
    `${counted(s.columns, "step")}${train.length ? ": " : ""}${train.join("")}`;
  const name = neuronName(s, neuron);
  if (!s.cell) return [`The neuron that you clicked: ${name}`, own];
  const { columns: [first, end], rows } = s.cell;
  const spikes = spikesIn(s.sums, s.neurons, [first, end], rows);
  const [neurons, steps] = [rows[1] - rows[0], end - first];
  const when = steps === 1 ? stepName(s, first) : `steps ${first + 1} to ${end}`;
  const cells = neurons * steps;
  if (cells === 1) return [`${name}, ${when}: ${spikes ? "fires" : "silent"}`, own];
  const of = `${grouped(cells)} possible (${show(spikes / cells)})`;
  return [
    `${counted(neurons, "neuron")}, ${when}: ${counted(spikes, "spike")} of ${of}`,
    `${neurons > 1 ? "The first is " : ""}${name}: ${own}`,
  ];
}
