// What SeedMachine says.

import { counted, show } from "../base/page.js";

export const TOLD = 100; // draws, from which all runs together are told

const UNITS = { "branches of MBPL": "branches", "V_th of SL": "V_th =" };

/** A value of an axis in words: "4 branches", "V_th = 0.5". */
export function nameOf(axis, value) {
  const unit = UNITS[axis];
  if (!unit) return String(value);
  return unit.endsWith("=") ? `${unit} ${value}` : `${value} ${unit}`;
}

export const signed = (value, digits = 2) => `${value > 0 ? "+" : ""}${show(value, digits)}`;

const points = (share) => `${signed(100 * share)}`;

const listed = (names) => names.length < 2 ? names.join("")
  : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

/** The draw that came in last, in words. */
function lastOf({ p, pair }, { places, by, side, says }, number) {
  const seeds = places.map((i) => pair.seeds[i]);
  const who = side ? `${nameOf(p.axis, pair.values[side > 0 ? 0 : 1])} ahead` : "level";
  const ruled = p.rule ? `; by the rule: ${says}` : "";
  return `Draw ${number}, seed${seeds.length === 1 ? "" : "s"} ${listed(seeds)}: ${who}, ` +
    `${points(by)} points${ruled}.`;
}

/** All draws so far, in words. */
export function tallyOf({ p, pair }, told) {
  const [first, second] = pair.values.map((value) => nameOf(p.axis, value));
  const all = told.first + told.second + told.level;
  if (p.rule)
    return `By the rule, ${first} ahead: ${told.agree}, ${second} ahead: ${told.disagree}, ` +
      `undecided: ${told.undecided} of ${all}.`;
  const level = told.level ? `, level: ${told.level}` : "";
  return `${first} ahead: ${told.first}, ${second} ahead: ${told.second}${level}. ` +
    `The winner changed ${told.changes === 1 ? "once" : `${told.changes} times`}.`;
}

/** The line below the picture. */
export function summaryOf(state, number, told) {
  const { p, pair, draws } = state;
  if (!number)
    return `Nothing is drawn yet. ${pair.seeds.length} seeds of each network are in the drum, ` +
      `each a real run; a draw takes ${counted(Math.min(p.seeds, pair.seeds.length), "seed")}.`;
  return `${lastOf(state, draws[number - 1], number)} ${tallyOf(state, told)}`;
}

/** What all runs say, once enough draws are in. */
export function wholeOf({ pair, whole: { by, error } }, number) {
  if (number < TOLD) return "";
  return `◆ All ${pair.seeds.length} seeds together: mean ${points(by)} points, standard error ` +
    `${show(100 * error, 2)} (the bar: two of them).`;
}

export const clockOf = (place) =>
  place > Math.floor(place) ? `draw ${Math.ceil(place)} …` : counted(place, "draw");

/** Where the runs come from. */
export const sourceOf = ({ scale, command, commit, date, machine, file }) =>
  [`Every run is real: ${scale ?? "see the file"}.`,
    `File: ${file}. Command: ${[command, commit && `commit ${commit}`, date, machine?.cpu]
      .filter(Boolean).join(", ")}.`].join(" ");
