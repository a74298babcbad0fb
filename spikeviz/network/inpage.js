// The page's own answer: what a network of micro/ gives for an image, as Python would send it
// (answer.py, run.py), so that all else need not know who answered.

import { bytesOf } from "../base/photo.js";
import { canOpen, openNetwork } from "../micro/weights.js";
import { fitImage } from "../micro/picture.js";
import { PAD } from "./pad.js";

const FEW = 16; // pixels of a map: so small ones share one scale
const READABLE = 16; // boxes that stand side by side before the stages fold
const LEVELS = 255;

/** Numbers in a row, and where among them each map lies. */
function packer() {
  const parts = [];
  let at = 0;
  const add = (bytes) => {
    parts.push(bytes);
    at += bytes.length;
    return at - bytes.length;
  };
  /** {shape, numbers, top, low, high} as the entry of an answer: low and high of each map, or of
   *  all. */
  function put({ shape, numbers, top, low, high }) {
    const entry = { at: add(numbers), bits: 8, top, shape, first: 0 };
    if (low.length === 1) return { ...entry, low: low[0], high: high[0] };
    return { ...entry, scales: [low, high].map((ends) => add(bytesOf(ends)))[0] };
  }
  function data() {
    const all = new Uint8Array(at);
    parts.reduce((from, part) => (all.set(part, from), from + part.length), 0);
    return new DataView(all.buffer);
  }
  return { put, data };
}

/** Real values as 256 steps between the lowest and the highest of each map. */
function measure({ shape: [steps, channels, ...sides], values }) {
  const [height, width] = [sides[0] ?? 1, sides[1] ?? 1];
  const each = height * width > FEW ? height * width : values.length;
  const count = values.length / each;
  const [low, high] = [new Float32Array(count), new Float32Array(count)];
  const numbers = new Uint8Array(values.length);
  for (let n = 0; n < count; n++) {
    let [least, most] = [Infinity, -Infinity];
    for (let at = n * each; at < (n + 1) * each; at++) {
      if (values[at] < least) least = values[at];
      if (values[at] > most) most = values[at];
    }
    [low[n], high[n]] = [least, most];
    const steep = LEVELS / Math.max(most - least, 1e-30);
    for (let at = n * each; at < (n + 1) * each; at++)
      numbers[at] = Math.round((values[at] - least) * steep);
  }
  return { shape: [steps, channels, height, width], numbers, top: LEVELS, low, high };
}

/** The mean over the channels, one scale for all time steps. */
function thumb({ shape: [steps, channels, height, width], numbers, top, low, high }) {
  const size = height * width;
  const mean = new Float32Array(steps * size);
  for (let map = 0; map < steps * channels; map++) {
    const [from, to] = low.length === 1 ? [low[0], high[0]] : [low[map], high[map]];
    const at = Math.floor(map / channels) * size;
    for (let i = 0; i < size; i++)
      mean[at + i] += (from + numbers[map * size + i] * ((to - from) / top)) / channels;
  }
  const [least, most] = [Math.min, Math.max].map((end) => mean.reduce((a, b) => end(a, b)));
  const steep = LEVELS / Math.max(most - least, 1e-30);
  const levels = Uint8Array.from(mean, (value) => Math.round((value - least) * steep));
  return {
    shape: [steps, 1, height, width], numbers: levels, top: LEVELS,
    low: Float32Array.of(least), high: Float32Array.of(most),
  };
}

/** How many of its neurons fire, exactly. */
const countSpikes = ({ shape, spikes }, most) => ({
  shape, numbers: spikes, top: most, low: Float32Array.of(0), high: Float32Array.of(most),
});

/** The share of ones at each step, over neurons of some layers. */
function ratesOf(layers, found) {
  const steps = found[0]?.shape[0] ?? 0;
  const each = found.map(({ spikes }) => spikes.length / steps);
  const neurons = layers.reduce((sum, { neurons: n }, i) => sum + n * each[i], 0);
  const rates = Array.from({ length: steps }, (_, t) => {
    const ones = found.map(({ spikes }, i) =>
      spikes.subarray(t * each[i], (t + 1) * each[i]).reduce((a, b) => a + b, 0));
    return ones.reduce((a, b) => a + b, 0) / neurons;
  });
  const rate = steps ? rates.reduce((a, b) => a + b, 0) / steps : null;
  return { rate, rates, neurons };
}

/** What layers cost, as run.py counts it: additions are FLOPs · R, as the twin's FLOPs are its
 *  multiplications, both with what a kernel does over the border. */
const COSTS = {
  snn_mj: (row) => row.snn_mj, ann_mj: (row) => row.ann_mj,
  additions: ({ passes, flops, rate }) => Math.round(passes * flops * (rate || 0)),
  multiplications: (row) => row.multiplications,
};

/** A box of the answer: its facts, what of them this image made, and its maps. */
function boxOf(facts, { outputs, neurons, layers }, put) {
  const within = (name) => `${name}.`.startsWith(`${facts.box}.`);
  const fired = Object.keys(neurons).filter(within).map((name) => neurons[name]);
  const costs = layers.filter(({ layer }) => within(layer));
  const output = outputs[facts.box];
  const views = {
    spikes: fired.map((one, i) => countSpikes(one, facts.layers[i].neurons)),
    membrane: fired.map(({ shape, membrane }) => measure({ shape, values: membrane })),
    output: [measure(output)],
  };
  const [maps, thumbs] = [{}, {}];
  for (const [view, each] of Object.entries(views)) {
    maps[view] = Object.fromEntries(each.map((one, i) => [i, put(one)]));
    if (each.length) thumbs[view] = put(thumb(each[0]));
  }
  const sums = Object.entries(COSTS).map(([name, of]) =>
    [name, costs.reduce((all, row) => all + of(row), 0)]);
  return {
    ...facts, run: undefined, ...ratesOf(facts.layers, fired), ...Object.fromEntries(sums),
    maps, thumbs, drawn: views.output[0].shape.slice(2),
  };
}

/** What of a network's run the page draws. */
function walkOf(header, found) {
  const { put, data } = packer();
  const boxes = header.boxes.map((box) => boxOf(box, found, put));
  const [channels, side] = header.image;
  const total = (name) => boxes.reduce((all, box) => all + box[name], 0);
  return {
    boxes, code: header.code, data: data(), logits: found.logits, whole: true, side, channels,
    done: found.layers.reduce((all, { additions }) => all + additions, 0),
    snn_mj: total("snn_mj"), ann_mj: total("ann_mj"), seconds: found.milliseconds / 1000,
    unfold: boxes.length < READABLE ? header.depths.map((_, stage) => stage) : [],
    attention: header.attention, names: header.note.data?.classes ?? [],
  };
}

const named = (model) => [model.get("model"), model.get("other")].filter(Boolean);

/** The image that is asked for, as an answer holds it; null where only Python has it. */
function pictureOf(model) {
  const [source, image, pixels] = ["source", "image", "pixels"].map((name) => model.get(name));
  const { picture, asked } = model.get("answer");
  const size = source === "own" ? pixels.byteLength : 0;
  if (size) {
    const channels = size === PAD * PAD ? 1 : 3;
    return { side: Math.sqrt(size / channels), channels, data: pixels };
  }
  const sample = model.get("samples").find((one) => one.image === image);
  if (source === "digit" && sample) return { side: PAD, channels: 1, data: sample.pixels };
  return asked[2] === source && asked[3] === image ? picture : null;
}

/** Whether the page has the networks and the image that are asked for. */
export const canAnswer = (model) =>
  named(model).every((name) => canOpen(name, model)) && pictureOf(model) !== null;

/** What the page answers to what is asked now, as Python's `_compute`. */
async function answerOf(model) {
  const asked = ["model", "other", "source", "image"].map((name) => model.get(name));
  const picture = pictureOf(model);
  const samples = model.get("samples");
  const label = samples.findIndex(({ image }) => image === asked[3]);
  const known = label >= 0 ? label : model.get("answer").truth;
  const networks = await Promise.all(named(model).map((name) => openNetwork(name, model)));
  const walks = await Promise.all(networks.map(async ({ header, run }) =>
    walkOf(header, await run(fitImage(picture, header.image)))));
  const truth = asked[2] === "digit" && !walks[0].names.length ? known : null;
  return { walks, picture, truth, asked };
}

/** ask() has the page answer what is asked, of many moves the newest; write({trait: value}). */
export function pageAnswers(model, write) {
  let [busy, newer] = [false, false];
  return async () => {
    newer = true;
    if (busy) return;
    busy = true;
    while (newer) {
      newer = false;
      try {
        const answer = await answerOf(model);
        const last = Math.max(...answer.walks.map(({ logits }) => logits.length)) - 1;
        const time_step = Math.min(model.get("time_step"), last);
        write({ answer, problem: "", time_step }); // also while a newer one waits: it is live
      } catch ({ message }) {
        write({ problem: message });
      }
    }
    busy = false;
  };
}
