// What EnergyExplorer says: energies with units, what was changed, formulas with their numbers.

import { MEASURED, breakEven, pays, total, verdict } from "./energy.js";
import { show, percent, grouped, counted, joules } from "../base/page.js";

const INPUTS = {
  image: "fed with the image", real: "fed with real values", binary: "fed with binary spikes",
  "spike sum": "fed with a sum of spike trains, 0 to n", merged: "merged into what it feeds",
};

const digits = (value, most, places) =>
  Number(value.toPrecision(most)).toLocaleString("en", { maximumFractionDigits: places });

/** What differs from the measurement. */
export function changesOf({ report: { rows, time_steps: measured }, settings: now }) {
  const moved = rows.filter(([layer, , , input]) => layer in now.rates && input !== "image").length;
  const steps = now.time_steps ?? measured;
  return [
    now.e_mac !== MEASURED.e_mac && `E_MAC ${show(now.e_mac)} pJ`,
    now.e_a !== MEASURED.e_a && `E_A ${show(now.e_a)} pJ`,
    steps !== measured && `T ${steps} at the R of T = ${measured}`,
    now.one_rate === null && now.rate_factor !== 1 && `R × ${show(now.rate_factor)}`,
    now.one_rate !== null && `R ${show(now.one_rate)} everywhere`,
    moved && `R of ${counted(moved, "layer")} moved by hand`,
  ].filter(Boolean);
}

export const ASK = "Which needs less energy for one image, the spiking network or its twin?";
export const GUESSES = [["snn", "the spiking network"], ["twin", "its twin"]];
export const FIRST = "Guess first: then the bars show what both need.";

export function replyText({ guess, snn, ann }) {
  const right = (guess === "snn") === (snn < ann);
  return `You said ${Object.fromEntries(GUESSES)[guess]}. ${right ? "Right" : "No"}, as it stands:`;
}

export function summaryText({ snn, ann, priced }) {
  const twins = priced.filter((row) => row.twin);
  const wins = twins.filter((row) => verdict(row) === "wins").length;
  const ratio = snn / ann;
  const times = ratio >= 1 ? `${show(ratio, 2)} times what` : `${percent(ratio)} of what`;
  return `SNN ${joules(snn)}, its twin ${joules(ann)}: the SNN needs ` +
    `${ann > 0 ? times : "more than"} its twin needs; ` +
    `it wins in ${wins} of ${twins.length} layers.`;
}

export function sourceText({ name, note, data, accuracy, time_steps: steps }) {
  const right = accuracy ? `, which it gets ${percent(accuracy)} right` : "";
  const where = data || "a data set that was not named: EnergyExplorer(report, data=…)";
  return `${name}${note ? `: ${note}` : ""}. R was measured on ${where}${right}, at T = ${steps}.`;
}

/** How the report is counted, and what that changes in it. */
export function countingText({ report: { merged, paper_rate: rate }, settings: { counting } }) {
  if (counting === "input") return "Counted by each layer's own input: spikes pay E_A · R, real " +
    "values E_MAC.";
  if (counting === "paper") return rate === null
    ? "By the paper's formula; but nothing here is fed with spikes, so all pay E_MAC."
    : "By the paper's formula: all but the first layer pay E_A · T · R, whatever they are fed " +
      `with. R = ${digits(rate, 3, 4)}: the share of non-zero elements, mean of the spike tensors.`;
  if (!merged) return "A table alone does not say what could be merged: pass the report itself.";
  const gone = Object.values(merged).filter(([, input]) => input === "merged").length;
  return gone ? `${counted(gone, "convolution")} merged into the next, with nothing between: ` +
    "a larger kernel, but fed with spikes. Only where it is cheaper."
    : "Nothing to merge: between any two convolutions stands a neuron, or merging costs more.";
}

export function planeText({ settings, priced }) {
  const even = show(breakEven(settings), 2);
  const real = priced.filter((row) => row.rate === null && row.input === "real").length;
  const ask = real ? ` (${real} layers; drag one: what if it were fed with spikes?)` : "";
  return `Below the line T · R < ${even} an addition for each spike costs less than one ` +
    "multiplication. A square is fed with real values and pays E_MAC, " +
    `as much as R = ${even}${ask}. Size: FLOPs.`;
}

export function oursText(points) {
  const each = points.map(({ name, energy, accuracy }) =>
    `${name} ${joules(energy)}, ${percent(accuracy)}`);
  return `Ours: ${each.join("; ")}`;
}

/** The formula of what is looked at, with its numbers, in three lines. */
export function lookedText(s, groupName) {
  const group = !s.single && s.groups.find(({ name }) => name === groupName);
  if (group) {
    const [snn, ann] = ["snn", "ann"].map((what) => joules(total(group.rows, what)));
    return [`${group.name}: ${group.rows.length} layers`, `SNN ${snn}`, `its twin ${ann}`];
  }
  const row = s.priced.find(({ layer }) => layer === s.looked);
  if (row) return rowText(s, row);
  return ["Point at a bar or at a point, or tap one: its formula with the numbers.",
    "Bars that are too thin for a pattern are plain.", ""];
}

function rowText({ settings: { e_mac, e_a }, priced, before }, row) {
  const { layer, kind, input, rate, passes, snn, ann } = row;
  const [paid, flops] = [pays(row), `${grouped(row.flops)} FLOPs`];
  const price = paid === "mac" ? `${show(e_mac)} pJ`
    : `${show(e_a)} pJ × ${paid === "sum" ? "Σ R" : "R"} ${digits(rate, 4, 9)}`;
  const asIf = input === "real" && rate !== null ? ", priced as if they were spikes" : "";
  const was = before[priced.indexOf(row)].snn;
  const then = Math.abs(snn - was) > 1e-12 * was ? `, ${joules(was)} as measured` : "";
  const twin = row.twin
    ? `1 × ${grouped(row.plain)} FLOPs × ${show(e_mac)} pJ = ${joules(ann)}: `
      + `the SNN ${verdict(row)}`
    : "none: the twin has a GELU in place of the SPK block";
  return [
    `${layer} (${kind}), ${INPUTS[input]}${asIf}`,
    `SNN: ${passes} × ${flops} × ${price} = ${joules(snn)}${then}`,
    `Twin: ${twin}`,
  ];
}
