// Three small maps, one for each partition, in which some pixels are lit.

import { h, put } from "../base/page.js";
import { PARTITION_NAMES } from "./partition.js";
import { border, frame, pixelMap } from "./pixels.js";

/** A hand on a map chooses a pixel: choose(row, column), in shares; pick(name) hears a click. */
export function smallMaps(choose, pick) {
  const maps = PARTITION_NAMES.map((name) => {
    const hand = ({ offsetX, offsetY }) =>
      choose(offsetY / canvas.clientWidth, offsetX / canvas.clientWidth);
    const canvas = h("canvas", {
      class: `sv-pixels${pick ? " sv-pick" : ""}`, role: "img", "aria-label": name,
      onpointermove: hand, onpointerdown: hand, onclick: () => pick?.(name),
    });
    const caption = h("figcaption");
    const drawPixels = pixelMap();

    function draw({ colours, faded, side, row, column }, lit, { ctx, width }, colour) {
      const cell = width / side;
      drawPixels(ctx, width, colours.map((one, pixel) => (lit[pixel] ? one : faded[pixel])));
      ctx.strokeStyle = colour.red;
      ctx.lineWidth = cell > 4 ? 1.5 : 1;
      border(ctx, lit, 0, 0, width);
      frame(ctx, (column * width) / side, (row * width) / side, cell, cell);
    }
    function update(chosen, text, says) {
      put(caption, text);
      canvas.ariaLabel = says;
      element.classList.toggle("sv-chosen", chosen);
    }
    const element = h("figure", {}, canvas, caption);
    return { name, canvas, element, draw, update };
  });
  return { maps, element: h("div", { class: "sv-trio" }, ...maps.map((map) => map.element)) };
}
