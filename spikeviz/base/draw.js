// What every widget draws with: a canvas in CSS pixels, scales, axes, lines, colour maps.

import { clamp, h, show } from "./page.js";
import { memory } from "./memory.js";

/** Match a canvas to its box on the screen; returns a context in CSS pixels, cleared and crisp. */
export function surface(canvas) {
  const ratio = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  const [w, hgt] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== hgt) Object.assign(canvas, { width: w, height: hgt });
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  Object.assign(ctx, { font: "12px system-ui, sans-serif", imageSmoothingEnabled: false });
  return { ctx, width, height };
}

/** A linear (or logarithmic) map from data to pixels, with its inverse. */
export function scale([d0, d1], [r0, r1], log = false) {
  const f = log ? Math.log : (v) => v;
  const g = log ? Math.exp : (v) => v;
  const k = (r1 - r0) / (f(d1) - f(d0) || 1);
  const map = (value) => r0 + (f(value) - f(d0)) * k;
  const invert = (pixel) => g(f(d0) + (pixel - r0) / k);
  return Object.assign(map, { invert, domain: [d0, d1], range: [r0, r1], log });
}

/** About `count` round numbers inside a scale's domain. */
export function ticks({ domain: [low, high], log }, count = 5) {
  const from = (first, length) => Array.from({ length }, (_, i) => first + i);
  if (log) {
    const powers = from(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high / low)) + 2);
    const inside = (steps) => powers.flatMap((k) => steps.map((m) => Number(`${m}e${k}`)))
      .filter((value) => value >= low * 0.999 && value <= high * 1.001);
    return inside([1, 2, 5]).length > 10 ? inside([1]) : inside([1, 2, 5]);
  }
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return from(first, last - first + 1).map((k) => Number((k * step).toPrecision(12)));
}

/**
 * Axes at the left and bottom of the box that x and y span: grid lines, numbers, titles. say(value)
 * words a number at the left.
 */
export function axes(ctx, x, y, { colour, xTitle = "", yTitle = "", ...places }) {
  const { xTicks = ticks(x), yTicks = ticks(y, 3), say = show } = places;
  const [[left, right], [bottom, top]] = [x.range, y.range];
  Object.assign(ctx, { lineWidth: 1, strokeStyle: colour.grid });
  for (const value of yTicks) {
    const py = Math.round(y(value)) + 0.5;
    line(ctx, across(x, py));
    label(ctx, say(value), left - 6, py, colour.muted, "right");
  }
  for (const value of xTitle ? xTicks : []) {
    line(ctx, [[x(value), bottom], [x(value), bottom + 4]]);
    label(ctx, show(value), x(value), bottom + 6, colour.muted, "center", "top");
  }
  label(ctx, xTitle, right, bottom + 21, colour.fg, "right", "top");
  label(ctx, yTitle, left, top - 4, colour.fg, "left", "bottom");
}

export function line(ctx, points, dash = []) {
  ctx.setLineDash(dash);
  ctx.beginPath();
  points.forEach(([px, py], i) => (i ? ctx.lineTo(px, py) : ctx.moveTo(px, py)));
  ctx.stroke();
  ctx.setLineDash([]);
}

/** Words whose left end and middle, or what `align` and `baseline` say, are at (x, y), no wider
 *  than `room` if there is one. */
export function label(ctx, words, x, y, colour, align = "left", baseline = "middle", room) {
  Object.assign(ctx, { fillStyle: colour, textAlign: align, textBaseline: baseline });
  ctx.fillText(words, x, y, room);
}

/** In the place of an answer that a reader has not yet guessed. */
export function hide({ ctx, width, height }, colour) {
  ctx.fillStyle = colour.grid;
  ctx.fillRect(0, 0, width, height);
  label(ctx, "hidden: guess first", width / 2, height / 2, colour.fg, "center");
}

/** The edge of a box [x, y, width, height]. */
export function outline(ctx, box, colour, lineWidth = 2) {
  Object.assign(ctx, { strokeStyle: colour, lineWidth });
  ctx.strokeRect(...box);
}

/** A line in a colour of its own. */
export function stroke(ctx, colour, points, width = 1, dash = []) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  line(ctx, points, dash);
}

export function dot(ctx, px, py, radius, colour) {
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.arc(px, py, radius, 0, 7);
  ctx.fill();
}

/** The two ends of a line over the whole range of a scale: level, or upright. */
export const across = ({ range: [left, right] }, py) => [[left, py], [right, py]];
export const upright = (px, { range: [bottom, top] }) => [[px, bottom], [px, top]];

/** The corners of values that each hold from their step to the next. */
export const stairs = (values, x, y) =>
  Array.from(values, (value, t) => [[x(t), y(value)], [x(t + 1), y(value)]]).flat();

const CIVIDIS = [
  [0, 34, 78], [53, 69, 108], [102, 105, 112], [148, 142, 119], [200, 184, 102], [254, 232, 56],
];

/** A colour between 0 (dark) and 1 (light) that colour-blind readers order alike. */
export function cividis(share) {
  const at = clamp(share, 0, 1) * (CIVIDIS.length - 1);
  const i = Math.min(Math.floor(at), CIVIDIS.length - 2);
  return CIVIDIS[i].map((low, c) => Math.round(low + (CIVIDIS[i + 1][c] - low) * (at - i)));
}

/** Colours, row by row, as a small canvas with one pixel each, to be drawn enlarged. */
export function picture(pixels, width) {
  const data = Uint8ClampedArray.from(pixels.flatMap((pixel) => [...pixel, 255]));
  const canvas = h("canvas", { width, height: pixels.length / width });
  canvas.getContext("2d").putImageData(new ImageData(data, width), 0, 0);
  return canvas;
}

/** redraw(canvas, keys, paint) gives what paint(surface) last gave, until a key or size is new. */
export function redrawer() {
  const once = memory();
  return (canvas, keys, paint) => {
    const size = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio];
    return once(canvas, [...size, ...keys], () => paint(surface(canvas)));
  };
}
