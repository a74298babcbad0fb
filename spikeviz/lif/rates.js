// Spikes counted over many neurons, and their rates.

import { simulate, steps } from "../base/neuron.js";

/** Firing rate in Hz of `count` spikes in n time steps. */
export const rateOf = (count, n, dt) => (1000 * count) / (n * dt);

const countOf = (p, current) => simulate(p, current, { keep: [] }).count;

/** A neuron whose reset lies below its threshold (the others would fire for ever). */
const possible = (p) => p.v_reset === null || p.v_reset < p.v_threshold;

/** Spike counts over a grid of time constants (columns) and thresholds (rows), row by row. */
export const countMap = (p, current, taus, thresholds) =>
  thresholds.flatMap((v_threshold) => taus.map((tau) => ({ ...p, tau, v_threshold })))
    .map((neuron) => (possible(neuron) ? countOf(neuron, current) : 0));

/** Firing rate in Hz for each constant current, over the same duration. */
export function fiCurve(p, currents) {
  const n = steps(p.duration, p.dt);
  return currents.map((i) => rateOf(countOf(p, new Float64Array(n).fill(i)), n, p.dt));
}
