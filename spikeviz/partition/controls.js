// The partition in front, the size of the groups, the map.

import { h, put } from "../base/page.js";
import { choice, onReset } from "../base/controls.js";
import { PARTITION_NAMES, STAGES, sizesFor } from "./partition.js";

export function partitionControls({ model, set, changeMap, resetSize }) {
  const kind = choice({
    label: "Partition", options: PARTITION_NAMES, set: (partition) => set({ partition }),
  });
  const map = choice({
    label: "Map of pixels", set: (side) => changeMap(Number(side)),
    options: STAGES.map((side, n) => [side, `${side} × ${side}, stage ${n + 1}`]),
  });
  const slider = h("input", {
    type: "range", min: 0, step: 1, "aria-label": "Size of a group",
    oninput() {
      const sizes = sizesFor(model.get("resolution")); // a drawing may still be on its way
      set({ size: sizes[Math.min(slider.value, sizes.length - 1)] });
    },
  });
  onReset(slider, resetSize);
  const text = h("output");
  const size = h("div", { class: "sv-control sv-size" },
    h("span", { class: "sv-label", "aria-hidden": "true" }, "Size of a group"), text, slider);

  function update(shown) {
    const sizes = sizesFor(shown.side);
    kind.update(shown.name);
    map.update(shown.side);
    slider.max = sizes.length - 1;
    slider.value = sizes.indexOf(shown.size);
    put(text, `${shown.size} × ${shown.size}`);
    slider.ariaValueText = `${text.textContent} tokens`;
  }
  const elements = [kind.element, size, map.element];
  return { element: h("div", { class: "sv-controls" }, ...elements), update };
}
