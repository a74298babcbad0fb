// The arithmetic of SpikeRaster: counts of spikes, exact at any zoom. Spikes are 0 or 1 in a
// Uint8Array [columns, neurons]; the columns are the time steps of one sample, or of all samples
// one after the other.

/** Bits as numpy.packbits packs them, from byte `start` on, as `count` numbers 0 or 1. */
export function unpack(bytes, start, count) {
  const spikes = new Uint8Array(count);
  for (let i = 0, byte = start; i < count; byte++) {
    const value = bytes[byte];
    for (let bit = 7; bit >= 0 && i < count; bit--) spikes[i++] = (value >> bit) & 1;
  }
  return spikes;
}

/** How often each neuron fired. */
export function spikeCounts(spikes, columns, neurons) {
  const counts = new Uint32Array(neurons);
  for (let at = 0, column = 0; column < columns; column++)
    for (let n = 0; n < neurons; n++) counts[n] += spikes[at++];
  return counts;
}

/** Sums of `counts` over groups of `size` neighbours: spikes by channel. */
export const sumBy = (counts, size) => Float64Array.from({ length: counts.length / size },
  (_, group) => counts.subarray(group * size, (group + 1) * size).reduce((a, b) => a + b, 0));

/** The indices that put whole `values` in falling order; equal ones stay in theirs. */
function falling(values) {
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  // sorts without a callback
  const keys = Float64Array.from(values, (value, i) => (most - value) * values.length + i);
  return Uint32Array.from(keys.sort(), (key) => key % values.length);
}

/** The neurons from top to bottom: by "index", by "rate", or whole channels by their rate. */
export function neuronOrder(kind, counts, size) {
  if (kind === "rate") return falling(counts);
  const order = Uint32Array.from(counts.keys());
  if (kind === "channel")
    falling(sumBy(counts, size)).forEach((channel, rank) => {
      for (let k = 0; k < size; k++) order[rank * size + k] = channel * size + k;
    });
  return order;
}

/**
 * Running sums over time and over the neurons in their order, [columns + 1, neurons + 1]: the
 * spikes of any rectangle of the raster are four of its numbers.
 */
export function runningSums(spikes, columns, order) {
  const neurons = order.length;
  const sums = new Uint32Array((columns + 1) * (neurons + 1));
  for (let column = 0; column < columns; column++) {
    const [before, after] = [column * (neurons + 1), (column + 1) * (neurons + 1)];
    let run = 0;
    for (let i = 1; i <= neurons; i++) {
      run += spikes[column * neurons + order[i - 1]];
      sums[after + i] = sums[before + i] + run;
    }
  }
  return sums;
}

/** Spikes in columns a … b−1 of the neurons at places from … to−1. */
export function spikesIn(sums, neurons, [a, b], [from, to]) {
  const at = (column, place) => sums[column * (neurons + 1) + place];
  return at(b, to) - at(a, to) - at(b, from) + at(a, from);
}

/** Edges of at most `most` bins, as equal as whole numbers allow, that cover low … high−1. */
export function binEdges(low, high, most) {
  const bins = Math.max(1, Math.min(high - low, Math.floor(most)));
  const edge = (_, k) => low + Math.floor((k * (high - low)) / bins);
  return Uint32Array.from({ length: bins + 1 }, edge);
}

/** Spikes in each bin, row by row: [rows, columns]. */
export function binned(sums, neurons, columns, rows) {
  const wide = columns.length - 1;
  const counts = new Uint32Array(wide * (rows.length - 1));
  for (let c = 0; c < wide; c++) {
    const [a, b] = [columns[c] * (neurons + 1), columns[c + 1] * (neurons + 1)];
    let above = sums[b + rows[0]] - sums[a + rows[0]];
    for (let r = 0, cell = c; r < rows.length - 1; r++, cell += wide) {
      const below = sums[b + rows[r + 1]] - sums[a + rows[r + 1]];
      counts[cell] = below - above;
      above = below;
    }
  }
  return counts;
}

/**
 * How many neurons have which rate. The first bin is the dead (no spike), the last the saturated
 * (a spike in every column); between them at most `most` bins of counts low … high, up to the
 * busiest.
 */
export function rateHistogram(counts, columns, most = 12) {
  const busiest = counts.reduce((a, b) => (b < columns ? Math.max(a, b) : a), 1);
  const inner = columns > 1 ? binEdges(1, busiest + 1, most) : [];
  const between = Array.from(inner.slice(1), (end, k) => ({ low: inner[k], high: end - 1 }));
  const bins = [{ low: 0, high: 0 }, ...between, { low: columns, high: columns }];
  const binOf = new Uint32Array(columns + 1);
  bins.forEach((bin, k) => {
    bin.count = 0;
    for (let spikes = bin.low; spikes <= bin.high; spikes++) binOf[spikes] = k;
  });
  for (let n = 0; n < counts.length; n++) bins[binOf[counts[n]]].count++;
  return bins;
}
