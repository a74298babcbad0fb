// Hands on the cards: each is dragged, or moved by the keys, to another place of your order.

import { nameOf } from "./words.js";
import { clamp, h } from "../base/page.js";
import { drag, onArrows, onReset } from "../base/controls.js";
import { slide, slider } from "../base/slider.js";

/**
 * Handles over the picture's first column, one for each point. move(number, rank) puts a point at a
 * place, hold({number, y} or null) hears what the hand has. Put `element` into the .sv-stack of
 * the canvas; update(places, at) in every drawing, places null where nothing can be dragged.
 */
export function makeCards(points, move, hold) {
  let shown = {}; // what update() was told last
  const element = h("div", { role: "group", "aria-label": "Your order, the best on top" });
  const cards = points.map((point) => makeCard(point));
  element.append(...cards.map(({ handle }) => handle));

  function makeCard(point) {
    const { number } = point;
    const handle = slider("sv-handle sv-card", nameOf(point));
    handle.ariaOrientation = "vertical";
    const rank = () => shown.places.findIndex((place) => place.point === point);
    const to = (place) => move(number, clamp(place, 0, shown.places.length - 1));
    let offset = 0;
    drag(handle, ({ clientY }, down) => {
      const y = clientY - element.parentElement.getBoundingClientRect().top;
      if (down) offset = shown.at.row(rank()) - y;
      const [first, last] = [shown.at.row(0), shown.at.row(shown.places.length - 1)];
      const middle = clamp(y + offset, first, last);
      hold({ number, y: middle });
      if (!down) to(Math.round((middle - first) / (shown.at.row(1) - first)));
    }, () => hold(null));
    onArrows(handle, (right, down) => to(rank() + down - right), 10, 100);
    onReset(handle, () => to(shown.places.map((place) => place.point.number)
      .filter((other) => other < number).length));
    return { point, handle };
  }

  function update(places, at) {
    element.hidden = places === null;
    if (!places) return;
    shown = { places, at };
    for (const { point, handle } of cards) {
      const rank = places.findIndex((place) => place.point === point);
      handle.hidden = rank < 0;
      if (rank < 0) continue;
      const [left, width] = at.mine;
      const n = places.length;
      slide(handle, [left, at.row(rank) - 21, width, 42], rank + 1, [1, n],
        `place ${rank + 1} of ${n}`);
    }
  }
  return { element, update };
}
