// What one sample costs: the additions of the network beside the multiplications of its twin,
// counted as spikeatconv's energy_report counts by the inputs.

import { MEASURED } from "../energy/energy.js";

/**
 * spikes: of each layer's neurons, a sample, over all steps; fed: spikes that come in as input.
 * additions: one for each spike and weight that it goes to. multiplications: the first layer on
 * currents that are no spikes, which do not change, so once. A twin multiplies at every weight.
 */
export function count({ layers, settings, still, steps }, spikes, fed) {
  const works = layers.map(({ inputs, outputs }) => inputs * outputs);
  const twin = works.reduce((sum, work) => sum + work, 0);
  if (!settings.spiking)
    return { additions: 0, multiplications: twin, twin, ...price(0, twin, twin), rate: 0, steps };
  const sums = spikes.map((each) => each.reduce((sum, n) => sum + n, 0));
  const neurons = spikes.reduce((sum, each) => sum + each.length, 0);
  const additions = [still ? 0 : fed, ...sums].reduce(
    (sum, sent, l) => sum + sent * layers[l].outputs, 0);
  const multiplications = still ? works[0] : 0;
  return {
    additions, multiplications, twin, ...price(additions, multiplications, twin),
    rate: sums.reduce((sum, n) => sum + n, 0) / neurons / steps, steps,
  };
}

const price = (additions, multiplications, twin) => ({
  snn_pj: additions * MEASURED.e_a + multiplications * MEASURED.e_mac,
  ann_pj: twin * MEASURED.e_mac,
});
