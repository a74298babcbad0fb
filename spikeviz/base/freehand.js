// A curve that the reader draws before the true one is shown: shares of the height at places along
// the axis, null where nothing is drawn yet.

import { clamp } from "./page.js";

export const PLACES = 40; // steps of a guess from the axis' beginning to its end

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

/** How far the guess is from s.truth, {x, values}: {apart: mean share, tests}; null where none of
 *  its points lies along the guess. */
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

/**
 * What draws: stroke([x, share], down) as a hand goes on from where it was, lift() when it leaves;
 * by(right, down) as keys do: a pencil goes along with its height, up and down by a hundredth.
 * now() is {from, to, guess}, set(guess) hears it; at.pencil keeps [x, share] of the keys' pencil.
 */
export function makePencil(at, now, set) {
  let last = null; // [place, share] that the hand drew last
  const stroke = ([x, share], down) => {
    const s = now();
    const here = [placeOf(s, x), clamp(share, 0, 1)];
    set(drawInto(s.guess, down || !last ? here : last, here));
    last = here;
  };
  const lift = () => (last = null);
  function by(right, down) {
    const s = now();
    const from = at.pencil ? placeOf(s, at.pencil[0]) : 0;
    const share = at.pencil?.[1] ?? s.guess[0] ?? 0.5;
    const to = at.pencil ? clamp(from + right, 0, PLACES) : 0;
    const next = clamp(share - down / 100, 0, 1);
    at.pencil = [xOf(s, to), next];
    set(drawInto(s.guess, [from, right ? share : next], [to, next]));
  }
  return { stroke, lift, by };
}

/** What `values` at ascending xs are at x, on the line between their neighbours (drawn between: no
 *  log says so); null before the first, and the last after it. */
export function valueAt(xs, values, x) {
  let before = -1;
  for (let i = 0; i < xs.length; i++) {
    if (!Number.isFinite(values[i]) || !Number.isFinite(xs[i])) continue;
    if (xs[i] > x) {
      if (before < 0) return null;
      const part = (x - xs[before]) / (xs[i] - xs[before]);
      return values[before] + part * (values[i] - values[before]);
    }
    before = i;
  }
  return before < 0 ? null : values[before];
}
