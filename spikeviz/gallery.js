// The gallery's index: the small picture of each widget, which moves under a pointer and the focus.

import { redrawer } from "./base/draw.js";
import { colours } from "./base/life.js";
import { drawPicture, mover } from "./course_map/pictures.js";

function render({ el: root, signal }) {
  const cards = [...root.querySelectorAll("a")];
  const redraw = redrawer();
  let colour = colours(root);
  const paint = () => cards.forEach((card, i) => {
    const canvas = card.querySelector("canvas");
    redraw(canvas, [colour, pictures.at(i)], (surface) =>
      drawPicture(canvas.dataset.station, surface, colour, pictures.at(i)));
  });
  const pictures = mover(paint, signal);
  cards.forEach((card, i) => {
    card.addEventListener("pointerenter", ({ pointerType }) =>
      pictures.start(i, pointerType === "mouse"));
    card.addEventListener("focus", () => pictures.start(i));
    for (const type of ["pointerleave", "blur"]) card.addEventListener(type, pictures.end);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    colour = colours(root);
    paint();
  }, { signal });
  new ResizeObserver(paint).observe(root);
}

export default { render };
