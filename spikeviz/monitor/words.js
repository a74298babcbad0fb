// What TrainingMonitor says: where a run stands, how runs ended, what they had at a place.

import { nearest, lastKnown } from "./runs.js";
import { show, percent } from "../base/page.js";

const STATES = {
  empty: "no run yet", running: "running", stopping: "ends after this step", stopped: "stopped",
  finished: "finished", failed: "failed", unseen: "not seen since",
};

/** 75 → "1 min 15 s". */
function duration(seconds) {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** Where a run stands. */
export function stateText({ run, step = 0, steps, epoch, seconds, ...more }, state) {
  const { images_per_second: speed, seconds_left: left } = more;
  const parts = [`step ${show(step, 0)}${steps ? ` of ${steps}` : ""}`];
  if (epoch != null) parts.push(`epoch ${show(epoch, 2)}`);
  if (speed != null) parts.push(`${show(speed, speed < 10 ? 1 : 0)} images/s`);
  const under = ["running", "stopping"].includes(state);
  if (seconds != null) parts.push(`${duration(seconds)}${under ? " so far" : ""}`);
  if (left != null && under) parts.push(`${duration(left)} left`);
  return `${run}: ${STATES[state]}, ${parts.join(", ")}.`;
}

/** write(the last known value at place i) for a column that has one, else null. */
function told(values, write, i) {
  const value = values && lastKnown(values, i);
  return value == null ? null : write(value);
}

/** How the runs on show ended; their accuracy not while it is guessed. */
export function endText(runs, ask) {
  if (!runs.length) return "No run on show.";
  return runs.map(({ name, columns: { step, loss, test_accuracy: right } }) => {
    const parts = [
      told(step, (value) => `${show(value, 0)} steps`),
      told(loss, (value) => `loss ${show(value)}`),
      !ask && told(right, (value) => `${percent(value)} on test`),
    ];
    return `${name}: ${parts.filter(Boolean).join(", ")}.`;
  }).join(" ");
}

/** What a run had at the place `at` of the axis, else at the playhead; for the run with rates, that
 *  of the layer that is pointed at, else the lowest. */
export function readingText(run, { at, head, to, layer, rated, ask }) {
  const { columns, x, rates, smoothed } = run;
  const i = at === null && head >= to ? x.length - 1 : nearest(x, at ?? head);
  if (i < 0) return "nothing yet";
  const also = told(smoothed.loss, (value) => ` (smoothed ${show(value)})`, i) ?? "";
  const known = (name, words, write) =>
    told(columns[name], (value) => `${words} ${write(value)}`, i);
  return [
    known("step", "step", (value) => show(value, 0)),
    known("epoch", "epoch", (value) => show(value, 2)),
    known("loss", "loss", (value) => `${show(value)}${also}`),
    known("test_loss", "test loss", show),
    !ask && known("accuracy", "accuracy", percent),
    !ask && known("test_accuracy", "test accuracy", percent),
    known("learning_rate", "learning rate", (value) => value.toPrecision(3)),
    known("images_per_second", "images/s", (value) => show(value, 0)),
    rated?.name === run.name && rateText(rates, layer, i),
  ].filter(Boolean).join(", ");
}

function rateText(rates, pointed, i) {
  const all = rates.map(({ layer, values }) => ({ layer, rate: lastKnown(values, i) }));
  const known = all.filter(({ rate }) => rate !== null);
  if (!known.length) return null;
  const { layer, rate } = all[pointed] ?? known.reduce((a, b) => (b.rate < a.rate ? b : a));
  if (!all[pointed]) return `lowest rate ${show(rate)} (${layer})`;
  return `rate of ${layer}: ${rate === null ? "not measured yet" : show(rate)}`;
}

// ---------------------------------------------------------------- the film

const PLACE = {
  step: (x) => show(x, 0), epoch: (x) => show(x, 2), seconds: (x) => show(x, x < 20 ? 1 : 0),
};
const CLOCK = { step: "step ", epoch: "epoch ", seconds: "second " };

/** A place on the axis, and where the playhead stands. */
export const placeText = ({ axis }, x) => PLACE[axis](x);
export const clockText = (s) =>
  `${CLOCK[s.axis]}${placeText(s, s.head)} of ${placeText(s, s.to)}`;

/** What the present chapter is about; at rest at the end, what a hand can do. */
export function chapterText(s, chapter) {
  if (s.head >= s.to && !s.playing)
    return "Press Play, drag the playhead over a plot, go to a chapter, or point at a layer.";
  const { x = s.head, words, detail } = chapter ?? {};
  const also = [words && `, ${words}`, detail && `: ${detail}`].filter(Boolean).join("");
  return `${CLOCK[s.axis]}${placeText(s, x)}${also}.`;
}

export const ratesTitle = ({ name, rates }, row, now, most) => row === null
  ? `firing rates in ${name}, layer by layer; bright: ${show(most, 2)}`
  : `rate of ${rates[row].layer}: ${now[row] === null ? "not measured yet" : show(now[row])}`;

export const GUESS_HINT = [
  "Draw here with mouse, finger or arrow keys:", "how will its test accuracy rise?",
  "Then press Done.",
];
export const GUESS_LABEL = "Your guess of the accuracy: arrow keys left and right go along the " +
  "run, up and down draw, Enter is Done";

/** The title of the accuracy: the question, or how far the guess was from the tests. */
export function accuracyTitle(s) {
  if (s.ask) return `First a guess: the accuracy of ${s.truth.name} in %`;
  const also = !s.guess.length ? "" : s.playing || !s.miss ? "; dashed: your guess"
    : `; dashed: your guess, ${show(100 * s.miss.apart, 1)} points off`;
  return `accuracy in %; dots: test${also}`;
}

export const pencilText = (s, [x, share]) =>
  `${CLOCK[s.axis]}${placeText(s, x)}: ${percent(share)}`;
