// What AblationExplorer says about the points of a study.

import { counted } from "../base/page.js";

export const MARKS = { agree: "✓", disagree: "✗", undecided: "?", "not measured": "–" };
const BLOCK = /^(sl|rl|mbpl|hsl|dcl|sisa|bdsa)\b/; // a value may say more: "sl, V_th 0.5"
export const ASKS = "Put the cards into the order that you expect, the most accurate on top. " +
  "Then look.";
export const HINT =
  "Point at a card to follow it; click one: where its numbers come from stands here.";

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

const cpusOf = ({ runs }) => [...new Set(runs.map((run) => run.cpu).filter(Boolean))];

const listed = (names) => names.length < 2 ? names.join("")
  : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

/** What the seeds say of two points, numbers: above, below, or that they cannot tell. */
export function between(pairs, a, b) {
  const pair = pairs.find(([one, other]) => (one === a && other === b) ||
    (one === b && other === a));
  if (!pair || !["agree", "disagree"].includes(pair[2])) return "cannot tell";
  return (pair[2] === "agree") === (pair[0] === a) ? "above" : "below";
}

/** Whose mean is the highest, and from whom the seeds can tell it apart. `best` first. */
export function summaryText(axis, [best, ...others], pairs) {
  const alike = others.filter(({ number }) => between(pairs, best.number, number) !== "above");
  const seeds = counted(best.runs.length, "seed");
  const begin = `${axis}: ${nameOf(best)} has the highest mean`;
  if (!others.length) return `${axis}: only ${nameOf(best)}, ${accuracyOf(best)} %.`;
  if (!alike.length) return `${begin}, and every one of ${seeds} puts it above all others.`;
  return `${begin}, but ${seeds} cannot tell it from ${listed(alike.map(nameOf))}.`;
}

/** Of the pairs that the seeds can tell apart, how many your order, numbers, has right. */
export function scoreText(order, pairs) {
  const told = order.flatMap((a, i) => order.slice(i + 1).map((b) => between(pairs, a, b)));
  const known = told.filter((says) => says !== "cannot tell");
  const right = known.filter((says) => says === "above").length;
  const rest = told.length - known.length;
  return `Of the ${counted(known.length, "pair")} that the seeds can tell apart your order has ` +
    `${right} right.${rest ? ` They cannot tell ${rest} more.` : ""}`;
}

/** While the seeds come in, nothing is said yet. */
export const waitText = (axis) => `${axis}, seed by seed …`;

/** What the playhead's place is called. */
export function placeText(place, seeds, yours) {
  if (place > seeds) return "the paper's order";
  if (place > Math.floor(place)) return `seed ${Math.ceil(place)} of ${seeds} …`;
  return place ? counted(place, "seed") : yours ? "your order" : "before the runs";
}

/** Where a point's numbers come from. */
export function story(point, { machine, measure, command, commit, date, file }) {
  const option = ([name, value]) => `${name} = ${JSON.stringify(value)}`;
  const options = Object.entries(point.options).map(option);
  const seeds = point.runs.map((run) => `${run.seed}: ${inPercent(run.accuracy)} %`);
  const cpus = cpusOf(point).join(" and ");
  const how = [command ?? "not said", commit && `commit ${commit}`, date,
    cpus || (machine && `${machine.cpu}, ${machine.cores} cores`)];
  const list = (parts) => parts.filter(Boolean).join(", ");
  return [
    `${point.axis} ${nameOf(point)}: ${accuracyOf(point)} % (${measure ?? "accuracy"}).`,
    `Seeds: ${list(seeds)}. ${list([point.network, ...options])}.`,
    `Command: ${list(how)}. File: ${file}.`,
  ];
}

/** What all numbers are of. paper: where its figures stand, if it has any on this. */
export function sourceText(studies, paper) {
  const scales = studies.map(({ scale, file }) => scale || `file ${file}`).join("; ");
  const ours = `Ours: ${scales}.`;
  return paper ? `The paper's figures: ${paper}. ${ours} The two are different tasks: ` +
    "compare the order, not the height." : ours;
}

/** The verdict on an ordering of the paper's, and what it is about. */
export function verdictTexts({ verdict, better, worse, says, differences, ours: at, ...more }) {
  const { two_se: twoSe } = more;
  const signed = differences.map((d) => `${d > 0 ? "+" : ""}${inPercent(d)}`).join(", ");
  const chance = twoSe === null ? "" : `, 2 SE = ${inPercent(twoSe)}`;
  const steps = at ? ` at T = ${at}` : "";
  const ours = signed && `; ours${steps}, seed by seed: ${signed} points${chance}`;
  const paper = [better, worse].map((value) => nameOf({ value })).join(" above ");
  return [`${MARKS[verdict]} ${verdict}: `, `the paper has ${paper} (${says})${ours}.`];
}

/** What the paper says of a value that it does not rank. */
export const noteTexts = ({ name, note }) => [`${MARKS["not measured"]} not ranked: `,
  `of ${name} the paper's text says: ${note}.`];
