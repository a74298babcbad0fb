// The pinned neurons of LIFExplorer: up to four beside the reader's own, under the same input.

import { h, show } from "../base/page.js";

export const NEURON = ["tau", "v_threshold", "v_rest", "v_reset", "t_ref", "resistance"];
export const MOST_PINS = 4;

const SHORT = { tau: "τ", v_threshold: "V_th", v_rest: "V_rest", v_reset: "V_reset", t_ref: "t_ref", resistance: "R" };

/** In what a pinned neuron differs from the reader's, as "τ 20, soft reset". */
export const differs = (pin, p) =>
  NEURON.filter((key) => pin[key] !== p[key])
    .map((key) => (pin[key] === null ? "soft reset" : `${SHORT[key]} ${show(pin[key], 2)}`))
    .join(", ") || "same as yours";

const sameNeuron = (one, other) => NEURON.every((key) => one[key] === other[key]);

/** The pins with one more, unless it is there already or there is no room. */
export const withPin = (pins, neuron) =>
  pins.length === MOST_PINS || pins.some((pin) => sameNeuron(pin, neuron)) ? pins : [...pins, neuron];

/** A chip of the legend for each pin: its number and name; a press takes its values; × removes it. */
export function pinChips({ pins, set }) {
  const chip = (i) => {
    const use = h("button", { type: "button", title: "Take over its values", onclick: () => set(pins()[i] ?? {}) }, `pinned neuron ${i + 1}`);
    const remove = h("button", { type: "button", onclick: () => set({ pins: pins().filter((_, k) => k !== i) }) }, "×");
    return { use, remove, element: h("span", { class: `sv-chip sv-pin${i + 1}` }, h("b", {}, String(i + 1)), use, remove) };
  };
  const chips = Array.from({ length: MOST_PINS }, (_, i) => chip(i));
  const update = (p, runs) => chips.forEach(({ use, remove, element }, i) => {
    element.hidden = i >= runs.length;
    if (element.hidden) return;
    const name = differs(pins()[i], p);
    const text = `${name}, ${runs[i].count} spike${runs[i].count === 1 ? "" : "s"}`;
    if (use.textContent === text) return;
    use.textContent = text;
    remove.setAttribute("aria-label", `Remove pinned neuron ${i + 1}: ${name}`);
  });
  return { elements: chips.map(({ element }) => element), update };
}
