// What a hand does on the picture of LIFExplorer: one row of modes, each with its panel.

import { button, h } from "../base/page.js";
import { listen } from "../base/traits.js";

/**
 * modes: {name: {label, title, panel, enter(), leave()}}. The mode in view.mode is pressed; a press
 * on it leaves it. Paint and mystery follow their traits too, which others may set.
 */
export function modeRow(view, modes) {
  const { model, signal } = view;
  const to = (mode) => view.change({ mode });
  const buttons = Object.entries(modes).map(([name, { label, title, enter, leave }]) => {
    const press = () => {
      const on = view.mode !== name;
      to(on ? name : "");
      (on ? enter : leave)?.();
    };
    return [name, button(label, press, { class: "sv-mode", title })];
  });
  const follow = (trait, mode, on) => {
    const hear = () => {
      if (on(model.get(trait))) to(mode);
      else if (view.mode === mode) to("");
    };
    listen(model, [trait], hear, signal);
    if (on(model.get(trait))) view.mode = mode;
  };
  view.mode = "";
  follow("stimulus", "paint", (stimulus) => stimulus === "drawn");
  follow("mystery", "mystery", (seed) => seed > 0);
  const update = () => {
    for (const [name, one] of buttons) {
      one.ariaPressed = String(view.mode === name);
      modes[name].panel.hidden = view.mode !== name;
    }
  };
  const attributes = { class: "sv-row sv-modes", role: "group", "aria-label": "Modes" };
  return { element: h("div", attributes, ...buttons.map(([, one]) => one)), update };
}
