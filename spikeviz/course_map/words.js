// What the map says.

import { counted } from "../base/page.js";

export const FACTS = ["Afterwards you can", "Hands on", "Exercise"];
export const LEADS = "Where it leads: one command that trains the paper's network on ImageNet. ";
const NO_EXERCISE = "none yet: a check of your set-up";

export const number = ({ file }) => file.slice(0, 2);
const called = (notebook) => `${number(notebook)} ${notebook.title}`;

/** How many of a notebook's exercises are solved, in words; nothing where none is. */
export function solvedOf({ checks }, done) {
  if (!done) return "";
  return done === checks.length ? "✓ solved" : `${done} of ${checks.length} solved`;
}

export function summaryOf(notebook, from, done) {
  const side = from ? `; a side trip from ${number(from)}` : "";
  const solved = done ? `; ${solvedOf(notebook, done)}` : "";
  return `${called(notebook)}, about ${notebook.minutes} minutes${side}${solved}`;
}

export const factsOf = ({ afterwards, widget, exercise }) =>
  [afterwards, widget, exercise || NO_EXERCISE];

/** The button that leads on: to the first notebook that has an exercise left. */
export function onward(next, begun) {
  if (!next) return "All exercises of the way are solved. Once more: 01 One neuron";
  return `${begun ? "Continue" : "Begin"}: ${called(next)}, ${next.minutes} min`;
}

/** What is behind the learner and what is left. */
export function progressOf({ solved, all, notebooks, minutes }) {
  const hours = Math.round(minutes / 30) / 2;
  const time = `about ${counted(hours, "hour")}`;
  if (!solved) return `${notebooks} notebooks, ${time}`;
  return `${solved} of ${all} solved${minutes ? `, ${time} to go` : ""}`;
}

export const knownOf = (at, known, all) =>
  `After ${number(at)} you can explain ${known} of its ${all} lines.`;
