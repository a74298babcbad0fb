// The picture of LIFExplorer over time: input, membranes, and a lane of spikes for each neuron.

import { scale, ticks, axes, across, dot, label, stairs, stroke } from "../base/draw.js";
import { paintRange } from "./input.js";
import { LIBRARIES } from "./libraries.js";
import { PIN_COLOURS } from "./pins.js";

const LANE = 14; // pixels
const DASHES = [[], [9, 3], [4, 2], [9, 3, 2, 3]]; // of the pins, so that colour is not all

/**
 * The neurons in the picture beside the reader's: {run, dt, colour, lane, label; dash, if its
 * membrane is drawn; sign, if its V is marked}. Lanes are kept for ghost and map, so that nothing
 * jumps under the hand.
 */
export function companions({ p, ghost, other, mystery, libraries, ...runs }) {
  const found = [];
  let lane = 1;
  const add = (run, colour, dash, more) =>
    found.push({ run, dt: p.dt, colour, dash, lane: lane++, label: "", ...more });
  if (mystery) add(mystery.run, "fg", mystery.shows === "spikes" ? null : [12, 4], { label: "?" });
  if (ghost) add(runs.ghostRun, "muted", [5, 4], { dt: ghost.dt });
  lane = mystery ? 3 : 2;
  if (other) add(runs.otherRun, "purple", [2, 3]);
  lane = mystery ? 4 : 3;
  runs.pinRuns.forEach((run, i) => add(run, PIN_COLOURS[i], DASHES[i], { label: String(i + 1) }));
  for (const [name, run] of Object.entries(libraries))
    add(run, "fg", null, { sign: LIBRARIES[name], label: LIBRARIES[name] });
  return found;
}

/**
 * Scales of the picture: x in ms, yI, y of the membrane; where the lanes begin, and the height of
 * it all: more lanes and a larger input make it taller, not the membrane flatter. `frozen`: domains
 * that a hand holds, else there is room for all.
 */
export function tracesScales(state, width, frozen) {
  const { p, current } = state;
  const last = Math.max(state.mystery ? 3 : 2, ...state.others.map((one) => one.lane));
  const bottom = 22 + (p.stimulus === "drawn" ? 110 : 52);
  const lane = bottom + 222;
  const most = Math.max(...current, 0.5) * 1.1;
  const room = p.stimulus === "drawn" ? paintRange(current) : [Math.min(0, ...current), most];
  return {
    x: scale([0, current.length * p.dt], [46, width - 14]),
    yI: scale(frozen.input ?? room, [bottom, 22]),
    y: scale(frozen.membrane ?? potentials(state), [lane - 20, bottom + 30]),
    lane, bottom: lane + LANE * (last + 1), height: lane + LANE * (last + 1) + 36,
  };
}

/** Room for every trace on show, the threshold, and a drag upwards. */
function potentials({ p, run, others }) {
  const drawn = [run, ...others.filter(({ dash }) => dash).map((one) => one.run)];
  const low = Math.min(p.v_rest, p.v_reset ?? p.v_rest, ...drawn.map(({ v }) => Math.min(...v)));
  const high = Math.max(p.v_threshold, ...drawn.map(({ h }) => Math.max(...h)));
  return [low - 0.06 * (high - low), high + 0.3 * (high - low)];
}

/** The membrane's path: up to H at each step, and down to V where it is reset. */
function path({ h, v, s }, dt, x, y, until = h.length) {
  const at = (t, value) => [x(t * dt), y(value)];
  return Array.from(h.subarray(0, until), (charged, t) =>
    s[t] ? [at(t, charged), at(t, v[t])] : [at(t, charged)]).flat();
}

function insideMembrane(ctx, { x, y }, draw) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x.range[0], y.range[1] - 12, x.range[1] - x.range[0] + 1, y.range[0] - y.range[1] + 24);
  ctx.clip();
  draw();
  ctx.restore();
}

/** All that does not depend on the cursor. */
export function drawRuns(ctx, state, colour) {
  const { p, current, run, others, x, yI, y, lane, bottom } = state;
  const yTicks = ticks(yI, p.stimulus === "drawn" ? 4 : 2);
  axes(ctx, x, yI, { colour, yTitle: "input current I", yTicks });
  axes(ctx, x, y, { colour, yTitle: "membrane V" });
  axes(ctx, x, scale([0, 1], [bottom, lane]), { colour, xTitle: "time in ms", yTicks: [] });

  stroke(ctx, colour.green, stairs(current, (t) => x(t * p.dt), yI), 1.5);
  insideMembrane(ctx, state, () => {
    for (const { run: other, dt, dash, colour: name } of others)
      if (dash) stroke(ctx, colour[name], path(other, dt, x, y), 1.5, dash);
    ctx.globalAlpha = 0.3;
    stroke(ctx, colour.blue, path(run, p.dt, x, y), 2);
    ctx.globalAlpha = 1;
    for (const one of others) if (one.sign) marks(ctx, one, x, y, colour.fg);
  });
  stroke(ctx, colour.red, across(x, y(p.v_threshold)), 2, [8, 4]);
  label(ctx, "spikes", x.range[0], lane - 4, colour.fg, "left", "bottom");
  spikes(ctx, { run, dt: p.dt, colour: "red" }, lane + 7, 5, x, colour);
  for (const one of others) spikes(ctx, one, lane + 7 + LANE * one.lane, 4, x, colour);
}

/** V of a library's run, at steps that stand at least 6 pixels apart. */
function marks(ctx, { run, dt, sign }, x, y, colour) {
  const every = Math.max(1, Math.ceil(6 / (x(dt) - x(0))));
  for (let t = 0; t < run.v.length; t += every)
    label(ctx, sign, x(t * dt), y(run.v[t]), colour, "center");
}

function spikes(ctx, { run, dt, colour: name, label: words }, py, size, x, colour) {
  ctx.fillStyle = colour[name];
  if (words) label(ctx, words, x.range[0] - 8, py, colour[name], "right");
  run.s.forEach((spike, t) => {
    if (!spike || t * dt >= x.domain[1]) return;
    const px = x(t * dt);
    ctx.beginPath();
    ctx.moveTo(px, py - size);
    ctx.lineTo(px - size * 0.7, py + size);
    ctx.lineTo(px + size * 0.7, py + size);
    ctx.fill();
  });
}

/** What the cursor adds: the membrane so far, the present step. */
export function drawCursor(ctx, state, colour) {
  const { p, run, cursor, x, y, bottom } = state;
  insideMembrane(ctx, state, () => stroke(ctx, colour.blue, path(run, p.dt, x, y, cursor + 1), 2));
  const px = x(cursor * p.dt);
  stroke(ctx, colour.fg, [[px, 18], [px, bottom]]);
  dot(ctx, px, y(run.h[cursor]), 4, colour.blue);
}
