// Who stands where while the seeds come in: a function of the playhead's place, which is 0 before
// the first run, k after k seeds, and one more where the paper's order is told.

import { clamp } from "../base/page.js";

export const ease = (share) => {
  const f = clamp(share, 0, 1);
  return f * f * (3 - 2 * f);
};

/** How far `place` is on its way from `from` to `to`, eased. */
export const during = (place, from, to) => ease((place - from) / (to - from));

/** Mean accuracy of a point's first `seeds` runs. */
export function meanAfter({ runs, accuracy_mean: all }, seeds) {
  if (seeds >= runs.length) return all;
  return runs.slice(0, seeds).reduce((sum, run) => sum + run.accuracy, 0) / seeds;
}

/** Points by that mean, the best first; before any run, and where means are equal, as they were. */
export const ranked = (points, seeds) => !seeds ? points
  : [...points].sort((a, b) => meanAfter(b, seeds) - meanAfter(a, seeds));

export const mostSeeds = (points) => Math.max(...points.map(({ runs }) => runs.length));

/** In which row, a fraction while they change places, each of `start` stands: [row, …]. Within a
 *  step the seed's dots fall first, then the rows go to their new places. */
export function rowsAt(start, place) {
  const before = Math.min(Math.floor(place), mostSeeds(start));
  const [now, next] = [before, Math.min(before + 1, mostSeeds(start))]
    .map((seeds) => ranked(start, seeds));
  const moved = during(place - before, 0.45, 1);
  return start.map((point) =>
    now.indexOf(point) + (next.indexOf(point) - now.indexOf(point)) * moved);
}

/** Where, as a share of the way, lines from a0 to a1 and b0 to b1 cross; null: they do not. */
export function crossing([a0, a1], [b0, b1]) {
  const [before, after] = [a0 - b0, a1 - b1];
  if (before * after >= 0) return null;
  const share = before / (before - after); // of their eased way
  let [low, high] = [0, 1];
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (ease(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}
