// Pictures of a reader: from a file, cut to a square, or as bytes.

import { picture } from "./draw.js";
import { h } from "./page.js";

/** The middle square of a picture as a canvas; sideOf(its side) is how wide that becomes. */
export async function square(blob, sideOf) {
  const bitmap = await createImageBitmap(blob);
  const side = Math.min(bitmap.width, bitmap.height);
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  const small = sideOf(side);
  const canvas = h("canvas", { width: small, height: small });
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  ctx.fillStyle = "#fff"; // behind what is transparent
  ctx.fillRect(0, 0, small, small);
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(bitmap, left, top, side, side, 0, 0, small, small);
  bitmap.close();
  return canvas;
}

export const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** Rows of greys, or of red, green and blue, as a small canvas with a pixel each. */
export function pictureOf(bytes, width, height) {
  const channels = bytes.length / width / height;
  const pixel = (n) => [0, 1, 2].map((c) => bytes[n * channels + (c % channels)]);
  return picture(Array.from({ length: width * height }, (_, n) => pixel(n)), width);
}
