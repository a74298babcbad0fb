// The surrogates and the neuron's gradient: the same arithmetic in the same order as
// spikeatconv/surrogate.py and neuron.py. Nothing here knows about the screen.

import { SURROGATES } from "./functions.js";
import { memory } from "../base/memory.js";
import { clamp } from "../base/page.js";

const BARS = 60; // of a layer

export const V_THRESHOLD = 1;

/** ∂V[t]/∂H[t] of a neuron at membrane h: what its reset leaves of the gradient. */
function throughReset(p, h, spike, slope) {
  if (p.v_reset === null) return p.detach_reset ? 1 : 1 - V_THRESHOLD * slope;
  return p.detach_reset ? 1 - spike : 1 - spike + (p.v_reset - h) * slope;
}

/** The neuron's input, one value a time step: uneven, so that most spikes come one by one. */
const drive = (n) => Array.from({ length: n }, (_, i) => (((4 * i + 2) % 11) + 1) / 11);

/**
 * The neuron with input w · drive: H, V, spikes, count, (count − target)² and its gradient by w.
 * Each step carries the derivatives of its values by w along.
 */
function tryWeight(p, w, input) {
  const { derivative } = SURROGATES[p.surrogate];
  const out = { h: [], v: [], s: [], count: 0 };
  let [v, dv, dcount] = [0, 0, 0];
  for (const x of input) {
    const h = v + (w * x - v) / p.tau;
    const dh = dv + (x - dv) / p.tau;
    const spike = h - V_THRESHOLD >= 0 ? 1 : 0;
    const slope = derivative(h - V_THRESHOLD, p.alpha);
    dv = throughReset(p, h, spike, slope) * dh;
    v = p.v_reset === null ? h - spike * V_THRESHOLD : (1 - spike) * h + spike * p.v_reset;
    dcount += slope * dh;
    out.count += spike;
    out.h.push(h);
    out.s.push(spike);
    out.v.push(v);
  }
  const miss = out.count - p.target;
  return { ...out, dcount, loss: miss ** 2, gradient: p.surrogate_on ? 2 * miss * dcount : 0 };
}

/**
 * The hill that descent believes it walks on: the surrogate's gradient summed up over `weights` by
 * trapezoids, its lowest point at 0. Its slope is that gradient; the loss itself is a staircase.
 */
function hill(p, input, weights) {
  const slopes = weights.map((w) => tryWeight({ ...p, surrogate_on: true }, w, input).gradient);
  let height = 0;
  const heights = weights.map((w, i) =>
    (height += i ? ((slopes[i] + slopes[i - 1]) / 2) * (w - weights[i - 1]) : 0));
  const lowest = Math.min(...heights);
  return heights.map((value) => value - lowest);
}

/** Gradient descent from p.weight: {weight, count, loss, gradient} at its start and n steps on. */
function descend(p, input, n, [low, high]) {
  let weight = p.weight;
  return Array.from({ length: n + 1 }, () => {
    const { count, loss, gradient } = tryWeight(p, weight, input);
    const at = { weight, count, loss, gradient };
    weight = clamp(weight - p.learning_rate * gradient, low, high);
    return at;
  });
}

/** ∂S[t]/∂H[t−k], k = 0 … time_steps, of a neuron that stands at u = p.at in every step. */
function survival(p) {
  const slope = SURROGATES[p.surrogate].derivative(p.at, p.alpha);
  const leak = 1 - 1 / p.tau;
  const reset = throughReset(p, p.at + V_THRESHOLD, p.at >= 0 ? 1 : 0, slope);
  const left = [slope];
  for (let k = 1; k <= p.time_steps; k++) left.push(left[k - 1] * leak * reset);
  return { slope, leak, reset, left };
}

/** Share of the values u with σ'(u) ≥ p.dead_below · σ'(0), and the mean of σ'. */
function useful(p, u, alpha = p.alpha) {
  const { derivative } = SURROGATES[p.surrogate];
  const least = p.dead_below * derivative(0, alpha);
  let [count, sum] = [0, 0];
  for (const value of u) {
    const slope = derivative(value, alpha);
    if (slope >= least) count++;
    sum += slope;
  }
  return { count, share: count / u.length, mean: sum / u.length };
}

/** What does not depend on α: the layer's values, their bars, and the mean of σ' over all α. */
function layerOf(bytes, surrogate, [low, high]) {
  const { buffer, byteOffset, byteLength } = bytes;
  const u = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  const sizes = u.map(Math.abs).sort();
  const span = Math.max(1, Math.ceil(sizes[Math.floor(0.995 * (u.length - 1))] * 2) / 2);
  const bars = Array.from({ length: BARS }, () => 0);
  let away = 0;
  for (const value of u) {
    const i = Math.floor(((value + span) / (2 * span)) * BARS);
    if (value < -span || value > span) away++;
    else bars[Math.min(i, BARS - 1)] += 100 / u.length;
  }
  const alphas = Array.from({ length: 41 }, (_, i) => low * (high / low) ** (i / 40));
  const every = Math.ceil(u.length / 5000); // of 100,000 values each 20th is enough: σ' is even
  const some = sizes.filter((_, i) => i % every === 0);
  const means = alphas.map((alpha) => useful({ surrogate, dead_below: 0 }, some, alpha).mean);
  return { u, sizes, span, bars, away, alphas, means };
}

/** The share of `sizes`, in order, that are at most `edge`. */
function shareUpTo(sizes, edge) {
  let [low, high] = [0, sizes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sizes[middle] <= edge) low = middle + 1;
    else high = middle;
  }
  return low / sizes.length;
}

/** A function of the traits that gives all that is on show, and computes anew only what changes. */
export function computer(limits, bytesOf) {
  const [lowest, highest] = limits.weight;
  const weights = Array.from({ length: 401 }, (_, i) => lowest + (i / 400) * (highest - lowest));
  const once = memory();
  return (p, at) => { // the place in the descent, between two steps a fraction
    const neuron = [p.tau, p.time_steps, p.v_reset, p.target];
    const slopes = [...neuron, p.detach_reset, p.surrogate, p.alpha];
    const { primitive, derivative, reach } = SURROGATES[p.surrogate];
    const input = drive(p.time_steps);
    const shape = [p.layer, p.surrogate];
    const layer = once("layer", shape, () => layerOf(bytesOf(p.layer), p.surrogate, limits.alpha));
    const { alphas, sizes, u } = layer;
    const edge = reach(p.dead_below);
    const steps = once("walk", [...slopes, p.surrogate_on, p.weight, p.learning_rate], () =>
      descend(p, input, limits.descent_step[1], limits.weight));
    const arrived = p.surrogate_on ? steps.findIndex(({ gradient }) => !gradient) : -1;
    const last = arrived < 0 ? steps.length - 1 : arrived;
    const place = Math.min(at, last);
    const done = Math.floor(place);
    const [from, to] = [steps[done].weight, steps[Math.ceil(place)].weight];
    const weight = from + (place - done) * (to - from);
    const run = tryWeight(p, weight, input);
    return {
      p, steps, last, place, run, layer, weights,
      domain: limits.at.slice(0, 2), peak: derivative(0, p.alpha), edge: edge / p.alpha,
      half: reach(0.5) / p.alpha, // where σ' has half of its height
      forward: p.at >= 0 ? 1 : 0, primitive: primitive(p.at, p.alpha),
      derivative: derivative(p.at, p.alpha), survival: survival(p),
      reached: once("reached", [...shape, p.alpha, p.dead_below], () => useful(p, u)),
      shares: once("shares", [...shape, p.dead_below], () =>
        alphas.map((alpha) => shareUpTo(sizes, edge / alpha))),
      losses: once("losses", neuron, () => weights.map((w) => tryWeight(p, w, input).loss)),
      hill: p.surrogate_on ? once("hill", slopes, () => hill(p, input, weights)) : null,
      walk: steps.slice(0, Math.ceil(place)),
      here: { weight, loss: run.loss, gradient: run.gradient },
    };
  };
}
