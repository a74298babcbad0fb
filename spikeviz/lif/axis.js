// The membrane's axis under the hand that drags the threshold: it stands still in the middle; near
// the top it follows, so that the line stays in the plot; let go, it eases back.

import { calm } from "../base/controls.js";

const [EDGE, TOP] = [0.8, 0.95]; // shares of the axis' height: from where it follows, to where
const BACK = 250; // ms

/** limit() is the largest threshold. */
export function liveAxis(limit) {
  let held = null; // the scale when the hand took hold, and how it bends above its edge
  let back = null; // from where it eases, since when

  /** Above `edge` the hand has `way` pixels, to the top of the picture, for all larger values. */
  function hold({ domain: [low, high], range: [bottom, top] }, value) {
    const height = bottom - top;
    const edge = Math.max(EDGE, (value - low) / (high - low));
    const way = Math.max(60, bottom - edge * height - 20);
    const from = low + edge * (high - low);
    const straight = (way / height) * (high - low); // as fast as below the edge, at first
    const bend = Math.max(0, limit() - from - straight);
    const cling = way / height / (TOP - edge);
    held = { low, high, bottom, height, edge, way, from, straight, bend, cling };
    back = null;
  }
  /** The value at a height in pixels. */
  function invert(pixel) {
    const { low, high, bottom, height, edge, way, from, straight, bend } = held;
    const share = (bottom - pixel) / height;
    if (share <= edge) return low + share * (high - low);
    const u = ((share - edge) * height) / way;
    return from + straight * u + bend * u * u;
  }
  /** The domain in which a value stands at its height: under the hand, or below the top. */
  function follow(value) {
    const { low, high, edge, from, straight, bend, cling } = held;
    if (value <= from) return [low, high];
    const more = value - from;
    const u = bend ? (Math.sqrt(straight ** 2 + 4 * bend * more) - straight) / (2 * bend)
      : more / straight;
    const share = edge + (TOP - edge) * (1 - (1 - Math.min(1, u)) ** cling);
    return [low, low + (value - low) / share];
  }
  /** The domain on show, where `wanted` would hold all. */
  function domain(wanted, value) {
    if (held) return follow(value);
    const share = back && (performance.now() - back.since) / BACK;
    if (!back || share >= 1) back = null;
    else return wanted.map((to, i) => to + (back.from[i] - to) * (1 - share) ** 3);
    return wanted;
  }
  const release = (from) => {
    if (held && !calm()) back = { from, since: performance.now() };
    held = null;
  };
  /** The scale as the hand on the line reads it. */
  const underHand = (y) => Object.assign((value) => y(value), {
    invert: (pixel) => (held ? invert(pixel) : y.invert(pixel)),
  });
  return { hold, release, domain, underHand, moves: () => back !== null };
}
