// What DigitReader says.

import { percent } from "../base/page.js";

export const HINT =
  "Draw on the pad. The network reads while you draw: the same picture flows in at each time " +
  "step, moved so that its ink is in the middle. A dot is a spike.";
export const CLEAR = "Clear";
export const ANOTHER = "A test digit";
export const rowName = (i) => `layer ${i + 1}`;
export const IMAGE = "input";
export const SURE = "how sure";

const rate = (steps, i) => {
  const all = steps.flatMap(({ spikes }) => [...spikes[i]]);
  return all.reduce((a, b) => a + b, 0) / all.length;
};

/** What it reads after the last step, and how many neurons fired. */
export function summaryOf({ whose, drawn, digit, ink, said, sure, steps, layers }) {
  if (!ink) return "Nothing is drawn yet: drag on the pad.";
  const name = whose.slice(0, 1).toUpperCase() + whose.slice(1);
  const shown = drawn ? "" : ` (it is a test digit, a ${digit})`;
  const rates = layers.map((_, i) => percent(rate(steps, i), 0)).join(", ");
  return `${name} reads ${said}, ${percent(sure, 0)} sure${shown}. In a step ${rates} of the ` +
    `neurons fire, layer by layer.`;
}

/** What a screen reader hears of the picture. */
export function pictureOf({ tops, steps, layers }) {
  const said = tops.map((top, t) => `step ${t + 1}: ${top}`).join(", ");
  const shape = layers.map(({ channels, size }) => `${channels} maps of ${size} × ${size}`);
  return `Spikes at ${steps.length} time steps, from left to right, in layers of ` +
    `${shape.join(", ")}. What is read after ${said}.`;
}
