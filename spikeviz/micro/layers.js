// What the layers of a folded network do with spikes: only where one is, something is added.
//
// What flows through is x = {steps, height, width, channels, values}, a Float32Array [T, H, W, C]:
// all channels of a pixel are neighbours. Sums are made in float64 and kept in float32, as
// are membranes, so that a spike differs from PyTorch's only where PyTorch's own rounding decides.

export const here = import.meta.url;

const float = Math.fround;

/** The sum of the values, and the largest; whether all are whole numbers, from 0 on. */
export function measure({ values }) {
  let [sum, most, whole] = [0, 0, true];
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value === 0) continue;
    sum += value;
    if (value > most) most = value;
    if (value < 0 || value !== Math.floor(value)) whole = false;
  }
  return { sum, most, whole };
}

/**
 * A convolution, as an event would do it: each input adds its kernel to the places that see it.
 * `weights` lie as [in][y][x][out of its group]. Returns what it gives, and how many additions it
 * did for inputs of 1; a sum of s counts as s of them.
 */
export function convolve(x, { kernel, stride, padding, groups, out, weights, bias }) {
  const { steps, height, width, channels, values } = x;
  const down = Math.floor((height + 2 * padding - kernel) / stride) + 1;
  const across = Math.floor((width + 2 * padding - kernel) / stride) + 1;
  const [before, behind] = [channels / groups, out / groups];
  const found = new Float32Array(steps * down * across * out);
  const sums = new Float64Array(down * across * out);
  let additions = 0;
  for (let t = 0; t < steps; t++) {
    for (let at = 0; at < sums.length; at++) sums[at] = bias[at % out];
    let at = t * height * width * channels;
    for (let y = padding; y < height + padding; y++)
      for (let x = padding; x < width + padding; x++)
        for (let c = 0; c < channels; c++, at++) {
          if (values[at] === 0) continue;
          const value = values[at];
          const first = Math.floor(c / before) * behind;
          for (let ky = y % stride; ky < kernel; ky += stride) {
            const row = (y - ky) / stride;
            if (row < 0 || row >= down) continue;
            for (let kx = x % stride; kx < kernel; kx += stride) {
              const column = (x - kx) / stride;
              if (column < 0 || column >= across) continue;
              add(sums, (row * across + column) * out + first, weights,
                ((c * kernel + ky) * kernel + kx) * behind, behind, value);
              additions += value * behind;
            }
          }
        }
    found.set(sums, t * sums.length);
  }
  const given = { steps, height: down, width: across, channels: out, values: found };
  return { given, additions };
}

/** sums[to …] += value · weights[from …], n of them. */
function add(sums, to, weights, from, n, value) {
  if (value === 1) for (let i = 0; i < n; i++) sums[to + i] += weights[from + i];
  else for (let i = 0; i < n; i++) sums[to + i] += value * weights[from + i];
}

/**
 * LIF neurons over the steps, one for each threshold over the same input: how many fire, and the
 * membrane H, before the reset, of the first. In the order of `lif_step`, in float32. Until one
 * fires they have one membrane in common: most never come near the lowest threshold.
 */
export function fire(x, { thresholds, tau, v_rest, v_reset }) {
  const { steps, values } = x;
  const [n, soft, to, rest, slow] = [values.length / steps, v_reset === null, float(v_reset ?? 0),
    float(v_rest), float(tau)];
  const [spikes, membrane] = [new Float32Array(values.length), new Float32Array(values.length)];
  const limits = Float32Array.from(thresholds);
  const lowest = Math.min(...limits);
  const charge = (v, current) => float(v + float(float(current - float(v - rest)) / slow));
  for (let i = 0; i < n; i++) {
    let [v, most] = [rest, -Infinity];
    for (let at = i; at < values.length; at += n) {
      v = charge(v, values[at]);
      membrane[at] = v;
      if (v > most) most = v;
    }
    if (most < lowest) continue;
    for (let branch = 0; branch < limits.length; branch++) {
      if (most < limits[branch]) continue; // nor does this one
      v = rest;
      for (let at = i; at < values.length; at += n) {
        const h = charge(v, values[at]);
        if (branch === 0) membrane[at] = h;
        v = h;
        if (h < limits[branch]) continue;
        spikes[at] += 1;
        v = soft ? float(h - limits[branch]) : to;
      }
    }
  }
  return { given: { ...x, values: spikes }, membrane };
}

/** Pixels of a map in groups that attend to each other, as in spikeatconv/partition.py. */
export function partition(kind, size, height, width) {
  if (kind === "full") return [Array.from({ length: height * width }, (_, i) => i)];
  const [down, across] = [height / size, width / size];
  const tokens = Array.from({ length: size * size }, (_, i) => [Math.floor(i / size), i % size]);
  return Array.from({ length: down * across }, (_, group) => {
    const [a, b] = [Math.floor(group / across), group % across];
    return tokens.map(([i, j]) => (kind === "grid" ? (i * down + a) * width + j * across + b
      : (a * size + i) * width + b * size + j));
  });
}

/**
 * A(Q, K) · V. A score is the number of common spikes: each spike of Q adds one where the key has
 * its own. Each spike of V adds the weight that its token has. Returns these additions, too.
 */
export function attend([q, k, v], { heads, partition: kind, size, softmax }) {
  const { steps, height, width, channels } = q;
  const found = new Float32Array(q.values.length);
  const groups = partition(kind, size, height, width);
  const [wide, counts] = [channels / heads, { qk: 0, av: 0 }];
  const scale = float(wide ** -0.5);
  const weights = new Float32Array(groups[0].length);
  const sums = new Float64Array(wide);
  for (let t = 0; t < steps; t++)
    for (const group of groups)
      for (let head = 0; head < heads; head++) {
        const places = group.map((pixel) => (t * height * width + pixel) * channels + head * wide);
        for (const query of places) {
          weights.fill(0);
          for (let c = 0; c < wide; c++) {
            if (!q.values[query + c]) continue;
            for (let key = 0; key < places.length; key++)
              weights[key] += k.values[places[key] + c];
            counts.qk += places.length;
          }
          for (let key = 0; key < places.length; key++) weights[key] *= scale;
          if (softmax) normalise(weights);
          sums.fill(0);
          for (let key = 0; key < places.length; key++)
            for (let c = 0; c < wide; c++)
              if (v.values[places[key] + c]) {
                sums[c] += weights[key];
                counts.av++;
              }
          found.set(sums, query);
        }
      }
  return { given: { ...q, values: found }, ...counts };
}

/** The softmax of the scores, in their place. */
function normalise(scores) {
  const most = Math.max(...scores);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i] = Math.exp(scores[i] - most);
  for (let i = 0; i < scores.length; i++) scores[i] /= sum;
}

/** The mean over the pixels: one pixel. */
export function pool({ steps, height, width, channels, values }) {
  const sums = new Float64Array(steps * channels);
  const pixels = height * width;
  for (let at = 0; at < values.length; at++)
    sums[Math.floor(at / (pixels * channels)) * channels + (at % channels)] += values[at];
  const means = Float32Array.from(sums, (sum) => sum / pixels);
  return { steps, height: 1, width: 1, channels, values: means };
}

/** x + y. */
export function sum(x, y) {
  const values = new Float32Array(x.values.length);
  for (let i = 0; i < values.length; i++) values[i] = x.values[i] + y.values[i];
  return { ...x, values };
}

/** The first step, n times. */
export function repeat(x, n) {
  const values = new Float32Array(n * x.values.length);
  for (let t = 0; t < n; t++) values.set(x.values, t * x.values.length);
  return { ...x, steps: n, values };
}

/** The values, of a map like x, as [T, C, H, W], in an array of that kind. */
export function planes({ steps, height, width, channels }, values, Kind = Float32Array) {
  const [found, pixels] = [new Kind(values.length), height * width];
  for (let t = 0; t < steps; t++)
    for (let c = 0; c < channels; c++)
      for (let pixel = 0, to = (t * channels + c) * pixels; pixel < pixels; pixel++)
        found[to + pixel] = values[(t * pixels + pixel) * channels + c];
  return found;
}
