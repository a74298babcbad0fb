// Where the tokens stand on their flight: each one's box in the image, in its gathered group and in
// its row. Nothing here knows about the screen.

import { clamp } from "../base/page.js";
import { placesOf } from "./partition.js";

export const TOP = 22; // room for a title above each picture
const NARROW = 600;

/**
 * The picture's parts: the photograph, a square of side s at (x, y), and a square room for the
 * tokens of each of `names`: at its left and right, on a narrow page below it.
 */
export function divide(names, width, height) {
  const narrow = width < NARROW;
  const gap = narrow ? 10 : 26;
  const room = Math.floor(narrow ? (width - gap) / 2 : (width - 2 * gap) / 3);
  const s = Math.max(1, Math.min(room, height - TOP, narrow ? height - room - 2 * TOP - 8 : room));
  const photo = { x: Math.round((width - s) / 2), y: TOP, s };
  const y = narrow ? 2 * TOP + s + 8 : TOP;
  const rooms = names.map((name, n) => [name, { x: n ? width - room : 0, y, s: room }]);
  return { photo, rooms: Object.fromEntries(rooms), narrow };
}

/** Boxes [x, y, width, height] of all tokens, group by group, at the three places of the flight. */
export function boxesOf(part, photo, room) {
  const { side, across, apart, groups, tokens, order } = part;
  const at = [0, 1, 2].map(() => new Float32Array(4 * side * side));
  const cell = photo.s / side;

  const gap = apart > 1 ? clamp((room.s / apart) * 0.14, 1, 12) : 0;
  const small = (room.s - gap * (apart - 1)) / side;
  const next = across * small + gap;

  // A row of more tokens than fit is broken into lines, a table of more rows than fit into columns.
  let per = tokens;
  while (tokens % per || per * 2 > Math.max(room.s, 2)) per--;
  const lines = tokens / per;
  const columns = Math.ceil(groups / Math.max(1, Math.floor(room.s / (3 * lines))));
  const rows = Math.ceil(groups / columns);
  const pitch = room.s / columns;
  const w = Math.min((pitch - (columns > 1 ? 8 : 0)) / per, 24);
  const high = Math.min(room.s / (rows * lines), 30);
  order.forEach((pixel, k) => {
    const { g, t, a, b, i, j } = placesOf(part, k);
    const y = photo.y + Math.floor(pixel / side) * cell;
    at[0].set([photo.x + (pixel % side) * cell, y, cell, cell], 4 * k);
    const [left, top] = [b * next + j * small, a * next + i * small];
    at[1].set([room.x + left, room.y + top, small, small], 4 * k);
    const x = room.x + Math.floor(g / rows) * pitch + (t % per) * w;
    const up = (g % rows) * lines + Math.floor(t / per);
    at[2].set([x, room.y + up * high, w, high > 6 ? high - 2 : high], 4 * k);
  });
  return { at, lines, next, block: across * small };
}

const ease = (share) => share * share * (3 - 2 * share);

/** How far from the image a place of the flight is: 0 image, 1 groups, 2 rows, and back. */
export const wayOf = (flight) => 2 * (flight <= 1 ? flight : 2 - flight);

/** The boxes at a place of the flight; the first group goes first, and back is the same way. */
export function fly({ at }, { groups, tokens }, flight, out) {
  const way = wayOf(flight);
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
