// Attention on spikes, from the bits that Python packed: the numbers of spikeatconv.Attend in
// float64. With spikes no product is needed: QKᵀ is an AND and a count, A·V adds up weights.

/** `count` zeros and ones from a DataView of 8 a byte, the first in the highest bit. */
export function unpack(view, count) {
  return Uint8Array.from({ length: count }, (_, n) => (view.getUint8(n >> 3) >> (7 - (n & 7))) & 1);
}

/**
 * The pixel, row · W + column, of every token, group by group; as spikeatconv/partition.py:
 * grid: token (i, j) of group (a, b) is pixel (i·H/G + a, j·W/G + b); window: (a·P + i, b·P + j);
 * full: one group of all.
 */
export function tokenPixels({ shape: [, , height, width], partition, size }) {
  const [down, across] = partition === "full" ? [height, width] : [size, size];
  const [groupsDown, groupsAcross] = [height / down, width / across];
  const pixels = [];
  for (let a = 0; a < groupsDown; a++)
    for (let b = 0; b < groupsAcross; b++)
      for (let i = 0; i < down; i++)
        for (let j = 0; j < across; j++)
          pixels.push(partition === "window"
            ? (a * down + i) * width + b * across + j
            : (i * groupsDown + a) * width + j * groupsAcross + b);
  return pixels;
}

/** The rows [tokens × d] of one group in one head at one step, from spikes [T, C, H, W]. */
export function rowsOf(bits, { shape, heads, tokens, pixels }, { head, time_step, group }) {
  const [, channels, height, width] = shape;
  const d = channels / heads;
  const map = (c) => (time_step * channels + head * d + c) * height * width;
  return Uint8Array.from({ length: tokens * d }, (_, n) =>
    bits[map(n % d) + pixels[group * tokens + Math.floor(n / d)]]);
}

/** How many spikes row i of q and row j of k have in common, [tokens × tokens]: AND and count. */
export function sharedSpikes(q, k, tokens, d) {
  const shared = new Float64Array(tokens * tokens);
  for (let i = 0; i < tokens; i++)
    for (let j = 0; j < tokens; j++) {
      let count = 0;
      for (let c = 0; c < d; c++) count += q[i * d + c] & k[j * d + c];
      shared[i * tokens + j] = count;
    }
  return shared;
}

/** softmax of each row of [tokens × tokens]. */
export function softmaxRows(scores, tokens) {
  const weights = new Float64Array(scores.length);
  for (let i = 0; i < tokens; i++) {
    const row = scores.subarray(i * tokens, (i + 1) * tokens);
    const most = Math.max(...row);
    const powers = row.map((score) => Math.exp(score - most));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, j) => (weights[i * tokens + j] = power / sum));
  }
  return weights;
}

/** A·V [tokens × d]: where V has a spike, its token's weight is added. */
export function merge(weights, v, tokens, d) {
  const merged = new Float64Array(tokens * d);
  for (let i = 0; i < tokens; i++)
    for (let j = 0; j < tokens; j++)
      for (let c = 0; c < d; c++)
        if (v[j * d + c]) merged[i * d + c] += weights[i * tokens + j];
  return merged;
}

/** All of one group: spikes q, k, v, out, shared; plain = shared/√d, softmax, and both times V. */
export function attend(layer, place) {
  const d = layer.shape[1] / layer.heads;
  const { tokens } = layer;
  const rows = (name) => rowsOf(layer.bits[name], layer, place);
  const [q, k, v, out] = ["q", "k", "v", "out"].map(rows);
  const shared = sharedSpikes(q, k, tokens, d);
  const plain = shared.map((count) => count * d ** -0.5);
  const softmax = softmaxRows(plain, tokens);
  const [plainV, softmaxV] = [plain, softmax].map((weights) => merge(weights, v, tokens, d));
  return { d, tokens, q, k, v, out, shared, plain, softmax, plainV, softmaxV };
}

/** How far a map is from its mirror image at the diagonal. */
export function asymmetry(values, tokens) {
  const mirrored = (n) => (n % tokens) * tokens + Math.floor(n / tokens);
  return Math.max(...values.map((value, n) => Math.abs(value - values[mirrored(n)])));
}

/** The columns of an answer with their spikes unpacked: layers get bits and pixels. */
export const unpackColumns = ({ columns }) => columns.map((column) => ({
  ...column,
  layers: column.layers.map((layer) => {
    const count = layer.shape.reduce((a, b) => a * b);
    const bitsOf = (name) => [name, unpack(layer[name] ?? layer.q, count)];
    const bits = layer.bits ?? Object.fromEntries(["q", "k", "v", "out"].map(bitsOf));
    return { ...layer, bits, pixels: tokenPixels(layer) };
  }),
}));
