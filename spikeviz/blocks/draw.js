// The pictures of SpikeBlockExplorer: heat maps, courses over time, and the layout of a diagram, the
// same routine for every block. No state but a cache of pictures.

import { numbers } from "./blocks.js";
import { h } from "../base/page.js";
import { scale, axes, line, picture } from "../base/draw.js";

const NARROW = 560; // below this width a diagram runs from top to bottom

// Black is 0 everywhere; a spike is white, real values are orange above 0 and blue below.
const PALETTE = Array.from({ length: 401 }, (_, i) => {
  const share = (i - 200) / 200;
  const end = share < 0 ? [90, 190, 255] : [255, 178, 70];
  return end.map((c) => Math.round(c * Math.abs(share) ** 0.8));
});
const PACKED = Uint32Array.from(PALETTE, ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r); // as a canvas keeps them
const MOST_CHANNELS = 4;
const toneOf = (colour, c) => [colour.blue, colour.purple, colour.green, colour.red][c];

/** Numbers between −most and most as a picture of that width. */
export const heat = (values, width, most) => picture(Array.from(values, (v) => PALETTE[Math.round((v / most) * 200) + 200]), width);

// One canvas that holds the maps of many values at a step, so that a move makes no canvas anew.
// put(place, value, step) writes a value's channels to a place, ready() brings them onto `canvas`.
export function sheet(side, places) {
  const canvas = h("canvas", { width: side * MOST_CHANNELS, height: side * places });
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  const image = new ImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const held = [];
  let fresh = false;
  function put(place, value, step) {
    if (held[place]?.value === value && (value.still || held[place].step === step)) return;
    held[place] = { value, step };
    fresh = true;
    const { low, high } = numbers(value);
    const most = value.binary ? 0 : 200 / Math.max(-low, high, 1e-9);
    let i = step * value.channels * side * side;
    for (let c = 0; c < value.channels; c++)
      for (let y = 0; y < side; y++) {
        const row = ((place * side + y) * MOST_CHANNELS + c) * side;
        for (let x = 0; x < side; x++, i++) pixels[row + x] = most ? PACKED[Math.round(value.data[i] * most) + 200] : value.data[i] ? 0xffffffff : 0xff000000;
      }
  }
  const ready = () => {
    if (fresh) ctx.putImageData(image, 0, 0);
    fresh = false;
  };
  return { canvas, put, ready };
}

/** The maps of all channels from a place of a sheet; returns where each stands: [x, y, width]. */
export function maps(ctx, canvas, place, value, [left, top, width, height]) {
  const { channels, side } = value;
  const across = [1, 2, 4].map((n) => Math.min(n, channels)).sort((a, b) => fit(b) - fit(a))[0];
  function fit(n) {
    return Math.min((width - 4 * (n - 1)) / n, (height - 4 * (Math.ceil(channels / n) - 1)) / Math.ceil(channels / n));
  }
  const size = Math.max(4, Math.floor(fit(across)));
  ctx.imageSmoothingEnabled = false;
  const indent = left + (width - across * (size + 4) + 4) / 2;
  const drop = top + (height - Math.ceil(channels / across) * (size + 4) + 4) / 2;
  return Array.from({ length: channels }, (_, c) => {
    const [px, py] = [indent + (c % across) * (size + 4), drop + Math.floor(c / across) * (size + 4)];
    ctx.drawImage(canvas, c * side, place * side, side, side, px, py, size, size);
    return [px, py, size];
  });
}

/** A ring around the pixel whose course is shown. */
export function ring(ctx, [px, py, size], { row, column }, colour) {
  const unit = size / 16;
  ctx.strokeStyle = colour.red;
  ctx.lineWidth = 1.5;
  ctx.strokeRect(px + column * unit - 1, py + row * unit - 1, unit + 2, unit + 2);
}

/** One pixel over all steps: a lane for each channel of spikes, a line for each of real values. */
export function course(ctx, value, at, [left, top, width, height], colour, step, { low, high } = numbers(value)) {
  const { steps, channels, data } = value;
  const area = value.side ** 2;
  const unit = width / steps;
  const here = (t, c) => data[(t * channels + c) * area + at];
  ctx.fillStyle = colour.grid;
  ctx.fillRect(left + step * unit, top, Math.max(1.5, unit), height);
  if (value.binary) {
    const lane = height / channels;
    for (let c = 0; c < channels; c++) {
      const base = top + (c + 1) * lane - 2;
      ctx.strokeStyle = ctx.fillStyle = toneOf(colour, c);
      ctx.lineWidth = 1;
      line(ctx, [[left, base], [left + width, base]]);
      for (let t = 0; t < steps; t++) if (here(t, c)) ctx.fillRect(left + t * unit + unit * 0.2, base - lane * 0.7, Math.max(1.2, unit * 0.6), lane * 0.7);
    }
    return;
  }
  const y = scale([Math.min(0, low), Math.max(high, 1e-9)], [top + height - 2, top + 2]);
  ctx.lineWidth = 1;
  ctx.strokeStyle = colour.muted;
  line(ctx, [[left, y(0)], [left + width, y(0)]]);
  for (let c = 0; c < channels; c++) {
    ctx.strokeStyle = toneOf(colour, c);
    ctx.lineWidth = c ? 1.5 : 2.5;
    line(ctx, Array.from({ length: steps }, (_, t) => [[left + t * unit, y(here(t, c))], [left + (t + 1) * unit, y(here(t, c))]]).flat(), c ? [4, 3] : []);
  }
}

/** The numbers under a course of n steps. */
export const stepTicks = (n) => Array.from({ length: n }, (_, i) => i + 1).filter((i) => i % (n <= 16 ? 2 : 4) === 1);

/** H of one pixel over all steps, down to 0 where it is reset, with the threshold and the spikes. */
export function membranes(ctx, value, { v_threshold }, at, [left, top, width, height], colour, step, steps) {
  const { membrane, data, channels } = value;
  const area = value.side ** 2;
  const index = (t, c) => (t * channels + c) * area + at;
  const all = Array.from({ length: value.steps * channels }, (_, i) => membrane[i * area + at]);
  const lane = 9 * channels;
  const y = scale([Math.min(0, ...all), Math.max(v_threshold, ...all) * 1.05], [top + height - 2, top + lane + 2]);
  const unit = width / value.steps;
  ctx.fillStyle = colour.grid;
  ctx.fillRect(left + step * unit, top, unit, height);
  axes(ctx, steps, y, { colour: { ...colour, grid: "transparent" }, xTitle: " ", xTicks: stepTicks(value.steps) });
  ctx.strokeStyle = colour.red;
  ctx.lineWidth = 1.5;
  line(ctx, [[left, y(v_threshold)], [left + width, y(v_threshold)]], [6, 4]);
  for (let c = 0; c < channels; c++) {
    const points = [];
    for (let t = 0; t < value.steps; t++) {
      points.push([steps(t + 1), y(membrane[index(t, c)])]);
      if (data[index(t, c)]) points.push([steps(t + 1), y(0)]);
    }
    ctx.strokeStyle = ctx.fillStyle = toneOf(colour, c);
    ctx.lineWidth = c ? 1.5 : 2.5;
    line(ctx, points, c ? [4, 3] : []);
    for (let t = 0; t < value.steps; t++) if (data[index(t, c)]) ctx.fillRect(steps(t + 1) - 1.5, top + 9 * c, 3, 7);
  }
}

/** Where the boxes and wires of a diagram stand: from left to right, or on a narrow page downwards. */
export function layout(list, width, height) {
  const tall = width < NARROW;
  const columns = Math.max(...list.map(({ at }) => at[0])) + 1;
  const rows = Math.max(...list.map(({ at }) => at[1])) + (list.some(({ around }) => around) ? 1.4 : 1);
  const [along, across] = tall ? [height / columns, width / rows] : [width / columns, height / rows];
  const [w, hgt] = tall ? [Math.min(across - 6, 200), along - 24] : [Math.min(along - 38, 190), Math.min(across - 12, 150)];
  const reach = (tall ? hgt : w) / 2;
  const gap = along - 2 * reach;
  const places = {};
  for (const { name, at } of list) {
    const [a, b] = [(at[0] + 0.5) * along, (at[1] + 0.5) * across];
    const [x, y] = tall ? [b, a] : [a, b];
    places[name] = { column: at[0], a, b, x: x - w / 2, y: y - hgt / 2, w, hgt };
  }
  /** Through the gaps between two columns, and in between straight on: at its height or around all. */
  const path = (start, end, around) => {
    const [out, into] = [[start.a + reach, start.b], [end.a - reach - 4, end.b]];
    if (end.column - start.column === 1) return bezier(out, into);
    const beside = around ? (around + 0.18) * across : start.b;
    return [...bezier(out, [out[0] + gap, beside]), ...bezier([into[0] - gap, beside], into)];
  };
  const wires = list.flatMap(({ name, from, around }) => from.map((source) => {
    const [start, end] = [places[source], places[name]];
    const points = path(start, end, around);
    return { from: source, first: start.column, last: end.column, points: tall ? points.map(([a, b]) => [b, a]) : points };
  }));
  return { places, wires, columns, key: `${width} × ${height} ${Object.keys(places)}` };
}

/** Share of a value that is not 0 at a step. */
export const shareAt = (value, step) => {
  const size = value.data.length / value.steps;
  let filled = 0;
  for (let i = step * size; i < (step + 1) * size; i++) if (value.data[i] !== 0) filled++;
  return filled / size;
};

/** Points on a smooth wire from one place to another, both (along, across). */
function bezier([a0, b0], [a1, b1]) {
  const bend = (a1 - a0) / 2;
  return Array.from({ length: 25 }, (_, i) => {
    const t = i / 24;
    const mix = (q0, q1, q2, q3) => (1 - t) ** 3 * q0 + 3 * (1 - t) ** 2 * t * q1 + 3 * (1 - t) * t ** 2 * q2 + t ** 3 * q3;
    return [mix(a0, a0 + bend, a1 - bend, a1), mix(b0, b0, b1, b1)];
  });
}

/** A head at the end of a wire. */
export function arrow(ctx, points) {
  const [px, py] = points.at(-1);
  const [qx, qy] = points.at(-2);
  const turn = Math.atan2(py - qy, px - qx);
  ctx.beginPath();
  for (const [far, by] of [[3, 0], [8, 2.6], [8, -2.6]]) ctx.lineTo(px + far * Math.cos(turn + by), py + far * Math.sin(turn + by));
  ctx.fill();
}
