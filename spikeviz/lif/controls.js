// The number fields and choices of LIFExplorer.

import { STIMULI } from "../base/neuron.js";
import { clamp, div } from "../base/page.js";
import { choice, checkbox, showValues, traitControls } from "../base/controls.js";
import { range } from "./state.js";

const LABELS = {
  tau: ["τ, time constant", "ms"], v_threshold: ["V_th, threshold"],
  amplitude: ["I, input current"], period: ["Period", "ms"], seed: ["Noise seed"],
  v_rest: ["V_rest"], v_reset: ["V_reset"],
  t_ref: ["t_ref, refractory", "ms"], resistance: ["R, resistance"], dt: ["Δt, time step", "ms"],
  duration: ["Duration", "ms"],
};

/** {first, more: elements, update(p)}; draw() begins a drawn input. */
export function makeControls(model, set, draw) {
  const { number } = traitControls(model, set);
  const limit = (name) => (value) =>
    clamp(name === "seed" ? Math.round(value) : value, ...range(model, name));
  const controls = Object.fromEntries(Object.entries(LABELS).map(([name, [label, unit]]) =>
    [name, number(name, label, { unit, limit: limit(name) })]));
  const kind = choice({
    label: "Input shape", name: "Shape of the input current",
    options: [...STIMULI, ["drawn", "drawn by hand"]],
    set: (stimulus) => (stimulus === "drawn" ? draw() : set({ stimulus })),
  });
  const soft = checkbox({
    label: "soft reset: subtract V_th instead",
    set: (on) => set({ v_reset: on ? null : Math.min(0, range(model, "v_reset")[1]) }),
  });
  const of = (...names) => names.map((name) => controls[name].element);
  const first = div("controls",
    kind.element, ...of("amplitude", "tau", "v_threshold", "period", "seed"));
  const more = div("controls",
    ...of("v_rest", "v_reset", "t_ref", "resistance", "dt", "duration"), soft.element);
  const update = (p) => {
    showValues(controls, p);
    kind.update(p.stimulus);
    soft.update(p.v_reset === null);
    const drawn = p.stimulus === "drawn";
    const away = {
      amplitude: drawn, duration: drawn, seed: p.stimulus !== "noise", v_reset: p.v_reset === null,
      period: !["pulses", "sine"].includes(p.stimulus),
    };
    for (const [name, is] of Object.entries(away)) controls[name].element.hidden = is;
  };
  return { first, more, update };
}
