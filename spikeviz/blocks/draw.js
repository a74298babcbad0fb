// What SpikeBlockExplorer shows of a value: heat maps of its channels at a step, or one pixel over
// all steps.

import { SIDE, numbers } from "./blocks.js";
import { h } from "../base/page.js";
import { memory } from "../base/memory.js";
import { across, axes, outline, picture, scale, stairs, stroke } from "../base/draw.js";

// Black is 0 everywhere; a spike is white, and of a sum all that there can be; real values are
// orange above 0 and blue below.
const PALETTE = Array.from({ length: 401 }, (_, i) => {
  const share = (i - 200) / 200;
  const end = share < 0 ? [90, 190, 255] : [255, 178, 70];
  return end.map((c) => Math.round(c * Math.abs(share) ** 0.8));
});
// As a canvas keeps them.
const PACKED = Uint32Array.from(PALETTE, ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r);
const GREY = 0x10101; // of one shade
const MOST_CHANNELS = 4;
const GAP = 4; // between two maps

/** The line of a channel: its colour, width, dashes. */
const styleOf = (colour, c) =>
  [[colour.blue, colour.purple, colour.green, colour.red][c], c ? 1.5 : 2.5, c ? [4, 3] : []];

/** Numbers between −most and most as a picture of that width. */
export const heat = (values, width, most) =>
  picture(Array.from(values, (v) => PALETTE[Math.round((v / most) * 200) + 200]), width);

/** One canvas that holds the maps of many values at a step, so that a move makes no canvas anew:
 *  show(values, stepOf) writes the channels of each, at a step, to a row of its own. */
export function sheet(rows) {
  const canvas = h("canvas", { width: SIDE * MOST_CHANNELS, height: SIDE * rows });
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  const image = new ImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const once = memory();
  function put(value, place, step) {
    const { low, high } = numbers(value);
    const most = 200 / Math.max(-low, high, 1e-9);
    const inkOf = value.most
      ? (v) => (255 << 24) | (GREY * Math.round((255 * v) / value.most))
      : (v) => PACKED[Math.round(v * most) + 200];
    let i = step * value.channels * SIDE * SIDE;
    for (let c = 0; c < value.channels; c++)
      for (let y = 0; y < SIDE; y++) {
        const row = ((place * SIDE + y) * MOST_CHANNELS + c) * SIDE;
        for (let x = 0; x < SIDE; x++, i++) pixels[row + x] = inkOf(value.data[i]);
      }
  }
  function show(values, stepOf) {
    values.forEach((value, place) => {
      const step = Math.min(stepOf(place), value.steps - 1);
      once(place, [value, value.still || step], () => put(value, place, step));
    });
    ctx.putImageData(image, 0, 0);
  }
  return { canvas, show };
}

/** The maps of all channels from a place of a sheet, the pixel on show ringed: [x, y, width]. */
export function maps(ctx, canvas, place, { channels }, [left, top, width, height], p, colour) {
  const rows = (n) => Math.ceil(channels / n);
  const fit = (n) =>
    Math.min((width - GAP * (n - 1)) / n, (height - GAP * (rows(n) - 1)) / rows(n));
  const columns = [1, 2, 4].map((n) => Math.min(n, channels)).sort((a, b) => fit(b) - fit(a))[0];
  const size = Math.max(4, Math.floor(fit(columns)));
  const indent = left + (width - columns * (size + GAP) + GAP) / 2;
  const drop = top + (height - rows(columns) * (size + GAP) + GAP) / 2;
  const unit = size / SIDE;
  const places = Array.from({ length: channels }, (_, c) => [
    indent + (c % columns) * (size + GAP), drop + Math.floor(c / columns) * (size + GAP), size,
  ]);
  places.forEach(([px, py], c) => {
    ctx.drawImage(canvas, c * SIDE, place * SIDE, SIDE, SIDE, px, py, size, size);
  });
  for (const [px, py] of places) {
    const pixel = [px + p.column * unit - 1, py + p.row * unit - 1, unit + 2, unit + 2];
    outline(ctx, pixel, colour.red, 1.5);
  }
  return places;
}

/** One pixel over all steps, of each channel; `from` is the value's data or its membrane. */
const courses = ({ steps, channels, side }, from, at) =>
  Array.from({ length: channels }, (_, c) =>
    Array.from({ length: steps }, (__, t) => from[(t * channels + c) * side ** 2 + at]));

/** What paint() draws up to px, and after it pale: the future. */
function inTime(ctx, [left, top, width, height], px, paint) {
  ctx.globalAlpha = 0.3;
  paint();
  ctx.globalAlpha = 1;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left - 20, top - 20, Math.min(px, left + width + 20) - left + 20, height + 40);
  ctx.clip();
  paint();
  ctx.restore();
}

/** How much larger a spike of step t is drawn as the playhead crosses it. */
const flash = (t, place) => (t <= place && place < t + 1 ? t + 1 - place : 0);

/** The course of a pixel: a lane for each channel of spikes, a line for each of real values. */
export function course(ctx, value, at, box, colour, place, { low, high } = numbers(value)) {
  const [left, top, width, height] = box;
  const { steps, channels } = value;
  const unit = width / steps;
  const lane = height / channels;
  const x = (t) => left + t * unit;
  ctx.fillStyle = colour.grid;
  ctx.fillRect(x(place), top, Math.max(1.5, unit), height);
  const y = scale([Math.min(0, low), Math.max(high, 1e-9)], [top + height - 2, top + 2]);
  const trains = value.most === 1;
  if (!trains) stroke(ctx, colour.muted, [[left, y(0)], [left + width, y(0)]]);
  const all = courses(value, value.data, at);
  inTime(ctx, box, x(place + 1), () => all.forEach((values, c) => {
    const [tone, wide, dash] = styleOf(colour, c);
    if (!trains) return stroke(ctx, tone, stairs(values, x, y), wide, dash);
    const base = top + (c + 1) * lane - 2;
    stroke(ctx, tone, [[left, base], [left + width, base]]);
    ctx.fillStyle = tone;
    values.forEach((fires, t) => {
      const grown = 1 + 0.35 * flash(t, place);
      const [thick, tall] = [Math.max(1.2, unit * 0.6) * grown, lane * 0.7 * grown];
      if (fires) ctx.fillRect(x(t + 0.5) - thick / 2, base - tall, thick, tall);
    });
    return null;
  }));
}

/** The numbers under a course of n steps. */
export const stepTicks = (n) =>
  Array.from({ length: n }, (_, i) => i + 1).filter((i) => i % (n <= 16 ? 2 : 4) === 1);

/**
 * H of one pixel over all steps, down to 0 where it is reset, the threshold and the spikes; `most`
 * is the largest current that comes in, which H cannot exceed. Returns the scale of H.
 */
export function membranes(ctx, value, { v_threshold }, [at, most], box, colour, place, x) {
  const [left, top, width, height] = box;
  const heights = courses(value, value.membrane, at);
  const [least, high] = [Math.min(0, ...heights.flat()), Math.max(v_threshold, most, 0.1)];
  const y = scale([least, high * 1.05], [top + height - 2, top + 9 * value.channels + 2]);
  ctx.fillStyle = colour.grid;
  ctx.fillRect(left + place * (width / value.steps), top, width / value.steps, height);
  const bare = { ...colour, grid: "transparent" };
  axes(ctx, x, y, { colour: bare, xTitle: " ", xTicks: stepTicks(value.steps) });
  stroke(ctx, colour.red, across(x, y(v_threshold)), 1.5, [6, 4]);
  const all = courses(value, value.data, at);
  inTime(ctx, box, x(place + 1) + 2, () => all.forEach((spikes, c) => {
    const [tone, wide, dash] = styleOf(colour, c);
    const stops = (t) => (spikes[t] ? [heights[c][t], 0] : [heights[c][t]]);
    const points = spikes.flatMap((_, t) => stops(t).map((stop) => [x(t + 1), y(stop)]));
    stroke(ctx, tone, points, wide, dash);
    ctx.fillStyle = tone;
    spikes.forEach((fires, t) => {
      const grown = 1 + flash(t, place);
      if (fires) ctx.fillRect(x(t + 1) - 1.5 * grown, top + 9 * c, 3 * grown, 7);
    });
  }));
  return y;
}
