// The neuron of LIFExplorer as a tank beside its plot, on the same axis: filled to V, its brim the
// threshold. What flows in is R·I/τ wide, what leaks out (V − V_rest)/τ; at a spike it empties.

import { dot, label, line, stroke } from "../base/draw.js";
import { clamp, show } from "../base/page.js";

const WIDTH = 90; // pixels of a flow of 1 a ms, where there is room
const SPLASH = 0.6; // seconds

/** Pixels of a flow of 1 a ms: the widest of the run fits into the tank. */
function widthOf({ p, run, tank }) {
  const most = run.x.reduce((high, x) => Math.max(high, Math.abs(x)), 0) / p.tau;
  return Math.min(WIDTH, (0.6 * (tank.right - tank.left)) / (most || 1));
}

export function drawTank(ctx, state, now, colour) {
  const { p, y, x, yI, tank: { left, right }, current } = state;
  const lowest = Math.min(p.v_rest, p.v_reset ?? p.v_rest, state.lowest);
  const [floor, brim] = [Math.min(y(lowest), y.range[0]), y(p.v_threshold)];
  const [level, middle] = [Math.min(y(now.v), floor), (left + right) / 2];
  const each = widthOf(state);
  const [into, out] = [(each * now.input) / p.tau, (each * (now.v - p.v_rest)) / p.tau];
  const tied = [1, 4];
  stroke(ctx, colour.blue, [[x(now.x * p.dt), level], [left, level]], 1, tied);
  const index = Math.max(0, Math.ceil(now.x) - 1); // of the step that flows in
  const [from, pipe] = [x(now.x * p.dt), yI(current[index])];
  dot(ctx, from, pipe, 4, colour.green);
  stroke(ctx, colour.green, [[from, pipe], [middle, pipe], [middle, yI.range[0]]], 1, tied);
  pour(ctx, [middle, yI.range[0] + 4, level], into, now, colour.green);
  water(ctx, [left, level, right, floor], into, now, colour.blue);
  leak(ctx, [right, Math.min(y(p.v_rest), floor), state.lane + 40], out, now, colour.blue);
  spill(ctx, [left, floor, right, state.lane + 60], now, colour.blue);
  walls(ctx, [left, brim, right, floor], now, colour);
  splash(ctx, state, [left, brim, right], now, colour.red);
  numbers(ctx, state, [left, state.lane + 8, right], now, colour);
}

/** What flows in, from the tap down to the water; against the tap where the input is negative. */
function pour(ctx, [middle, top, level], width, { place }, tint) {
  ctx.fillStyle = tint;
  ctx.fillRect(middle - Math.abs(width) / 2 - 4, top - 6, Math.abs(width) + 8, 6);
  if (!width) return;
  ctx.globalAlpha = 0.55;
  ctx.fillRect(middle - Math.abs(width) / 2, top, Math.abs(width), level - top);
  ctx.globalAlpha = 1;
  flow(ctx, [[middle, top], [middle, level]], width, place, tint);
}

/** Dashes that move along a flow with the playhead. */
function flow(ctx, way, width, place, tint) {
  ctx.lineDashOffset = -place * 9 * Math.sign(width);
  stroke(ctx, tint, way, clamp(Math.abs(width) / 4, 1, 4), [8, 10]);
  ctx.lineDashOffset = 0;
}

/** The water, its surface moved by what falls into it. */
function water(ctx, [left, level, right, floor], into, { place }, tint) {
  const high = Math.min(3, Math.abs(into) / 6);
  const wave = (px) => level + high * Math.sin((px - left) / 9 + place * 1.3) *
    (1 - Math.abs((2 * (px - left)) / (right - left) - 1));
  const surface = [];
  for (let px = left; px <= right; px += 3) surface.push([px, wave(px)]);
  ctx.fillStyle = tint;
  ctx.globalAlpha = 0.35;
  ctx.beginPath();
  ctx.moveTo(left, floor);
  for (const [px, py] of surface) ctx.lineTo(px, Math.min(py, floor));
  ctx.lineTo(right, floor);
  ctx.fill();
  ctx.globalAlpha = 1;
  stroke(ctx, tint, surface, 2);
}

/** What leaks out at V_rest and falls beside the tank; drawn in, where V is lower. */
function leak(ctx, [right, outlet, bottom], width, { place }, tint) {
  const size = Math.abs(width);
  if (size < 0.2) return;
  const py = outlet - size / 2 - 1;
  const way = Array.from({ length: 9 }, (_, i) =>
    [right + 30 * Math.sqrt(i / 8), py + (bottom - py) * (i / 8) ** 1.6]);
  ctx.globalAlpha = width > 0 ? 0.4 : 0.15;
  stroke(ctx, tint, way, size);
  ctx.globalAlpha = 1;
  flow(ctx, way, width, place, tint);
}

/** What falls out while the reset falls. */
function spill(ctx, [left, floor, right, bottom], { fallen }, tint) {
  if (fallen === null) return;
  const width = 0.4 * (right - left);
  ctx.fillStyle = tint;
  ctx.globalAlpha = 0.35 * (1 - fallen);
  ctx.fillRect((left + right - width) / 2, floor, width, (bottom - floor) * Math.sqrt(fallen));
  ctx.globalAlpha = 1;
}

/** Walls up to the brim; the floor opens while the reset falls. */
function walls(ctx, [left, brim, right, floor], { fallen }, colour) {
  Object.assign(ctx, { strokeStyle: colour.fg, lineWidth: 2.5 });
  for (const px of [left, right]) line(ctx, [[px, brim], [px, floor]]);
  const [half, open] = [(right - left) / 2, fallen === null ? 0 : 1.2 * Math.sin(Math.PI * fallen)];
  for (const [px, way] of [[left, 1], [right, -1]])
    line(ctx, [[px, floor], [px + way * half * Math.cos(open), floor + half * Math.sin(open)]]);
  for (const [px, way] of [[left, -1], [right, 1]])
    stroke(ctx, colour.red, [[px, brim], [px + way * 7, brim - 3]], 3);
}

/** Drops that leap over the brim at a spike. */
function splash(ctx, { pace }, [left, brim, right], now, tint) {
  ctx.fillStyle = tint;
  for (const one of pace.crossings) {
    const age = now.since(one);
    if (age < 0) break;
    if (age > SPLASH) continue;
    ctx.globalAlpha = 1 - age / SPLASH;
    for (let k = 0; k < 10; k++) {
      const way = k % 2 ? 1 : -1;
      const from = (left + right) / 2 + way * ((right - left) / 2) * (0.4 + 0.06 * k);
      const px = from + way * (12 + 7 * k) * age;
      const py = brim - (60 + 13 * ((k * 7) % 10)) * age + 260 * age * age;
      ctx.beginPath();
      ctx.arc(px, py, 2.5, 0, 7);
      ctx.fill();
    }
  }
  ctx.globalAlpha = 1;
}

/** The two flows in numbers, a step: those of the update below the plot. */
function numbers(ctx, { p, run }, [left, top, right], { step: t }, colour) {
  const before = t ? run.v[t - 1] : p.v_rest;
  const a_step = p.dt / p.tau;
  const signed = (value) => `${value > 0 ? "+" : ""}${show(value)}`;
  const [into, out] = [run.x[t] * a_step, -(before - p.v_rest) * a_step];
  const words = right - left < 110 ? "" : " a step";
  label(ctx, `in ${signed(into)}${words}`, left, top, colour.green);
  label(ctx, `out ${signed(out)}${words}`, left, top + 16, colour.blue);
}
