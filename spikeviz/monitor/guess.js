// A curve that the reader draws before the true one is shown: shares at places along the run, null
// where nothing is drawn yet.

import { valueAt } from "./runs.js";
import { clamp } from "../base/page.js";

export const PLACES = 40; // steps of a guess from the run's beginning to its end

/** The place of a guess that lies nearest to x, and x of one. */
export const placeOf = ({ from, to }, x) =>
  clamp(Math.round(((x - from) / (to - from)) * PLACES), 0, PLACES);
export const xOf = ({ from, to }, place) => from + (place / PLACES) * (to - from);

/** A guess with the line from [place, share] to another one drawn into it. */
export function drawInto(guess, [place, share], [end, last]) {
  const next = guess.length ? [...guess] : Array.from({ length: PLACES + 1 }, () => null);
  const away = Math.abs(end - place);
  for (let k = 0; k <= away; k++) {
    const part = away ? k / away : 1;
    next[place + Math.sign(end - place) * k] =
      clamp(Math.round((share + (last - share) * part) * 1000) / 1000, 0, 1);
  }
  return next;
}

/** [x, share] of the places drawn. */
export const pointsOf = (s) =>
  s.guess.map((share, k) => [xOf(s, k), share]).filter(([, share]) => share !== null);

/** How far the guess is from the run's tests: {apart: mean share, tests}; null for no test. */
export function missOf(s) {
  const points = pointsOf(s);
  if (!s.truth || points.length < 2) return null;
  const [xs, shares] = [0, 1].map((part) => points.map((point) => point[part]));
  const { x, values } = s.truth;
  const apart = [];
  values.forEach((value, i) => {
    if (!Number.isFinite(value) || x[i] < xs[0] || x[i] > xs.at(-1)) return;
    apart.push(Math.abs(value - valueAt(xs, shares, x[i])));
  });
  const sum = apart.reduce((a, b) => a + b, 0);
  return apart.length ? { apart: sum / apart.length, tests: apart.length } : null;
}
