// A reader's picture as a network in the page takes it.

import { bytesOf } from "../base/photo.js";

const DIGIT = 28; // pixels on a side, inside the border of a digit

/** A picture as a network takes it, prepared as in training: a digit gets a border. A sentence
 *  where they do not fit. */
export function fitImage({ side, channels, data }, [wanted, height]) {
  const border = side === DIGIT ? (height - DIGIT) / 2 : 0;
  if (side + 2 * border !== height || (channels !== 1 && channels !== wanted))
    throw new Error(`The picture has ${side}×${side} pixels in ${channels === 1 ? "grey" :
      "colour"}; in the page this network takes ${height}×${height} in ` +
      `${wanted === 1 ? "grey" : "colour"}, or a drawing. Choose the file once more.`);
  const image = new Float32Array(wanted * height * height);
  const pixels = bytesOf(data);
  for (let c = 0; c < wanted; c++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        image[(c * height + y + border) * height + x + border] =
          pixels[(y * side + x) * channels + (c % channels)] / 255;
  return image;
}
