// The pieces of AttentionExplorer's pictures: boxes of cells, spikes, numbers, frames, the image.

import { show } from "../base/page.js";
import { bytesOf, pictureOf } from "../base/photo.js";
import { cividis, label, outline, picture } from "../base/draw.js";

export const QUERY = "#ff8a3d"; // on pictures, which are dark in both themes
export const KEY = "#e79fc6";

/** A box of rows × columns on a canvas: where a cell lies, and which cell a point lies in. */
export function panel(x, y, width, height, rows, columns) {
  const [w, hgt] = [width / columns, height / rows];
  return {
    x, y, width, height, rows, columns,
    cell: (row, column, across = 1) => [x + column * w, y + row * hgt, across * w, hgt],
    at(px, py) {
      const [row, column] = [Math.floor((py - y) / hgt), Math.floor((px - x) / w)];
      return row >= 0 && row < rows && column >= 0 && column < columns ? [row, column] : null;
    },
  };
}

/** Calls paint(value, x, y, width, height) for each cell of a box. */
const eachCell = ({ cell, columns }, values, paint) =>
  values.forEach((value, n) => paint(value, ...cell(Math.floor(n / columns), n % columns)));

/** Spikes as filled cells. */
export function drawBits(ctx, box, bits, { grid, blue }) {
  ctx.fillStyle = grid;
  ctx.fillRect(box.x, box.y, box.width, box.height);
  ctx.fillStyle = blue;
  const gap = box.width / box.columns > 4 ? 1 : 0;
  eachCell(box, bits, (bit, x, y, w, hgt) => bit && ctx.fillRect(x, y, w - gap, hgt - gap));
}

/** Numbers from 0 (dark) to `most` (bright), written into cells that have room. */
export function drawHeat(ctx, box, values, most) {
  const share = (value) => (most ? value / most : 0);
  drawImage(ctx, picture(Array.from(values, (value) => cividis(share(value))), box.columns), box);
  if (box.cell(0, 0)[2] < 34) return;
  eachCell(box, values, (value, x, y, w, hgt) => {
    const ink = share(value) > 0.6 ? "#000" : "#fff";
    label(ctx, show(value), x + w / 2, y + hgt / 2, ink, "center");
  });
}

/** "softmax 0 ▭ 0.187": the scale of the colours, where a map's heading stands. */
export function writeScale(ctx, words, most, x, y, colour) {
  const bar = 30;
  label(ctx, `${words} 0`, x, y, colour, "left", "alphabetic");
  const left = x + ctx.measureText(`${words} 0`).width + 4;
  for (let n = 0; n < bar; n++) {
    ctx.fillStyle = `rgb(${cividis(n / (bar - 1))})`;
    ctx.fillRect(left + n, y - 9, 1.5, 9);
  }
  label(ctx, show(most), left + bar + 5, y, colour, "left", "alphabetic");
}

/** A small canvas over a whole box, with hard edges. */
export const drawImage = (ctx, image, { x, y, width, height }) =>
  ctx.drawImage(image, x, y, width, height);

/** A frame around cells that shows on every colour. */
export function frame(ctx, box, colour, dash = []) {
  ctx.setLineDash(dash);
  outline(ctx, box, "#000a", 4);
  outline(ctx, box, colour);
  ctx.setLineDash([]);
}

/** An image of an answer as a small canvas. */
export const imageOf = ({ side: [height, width], pixels }) =>
  pictureOf(bytesOf(pixels), width, height);

/** The image at (x, y), as large as there is room, and the cells of the layer's map over it. */
export function imageBox({ side: [height, width] }, { shape: [, , rows, columns] }, x, y, room) {
  const unit = Math.min(room.width / width, room.height / height);
  const [wide, tall] = [width * unit, height * unit];
  return panel(x, y + (room.height - tall) / 2, wide, tall, rows, columns);
}

/** Which token of which group lies at a pixel of the layer's map. */
export function tokenOf({ pixels, tokens }, pixel) {
  const n = pixels.indexOf(pixel);
  return { group: Math.floor(n / tokens), token: n % tokens };
}

/** The same at a cell. */
export const tokenAt = (layer, row, across) => tokenOf(layer, row * layer.shape[3] + across);

export function cellOf(box, layer, group, token) {
  const pixel = layer.pixels[group * layer.tokens + token];
  return box.cell(Math.floor(pixel / layer.shape[3]), pixel % layer.shape[3]);
}
