// Which network is on show, and beside which: those that ship, or a reader's own file.

import { button, h } from "../base/page.js";
import { choice } from "../base/controls.js";
import { canOpen } from "../micro/weights.js";

export function modelControls({ model, set, still, deaf }) {
  const choices = { model: "Model", other: "Compare with" };
  for (const [name, label] of Object.entries(choices)) {
    choices[name] = choice({ label, options: [], set: (chosen) => set({ [name]: chosen }) });
    choices[name].list.disabled = deaf;
  }
  const path = h("input", {
    type: "text", class: "sv-nw-path", "aria-label": "Path of a checkpoint",
    placeholder: "runs/mine.safetensors", disabled: still,
  });
  const open = () => {
    const checkpoint = path.value.trim();
    if (checkpoint) set({ checkpoint, model: "checkpoint" });
  };
  const load = button("Open file", open, { disabled: still });
  const note = still ? "Needs Python: run the widget's cell in a notebook."
    : "The path of a file that save_weights wrote, as the kernel sees it.";
  const own = h("details", {}, h("summary", {}, "Your own checkpoint"),
    h("div", { class: "sv-row" }, path, load), h("p", { class: "sv-caption" }, note));

  const { model: first, other } = choices;
  function update() {
    const mine = [model.get("model"), model.get("other")];
    const options = Object.entries(model.get("choices")).filter(([name]) =>
      !still || mine.includes(name) || canOpen(name, model));
    first.offer(options);
    other.offer([["", "nothing"], ...options]);
    for (const [name, one] of Object.entries(choices)) one.update(model.get(name));
  }
  const more = h("p", { class: "sv-caption", hidden: !still }, "Other networks need Python.");
  const element = h("div", { class: "sv-controls" }, first.element, other.element, more);
  return { element, choices, own, update };
}
