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

/** {on, off}: how many events each pixel has in each of `steps` frames. */
function framesOf(film, contrast, steps) {
  const empty = () => new Uint8Array(SIDE * SIDE);
  const frames = Array.from({ length: steps }, () => ({ on: empty(), off: empty() }));
  for (let move = 0; move < MOVES; move++) {
    const { on, off } = frames[Math.floor((move * steps) / MOVES)];
    film[move].forEach((before, k) => {
      const change = film[move + 1][k] - before;
      if (change >= contrast) on[k]++;
      if (change <= -contrast) off[k]++;
    });
  }
  return frames;
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

/** A function of the traits that gives all that is on show. */
export function computer(digits) {
  const once = memory();
  return (p) => {
    const motion = [p.digit, p.direction, p.dark];
    const film = once("film", motion, () => filmOf(unhex(digits[p.digit]), p.direction, p.dark));
    const frames = once("frames", [...motion, p.contrast, p.time_steps], () =>
      framesOf(film, p.contrast, p.time_steps));
    const tracks = once("tracks", [frames], () => tracksOf(frames, p.direction));
    const step = clamp(p.step, 0, p.time_steps - 1);
    const { on, off } = frames[step];
    const each = MOVES / p.time_steps; // moves in a frame
    return {
      p, film, frames, tracks, step, each, now: film[(step + 1) * each],
      counts: { on: total(on), off: total(off) },
    };
  };
}
