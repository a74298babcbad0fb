// The first charge of the neuron of LIFExplorer, and a handle for τ where it reaches 63 % of R·I.

import { clamp, show, snap } from "../base/page.js";
import { drag, onArrows, onReset } from "../base/controls.js";
import { slide, slider } from "../base/slider.js";

const SIZE = 28; // pixels

/**
 * Where the membrane would reach 63 % of R·I above V_rest, if it did not fire: {start, place} in
 * steps, level in V; null if the input does not stand still that long, to its step `end`. Euler's
 * steps come there in −1 / ln(1 − Δt/τ) steps, a little before τ; free(k) is V k steps after the
 * start.
 */
export function firstCharge({ p, current, run }) {
  const start = current.findIndex((i) => i !== 0);
  if (start < 0) return null;
  let end = start + 1;
  while (current[end] === current[start]) end++;
  const steps = Math.max(1, -1 / Math.log(1 - p.dt / p.tau));
  const place = start + steps;
  const free = (k) => p.v_rest + p.resistance * current[start] * (1 - (1 - p.dt / p.tau) ** k);
  const level = free(steps);
  return place > end ? null : { start, end, place, level, free, fires: run.s.indexOf(1) };
}

/** The τ of a charge that has come to 63 % in so many steps. */
const tauAt = (steps, dt) => dt / (1 - Math.exp(-1 / Math.max(1, steps)));

/** The way of the membrane above the threshold, from its first spike to the 63 %. */
export function freeWay({ fires, place, start, free }) {
  if (fires < 0 || fires >= place) return [];
  const steps = Array.from({ length: Math.floor(place) - fires + 1 }, (_, i) => fires + i);
  return [...steps, place].map((step) => [step, free(step - start)]);
}

/** A handle over the plot: place(state) in every drawing. start() and end() frame a drag. */
export function tauHandle({ range, set, reset, start, end }) {
  let shown = {};
  let offset = 0;
  const name = "τ, drag left or right: where the first charge reaches 63 % of R·I";
  const element = slider("sv-handle sv-tau", name);
  const move = (tau) => {
    const [low, high, step] = range();
    set(clamp(snap(tau, step), low, high));
  };
  drag(element, ({ clientX }, down) => {
    const { x, p, charge } = shown;
    if (down) {
      offset = x(charge.place * p.dt) - clientX;
      return start();
    }
    const place = Math.min(x.invert(clientX + offset) / p.dt, charge.end);
    return move(tauAt(place - charge.start, p.dt));
  }, end);
  onReset(element, reset);
  onArrows(element, (right, down) => move(shown.p.tau + (right - down) * range()[2]), 10);
  const place = (state) => {
    const { charge, p, x, y } = state;
    element.hidden = !inPlot(state);
    if (charge) shown = state;
    if (element.hidden) return;
    const [px, py] = [x(charge.place * p.dt), y(charge.level)];
    slide(element, [px - SIZE / 2, py - SIZE / 2, SIZE, SIZE], p.tau, range(), `${show(p.tau)} ms`);
  };
  return { element, place };
}

/** Whether the point of 63 % is on the plot. */
export const inPlot = ({ charge, y }) =>
  charge !== null && charge.level <= y.domain[1] && charge.level >= y.domain[0];
