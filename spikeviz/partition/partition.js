// Which pixels attend to each other, what that costs, how far information gets: the arithmetic of
// spikeatconv/partition.py on pixel numbers r·W + c. Nothing here knows about the screen.

export const PARTITION_NAMES = ["full", "window", "grid"];
export const HEAD_WIDTH = 32; // channels a head
const REACH = 3; // of a 7×7 convolution, to each side

/** Sizes of a group that fit a map of `side` pixels. */
export const sizesFor = (side) => Array.from({ length: side - 1 }, (_, i) => i + 2).filter((size) => side % size === 0);

/**
 * The partition of a side × side map. order: the pixel of each token, group by group; group, token:
 * where each pixel goes, the inverse of order.
 */
export function partitionOf(name, side, size) {
  const across = name === "full" ? side : size; // tokens a side of a group
  const apart = side / across; // groups a side
  const [groups, tokens] = [apart * apart, across * across];
  const order = new Int32Array(side * side);
  const [group, token] = [new Int32Array(side * side), new Int32Array(side * side)];
  for (let g = 0; g < groups; g++) {
    const [a, b] = [Math.floor(g / apart), g % apart];
    for (let t = 0; t < tokens; t++) {
      const [i, j] = [Math.floor(t / across), t % across];
      const [row, column] = name === "grid" ? [i * apart + a, j * apart + b] : [a * across + i, b * across + j];
      const pixel = row * side + column;
      order[g * tokens + t] = pixel;
      group[pixel] = g;
      token[pixel] = t;
    }
  }
  return { name, side, across, apart, groups, tokens, order, group, token };
}

/** Each row (step 1) or column (step `side`) of the map, widened by REACH to both ends. */
function widen(from, side, step) {
  const to = new Uint8Array(from.length);
  const across = step === 1 ? side : 1;
  for (let lane = 0; lane < side; lane++)
    for (let at = 0, seen = -Infinity; at < side + REACH; at++) {
      if (at < side && from[lane * across + at * step]) seen = at;
      const place = at - REACH; // what lies up to REACH after `place` has been looked at
      if (place >= 0 && seen >= place - REACH) to[lane * across + place * step] = 1;
    }
  return to;
}

/**
 * The pixels that the information of pixel `start` has reached after 0 … layers layers of attention,
 * each behind a 7×7 convolution if asked: Uint8Arrays of 0 and 1.
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
    if (convolution) now = widen(widen(now, part.side, 1), part.side, part.side);
    const told = new Uint8Array(part.groups);
    for (let pixel = 0; pixel < now.length; pixel++) if (now[pixel]) told[part.group[pixel]] = 1;
    steps.push(new Uint8Array(now.length).map((_, pixel) => told[part.group[pixel]]));
  }
  return steps;
}

export function countOf(reached) {
  let count = 0;
  for (let pixel = 0; pixel < reached.length; pixel++) count += reached[pixel];
  return count;
}

/** The layer at which pixel `start` is first seen at pixel `end`; null: never. */
export function firstSeen(part, start, end, convolution) {
  const steps = reach(part, start, part.side, convolution);
  const at = steps.findIndex((reached) => reached[end]);
  return at < 0 ? null : at;
}

/** One layer of attention: entries of A, their bytes as float32, multiply-accumulates of QKᵀ and AV. */
export function costsOf(name, side, size, heads) {
  const pixels = side * side;
  const entries = heads * pixels * (name === "full" ? pixels : size * size);
  return { entries, bytes: 4 * entries, flops: 2 * HEAD_WIDTH * entries };
}
