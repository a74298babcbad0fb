// A small spiking network, forward and backward through all time steps: the arithmetic of torch
// with spikeatconv's LIF and LIFSum, in float64. Nothing is allocated while it trains.
//
// Rows are [sample][step]; what is still, the same at each step, has a row a sample.

import { SURROGATES } from "../surrogate/functions.js";
import { features, isStill } from "./data.js";
import { WEIGHTS, uniform } from "./random.js";

const CHUNK = 256; // most samples in one go

/** erf, to the last digits: a series of positive terms. */
export function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
    term *= (2 * x * x) / n;
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const phi = (x) => 0.5 * (1 + erf(x / Math.SQRT2));
const gelu = (x) => x * phi(x);
const geluSlope = (x) => phi(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);

/** The thresholds of each neuron of a hidden layer. */
const thresholdsOf = ({ thresholds, own }, layer, neurons) =>
  Array.from({ length: neurons }, (_, i) => own[`${layer}.${i}`] ?? thresholds[layer]);

/**
 * The network of the settings: values and gradients hold all weights and biases; each of its layers
 * has views of them, the readout last. Weights begin as torch's Linear does, within ±1 / √inputs.
 */
export function makeNetwork(settings) {
  const sizes = [features(settings.coding), ...settings.layers, 1];
  const total = sizes.slice(1).reduce((sum, n, l) => sum + n * (sizes[l] + 1), 0);
  const [values, gradients] = [new Float64Array(total), new Float64Array(total)];
  let at = 0;
  const layers = sizes.slice(1).map((outputs, l) => {
    const inputs = sizes[l];
    const [middle, end] = [at + inputs * outputs, at + inputs * outputs + outputs];
    const draw = uniform(settings.seed, WEIGHTS, l);
    for (let i = at; i < end; i++) values[i] = (2 * draw() - 1) / Math.sqrt(inputs);
    const layer = {
      inputs, outputs, start: at,
      weights: values.subarray(at, middle), bias: values.subarray(middle, end),
      dWeights: gradients.subarray(at, middle), dBias: gradients.subarray(middle, end),
      thresholds: thresholdsOf(settings, l, l < settings.layers.length ? outputs : 0),
      silent: Array.from({ length: outputs }, (_, i) => settings.silent.includes(`${l}.${i}`)),
    };
    at = end;
    return layer;
  });
  const steps = settings.spiking ? settings.time_steps : 1;
  return { settings, values, gradients, layers, steps, still: isStill(settings) };
}

/** Room for the run of CHUNK samples, in which `run` and `learn` write. */
export function makeRoom({ layers, steps, still }) {
  const rows = CHUNK * steps;
  return {
    most: CHUNK,
    inputs: new Float64Array((still ? CHUNK : rows) * layers[0].inputs),
    labels: new Float64Array(CHUNK),
    logits: new Float64Array(CHUNK),
    hidden: layers.map(({ outputs, thresholds }, l) => {
      const taken = l === 0 && still ? CHUNK : rows;
      return {
        currents: new Float64Array(taken * outputs), dCurrents: new Float64Array(taken * outputs),
        spikes: new Float64Array(rows * outputs), dSpikes: new Float64Array(rows * outputs),
        // H of each branch, all of the first neuron first: [branch][sample][step]
        h: thresholds.map((own) => own.map(() => new Float64Array(rows))),
      };
    }),
  };
}

/** to = from · weightsᵀ + bias, row by row. */
function linear(from, rows, { weights, bias, inputs, outputs }, to) {
  for (let r = 0, k = 0; r < rows; r++) {
    const start = r * inputs;
    for (let o = 0, w = 0; o < outputs; o++, k++) {
      let sum = bias[o];
      for (let i = 0; i < inputs; i++, w++) sum += weights[w] * from[start + i];
      to[k] = sum;
    }
  }
}

/** Spikes of neuron i of a layer for each sample and step; still: its currents do not change. */
function fire({ tau, v_reset: reset }, layer, i, { currents, spikes, h }, samples, steps, still) {
  const n = layer.outputs;
  for (let k = i; k < samples * steps * n; k += n) spikes[k] = 0;
  layer.thresholds[i].forEach((threshold, branch) => {
    const membrane = h[i][branch];
    let broken = 0; // NaN once H is not finite, as in torch
    for (let b = 0, row = 0; b < samples; b++) {
      let v = 0;
      for (let t = 0; t < steps; t++, row++) {
        const x = currents[(still ? b : row) * n + i];
        const charged = v + (x - v) / tau; // charge
        membrane[row] = charged;
        broken += charged - charged;
        const fires = charged - threshold >= 0; // fire
        if (fires && !layer.silent[i]) spikes[row * n + i]++;
        v = !fires ? charged : reset === null ? charged - threshold : reset; // reset
      }
    }
    if (broken !== 0) spikes[i] = NaN;
  });
}

/** The way back of `fire`: from the gradient of the spikes to that of the currents. */
function fireBack(settings, layer, i, found, samples, steps, still) {
  const { tau, v_reset: reset, alpha, surrogate } = settings;
  const { dCurrents, dSpikes, h } = found;
  const n = layer.outputs;
  const { derivative } = SURROGATES[surrogate] ?? { derivative: () => 0 }; // "off"
  for (let k = i; k < (still ? samples : samples * steps) * n; k += n) dCurrents[k] = 0;
  if (layer.silent[i]) return;
  layer.thresholds[i].forEach((threshold, branch) => {
    const membrane = h[i][branch];
    for (let b = 0; b < samples; b++) {
      let dV = 0;
      for (let t = steps - 1; t >= 0; t--) {
        const row = b * steps + t;
        const u = membrane[row] - threshold;
        const through = reset === null || u < 0 ? dV : 0; // the reset itself is left out
        const dH = dSpikes[row * n + i] * derivative(u, alpha) + through;
        dCurrents[(still ? b : row) * n + i] += dH / tau;
        dV = dH - dH / tau;
      }
    }
  });
}

/** The twin's neuron: one GELU, no time. */
function activate(layer, i, { currents, spikes }, samples) {
  const n = layer.outputs;
  for (let b = 0, k = i; b < samples; b++, k += n)
    spikes[k] = layer.silent[i] ? 0 : gelu(currents[k]);
}

function activateBack(layer, i, { currents, dCurrents, dSpikes }, samples) {
  const n = layer.outputs;
  for (let b = 0, k = i; b < samples; b++, k += n)
    dCurrents[k] = layer.silent[i] ? 0 : dSpikes[k] * geluSlope(currents[k]);
}

/** Runs the first samples of room.inputs: fills room.hidden, and room.logits, the means over T. */
export function run({ settings, layers, steps, still }, room, samples) {
  const last = layers.length - 1;
  let from = room.inputs;
  layers.forEach((layer, l) => {
    const found = room.hidden[l];
    const isStillHere = l === 0 && still;
    linear(from, isStillHere ? samples : samples * steps, layer, found.currents);
    for (let i = 0; l < last && i < layer.outputs; i++)
      if (settings.spiking) fire(settings, layer, i, found, samples, steps, isStillHere);
      else activate(layer, i, found, samples);
    from = found.spikes;
  });
  const each = room.hidden[last].currents;
  for (let b = 0, row = 0; b < samples; b++) {
    let sum = 0;
    for (let t = 0; t < steps; t++, row++) sum += each[row];
    room.logits[b] = sum / steps;
  }
}

/** Binary cross entropy of a logit, and whether its class is right. */
export const lossOf = (logit, label) =>
  Math.max(logit, 0) - logit * label + Math.log1p(Math.exp(-Math.abs(logit)));
export const probabilityOf = (logit) => 1 / (1 + Math.exp(-logit));
export const isRight = (logit, label) => logit >= 0 === label > 0.5;

/** After `run`: the mean loss of these samples; its gradient is in network.gradients. */
export function learn({ settings, layers, steps, still, gradients }, room, samples) {
  const last = layers.length - 1;
  gradients.fill(0);
  let loss = 0;
  for (let b = 0, row = 0; b < samples; b++) {
    const [logit, label] = [room.logits[b], room.labels[b]];
    loss += lossOf(logit, label) / samples;
    const d = (probabilityOf(logit) - label) / samples / steps;
    for (let t = 0; t < steps; t++, row++) room.hidden[last].dCurrents[row] = d;
  }
  for (let l = last; l >= 0; l--) {
    const [layer, found] = [layers[l], room.hidden[l]];
    const isStillHere = l === 0 && still;
    for (let i = 0; l < last && i < layer.outputs; i++)
      if (settings.spiking) fireBack(settings, layer, i, found, samples, steps, isStillHere);
      else activateBack(layer, i, found, samples);
    const below = room.hidden[l - 1];
    const from = below ? below.spikes : room.inputs;
    const rows = isStillHere ? samples : samples * steps;
    linearBack(from, rows, layer, found.dCurrents, below?.dSpikes);
  }
  return loss;
}

/** The way back of `linear`: adds to dWeights and dBias; dFrom, where asked for, is written. */
function linearBack(from, rows, { weights, dWeights, dBias, inputs, outputs }, dTo, dFrom) {
  for (let r = 0, k = 0; r < rows; r++) {
    const start = r * inputs;
    if (dFrom) for (let i = 0; i < inputs; i++) dFrom[start + i] = 0;
    for (let o = 0, w = 0; o < outputs; o++, k++) {
      const d = dTo[k];
      dBias[o] += d;
      for (let i = 0; i < inputs; i++, w++) {
        dWeights[w] += d * from[start + i];
        if (dFrom) dFrom[start + i] += d * weights[w];
      }
    }
  }
}
