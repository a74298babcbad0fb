// What MBPLExplorer says: in a line, step by step with the numbers, and in answer to its question.

import { MOST, SHADES } from "./mbpl.js";
import { counted, show } from "../base/page.js";

const ADDS = 0.01; // bits, from which a threshold is said to add something

export const learnedOf = ({ module, seed }) =>
  `M's learned weights: ${module} of a trained Micro, seed ${seed}.`;
export const BEFORE = " Dashed: before the last change.";
export const CREDIT = "Photograph: vultilion, Flickr, CC BY 2.0, cropped, in grey levels.";
export const SOURCE =
  "Thresholds 0.5, 1, 1.5, 2 are our choice (R5): the paper gives only their number. The paper, " +
  "ResNet-18 on CIFAR-100: 4 branches 74.4 %, its best; 8 branches 59.0 %. That is accuracy " +
  "after training: the curves here do not explain the fall.";

export const WHOLE = [
  "The block sends 3. Is that a spike?",
  "It is three: of its n trains three fire at this step, and the next layer adds its weight " +
  "three times. Put one after the other, as n short steps, each is 0 or 1 (as in I-LIF: " +
  "SpikeYOLO, ECCV 2024). What the membrane sends is no number of spikes: the next layer has to " +
  "multiply by it, unless M is merged into that layer.",
];

const sumOf = (mixer) => (mixer === "none" ? "S" : "Σᵢ LIF(x + M(S); V_th,i)");

/** What is sent at a step, by readout. */
export const SENDS = {
  membrane: (sent, t) => `M(S) = ${show(sent.membrane[t])}, a real value`,
  spike: (sent, t) => `LIF(x + M(S)) = ${sent.spike[t]}`,
  sum: (sent, t, { mixer }, n) => `${sumOf(mixer)} = ${sent.sum[t]} of ${n} trains`,
};

const two = (value) => show(value, 2);
const list = (values, join = ", ") => Array.from(values, two).join(join);

const kinds = (n) => ({
  membrane: "real values", spike: "spikes, 0 or 1", sum: `0 to ${n} spikes`,
});

export function summaryOf(state) {
  const { p, n, runs, levels, isImage, bits, now: { information, error } } = state;
  const who = isImage ? `Pixel (${state.row}, ${state.column}), ` : "";
  const branches = `${n} branch${n === 1 ? "" : "es"}`;
  const spikes = counted(runs.reduce((sum, run) => sum + run.count, 0), "spike");
  const steps = `${counted(p.time_steps, "step")}: ${levels} of ${n + 1} levels used`;
  const told = `The sum tells ${two(information)} of ${two(bits)} bits, error ${show(error)}.`;
  return `${who}${branches}, ${spikes} in ${steps}. ${told} Sent: ${kinds(n)[p.readout]}.`;
}

/** What a screen reader hears of each picture. */
export const LABELS = {
  traces: (state) => "The input, the sum of the spikes, and the membrane of each branch with its " +
    `spikes. ${summaryOf(state)}`,
  sent({ p, n, sent, cursor }) {
    const ways = Object.keys(SENDS).filter((readout) => sent[readout]);
    const said = ways.map((readout) => `${readout}: ${SENDS[readout](sent, cursor, p, n)}`);
    return `What the block sends to the next layer at step ${cursor + 1}. ${said.join("; ")}.`;
  },
  photos: ({ row, column, x, bySteps }) => `Pixel in row ${row}, column ${column}: arrow keys ` +
    "move, a click chooses. Pictures: the input, its spikes as they add up, the input as read " +
    `back from them, the error of that: ${show(bySteps[x.length - 1].error)} after all steps.`,
  sending: ({ p, n, cursor }) => `Pictures of step ${cursor + 1}: the sum of the spikes, what is ` +
    `sent, ${kinds(n)[p.readout]}, the spikes of each branch, and the mixer.`,
  curve({ p, n, bits, byBranches, now: { information } }) {
    const first = two(byBranches[0].information);
    return `With one branch the sum tells ${first} bits, with the ${n} on show ` +
      `${two(information)} of ${two(bits)}, at T = ${p.time_steps}.`;
  },
};

/** The step at the cursor, line by line: [name, formula, numbers]. */
export function stepOf({ p, n, runs, total, cursor, x, isImage, sent, kernel, shift }) {
  const of = (key, join) => list(runs.map((run) => run[key][cursor]), join);
  const before = list(runs.map((run) => (cursor ? run.v[cursor - 1] : 0)));
  const mixes = {
    identity: "leaves it",
    mean: "mean of the 7×7 sums around the pixel",
  }[p.mixer] ?? p.mixer.replace("learned", "7×7 learned weights, channel");
  const m = sent.membrane && show(sent.membrane[cursor]);
  const centre = kernel &&
    `of one pixel its centre: ${show(kernel[24])} · ${total[cursor]} + ${show(shift)} = ` +
    `${m}. Take an image as input to see it mix.`;
  return [
    ["Charge", "Hᵢ = Vᵢ + (x − Vᵢ) / τ", `x = ${show(x[cursor])}, V = ${before}: H = ${of("h")}`],
    ["Fire?", "Sᵢ = 1 if Hᵢ ≥ V_th,i", `V_th = ${list(p.thresholds)}: S = ${of("s")}`],
    ["Sum", "S = Σᵢ LIF(x; V_th,i)", `${n === 1 ? "" : `${of("s", " + ")} = `}${total[cursor]}`],
    ["M", kernel ? "M(S)" : "none", kernel
      ? isImage ? `${mixes}: ${m} here. It makes a feature, not a copy.` : centre
      : "S is sent as it is"],
    ["Send", ...sendOf(p, n, sent, cursor)],
  ];
}

/** [formula, numbers] of what is sent at a step. */
function sendOf({ readout, mixer }, n, sent, t) {
  const value = sent[readout][t];
  if (readout === "membrane")
    return ["M(S), a real value", `${show(value)}: the next layer multiplies by it`];
  const adds = value ? `its weight ${counted(value, "time")}` : "nothing";
  const own = mixer === "none" ? "" : "S′: ";
  const parts = n === 1 || readout === "spike" ? []
    : [own + sent.trains.map((train) => train[t]).join(" + ")];
  const formula = readout === "spike" ? "LIF(x + M(S)), 0 or 1" : `${sumOf(mixer)}, 0 to ${n}`;
  return [formula, `${[...parts, value].join(" = ")}: the next layer adds ${adds}`];
}

export const challengeOf = (n, { told, thresholds }) =>
  "How well the sum over T steps tells 256 inputs (or the image's grey levels) apart. Drag the " +
  `ring to set n; drag the thresholds: how much can ${n} tell? Your best so far: ${two(told)} ` +
  `bits, with ${list(thresholds)}.`;

/** Whether an 8th threshold adds anything, once the reader has guessed. */
export function answerOf({ p, rungs, spikes, byBranches }) {
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
    `V₈ = ${two(rungs[MOST - 1])}, ${sum}; ${why}. ` +
    "Does it stay so with another amplitude, T or τ?";
}
