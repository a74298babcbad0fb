// Which network is on show, and beside which: those that ship, or a reader's own file.

import { button, h } from "../base/page.js";
import { choice } from "../base/controls.js";
import { memory } from "../base/memory.js";

export function modelControls({ model, set, still }) {
  const once = memory();
  const choices = {
    model: choice({ label: "Model", options: [], set: (name) => set({ model: name }) }),
    other: choice({ label: "Compare with", options: [], set: (name) => set({ other: name }) }),
  };
  const lists = Object.values(choices).map(({ element }) => element.querySelector("select"));
  for (const list of lists) list.disabled = still;
  const path = h("input", {
    type: "text", class: "sv-nw-path", "aria-label": "Path of a checkpoint",
    placeholder: "runs/mine.safetensors", disabled: still,
  });
  const open = () => {
    const checkpoint = path.value.trim();
    if (checkpoint) set({ checkpoint, model: "checkpoint" });
  };
  const load = button("Open file", open, { disabled: still });
  const note = still ? "Needs a kernel."
    : "The path of a file that save_weights wrote, as the kernel sees it.";
  const own = h("details", {}, h("summary", {}, "Your own checkpoint"),
    h("div", { class: "sv-row" }, path, load), h("p", { class: "sv-caption" }, note));

  function update() {
    once("choices", [model.get("choices")], () => {
      const options = Object.entries(model.get("choices"));
      [options, [["", "nothing"], ...options]].forEach((all, i) =>
        lists[i].replaceChildren(...all.map(([value, text]) => h("option", { value }, text))));
    });
    for (const [name, one] of Object.entries(choices)) one.update(model.get(name));
  }
  const [chosen, other] = Object.values(choices).map(({ element }) => element);
  return { element: h("div", { class: "sv-controls" }, chosen, other), chosen, other, own, update };
}
