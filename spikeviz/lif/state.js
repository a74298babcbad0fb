// What LIFExplorer computes: its parameters and their ranges, the runs of all neurons on show.

import { steps, stimulus, simulate } from "../base/neuron.js";
import { valuesOf } from "../base/widget.js";
import { libraryRuns } from "./libraries.js";
import { hidden } from "./mystery.js";
import { NEURON } from "./pins.js";
import { companions } from "./traces.js";

export const PARAMETERS =
  [...NEURON, "dt", "stimulus", "amplitude", "period", "seed", "duration"];

/** The range in which a parameter may move now, given the others. */
export function range(model, key) {
  const [min, max, step] = model.get("limits")[key];
  const [reset, dt] = [model.get("v_reset"), model.get("dt")];
  if (key === "tau") return [Math.max(min, dt), max, step];
  if (key === "dt") {
    const taus = [model.get("tau"), ...model.get("pins").map(({ tau }) => tau)];
    return [min, Math.min(max, ...taus), step];
  }
  if (key === "v_threshold" && reset !== null) return [Math.max(min, reset + step), max, step];
  if (key === "v_reset") return [min, Math.min(max, model.get("v_threshold") - step), step];
  return [min, max, step];
}

/** `drawn`: by a hand; `before`: what its last stroke changed; `hover`: the map's neuron. */
export function compute(model, { drawn, before, hover }) {
  const p = valuesOf(model, PARAMETERS);
  const inputOf = (one) => one.stimulus !== "drawn" ? stimulus(one)
    : drawn ?? new Float64Array(steps(one.duration, one.dt));
  const current = inputOf(p);
  const run = (changes) => simulate({ ...p, ...changes }, current);
  const stroke = p.stimulus === "drawn" ? before : null;
  const last = model.get("ghost");
  const ghost = stroke ? p : "tau" in last ? last : null; // the last stroke, else the last run
  const [pins, seed] = [model.get("pins"), model.get("mystery")];
  const neuron = seed > 0 && hidden(seed);
  const state = {
    p, current, run: run(), ghost, before: stroke, other: hover, pins,
    ghostRun: ghost && simulate(ghost, stroke ?? inputOf(ghost)),
    otherRun: hover && run(hover),
    pinRuns: pins.map(run),
    mystery: neuron && {
      seed, neuron, run: run(neuron), shows: model.get("mystery_shows"), guess: model.get("guess"),
    },
    libraries: libraryRuns(model.get("answer"), model.get("overlays"), p, current),
  };
  return { ...state, others: companions(state) };
}
