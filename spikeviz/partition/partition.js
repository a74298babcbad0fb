// Which pixels attend to each other, what that costs, how far information gets: the arithmetic of
// spikeatconv/partition.py on pixel numbers r·W + c. Nothing here knows about the screen.

export const PARTITION_NAMES = ["full", "window", "grid"];
export const STAGES = [56, 28, 14, 7]; // pixels a side of the paper's maps, stage by stage
export const HEAD_WIDTH = 32; // channels a head
export const REACH = 3; // of a 7×7 convolution, to each side

/** Sizes of a group that fit a map of `side` pixels. */
export const sizesFor = (side) =>
  Array.from({ length: side - 1 }, (_, i) => i + 2).filter((size) => side % size === 0);

/** Of the values, the one that is the least `away(value)`. */
export const nearest = (values, away) =>
  values.reduce((best, value) => (away(value) < away(best) ? value : best));

/** The size that fits a map of `side` pixels, nearest to the one asked for. */
export const fitting = (side, asked) => nearest(sizesFor(side), (size) => Math.abs(size - asked));

/**
 * The partition of a side × side map. order: the pixel of each token, group by group; group, token:
 * where each pixel goes, the inverse of order.
 */
export function partitionOf(name, side, size) {
  const across = name === "full" ? side : size; // tokens a side of a group
  const apart = side / across; // groups a side
  const [order, group, token] = [0, 1, 2].map(() => new Int32Array(side * side));
  const counts = { groups: apart * apart, tokens: across * across };
  const part = { name, side, across, apart, ...counts, order, group, token };
  for (let k = 0; k < order.length; k++) {
    const { g, t, a, b, i, j } = placesOf(part, k);
    const row = name === "grid" ? i * apart + a : a * across + i;
    const column = name === "grid" ? j * apart + b : b * across + j;
    order[k] = row * side + column;
    group[order[k]] = g;
    token[order[k]] = t;
  }
  return part;
}

/** The k-th of all tokens: its group g in row a, column b of groups; token t in row i, column j. */
export function placesOf({ across, apart, tokens }, k) {
  const [g, t] = [Math.floor(k / tokens), k % tokens];
  return { g, t, a: Math.floor(g / apart), b: g % apart, i: Math.floor(t / across), j: t % across };
}

/** Each row (step 1) or column (step `side`) of the map, widened by `by` to both ends. */
function widenLanes(from, side, step, by) {
  const to = new Uint8Array(from.length);
  const across = step === 1 ? side : 1;
  for (let lane = 0; lane < side; lane++)
    for (let at = 0, seen = -Infinity; at < side + by; at++) {
      if (at < side && from[lane * across + at * step]) seen = at;
      const place = at - by; // what lies up to `by` after `place` has been looked at
      if (place >= 0 && seen >= place - by) to[lane * across + place * step] = 1;
    }
  return to;
}

/** What a convolution that sees `by` pixels to each side makes of the pixels that know. */
export const widen = (from, side, by) =>
  widenLanes(widenLanes(from, side, 1, by), side, side, by);

/**
 * The pixels that the information of pixel `start` has reached after 0 … layers layers of
 * attention, each behind a 7×7 convolution if asked: Uint8Arrays of 0 and 1.
 */
export function reach(part, start, layers, convolution) {
  const steps = [new Uint8Array(part.side * part.side)];
  steps[0][start] = 1;
  for (let k = 0; k < layers; k++) {
    let now = steps[k];
    if (k && countOf(now) === countOf(steps[k - 1])) {
      steps.push(now); // a layer that told nobody new: nor will the next
      continue;
    }
    if (convolution) now = widen(now, part.side, REACH);
    const told = new Uint8Array(part.groups);
    part.group.forEach((group, pixel) => (told[group] |= now[pixel]));
    steps.push(now.map((_, pixel) => told[part.group[pixel]]));
  }
  return steps;
}

export const countOf = (reached) => reached.reduce((count, one) => count + one, 0);

/** The layer at which pixel `start` is first seen at pixel `end`; null: never. */
export function firstSeen(part, start, end, convolution) {
  const at = reach(part, start, part.side, convolution).findIndex((reached) => reached[end]);
  return at < 0 ? null : at;
}

/** A layer of attention: entries of A, their bytes as float32, multiply-accumulates of QKᵀ, AV. */
export function costsOf(name, side, size, heads) {
  const pixels = side * side;
  const entries = heads * pixels * (name === "full" ? pixels : size * size);
  return { entries, bytes: 4 * entries, flops: 2 * HEAD_WIDTH * entries };
}
