// DigitReader's picture: time goes right, the layers go down, the answer stands at the bottom.

import { SIDE } from "./network.js";
import { IMAGE, SURE, rowName } from "./words.js";
import { label } from "../base/draw.js";

const [LEFT, GAP, HEAD] = [64, 14, 22];
const BARS = 64; // pixels of the answer's bars
const LOW = 200; // pixels, of a column at most

/** Where all of it stands in a picture of that width: {x(t), wide, rows, bars, height}. */
export function layout(width, steps, layers) {
  const wide = Math.min(LOW, (width - LEFT) / steps - GAP);
  const rows = [];
  let top = HEAD + wide * 0.42 + GAP; // below the input
  for (const { channels, size } of layers) {
    const across = Math.ceil(Math.sqrt(channels * 1.6));
    const down = Math.ceil(channels / across);
    const each = wide / across; // a map and its edge
    rows.push({ top, across, each, dot: (each - 2) / size });
    top += down * each + GAP;
  }
  const x = (t) => LEFT + t * (wide + GAP);
  return { x, wide, rows, bars: top, height: top + BARS + 20 };
}

/** Each map of a layer: a pale square, its spikes on it. */
function drawMaps(ctx, { channels, size }, spikes, left, { top, across, each, dot }, colour, ink) {
  for (let c = 0; c < channels; c++) {
    const [px, py] = [left + (c % across) * each, top + Math.floor(c / across) * each];
    ctx.fillStyle = colour.grid;
    ctx.globalAlpha = 0.55;
    ctx.fillRect(px, py, each - 2, each - 2);
    ctx.globalAlpha = 1;
    ctx.fillStyle = ink;
    const side = Math.max(dot - 0.2, 1);
    for (let k = 0; k < size * size; k++) {
      if (!spikes[c * size * size + k]) continue;
      const [column, row] = [k % size, Math.floor(k / size)];
      ctx.fillRect(px + column * dot, py + row * dot, side, side);
    }
  }
}

function drawInput(ctx, image, left, side, colour) {
  ctx.fillStyle = colour.grid;
  ctx.globalAlpha = 0.55;
  ctx.fillRect(left, HEAD, side, side);
  const dot = side / SIDE;
  ctx.fillStyle = colour.fg;
  image.forEach((value, k) => {
    if (!value) return;
    ctx.globalAlpha = value / 255;
    ctx.fillRect(left + (k % SIDE) * dot, HEAD + Math.floor(k / SIDE) * dot, dot, dot);
  });
  ctx.globalAlpha = 1;
}

/** Ten bars of shares; the tallest is marked. */
function drawBars(ctx, shares, top, left, wide, bars, colour) {
  const each = wide / 10;
  const bottom = bars + BARS;
  ctx.fillStyle = colour.grid;
  ctx.fillRect(left, bottom, wide, 1);
  shares.forEach((share, c) => {
    ctx.fillStyle = c === top ? colour.blue : colour.muted;
    const high = Math.max(share * (BARS - 6), 1);
    ctx.fillRect(left + c * each + 1, bottom - high, each - 2, high);
    if (each < 8 && c !== top) return;
    const ink = c === top ? colour.fg : colour.muted;
    if (c === top) ctx.font = "bold 13px system-ui, sans-serif";
    label(ctx, String(c), left + (c + 0.5) * each, bottom + 4, ink, "center", "top");
    ctx.font = "12px system-ui, sans-serif";
  });
}

export function drawFlow({ ctx, width }, colour, { image, layers, steps, shares, tops, ink }) {
  const place = layout(width, steps.length, layers);
  const inks = [colour.blue, colour.red, colour.green, colour.purple];
  const name = (words, top) => label(ctx, words, 0, top + 2, colour.fg, "left", "top", LEFT - 6);
  name(IMAGE, HEAD);
  place.rows.forEach(({ top }, i) => name(rowName(i), top));
  name(SURE, place.bars + 20);
  steps.forEach(({ spikes }, t) => {
    const left = place.x(t);
    const title = `step ${t + 1}`;
    label(ctx, title, left, 4, colour.muted, "left", "top", place.wide);
    drawInput(ctx, image, left, place.wide * 0.42, colour);
    for (const [i, layer] of layers.entries())
      drawMaps(ctx, layer, spikes[i], left, place.rows[i], colour, inks[i % inks.length]);
    if (ink) drawBars(ctx, shares[t], tops[t], left, place.wide, place.bars, colour);
  });
}
