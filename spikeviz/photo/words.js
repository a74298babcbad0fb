// What PhotoExplorer says.

import { counted, show } from "../base/page.js";

export const TITLES = {
  photo: "The photograph: point at a pixel", read: "Read back from the counts",
  curve: "Each T that you visit leaves a dot",
};
export const CLEAR = "Clear the dots";

export const clockOf = (place) => {
  const steps = Math.floor(place);
  return steps ? `T = ${steps}` : "T = 0, before the first step";
};

export const summaryOf = ({ p, error, bits, different }) =>
  `${p.neuron}${p.noise ? `, noise ${show(p.noise)}` : ""}, T = ${p.time_steps}: ` +
  `${counted(different, "different count")}, ${show(bits, 2)} bits about the brightness of a ` +
  `pixel, error ${show(error, 3)}.`;

/** One pixel: its brightness, its train, how it is read. */
export function pixelOf({ p, s, side, spikes, counts, picture }, pixel) {
  const shown = Math.min(p.time_steps, 32);
  const fired = (t) => spikes[t * s.length + pixel];
  const train = Array.from({ length: shown }, (_, t) => (fired(t) ? "▲" : "·"));
  const more = shown < p.time_steps ? " …" : "";
  return `Row ${Math.floor(pixel / side)}, column ${pixel % side}: brightness ` +
    `${show(s[pixel], 2)}, spikes ${train.join("") || "none yet"}${more}, ` +
    `count ${counts[pixel]}, read as ${show(picture[pixel], 2)}.`;
}

export const LABELS = {
  photo: () => "The photograph in shades of grey",
  read: ({ p, different }) =>
    `The photograph as the reader sees it after ${counted(p.time_steps, "step")}: ` +
    `${counted(different, "shade")} of grey`,
  curve: ({ error, bits }) => "Error and bits against the number of time steps; now error " +
    `${show(error, 3)}, ${show(bits, 2)} bits`,
};
