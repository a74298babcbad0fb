// The event camera: the same arithmetic in the same order as spikeatconv/events.py.

import { memory } from "../base/memory.js";
import { clamp, unhex } from "../base/page.js";

const WAYS = { right: [0, 1], left: [0, -1], down: [1, 0], up: [-1, 0] }; // [down, right]
const PAPER = 0.1; // brightness of the ground, where the ink has 1
const INK = 28; // pixels on a side of a digit

export const DIRECTIONS = Object.keys(WAYS);
export const MOVES = 8;
export const SIDE = 32;
export const opposite = (direction) => DIRECTIONS[DIRECTIONS.indexOf(direction) ^ 1];

/** Log brightness before the first move and after each: MOVES + 1 maps, row by row. */
function filmOf(ink, direction, dark) {
  const [down, right] = WAYS[direction];
  const edge = (SIDE - INK) / 2;
  const sign = dark ? -1 : 1;
  const at = (row, column) => {
    const inside = Math.min(row, column) >= 0 && Math.max(row, column) < INK;
    return sign * Math.log(PAPER + (1 - PAPER) * (inside ? ink[row * INK + column] / 255 : 0));
  };
  return Array.from({ length: MOVES + 1 }, (_, move) => {
    const moved = move - MOVES / 2;
    return Float64Array.from({ length: SIDE * SIDE }, (_, k) =>
      at(Math.floor(k / SIDE) - edge - down * moved, (k % SIDE) - edge - right * moved));
  });
}

/** {on, off}: which pixels have an event in each move. */
const eventsOf = (film, contrast) => Array.from({ length: MOVES }, (_, move) => {
  const changes = film[move].map((before, k) => film[move + 1][k] - before);
  return {
    on: Uint8Array.from(changes, (change) => change >= contrast),
    off: Uint8Array.from(changes, (change) => change <= -contrast),
  };
});

/** {on, off}: how many events each pixel has in some moves. */
function sumOf(moves) {
  const counts = { on: new Uint8Array(SIDE * SIDE), off: new Uint8Array(SIDE * SIDE) };
  for (const move of moves)
    for (const sign of ["on", "off"])
      move[sign].forEach((event, k) => (counts[sign][k] += event));
  return counts;
}

/** ON less OFF of each column (of each row, where the digit moves up or down), frame by frame. */
function tracksOf(frames, direction) {
  const upright = WAYS[direction][0] !== 0;
  return frames.map(({ on, off }) => {
    const sums = new Int32Array(SIDE);
    on.forEach((count, k) => (sums[upright ? Math.floor(k / SIDE) : k % SIDE] += count - off[k]));
    return sums;
  });
}

const total = (counts) => counts.reduce((sum, count) => sum + count, 0);

/** A function of the traits, and of the playhead's place from 0 to T, that gives all on show. */
export function computer(digits) {
  const once = memory();
  return (p, place) => {
    const motion = [p.digit, p.direction, p.dark];
    const film = once("film", motion, () => filmOf(unhex(digits[p.digit]), p.direction, p.dark));
    const events = once("events", [film, p.contrast], () => eventsOf(film, p.contrast));
    const each = MOVES / p.time_steps; // moves in a frame
    const frameOf = (_, t) => sumOf(events.slice(t * each, (t + 1) * each));
    const frames = once("frames", [events, each], () =>
      Array.from({ length: p.time_steps }, frameOf));
    const tracks = once("tracks", [frames], () => tracksOf(frames, p.direction));
    const step = clamp(Math.ceil(place) - 1, 0, p.time_steps - 1);
    const moved = place * each; // between two moves a fraction
    const done = Math.floor(moved);
    const sums = once("sums", [events, each, step, done], () =>
      sumOf(events.slice(step * each, done)));
    return {
      p, film, events, frames, tracks, step, each, place, moved, sums,
      now: film[done], way: WAYS[p.direction],
      counts: { on: total(sums.on), off: total(sums.off) },
    };
  };
}
