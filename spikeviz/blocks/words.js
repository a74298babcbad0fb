// What SpikeBlockExplorer says: formulas, the lines of spikeatconv, what is learned, questions.

import { SIDE, distinct, numbers } from "./blocks.js";
import { counted, percent, show } from "../base/page.js";

export const NAMES = {
  sl: "SL, single LIF", rl: "RL, residual LIF", mbpl: "MBPL, multi-branch parallel LIF",
  hsl: "HSL, half-split LIF", dcl: "DCL, dual-convolution LIF",
};
const FORMULAS = {
  sl: "SL(x) = LIF(x)",
  rl: "RL(x) = P · Concat(LIF₂(h), h), h = LIF₁(x)",
  membrane: "MBPL(x) = M(S), S = Σᵢ LIF(x; V_th,i)",
  spike: "MBPL(x) = LIF(x + M(S)), S = Σᵢ LIF(x; V_th,i)",
  sum: "MBPL(x) = Σᵢ LIF(x + M(S); V_th,i), S = Σᵢ LIF(x; V_th,i)",
  none: "MBPL(x) = S = Σᵢ LIF(x; V_th,i)",
  hsl: "HSL(x) = Concat(LIF(x₁; τ₁), LIF(x₂; τ₂))",
  dcl: "DCL(x) = Concat(LIF(Conv3×3(x)), LIF(Conv5×5(x)))",
};

export const formulaOf = ({ block, mixer, readout }) =>
  FORMULAS[block] ?? FORMULAS[mixer] ?? FORMULAS[readout];

/** A question before the answer, and the setting in which to look. */
export const QUESTIONS = {
  sl: ["The input stays at 0.9 and the threshold is 1. Does SL ever fire?",
    "No. H creeps up to 0.9 and never reaches 1. What lies below the threshold for ever is lost.",
    { mode: "signal", stimulus: "constant", amplitude: 0.9, v_threshold: 1, selected: "lif" }],
  rl: ["LIF₂ hears only 0 and 1. What does it pass on if its threshold is 1 as well?",
    "Nothing: with τ = 2 its membrane gets to 1 − 2^−T at most. So our second threshold is 0.6: " +
    "it asks for two spikes close in time.",
    { tau: 2, second_threshold: 1, selected: "second" }],
  mbpl: ["Each branch says only 0 or 1. How many values can the sum of n branches take?",
    "n + 1: it counts the branches that fire. Sent as it is, it is n spike trains on one wire; M " +
    "makes real values of it.", { readout: "sum", mixer: "none", selected: "" }],
  hsl: ["Both halves get the same input, τ₁ = 2 and τ₂ = 4. Which one fires less?",
    "The one with τ₂ = 4: each step takes in only a quarter of the input. It is slower, and it " +
    "remembers longer.", { second: "same", taus: [2, 4], selected: "concat" }],
  dcl: ["A centre-surround kernel on an even patch of ink: what reaches the LIF in its middle?",
    "Nothing: the kernel sums to 0, so what is even cancels. Only edges and fine strokes drive " +
    "the LIF.", { mode: "image", fine: "centre-surround", selected: "fine.0" }],
};

export const LINES = "Its lines in spikeatconv"; // folded: an exercise asks for those of RL

const LIF =
  "H[t] = V[t−1] + (X[t] − V[t−1]) / τ; S[t] = 1 if H[t] ≥ V_th; then V[t] = 0, else V[t] = H[t]";
const CHOSEN = "Chosen here, not learned. BatchNorm as before training: it divides by √(1 + 10⁻⁵).";
const PIXEL = " A signal is one pixel: of a kernel it meets the centre only.";
const SENT = "Sent as it is: n spike trains on one wire (our choice R6). The next layer just adds.";
const CLOSING = "One more LIF: spikes leave the block. readout = \"spike\", as for Q, K, V.";

/** Of each box, "block/name" or its kind: equation, lines of spikeatconv after a |, a note. */
const WORDS = Object.fromEntries(`
x: x[t], the input current
| check_feature_map(x, self.channels, self)
Two channels. Inside a network x comes from a convolution and BatchNorm.

lif: ${LIF}
The same neuron at every pixel of every channel, each with a membrane of its own.

sl/lif: ${LIF}
| return self.lif(x)
The whole block: one neuron at every pixel of every channel.

rl/first: h = LIF₁(x)
| h = self.first(x)
LIF₁ hears the input; its spikes h go two ways.

rl/second: LIF₂(h)
| self.second = LIF(**{**options, "v_threshold": second_threshold})
| return self.closing(self.project(torch.cat([self.second(h), h], dim=2)))
It fires where LIF₁ fired more than once in a short time. At a threshold of 0.6 and τ = 2 a single
spike leaves H at 0.5.

rl/concat: Concat(LIF₂(h), h), so 2C channels
| torch.cat([self.second(h), h], dim=2)
Channels 1 and 2 are LIF₂(h), 3 and 4 are h: the residual.

project: P: out = a · LIF₂(h) + b · h, a 1×1 convolution, 2C → C
| self.project = conv_norm(2 * channels, channels) if project else nn.Identity()
The paper leaves 2C channels; P is our choice R3, so that the block fits anywhere. ${CHOSEN}

mbpl/lif: LIF(x; V_th,i), its own threshold, the same x
| self.branches = LIFSum(thresholds, **branch_options)
Side by side: a low threshold sees faint ink, a high one only the brightest.

sum: S = Σᵢ LIF(x; V_th,i), a count from 0 to n
| return self.mixers[0](self.branches(x))
M is linear and shared by the branches: it is evaluated once, on their sum (our choice R4).

none/branches: S = Σᵢ LIF(x; V_th,i), a count from 0 to n
| return self.branches(x)
${SENT}

sum/closing: Σᵢ LIF(x + M(S); V_th,i), a count from 0 to n
| return self.closing(x + membrane if self.residual else membrane)
${SENT}

lif/closing.i: LIF(x + M(S); V_th,i), its own threshold, the same x + M
| self.closing = LIFSum(thresholds, **{**branch_options, **(closing or {})})
The branches once more, now over a membrane that M has changed.

mixer: M: a 7×7 depthwise convolution, then BatchNorm
| mix = conv_norm(channels, channels, 7, groups=channels)
${CHOSEN}

residual: x + M(S)
| return self.closing(x + membrane if self.residual else membrane)
What fires next sees x as well, so that a gradient need not pass two surrogates in a row (our
choice).

half: x₁, x₂: the two halves of the channels
| x1, x2 = x[:, :, : self.channels // 2], x[:, :, self.channels // 2 :]
Each half goes to a LIF of its own.

hsl/lif: LIF(xᵢ; τᵢ)
| return torch.cat([self.lifs[0](x1), self.lifs[1](x2)], dim=2)
Only τ differs between the halves: a larger one is slower and remembers longer.

hsl/concat: Concat(LIF(x₁; τ₁), LIF(x₂; τ₂))
| return torch.cat([self.lifs[0](x1), self.lifs[1](x2)], dim=2)
Channel 1 from the first half, channel 2 from the second.

fine: Conv3×3(x), then BatchNorm: C → C/2
| self.fine = nn.Sequential(conv_norm(channels, half, 3, norm=norm), LIF(**options))
It sees the mean of both channels. ${CHOSEN}

wide: Conv5×5(x), then BatchNorm: C → C/2
| conv_norm(channels, channels - half, 5, norm=norm), LIF(**options)
It sees the mean of both channels. ${CHOSEN}

dcl/lif: LIF(Conv(x))
| return torch.cat([self.fine(x), self.wide(x)], dim=2)
It fires where its kernel finds enough of what it looks for. A negative answer never fires.

dcl/concat: Concat(LIF(Conv3×3(x)), LIF(Conv5×5(x)))
| return torch.cat([self.fine(x), self.wide(x)], dim=2)
Channel 1 saw 3×3 pixels, channel 2 saw 5×5.

rl/closing: S = LIF(P · Concat(LIF₂(h), h))
| self.closing = LIF(**options) if readout == "spike" else nn.Identity()
${CLOSING}

mbpl/closing: LIF(x + M(S))
| return self.closing(x + membrane if self.residual else membrane)
${CLOSING}`.trim().split("\n\n").map((entry) => {
  const [, name, equation, code, note] = entry.match(/^(.*?): (.*)\n((?:\| .*\n)*)([^]*)$/);
  return [name, [equation, code.replace(/^\| /gm, "").trim(), note.replaceAll("\n", " ")]];
}));

/** [equation, lines of code, note] of a box. */
export function words(block, { name, kind }, p) {
  const places = [`${p.mixer}/${name}`, `${kind}/${name.replace(/\d/, "i")}`, `${block}/${name}`,
    `${block}/${kind}`, kind];
  const [equation, code, said] = WORDS[places.find((place) => WORDS[place])];
  const { module, channels, of, seed } = p.learned;
  const note = kind === "mixer" && p.mixer === "learned"
    ? `Learned: kernels and BatchNorm of channels ${channels.join(" and ")} of ${of} in a Micro ` +
      `trained so, seed ${seed} (${module}). There they see learned features, here your input.`
    : said;
  const weighs = ["mixer", "fine", "wide"].includes(kind) && p.mode === "signal";
  return [equation, code, note + (weighs ? PIXEL : "")];
}

/** A value in the space of a box. */
export function inShort(value, long) {
  const { rate, low, high } = numbers(value);
  if (value.most === 1) return percent(rate);
  return long ? `${show(low, 2)} … ${show(high, 2)}` : `≤ ${show(high, 1)}`;
}

/** The numbers of a value in words. */
function facing(value) {
  const { rate, low, high } = numbers(value);
  if (value.most === 1) return `${percent(rate)} spikes`;
  return `${percent(rate)} not 0, ${show(low)} to ${show(high)}, ${different(value)}`;
}

const different = (value) => counted(distinct(value), "different value");

export const cardText = (output) =>
  `${percent(numbers(output).rate)} not 0, ${counted(distinct(output), "value")}`;

export function summaryOf({ p, output: { most }, output }) {
  const linear = p.block === "rl" ? "P" : "M";
  const next = [
    `real values, so the next layer multiplies, unless ${linear} is merged into it`,
    "only spikes, so the next layer just adds",
  ][most] ?? `0 to ${most} spikes, ${most} trains on one wire, so the next layer just adds`;
  const centre = p.block === "dcl" && p.mode === "signal" ? PIXEL : "";
  return `${p.block.toUpperCase()} passes on ${next}: ${facing(output)}.${centre}`;
}

export function factsOf(value) {
  const { side, channels, steps, most } = value;
  const few = most === 1 ? `, ${different(value)}` : "";
  const shape = `[T, B, C, H, W] = [${steps}, 1, ${channels}, ${side}, ${side}]`;
  const sizes = [counted(steps, "step"), "1 sample", counted(channels, "channel")].join(", ");
  return `All steps, channels and pixels: ${facing(value)}${few}. Shape ${shape}: ${sizes}, ` +
    `${side}×${counted(side, "pixel")}.`;
}

/** Where the step below is: at a pixel of the first channel. */
export function placeOf({ p, chosen, here, step }) {
  const where = `Row ${p.row}, column ${p.column} (marked, click another), channel 1`;
  const { channels, most } = here[chosen.name];
  const lanes = chosen.kind !== "lif" && most === 1; // bars, not lines
  const others = channels < 2 ? "" : lanes ? " in the upper lane" : " solid, others dashed";
  return `${p.mode === "image" ? where : "Channel 1"}${others}. Step ${step + 1}:`;
}

const total = (parts) => parts.map((part, i) =>
  (i && part < 0 ? `− ${show(-part)}` : `${i ? "+ " : ""}${show(part)}`)).join(" ");

/** The step at one place of the first channel, line by line: [name, formula, numbers]. */
export function stepOf({ p, here, chosen, step }) {
  const at = p.mode === "image" ? p.row * SIDE + p.column : 0;
  const index = ({ channels, side }, t) => t * channels * side ** 2 + at;
  const now = (name) => here[name].data[index(here[name], step)];
  const inputs = chosen.from.map(now);
  const [x, out, value] = [inputs[0], now(chosen.name), here[chosen.name]];
  if (chosen.kind === "lif") {
    const { tau, v_threshold } = chosen;
    const last = index(value, step - 1);
    const before = !step || value.data[last] ? 0 : value.membrane[last];
    const h = show(value.membrane[index(value, step)]);
    const down = before < 0 ? `(${show(before)})` : show(before);
    return [
      ["Charge", "V + (X − V) / τ",
        `${show(before)} + (${show(x)} − ${down}) / ${show(tau)} = ${h}`],
      ["Fire?", "H ≥ V_th", `${h} ${out ? "≥" : "<"} ${show(v_threshold)}, so S = ${out}`],
      ["Reset", out ? "V = 0" : "V = H", out ? "a spike, V is 0 again" : `no spike, V stays ${h}`],
    ];
  }
  const seen = (pixels) => (p.mode === "image" ? `${pixels} pixels` : "1 pixel");
  const told = {
    sum: () => `${total(inputs)} = ${out}`,
    residual: () => `${total(inputs)} = ${show(out)}`,
    project() {
      const [a, b] = chosen.weights.map((weight) => show(weight));
      const weighed = `${a} · ${now("second")} + ${b} · ${now("first")}`;
      return `${weighed} → ${show(out)}`.replace("+ −", "− ");
    },
    mixer: () => `${seen(49)} weighed, then BatchNorm: ${show(out)}`,
    fine: () => `${seen(9)} of 2 channels weighed: ${show(out)}`,
    wide: () => `${seen(25)} of 2 channels weighed: ${show(out)}`,
  }[chosen.kind] ?? (() => show(out));
  return [["Value", "at this step", told()]];
}
