// Draws of seeds from the runs of two networks: the same draws and verdicts as explorer.py. Nothing
// here knows about the screen.

import { memory } from "../base/memory.js";
import { mulberry } from "../base/neuron.js";

const LEVEL = 1e-9; // a mean difference below it is none

const sum = (values) => values.reduce((a, b) => a + b, 0);
const mean = (values) => sum(values) / values.length;

/** The places that a draw takes, each once: the first of a shuffle. */
function pick(there, count, chance, number) {
  const uniform = mulberry(1000 * chance + number);
  const order = Array.from({ length: there }, (_, i) => i);
  for (let i = 0; i < Math.min(count, there); i++) {
    const j = i + Math.floor(uniform() * (there - i));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order.slice(0, count);
}

/** What the course's rule says to "the first is above the second". */
function verdict(one, other, nTest) {
  const differences = one.map((score, i) => score - other[i]);
  const p = mean([...one, ...other]);
  const error = Math.sqrt((2 * p * (1 - p)) / nTest);
  if (Math.abs(mean(differences)) <= 2 * error) return "undecided";
  if (differences.every((d) => d > 0)) return "agree";
  return differences.every((d) => d < 0) ? "disagree" : "undecided";
}

/** A draw: places of its runs, their accuracies [first, second], the mean difference, 1, 0 or −1
 *  for its winner, the verdict. */
function drawOne({ seeds, accuracies }, p, number, nTest) {
  const places = pick(seeds.length, p.seeds, p.chance, number);
  const [one, other] = accuracies.map((scores) => places.map((i) => scores[i]));
  const by = mean(one.map((score, i) => score - other[i]));
  const side = Math.abs(by) < LEVEL ? 0 : Math.sign(by);
  return { places, one, other, by, side, says: verdict(one, other, nTest) };
}

/** Mean and standard error of the differences of all runs. */
function whole({ seeds, accuracies: [one, other] }) {
  const all = one.map((score, i) => score - other[i]);
  const by = mean(all);
  const spread = Math.sqrt(sum(all.map((d) => (d - by) ** 2)) / Math.max(1, all.length - 1));
  return { by, spread, error: spread / Math.sqrt(seeds.length) };
}

/** What the first draws say together: how often each side won, and how often the winner changed. */
export function tally(draws) {
  const count = (holds) => draws.filter(holds).length;
  const sides = draws.map(({ side }) => side).filter(Boolean);
  return {
    first: count(({ side }) => side > 0), second: count(({ side }) => side < 0),
    level: count(({ side }) => !side),
    changes: sides.filter((s, i) => i && s !== sides[i - 1]).length,
    agree: count(({ says }) => says === "agree"),
    disagree: count(({ says }) => says === "disagree"),
    undecided: count(({ says }) => says === "undecided"),
  };
}

/** A function of the traits that gives the pair, all of its draws, and what all runs say. */
export function computer(runs, study) {
  const once = memory();
  const nTest = study.test_images ?? Infinity;
  return (p) => {
    const pair = runs.find(({ axis }) => axis === p.axis);
    const made = once("made", [p.axis, p.seeds, p.chance], () => []);
    while (made.length < p.draws) made.push(drawOne(pair, p, made.length, nTest));
    const draws = made.slice(0, p.draws);
    return { p, pair, draws, whole: once("whole", [p.axis], () => whole(pair)) };
  };
}
