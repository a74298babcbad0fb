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

const TURNED = "Dark ink on a bright page: turned round, as the digits are bright on black.";

/** A file's middle square as a network takes it, side pixels wide: {bytes, said}, rows of greys,
 *  bright on black, or of red, green and blue, and what a reader is told. An Error says in words
 *  that it is no picture. */
export async function readPicture(file, { side, channels }) {
  const canvas = await square(file, () => side).catch(() => {
    throw new Error(`${file.name} cannot be read as an image; choose a PNG, a JPEG or a WebP.`);
  });
  const { data } = canvas.getContext("2d").getImageData(0, 0, side, side);
  if (channels !== 1) return { bytes: data.filter((_, i) => i % 4 < 3), said: "" };
  const greys = Array.from({ length: side * side }, (_, i) =>
    (data[4 * i] + data[4 * i + 1] + data[4 * i + 2]) / 3);
  const turned = greys.reduce((sum, grey) => sum + grey, 0) / greys.length > 127;
  const bytes = Uint8Array.from(greys, (grey) => Math.round(turned ? 255 - grey : grey));
  return { bytes, said: turned ? TURNED : "" };
}

/** A file that is dropped on an element goes to take(file), as one that is chosen. */
export function onDrop(element, take) {
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}

export const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** Rows of greys, or of red, green and blue, as a small canvas with a pixel each. */
export function pictureOf(bytes, width, height) {
  const channels = bytes.length / width / height;
  const pixel = (n) => [0, 1, 2].map((c) => bytes[n * channels + (c % channels)]);
  return picture(Array.from({ length: width * height }, (_, n) => pixel(n)), width);
}
