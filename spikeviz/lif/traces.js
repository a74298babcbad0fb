// The picture of LIFExplorer over time: input, membranes, and a lane of spikes for each neuron.

import { scale, ticks, axes, line } from "../base/draw.js";
import { LIBRARIES } from "./libraries.js";

const LANE = 14; // pixels
const DASHES = [[], [9, 3], [4, 2], [9, 3, 2, 3]]; // of the pins, so that colour is not all

/**
 * The neurons in the picture beside the reader's: {run, dt, colour, lane, label; dash, if its
 * membrane is drawn; sign, if its V is marked}. Lanes are kept for ghost and map, so that nothing
 * jumps under the hand.
 */
export function companions({ p, ghost, ghostRun, other, otherRun, mystery, pinRuns, libraries }) {
  const found = [];
  let lane = 1;
  if (mystery) found.push({ run: mystery.run, dt: p.dt, colour: "fg", dash: mystery.shows === "spikes" ? null : [12, 4], lane: lane++, label: "?" });
  if (ghost) found.push({ run: ghostRun, dt: ghost.dt, colour: "muted", dash: [5, 4], lane, label: "" });
  if (other) found.push({ run: otherRun, dt: p.dt, colour: "purple", dash: [2, 3], lane: lane + 1, label: "" });
  lane += 2;
  pinRuns.forEach((run, i) => found.push({ run, dt: p.dt, colour: `pin${i + 1}`, dash: DASHES[i], lane: lane++, label: String(i + 1) }));
  for (const [name, run] of Object.entries(libraries)) found.push({ run, dt: p.dt, colour: "fg", sign: LIBRARIES[name], lane: lane++, label: LIBRARIES[name] });
  return found;
}

const inputHeight = ({ p }) => (p.stimulus === "drawn" ? 110 : 52);
const lanes = ({ mystery, others }) => 1 + Math.max(mystery ? 3 : 2, ...others.map(({ lane }) => lane));

/** Height of the canvas: more lanes and a larger input make it taller, not the membrane flatter. */
export const tracesHeight = (state) => 322 + inputHeight(state) + LANE * (lanes(state) - 3);

/** Scales of the picture: x in ms, yI, y of the membrane, and where the lanes begin. */
export function tracesScales(state, width, domains) {
  const { p, current } = state;
  const height = tracesHeight(state);
  const bottom = 22 + inputHeight(state);
  const lane = height - 36 - LANE * lanes(state);
  return {
    x: scale([0, current.length * p.dt], [46, width - 14]),
    yI: scale(domains.input, [bottom, 22]),
    y: scale(domains.membrane, [lane - 20, bottom + 30]),
    lane, bottom: height - 36,
  };
}

/** Room for every trace on show, the threshold, and a drag upwards. */
export function potentials({ p, run, others }) {
  const drawn = [run, ...others.filter(({ dash }) => dash).map((one) => one.run)];
  const low = drawn.reduce((least, { v }) => v.reduce((a, b) => Math.min(a, b), least), Math.min(p.v_rest, p.v_reset ?? p.v_rest));
  const high = drawn.reduce((most, { h }) => h.reduce((a, b) => Math.max(a, b), most), p.v_threshold);
  return [low - 0.06 * (high - low), high + 0.3 * (high - low)];
}

/** The membrane's path: up to H at each step, and down to V where it is reset. */
function path(run, dt, x, y, until = run.h.length - 1) {
  const points = [];
  for (let t = 0; t <= until; t++) {
    points.push([x(t * dt), y(run.h[t])]);
    if (run.s[t]) points.push([x(t * dt), y(run.v[t])]);
  }
  return points;
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
  axes(ctx, x, yI, { colour, yTitle: "input current I", yTicks: ticks(yI, p.stimulus === "drawn" ? 4 : 2) });
  axes(ctx, x, y, { colour, yTitle: "membrane V" });
  axes(ctx, x, scale([0, 1], [bottom, lane]), { colour, xTitle: "time in ms", yTicks: [] });

  ctx.lineWidth = 1.5;
  ctx.strokeStyle = colour.green;
  line(ctx, [...current].flatMap((i, t) => [[x(t * p.dt), yI(i)], [x((t + 1) * p.dt), yI(i)]]));
  insideMembrane(ctx, state, () => {
    for (const one of others) {
      ctx.strokeStyle = colour[one.colour];
      if (one.dash) line(ctx, path(one.run, one.dt, x, y), one.dash);
    }
    ctx.lineWidth = 2;
    ctx.strokeStyle = colour.blue;
    ctx.globalAlpha = 0.3;
    line(ctx, path(run, p.dt, x, y));
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour.fg;
    for (const one of others) if (one.sign) marks(ctx, one, x, y);
  });
  ctx.lineWidth = 2;
  ctx.strokeStyle = colour.red;
  line(ctx, [[x.range[0], y(p.v_threshold)], [x.range[1], y(p.v_threshold)]], [8, 4]);

  ctx.textBaseline = "bottom";
  ctx.textAlign = "left";
  ctx.fillStyle = colour.fg;
  ctx.fillText("spikes", x.range[0], lane - 4);
  spikes(ctx, { run, dt: p.dt, colour: "red" }, lane + 7, 5, x, colour);
  for (const one of others) spikes(ctx, one, lane + 7 + LANE * one.lane, 4, x, colour);
}

/** V of a library's run, at steps that stand at least 6 pixels apart. */
function marks(ctx, { run, dt, sign }, x, y) {
  const every = Math.max(1, Math.ceil(6 / (x(dt) - x(0))));
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (let t = 0; t < run.v.length; t += every) ctx.fillText(sign, x(t * dt), y(run.v[t]));
}

function spikes(ctx, { run, dt, colour: name, label }, py, size, x, colour) {
  ctx.fillStyle = colour[name];
  if (label) {
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.fillText(label, x.range[0] - 8, py);
  }
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
  ctx.lineWidth = 2;
  ctx.strokeStyle = colour.blue;
  insideMembrane(ctx, state, () => line(ctx, path(run, p.dt, x, y, cursor)));
  ctx.strokeStyle = colour.fg;
  ctx.lineWidth = 1;
  const px = x(cursor * p.dt);
  line(ctx, [[px, 18], [px, bottom]]);
  ctx.fillStyle = colour.blue;
  ctx.beginPath();
  ctx.arc(px, y(run.h[cursor]), 4, 0, 7);
  ctx.fill();
}
