// What the playhead moves in the picture of LIFExplorer: the membrane so far, a point, and at each
// crossing a flash, a ring, a spike that drops into its lane.

import { across, dot, label, stroke } from "../base/draw.js";
import { keeper } from "../base/keeper.js";
import { freeWay, inPlot } from "./charge.js";
import { drawTank } from "./tank.js";
import { drawFuture, drawGround, drawOthers, drawOwn, drawPill, insideMembrane, PALE, triangle }
  from "./traces.js";

const [FLASH, RING, DROP] = [0.45, 0.7, 0.4]; // seconds

/**
 * Keepers of the layers, by name. What is drawn for the first time is drawn at once, as a hand may
 * move on: only what is drawn again is worth a copy.
 */
export function layers() {
  const made = (keep) => {
    let last = null;
    return (on, state, paint) => {
      if (state === last) keep(on, [state], paint);
      else paint(on.ctx);
      last = state;
    };
  };
  const names = ["ground", "others", "own", "future"];
  return Object.fromEntries(names.map((name) => [name, made(keeper())]));
}

/** The whole picture now. `hides`: what is still to come; kept: `layers`. */
export function drawStage(on, kept, state, hides, colour) {
  const { ctx } = on;
  const { p, x, bottom, now } = state;
  const px = x(now.x * p.dt);
  const layer = (name, draw, left, right) => {
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, 0, Math.max(0, right - left), on.height);
    ctx.clip();
    kept[name](on, state, (own) => draw(own, state, colour));
    ctx.restore();
  };
  layer("ground", drawGround, 0, on.width);
  const [left, right] = [x.range[0] - 6, x.range[1] + 6];
  layer("others", drawOthers, left, hides ? px : right);
  const done = now.step - charged(now);
  layer("own", drawOwn, left, done < 0 ? left : x(done * p.dt) + 1);
  if (!hides) layer("future", drawFuture, px + 1, right);
  stroke(ctx, colour.fg, [[px, 18], [px, bottom]]);
  insideMembrane(ctx, state, () => {
    charge(ctx, state, colour);
    stroke(ctx, colour.blue, present(state, now), 2);
  });
  drawTank(ctx, state, now, colour);
  drawPill(ctx, state, colour);
  crossings(ctx, state, now, hides, colour);
  point(ctx, state, now, colour);
}

/** Whether the membrane's last piece begins at a step's charge, or after its reset. */
const charged = ({ fallen, between }) => fallen !== null || !between;

/** The last piece of the membrane, to the point; up to its first end the layer `own` shows it. */
function present({ run: { h, v }, p, x, y }, now) {
  const at = (step, value) => [x(step * p.dt), y(value)];
  const { step } = now;
  if (!charged(now)) return [at(step, v[step]), at(now.x, now.v)];
  const before = step ? [at(step - 1, v[step - 1])] : [];
  return [...before, at(step, h[step]), at(now.x, now.v)];
}

/** 63 % of R·I, and the way there that the spikes cut off. */
function charge(ctx, state, colour) {
  if (!inPlot(state)) return;
  const { charge: found, p, x, y } = state;
  const [px, py] = [x(found.place * p.dt), y(found.level)];
  const way = freeWay(found).map(([step, value]) => [x(step * p.dt), y(value)]);
  if (way.length) stroke(ctx, colour.green, way, 1.5, [2, 4]);
  stroke(ctx, colour.green, [[x.range[0], py], [px, py], [px, y.range[0]]], 1, [2, 3]);
  dot(ctx, px, py, 4, colour.green); // its handle lies over it
  const room = px - x.range[0];
  if (room > 50)
    label(ctx, room > 110 ? "63 % of R·I" : "63 %", x.range[0] + 4, py + 9, colour.green);
}

/** A flash of the threshold, a ring, the spikes on their way into the lane and in it. */
function crossings(ctx, state, now, hides, colour) {
  const { p, x, y, lane, pace, won } = state;
  const line = y(p.v_threshold);
  const tint = won ? colour.green : colour.red;
  ctx.fillStyle = tint;
  for (const one of pace.crossings) {
    const age = now.since(one);
    const px = x(one.step * p.dt);
    if (age < 0) {
      if (hides) break;
      ctx.globalAlpha = won ? 1 : PALE;
      triangle(ctx, px, lane + 7, 5);
    } else {
      const fell = Math.min(1, age / DROP) ** 2;
      const landed = 1 + 0.5 * Math.max(0, 1 - Math.abs(age - DROP - 0.06) / 0.12);
      ctx.globalAlpha = 1;
      triangle(ctx, px, line + (lane + 7 - line) * fell, 5 * landed);
    }
    if (age >= 0 && age < FLASH) flash(ctx, state, 1 - age / FLASH, tint);
    if (age >= 0 && age < RING) ring(ctx, x(one.x * p.dt), line, age / RING, tint);
  }
  ctx.globalAlpha = 1;
}

function flash(ctx, { x, y, p, tank }, strength, tint) {
  ctx.globalAlpha = strength ** 2;
  const way = across({ range: [x.range[0], tank.right] }, y(p.v_threshold));
  stroke(ctx, tint, way, 2 + 4 * strength);
}

function ring(ctx, px, py, share, tint) {
  ctx.globalAlpha = 1 - share;
  Object.assign(ctx, { strokeStyle: tint, lineWidth: 4 * (1 - share) + 0.5 });
  ctx.beginPath();
  ctx.arc(px, py, 6 + 30 * (1 - (1 - share) ** 2), 0, 7);
  ctx.stroke();
}

/** The point: full on a whole step; between two, where nothing is computed, hollow. */
function point(ctx, { p, x, y }, { x: step, v, between }, colour) {
  const [px, py] = [x(step * p.dt), y(v)];
  dot(ctx, px, py, 6, colour.blue);
  if (between) dot(ctx, px, py, 3.5, colour.bg);
}
