// What EventExplorer says.

import { opposite } from "./events.js";
import { counted } from "../base/page.js";

export const ASK = "Which way does it move? Look at one frame first, then play.";

export const summaryOf = ({ p, step, place, counts }) =>
  `Frame ${step + 1} of ${p.time_steps}${place === step + 1 ? "" : " so far"}: ` +
  `${counted(counts.on, "ON event")} (blue), ${counts.off} OFF (orange).`;

/** Where the playhead stands. */
export const clockOf = (place, steps) =>
  `frame ${Math.max(1, Math.ceil(place))} of ${steps}${place % 1 ? ", between" : ""}`;

/** Which other motion has the same frames. */
export function partnerOf({ p }) {
  if (p.hidden) return "A frame alone fits two motions: of a bright digit, and of a dark one.";
  const partner = `A ${p.dark ? "bright" : "dark"} digit that moves ${opposite(p.direction)}`;
  return p.time_steps > 1 ? `${partner} gives the same ${p.time_steps} frames, in reverse order.` :
    `${partner} gives the very same frame: nothing tells the two apart.`;
}

export const replyOf = (guess, { direction, dark }) =>
  `${guess === direction ? "Right" : `No, not ${guess}`}: ` +
  `a ${dark ? "dark" : "bright"} digit moves ${direction}.`;

export const titlesOf = ({ p, each }) => ({
  scene: "What an eye sees",
  frame: `What the camera reports: ${counted(each, "move")}`,
  tracks: p.hidden ? "All frames" :
    `All frames, time downward, by ${/right|left/.test(p.direction) ? "column" : "row"}`,
});

export const LABELS = {
  scene: ({ p }) => (p.hidden ? "The digit is hidden" :
    `The ${p.dark ? "dark" : "bright"} digit ${p.digit} moves ${p.direction}`),
  frame: summaryOf,
  tracks: ({ p }) => (p.hidden ? "All frames are hidden" :
    `ON less OFF events in ${counted(p.time_steps, "frame")}; drag the line to choose one`),
};
