// The six drawings of SurrogateExplorer. Each takes a surface (draw.js), the colours and what it
// shows, and returns the scales that a hand on the picture needs.

import { SURROGATES, V_THRESHOLD } from "./surrogate.js";
import { scale, ticks, axes, line } from "../base/draw.js";
import { clamp, show } from "../base/page.js";

const sides = (width, right = 14) => [46, width - right];
const between = ([low, high], n) => Array.from({ length: n + 1 }, (_, i) => low + (i / n) * (high - low));

/** Powers of ten for what is too small or too large to read: 3.8·10⁻⁴. */
export function few(value) {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e5)) return show(value);
  const [digits, power] = value.toExponential(1).split("e");
  return `${digits.replace("-", "−")}·10${[...power.replace("+", "")].map((sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign])).join("")}`;
}

function dot(ctx, px, py, size, fill) {
  ctx.fillStyle = fill;
  ctx.beginPath();
  ctx.arc(px, py, size, 0, 7);
  ctx.fill();
}

function text(ctx, words, px, py, fill, align = "left") {
  ctx.fillStyle = fill;
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  ctx.fillText(words, px, py);
}

/** A text that stays readable over lines. */
function label(ctx, words, px, py, colour, fill, align) {
  const wide = ctx.measureText(words).width;
  ctx.fillStyle = colour.bg;
  ctx.fillRect(px - 3 - wide * { left: 0, center: 0.5, right: 1 }[align], py - 9, wide + 6, 18);
  text(ctx, words, px, py, fill, align);
}

function inside(ctx, x, y, paint) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x.range[0], y.range[1], x.range[1] - x.range[0], y.range[0] - y.range[1]);
  ctx.clip();
  paint();
  ctx.restore();
}

/** The dead zone: hatched wherever |u| > edge. */
function deadZone(ctx, x, y, edge, colour) {
  const [bottom, top] = y.range;
  const parts = [[x.range[0], x(-edge)], [x(edge), x.range[1]]].filter(([left, right]) => right - left > 1);
  for (const [left, right] of parts) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, right - left, bottom - top);
    ctx.clip();
    ctx.strokeStyle = colour.muted;
    ctx.globalAlpha = 0.45;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (let px = left - (bottom - top); px < right; px += 9) {
      ctx.moveTo(px, bottom);
      ctx.lineTo(px + bottom - top, top);
    }
    ctx.stroke();
    ctx.restore();
    if (right - left < 76) continue;
    label(ctx, "dead zone", (left + right) / 2, top + 14, colour, colour.muted, "center");
  }
}

const curve = (x, y, f) => between(x.range, 240).map((px) => [px, y(f(x.invert(px)))]);

/** Above, what goes forward: Θ, and σ. Below, what goes backward: σ' with its dead zone. */
export function drawStep({ ctx, width, height }, colour, { p, domain, peak, edge, derivative, forward }) {
  const { primitive, derivative: slope } = SURROGATES[p.surrogate];
  const x = scale(domain, sides(width));
  const above = scale([0, 1], [104, 36]);
  const y = scale([0, Math.max(1, peak) * 1.12], [height - 38, 142]);
  axes(ctx, x, above, { colour, yTitle: "", yTicks: [0, 1] });
  axes(ctx, x, y, { colour, xTitle: "u = H − V_th", yTitle: "" });
  text(ctx, "forward", 0, 8, colour.fg);
  text(ctx, "backward", 0, 126, colour.fg);
  deadZone(ctx, x, y, edge, colour);

  ctx.lineWidth = 2;
  ctx.strokeStyle = colour.green;
  line(ctx, curve(x, above, (u) => primitive(u, p.alpha)), [5, 3]);
  ctx.strokeStyle = colour.fg;
  line(ctx, [[x.range[0], above(0)], [x(0), above(0)], [x(0), above(1)], [x.range[1], above(1)]]);
  line(ctx, [[x.range[0], y(0)], [x.range[1], y(0)]]);
  ctx.strokeStyle = colour.blue;
  line(ctx, curve(x, y, (u) => slope(u, p.alpha)));

  ctx.lineWidth = 1;
  ctx.strokeStyle = colour.red;
  line(ctx, [[x(p.at), above.range[1]], [x(p.at), y.range[0]]], [3, 3]);
  dot(ctx, x(p.at), above(forward), 4, colour.fg);
  label(ctx, "step Θ", x.range[1] - 2, above(1) + 11, colour, colour.fg, "right");
  label(ctx, "σ, never computed", x.range[1] - 2, above(0.5) + 4, colour, colour.green, "right");
  text(ctx, `Θ = ${forward}`, clamp(x(p.at), x.range[0] + 22, x.range[1] - 22), forward ? above(1) - 13 : above(0) + 13, colour.fg, "center");
  const left = p.at < 0 ? x(p.at) - x.range[0] > 90 : x.range[1] - x(p.at) < 90;
  label(ctx, `σ' = ${few(derivative)}`, x(p.at) + (left ? -15 : 15), y(derivative) - 13, colour, colour.blue, left ? "right" : "left");
  text(ctx, "Θ' = 0", x.range[p.at > 0 ? 0 : 1] + (p.at > 0 ? 4 : -2), y(0) - 9, colour.fg, p.at > 0 ? "left" : "right");
  text(ctx, "σ'", x(0) + 8, y(peak) - 2, colour.blue);
  return { x, y, place: [x(p.at), y(derivative)] };
}

/** A bar for each step back: how much of the gradient is left there. */
export function drawSurvival({ ctx, width, height }, colour, { p, peak, left }) {
  const x = scale([-0.6, p.time_steps + 0.6], sides(width));
  const y = scale([Math.min(0, ...left), Math.max(peak, ...left) * 1.05], [height - 38, 22]);
  const whole = ticks(x, 6).filter((k) => Number.isInteger(k));
  axes(ctx, x, y, { colour, xTitle: "steps back, k", yTitle: "gradient that is left", xTicks: whole, yTicks: ticks(y, 2) });
  const wide = Math.max(2, (x(1) - x(0)) * 0.7);
  ctx.fillStyle = colour.blue;
  left.forEach((value, k) => ctx.fillRect(x(k) - wide / 2, y(0), wide, y(value) - y(0)));
}

/** The layer's u as bars, each filled as far as σ' reaches it, with σ' above and the dead zone. */
export function drawLayer({ ctx, width, height }, colour, { p, bars, span, peak, edge }) {
  const slope = SURROGATES[p.surrogate].derivative;
  const x = scale([-span, span], sides(width, 40));
  const y = scale([0, Math.max(...bars) * 1.12], [height - 38, 24]);
  const own = scale([0, Math.max(1, peak) * 1.12], y.range);
  axes(ctx, x, y, { colour, xTitle: "u = H − V_th", yTitle: "share of neurons, %", yTicks: ticks(y, 4) });
  deadZone(ctx, x, y, edge, colour);
  for (const value of ticks(own, 4)) text(ctx, show(value), x.range[1] + 6, own(value), colour.blue);
  text(ctx, "σ'", x.range[1] + 6, own.range[1] - 12, colour.blue);

  const wide = (x.range[1] - x.range[0]) / bars.length;
  bars.forEach((share, i) => {
    const px = x.range[0] + i * wide;
    const reached = slope(x.invert(px + wide / 2), p.alpha) / peak;
    ctx.fillStyle = colour.muted;
    ctx.globalAlpha = 0.55;
    ctx.fillRect(px + 0.5, y(share), wide - 1, y(0) - y(share));
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour.green;
    ctx.fillRect(px + 0.5, y(share * reached), wide - 1, y(0) - y(share * reached));
  });
  ctx.lineWidth = 2;
  ctx.strokeStyle = colour.blue;
  line(ctx, curve(x, own, (u) => slope(u, p.alpha)));
  ctx.lineWidth = 1;
  ctx.strokeStyle = colour.fg;
  line(ctx, [[x(0), y.range[0]], [x(0), y.range[1]]], [2, 3]);
  const held = clamp(-edge, -span, 0);
  return { x, place: [x(held), own(slope(held, p.alpha))] };
}

/** Over all slopes α: the mean of σ' over the layer, and the share of neurons out of the dead zone. */
export function drawSlopes({ ctx, width, height }, colour, { p, sweep, reached }) {
  const x = scale([sweep.alphas[0], sweep.alphas.at(-1)], sides(width, 40), true);
  const y = scale([0, Math.max(...sweep.means, 1e-6) * 1.2], [height - 38, 22]);
  const share = scale([0, 1.05], y.range);
  axes(ctx, x, y, { colour, xTitle: "slope α", yTitle: "mean σ' here", yTicks: ticks(y, 2) });
  text(ctx, "in reach", x.range[1], y.range[1] - 10, colour.green, "right");
  for (const value of [0, 0.5, 1]) text(ctx, `${100 * value}%`, x.range[1] + 4, share(value), colour.green);
  ctx.lineWidth = 2;
  ctx.strokeStyle = colour.green;
  line(ctx, sweep.alphas.map((alpha, i) => [x(alpha), share(sweep.shares[i])]), [5, 3]);
  ctx.strokeStyle = colour.blue;
  line(ctx, sweep.alphas.map((alpha, i) => [x(alpha), y(sweep.means[i])]));
  ctx.lineWidth = 1;
  ctx.strokeStyle = colour.red;
  line(ctx, [[x(p.alpha), y.range[0]], [x(p.alpha), y.range[1]]], [3, 3]);
  dot(ctx, x(p.alpha), share(reached.share), 4, colour.green);
  dot(ctx, x(p.alpha), y(reached.mean), 4, colour.blue);
  return { x };
}

/** The loss over the weight: the staircase, the hill of the surrogate, the walk and the slope here. */
export function drawLoss({ ctx, width, height }, colour, { weights, losses, hill, walk, here }) {
  const x = scale([weights[0], weights.at(-1)], sides(width));
  const y = scale([0, Math.max(1, ...losses) * 1.25], [height - 38, 24]);
  axes(ctx, x, y, { colour, xTitle: "weight w", yTitle: "loss = (spikes − target)²", yTicks: ticks(y, 4) });
  inside(ctx, x, y, () => {
    ctx.lineWidth = 1.5;
    ctx.strokeStyle = colour.blue;
    if (hill) line(ctx, weights.map((w, i) => [x(w), y(hill[i])]), [5, 4]);
    ctx.lineWidth = 2;
    ctx.strokeStyle = colour.fg;
    line(ctx, weights.flatMap((w, i) => [...(i ? [[x(w), y(losses[i - 1])]] : []), [x(w), y(losses[i])]]));
    for (const { weight, loss } of walk) dot(ctx, x(weight), y(loss), 3, colour.blue);
  });
  if (hill) label(ctx, "dashed: the surrogate's hill", x.range[1] - 4, y.range[1] + (width < 360 ? 10 : -10), colour, colour.blue, "right");
  const place = [x(here.weight), y(here.loss)];
  inside(ctx, x, y, () => drawSlope(ctx, colour, { x, y, place, slope: here.gradient }));
  return { x, place };
}

/** The slope at the ball as a line of one length; where it is not 0, an arrow downhill. */
function drawSlope(ctx, colour, { x, y, place: [px, py], slope }) {
  const [dx, dy] = [x(1) - x(0), slope * (y(1) - y(0))];
  const down = slope > 0 ? -1 : 1;
  const unit = 46 / Math.hypot(dx, dy);
  const at = (share) => [px + share * unit * dx, py + share * unit * dy];
  ctx.lineWidth = 3;
  ctx.strokeStyle = slope ? colour.blue : colour.red;
  if (!slope) {
    line(ctx, [at(-1), at(1)]);
    text(ctx, "slope 0", px + 18, py - 14, colour.red);
    return;
  }
  const [tipX, tipY] = at(down);
  line(ctx, [at(-down * 0.5), at(down * 0.85)]);
  ctx.save();
  ctx.translate(tipX, tipY);
  ctx.rotate(Math.atan2(down * dy, down * dx));
  ctx.fillStyle = colour.blue;
  ctx.beginPath();
  ctx.moveTo(0, 0);
  ctx.lineTo(-12, 6);
  ctx.lineTo(-12, -6);
  ctx.fill();
  ctx.restore();
}

/** The neuron with the weight on show: H up to each step, V after its reset, threshold, spikes. */
export function drawNeuron({ ctx, width, height }, colour, { p, run }) {
  const x = scale([-0.5, p.time_steps - 0.5], sides(width));
  const y = scale([Math.min(0, ...run.v), Math.max(1.5, ...run.h) * 1.05], [height - 38, 34]);
  const whole = ticks(x, 6).filter((k) => Number.isInteger(k));
  axes(ctx, x, y, { colour, xTitle: "time step", xTicks: whole, yTicks: ticks(y, 2) });
  text(ctx, "its membrane and spikes", x.range[0], 7, colour.fg);
  ctx.lineWidth = 1;
  ctx.strokeStyle = colour.muted;
  line(ctx, [[x.range[0], y(V_THRESHOLD)], [x.range[1], y(V_THRESHOLD)]], [6, 4]);
  text(ctx, "V_th", x.range[1], y(V_THRESHOLD) - 8, colour.muted, "right");
  ctx.lineWidth = 2;
  ctx.strokeStyle = colour.blue;
  line(ctx, run.h.flatMap((value, t) => [[x(t), y(value)], ...(run.s[t] ? [[x(t), y(run.v[t])]] : [])]));
  run.s.forEach((spike, t) => {
    if (!spike) return dot(ctx, x(t), y(run.h[t]), 2.5, colour.blue);
    ctx.fillStyle = colour.red;
    ctx.beginPath();
    ctx.moveTo(x(t), 16);
    ctx.lineTo(x(t) - 5, 27);
    ctx.lineTo(x(t) + 5, 27);
    ctx.fill();
  });
}
