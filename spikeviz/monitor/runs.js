// Training runs as the page has them: columns out of packed values, smoothing, places on the axis.
// Nothing here knows about the screen.

const RATE = "rate:"; // stands before a layer's name

/** {column: Float32Array} of what Python packed. */
function unpackRun({ columns, points, values }) {
  const { buffer, byteOffset, byteLength } = values;
  const all = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  return Object.fromEntries(
    columns.map((name, i) => [name, all.subarray(i * points, (i + 1) * points)]));
}

/** unpacker()(runs): each unpacked once each time it comes: [{name, columns, rates}]; rates: a
 *  {layer, values} for each layer whose rate was measured. */
export function unpacker() {
  const known = new Map();
  return (runs) => Object.entries(runs).map(([name, packed]) => {
    if (known.get(name)?.packed !== packed) {
      const columns = unpackRun(packed);
      const rates = packed.columns.filter((column) => column.startsWith(RATE))
        .map((column) => ({ layer: column.slice(RATE.length), values: columns[column] }));
      known.set(name, { name, packed, columns, rates });
    }
    return known.get(name);
  });
}

/** The runs of these settings with their smoothed columns, the last one with rates, the one whose
 *  accuracy is guessed, and how far the axis reaches. live: whether one is under way. */
export function compute(all, settings, live) {
  const runs = all.map((run, index) => ({ ...run, index, x: run.columns[settings.axis] }))
    .filter((run) => !settings.hidden.includes(run.name));
  for (const run of runs) {
    const { step, loss, accuracy } = run.columns;
    const smoothed = (values) => values && smooth(step, values, settings.smoothing);
    run.smoothed = { loss: smoothed(loss), accuracy: smoothed(accuracy) };
  }
  const [from, to] = extent(runs.map((run) => run.x)) ?? [0, 1];
  const rated = runs.findLast((run) => run.rates.length);
  const right = runs.flatMap(({ name, x, columns: { test_accuracy, accuracy } }) => {
    const values = test_accuracy ?? accuracy;
    return values?.some(Number.isFinite) ? [{ name, x, values }] : [];
  });
  return {
    ...settings, all, runs, rated, from, to: to > from ? to : from + 1, live, truth: right[0],
    ask: settings.ask && right.length > 0 && !live,
  };
}

/** The exponential mean of `values`, time constant in steps; missing values are passed over. */
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
  const apart = (i) => Math.abs(xs[i] - x);
  xs.forEach((value, i) => {
    if (Number.isFinite(value) && (best < 0 || apart(i) < apart(best))) best = i;
  });
  return best;
}

/** The last finite value at place i or before it; null for none. */
export function lastKnown(values, i = values.length - 1) {
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
