import { clamp, h, show } from "./page.js";
import { drag, onArrows } from "./controls.js";

/**
 * A line across a plot that a hand drags up and down, or the keys move. Put `element` into the
 * .sv-stack of the plot's canvas and call place(value, x, y, text), with the scales, in every
 * drawing. range() is [lowest, highest, step] as allowed now; set(value) hears every move; start()
 * and end() frame a drag.
 */
export function dragLine({ label, range, set, start = () => {}, end = () => {} }) {
  let shown = {}; // what place() was told last
  const grip = h("span", { class: "sv-grip" });
  const element = h("div", { class: "sv-dragline", role: "slider", tabindex: 0, "aria-label": label, "aria-orientation": "vertical" }, grip);
  const move = (value) => {
    const [low, high, step] = range();
    set(clamp(Math.round(value / step) * step, low, high));
  };
  drag(element, (event, down) => {
    if (down) start();
    else move(shown.y.invert(event.clientY - element.parentElement.getBoundingClientRect().top));
  }, end);
  onArrows(element, (right, down) => {
    const [low, high, step] = range();
    set(clamp(shown.value + (right - down) * step, low, high));
  }, 10);
  const place = (value, x, y, text) => {
    shown = { value, y };
    Object.assign(element.style, { top: `${y(value)}px`, left: `${x.range[0]}px`, width: `${x.range[1] - x.range[0]}px` });
    grip.textContent = text;
    const [min, max] = range();
    for (const [name, is] of Object.entries({ min, max, now: value, text: show(value) })) element.setAttribute(`aria-value${name}`, is);
  };
  return { element, place };
}
