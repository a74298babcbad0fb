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
 * best straight line x ≈ slope · y + offset, root mean square. spikes: the mean of y.
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
  const line = { slope, offset: mx - slope * my };
  return { information: entropy(shares), error: Math.sqrt(left), spikes: my, ...line };
}

/**
 * `judge` for 1 to 8 branches at T = steps, and for 1 to 64 steps with n branches. `tables`: the
 * shadeSpikes of the 8 thresholds of the ladder. Also, each `[LONGEST · SHADES]`, sums: Σᵢ Sᵢ of
 * the n, and totals: that of all steps up to this one.
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
  const totals = new Uint16Array(sums.length);
  const bySteps = Array.from({ length: LONGEST }, (_, t) => {
    add(sums, t);
    totals.set(y, t * SHADES);
    return judge(y, weights, x);
  });
  return { byBranches, bySteps, sums, totals };
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

/** The square of shades around a pixel that M hears; −1 outside the map. */
function patchOf({ shades, size, row, column }) {
  const half = (KERNEL - 1) / 2;
  const within = (at) => at >= 0 && at < size;
  return Array.from({ length: KERNEL * KERNEL }, (_, k) => {
    const at = [row + Math.floor(k / KERNEL) - half, column + (k % KERNEL) - half];
    return at.every(within) ? shades[at[0] * size + at[1]] : -1;
  });
}

/** What the block sends at the pixel on show, step by step, as it can be read out: `membrane`,
 *  `spike` (these two only with a mixer), `sum`, and its `trains`, one for each branch. */
function sendHere(state) {
  const { p, x, total, runs, isImage, sums, kernel, shift } = state;
  if (!kernel) return { sum: [...total], trains: runs.map(({ s }) => [...s]) };
  const patch = isImage && patchOf(state);
  const around = (t) => patch.reduce((sum, g, k) =>
    (g < 0 ? sum : sum + kernel[k] * sums[t * SHADES + g]), shift);
  const alone = (t) => shift + kernel[(kernel.length - 1) / 2] * total[t];
  const membrane = Array.from(x, (_, t) => (isImage ? around(t) : alone(t)));
  const fed = membrane.map((m, t) => m + x[t]);
  const fire = (v_threshold) =>
    [...simulate({ tau: p.tau, v_threshold }, fed, { keep: ["s"] }).s];
  const trains = p.thresholds.map(fire);
  const sum = membrane.map((_, t) => trains.reduce((count, train) => count + train[t], 0));
  return { membrane, spike: fire(CLOSING), sum, trains };
}

/** What every pixel sends: at(t) is {sends, fired}: the map at a step, and those of the spikes that
 *  it is the sum of, or else of the branches' spikes. */
function sendAll({ p, n, x, shades, inputs, sums, spikes, size, kernel, shift }) {
  const area = size * size;
  const by = (table, t) => Float64Array.from(shades, (g) => table[t * SHADES + g]);
  const branches = (t) => spikes.slice(0, n).map((table) => by(table, t));
  const mixed = (t) => mix(by(sums, t), size, { kernel, shift });
  if (!kernel) return (t) => ({ sends: by(sums, t), fired: branches(t) });
  if (p.readout === "membrane") return (t) => ({ sends: mixed(t), fired: branches(t) });
  const fed = new Float64Array(x.length * area);
  for (let t = 0; t < x.length; t++) fed.set(mixed(t), t * area);
  for (let k = 0; k < fed.length; k++) fed[k] += inputs[shades[k % area]];
  const trains = (p.readout === "spike" ? [CLOSING] : p.thresholds).map((v_threshold) =>
    simulate({ tau: p.tau, v_threshold }, fed, { keep: ["s"], neurons: area }).s);
  return (t) => {
    const fired = trains.map((train) => train.subarray(t * area, (t + 1) * area));
    const sends = Float64Array.from(shades, (_, k) =>
      fired.reduce((sum, train) => sum + train[k], 0));
    return { sends, fired: p.readout === "sum" ? fired : branches(t) };
  };
}

/** x as it is read after `steps` steps, for each shade; before the first it is the mean. */
export function readBack({ totals, bySteps, none }, steps) {
  const { slope, offset } = steps ? bySteps[steps - 1] : none;
  const y = steps ? totals.subarray((steps - 1) * SHADES, steps * SHADES) : new Uint16Array(SHADES);
  return { y, read: Float64Array.from(y, (count) => slope * count + offset) };
}

/** A function of the traits that gives all that is on show, and computes anew only what changes. */
export function computer({ pictures, mixers }) {
  const once = memory();
  return (p) => {
    const { tau, amplitude, time_steps, thresholds } = p;
    const isImage = p.stimulus === "image";
    const image = isImage ? p.image : "";
    const shades = isImage && once("shades", [image], () => unhex(pictures[image]));
    const size = isImage ? Math.sqrt(shades.length) : 1;
    const [row, column] = [p.row, p.column].map((at) => Math.min(at, size - 1));
    const shade = isImage ? shades[row * size + column] : 0;
    const inputs = once("inputs", [amplitude], () =>
      Float64Array.from({ length: SHADES }, (_, g) => (amplitude * g) / (SHADES - 1)));
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
      row, column, ...judged,
      bits: entropy(weights), // all there are
      none: once("none", [amplitude, image], () => // without any spike
        judge(new Uint8Array(SHADES), weights, inputs)),
      now: judged.bySteps[time_steps - 1],
      levels: new Set(total).size,
      cursor: clamp(p.cursor, 0, time_steps - 1),
    };
    Object.assign(state, once("mixer", [p.mixer], () => mixerOf(p.mixer, mixers)));
    const of = isImage ? [row, column] : [given];
    state.sent = once("here", [key, ...of, p.mixer], () => sendHere(state));
    state.maps = () => once("all", [key, p.mixer, p.readout], () => sendAll(state))(state.cursor);
    return state;
  };
}
