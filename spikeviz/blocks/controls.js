// The controls of SpikeBlockExplorer: the input, and what the block on show depends on.

import { KERNELS, SETTINGS } from "./blocks.js";
import { button, clamp, div } from "../base/page.js";
import { showValues, traitControls } from "../base/controls.js";
import { STIMULI } from "../base/neuron.js";

const MOST_BRANCHES = 5;
const OWN = ["own", "drawn by you"];
const READOUTS = [
  ["membrane", "membrane: real values"], ["spike", "spike: one more LIF"],
  ["sum", "sum: 0 … n spikes"],
];

/** One branch more, above the highest; one fewer. */
function branchButtons(model, set) {
  const branches = (text, count) => button(text, () => {
    const old = model.get("thresholds");
    const higher = clamp(Math.max(...old) + 0.5, ...model.get("limits").v_threshold);
    set({ thresholds: [...old, higher].slice(0, clamp(old.length + count, 1, MOST_BRANCHES)) });
  });
  return [branches("+ branch", 1), branches("− branch", -1)];
}

/** The elements of the input and of the block, and update(p). draft() begins a signal by hand. */
export function makeControls({ model, set, draft }) {
  const { number, pick } = traitControls(model, set);
  const withMixer = () => model.get("mixer") === "none" && { mixer: "learned" };
  const { digits } = model.get("recorded");
  const input = {
    mode: pick("mode", "Input",
      [["image", "a digit, 16×16 pixels"], ["signal", "a signal, one pixel"]]),
    digit: pick("digit", "Digit", [...Object.keys(digits), OWN], {
      set(value) {
        if (value === "own") set({ patch: digits[model.get("digit")], selected: "x" });
        else set({ digit: Number(value), patch: "" });
      },
    }),
    stimulus: pick("stimulus", "Signal", [...STIMULI, OWN], {
      set: (value) => (value === "own" ? draft() : set({ stimulus: value, drive: [] })),
    }),
    period: number("period", "Period", { unit: "steps" }),
    amplitude: number("amplitude", "Amplitude"),
    second: pick("second", "Channel 2",
      [["same", "the same"], ["inverted", "the inverse"], ["smoothed", "a smoothed copy"]]),
    time_steps: number("time_steps", "T, time steps", { whole: true }),
  };
  const first = {
    tau: number("tau", "τ, in time steps"),
    v_threshold: number("v_threshold", "V_th, threshold"),
    second_threshold: number("second_threshold", "V_th of LIF₂"),
  };
  const last = {
    projection: pick("projection", "1×1 projection P",
      [["sum", "LIF₂ + LIF₁"], ["difference", "LIF₁ − LIF₂"], "LIF₂ alone", "LIF₁ alone"]),
    mixer: pick("mixer", "7×7 mixer M", ["learned", ...KERNELS, "none"], {
      set: (mixer) => set({ ...(mixer === "none" && { readout: "sum" }), mixer }),
    }),
    fine: pick("fine", "3×3 kernel", KERNELS),
    wide: pick("wide", "5×5 kernel", KERNELS),
    readout: pick("readout", "Readout", READOUTS, {
      set: (readout) => set({ ...(readout !== "sum" && withMixer()), readout }),
    }),
    closing: number("v_threshold", "V_th of the last LIF"),
  };
  const items = (list, like, length, label) => Array.from({ length }, (_, i) => {
    const change = (value) => model.get(list).map((old, k) => (k === i ? value : old));
    return number(like, `${label} ${i + 1}`, { set: (value) => set({ [list]: change(value) }) });
  });
  const taus = items("taus", "tau", 2, "τ of half");
  const thresholds = items("thresholds", "v_threshold", MOST_BRANCHES, "V_th of branch");
  const [more, fewer] = branchButtons(model, set);
  const branches = div("row", more, fewer);
  const controls = { ...input, ...first, ...last };

  function update(p) {
    const hide = (name, away) => (controls[name].element.hidden = away);
    const has = (name) => SETTINGS[p.block].includes(name);
    const values = { ...p, closing: p.v_threshold };
    if (p.block === "rl" && p.readout === "sum") values.readout = "membrane"; // it has no sum
    last.readout.offer(READOUTS.slice(0, p.block === "rl" ? 2 : 3));
    if (p.patch) values.digit = "own";
    if (p.drive.length) values.stimulus = "own";
    showValues(controls, values);
    showValues(taus, p.taus);
    showValues(thresholds, p.thresholds);
    for (const { element } of taus) element.hidden = !has("taus");
    for (const [i, { element }] of thresholds.entries())
      element.hidden = !has("thresholds") || i >= p.thresholds.length;
    for (const name of Object.keys({ ...first, ...last })) hide(name, !has(name));
    if (p.block === "mbpl") hide("v_threshold", true);
    hide("closing", p.block !== "mbpl" || p.readout !== "spike");
    hide("digit", p.mode !== "image");
    hide("stimulus", p.mode !== "signal");
    const periodic = ["pulses", "sine"].includes(p.stimulus) && !p.drive.length;
    hide("period", p.mode !== "signal" || !periodic);
    branches.hidden = !has("thresholds");
    more.disabled = p.thresholds.length >= MOST_BRANCHES;
    fewer.disabled = p.thresholds.length <= 1;
  }
  const elements = (...lists) => lists.flatMap(Object.values).map(({ element }) => element);
  const ofBlock = [...elements(first, taus, thresholds, last), branches];
  return { above: elements(input), ofBlock, update };
}
