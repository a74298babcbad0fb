// The five SPK blocks, box by box: the same arithmetic as spikeatconv/blocks.py in eval mode. A block
// is a list of boxes, each with the boxes it takes from and the column and row where it is drawn.
// A value is {data, steps, channels, side}: data[t][c][y][x] in one Float64Array. Nothing here knows
// about the screen.

import { stimulus } from "./neuron.js";

export const KERNELS = ["identity", "blur", "centre-surround", "vertical edges", "horizontal edges"];
export const PROJECTIONS = { sum: [1, 1], difference: [-1, 1], "LIF₂ alone": [1, 0], "LIF₁ alone": [0, 1] }; // weights of LIF₂(h), of h

/** What each block depends on, beside the input. */
export const SETTINGS = {
  sl: ["tau", "v_threshold"],
  rl: ["tau", "v_threshold", "second_threshold", "projection", "readout"],
  mbpl: ["tau", "thresholds", "mixer", "readout", "v_threshold"],
  hsl: ["taus", "v_threshold"],
  dcl: ["tau", "v_threshold", "fine", "wide"],
};

/** A named kernel, size × size numbers: what it weighs positively sums to 1. */
export function kernel(name, size) {
  const reach = size >> 1;
  const weight = {
    identity: (y, x) => (y || x ? 0 : 1),
    blur: () => 1 / size ** 2,
    "centre-surround": (y, x) => (y || x ? -1 / (size ** 2 - 1) : 1),
    "vertical edges": (y, x) => Math.sign(x) / (size * reach),
    "horizontal edges": (y) => Math.sign(y) / (size * reach),
  }[name];
  return Float64Array.from({ length: size ** 2 }, (_, i) => weight(Math.floor(i / size) - reach, (i % size) - reach));
}

const like = (value, data, channels = value.channels) => ({ ...value, data, channels, membrane: undefined });

/** One LIF for each place and channel: spikes, and membranes H before the reset. */
function lif(x, tau, v_threshold) {
  const size = x.data.length / x.steps;
  const v = new Float64Array(size);
  const membrane = new Float64Array(x.data.length);
  const spikes = new Float64Array(x.data.length);
  for (let t = 0, i = 0; t < x.steps; t++)
    for (let j = 0; j < size; j++, i++) {
      const h = v[j] + (x.data[i] - v[j]) / tau;
      const fires = h >= v_threshold;
      membrane[i] = h;
      spikes[i] = fires ? 1 : 0;
      v[j] = fires ? 0 : h;
    }
  return { ...like(x, spikes), membrane };
}

/** Convolution with zeros around, H×W kept: weights[out][in] is a kernel, or null for zeros. */
function convolve(x, weights, size) {
  const { side, steps, channels } = x;
  const area = side * side;
  const reach = size >> 1;
  const data = new Float64Array(steps * weights.length * area);
  weights.forEach((from, o) => from.forEach((w, c) => w?.forEach((weight, k) => {
    if (weight === 0) return;
    const dy = Math.floor(k / size) - reach;
    const dx = (k % size) - reach;
    const [first, last] = [Math.max(0, -dx), Math.min(side, side - dx)];
    for (let t = 0; t < steps; t++) {
      const into = (t * weights.length + o) * area;
      const source = (t * channels + c) * area + dy * side + dx;
      for (let y = Math.max(0, -dy); y < Math.min(side, side - dy); y++)
        for (let i = y * side + first; i < y * side + last; i++) data[into + i] += weight * x.data[source + i];
    }
  })));
  return like(x, data, weights.length);
}

const NEW = { weight: [1, 1], bias: [0, 0], mean: [0, 0], variance: [1, 1] }; // BatchNorm before training

/** BatchNorm in eval mode. */
function norm(x, { weight, bias, mean, variance } = NEW) {
  const area = x.side ** 2;
  const factor = weight.map((w, c) => w / Math.sqrt(variance[c] + 1e-5));
  const data = x.data.map((value, i) => {
    const c = Math.floor(i / area) % x.channels;
    return value * factor[c] + (bias[c] - mean[c] * factor[c]);
  });
  return like(x, data);
}

function concat(a, b) {
  const [na, nb] = [a, b].map((value) => value.data.length / value.steps);
  const data = new Float64Array(a.data.length + b.data.length);
  for (let t = 0; t < a.steps; t++) {
    data.set(a.data.subarray(t * na, (t + 1) * na), t * (na + nb));
    data.set(b.data.subarray(t * nb, (t + 1) * nb), t * (na + nb) + na);
  }
  return like(a, data, a.channels + b.channels);
}

const add = (...parts) => like(parts[0], parts[0].data.map((_, i) => parts.reduce((sum, part) => sum + part.data[i], 0)));

function half(x, which) {
  const n = x.data.length / x.steps / 2;
  const data = new Float64Array(n * x.steps);
  for (let t = 0; t < x.steps; t++) data.set(x.data.subarray((2 * t + which) * n, (2 * t + which + 1) * n), t * n);
  return like(x, data, x.channels / 2);
}

/** Both channels weigh half, so a kernel sees their mean. */
const onMean = (name, size) => [[kernel(name, size), kernel(name, size)].map((k) => k.map((w) => w / 2))];
const onEach = (kernels) => kernels.map((k, o) => kernels.map((_, c) => (c === o ? k : null)));
const pointwise = (weights) => [0, 1].map((o) => weights.flatMap((w) => [0, 1].map((c) => (c === o ? [w] : null))));

const spiking = (name, title, from, at, tau, v_threshold) => ({ name, title, from: [from], at, kind: "lif", tau, v_threshold, run: (x) => lif(x, tau, v_threshold) });
const closing = (p, from, at) => (p.readout === "spike" ? [spiking("closing", "LIF", from, at, p.tau, p.v_threshold)] : []);

/** The boxes of a block with the parameters p, in the order of the arithmetic. */
export const BLOCKS = {
  sl: (p) => [spiking("lif", "LIF", "x", [1, 0], p.tau, p.v_threshold)],
  rl: (p) => [
    spiking("first", "LIF₁", "x", [1, 1], p.tau, p.v_threshold),
    spiking("second", "LIF₂", "first", [2, 0], p.tau, p.second_threshold),
    { name: "concat", title: "Concat", from: ["second", "first"], at: [3, 1], kind: "concat", run: concat },
    { name: "project", title: "1×1 conv", from: ["concat"], at: [4, 1], kind: "project", weights: PROJECTIONS[p.projection], run: (x) => norm(convolve(x, pointwise(PROJECTIONS[p.projection]), 1)) },
    ...closing(p, "project", [5, 1]),
  ],
  mbpl(p) {
    const rows = p.thresholds.length;
    const middle = (rows - 1) / 2;
    const branches = p.thresholds.map((v_threshold, i) => spiking(`branches.${i}`, `LIF ${v_threshold}`, "x", [1, i], p.tau, v_threshold));
    const learned = p.mixer === "learned" ? p.learned : undefined; // its BatchNorm too
    const kernels = learned?.kernels ?? [0, 1].map(() => kernel(p.mixer, 7));
    return [
      ...branches,
      { name: "branches", title: "Σ", from: branches.map(({ name }) => name), at: [2, middle], kind: "sum", run: add },
      { name: "mixers.0", title: "M 7×7", from: ["branches"], at: [3, middle], kind: "mixer", kernels, run: (x) => norm(convolve(x, onEach(kernels), 7), learned) },
      ...(p.readout === "spike" ? [{ name: "residual", title: "x + M", from: ["x", "mixers.0"], at: [4, middle], kind: "residual", run: add, around: rows }] : []),
      ...closing(p, "residual", [5, middle]),
    ];
  },
  hsl: (p) => [0, 1].flatMap((i) => [
    { name: `x${i + 1}`, title: i ? "x₂" : "x₁", from: ["x"], at: [1, i], kind: "half", run: (x) => half(x, i) },
    spiking(`lifs.${i}`, `LIF τ ${p.taus[i]}`, `x${i + 1}`, [2, i], p.taus[i], p.v_threshold),
  ]).concat({ name: "concat", title: "Concat", from: ["lifs.0", "lifs.1"], at: [3, 0.5], kind: "concat", run: concat }),
  dcl: (p) => [["fine", 3], ["wide", 5]].flatMap(([name, size], i) => [
    { name: `${name}.0`, title: `${size}×${size} conv`, from: ["x"], at: [1, i], kind: name, kernels: [kernel(p[name], size)], run: (x) => norm(convolve(x, onMean(p[name], size), size)) },
    spiking(`${name}.1`, "LIF", `${name}.0`, [2, i], p.tau, p.v_threshold),
  ]).concat({ name: "concat", title: "Concat", from: ["fine.1", "wide.1"], at: [3, 0.5], kind: "concat", run: concat }),
};

/** The input x with two channels: a patch at every step (16×16), or a signal (1×1). */
export function input(p) {
  const side = p.mode === "image" ? 16 : 1;
  const one = { steps: p.time_steps, channels: 1, side };
  one.data = p.mode === "signal"
    ? stimulus({ ...p, duration: p.time_steps, dt: 1, seed: 0 })
    : Float64Array.from({ length: p.time_steps * side ** 2 }, (_, i) => p.amplitude * (parseInt(p.patch.substr(2 * (i % side ** 2), 2), 16) / 255));
  const other = {
    same: () => one,
    inverted: () => like(one, one.data.map((value) => p.amplitude - value)),
    smoothed: () => (p.mode === "image" ? convolve(one, [[kernel("blur", 3)]], 3) : like(one, one.data.map((_, t) => [0, 1, 2].reduce((sum, k) => sum + (t >= k ? one.data[t - k] / 3 : 0), 0)))),
  }[p.second]();
  return concat(one, other);
}

/** What every box of `block` passes on, {name: value}, x first and the output last. */
export function run(block, p, x) {
  const values = { x };
  for (const box of BLOCKS[block](p)) values[box.name] = box.run(...box.from.map((name) => values[name]));
  return values;
}

const known = new WeakMap();

/** Share of values that are not 0, lowest, highest, and how many differ by 1e-9 or more. */
export function numbers(value) {
  if (!known.has(value)) {
    let [filled, low, high] = [0, Infinity, -Infinity];
    const distinct = new Set();
    for (const v of value.data) {
      if (v !== 0) filled++;
      if (v < low) low = v;
      if (v > high) high = v;
      distinct.add(Math.round(v * 1e9));
    }
    const binary = [...distinct].every((v) => v === 0 || v === 1e9);
    known.set(value, { rate: filled / value.data.length, low, high, distinct: distinct.size, binary });
  }
  return known.get(value);
}
