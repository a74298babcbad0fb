// What of SpikingPlayground's traits the engine takes, and which values go together.

import { valuesOf } from "../base/traits.js";

export const SETTINGS = [
  "data", "noise", "share", "points", "coding", "thresholds", "layers", "own", "silent", "tau",
  "v_reset", "time_steps", "surrogate", "alpha", "learning_rate", "batch", "optimizer", "spiking",
  "seed",
];
export const LEARNED = ["weights", "steps", "history"];
export const THRESHOLD = [0.05, 4, 0.05]; // lowest, highest, step of a drag
export const [MOST_LAYERS, MOST_NEURONS, MOST_THRESHOLDS, MOST_POINTS] = [3, 8, 4, 200];

/** The settings as the engine takes them: thresholds for each hidden layer, and of single neurons
 *  only those that are there. */
export function settingsOf(model) {
  const p = valuesOf(model, SETTINGS);
  const has = (name) => {
    const [layer, neuron] = name.split(".");
    return neuron < p.layers[layer];
  };
  return {
    ...p, silent: p.silent.filter(has),
    thresholds: p.layers.map((_, l) => p.thresholds[l] ?? p.thresholds.at(-1)),
    own: Object.fromEntries(Object.entries(p.own).filter(([name]) => has(name))),
  };
}

const isNumber = (value, low, high) => typeof value === "number" && value >= low && value <= high;
const areThresholds = (values) => Array.isArray(values) && values.length > 0 &&
  values.length <= MOST_THRESHOLDS && values.every((value) => isNumber(value, ...THRESHOLD));
const isPoint = (point) => Array.isArray(point) && point.length === 3 &&
  point.slice(0, 2).every((value) => isNumber(value, -1, 1)) && [0, 1].includes(point[2]);
const isName = (name) => /^\d\.\d$/.test(name);

/** Whether the values of a model are such as Python takes: what came with an address may not be. */
export function allows(model) {
  const { thresholds, own, silent, points } = valuesOf(model, SETTINGS);
  return thresholds.length > 0 && thresholds.length <= MOST_LAYERS &&
    thresholds.every(areThresholds) && Object.values(own).every(areThresholds) &&
    [...Object.keys(own), ...silent].every(isName) && points.length <= MOST_POINTS &&
    points.every(isPoint);
}
