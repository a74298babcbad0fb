// Colours of SpikingPlayground's maps, and the marks of its two classes.

import { cividis, dot } from "../base/draw.js";
import { clamp, h } from "../base/page.js";

const SHADES = 64;
const RATES = Array.from({ length: SHADES + 1 }, (_, i) => cividis(i / SHADES));

const probe = h("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
/** [red, green, blue] of a colour of the style sheet. */
function rgb(colour) {
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

const blend = (from, to, share) => from.map((value, i) => value + (to[i] - value) * share);

/** Colours of a class's probability: red for 0, the ground for one half, blue for 1. */
export function classShades({ red, bg, blue }) {
  const [low, middle, high] = [red, bg, blue].map(rgb);
  return Array.from({ length: SHADES + 1 }, (_, i) => {
    const share = (2 * i) / SHADES - 1;
    return blend(middle, share < 0 ? low : high, 0.85 * Math.abs(share));
  });
}
export const RATE_SHADES = RATES;

/** A map of a plane's square, each value at most `most`, as a small canvas to draw enlarged. */
export function mapOf(values, shades, most = 1) {
  const side = Math.sqrt(values.length);
  const canvas = h("canvas", { width: side, height: side });
  const ctx = canvas.getContext("2d");
  const image = ctx.createImageData(side, side);
  values.forEach((value, k) => {
    const shade = shades[clamp(Math.round((SHADES * value) / most) || 0, 0, SHADES)]; // NaN too
    image.data.set(shade, 4 * k);
    image.data[4 * k + 3] = 255;
  });
  ctx.putImageData(image, 0, 0);
  return canvas;
}

/** A point of the data: blue is a disc, red a triangle; what only tests is hollow. */
export function mark(ctx, px, py, label, { colour, size, hollow = false }) {
  const tint = label ? colour.blue : colour.red;
  Object.assign(ctx, { lineWidth: 1.5, strokeStyle: hollow ? tint : colour.bg, fillStyle: tint });
  if (label) dot(ctx, px, py, size, hollow ? colour.bg : tint);
  else {
    ctx.fillStyle = hollow ? colour.bg : tint;
    ctx.beginPath();
    ctx.moveTo(px, py - 1.2 * size);
    ctx.lineTo(px + 1.15 * size, py + 0.9 * size);
    ctx.lineTo(px - 1.15 * size, py + 0.9 * size);
    ctx.closePath();
    ctx.fill();
  }
  ctx.stroke();
}
