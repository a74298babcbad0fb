// The membranes of all branches on one axis, and the blocks that they drop onto the sum.

import { low } from "./mbpl.js";
import { blocksOf, corners, fallen, glow, potential, share, stepAt } from "./motion.js";
import { across, axes, dot, label, scale, stairs, stroke, ticks } from "../base/draw.js";
import { keeper } from "../base/keeper.js";
import { clamp, show } from "../base/page.js";

const [LEFT, RIGHT, CEILING] = [48, 86, 24]; // what stands round the plots; the grips are at right
const STRAND = 1.8; // width of a membrane's line
const GRIP = 27; // the least distance of two grips
const DASH = [7, 4];

/** The scales of all plots: time, one of potential for each branch, the sum, the input. `apart`
 *  goes from 0, one axis for all, to 1, a strip for each. */
export function scalesOf({ width, height }, { p, x: input, n, isImage }, { apart, domain }) {
  const x = scale([0, input.length], [LEFT, width - RIGHT]);
  const floor = Math.round(height * 0.6);
  const tall = (floor - CEILING) / n;
  const mix = (together, alone) => together + (alone - together) * apart;
  const strip = (i) => scale(domain, [
    mix(floor, CEILING + (i + 1) * tall - 12), mix(CEILING, CEILING + i * tall + 4)]);
  const ground = [height - 38, floor + 36];
  const most = isImage ? p.amplitude : Math.max(...input);
  return {
    x, floor, tall, ys: Array.from({ length: n }, (_, i) => strip(i)),
    sum: scale([0, n], ground),
    input: scale([Math.min(0, ...input), Math.max(most, 0.5)], ground),
  };
}

/** Where the grip of each threshold stands: as near to its line as its neighbours allow. */
export function gripsOf({ ys, floor }, thresholds) {
  const at = thresholds.map((threshold, i) => ys[i](threshold));
  const apart = Math.min(GRIP, (floor + 2 * GRIP - CEILING) / at.length);
  const order = at.map((_, i) => i).sort((a, b) => at[a] - at[b] || b - a); // from the top
  const heaps = []; // of grips that touch: the sum of their places, less the room above
  order.forEach((i, k) => {
    let heap = { sum: at[i] - k * apart, count: 1 };
    while (heaps.length && heaps.at(-1).sum / heaps.at(-1).count > heap.sum / heap.count) {
      const { sum, count } = heaps.pop();
      heap = { sum: heap.sum + sum, count: heap.count + count };
    }
    heaps.push(heap);
  });
  const places = heaps.flatMap(({ sum, count }) => Array(count).fill(sum / count));
  const high = Math.max(0, CEILING - GRIP / 2 - places[0]);
  order.forEach((i, k) => (at[i] = places[k] + k * apart + high));
  return at;
}

/** How far a strand lies beside the way that it shares with others, which lie side by side like
 *  the strands of a ribbon. */
function asideOf(ways, i, part) {
  const [from, to] = [ways[i][part - 1][1], ways[i][part][1]];
  let aside = 0;
  ways.forEach((way, j) => {
    if (way[part - 1][1] === from && way[part][1] === to) aside += Math.sign(i - j);
  });
  return (aside / 2) * STRAND;
}

/** The ways of all membranes from one place to another. */
function drawWays(ctx, { runs }, [from, to], { x, ys }, { apart, lines }) {
  const paths = runs.map(() => new Path2D());
  for (let t = Math.floor(from); t < to; t++) {
    const ways = runs.map((run) => corners(run, t));
    for (let part = 1; part < 4; part++)
      ways.forEach((way, i) => {
        const [[start, low], [end, high]] = [way[part - 1], way[part]];
        if (start >= to) return;
        const done = Math.min(1, (to - start) / (end - start));
        const [at, value] = [start + (end - start) * done, low + (high - low) * done];
        const aside = asideOf(ways, i, part) * (1 - apart);
        const [dx, dy] = part === 2 && low !== high ? [aside, 0] : [0, -aside];
        paths[i].lineTo(x(start) + dx, ys[i](low) + dy);
        paths[i].lineTo(x(at) + dx, ys[i](value) + dy);
      });
  }
  Object.assign(ctx, { lineWidth: STRAND, lineJoin: "round" });
  paths.forEach((path, i) => {
    ctx.strokeStyle = lines[i];
    ctx.stroke(path);
  });
}

/** The box of a block that lies on the pile. */
function boxOf({ x, sum }, t, level) {
  const [left, right] = [x(t), x(t + 1)];
  const gap = right - left > 8 ? 1.5 : 0.25;
  return [left + gap, sum(level + 1) + 1, right - left - 2 * gap, sum(0) - sum(1) - 1.5];
}

/** A whole run: membranes, in strips their spikes, and the piles. */
function drawRun(ctx, state, scales, look) {
  const { x, ys } = scales;
  drawWays(ctx, state, [0, state.x.length], scales, look);
  state.x.forEach((_, t) => blocksOf(state, t).forEach(({ i, level, crosses }) => {
    ctx.fillStyle = look.lines[i];
    ctx.fillRect(...boxOf(scales, t, level));
    if (look.apart) ctx.fillRect(x(crosses) - 1, ys[i].range[0] + 2, 3, 7 * look.apart);
  }));
}

/** What does not move: axes, names, the input, the sum before the last change. */
function drawFrame(ctx, { x: input, n, total }, scales, { colour, lines, ghost, apart }) {
  const { x, ys, sum, floor, tall } = scales;
  const named = scale([0.5, input.length + 0.5], x.range); // the first step is called 1
  const whole = ticks(named).filter((step) => step >= 1 && Number.isInteger(step));
  const xTicks = whole.includes(1) ? whole : [1, ...whole.filter((step) => step > 2)];
  if (apart < 0.5) axes(ctx, x, ys[0], { colour, yTicks: ticks(ys[0], 4) });
  else ys.forEach((y, i) => {
    stroke(ctx, colour.grid, across(x, y.range[0] + 0.5));
    label(ctx, `LIF${low(i)}`, 4, CEILING + (i + 0.5) * tall, lines[i]);
  });
  const levels = Array.from({ length: n + 1 }, (_, level) => level);
  const yTicks = levels.filter((level) => n < 6 || level % 2 === 0);
  axes(ctx, named, sum, { colour, xTitle: "time step", xTicks, yTicks });
  if (ghost?.total.length === total.length)
    stroke(ctx, colour.muted, stairs(ghost.total, x, sum), 1.5, [4, 3]);
  stroke(ctx, colour.grid, across(x, floor + 0.5));
}

/** The input over the piles, and what is to be said of the step on show. */
function drawInput(ctx, { x: input, n, total, cursor }, scales, { colour, place, hidden }) {
  const { x, sum } = scales;
  const title = `membranes Hᵢ and their thresholds, dashed${hidden ? "" : ": drag them"}`;
  label(ctx, title, LEFT, CEILING - 9, colour.fg, "left", "bottom", x.range[1] - LEFT);
  stroke(ctx, colour.green, stairs(input, x, scales.input), 2);
  const top = sum.range[1] - 6;
  const says = `blocks: Σ Sᵢ = ${total[cursor]}`;
  label(ctx, says, LEFT, top, colour.fg, "left", "bottom");
  const after = LEFT + ctx.measureText(says).width + 14;
  label(ctx, `line: x = ${show(input[cursor])}`, after, top, colour.green, "left", "bottom");
  Object.assign(ctx, { strokeStyle: colour.fg, fillStyle: colour.fg, lineWidth: 1 });
  const seen = total.subarray(0, Math.floor(place));
  for (let level = 0; level <= n; level++) {
    ctx.beginPath();
    ctx.arc(x.range[1] + 12, sum(level), n < 6 ? 4 : 3, 0, 7);
    if (seen.includes(level)) ctx.fill();
    else ctx.stroke();
  }
  label(ctx, "levels", x.range[1] + 24, sum(n), colour.muted);
  label(ctx, "used ●", x.range[1] + 24, sum(n) + 15, colour.muted);
}

/** The thresholds; one that was just crossed shines. */
function drawRungs(ctx, { p }, scales, blocks, { lines, place }) {
  const { x, ys } = scales;
  const grips = gripsOf(scales, p.thresholds);
  p.thresholds.forEach((threshold, i) => {
    const own = blocks.find((block) => block.i === i);
    const [y, end] = [ys[i](threshold), x.range[1]];
    stroke(ctx, lines[i], across(x, y), 1.5 + 3 * (own ? glow(own, place) : 0), DASH);
    stroke(ctx, lines[i], [[end, y], [end + 20, grips[i]]], 1.5);
  });
}

/** The step that goes on: the membranes' tips, rings at crossings, blocks on their way. */
function drawStep(ctx, state, scales, blocks, { lines, place }) {
  const { x, ys } = scales;
  const t = stepAt(place);
  state.runs.forEach((run, i) =>
    place && dot(ctx, x(place), ys[i](potential(run, place)), 3.5, lines[i]));
  for (const block of blocks) {
    const { i, level, crosses, lands } = block;
    if (place < crosses) continue;
    ctx.fillStyle = ctx.strokeStyle = lines[i];
    const start = [x(crosses), ys[i](state.p.thresholds[i])];
    const bright = glow(block, place);
    if (bright) {
      Object.assign(ctx, { globalAlpha: bright, lineWidth: 2.5 });
      ctx.beginPath();
      ctx.arc(...start, 4 + 16 * (1 - bright), 0, 7);
      ctx.stroke();
      ctx.globalAlpha = 1;
    }
    const way = share(place, crosses, lands);
    const [left, top, wide, tall] = boxOf(scales, t, level);
    const side = Math.min(8, wide);
    const to = (from, end, part) => from + (end - from) * part;
    const [grown, down] = [way ** 2, fallen(way)];
    ctx.fillRect(to(start[0] - side / 2, left, way), to(start[1] - side / 2, top, down),
      to(side, wide, grown), to(side, tall, grown));
  }
}

/** Within a part of the time axis only. */
function within(ctx, [left, right], alpha, paint) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, 0, right - left, ctx.canvas.height);
  ctx.clip();
  ctx.globalAlpha = alpha;
  paint();
  ctx.restore();
}

/** A function that draws all of it: draw(surface, state, scales, look). `look`: the theme's
 *  `colour`, `lines` of the branches, the `ghost`, the `place`, how far `apart`, and whether what
 *  is still to come is `hidden`. */
export function tracer() {
  const [frame, run] = [keeper(), keeper()];
  return (on, state, scales, look) => {
    const { ctx } = on;
    const { place, apart, colour, ghost, lines, hidden } = look;
    const { x } = scales;
    const domain = scales.ys[0].domain;
    const keys = [...state.runs, colour, lines, apart, ...domain];
    const blocks = blocksOf(state, stepAt(place));
    const now = Math.max(0, Math.ceil(place) - 1); // the step before it is over
    frame(on, [...keys, ghost, state.n], (own) => drawFrame(own, state, scales, look));
    ctx.fillStyle = `color-mix(in srgb, ${colour.fg} 9%, transparent)`;
    ctx.fillRect(x(now), CEILING, x(now + 1) - x(now), x.range[1] && scales.sum.range[0] - CEILING);
    const paintRun = () => run(on, keys, (own) => drawRun(own, state, scales, look));
    within(ctx, [0, x(now)], 1, paintRun);
    if (!hidden) within(ctx, [x(place), on.width], 0.22, paintRun);
    if (place) drawWays(ctx, state, [now, place], scales, look);
    drawInput(ctx, state, scales, look);
    drawRungs(ctx, state, scales, blocks, look);
    stroke(ctx, colour.fg, [[x(place), CEILING - 6], [x(place), scales.sum.range[0]]], 1);
    drawStep(ctx, state, scales, blocks, look);
    if (apart) drawTicks(ctx, state, scales, blocks, look);
  };
}

/** In strips, the spikes of the step that goes on. */
function drawTicks(ctx, state, { x, ys }, blocks, { lines, place, apart }) {
  for (const { i, crosses } of blocks) {
    ctx.fillStyle = lines[i];
    if (place >= crosses) ctx.fillRect(x(crosses) - 1, ys[i].range[0] + 2, 3, 7 * apart);
  }
}

/** The lowest and the highest potential that all plots have to show. */
export function domainOf({ runs, p }) {
  const heights = runs.flatMap(({ h }) => [...h]);
  const [least, most] = [Math.min(0, ...heights), Math.max(...p.thresholds, ...heights)];
  return [least, least + clamp(1.12 * (most - least), 0.2, Infinity)];
}
