// The large picture: the photograph as a map of pixels, and copies of them on their way into token
// order, the windows at one side and the grid at the other, under one playhead.

import { h } from "../base/page.js";
import { memory } from "../base/memory.js";
import { onArrows } from "../base/controls.js";
import { stroke } from "../base/draw.js";
import { drawBeams, drawCopies, drawTitle, fillAll, filler, middleOf } from "./copies.js";
import { TOP, boxesOf, divide, fly, wayOf } from "./layout.js";
import { INK, border, frame } from "./pixels.js";

export const FLYING = ["window", "grid"];

/**
 * The canvas and its drawing. choose(row, column) hears a hand, move(right, down) the keys, pick
 * (name) a click on the side of a partition.
 */
export function flightView({ choose, move, pick }) {
  const canvas = h("canvas", { class: "sv-flight", tabindex: 0, role: "application" });
  const once = memory();
  const boxes = Object.fromEntries(FLYING.map((name) => [name, new Float32Array(0)]));
  let [copies, places, map] = [[], null, 0];

  /** The copies of all pixels for one partition: their boxes at this place of the flight. */
  function copiesOf(name, { parts, side, size, pixel, flight }, width, height) {
    const part = parts[name];
    const room = places.rooms[name];
    const keys = [side, size, width, height];
    const layout = once(name, keys, () => boxesOf(part, places.photo, room));
    if (boxes[name].length !== 4 * side * side) boxes[name] = new Float32Array(4 * side * side);
    const now = fly(layout, part, flight, boxes[name]);
    const from = part.group[pixel] * part.tokens;
    return { part, room, layout, now, from, query: from + part.token[pixel] };
  }

  function draw(shown, { ctx, width, height }, colour) {
    const { name, side, flight, flow, row, column, lit } = shown;
    map = side;
    places = divide(FLYING, width, height);
    copies = FLYING.map((one) => copiesOf(one, shown, width, height));
    const { width: w, height: high } = ctx.canvas;
    if (!w || !high) return;
    const way = wayOf(flight);
    const image = once("image", [w, high], () => new ImageData(w, high));
    fillAll(filler(image, w / width), { ...shown, way }, copies);
    ctx.putImageData(image, 0, 0);

    const { x, y, s } = places.photo;
    const cell = s / side;
    ctx.lineWidth = cell > 6 ? 2 : 1;
    for (const one of name === "full" ? ["full", ...FLYING] : FLYING) {
      ctx.strokeStyle = colour[INK[one]];
      border(ctx, lit[one], x, y, s);
    }
    if (way > 0)
      for (const one of copies)
        drawBeams(ctx, one.layout.at[0], one, 0, flow, colour[INK[one.part.name]]);
    const middle = [x + (column + 0.5) * cell, y + (row + 0.5) * cell];
    for (const { part, now, query } of copies)
      stroke(ctx, colour[INK[part.name]], [middle, middleOf(now, query)], 1.5);
    for (const one of copies) drawCopies(ctx, one, { name, flow, way }, colour);
    frame(ctx, x + column * cell, y + row * cell, cell, cell);
    drawTitle(ctx, `map of ${side} × ${side} pixels`, ": point at one", places.photo, colour.fg);
  }

  /** The pixel under a point: of a token where it is now, or of the map. */
  function find(px, py) {
    const { x, y, s } = places.photo;
    const [row, column] = [py - y, px - x].map((at) => Math.floor((at / s) * map));
    if (row >= 0 && row < map && column >= 0 && column < map) return [row, column];
    for (const { part: { order }, now } of copies)
      for (let k = 4 * order.length - 4; k >= 0; k -= 4)
        if (px >= now[k] && px < now[k] + now[k + 2] &&
            py >= now[k + 1] && py < now[k + 1] + now[k + 3] + 2)
          return [Math.floor(order[k / 4] / map), order[k / 4] % map];
    return null;
  }
  const inside = ({ x, y, s }, px, py) =>
    px >= x && px < x + s && py >= y - TOP && py < y + s;
  for (const type of ["pointermove", "click"])
    canvas.addEventListener(type, ({ offsetX, offsetY, pointerType }) => {
      if (type === "pointermove" && pointerType === "touch") return; // it scrolls; a tap chooses
      const at = find(offsetX, offsetY);
      if (at) choose(...at);
      const side = FLYING.find((name) => inside(places.rooms[name], offsetX, offsetY));
      if (side && type === "click") pick(side);
    });
  onArrows(canvas, move);
  return { canvas, draw, boxes: () => boxes, photo: () => places.photo };
}
