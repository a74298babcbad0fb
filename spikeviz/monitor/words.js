// What TrainingMonitor says: where a run stands, how runs ended, what they had at a place.

import { smooth, nearest, lastKnown } from "./runs.js";
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
  if (seconds != null) parts.push(`${duration(seconds)} so far`);
  if (left != null && ["running", "stopping"].includes(state)) parts.push(`${duration(left)} left`);
  return `${run}: ${STATES[state]}, ${parts.join(", ")}.`;
}

/** write(the last known value at place i) for a column that has one, else null. */
function told(values, write, i) {
  const value = values && lastKnown(values, i);
  return value == null ? null : write(value);
}

/** How the runs on show ended. */
export function endText(runs) {
  if (!runs.length) return "No run on show.";
  return runs.map(({ name, columns: { step, loss, test_accuracy: right } }) => {
    const parts = [
      told(step, (value) => `${show(value, 0)} steps`),
      told(loss, (value) => `loss ${show(value)}`),
      told(right, (value) => `${percent(value)} on test`),
    ];
    return `${name}: ${parts.filter(Boolean).join(", ")}.`;
  }).join(" ");
}

/** What a run had at the place `at` of the axis, else at its end; for the run with rates, that of
 *  the layer that is pointed at, else the lowest. */
export function readingText(run, { at, layer, smoothing, rated }) {
  const { columns, x, rates } = run;
  const i = at === null ? x.length - 1 : nearest(x, at);
  if (i < 0) return "nothing yet";
  const smoothed = columns.loss && smooth(columns.step, columns.loss, smoothing);
  const also = told(smoothed, (value) => ` (smoothed ${show(value)})`, i) ?? "";
  const known = (name, words, write) =>
    told(columns[name], (value) => `${words} ${write(value)}`, i);
  return [
    known("step", "step", (value) => show(value, 0)),
    known("epoch", "epoch", (value) => show(value, 2)),
    known("loss", "loss", (value) => `${show(value)}${also}`),
    known("test_loss", "test loss", show),
    known("accuracy", "accuracy", percent),
    known("test_accuracy", "test accuracy", percent),
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
