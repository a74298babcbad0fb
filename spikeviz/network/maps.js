// Feature maps as Python packs them (answer.py): unpacked once, drawn pixel by pixel.

import { cividis } from "../base/draw.js";

const SHADES = Uint32Array.from({ length: 256 }, (_, i) => {
  const [red, green, blue] = cividis(i / 255);
  return (255 << 24) | (blue << 16) | (green << 8) | red;
});
const unpacked = new WeakMap(); // an entry of the answer → its maps

/** The maps of an entry: shape [T, C, h, w], first channel, value(t, c, y, x). */
export function mapsOf(data, entry) {
  if (!unpacked.has(entry)) unpacked.set(entry, unpackMaps(data, entry));
  return unpacked.get(entry);
}

function unpackMaps(data, { at, bits, top, shape, first, scales, low, high }) {
  const [steps, channels, rows, columns] = shape;
  const count = steps * channels * rows * columns;
  const bytes = new Uint8Array(data.buffer, data.byteOffset + at, Math.ceil((count * bits) / 8));
  const each = 8 / bits;
  const number = (_, i) => (bytes[(i / each) | 0] >> (bits * (i % each))) & ((1 << bits) - 1);
  const numbers = bits === 8 ? bytes : Uint8Array.from({ length: count }, number);
  const end = (t, c, which) => {
    if (scales === undefined) return which ? high : low;
    return data.getFloat32(scales + 4 * (which * steps * channels + t * channels + c), true);
  };
  const value = (t, c, y, x) => {
    const level = numbers[((t * channels + c) * rows + y) * columns + x];
    return end(t, c, 0) + level * ((end(t, c, 1) - end(t, c, 0)) / top);
  };
  return { shape, first, top, numbers, value };
}

/** The time step of these maps at time t: a still image passes the stem once. */
export const stepOf = (maps, t) => Math.min(t, maps.shape[0] - 1);

/** Shades channel c of maps at a step into an image from (left, up) on, `large` pixels a number. */
export function shade(image, { shape, numbers, top }, step, c, [left, up] = [0, 0], large = 1) {
  const [, channels, rows, columns] = shape;
  const pixels = new Uint32Array(image.data.buffer);
  const brighter = 255 / top;
  let from = (step * channels + c) * rows * columns;
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const colour = SHADES[Math.round(numbers[from++] * brighter)];
      for (let dy = 0; dy < large; dy++) {
        const at = (up + y * large + dy) * image.width + left + x * large;
        pixels.fill(colour, at, at + large);
      }
    }
}

/** A map of one channel, one canvas pixel for each of its own. */
export function drawThumb(canvas, maps, t) {
  const [, , height, width] = maps.shape;
  const image = new ImageData(width, height);
  shade(image, maps, stepOf(maps, t), 0);
  fit(canvas, image).putImageData(image, 0, 0);
}

/** A context for images of that size; what is drawn stays as long as the size does. */
export function fit(canvas, { width, height }) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return canvas.getContext("2d");
}
