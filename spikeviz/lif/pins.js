// The pinned neurons of LIFExplorer: up to four beside the reader's own, under the same input.

import { button, h, put, show } from "../base/page.js";
import { spikes } from "./words.js";

export const NEURON = ["tau", "v_threshold", "v_rest", "v_reset", "t_ref", "resistance"];
export const MOST_PINS = 4;
export const PIN_COLOURS = Array.from({ length: MOST_PINS }, (_, i) => `pin${i + 1}`);

const SHORT = { tau: "τ", v_threshold: "V_th", resistance: "R" };

const apart = (one, other) => NEURON.filter((key) => one[key] !== other[key]);

/** In what a pinned neuron differs from the reader's, as "τ 20, soft reset". */
const differs = (pin, p) => apart(pin, p).map((key) => pin[key] === null ? "soft reset"
  : `${SHORT[key] ?? key.replace("v_", "V_")} ${show(pin[key], 2)}`).join(", ") || "same as yours";

/** The pins with one more, unless it is there already or there is no room. */
export function withPin(pins, neuron) {
  const fresh = pins.length < MOST_PINS && pins.every((pin) => apart(pin, neuron).length);
  return fresh ? [...pins, neuron] : pins;
}

/** A chip of the legend for each pin: number and name; a press takes its values; × removes it. */
export function pinChips({ model, set }) {
  const pins = () => model.get("pins");
  const chips = PIN_COLOURS.map((colour, i) => {
    const title = "Take over its values";
    const use = button(`pinned neuron ${i + 1}`, () => set(pins()[i] ?? {}), { title });
    const remove = button("×", () => set({ pins: pins().filter((_, k) => k !== i) }));
    const inside = [h("b", {}, String(i + 1)), use, remove];
    return { use, remove, element: h("span", { class: `sv-chip sv-${colour}` }, ...inside) };
  });
  const update = (p, runs) => chips.forEach(({ use, remove, element }, i) => {
    element.hidden = i >= runs.length;
    if (element.hidden) return;
    const name = differs(pins()[i], p);
    put(use, `${name}, ${spikes(runs[i].count)}`);
    remove.ariaLabel = `Remove pinned neuron ${i + 1}: ${name}`;
  });
  return { elements: chips.map(({ element }) => element), update };
}
