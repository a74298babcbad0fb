// The diagram of a block: where its boxes and wires stand, and how they are drawn, by the same
// routine for every block.

import { shareAt } from "./blocks.js";
import { inShort } from "./words.js";
import { dot, label, outline, stroke } from "../base/draw.js";

const NARROW = 560; // below this width a diagram runs from top to bottom

/** Points on a smooth wire from one place to another, both (along, across). */
function bezier([a0, b0], [a1, b1]) {
  const bend = (a1 - a0) / 2;
  return Array.from({ length: 25 }, (_, i) => {
    const t = i / 24;
    const [first, second, third] = [(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t ** 2];
    const mix = (q0, q1, q2, q3) => first * q0 + second * q1 + third * q2 + t ** 3 * q3;
    return [mix(a0, a0 + bend, a1 - bend, a1), mix(b0, b0, b1, b1)];
  });
}

/** Where the boxes and wires stand: from left to right, or on a narrow page downwards. */
export function layout(list, width, height) {
  const tall = width < NARROW;
  const columns = Math.max(...list.map(({ at }) => at[0])) + 1;
  const below = list.some(({ around }) => around) ? 1.4 : 1; // room for a wire around all
  const rows = Math.max(...list.map(({ at }) => at[1])) + below;
  const turned = ([a, b]) => (tall ? [b, a] : [a, b]);
  const [along, across] = tall
    ? [height / columns, width / rows]
    : [width / columns, height / rows];
  const [w, hgt] = tall
    ? [Math.min(across - 6, 200), along - 24]
    : [Math.min(along - 38, 270), Math.min(across - 12, 190)];
  const reach = (tall ? hgt : w) / 2;
  const gap = along - 2 * reach;
  const places = Object.fromEntries(list.map(({ name, at }) => {
    const [a, b] = [(at[0] + 0.5) * along, (at[1] + 0.5) * across];
    const [x, y] = turned([a, b]);
    return [name, { column: at[0], a, b, x: x - w / 2, y: y - hgt / 2, w, hgt }];
  }));
  /** Through the gaps between two columns, in between straight on: at its height or around all. */
  const path = (start, end, around) => {
    const [out, into] = [[start.a + reach, start.b], [end.a - reach - 4, end.b]];
    if (end.column - start.column === 1) return bezier(out, into);
    const beside = around ? (around + 0.18) * across : start.b;
    return [...bezier(out, [out[0] + gap, beside]), ...bezier([into[0] - gap, beside], into)];
  };
  const wires = list.flatMap(({ name, from, around }) => from.map((source) => {
    const [start, end] = [places[source], places[name]];
    const points = path(start, end, around).map(turned);
    return { from: source, first: start.column, last: end.column, points };
  }));
  return { places, wires, columns };
}

/** A wire with its head, and a pulse on it where `at` is between 0 and 1. */
function drawWire(ctx, points, share, at, colour) {
  ctx.globalAlpha = share ? 0.9 : 0.3;
  stroke(ctx, colour, points, share ? 1.5 + 2 * Math.sqrt(share) : 1);
  const [[qx, qy], [px, py]] = points.slice(-2);
  const turn = Math.atan2(py - qy, px - qx);
  ctx.fillStyle = colour;
  ctx.beginPath();
  for (const [far, by] of [[3, 0], [8, 2.6], [8, -2.6]])
    ctx.lineTo(px + far * Math.cos(turn + by), py + far * Math.sin(turn + by));
  ctx.fill();
  if (share && at > 0 && at < 1)
    dot(ctx, ...points[Math.floor(at * points.length)], 3.5 + 4 * Math.sqrt(share), colour);
  ctx.globalAlpha = 1;
}

/** `wave` is how far the pulses are, 0 to 1; drawValue(ctx, value, box) draws what is in a box. */
export function drawDiagram(ctx, state, wave, colour, drawValue) {
  const { list, here, step, chosen, layout: { places, wires, columns } } = state;
  const toneOf = ({ most }) => [colour.blue, colour.red][most] ?? colour.purple;
  for (const { from, points, first, last } of wires) {
    const at = wave > 0 ? (wave * (columns - 1) - first) / (last - first) : 0;
    drawWire(ctx, points, shareAt(here[from], step), at, toneOf(here[from]));
  }
  for (const box of list) {
    const { x, y, w, hgt, column } = places[box.name];
    const value = here[box.name];
    const since = wave * (columns - 1) - column; // the next step has come through
    const lit = wave > 0 && since >= 0 ? Math.max(0, 1 - since / 0.7) : 0;
    ctx.fillStyle = colour.bg;
    ctx.fillRect(x, y, w, hgt);
    outline(ctx, [x + 0.5, y + 0.5, w - 1, hgt - 1], toneOf(value),
      (box === chosen ? 3 : 1) + 4 * lit);
    const write = (words, px, tone, align, room) =>
      label(ctx, words, px, y + 10, tone, align, "middle", room);
    write(box.title, x + 6, colour.fg, "left", w - 8);
    const room = w - ctx.measureText(box.title).width - 18;
    if (room > 34) write(inShort(value, room > 90), x + w - 6, colour.muted, "right", room);
    drawValue(ctx, value, [x + 5, y + 20, w - 10, hgt - 25]);
  }
}
