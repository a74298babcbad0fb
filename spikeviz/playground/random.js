// Random numbers that reference.py draws alike: mulberry32, from a seed that is made of the
// playground's own, of what is drawn, and of how often it was drawn before.

import { mulberry } from "../base/neuron.js";

export const [DATA, NOISE, SPLIT, WEIGHTS, ORDER, CODING, LOOK] = [1, 2, 3, 4, 5, 6, 7];

/** The seed of one thing that is drawn, 0 … 2³² − 1. */
export const seedOf = (seed, what, count = 0) =>
  (Math.imul(seed, 0x9e3779b1) + Math.imul(what, 0x85ebca6b) + Math.imul(count, 0xc2b2ae35)) >>> 0;

/** A function that gives one uniform number in [0, 1) after the other. */
export const uniform = (seed, what, count) => mulberry(seedOf(seed, what, count));

/** 0 … n − 1 in a random order (Fisher and Yates). */
export function shuffled(n, draw) {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
