// Pictures as maps of pixels: their average colours, drawn with hard edges, with what is lit outlined.
// A colour is one number, as a canvas holds it.

import { h } from "../base/page.js";

const KEPT = 224; // a picture is kept no wider

/** The middle square of a picture as a canvas, at most KEPT wide. */
export async function square(blob) {
  const bitmap = await createImageBitmap(blob);
  const side = Math.min(bitmap.width, bitmap.height);
  const small = Math.min(side, KEPT);
  const canvas = h("canvas", { width: small, height: small });
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  ctx.fillStyle = "#fff";
  ctx.fillRect(0, 0, small, small);
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, small, small);
  bitmap.close();
  return canvas;
}

export const pack = (r, g, b) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0; // as a canvas holds a pixel

/** Average colours of a picture's pixels on a map of side × side. */
export function averageColours({ data, width }, side) {
  const edge = (at) => [Math.floor((at * width) / side), Math.ceil(((at + 1) * width) / side)];
  return Uint32Array.from({ length: side * side }, (_, pixel) => {
    const [[top, bottom], [left, right]] = [edge(Math.floor(pixel / side)), edge(pixel % side)];
    const sum = [0, 0, 0];
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++) for (let c = 0; c < 3; c++) sum[c] += data[4 * (y * width + x) + c];
    return pack(...sum.map((total) => Math.round(total / ((bottom - top) * (right - left)))));
  });
}

/** Colours of which `keep` is left, the rest is background: what is not in the group. */
export function fade(colours, background, keep) {
  const ctx = h("canvas").getContext("2d");
  ctx.fillStyle = background;
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(ctx.fillStyle.slice(at, at + 2), 16) || 0);
  const mix = (channel, ground) => keep * channel + (1 - keep) * ground;
  return colours.map((one) => pack(mix(one & 255, r), mix((one >> 8) & 255, g), mix((one >> 16) & 255, b)));
}

/** Draws a map of pixels into a square of a context: at(ctx, x, y, width, colours). */
export function pixelMap() {
  const small = h("canvas");
  let data = null;
  return (ctx, x, y, width, colours) => {
    const side = Math.sqrt(colours.length);
    if (small.width !== side || !data) {
      Object.assign(small, { width: side, height: side });
      data = new ImageData(side, side);
    }
    new Uint32Array(data.data.buffer).set(colours);
    small.getContext("2d").putImageData(data, 0, 0);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(small, x, y, width, width);
  };
}

/** The border of the pixels in `lit`, in a square at (x, y). */
export function border(ctx, lit, x, y, width) {
  const side = Math.sqrt(lit.length);
  const cell = width / side;
  ctx.beginPath();
  const edge = (...points) => points.forEach(([c, r], i) => (i ? ctx.lineTo(x + c * cell, y + r * cell) : ctx.moveTo(x + c * cell, y + r * cell)));
  for (let pixel = 0; pixel < lit.length; pixel++) {
    if (!lit[pixel]) continue;
    const [r, c] = [Math.floor(pixel / side), pixel % side];
    if (!r || !lit[pixel - side]) edge([c, r], [c + 1, r]);
    if (!c || !lit[pixel - 1]) edge([c, r], [c, r + 1]);
    if (r === side - 1 || !lit[pixel + side]) edge([c, r + 1], [c + 1, r + 1]);
    if (c === side - 1 || !lit[pixel + 1]) edge([c + 1, r], [c + 1, r + 1]);
  }
  ctx.stroke();
}

/** A frame that stands out on any colour. */
export function frame(ctx, x, y, width, height) {
  for (const [colour, by] of [["#000", 2], ["#fff", 0.5]]) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = by === 2 ? 2 : 2.5;
    ctx.strokeRect(x - by, y - by, width + 2 * by, height + 2 * by);
  }
}
