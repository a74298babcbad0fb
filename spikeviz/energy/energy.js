// The arithmetic of EnergyExplorer: the paper's sum, with the same operations in the same order as
// spikeatconv/energy.py.  A row is [layer, kind, flops, input, rate, passes, twin].

const MILLIJOULE = 1e-9; // of a pJ
export const SPIKE_INPUTS = ["binary", "spike sum"];

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
 * {layer, kind, flops, input, rate or null where E_MAC is charged, passes, snn, ann in mJ, twin}.
 */
export function price({ rows, time_steps: measured }, settings) {
  const { e_mac, e_a, time_steps, rate_factor, one_rate, rates, membranes } = settings;
  const mean = one_rate ?? meanRate(rows) * rate_factor;
  return rows.map(([layer, kind, flops, input, own, once, twin]) => {
    let rate = null;
    if (layer in rates && input !== "image") rate = rates[layer];
    else if (SPIKE_INPUTS.includes(input)) rate = one_rate ?? own * rate_factor;
    else if (input === "real" && membranes === "add") rate = mean;
    const still = input === "image" && measured === 1; // a still image is computed once
    const passes = once === measured && time_steps !== null && !still ? time_steps : once;
    const perFlop = rate === null ? e_mac : e_a * rate;
    return { layer, kind, flops, input, rate, passes, twin, snn: passes * flops * perFlop * MILLIJOULE, ann: (twin ? flops : 0) * e_mac * MILLIJOULE };
  });
}

export const total = (priced, what) => priced.reduce((sum, row) => sum + row[what], 0);

/** T · R below which additions beat multiplications. */
export const breakEven = ({ e_mac, e_a }) => e_mac / e_a;

/** "wins" or "loses" against the twin's same layer; "alone" where the twin has none. */
export const verdict = ({ snn, ann, twin }) => (!twin ? "alone" : snn < ann ? "wins" : "loses");

/** The part of the network that a layer belongs to: "stem", "stages.0", "blocks.3", "head". */
export function stageOf(layer) {
  const [first, second = ""] = layer.split(".");
  if (first.startsWith("stem")) return "stem";
  return /^\d+$/.test(second) ? `${first}.${second}` : first;
}

/** Neighbouring rows of one stage: [{name, from, to, rows}]. */
export function stages(priced) {
  const found = [];
  priced.forEach((row, k) => {
    const name = stageOf(row.layer);
    if (found.at(-1)?.name !== name) found.push({ name, from: k, rows: [] });
    found.at(-1).rows.push(row);
    found.at(-1).to = k + 1;
  });
  return found;
}
