// Branches with different thresholds over one input, and what their sum still tells: the same
// arithmetic in the same order as spikeatconv's LIF, LIFSum and MBPL, and as mbpl_explorer.py.
// Nothing here knows about the screen.

import { simulate, stimulus } from "../base/neuron.js";

export const SHADES = 256; // inputs that are told apart: grey levels of a picture, or of a grid
export const LONGEST = 64; // time steps
export const MOST = 8; // branches
export const THRESHOLDS = [0.05, 4, 0.01]; // lowest, highest, step
export const SPACING = 0.5;
const KERNEL = 7;

const cents = (value) => Math.floor(value * 100 + 0.5) / 100;

/** Where one more threshold goes: SPACING above the highest, or else into the widest gap. */
export function nextThreshold(thresholds) {
  const above = cents(Math.max(...thresholds) + SPACING);
  if (above <= THRESHOLDS[1]) return above;
  const sorted = [0, ...thresholds].sort((a, b) => a - b);
  let at = 1;
  for (let i = 2; i < sorted.length; i++) if (sorted[i] - sorted[i - 1] > sorted[at] - sorted[at - 1] + 1e-9) at = i;
  return cents((sorted[at] + sorted[at - 1]) / 2);
}

/** The first n of the thresholds, and as many more as are missing. */
export function ladder(thresholds, n = MOST) {
  const all = [...thresholds];
  while (all.length < n) all.push(nextThreshold(all));
  return all.slice(0, n);
}

/** The input x over T steps, for one neuron. `shade`: of the pixel that drives it, for a picture. */
export function inputOf(p, shade) {
  if (p.stimulus === "image") return new Float64Array(p.time_steps).fill((p.amplitude * shade) / (SHADES - 1));
  return stimulus({ ...p, duration: p.time_steps, dt: 1 });
}

/** Spikes of one branch for each constant input x[g], `[LONGEST · SHADES]`. */
export function shadeSpikes(tau, threshold, x) {
  const current = new Float64Array(LONGEST * SHADES);
  for (let k = 0; k < current.length; k += SHADES) current.set(x, k);
  return simulate({ tau, v_threshold: threshold }, current, { keep: ["s"], neurons: SHADES }).s;
}

/** Bits of a distribution: −Σ p log₂ p. */
export function entropy(shares) {
  let bits = 0;
  for (let y = 0; y < shares.length; y++) if (shares[y] > 0) bits -= shares[y] * Math.log2(shares[y]);
  return bits;
}

/** The constant inputs x = amplitude · g / 255. */
export const shadeInputs = (amplitude) => Float64Array.from({ length: SHADES }, (_, g) => (amplitude * g) / (SHADES - 1));

/**
 * What the sum y of all spikes tells of the input x, whose shades g have the shares `weights`: the
 * mutual information I(X; Y), which is the entropy of Y, since x decides y; and the error of the
 * best straight line x ≈ slope · y + offset, root mean square.
 */
export function judge(y, weights, x) {
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
export function judgeAll(tables, n, steps, weights, x) {
  const y = new Uint16Array(SHADES);
  const add = (table, t) => {
    for (let g = 0, k = t * SHADES; g < SHADES; g++, k++) y[g] += table[k];
  };
  const byBranches = tables.map((table) => {
    for (let t = 0; t < steps; t++) add(table, t);
    return judge(y, weights, x);
  });
  const sums = new Uint8Array(LONGEST * SHADES);
  for (const table of tables.slice(0, n)) for (let k = 0; k < sums.length; k++) sums[k] += table[k];
  y.fill(0);
  const bySteps = Array.from({ length: LONGEST }, (_, t) => {
    add(sums, t);
    return judge(y, weights, x);
  });
  return { byBranches, bySteps, sums };
}

/** The shares of the shades: of a picture, or all alike. */
export function shadeShares(shades) {
  const weights = new Float64Array(SHADES);
  if (!shades) return weights.fill(1 / SHADES);
  for (const g of shades) weights[g] += 1 / shades.length;
  return weights;
}

/** The mixer M by its name: a 7×7 kernel, row by row, and a shift. */
export function mixerOf(name, learned) {
  const kernel = new Float64Array(KERNEL * KERNEL);
  if (name === "mean") return { kernel: kernel.fill(1 / kernel.length), shift: 0 };
  if (name !== "identity") return learned[name];
  kernel[(kernel.length - 1) / 2] = 1;
  return { kernel, shift: 0 };
}

/** M of a square map, row by row; outside it lie zeros. */
export function mix(map, size, { kernel, shift }) {
  const half = (KERNEL - 1) / 2;
  const out = new Float64Array(map.length).fill(shift);
  for (let dy = -half; dy <= half; dy++)
    for (let dx = -half; dx <= half; dx++) {
      const weight = kernel[(dy + half) * KERNEL + dx + half];
      if (!weight) continue;
      const [from, to] = [Math.max(0, -dx), Math.min(size, size - dx)];
      for (let row = Math.max(0, -dy); row < Math.min(size, size - dy); row++)
        for (let column = from; column < to; column++) out[row * size + column] += weight * map[(row + dy) * size + column + dx];
    }
  return out;
}
