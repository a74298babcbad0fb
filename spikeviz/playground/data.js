// Points of two classes in the plane, and the currents that a network gets of them. The same
// arithmetic in the same order as reference.py.

import { gaussian } from "../base/neuron.js";
import { clamp } from "../base/page.js";
import { DATA, NOISE, SPLIT, seedOf, uniform } from "./random.js";

const POINTS = 256;
const TURNS = 1; // of the spiral

/** (label, side, two uniform numbers) → a place without noise; side: 0 or 1, of an XOR's corner. */
const SETS = {
  moons: (label, side, u) => {
    const [x, y] = [Math.cos(Math.PI * u) - 0.5, Math.sin(Math.PI * u) - 0.25];
    return label ? [-0.55 * x, -0.55 * y] : [0.55 * x, 0.55 * y];
  },
  circles: (label, side, u) => {
    const radius = 0.8 - 0.5 * label;
    return [radius * Math.cos(2 * Math.PI * u), radius * Math.sin(2 * Math.PI * u)];
  },
  xor: (label, side, u, w) => {
    const [x, y] = [0.1 + 0.8 * u, 0.1 + 0.8 * w];
    return [side ? x : -x, side === label ? -y : y];
  },
  spiral: (label, side, u) => {
    const radius = 0.1 + 0.8 * u;
    const angle = 2 * Math.PI * (TURNS * u + label / 2);
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  gaussians: (label) => (label ? [0.4, 0.4] : [-0.4, -0.4]),
};
const SPREAD = 0.15; // of the two Gaussians, without noise

/** The points of a set: [{x, y, label}], x and y from −1 to 1. */
function place({ data, noise, points, seed }) {
  if (data === "points") return points.map(([x, y, label]) => ({ x, y, label }));
  const draw = uniform(seed, DATA);
  const shift = gaussian(2 * POINTS, seedOf(seed, NOISE));
  const size = data === "gaussians" ? SPREAD + noise : noise;
  return Array.from({ length: POINTS }, (_, i) => {
    const label = i % 2;
    const [x, y] = SETS[data](label, (i >> 1) % 2, draw(), draw());
    return {
      x: clamp(x + size * shift[2 * i], -1, 1), y: clamp(y + size * shift[2 * i + 1], -1, 1), label,
    };
  });
}

/** {train, test}: a point trains if its own random number is below share, and the first one does;
 *  so a new point moves no other. */
export function makePoints(settings) {
  const draw = uniform(settings.seed, SPLIT);
  const found = { train: [], test: [] };
  place(settings).forEach((point, i) => {
    const trains = draw() < settings.share || i === 0;
    found[trains ? "train" : "test"].push(point);
  });
  return found;
}

export const features = (coding) => (coding === "constant" ? 2 : 4);

/** Whether the currents of a point are the same at each step, so that they are computed once. */
export const isStill = ({ coding, spiking }) => coding === "constant" || !spiking;

/**
 * Writes the currents of a point into `to`, from `at` on: [steps][features]; if still, [features].
 * draw: uniform numbers, for coding "rate". A channel is x, −x, y, −y as p = (1 + x) / 2; the twin
 * without spikes gets these p.
 */
export function code({ coding, spiking, time_steps: steps }, x, y, draw, to, at) {
  if (coding === "constant") {
    to[at] = x;
    to[at + 1] = y;
    return;
  }
  for (let t = 0, k = at; t < (spiking ? steps : 1); t++)
    for (let channel = 0; channel < 4; channel++, k++) {
      const value = channel < 2 ? x : y;
      const p = (1 + (channel % 2 ? -value : value)) / 2;
      if (!spiking) to[k] = p;
      else if (coding === "rate") to[k] = draw() < p ? 1 : 0;
      else to[k] = t === Math.min(steps - 1, Math.floor((1 - p) * steps)) ? 1 : 0;
    }
}
