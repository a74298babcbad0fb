// Where the tokens stand on their flight: each one's box in the image, in its gathered group and in
// its row. Nothing here knows about the screen.

import { clamp } from "../base/page.js";
import { placesOf } from "./partition.js";

export const TOP = 22; // room for a title in the picture

/** The image's side s in a picture of that size, and the room for the tokens beside or below it. */
function divide(width, height) {
  if (width < 600) {
    const s = Math.floor(Math.min(width, (height - 2 * TOP - 14) / 2));
    return { s, room: { x: 0, y: s + TOP + 10 + TOP, w: width, h: height - s - 2 * TOP - 14 } };
  }
  const s = Math.floor(Math.min(height - TOP - 2, width * 0.46));
  return { s, room: { x: s + 34, y: TOP, w: width - s - 36, h: s } };
}

/** Boxes [x, y, width, height] of all tokens, group by group, at the three places of the flight. */
export function boxesOf(part, width, height) {
  const { side, across, apart, groups, tokens, order } = part;
  const { s, room } = divide(width, height);
  const at = [0, 1, 2].map(() => new Float32Array(4 * side * side));
  const cell = s / side;

  const block = Math.min(room.w, room.h);
  const gap = apart > 1 ? clamp((block / apart) * 0.14, 1, 12) : 0;
  const small = (block - gap * (apart - 1)) / side;
  const middle = room.x + (room.w - block) / 2;
  const next = across * small + gap;

  // A row of more tokens than fit is broken into lines, a table of more rows than fit into columns.
  let per = tokens;
  while (tokens % per || per * 2 > Math.max(room.w, 2)) per--;
  const lines = tokens / per;
  const columns = Math.ceil(groups / Math.max(1, Math.floor(room.h / (3 * lines))));
  const rows = Math.ceil(groups / columns);
  const pitch = room.w / columns;
  const w = Math.min((pitch - (columns > 1 ? 8 : 0)) / per, 24);
  const high = Math.min(room.h / (rows * lines), 30);
  order.forEach((pixel, k) => {
    const { g, t, a, b, i, j } = placesOf(part, k);
    const y = TOP + Math.floor(pixel / side) * cell;
    at[0].set([(pixel % side) * cell, y, cell, cell], 4 * k);
    at[1].set([middle + b * next + j * small, room.y + a * next + i * small, small, small], 4 * k);
    const x = room.x + Math.floor(g / rows) * pitch + (t % per) * w;
    const up = (g % rows) * lines + Math.floor(t / per);
    at[2].set([x, room.y + up * high, w, high > 6 ? high - 2 : high], 4 * k);
  });
  return { at, s, room, lines };
}

const ease = (share) => share * share * (3 - 2 * share);

/** The boxes at a place of the flight; the first group goes first, and back is the same way. */
export function fly({ at }, { groups, tokens }, flight, out) {
  const way = 2 * (flight <= 1 ? flight : 2 - flight); // 0 image, 1 groups, 2 rows
  const [from, to] = way <= 1 ? [at[0], at[1]] : [at[1], at[2]];
  const share = way <= 1 ? way : way - 1;
  for (let g = 0; g < groups; g++) {
    const lag = groups > 1 ? (0.8 * g) / (groups - 1) : 0;
    const part = ease(groups > 1 ? clamp(share * 1.8 - lag, 0, 1) : share);
    for (let k = 4 * g * tokens; k < 4 * (g + 1) * tokens; k++) {
      out[k] = from[k] + (to[k] - from[k]) * part;
    }
  }
  return out;
}
