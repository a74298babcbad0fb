// The pinned neurons of LIFExplorer: up to four beside the reader's own, under the same input.

import { button, div, h, put, show } from "../base/page.js";
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
function pinChips({ model, set }) {
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

/** The panel of the mode that pins, and the chips, which stay. */
export function pinPanel(view) {
  const chips = pinChips(view);
  const pin = button("Pin this neuron", () => view.pin());
  const full = h("span", { role: "status" });
  const element = div("panel",
    h("p", {}, h("b", {}, "Pin neurons: "), "yours as it stands, or any other by a click on the " +
      "map below. They stay and get your input, while you move on."),
    div("row", pin, full));
  const update = (p, runs) => {
    chips.update(p, runs);
    pin.disabled = runs.length === MOST_PINS;
    put(full, pin.disabled ? `${runs.length} neurons are pinned, the most.` : "");
  };
  return { element, chips: chips.elements, update };
}
