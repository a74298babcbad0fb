// The arithmetic of EnergyExplorer: the paper's sum, with the same operations in the same order as
// spikeatconv/energy.py.  A row is [layer, kind, flops, input, rate, passes, twin].

const MILLIJOULE = 1e-9; // of a pJ
const SPIKE_INPUTS = ["binary", "spike sum"];
export const MEASURED = { e_mac: 4.6, e_a: 0.9, time_steps: null, rate_factor: 1,
  one_rate: null, rates: {} };

/** The one R at which all layers that are fed with spikes cost what they cost together. */
export function meanRate(rows) {
  let [work, spikes] = [0, 0];
  for (const [, , flops, input, rate, passes] of rows) {
    if (!SPIKE_INPUTS.includes(input)) continue;
    work += passes * flops;
    spikes += passes * flops * rate;
  }
  return work ? spikes / work : 0;
}

/**
 * Each row with its price under the settings (the traits of EnergyExplorer):
 * {layer, kind, flops, plain (those of the twin), input, rate or null where E_MAC is charged,
 * passes, snn, ann in mJ, twin}.
 */
export function price({ rows, merged, paper_rate, time_steps: measured }, settings) {
  const { e_mac, e_a, time_steps, rate_factor, one_rate, rates, counting } = settings;
  const paper = counting === "paper" ? paper_rate : null;
  const asOne = (counting === "merged" && merged) || {};
  return rows.map(([layer, kind, plain, fed, measuredRate, once, twin]) => {
    const [flops, input, own] = asOne[layer] ?? [plain, fed, measuredRate];
    let rate = null;
    if (layer in rates && input !== "image") rate = rates[layer];
    else if (SPIKE_INPUTS.includes(input) || (paper !== null && input !== "image"))
      rate = one_rate ?? (paper ?? own) * rate_factor;
    const still = input === "image" && measured === 1; // a still image is computed once
    const passes = once === measured && time_steps !== null && !still ? time_steps : once;
    const snn = passes * flops * (rate === null ? e_mac : e_a * rate) * MILLIJOULE;
    const ann = (twin ? plain : 0) * e_mac * MILLIJOULE;
    return { layer, kind, flops, plain, input, rate, passes, twin, snn, ann };
  });
}

export const total = (priced, what) => priced.reduce((sum, row) => sum + row[what], 0);

/** T · R below which additions beat multiplications. */
export const breakEven = ({ e_mac, e_a }) => e_mac / e_a;

/** "wins" or "loses" against the twin's same layer; "alone" where the twin has none. */
export const verdict = ({ snn, ann, twin }) => (!twin ? "alone" : snn < ann ? "wins" : "loses");

/** How a row is paid: "mac" (E_MAC), "sum" (E_A · Σ R of spike trains) or "add" (E_A · R). */
export const pays = ({ rate, input }) =>
  rate === null ? "mac" : input === "spike sum" ? "sum" : "add";

/** The part of the network that a layer belongs to: "stem", "stages.0", "blocks.3", "head". */
function stageOf(layer) {
  const [first, second = ""] = layer.split(".");
  if (first.startsWith("stem")) return "stem";
  return /^\d+$/.test(second) ? `${first}.${second}` : first;
}

/** Neighbouring rows of one stage: [{name, from, to, rows}]. */
function stages(priced) {
  const found = [];
  priced.forEach((row, k) => {
    const name = stageOf(row.layer);
    if (found.at(-1)?.name !== name) found.push({ name, from: k, rows: [] });
    found.at(-1).rows.push(row);
    found.at(-1).to = k + 1;
  });
  return found;
}

/**
 * What is on show of a report. show: {layer, by, log}; hovered: the {group, layer} that is pointed
 * at, or null; wide: the room for the bars in pixels.
 */
export function compute(report, settings, show, hovered, wide) {
  const { counting } = settings;
  const [priced, before] = [price(report, settings), price(report, { ...MEASURED, counting })];
  const spans = stages(priced);
  const single = show.by === "layer" && wide / priced.length >= 4.5; // else bars too thin
  const groups = single ? priced.map((row) => ({ name: row.layer, rows: [row] })) : spans;
  const looked = hovered?.layer ?? show.layer;
  for (const group of groups)
    group.chosen = hovered?.group === group.name || (single && group.name === looked);
  return {
    ...show, report, settings, priced, before, groups, single, looked,
    spans: single ? spans : spans.map((span, k) => ({ ...span, from: k, to: k + 1 })),
    snn: total(priced, "snn"), ann: total(priced, "ann"),
    was: { snn: total(before, "snn"), ann: total(before, "ann") },
  };
}

/** Reports whose accuracy was measured too, at the prices of `s`: [{name, energy, accuracy from 0
 *  to 1, chosen}]; layers moved by hand stay out. */
export function measuredPoints(reports, { report: shown, settings }) {
  return reports.flatMap((report) => {
    const priced = price(report, { ...settings, rates: report === shown ? settings.rates : {} });
    const [energy, twin] = [total(priced, "snn"), total(priced, "ann")];
    const name = report.name.replace(/^Micro, |, trained$|with (a )?/g, "");
    const point = { name, energy, accuracy: report.accuracy, chosen: report === shown };
    const accuracy = report.twin_accuracy;
    return accuracy ? [point, { name: "the twin", energy: twin, accuracy }] : [point];
  });
}
