// What SpikingPlayground says: names, its summary, the numbers with their formulas.

import { counted, grouped, percent, show } from "../base/page.js";

export const SETS = {
  moons: "moons", circles: "circles", xor: "XOR", spiral: "spiral", gaussians: "Gaussians",
  points: "my own",
};

/** A number, where weights that exploded leave one. */
const told = (value, digits) => (Number.isFinite(value) ? show(value, digits) : "not finite");

/** "0.3" → "1.4": people count from 1. */
export const named = (name) => name.split(".").map((at) => Number(at) + 1).join(".");

/** What is wrong with the neurons: {"0.3": "dead"}. */
export function flawsOf({ silent }, numbers) {
  const found = {};
  for (const flaw of ["dead", "saturated"]) for (const name of numbers[flaw]) found[name] = flaw;
  for (const name of silent) found[name] = "silenced";
  return found;
}

const right = ({ accuracy }) => (Number.isFinite(accuracy) ? percent(accuracy, 0) : "none");

export function summaryText({ settings, session, numbers }) {
  const { train, test } = session.trainer.points;
  if (!train.length)
    return "No points yet: choose a colour below the plane, then click into it.";
  const { steps } = session.trainer;
  const learned = steps ? `After ${counted(steps, "step")}` : "Untrained";
  const tested = test.length ? `${right(numbers.test)} of ${grouped(test.length)} test points`
    : "no test points";
  const loss = told(numbers.train.loss, 3);
  const flaws = ["dead", "saturated"].filter((flaw) => numbers[flaw].length)
    .map((flaw) => `${numbers[flaw].length} ${flaw}`).join(", ");
  return `${learned}: ${tested} right, ${right(numbers.train)} of those that train, loss ` +
    `${loss}${settings.spiking && flaws ? `; neurons: ${flaws} on the points that train` : ""}.`;
}

/** [name, formula, numbers] of what it costs. */
export function costRows({ settings, numbers }) {
  const { additions, multiplications, twin, rate, steps } = numbers;
  const [snn, ann] = [numbers.snn_pj, numbers.ann_pj].map((pj) => `${grouped(Math.round(pj))} pJ`);
  if (!settings.spiking)
    return [["Rate", "a twin has no spikes", ""],
      ["Work", "every weight multiplies once", `${twin} multiplications a sample`],
      ["Energy", "4.6 pJ · multiplications", ann]];
  const first = multiplications && `, and ${multiplications} multiplications of its first layer`;
  return [
    ["T · R", "T · spikes a neuron and step",
      `${steps} · ${show(rate)} = ${show(steps * rate, 2)}`],
    ["Work", "each spike adds a weight for each neuron it reaches",
      `${show(additions, 0)} additions a sample${first || ""}; the twin: ${twin} multiplications`],
    ["Energy", "0.9 pJ · additions + 4.6 pJ · multiplications", `${snn}; the twin: ${ann}`],
  ];
}

/** What stands over the bars of the point: what goes in, what comes out. */
export function pointWords({ point: [x, y], run, settings }) {
  const into = settings.coding === "constant" ? "in: x, y" : "in: x, −x, y, −y";
  const mean = run.logits.reduce((sum, logit) => sum + logit, 0) / run.logits.length;
  const sure = Number.isFinite(run.probability) ? percent(run.probability, 0) : "nothing finite";
  return {
    into, out: `logit, mean ${told(mean, 2)}`,
    says: `Point (${show(x, 2)}, ${show(y, 2)}): blue with ${sure}.`,
  };
}
