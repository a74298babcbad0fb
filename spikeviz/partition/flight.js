// The large picture: the map of pixels, and copies of them on their way into token order.

import { h, clamp } from "../base/page.js";
import { memory } from "../base/memory.js";
import { onArrows } from "../base/controls.js";
import { label, outline, stroke } from "../base/draw.js";
import { TOP, boxesOf, fly } from "./layout.js";
import { border, frame } from "./pixels.js";

/** Fills boxes of one colour into the pixels of an image, faster than a canvas itself would. */
function filler(image, ratio) {
  const { width, height } = image;
  const pixels = new Uint32Array(image.data.buffer).fill(0);
  const edge = (at, most) => clamp(Math.round(at * ratio + 0.001), 0, most); // neighbours meet
  return (boxes, k, colour, gap = 0, below = 0) => {
    const [x, y] = [boxes[4 * k], boxes[4 * k + 1]];
    const left = edge(x, width);
    const right = clamp(edge(x + (boxes[4 * k + 2] - gap), width), left + 1, width);
    const top = edge(y, height);
    const bottom = clamp(edge(y + (boxes[4 * k + 3] - below), height), top + 1, height);
    for (let row = top * width; row < bottom * width; row += width)
      for (let at = row + left; at < row + right; at++) pixels[at] = colour; // fill() is slower
  };
}

const gapOf = (length) => (length > 4 ? 1 : 0); // between tokens, so that each can be seen

/** The map, faded but for the group; then each token in its box, those of the group on top. */
function fillTokens(fill, { part, colours, faded, calm, lit, from }, start, now) {
  const { name, order, tokens } = part;
  const gaps = [gapOf(now[2]), gapOf(now[3])];
  order.forEach((pixel, k) => fill(start, k, (lit[name][pixel] ? colours : faded)[pixel]));
  order.forEach((pixel, k) => lit[name][pixel] || fill(now, k, calm[pixel], ...gaps));
  for (let k = from; k < from + tokens; k++) fill(now, k, colours[order[k]], ...gaps);
}

function drawTitle(ctx, { part, side, flight }, { room, lines }, colour) {
  const { groups, tokens, across } = part;
  const way = flight <= 1 ? flight : 2 - flight;
  const broken = lines > 1 ? `, in ${lines} lines` : "";
  const gathered = `${groups} groups of ${across} × ${across}`;
  const text = way > 0.75 ? `tokens [${groups}, ${tokens}]: one row a group${broken}`
    : way <= 0.05 ? "press Play: copies of the pixels fly here"
      : groups === 1 ? "one group: the whole map" : gathered;
  label(ctx, `map of ${side} × ${side} pixels`, 0, TOP - 6, colour.fg, "left", "bottom");
  label(ctx, text, room.x, room.y - 6, colour.fg, "left", "bottom");
}

/** The canvas and its drawing; choose(row, column) hears a hand, move(right, down) the keys. */
export function flightView({ choose, move }) {
  const canvas = h("canvas", { class: "sv-flight", tabindex: 0, role: "application" });
  const once = memory();
  let now = new Float32Array(0); // where the tokens are
  let [part, layout] = [];

  function draw(shown, { ctx, width, height }, colour) {
    ({ part } = shown);
    const { side, flight, row, column, pixel, lit } = shown;
    const { name, across, order, tokens } = part;
    layout = once("boxes", [name, side, across, width, height], () => boxesOf(part, width, height));
    if (now.length !== 4 * order.length) now = new Float32Array(4 * order.length);
    fly(layout, part, flight, now);

    const { width: w, height: high } = ctx.canvas;
    if (!w || !high) return;
    const image = once("image", [w, high], () => new ImageData(w, high));
    const from = part.group[pixel] * tokens;
    fillTokens(filler(image, w / width), { ...shown, from }, layout.at[0], now);
    ctx.putImageData(image, 0, 0);

    ctx.strokeStyle = colour.red;
    ctx.lineWidth = layout.s / side > 6 ? 2 : 1;
    border(ctx, lit[name], 0, TOP, layout.s);
    const [gap, below] = [gapOf(now[2]), gapOf(now[3])];
    const boxOf = (k) => now.subarray(4 * k, 4 * k + 4);
    if (flight > 0 && flight < 2 && tokens < order.length && gap)
      for (let k = from; k < from + tokens; k++) {
        const [x, y, wide, tall] = boxOf(k);
        outline(ctx, [x - 0.5, y - 0.5, wide, tall], colour.red, 1);
      }
    const [x, y, wide, tall] = boxOf(from + part.token[pixel]);
    const cell = layout.s / side;
    const middle = [(column + 0.5) * cell, TOP + (row + 0.5) * cell];
    stroke(ctx, colour.red, [middle, [x + wide / 2, y + tall / 2]]);
    frame(ctx, column * cell, TOP + row * cell, cell, cell);
    frame(ctx, x, y, wide - gap, tall - below);
    drawTitle(ctx, shown, layout, colour);
  }

  /** The pixel under a point: of a token where it is now, or of the map. */
  function find(px, py) {
    const { side, order } = part;
    for (let k = order.length - 1; k >= 0; k--) {
      const [x, y, w, high] = now.subarray(4 * k, 4 * k + 4);
      if (px >= x && px < x + w && py >= y && py < y + high + 2)
        return [Math.floor(order[k] / side), order[k] % side];
    }
    const [row, column] = [py - TOP, px].map((at) => (at / layout.s) * side);
    return column < side && row >= 0 && row < side ? [row, column] : null;
  }
  for (const type of ["pointermove", "pointerdown"])
    canvas.addEventListener(type, ({ offsetX, offsetY }) => {
      const at = find(offsetX, offsetY);
      if (at) choose(...at);
    });
  onArrows(canvas, move);
  return { canvas, draw, boxes: () => now };
}
