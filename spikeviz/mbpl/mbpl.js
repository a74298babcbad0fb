// Branches with different thresholds over one input, and what their sum still tells: the same
// arithmetic in the same order as spikeatconv's LIF, LIFSum and MBPL, and as explorer.py.
// Nothing here knows about the screen.

import { simulate, stimulus } from "../base/neuron.js";
import { memory } from "../base/memory.js";
import { unhex, clamp } from "../base/page.js";

export const SHADES = 256; // inputs that are told apart: grey levels of a picture, or of a grid
export const LONGEST = 64; // time steps
export const MOST = 8; // branches
export const THRESHOLDS = [0.05, 4, 0.01]; // lowest, highest, step
const SPACING = 0.5;
const KERNEL = 7;
const CLOSING = 1; // V_th of the one LIF behind M

export const low = (i) => "₁₂₃₄₅₆₇₈"[i];

const cents = (value) => Math.floor(value * 100 + 0.5) / 100;

/** Where one more threshold goes: SPACING above the highest, or else into the widest gap. */
function nextThreshold(thresholds) {
  const above = cents(Math.max(...thresholds) + SPACING);
  if (above <= THRESHOLDS[1]) return above;
  const sorted = [0, ...thresholds].sort((a, b) => a - b);
  let at = 1;
  for (let i = 2; i < sorted.length; i++)
    if (sorted[i] - sorted[i - 1] > sorted[at] - sorted[at - 1] + 1e-9) at = i;
  return cents((sorted[at] + sorted[at - 1]) / 2);
}

/** The first n of the thresholds, and as many more as are missing. */
export function ladder(thresholds, n = MOST) {
  const all = [...thresholds];
  while (all.length < n) all.push(nextThreshold(all));
  return all.slice(0, n);
}

/** Spikes of one branch for each constant input x[g], `[LONGEST · SHADES]`. */
function shadeSpikes(tau, threshold, x) {
  const current = new Float64Array(LONGEST * SHADES);
  for (let k = 0; k < current.length; k += SHADES) current.set(x, k);
  return simulate({ tau, v_threshold: threshold }, current, { keep: ["s"], neurons: SHADES }).s;
}

/** Bits of a distribution: −Σ p log₂ p. */
function entropy(shares) {
  let bits = 0;
  for (const share of shares) if (share > 0) bits -= share * Math.log2(share);
  return bits;
}

/**
 * What the sum y of all spikes tells of the input x, whose shades g have the shares `weights`: the
 * mutual information I(X; Y), which is the entropy of Y, since x decides y; and the error of the
 * best straight line x ≈ slope · y + offset, root mean square.
 */
function judge(y, weights, x) {
  const shares = new Float64Array(MOST * LONGEST + 1);
  let [mx, my] = [0, 0];
  for (let g = 0; g < SHADES; g++) {
    shares[y[g]] += weights[g];
    mx += weights[g] * x[g];
    my += weights[g] * y[g];
  }
  let [both, own] = [0, 0];
  for (let g = 0; g < SHADES; g++) {
    both += weights[g] * (x[g] - mx) * (y[g] - my);
    own += weights[g] * (y[g] - my) * (y[g] - my);
  }
  const slope = own > 1e-12 ? both / own : 0;
  let left = 0;
  for (let g = 0; g < SHADES; g++) {
    const miss = x[g] - mx - slope * (y[g] - my);
    left += weights[g] * miss * miss;
  }
  return { information: entropy(shares), error: Math.sqrt(left), slope, offset: mx - slope * my };
}

/**
 * `judge` for 1 to 8 branches at T = steps, and for 1 to 64 steps with n branches. `tables`: the
 * shadeSpikes of the 8 thresholds of the ladder. Also sums: Σᵢ Sᵢ of the n, `[LONGEST · SHADES]`.
 */
function judgeAll(tables, n, steps, weights, x) {
  const y = new Uint16Array(SHADES);
  const add = (table, t) => {
    for (let g = 0, k = t * SHADES; g < SHADES; g++, k++) y[g] += table[k];
  };
  const byBranches = tables.map((table) => {
    for (let t = 0; t < steps; t++) add(table, t);
    return judge(y, weights, x);
  });
  const sums = new Uint8Array(LONGEST * SHADES);
  for (const table of tables.slice(0, n))
    for (let k = 0; k < sums.length; k++) sums[k] += table[k];
  y.fill(0);
  const bySteps = Array.from({ length: LONGEST }, (_, t) => {
    add(sums, t);
    return judge(y, weights, x);
  });
  return { byBranches, bySteps, sums };
}

/** The shares of the shades: of a picture, or all alike. */
function shadeShares(shades) {
  const weights = new Float64Array(SHADES);
  if (!shades) return weights.fill(1 / SHADES);
  for (const g of shades) weights[g] += 1 / shades.length;
  return weights;
}

/** The mixer M by its name: a 7×7 kernel, row by row, and a shift. */
function mixerOf(name, learned) {
  if (name === "none") return {};
  const kernel = new Float64Array(KERNEL * KERNEL);
  if (name === "mean") return { kernel: kernel.fill(1 / kernel.length), shift: 0 };
  if (name !== "identity") return learned[name];
  kernel[(kernel.length - 1) / 2] = 1;
  return { kernel, shift: 0 };
}

/** M of a square map, row by row; outside it lie zeros. */
function mix(map, size, { kernel, shift }) {
  const half = (KERNEL - 1) / 2;
  const out = new Float64Array(map.length).fill(shift);
  for (let dy = -half; dy <= half; dy++)
    for (let dx = -half; dx <= half; dx++) {
      const weight = kernel[(dy + half) * KERNEL + dx + half];
      if (!weight) continue;
      const [top, left] = [dy, dx].map((by) => Math.max(0, -by));
      const [bottom, right] = [dy, dx].map((by) => Math.min(size, size - by));
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++)
          out[row * size + column] += weight * map[(row + dy) * size + column + dx];
    }
  return out;
}

/** What the block sends, as it can be read out, of all steps and pixels: `membrane`, `spike` (these
 *  two only with a mixer), `sum`, and its `trains`, one for each branch. */
function sendAll(state) {
  const { p, x, total, runs, isImage, shades, inputs, sums, spikes, size, kernel } = state;
  const area = size * size;
  /** What a branch (or their sum) gives, by shade for an image, or else by step. */
  const spread = (table, course) => {
    const out = new Float64Array(x.length * area);
    for (let t = 0, k = 0; t < x.length; t++)
      for (let i = 0; i < area; i++, k++)
        out[k] = isImage ? table[t * SHADES + shades[i]] : course[t];
    return out;
  };
  const counts = spread(sums, total);
  if (!kernel) {
    const trains = runs.map(({ s }, i) => spread(spikes[i], s));
    return { sum: counts, trains };
  }
  const membrane = new Float64Array(counts.length);
  for (let k = 0; k < counts.length; k += area)
    membrane.set(mix(counts.subarray(k, k + area), size, state), k);
  const fed = Float64Array.from(membrane);
  for (let t = 0, k = 0; t < x.length; t++)
    for (let i = 0; i < area; i++, k++) fed[k] += isImage ? inputs[shades[i]] : x[t];
  const fire = (v_threshold) =>
    simulate({ tau: p.tau, v_threshold }, fed, { keep: ["s"], neurons: area }).s;
  const trains = p.thresholds.map(fire);
  const sum = new Float64Array(fed.length);
  for (const train of trains) for (let k = 0; k < sum.length; k++) sum[k] += train[k];
  return { membrane, spike: fire(CLOSING), sum, trains };
}

/** What is sent at the pixel on show, step by step. */
function sentHere({ membrane, spike, sum, trains }, area, pixel) {
  const here = (values) => values && Array.from(
    { length: sum.length / area }, (_, t) => values[t * area + pixel]);
  return {
    membrane: here(membrane), spike: here(spike), sum: here(sum), trains: trains.map(here),
  };
}

/** The pictures at the cursor: input, sum, input as read from all steps so far, what is sent, and
 *  the spikes that it is the sum of, or else those of the branches. */
function photosOf({ p, n, inputs, shades, sums, bySteps, spikes, cursor, all }) {
  const at = cursor * SHADES;
  const y = new Uint16Array(SHADES);
  for (let t = 0; t <= cursor; t++)
    for (let g = 0; g < SHADES; g++) y[g] += sums[t * SHADES + g];
  const { slope, offset } = bySteps[cursor];
  const each = (value) => Float64Array.from(shades, value);
  const now = (values) => values.subarray(cursor * shades.length, (cursor + 1) * shades.length);
  const sends = now(all[p.readout]);
  const ends = { spike: [0, 1], sum: [0, n] }[p.readout] ??
    [Math.min(...sends), Math.max(...sends)];
  return {
    input: each((g) => inputs[g]),
    read: each((g) => slope * y[g] + offset),
    sum: each((g) => sums[at + g]),
    sends, ends,
    fired: p.readout === "sum" ? all.trains.map(now)
      : spikes.slice(0, n).map((table) => each((g) => table[at + g])),
  };
}

/** A function of the traits that gives all that is on show, and computes anew only what changes. */
export function computer({ digits, mixers, size }) {
  const once = memory();
  return (p) => {
    const { tau, amplitude, time_steps, thresholds } = p;
    const isImage = p.stimulus === "image";
    const image = isImage ? p.image : "";
    const shades = isImage && once("shades", [image], () => unhex(digits[image]));
    const shade = isImage ? shades[p.row * size + p.column] : 0;
    const inputs = Float64Array.from({ length: SHADES }, (_, g) => (amplitude * g) / (SHADES - 1));
    const given = [p.stimulus, amplitude, time_steps, p.period, p.seed, shade].join();
    const x = once("x", [given], () => (isImage
      ? new Float64Array(time_steps).fill(inputs[shade])
      : stimulus({ ...p, duration: time_steps, dt: 1 })));
    const rungs = ladder(thresholds);
    const n = thresholds.length;
    const setting = [n, tau, amplitude, time_steps, image].join();
    const key = [rungs, setting].join();
    const weights = once("weights", [image], () => shadeShares(shades));
    const spikes = rungs.map((threshold, i) =>
      once(`spikes ${i}`, [tau, amplitude, threshold], () => shadeSpikes(tau, threshold, inputs)));
    const runs = thresholds.map((v_threshold, i) =>
      once(`run ${i}`, [given, tau, v_threshold], () => simulate({ tau, v_threshold }, x)));
    const judged = once("judged", [key], () =>
      judgeAll(spikes, n, time_steps, weights, inputs));
    const total = Uint8Array.from(x, (_, t) => runs.reduce((sum, { s }) => sum + s[t], 0));
    const state = {
      p, isImage, shades, x, n, rungs, key, setting, given, inputs, runs, spikes, size, total,
      ...judged,
      bits: entropy(weights), // all there are
      worst: judge(new Uint8Array(SHADES), weights, inputs).error, // without any spike
      now: judged.bySteps[time_steps - 1],
      levels: new Set(total).size,
      cursor: clamp(p.cursor, 0, time_steps - 1),
    };
    Object.assign(state, once("mixer", [p.mixer], () => mixerOf(p.mixer, mixers)));
    const [side, pixel] = isImage ? [size, p.row * size + p.column] : [1, 0];
    const all = once("sent", [key, isImage || given, p.mixer], () =>
      sendAll({ ...state, size: side }));
    state.sent = once("here", [all, pixel], () => sentHere(all, side ** 2, pixel));
    return isImage ? Object.assign(state, photosOf({ ...state, all })) : state;
  };
}
