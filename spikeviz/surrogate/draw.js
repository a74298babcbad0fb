// The six pictures of SurrogateExplorer. Each takes a surface (base/draw.js), the colours and what
// it shows, and returns the scales that a hand on the picture needs.

import { SURROGATES } from "./functions.js";
import { V_THRESHOLD } from "./surrogate.js";
import { few } from "./words.js";
import { scale, ticks, axes, line, stroke, dot, label, across, upright } from "../base/draw.js";
import { clamp, show } from "../base/page.js";

const sides = (width, right = 14) => [46, width - right];
const wholeTicks = (x) => ticks(x, 6).filter(Number.isInteger);

/** A text that stays readable over lines. */
function cover(ctx, words, px, py, colour, fill, align) {
  const wide = ctx.measureText(words).width;
  ctx.fillStyle = colour.bg;
  ctx.fillRect(px - 3 - wide * { left: 0, center: 0.5, right: 1 }[align], py - 9, wide + 6, 18);
  label(ctx, words, px, py, fill, align);
}

function inside(ctx, [left, right], [bottom, top], paint) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, right - left, bottom - top);
  ctx.clip();
  paint();
  ctx.restore();
}

function fillShape(ctx, fill, points) {
  ctx.fillStyle = fill;
  ctx.beginPath();
  for (const [px, py] of points) ctx.lineTo(px, py);
  ctx.fill();
}

/** The dead zone: hatched wherever |u| > edge. */
function deadZone(ctx, x, y, edge, colour) {
  const [bottom, top] = y.range;
  for (const [left, right] of [[x.range[0], x(-edge)], [x(edge), x.range[1]]]) {
    if (right - left <= 1) continue;
    inside(ctx, [left, right], y.range, () => {
      ctx.strokeStyle = colour.muted;
      ctx.globalAlpha = 0.45;
      ctx.lineWidth = 1;
      ctx.beginPath();
      for (let px = left - (bottom - top); px < right; px += 9) {
        ctx.moveTo(px, bottom);
        ctx.lineTo(px + bottom - top, top);
      }
      ctx.stroke();
    });
    if (right - left >= 76)
      cover(ctx, "dead zone", (left + right) / 2, top + 14, colour, colour.muted, "center");
  }
}

const curve = (x, y, f) => {
  const [left, right] = x.range;
  const at = Array.from({ length: 241 }, (_, i) => left + (i / 240) * (right - left));
  return at.map((px) => [px, y(f(x.invert(px)))]);
};

/** What is written beside the lines of `drawStep`. */
function labelStep(ctx, x, above, y, colour, { p: { at }, peak, derivative, forward }) {
  const [left, right] = x.range;
  cover(ctx, "step Θ", right - 2, above(1) + 11, colour, colour.fg, "right");
  cover(ctx, "σ, never computed", right - 2, above(0.5) + 4, colour, colour.green, "right");
  const beside = forward ? above(1) - 13 : above(0) + 13;
  label(ctx, `Θ = ${forward}`, clamp(x(at), left + 22, right - 22), beside, colour.fg, "center");
  const before = at < 0 ? x(at) - left > 90 : right - x(at) < 90;
  const [side, px] = before ? ["right", x(at) - 15] : ["left", x(at) + 15];
  cover(ctx, `σ' = ${few(derivative)}`, px, y(derivative) - 13, colour, colour.blue, side);
  if (at > 0) label(ctx, "Θ' = 0", left + 4, y(0) - 9, colour.fg);
  else label(ctx, "Θ' = 0", right - 2, y(0) - 9, colour.fg, "right");
  label(ctx, "σ'", x(0) + 8, y(peak) - 2, colour.blue);
}

/** The slope at the ball as a line of one length; where it is not 0, an arrow downhill. */
function drawSlope(ctx, colour, { x, y, place: [px, py], slope }) {
  const [dx, dy] = [x(1) - x(0), slope * (y(1) - y(0))];
  const down = slope > 0 ? -1 : 1;
  const unit = 46 / Math.hypot(dx, dy);
  const at = (share) => [px + share * unit * dx, py + share * unit * dy];
  if (!slope) {
    stroke(ctx, colour.red, [at(-1), at(1)], 3);
    const half = ctx.measureText("slope 0").width / 2;
    const middle = clamp(px, x.range[0] + half + 4, x.range[1] - half - 4);
    cover(ctx, "slope 0", middle, Math.max(py - 26, y.range[1] + 9), colour, colour.red, "center");
    return;
  }
  stroke(ctx, colour.blue, [at(-down * 0.5), at(down * 0.85)], 3);
  ctx.save();
  ctx.translate(...at(down));
  ctx.rotate(Math.atan2(down * dy, down * dx));
  fillShape(ctx, colour.blue, [[0, 0], [-12, 6], [-12, -6]]);
  ctx.restore();
}

export const PICTURES = {
  /** Above, what goes forward: Θ, and σ. Below, what goes backward: σ' with its dead zone. */
  step({ ctx, width, height }, colour, state) {
    const { p, domain, peak, edge, half, derivative, forward } = state;
    const { primitive, derivative: slope } = SURROGATES[p.surrogate];
    const x = scale(domain, sides(width));
    const above = scale([0, 1], [104, 36]);
    const y = scale([0, Math.max(1, peak) * 1.12], [height - 38, 142]);
    axes(ctx, x, above, { colour, yTicks: [0, 1] });
    axes(ctx, x, y, { colour, xTitle: "u = H − V_th" });
    label(ctx, "forward", 0, 8, colour.fg);
    label(ctx, "backward", 0, 126, colour.fg);
    deadZone(ctx, x, y, edge, colour);
    stroke(ctx, colour.green, curve(x, above, (u) => primitive(u, p.alpha)), 2, [5, 3]);
    const [low, high] = [[x.range[0], x(0)], [x(0), x.range[1]]];
    const step = [...low.map((px) => [px, above(0)]), ...high.map((px) => [px, above(1)])];
    stroke(ctx, colour.fg, step, 2);
    line(ctx, across(x, y(0)));
    stroke(ctx, colour.blue, curve(x, y, (u) => slope(u, p.alpha)), 2);
    stroke(ctx, colour.red, [[x(p.at), above(1)], [x(p.at), y.range[0]]], 1, [3, 3]);
    dot(ctx, x(p.at), above(forward), 4, colour.fg);
    // The handle of the slope: half as high as σ', on the side where the point is not.
    const side = p.at < 0 ? 1 : -1;
    const handle = [clamp(x(side * half), ...x.range), y(peak / 2)];
    stroke(ctx, colour.blue, [[x(0), handle[1]], handle], 1, [2, 2]);
    labelStep(ctx, x, above, y, colour, state);
    const px = handle[0] + side * 16;
    const lift = y(0) - handle[1] < 28 ? 22 : 0; // above the words on the axis
    if (px > x.range[0] + 40 && px < x.range[1] - 40)
      cover(ctx, `α = ${show(p.alpha)}`, px, handle[1] - lift, colour, colour.blue,
        side > 0 ? "left" : "right");
    return { x, y, place: [x(p.at), y(derivative)], slope: handle };
  },

  /** A bar for each step back: how much of the gradient is left there. */
  survival({ ctx, width, height }, colour, { p, peak, survival: { left } }) {
    const x = scale([-0.6, p.time_steps + 0.6], sides(width));
    const y = scale([Math.min(0, ...left), Math.max(peak, ...left) * 1.05], [height - 38, 22]);
    const titles = { xTitle: "steps back, k", yTitle: "gradient that is left" };
    axes(ctx, x, y, { colour, ...titles, xTicks: wholeTicks(x), yTicks: ticks(y, 2) });
    const wide = Math.max(2, (x(1) - x(0)) * 0.7);
    ctx.fillStyle = colour.blue;
    left.forEach((value, k) => ctx.fillRect(x(k) - wide / 2, y(0), wide, y(value) - y(0)));
  },

  /** The layer's u as bars, each filled as far as σ' reaches it, with σ' and the dead zone. */
  layer({ ctx, width, height }, colour, { p, peak, edge, layer: { bars, span } }) {
    const slope = SURROGATES[p.surrogate].derivative;
    const x = scale([-span, span], sides(width, 40));
    const y = scale([0, Math.max(...bars) * 1.12], [height - 38, 24]);
    const own = scale([0, Math.max(1, peak) * 1.12], y.range);
    const titles = { xTitle: "u = H − V_th", yTitle: "share of neurons, %" };
    axes(ctx, x, y, { colour, ...titles, yTicks: ticks(y, 4) });
    deadZone(ctx, x, y, edge, colour);
    for (const value of ticks(own, 4))
      label(ctx, show(value), x.range[1] + 6, own(value), colour.blue);
    label(ctx, "σ'", x.range[1] + 6, own.range[1] - 12, colour.blue);
    const wide = (x.range[1] - x.range[0]) / bars.length;
    const bar = (px, share) => ctx.fillRect(px + 0.5, y(share), wide - 1, y(0) - y(share));
    bars.forEach((share, i) => {
      const px = x.range[0] + i * wide;
      ctx.fillStyle = colour.muted;
      ctx.globalAlpha = 0.55;
      bar(px, share);
      ctx.globalAlpha = 1;
      ctx.fillStyle = colour.green;
      bar(px, share * (slope(x.invert(px + wide / 2), p.alpha) / peak));
    });
    stroke(ctx, colour.blue, curve(x, own, (u) => slope(u, p.alpha)), 2);
    stroke(ctx, colour.fg, upright(x(0), y), 1, [2, 3]);
    const held = clamp(-edge, -span, 0);
    return { x, place: [x(held), own(slope(held, p.alpha))] };
  },

  /** Over all α: the mean of σ' over the layer, and the share of neurons out of the dead zone. */
  slopes({ ctx, width, height }, colour, { p, layer: { alphas, means }, shares, reached }) {
    const x = scale([alphas[0], alphas.at(-1)], sides(width, 40), true);
    const y = scale([0, Math.max(...means, 1e-6) * 1.2], [height - 38, 22]);
    const share = scale([0, 1.05], y.range);
    axes(ctx, x, y, { colour, xTitle: "slope α", yTitle: "mean σ' here", yTicks: ticks(y, 2) });
    label(ctx, "in reach", x.range[1], y.range[1] - 10, colour.green, "right");
    for (const value of [0, 0.5, 1])
      label(ctx, `${100 * value}%`, x.range[1] + 4, share(value), colour.green);
    const along = (values, up) => alphas.map((alpha, i) => [x(alpha), up(values[i])]);
    stroke(ctx, colour.green, along(shares, share), 2, [5, 3]);
    stroke(ctx, colour.blue, along(means, y), 2);
    stroke(ctx, colour.red, upright(x(p.alpha), y), 1, [3, 3]);
    dot(ctx, x(p.alpha), share(reached.share), 4, colour.green);
    dot(ctx, x(p.alpha), y(reached.mean), 4, colour.blue);
    return { x };
  },

  /** The loss over the weight: the staircase, the surrogate's hill, the walk, the slope here. */
  loss({ ctx, width, height }, colour, { weights, losses, hill, walk, here }) {
    const x = scale([weights[0], weights.at(-1)], sides(width));
    const y = scale([0, Math.max(1, ...losses) * 1.25], [height - 38, 24]);
    const titles = { xTitle: "weight w", yTitle: "loss = (spikes − target)²" };
    axes(ctx, x, y, { colour, ...titles, yTicks: ticks(y, 4) });
    const place = [x(here.weight), y(here.loss)];
    inside(ctx, x.range, y.range, () => {
      if (hill) stroke(ctx, colour.blue, weights.map((w, i) => [x(w), y(hill[i])]), 1.5, [5, 4]);
      const place = (i, loss) => [x(weights[i]), y(loss)];
      const treads = losses.flatMap((loss, i) => [place(i, losses[i - 1] ?? loss), place(i, loss)]);
      stroke(ctx, colour.fg, treads.slice(1), 2);
      for (const { weight, loss } of walk) dot(ctx, x(weight), y(loss), 3, colour.blue);
    });
    const name = [x.range[1] - 4, y.range[1] + (width < 360 ? 10 : -10)];
    if (hill) cover(ctx, "dashed: the surrogate's hill", ...name, colour, colour.blue, "right");
    const slope = here.gradient;
    inside(ctx, x.range, y.range, () => drawSlope(ctx, colour, { x, y, place, slope }));
    dot(ctx, ...place, 10, colour.red); // behind its handle: a film sees the canvas alone
    return { x, place };
  },

  /** The neuron with the weight on show: H up to each step, V after its reset, its spikes. */
  neuron({ ctx, width, height }, colour, { p, run }) {
    const x = scale([0.5, p.time_steps + 0.5], sides(width)); // the first step is called 1
    const y = scale([Math.min(0, ...run.v), Math.max(1.5, ...run.h) * 1.05], [height - 38, 34]);
    axes(ctx, x, y, { colour, xTitle: "time step", xTicks: wholeTicks(x), yTicks: ticks(y, 2) });
    label(ctx, "its membrane and spikes", x.range[0], 7, colour.fg);
    stroke(ctx, colour.muted, across(x, y(V_THRESHOLD)), 1, [6, 4]);
    label(ctx, "V_th", x.range[1], y(V_THRESHOLD) - 8, colour.muted, "right");
    const values = (t) => (run.s[t] ? [run.h[t], run.v[t]] : [run.h[t]]);
    const at = (t) => x(t + 1);
    const path = run.h.flatMap((_, t) => values(t).map((value) => [at(t), y(value)]));
    stroke(ctx, colour.blue, path, 2);
    run.s.forEach((spike, t) => {
      if (!spike) dot(ctx, at(t), y(run.h[t]), 2.5, colour.blue);
      else fillShape(ctx, colour.red, [[at(t), 16], [at(t) - 5, 27], [at(t) + 5, 27]]);
    });
  },
};
