// What LIFExplorer computes: its parameters and their ranges, the runs of all neurons on show.

import { steps, stimulus, simulate } from "../base/neuron.js";
import { valuesOf } from "../base/traits.js";
import { onClock } from "./clock.js";
import { libraryRuns } from "./libraries.js";
import { firstCharge } from "./charge.js";
import { hidden } from "./mystery.js";
import { NEURON } from "./pins.js";
import { companions } from "./traces.js";

export const PARAMETERS = [...NEURON, "dt", "stimulus", "amplitude", "period", "seed", "duration"];

/** The range in which a parameter may move now, given the others. */
export function range(model, key) {
  const [min, max, step] = model.get("limits")[key];
  const { dt, tau, v_reset, v_threshold, pins } = valuesOf(model, [...PARAMETERS, "pins"]);
  const low = { tau: dt, v_threshold: v_reset === null ? min : v_reset + step }[key] ?? min;
  const taus = [tau, ...pins.map((pin) => pin.tau)];
  const high = { dt: Math.min(...taus), v_reset: v_threshold - step }[key] ?? max;
  return [Math.max(min, low), Math.min(max, high), step];
}

/** Whether the neurons are possible ones, as Python has it: an address may say anything. */
export function allows(model) {
  const [{ dt, ...own }, limits] = [valuesOf(model, [...NEURON, "dt"]), model.get("limits")];
  const known = (pin) => NEURON.every((name) => (name === "v_reset" && pin[name] === null) ||
    (pin[name] >= limits[name][0] && pin[name] <= limits[name][1]));
  const possible = ({ tau, v_reset, v_threshold }) =>
    tau >= dt && (v_reset === null || v_reset < v_threshold);
  return [own, ...model.get("pins")].every((one) => known(one) && possible(one));
}

/** `drawn`: by a hand; `before`: what its last stroke changed; `hover`: the map's neuron. */
export function compute(model, { drawn, before, hover }) {
  const p = valuesOf(model, PARAMETERS);
  const inputOf = (one) => one.stimulus !== "drawn" ? stimulus(one)
    : drawn ?? new Float64Array(steps(one.duration, one.dt));
  const current = inputOf(p);
  const ran = (one, input) => onClock(simulate(one, input), one);
  const run = (changes) => ran({ ...p, ...changes }, current);
  const own = run();
  const stroke = p.stimulus === "drawn" ? before : null;
  const last = model.get("ghost");
  const ghost = stroke ? p : "tau" in last ? last : null; // the last stroke, else the last run
  const [pins, seed] = [model.get("pins"), model.get("mystery")];
  const neuron = seed > 0 && hidden(seed);
  const state = {
    p, current, run: own, ghost, before: stroke, other: hover, pins,
    charge: firstCharge({ p, current, run: own }), lowest: Math.min(...own.v),
    ghostRun: ghost && ran(ghost, stroke ?? inputOf(ghost)),
    otherRun: hover && run(hover),
    pinRuns: pins.map(run),
    mystery: neuron && {
      seed, neuron, run: run(neuron), shows: model.get("mystery_shows"), guess: model.get("guess"),
    },
    libraries: libraryRuns(model.get("answer"), model.get("overlays"), p, current),
  };
  return { ...state, others: companions(state) };
}
