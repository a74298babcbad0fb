// What PhotoExplorer computes: a neuron for each pixel, in the same order of arithmetic as
// photo/explorer.py, and what a reader of their counts knows.

import { gaussian } from "../base/neuron.js";
import { memory } from "../base/memory.js";
import { unhex } from "../base/page.js";

export const MOST = 64; // time steps
export const NEURONS = {
  "hard reset": { tau: 2, soft: false },
  "soft reset": { tau: 2, soft: true },
  "soft, no leak": { tau: 1e6, soft: true },
};

/** Spikes of all steps, [step][pixel], and the counts after each number of steps, 0 to MOST. */
function run(s, { tau, soft }, noise, jitter) {
  const n = s.length;
  const spikes = new Uint8Array(MOST * n);
  const counts = new Uint8Array((MOST + 1) * n);
  for (let pixel = 0; pixel < n; pixel++) {
    const x = 1 + (tau - 1) * s[pixel];
    let v = 0;
    for (let at = pixel; at < spikes.length; at += n) {
      const h = v + ((noise ? x + noise * jitter[at] : x) - v) / tau;
      const fires = h >= 1;
      v = fires ? (soft ? h - 1 : 0) : h;
      spikes[at] = fires;
      counts[at + n] = counts[at] + fires;
    }
  }
  return { spikes, counts };
}

/** Bits of how often each answer came. */
function entropy(often, n) {
  let bits = 0;
  for (const one of often) if (one) bits -= (one / n) * Math.log2(one / n);
  return bits;
}

/** What the counts tell: the best reader's picture, its error, the bits, the different counts. */
function read(greys, s, counts) {
  const n = s.length;
  const [sums, often, levels, pairs] =
    [MOST + 1, MOST + 1, 256, 256 * (MOST + 1)].map((size) => new Float64Array(size));
  for (let pixel = 0; pixel < n; pixel++) {
    const count = counts[pixel];
    sums[count] += s[pixel];
    often[count]++;
    levels[greys[pixel]]++;
    pairs[256 * count + greys[pixel]]++;
  }
  const means = sums.map((sum, count) => sum / (often[count] || 1));
  const picture = Float64Array.from(counts, (count) => means[count]);
  const squares = picture.reduce((sum, value, pixel) => sum + (value - s[pixel]) ** 2, 0);
  const bits = entropy(levels, n) + entropy(often, n) - entropy(pairs, n);
  return { picture, error: Math.sqrt(squares / n), bits, different: often.filter(Boolean).length };
}

/** compute(traits) gives all that is on show; hex: the greys of the photograph, row by row. */
export function computer(hex) {
  const greys = unhex(hex);
  const s = Float64Array.from(greys, (grey) => grey / 255);
  const side = Math.sqrt(s.length);
  const once = memory();
  return (p) => {
    const jitter = p.noise ? once("jitter", [], () => gaussian(MOST * s.length, 0)) : null;
    const { spikes, counts } = once("run", [p.neuron, p.noise], () =>
      run(s, NEURONS[p.neuron], p.noise, jitter));
    const after = (steps) => counts.subarray(steps * s.length, (steps + 1) * s.length);
    const now = once("read", [p.neuron, p.noise, p.time_steps], () =>
      read(greys, s, after(p.time_steps)));
    return { p, s, greys, side, spikes, counts: after(p.time_steps), ...now };
  };
}
