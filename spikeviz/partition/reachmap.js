// A large map in which the information of one pixel spreads, layer by layer.

import { clamp, h, put } from "../base/page.js";
import { INK, border, frame, mix, pixelMap } from "./pixels.js";

const GLOW = 0.2; // of a layer: how long a pixel that was just reached shines

/** The map of one partition; a hand on it chooses a pixel: choose(row, column), in shares. */
export function reachMap(name, choose) {
  const hand = ({ type, pointerType, offsetX, offsetY }) => {
    if (type === "pointermove" && pointerType === "touch") return; // it scrolls; a tap chooses
    choose(offsetY / canvas.clientWidth, offsetX / canvas.clientWidth);
  };
  const canvas = h("canvas", {
    class: "sv-pixels", role: "img", "aria-label": name, onpointermove: hand, onclick: hand,
  });
  const caption = h("figcaption");
  const element = h("figure", {}, canvas, caption);
  const drawPixels = pixelMap();

  /** `knows`: who is reached by the last whole layer; `arrived`, between two: when each is. */
  function draw(shown, arrived, knows, { ctx, width }, colour) {
    const { colours, faded, side, row, column, place } = shown;
    const ink = colour[INK[name]];
    const cell = width / side;
    const shine = mix(ink);
    drawPixels(ctx, width, colours.map((one, pixel) => {
      const age = arrived ? place - arrived[pixel] : knows[pixel] - 0.5;
      return age < 0 ? faded[pixel] : shine(one, clamp(1 - age / GLOW, 0, 1));
    }));
    Object.assign(ctx, { strokeStyle: ink, lineWidth: cell > 4 ? 1.5 : 1 });
    border(ctx, knows, 0, 0, width);
    frame(ctx, (column * width) / side, (row * width) / side, cell, cell);
  }
  function update(chosen, text, says) {
    put(caption, text);
    canvas.ariaLabel = says;
    element.classList.toggle("sv-chosen", chosen);
  }
  return { name, canvas, element, draw, update };
}
