// What AblationExplorer says about the points of a study.

import { counted } from "../base/page.js";

const MARKS = { agree: "✓", disagree: "✗", undecided: "?", "not measured": "–" };
const BLOCK = /^(sl|rl|mbpl|hsl|dcl|sisa|bdsa)\b/; // a value may say more: "sl, V_th 0.5"

/** In percent, with one decimal always. */
export const inPercent = (share) => (100 * share).toFixed(1).replace("-", "−");
export const nameOf = ({ value }) => String(value).replace(BLOCK, (name) => name.toUpperCase());
export const accuracyOf = ({ accuracy_mean: mean, accuracy_sd: sd }) =>
  `${inPercent(mean)}${sd === null ? "" : ` ± ${inPercent(sd)}`}`;

/** Mean seconds of a point's runs; null where a file does not say. */
export function secondsOf({ runs }) {
  const known = runs.map((run) => run.seconds).filter((seconds) => seconds != null);
  return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
}

/** On what the runs of these points were computed, where their file says it run by run. */
export const cpusOf = (points) =>
  [...new Set(points.flatMap(({ runs }) => runs.map((run) => run.cpu)).filter(Boolean))];

export function summaryText(axis, points) {
  const best = points.reduce((a, b) => (b.accuracy_mean > a.accuracy_mean ? b : a));
  const over = counted(best.runs.length, "seed");
  return `${axis}: best is ${nameOf(best)} with ${accuracyOf(best)} % over ${over}.`;
}

/** Where a point's numbers come from. */
export function story(point, { machine, measure, command, commit, date, file }) {
  const option = ([name, value]) => `${name} = ${JSON.stringify(value)}`;
  const options = Object.entries(point.options).map(option);
  const seeds = point.runs.map((run) => `${run.seed}: ${inPercent(run.accuracy)} %`);
  const cpus = cpusOf([point]).join(" and ");
  const how = [command ?? "not said", commit && `commit ${commit}`, date,
    cpus || (machine && `${machine.cpu}, ${machine.cores} cores`)];
  const list = (parts) => parts.filter(Boolean).join(", ");
  return [
    `${point.axis} ${nameOf(point)}: ${accuracyOf(point)} % (${measure ?? "accuracy"}).`,
    `Seeds: ${list(seeds)}. ${list([point.network, ...options])}.`,
    `Command: ${list(how)}. File: ${file}.`,
  ];
}

/** The verdict on an ordering of the paper's, and what it is about. */
export function verdictTexts({ verdict, better, worse, says, differences }) {
  const signed = differences.map((d) => `${d > 0 ? "+" : ""}${inPercent(d)}`).join(", ");
  const ours = signed && `; ours, seed by seed: ${signed} points`;
  const paper = [better, worse].map((value) => nameOf({ value })).join(" above ");
  return [`${MARKS[verdict]} ${verdict}: `, `the paper has ${paper} (${says})${ours}.`];
}
