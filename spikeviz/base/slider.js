// What a hand or the keys drag over a picture.

import { clamp, h, put, show, snap } from "./page.js";
import { drag, onArrows, onReset } from "./controls.js";

export const slider = (style, label, ...inside) =>
  h("div", { class: style, role: "slider", tabindex: 0, "aria-label": label }, ...inside);

/** Puts a slider over the box [left, top, width, height] and says what it stands for. */
export function slide(element, box, value, [low, high], text) {
  const sides = ["left", "top", "width", "height"];
  box.forEach((at, i) => (element.style[sides[i]] = `${at}px`));
  const says = { ariaValueMin: low, ariaValueMax: high, ariaValueNow: value, ariaValueText: text };
  Object.assign(element, says);
}

/**
 * A line across a plot that a hand drags up and down, or the keys move. Put `element` into the
 * .sv-stack of the plot's canvas and call place(value, x, y, text), with the scales, in every
 * drawing. range() is [lowest, highest, step] as allowed now; set(value) hears every move, reset()
 * a double click; start() and end() frame a drag.
 */
export function dragLine({ label, range, set, reset, start = () => {}, end = () => {} }) {
  let shown = {}; // what place() was told last
  let offset = 0; // pixels from the hand to the line that it holds
  const grip = h("span", { class: "sv-grip" });
  const element = slider("sv-dragline", label, grip);
  element.ariaOrientation = "vertical";
  const move = (value) => {
    const [low, high, step] = range();
    set(clamp(snap(value, step), low, high));
  };
  drag(element, ({ clientY }, down) => {
    const at = clientY - element.parentElement.getBoundingClientRect().top;
    if (!down) return move(shown.y.invert(at + offset));
    offset = shown.y(shown.value) - at;
    start();
  }, end);
  if (reset) onReset(element, reset);
  onArrows(element, (right, down) => move(shown.value + (right - down) * range()[2]), 10);
  const place = (value, x, y, text) => {
    shown = { value, y };
    const [left, right] = x.range;
    put(grip, text);
    slide(element, [left, y(value), right - left], value, range(), show(value));
  };
  return { element, place };
}
