// The small pictures of the course, by the numbers of its notebooks, and what lets them move.

import { calm } from "../base/controls.js";
import { leaky, neuron, raster, rates, surrogate, thresholds } from "./neurons.js";
import {
  attention, energy, events, field, groups, network, residual, schedule, way,
} from "./networks.js";

const PICTURES = {
  "00": way, "01": neuron, "02": raster, "03": surrogate, "04": leaky, "05": thresholds,
  "06": residual, "07": field, "08": groups, "09": attention, "10": network, "11": energy,
  "12": schedule, "A1": rates, "A2": events,
};
const LONG = 2400; // ms of a pass under a pointer

/** Draw the picture of a notebook into a surface, as far as `place`: 1, at rest, is all of it. */
export function drawPicture(number, { ctx, width: w, height: h }, colour, place) {
  ctx.font = "11px system-ui, sans-serif";
  if (w && h) PICTURES[number]({ ctx, w, h, colour }, place);
}

/**
 * The one picture that moves by itself, while a pointer or the focus is on it: start(i) begins a
 * pass, again and again with `loop`; end() lets it come to its end; at(i) is a picture's place.
 */
export function mover(paint, signal) {
  let [active, frame] = [null, 0];
  const tick = (now) => {
    active.since ??= now;
    active.place = (now - active.since) / LONG;
    if (active.place >= 1 && active.loop) Object.assign(active, { since: now, place: 0 });
    if (active.place >= 1) active = null;
    else frame = requestAnimationFrame(tick);
    paint();
  };
  function start(i, loop = false) {
    if (calm() || signal.aborted) return;
    if (active?.i === i) return Object.assign(active, { loop });
    cancelAnimationFrame(frame);
    active = { i, loop, place: 0 };
    frame = requestAnimationFrame(tick);
  }
  signal.addEventListener("abort", () => cancelAnimationFrame(frame));
  return {
    start,
    end: () => active && (active.loop = false),
    at: (i) => (active?.i === i ? active.place : 1),
  };
}
