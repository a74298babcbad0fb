// A training run as the page has it: columns out of packed values, smoothing, words for times.
// Nothing here knows about the screen.

export const RATE = "rate:";

/** {column: Float32Array} of what Python packed. */
export function unpackRun({ columns, points, values }) {
  const bytes = new Uint8Array(values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength));
  const all = new Float32Array(bytes.buffer);
  return Object.fromEntries(columns.map((name, i) => [name, all.subarray(i * points, (i + 1) * points)]));
}

/** The exponential mean of `values`, time constant in steps; values that are missing are passed over. */
export function smooth(steps, values, smoothing) {
  let mean = NaN;
  let last = NaN;
  return Float64Array.from(values, (value, i) => {
    if (Number.isFinite(value)) {
      const kept = Number.isFinite(mean) ? Math.exp(-(steps[i] - last) / smoothing) : 0;
      mean = kept === 0 ? value : kept * mean + (1 - kept) * value;
      last = steps[i];
    }
    return mean;
  });
}

/** The place in ascending xs that lies nearest to x; −1 for none. */
export function nearest(xs, x) {
  let best = -1;
  for (let i = 0; i < xs.length; i++) if (Number.isFinite(xs[i]) && (best < 0 || Math.abs(xs[i] - x) < Math.abs(xs[best] - x))) best = i;
  return best;
}

/** The last finite value at place i or before it. */
export function lastKnown(values, i) {
  while (i >= 0 && !Number.isFinite(values[i])) i--;
  return i < 0 ? null : values[i];
}

/** [lowest, highest] of the finite values (above 0 only, with `log`) in all lists. */
export function extent(lists, log = false) {
  let [low, high] = [Infinity, -Infinity];
  for (const list of lists)
    for (const value of list)
      if (Number.isFinite(value) && (!log || value > 0)) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
  return low > high ? null : [low, high];
}

/** 75 → "1 min 15 s". */
export function duration(seconds) {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
