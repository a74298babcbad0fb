// How the reach of a pixel spreads between one layer and the next. Who is reached by a layer's end
// is computed (partition.js); at which part of the layer each lights up is drawn, by distance.

import { REACH, widen } from "./partition.js";

const [SPREAD, ALL] = [0.3, 0.8]; // of a layer: the convolution is over, attention is over

/**
 * When each pixel is reached, in layers: Infinity where it never is. `steps`: what reach() gives.
 */
export function arrivals(part, steps, convolution) {
  const { side, order, tokens } = part;
  const at = new Float32Array(side * side).fill(Infinity);
  steps[0].forEach((one, pixel) => one && (at[pixel] = -1));
  for (let k = 0; k + 1 < steps.length; k++) {
    if (steps[k + 1] === steps[k]) continue;
    let knows = steps[k];
    for (let ring = 1; convolution && ring <= REACH; ring++) {
      knows = widen(steps[k], side, ring);
      light(at, knows, () => k + (SPREAD * ring) / REACH);
    }
    const begin = convolution ? SPREAD : 0;
    const far = distances(part, knows, steps[k + 1]);
    const most = Math.max(1, ...far.filter(Number.isFinite));
    for (let n = 0; n < order.length; n += tokens)
      for (const pixel of order.subarray(n, n + tokens))
        if (steps[k + 1][pixel] && at[pixel] === Infinity)
          at[pixel] = k + begin + (ALL - begin) * (0.1 + (0.9 * far[pixel]) / most);
  }
  return at;
}

function light(at, who, when) {
  who.forEach((one, pixel) => one && at[pixel] === Infinity && (at[pixel] = when()));
}

/** From each pixel that is told in this layer, how far the nearest of its group is that knows. */
function distances({ side, order, tokens }, knows, next) {
  const far = new Float32Array(side * side).fill(Infinity);
  for (let n = 0; n < order.length; n += tokens) {
    const group = order.subarray(n, n + tokens);
    const tell = group.filter((pixel) => knows[pixel]);
    for (const pixel of group) {
      if (!next[pixel] || knows[pixel]) continue;
      for (const one of tell) {
        const down = Math.floor(pixel / side) - Math.floor(one / side);
        far[pixel] = Math.min(far[pixel], Math.hypot(down, (pixel % side) - (one % side)));
      }
    }
  }
  return far;
}
