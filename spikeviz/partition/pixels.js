// Pictures as maps of pixels: their average colours, drawn with hard edges, what is lit outlined.
// A colour is one number, as a canvas holds it.

import { h } from "../base/page.js";
import { outline } from "../base/draw.js";

/** The colour of each partition, of base/style.css. */
export const INK = { full: "blue", window: "green", grid: "red" };

/** A colour as a canvas holds it. */
export const pack = (r, g, b) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

/** Average colours of a picture's pixels on a map of side × side. */
export function averageColours({ data, width }, side) {
  const edge = (at) => [Math.floor((at * width) / side), Math.ceil(((at + 1) * width) / side)];
  return Uint32Array.from({ length: side * side }, (_, pixel) => {
    const [[top, bottom], [left, right]] = [edge(Math.floor(pixel / side)), edge(pixel % side)];
    const sum = [0, 0, 0];
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++)
        for (let c = 0; c < 3; c++) sum[c] += data[4 * (y * width + x) + c];
    return pack(...sum.map((total) => Math.round(total / ((bottom - top) * (right - left)))));
  });
}

const parts = {}; // red, green, blue of each CSS colour that was asked for

function partsOf(colour) {
  const ctx = h("canvas").getContext("2d");
  ctx.fillStyle = colour;
  return [1, 3, 5].map((at) => parseInt(ctx.fillStyle.slice(at, at + 2), 16) || 0);
}

/** mix(a CSS colour)(colour, share): a colour in which that one has a share of 0 to 1. */
export function mix(other) {
  const [r, g, b] = (parts[other] ??= partsOf(other));
  return (one, share) => {
    const of = (channel, ground) => (1 - share) * (channel & 255) + share * ground;
    return share ? pack(of(one, r), of(one >> 8, g), of(one >> 16, b)) : one;
  };
}

/** Colours of which `keep` is left, the rest is background: what is not in the group. */
export function fade(colours, background, keep) {
  const blend = mix(background);
  return colours.map((one) => blend(one, 1 - keep));
}

/** Draws square maps of pixels: draw(ctx, width, colours). */
export function pixelMap() {
  const small = h("canvas");
  return (ctx, width, colours) => {
    const side = Math.sqrt(colours.length);
    if (small.width !== side) Object.assign(small, { width: side, height: side });
    const image = new ImageData(new Uint8ClampedArray(colours.buffer), side);
    small.getContext("2d").putImageData(image, 0, 0);
    ctx.drawImage(small, 0, 0, width, width);
  };
}

/** The border of the pixels in `lit`, in a square at (x, y). */
export function border(ctx, lit, x, y, width) {
  const side = Math.sqrt(lit.length);
  const cell = width / side;
  ctx.beginPath();
  const edge = (c, r, right, down) => {
    ctx.moveTo(x + c * cell, y + r * cell);
    ctx.lineTo(x + (c + right) * cell, y + (r + down) * cell);
  };
  for (let pixel = 0; pixel < lit.length; pixel++) {
    if (!lit[pixel]) continue;
    const [r, c] = [Math.floor(pixel / side), pixel % side];
    if (!r || !lit[pixel - side]) edge(c, r, 1, 0);
    if (!c || !lit[pixel - 1]) edge(c, r, 0, 1);
    if (r === side - 1 || !lit[pixel + side]) edge(c, r + 1, 1, 0);
    if (c === side - 1 || !lit[pixel + 1]) edge(c + 1, r, 0, 1);
  }
  ctx.stroke();
}

/** A frame that stands out on any colour. */
export function frame(ctx, x, y, width, height) {
  for (const [colour, by, lineWidth] of [["#000", 2, 2], ["#fff", 0.5, 2.5]]) {
    outline(ctx, [x - by, y - by, width + 2 * by, height + 2 * by], colour, lineWidth);
  }
}
