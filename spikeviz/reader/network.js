// The network of DigitReader: the same numbers as explorer.py's `run`, one image at a time.

import { memory } from "../base/memory.js";

export const SIDE = 28;

/** The image moved by whole pixels, so that the middle of its ink is its own middle. */
export function centre(pixels) {
  let [ink, down, right] = [0, 0, 0];
  pixels.forEach((value, at) => {
    ink += value;
    down += value * Math.floor(at / SIDE);
    right += value * (at % SIDE);
  });
  if (!ink) return Float64Array.from(pixels);
  const [dy, dx] = [down, right].map((sum) => Math.floor((SIDE - 1) / 2 - sum / ink + 0.5));
  const wrap = (place) => (place + 2 * SIDE) % SIDE;
  return Float64Array.from(pixels, (_, at) =>
    pixels[wrap(Math.floor(at / SIDE) - dy) * SIDE + wrap((at % SIDE) - dx)]);
}

/** The layers with views on their weights; `size` is the side of what a layer gives. */
function unpack({ layers, weights }) {
  const all = new Float32Array(weights.buffer.slice(weights.byteOffset,
    weights.byteOffset + weights.byteLength));
  let [at, size] = [0, SIDE];
  const take = (count) => all.subarray(at, (at += count));
  const unpacked = layers.map((layer) => {
    const [channels, before, kernel] = layer.shape;
    const from = size;
    size = Math.floor((from + 2 * layer.padding - kernel) / layer.stride) + 1;
    return { ...layer, channels, before, kernel, from, size,
      weights: take(channels * before * kernel * kernel), bias: take(channels) };
  });
  const inputs = unpacked.at(-1).channels * size * size;
  return { layers: unpacked, readout: { inputs, weights: take(10 * inputs), bias: take(10) } };
}

/** A convolution of maps [before, from, from] → currents [channels, size, size]. What is 0 costs
 *  nothing: each input adds its weights to the places that see it. */
function convolve({ channels, before, kernel, from, size, stride, padding, weights, bias }, maps) {
  const out = new Float64Array(channels * size * size);
  for (let c = 0; c < channels; c++)
    out.fill(bias[c], c * size * size, (c + 1) * size * size);
  for (let b = 0; b < before; b++)
    for (let at = 0; at < from * from; at++) {
      const value = maps[b * from * from + at];
      if (!value) continue;
      const [y, x] = [Math.floor(at / from) + padding, (at % from) + padding];
      for (let ky = y % stride; ky < kernel; ky += stride) {
        const row = (y - ky) / stride;
        if (row < 0 || row >= size) continue;
        for (let kx = x % stride; kx < kernel; kx += stride) {
          const column = (x - kx) / stride;
          if (column < 0 || column >= size) continue;
          for (let c = 0; c < channels; c++)
            out[(c * size + row) * size + column] +=
              value * weights[((c * before + b) * kernel + ky) * kernel + kx];
        }
      }
    }
  return out;
}

/** One step of a layer's neurons: their spikes; the membranes v go on. */
function fire({ tau, threshold }, current, v) {
  const spikes = new Uint8Array(v.length);
  for (let i = 0; i < v.length; i++) {
    const h = v[i] + (current[i] - v[i]) / tau;
    spikes[i] = h - threshold >= 0 ? 1 : 0;
    v[i] = spikes[i] ? 0 : h;
  }
  return spikes;
}

function read({ inputs, weights, bias }, spikes) {
  const scores = Float64Array.from(bias);
  for (let i = 0; i < inputs; i++)
    if (spikes[i]) for (let c = 0; c < 10; c++) scores[c] += weights[c * inputs + i];
  return scores;
}

/** Shares of 1 that say how sure the network is: the softmax of its scores. */
export function shares(scores) {
  const most = Math.max(...scores);
  const powers = Array.from(scores, (score) => Math.exp(score - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** compute(pixels) → {image, steps}: of each step the spikes of each layer, and the mean of the
 *  scores so far. */
export function computer(network) {
  const { layers, readout } = unpack(network);
  const once = memory();
  function run(pixels) {
    const image = centre(pixels);
    const first = convolve(layers[0], image.map((value) => value / 255));
    const membranes = layers.map(({ channels, size }) => new Float64Array(channels * size * size));
    const sums = new Float64Array(10);
    const steps = Array.from({ length: network.time_steps }, (_, t) => {
      const spikes = [];
      for (const [i, layer] of layers.entries()) {
        const current = i ? convolve(layer, spikes[i - 1]) : first;
        spikes.push(fire(layer, current, membranes[i]));
      }
      read(readout, spikes.at(-1)).forEach((score, c) => (sums[c] += score));
      return { spikes, scores: Array.from(sums, (sum) => sum / (t + 1)) };
    });
    return { image, layers, steps };
  }
  return (pixels) => once("run", [pixels], () => run(pixels));
}
