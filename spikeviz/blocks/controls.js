// The controls of SpikeBlockExplorer: the input, and what the block on show depends on.

import { KERNELS, SETTINGS } from "./blocks.js";
import { button, clamp, div } from "../base/page.js";
import { showValues, traitControls } from "../base/controls.js";
import { STIMULI } from "../base/neuron.js";

const MOST_BRANCHES = 5;
const OWN = ["own", "drawn by you"];

/** The elements of the input and of the block, and update(p). draft() begins a signal by hand. */
export function makeControls({ model, set, draft }) {
  const { number, pick } = traitControls(model, set);
  const limits = model.get("limits");
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
    mixer: pick("mixer", "7×7 mixer M", [["learned", "learned, from the Micro"], ...KERNELS]),
    fine: pick("fine", "3×3 kernel", KERNELS),
    wide: pick("wide", "5×5 kernel", KERNELS),
    readout: pick("readout", "Readout",
      [["membrane", "membrane: real values"], ["spike", "spike: one more LIF"]]),
    closing: number("v_threshold", "V_th of the last LIF"),
  };
  const items = (list, like, length, label) => Array.from({ length }, (_, i) => {
    const change = (value) => model.get(list).map((old, k) => (k === i ? value : old));
    return number(like, `${label} ${i + 1}`, { set: (value) => set({ [list]: change(value) }) });
  });
  const taus = items("taus", "tau", 2, "τ of half");
  const thresholds = items("thresholds", "v_threshold", MOST_BRANCHES, "V_th of branch");
  const setBranches = (change) => () => set({ thresholds: change(model.get("thresholds")) });
  const higher = (values) => clamp(Math.max(...values) + 0.5, ...limits.v_threshold);
  const more = button("+ branch",
    setBranches((values) => [...values, higher(values)].slice(0, MOST_BRANCHES)));
  const fewer = button("− branch",
    setBranches((values) => values.slice(0, values.length - 1 || 1)));
  const branches = div("row", more, fewer);
  const controls = { ...input, ...first, ...last };

  function update(p) {
    const hide = (name, away) => (controls[name].element.hidden = away);
    const has = (name) => SETTINGS[p.block].includes(name);
    const values = { ...p, closing: p.v_threshold };
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
    hide("closing", p.block !== "mbpl" || p.readout === "membrane");
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
