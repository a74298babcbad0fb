// The picture of LIFExplorer over time: input, membranes, a lane of spikes for each neuron. What
// the playhead does not move is drawn in three layers, of which it then shows a part.

import { scale, ticks, axes, across, label, stairs, stroke } from "../base/draw.js";
import { clamp, show } from "../base/page.js";
import { paintRange } from "./input.js";
import { LIBRARIES } from "./libraries.js";
import { PIN_COLOURS } from "./pins.js";

const LANE = 14; // pixels
export const PALE = 0.35; // what is still to come
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
 * Scales of the picture: x in ms, yI, y of the membrane, the tank beside it; where the lanes begin,
 * and the height of it all: more lanes and a larger input make it taller, not the membrane flatter.
 * `frozen`: the input's domain while a hand paints it; axis: of the membrane.
 */
export function tracesScales(state, width, frozen, axis) {
  const { p, current } = state;
  const last = Math.max(state.mystery ? 3 : 2, ...state.others.map((one) => one.lane));
  const bottom = 22 + (p.stimulus === "drawn" ? 110 : 46);
  const lane = bottom + (width < 520 ? 230 : 250);
  const most = Math.max(...current, 0.5) * 1.1;
  const room = p.stimulus === "drawn" ? paintRange(current) : [Math.min(0, ...current), most];
  const [left, inside] = [width < 520 ? 34 : 46, clamp(0.12 * width, 46, 130)];
  const tank = { left: width - inside - 46, right: width - 46 };
  return {
    tank, width, x: scale([0, current.length * p.dt], [left, tank.left - (width < 520 ? 14 : 26)]),
    yI: scale(frozen.input ?? room, [bottom, 22]),
    y: scale(axis.domain(potentials(state), p.v_threshold), [lane - 20, bottom + 30]),
    lane, bottom: lane + LANE * (last + 1), height: lane + LANE * (last + 1) + 36,
  };
}

/** Room for every trace on show, the threshold, a drag upwards; for the 63 % if it is not far. */
function potentials({ p, run, others, charge }) {
  const drawn = [run, ...others.filter(({ dash }) => dash).map((one) => one.run)];
  const low = Math.min(p.v_rest, p.v_reset ?? p.v_rest, ...drawn.map(({ v }) => Math.min(...v)));
  const high = Math.max(p.v_threshold, ...drawn.map(({ h }) => Math.max(...h)));
  const [span, level] = [high - low, charge?.level ?? low];
  const top = level > low + 2.2 * span ? high : Math.max(high, level - 0.2 * span);
  return [low - 0.06 * span, top + 0.3 * span];
}

/** The membrane's path: up to H at each step, and down to V where it is reset. */
function path({ h, v, s }, dt, x, y) {
  const at = (t, value) => [x(t * dt), y(value)];
  return Array.from(h, (charged, t) =>
    s[t] ? [at(t, charged), at(t, v[t])] : [at(t, charged)]).flat();
}

/** Draws within the box of the membrane, from `left` to `right`. */
export function insideMembrane(ctx, { x, y }, draw, [left, right] = x.range) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, y.range[1] - 12, Math.max(0, right - left + 1), y.range[0] - y.range[1] + 24);
  ctx.clip();
  draw();
  ctx.restore();
}

/** Axes, what flows in, the threshold. */
export function drawGround(ctx, state, colour) {
  const { p, current, others, x, yI, y, lane, bottom } = state;
  const yTicks = ticks(yI, p.stimulus === "drawn" ? 4 : 2);
  axes(ctx, x, yI, { colour, yTitle: "input current I", yTicks });
  axes(ctx, x, y, { colour, yTitle: "membrane V" });
  axes(ctx, x, scale([0, 1], [bottom, lane]), { colour, xTitle: "time in ms", yTicks: [] });
  stroke(ctx, colour.green, stairs(current, (t) => x(t * p.dt), yI), 1.5);
  stroke(ctx, colour.red, across({ range: [x.range[0], state.tank.right] }, y(p.v_threshold)), 2,
    [8, 4]);
  label(ctx, "spikes", x.range[0], lane - 4, colour.fg, "left", "bottom");
  for (const { label: words, lane: place, colour: name } of others)
    if (words) label(ctx, words, x.range[0] - 8, lane + 7 + LANE * place, colour[name], "right");
}

/** What the grip of the threshold says, behind it: a film and a printer see the canvas alone. */
export function drawPill(ctx, { p, y, width: right }, colour) {
  const [words, py] = [`↕ V_th ${show(p.v_threshold, 2)}`, y(p.v_threshold)];
  const wide = ctx.measureText(words).width + 16;
  ctx.fillStyle = colour.red;
  ctx.beginPath();
  ctx.roundRect(right - wide, py - 12, wide, 24, 12);
  ctx.fill();
  label(ctx, words, right - 8, py, colour.bg, "right");
}

/** The other neurons: membranes and spikes. */
export function drawOthers(ctx, state, colour) {
  const { others, x, y, lane } = state;
  insideMembrane(ctx, state, () => {
    for (const { run, dt, dash, colour: name } of others)
      if (dash) stroke(ctx, colour[name], path(run, dt, x, y), 1.5, dash);
    for (const one of others) if (one.sign) marks(ctx, one, x, y, colour.fg);
  });
  for (const { run, dt, colour: name, lane: place } of others) {
    ctx.fillStyle = colour[name];
    const [end, py] = [x.domain[1] + 1e-9, lane + 7 + LANE * place];
    run.s.forEach((spike, t) => spike && t * dt <= end && triangle(ctx, x(t * dt), py, 4));
  }
}

/** The reader's neuron over all its time; dots are its whole steps, where there is room. */
export function drawOwn(ctx, { p, run, x, y }, colour) {
  stroke(ctx, colour.blue, path(run, p.dt, x, y), 2);
  if (x(p.dt) - x(0) < 6) return;
  ctx.fillStyle = colour.blue;
  run.h.forEach((charged, t) => ctx.fillRect(x(t * p.dt) - 2, y(charged) - 2, 4, 4));
}

/** What is still to come of it. */
export function drawFuture(ctx, { p, run, x, y }, colour) {
  ctx.globalAlpha = PALE;
  stroke(ctx, colour.blue, path(run, p.dt, x, y), 2);
  ctx.globalAlpha = 1;
}

/** V of a library's run, at steps that stand at least 6 pixels apart. */
function marks(ctx, { run, dt, sign }, x, y, colour) {
  const every = Math.max(1, Math.ceil(6 / (x(dt) - x(0))));
  for (let t = 0; t < run.v.length; t += every)
    label(ctx, sign, x(t * dt), y(run.v[t]), colour, "center");
}

export function triangle(ctx, px, py, size) {
  ctx.beginPath();
  ctx.moveTo(px, py - size);
  ctx.lineTo(px - size * 0.7, py + size);
  ctx.lineTo(px + size * 0.7, py + size);
  ctx.fill();
}
