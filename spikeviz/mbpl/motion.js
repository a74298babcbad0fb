// Where everything is at a place of the playhead. Place k is the end of step k, 1 to T, and 0 is
// before the first. What is computed are the steps; between them it is drawn: the membranes charge,
// those that fire reset, and each spike falls as a block onto the sum.

import { clamp } from "../base/page.js";

const [CHARGED, RESET] = [0.5, 0.62]; // of a step
const LANDING = 0.3; // the last part of a step, in which blocks land
const GLOW = 0.3; // of a step, after a crossing

/** The index of the step that goes on at a place, or has just ended. */
export const stepAt = (place) => Math.max(0, Math.ceil(place) - 1);

/** How far a place is on its way from one to another, 0 to 1. */
export const share = (place, from, to) => clamp((place - from) / (to - from), 0, 1);

const before = ({ v }, t) => (t ? v[t - 1] : 0);

/** The corners [place, potential] of a membrane's way through the step of index t. */
export const corners = (run, t) => [
  [t, before(run, t)], [t + CHARGED, run.h[t]], [t + RESET, run.v[t]], [t + 1, run.v[t]],
];

/** The potential of a membrane at a place. */
export function potential(run, place) {
  const way = corners(run, stepAt(place));
  const end = way.findIndex(([at], i) => i && place <= at);
  const [[from, low], [to, high]] = [way[end - 1], way[end]];
  return low + (high - low) * share(place, from, to);
}

/** The blocks of a step: of branch i, at this level of the pile, from where to where it falls. */
export function blocksOf({ runs, p }, t) {
  const firing = runs.flatMap(({ s }, i) => (s[t] ? [i] : []));
  return firing.map((i, level) => {
    const from = before(runs[i], t);
    const crosses = t + (CHARGED * (p.thresholds[i] - from)) / (runs[i].h[t] - from);
    const lands = t + 1 - (LANDING * (firing.length - 1 - level)) / firing.length;
    return { i, level, crosses, lands };
  });
}

/** From 1 at a crossing down to 0. */
export const glow = ({ crosses }, place) =>
  (place < crosses ? 0 : 1 - share(place, crosses, crosses + GLOW));

/** How far a falling block is, 0 to 1: faster and faster, and a small bounce. */
export function fallen(way) {
  if (way < 0.8) return (way / 0.8) ** 2;
  return 1 - 0.06 * (1 - (way / 0.1 - 9) ** 2);
}

/** Steps a second: a whole run takes seconds, and time slows where a membrane crosses. */
export function pace(state, place) {
  const steps = state.x.length;
  const near = ({ crosses }) => place > crosses - 0.05 && place < crosses + 0.12;
  const slow = blocksOf(state, Math.min(Math.floor(place), steps - 1)).some(near);
  return speed(steps) * (slow ? 0.5 : 1);
}

const speed = (steps) => Math.max(2.4, steps / 7);

/** How much a picture may shine at each step: not where it would flash over 3 times a second. */
export const shine = (steps) => (speed(steps) > 3 ? 0 : 0.65);
