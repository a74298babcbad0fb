// The five SPK blocks, box by box: the same arithmetic as spikeatconv/blocks.py in eval mode.
// A block is a list of boxes, each with the boxes it takes from, the column and row where it is
// drawn. A value is {data, steps, channels, side}: data[t][c][y][x] in one Float64Array; `still`
// says that all steps are alike, `most` how many spikes a number in it can be, 0 for real values.

import { simulate, stimulus } from "../base/neuron.js";

export const SIDE = 16; // of a patch
export const KERNELS =
  ["identity", "blur", "centre-surround", "vertical edges", "horizontal edges"];
/** Weights of LIF₂(h), of h. */
const PROJECTIONS = {
  sum: [1, 1], difference: [-1, 1], "LIF₂ alone": [1, 0], "LIF₁ alone": [0, 1],
};

/** What each block depends on, beside the input. */
export const SETTINGS = {
  sl: ["tau", "v_threshold"],
  rl: ["tau", "v_threshold", "second_threshold", "projection", "readout"],
  mbpl: ["tau", "thresholds", "mixer", "readout", "v_threshold"],
  hsl: ["taus", "v_threshold"],
  dcl: ["tau", "v_threshold", "fine", "wide"],
};

/** A named kernel, size × size numbers: what it weighs positively sums to 1. */
function kernel(name, size) {
  const reach = size >> 1;
  const weight = {
    identity: (y, x) => (y || x ? 0 : 1),
    blur: () => 1 / size ** 2,
    "centre-surround": (y, x) => (y || x ? -1 / (size ** 2 - 1) : 1),
    "vertical edges": (y, x) => Math.sign(x) / (size * reach),
    "horizontal edges": (y) => Math.sign(y) / (size * reach),
  }[name];
  return Float64Array.from({ length: size ** 2 }, (_, i) =>
    weight(Math.floor(i / size) - reach, (i % size) - reach));
}

const like = ({ steps, side, still }, data, channels) =>
  ({ steps, side, still, data, channels, most: 0 });

/** One LIF for each place and channel: spikes, and membranes H before the reset. */
function lif(x, tau, v_threshold) {
  const neurons = x.data.length / x.steps;
  const { s, h } = simulate({ tau, v_threshold }, x.data, { keep: ["s", "h"], neurons });
  return { ...like(x, s, x.channels), membrane: h, still: false, most: 1 };
}

// Convolution with zeros around, H×W kept: weights[out][in] is a kernel, or null for zeros. What
// comes in is handed out, place by place, so that places without a spike cost nothing.
function convolve(x, weights, size) {
  const { side, channels } = x;
  const reach = size >> 1;
  const data = new Float64Array((x.data.length / channels) * weights.length);
  const steps = x.still ? 1 : x.steps;
  weights.forEach((from, o) => from.forEach((w, c) => {
    for (let t = 0; w && t < steps; t++) {
      const into = (t * weights.length + o) * side * side;
      const source = (t * channels + c) * side * side;
      for (let y = 0, i = source; y < side; y++)
        for (let x0 = 0; x0 < side; x0++, i++) {
          const value = x.data[i];
          if (value === 0) continue;
          const [first, last] = [Math.max(0, y - reach), Math.min(side - 1, y + reach)];
          const [left, right] = [Math.max(0, x0 - reach), Math.min(side - 1, x0 + reach)];
          for (let v = first; v <= last; v++) {
            const row = (y - v + reach) * size + x0 + reach;
            for (let u = left; u <= right; u++) data[into + v * side + u] += w[row - u] * value;
          }
        }
    }
  }));
  return repeated(like(x, data, weights.length));
}

/** What is the same at every step was computed for the first one only. */
function repeated(value) {
  const size = value.data.length / value.steps;
  for (let t = 1; value.still && t < value.steps; t++) value.data.copyWithin(t * size, 0, size);
  return value;
}

/** BatchNorm before training. */
const NEW = { weight: [1, 1], bias: [0, 0], mean: [0, 0], variance: [1, 1] };

/** BatchNorm in eval mode. */
function norm(x, { weight, bias, mean, variance } = NEW) {
  const area = x.side ** 2;
  const factor = weight.map((w, c) => w / Math.sqrt(variance[c] + 1e-5));
  const data = new Float64Array(x.data.length);
  for (let i = 0, c = 0; i < data.length; c = (c + 1) % x.channels) {
    const shift = bias[c] - mean[c] * factor[c];
    for (const end = i + area; i < end; i++) data[i] = x.data[i] * factor[c] + shift;
  }
  return like(x, data, x.channels);
}

function concat(a, b) {
  const [na, nb] = [a, b].map((value) => value.data.length / value.steps);
  const data = new Float64Array(a.data.length + b.data.length);
  for (let t = 0; t < a.steps; t++) {
    data.set(a.data.subarray(t * na, (t + 1) * na), t * (na + nb));
    data.set(b.data.subarray(t * nb, (t + 1) * nb), t * (na + nb) + na);
  }
  return { ...like(a, data, a.channels + b.channels), most: Math.min(a.most, b.most) };
}

function add(...parts) {
  const data = new Float64Array(parts[0].data.length);
  for (const part of parts)
    for (let i = 0; i < data.length; i++) data[i] += part.data[i];
  const most = parts.every((part) => part.most) ? parts.length : 0;
  return { ...like(parts[0], data, parts[0].channels), still: false, most };
}

function half(x, which) {
  const n = x.data.length / x.steps / 2;
  const data = new Float64Array(n * x.steps);
  for (let t = 0; t < x.steps; t++) {
    const from = (2 * t + which) * n;
    data.set(x.data.subarray(from, from + n), t * n);
  }
  return like(x, data, x.channels / 2);
}

/** Both channels weigh half, so a kernel sees their mean. */
const onMean = (name, size) =>
  [[kernel(name, size), kernel(name, size)].map((k) => k.map((w) => w / 2))];
const onEach = (kernels) => kernels.map((k, o) => kernels.map((_, c) => (c === o ? k : null)));
const pointwise = (weights) =>
  [0, 1].map((o) => weights.flatMap((w) => [0, 1].map((c) => (c === o ? [w] : null))));

const box = (name, title, from, at, kind, run, more) =>
  ({ name, title, from, at, kind, run, ...more });
const spiking = (name, title, from, at, tau, v_threshold) =>
  box(name, title, [from], at, "lif", (x) => lif(x, tau, v_threshold), { tau, v_threshold });
const joined = (from, at) => box("concat", "Concat", from, at, "concat", concat);
const closing = (p, from, at) =>
  (p.readout === "spike" ? [spiking("closing", "LIF", from, at, p.tau, p.v_threshold)] : []);
const short = (value) => Number(value.toFixed(2));

/** The boxes of a block with the parameters p, in the order of the arithmetic. */
export const BLOCKS = {
  sl: (p) => [spiking("lif", "LIF", "x", [1, 0], p.tau, p.v_threshold)],
  rl(p) {
    const weights = PROJECTIONS[p.projection];
    const project = (x) => norm(convolve(x, pointwise(weights), 1));
    return [
      spiking("first", "LIF₁", "x", [1, 1], p.tau, p.v_threshold),
      spiking("second", "LIF₂", "first", [2, 0], p.tau, p.second_threshold),
      joined(["second", "first"], [3, 1]),
      box("project", "1×1 conv", ["concat"], [4, 1], "project", project, { weights }),
      ...closing(p, "project", [5, 1]),
    ];
  },
  mbpl(p) {
    const rows = p.thresholds.length;
    const middle = (rows - 1) / 2;
    /** A LIF for each threshold in a column, and their sum in the next one. */
    const branches = (name, from, column) => {
      const lifs = p.thresholds.map((v_threshold, i) => spiking(
        `${name}.${i}`, `LIF ${short(v_threshold)}`, from, [column, i], p.tau, v_threshold));
      const names = lifs.map((lif) => lif.name);
      return [...lifs, box(name, "Σ", names, [column + 1, middle], "sum", add)];
    };
    if (p.mixer === "none") return branches("branches", "x", 1);
    const learned = p.mixer === "learned" ? p.learned : undefined; // its BatchNorm too
    const kernels = learned?.kernels ?? [0, 1].map(() => kernel(p.mixer, 7));
    const mix = (x) => norm(convolve(x, onEach(kernels), 7), learned);
    const both = ["x", "mixers.0"];
    return [
      ...branches("branches", "x", 1),
      box("mixers.0", "M 7×7", ["branches"], [3, middle], "mixer", mix, { kernels }),
      ...(p.readout === "membrane"
        ? []
        : [box("residual", "x + M", both, [4, middle], "residual", add, { around: rows })]),
      ...(p.readout === "sum"
        ? branches("closing", "residual", 5) : closing(p, "residual", [5, middle])),
    ];
  },
  hsl: (p) => [
    ...p.taus.flatMap((tau, i) => [
      box(`x${i + 1}`, i ? "x₂" : "x₁", ["x"], [1, i], "half", (x) => half(x, i)),
      spiking(`lifs.${i}`, `LIF τ ${short(tau)}`, `x${i + 1}`, [2, i], tau, p.v_threshold),
    ]),
    joined(["lifs.0", "lifs.1"], [3, 0.5]),
  ],
  dcl: (p) => [
    ...[["fine", 3], ["wide", 5]].flatMap(([name, size], i) => {
      const weigh = (x) => norm(convolve(x, onMean(p[name], size), size));
      const kernels = [kernel(p[name], size)];
      return [
        box(`${name}.0`, `${size}×${size} conv`, ["x"], [1, i], name, weigh, { kernels }),
        spiking(`${name}.1`, "LIF", `${name}.0`, [2, i], p.tau, p.v_threshold),
      ];
    }),
    joined(["fine.1", "wide.1"], [3, 0.5]),
  ],
};

/** All boxes of a diagram, the input first. */
export function boxesOf(block, p) {
  const boxes = BLOCKS[block](p);
  return [box("x", "x", [], [0, boxes.at(-1).at[1]], "x"), ...boxes];
}

/** The mean of 3×3 pixels, or of a step and the two before it; zeros outside. */
function smoothed(one) {
  if (one.still) return convolve(one, [[kernel("blur", 3)]], 3);
  const last = (t) => [0, 1, 2].reduce((sum, k) => sum + (t >= k ? one.data[t - k] / 3 : 0), 0);
  return like(one, one.data.map((_, t) => last(t)), 1);
}

/** The input x with two channels: a patch at every step (16×16), or a signal (1×1). */
export function input(p) {
  const still = p.mode === "image";
  const side = still ? SIDE : 1;
  const one = { steps: p.time_steps, channels: 1, side, still, most: 0 };
  const filled = (value) => Float64Array.from({ length: p.time_steps * side ** 2 }, value);
  if (still) one.data = filled((_, i) => p.amplitude * (p.pixels[i % side ** 2] / 255));
  else if (p.drive.length) one.data = filled((_, t) => p.amplitude * (p.drive[t] ?? 0));
  else one.data = stimulus({ ...p, duration: p.time_steps, dt: 1, seed: 0 });
  const other = {
    same: () => one,
    inverted: () => like(one, one.data.map((value) => p.amplitude - value), 1),
    smoothed: () => smoothed(one),
  }[p.second]();
  return concat(one, other);
}

/** What every box of `block` passes on, {name: value}, x first and the output last. */
export function run(block, p, x) {
  const values = { x };
  for (const { name, from, run: make } of BLOCKS[block](p))
    values[name] = make(...from.map((one) => values[one]));
  return values;
}

/** What is the same at every step, once. */
const firstOf = ({ data, still, steps }) => (still ? data.subarray(0, data.length / steps) : data);

/** {rate: share of values that are not 0, low, high} of a value. */
export function numbers(value) {
  if (value.numbers) return value.numbers;
  let [filled, low, high] = [0, Infinity, -Infinity];
  const once = firstOf(value);
  for (const v of once) {
    if (v !== 0) filled++;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return (value.numbers = { rate: filled / once.length, low, high });
}

/** Share of a value that is not 0 at a step. */
export function shareAt({ data, steps }, step) {
  const size = data.length / steps;
  let filled = 0;
  for (let i = step * size; i < (step + 1) * size; i++) if (data[i] !== 0) filled++;
  return filled / size;
}

/** How many numbers a value holds that differ by 1e-9 or more. */
export function distinct(value) {
  const found = numbers(value);
  if (value.most === 1) return found.rate > 0 && found.rate < 1 ? 2 : 1;
  return (found.distinct ??= new Set(firstOf(value).map((v) => Math.round(v * 1e9))).size);
}
