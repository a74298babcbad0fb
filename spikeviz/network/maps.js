// Feature maps as Python packs them (network_answer.py): unpacked once, drawn pixel by pixel.

import { h } from "../base/page.js";
import { cividis } from "../base/draw.js";

const COLUMNS = 8;
const SHADES = Uint32Array.from({ length: 256 }, (_, i) => {
  const [red, green, blue] = cividis(i / 255);
  return (255 << 24) | (blue << 16) | (green << 8) | red;
});
const grids = new WeakMap(); // a canvas → the image on it
const unpacked = new WeakMap(); // an entry of the answer → its maps

/** The maps of an entry: shape [T, C, h, w], first channel, number(t, c, y, x) and value(t, c, y, x). */
export function mapsOf(data, entry) {
  if (!unpacked.has(entry)) unpacked.set(entry, unpackMaps(data, entry));
  return unpacked.get(entry);
}

function unpackMaps(data, { at, bits, top, shape, first, scales, low, high }) {
  const [steps, channels, rows, columns] = shape;
  const count = steps * channels * rows * columns;
  const bytes = new Uint8Array(data.buffer, data.byteOffset + at, Math.ceil((count * bits) / 8));
  const each = 8 / bits;
  const mask = (1 << bits) - 1;
  const numbers = bits === 8 ? bytes : Uint8Array.from({ length: count }, (_, i) => (bytes[(i / each) | 0] >> (bits * (i % each))) & mask);
  const end = (t, c, which) => {
    if (scales === undefined) return which ? high : low;
    return data.getFloat32(scales + 4 * (which * steps * channels + t * channels + c), true);
  };
  const number = (t, c, y, x) => numbers[((t * channels + c) * rows + y) * columns + x];
  const value = (t, c, y, x) => end(t, c, 0) + number(t, c, y, x) * ((end(t, c, 1) - end(t, c, 0)) / top);
  return { shape, first, top, numbers, end, number, value };
}

/** The time step of these maps at time t: a still image passes the stem once. */
export const stepOf = (maps, t) => Math.min(t, maps.shape[0] - 1);

/** A map of one channel, one canvas pixel for each of its own. */
export function drawThumb(canvas, maps, t) {
  const [, channels, rows, columns] = maps.shape;
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const from = stepOf(maps, t) * channels * rows * columns;
  for (let i = 0; i < pixels.length; i++) pixels[i] = SHADES[maps.numbers[from + i]];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Channels c0 … c1 − 1 as a grid on `canvas`, `mark` {c, y, x} framed. Returns at(px, py) → {c, y, x} or null, from shares of the canvas. */
export function drawGrid(canvas, maps, t, [c0, c1], mark, colour) {
  const [, channels, rows, columns] = maps.shape;
  const large = Math.ceil(48 / Math.max(rows, columns));
  const [cellW, cellH] = [columns * large + 2, rows * large + 2];
  const across = Math.min(COLUMNS, c1 - c0);
  const [width, height] = [COLUMNS * cellW, Math.ceil((c1 - c0) / COLUMNS) * cellH];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  function gridImage() {
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const brighter = 255 / maps.top;
    for (let c = c0; c < c1; c++) {
      const left = ((c - c0) % COLUMNS) * cellW;
      const top = Math.floor((c - c0) / COLUMNS) * cellH;
      let from = (step * channels + c) * rows * columns;
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++) {
          const shade = SHADES[Math.round(maps.numbers[from++] * brighter)];
          for (let dy = 0; dy < large; dy++) pixels.fill(shade, (top + y * large + dy) * width + left + x * large, (top + y * large + dy) * width + left + (x + 1) * large);
        }
    }
    return image;
  }
  const step = stepOf(maps, t);
  let kept = grids.get(canvas);
  if (kept?.maps !== maps || kept.step !== step || kept.c0 !== c0) grids.set(canvas, (kept = { maps, step, c0, image: gridImage() }));
  const ctx = canvas.getContext("2d");
  ctx.putImageData(kept.image, 0, 0);
  if (mark && mark.c >= c0 && mark.c < c1) {
    ctx.strokeStyle = colour.red;
    ctx.lineWidth = 2;
    ctx.strokeRect(((mark.c - c0) % COLUMNS) * cellW + mark.x * large - 1, Math.floor((mark.c - c0) / COLUMNS) * cellH + mark.y * large - 1, large + 2, large + 2);
  }
  return (px, py) => {
    const [column, row] = [Math.floor((px * width) / cellW), Math.floor((py * height) / cellH)];
    const [x, y] = [Math.floor((px * width - column * cellW) / large), Math.floor((py * height - row * cellH) / large)];
    const c = c0 + row * COLUMNS + column;
    return c < c1 && column < across && x >= 0 && x < columns && y >= 0 && y < rows ? { c, y, x } : null;
  };
}

/** A canvas for a grid: pointer and arrow keys choose a pixel; choose({c, y, x} or null) hears it, chosen() is the present one. */
export function gridCanvas(label, chosen, choose) {
  const canvas = h("canvas", { class: "sv-nw-maps", tabindex: 0, role: "application", "aria-label": label });
  const grid = { canvas, at: () => null, shape: [1, 1, 1, 1], channels: [0, 1] };
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    choose(grid.at((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height));
  });
  for (const away of ["pointerleave", "blur"]) canvas.addEventListener(away, () => choose(null));
  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Escape") choose(null);
    if (!by) return;
    event.preventDefault();
    const [, , rows, columns] = grid.shape;
    const [c0, c1] = grid.channels;
    const { c, y, x } = chosen() ?? { c: c0, y: 0, x: -by[1] };
    const place = { c, y: y + by[0], x: x + by[1] }; // past an edge the next channel begins
    if (place.x < 0 || place.x >= columns) Object.assign(place, { c: c + by[1], x: by[1] < 0 ? columns - 1 : 0 });
    if (place.y < 0 || place.y >= rows) Object.assign(place, { c: c + by[0] * COLUMNS, y: by[0] < 0 ? rows - 1 : 0 });
    choose(place.c >= c0 && place.c < c1 ? place : chosen());
  });
  return grid;
}
