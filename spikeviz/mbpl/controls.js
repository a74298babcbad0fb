// What a hand moves in MBPLExplorer beside its pictures: the input, the thresholds, their number.

import { MOST, THRESHOLDS, ladder, low } from "./mbpl.js";
import { button, clamp, div, h, show } from "../base/page.js";
import { showValues, traitControls } from "../base/controls.js";
import { STIMULI } from "../base/neuron.js";

const FOUR = [0.5, 1, 1.5, 2];
const READOUTS = [
  ["membrane", "membrane: real values"], ["spike", "spike: 0 or 1"], ["sum", "sum: 0 … n spikes"],
];
const GIVEN = ["stimulus", "image", "amplitude", "tau"]; // in the design task
const PRESETS = { "one threshold": [1], "4 branches": FOUR, "8 branches": ladder(FOUR) };

export const named = (text, press, name = text) => button(text, press, { "aria-label": name });

/** A number field for each threshold, and what was limited: {element, update}. */
function thresholdFields(setThreshold) {
  const note = h("span", { class: "sv-note", role: "status" });
  const fields = Array.from({ length: MOST }, (_, i) => {
    const [min, max] = THRESHOLDS;
    const name = { "aria-label": `Threshold ${i + 1}, exact value` };
    const field = h("input", { type: "number", min, max, step: "any", ...name, onchange });
    function onchange() {
      const asked = Number(field.value);
      if (field.value.trim() === "" || !Number.isFinite(asked)) return;
      const value = clamp(asked, min, max);
      note.textContent = value === asked ? "" : `V${low(i)} limited to ${show(value)}`;
      setThreshold(i, value);
      field.value = show(value, 4);
    }
    return field;
  });
  const labels = fields.map((field, i) => h("label", {}, `V${low(i)} `, field));
  const update = (thresholds) => fields.forEach((field, i) => {
    labels[i].hidden = i >= thresholds.length;
    if (!labels[i].hidden && document.activeElement !== field) field.value = show(thresholds[i], 4);
  });
  return { element: div("row sv-mbpl-fields", ...labels, note), fields, update };
}

/** All of them: {row, sending, more, fields, update(state)}. */
export function makeControls({ model, set, setThreshold, setCount }) {
  const { pictures, mixers } = model.get("recorded");
  const { number, pick } = traitControls(model, set);
  const whole = { whole: true };
  const learned = Object.keys(mixers).map((name) => [name, name.replace(" ", ", channel ")]);
  const sideOf = (image) => Math.sqrt(pictures[image].length / 2);
  /** Another image; the pixel stays at its place in the picture. */
  function takeImage(image) {
    const sides = [model.get("image"), image].map(sideOf);
    const [row, column] = ["row", "column"].map((name) =>
      Math.floor(((Math.min(model.get(name), sides[0] - 1) + 0.5) * sides[1]) / sides[0]));
    set({ image, row, column });
  }
  const input = {
    stimulus: pick("stimulus", "Input x", [["image", "image: a neuron each pixel"], ...STIMULI]),
    image: pick("image", "Image", Object.keys(pictures), { set: takeImage }),
    period: number("period", "Period", whole),
    seed: number("seed", "Noise seed", whole),
    amplitude: number("amplitude", "amplitude"),
    tau: number("tau", "τ, in steps"),
    time_steps: number("time_steps", "T, in steps", whole),
  };
  const mixers7 = ["identity", ["mean", "mean of 7×7"], ...learned, "none"];
  const mixer = pick("mixer", "M, the mixer", mixers7, {
    set: (name) => set({ ...(name === "none" && { readout: "sum" }), mixer: name }),
  });
  const readout = pick("readout", "Readout: what is sent", READOUTS, {
    set(name) {
      const missing = model.get("mixer") === "none" && name !== "sum";
      set({ ...(missing && { mixer: learned.at(-1)[0] }), readout: name }); // in this order
    },
  });
  const n = number("n", "n, branches", { range: [1, MOST, 1], set: setCount, ...whole });
  const thresholds = thresholdFields(setThreshold);
  const change = (by) => () => setCount(model.get("thresholds").length + by);
  const fewer = named("−", change(-1), "One branch fewer");
  const more = named("+", change(1), "One branch more");
  const presets = Object.entries(PRESETS).map(([name, values]) =>
    named(name, () => set({ thresholds: values })));
  const all = { ...input, mixer, readout, n, thresholds };
  function update({ p, n: count, isImage }) {
    showValues(all, { ...p, n: count });
    [fewer.disabled, more.disabled] = [count === 1, count === MOST];
    input.period.element.hidden = !["pulses", "sine"].includes(p.stimulus);
    input.seed.element.hidden = p.stimulus !== "noise";
    input.image.element.hidden = !isImage;
    if (p.task)
      for (const name of GIVEN) input[name].element.hidden = true;
  }
  return {
    row: div("controls", ...Object.values(input).map(({ element }) => element), n.element),
    sending: div("controls sv-mbpl-sending", mixer.element, readout.element),
    more: [div("row", fewer, more, ...presets), thresholds.element],
    fields: thresholds.fields, update,
  };
}
