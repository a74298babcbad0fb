// What MBPLExplorer says: in a line, step by step with the numbers, and in answer to its question.

import { LONGEST, MOST, SHADES } from "./mbpl.js";
import { counted, show } from "../base/page.js";

const ADDS = 0.01; // bits, from which a threshold is said to add something

export const HINT =
  "Drag in the curves to set n and T. Dotted: all bits there are, and the error without any " +
  "spike. Bits: how well the sum over T steps tells 256 inputs (or the image's grey levels) " +
  "apart; more steps need not tell more, as two inputs can end with one sum. Error: of the " +
  "input read back by the best straight line, root mean square.";
export const SOURCE =
  "Thresholds 0.5, 1, 1.5, 2 are our choice (R5): the paper gives only their number. The paper, " +
  "ResNet-18 on CIFAR-100: 4 branches 74.4 %, its best; 8 branches 59.0 %. That is accuracy " +
  "after training: the curves here do not explain the fall.";

const two = (value) => show(value, 2);
const list = (values, join = ", ") => Array.from(values, two).join(join);

export function summaryOf({ p, n, runs, levels, isImage, bits, now: { information, error } }) {
  const who = isImage ? `Pixel (${p.row}, ${p.column}), ` : "";
  const branches = `${n} branch${n === 1 ? "" : "es"}`;
  const spikes = counted(runs.reduce((sum, run) => sum + run.count, 0), "spike");
  const steps = `${counted(p.time_steps, "step")}: ${levels} of ${n + 1} levels used`;
  const told = `The sum tells ${two(information)} of ${two(bits)} bits, error ${show(error)}.`;
  return `${who}${branches}, ${spikes} in ${steps}. ${told}`;
}

/** What a screen reader hears of each picture. */
export const LABELS = {
  traces: (state) => "The input, the sum of the spikes, and the membrane of each branch with its " +
    `spikes. ${summaryOf(state)}`,
  photos: ({ p, cursor }) => `Pixel in row ${p.row}, column ${p.column}: arrow keys move, a ` +
    `click chooses. Pictures: the input, the sum of the spikes at step ${cursor + 1}, the input ` +
    "as read from all steps so far, and M of the sum.",
  curves({ p, n, bits, bySteps, now: { information, error } }) {
    const [first, last] = [bySteps[0], bySteps[LONGEST - 1]].map((one) => two(one.information));
    const told = `${two(information)} of ${two(bits)} bits, error ${show(error)}`;
    return `Now, with n = ${n} and T = ${p.time_steps}: ${told}. Information rises from ${first} ` +
      `bits at T = 1 to ${last} at T = ${LONGEST}.`;
  },
};

/** The step at the cursor, line by line: [name, formula, numbers]. */
export function stepOf({ p, n, runs, total, cursor, x, isImage, mixed, size }, module) {
  const of = (key, join) => list(runs.map((run) => run[key][cursor]), join);
  const before = list(runs.map((run) => (cursor ? run.v[cursor - 1] : 0)));
  const mixes = {
    identity: "leaves it",
    mean: "mean of the 7×7 sums around the pixel",
  }[p.mixer] ?? p.mixer.replace("learned", `7×7 weights of ${module} (shipped Micro), channel`);
  const here = isImage && show(mixed[p.row * size + p.column]);
  return [
    ["Charge", "Hᵢ = Vᵢ + (x − Vᵢ) / τ", `x = ${show(x[cursor])}, V = ${before}: H = ${of("h")}`],
    ["Fire?", "Sᵢ = 1 if Hᵢ ≥ V_th,i", `V_th = ${list(p.thresholds)}: S = ${of("s")}`],
    ["Sum", "Σᵢ LIF(x; V_th,i)", `${n === 1 ? "" : `${of("s", " + ")} = `}${total[cursor]}`],
    ["M", "MBPL(x) = M(Σᵢ LIF(x; V_th,i))", isImage
      ? `${mixes}: ${here} here. It makes a feature for the next layer, not a copy.`
      : "M mixes neighbours in space: take an image as input to see it."],
  ];
}

export const challengeOf = (n, { told, thresholds }) =>
  `Then drag the thresholds: how much can ${n} tell? Your best so far: ${two(told)} bits, with ` +
  `${list(thresholds)}.`;

/** Whether an 8th threshold adds anything, once the reader has guessed. */
export function answerOf({ p, all, spikes, byBranches }) {
  if (!p.guess) return "Guess first; then the curve goes on to 8.";
  const [without, told] = byBranches.slice(MOST - 2).map(({ information }) => information);
  const adds = told - without >= ADDS;
  const silent = !spikes[MOST - 1].subarray(0, p.time_steps * SHADES).includes(1);
  const fires = adds
    ? "it fires for inputs that the other seven mix up"
    : "it fires, but tells nothing that the others do not";
  const why = silent ? "no input lifts its membrane that high, so it never fires" : fires;
  const sum = `takes the sum from ${two(without)} to ${two(told)} bits`;
  return `You said ${p.guess}. ${adds ? "It does" : "It does not"}: the 8th, ` +
    `V₈ = ${two(all[MOST - 1])}, ${sum}; ${why}. ` +
    "Does it stay so with another amplitude, T or τ?";
}
