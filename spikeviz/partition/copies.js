// How the copies of the pixels are drawn: boxes of colour, what marks the pixel's group, beams.

import { clamp } from "../base/page.js";
import { label, outline, stroke } from "../base/draw.js";
import { INK, frame } from "./pixels.js";

const FEW = 200; // tokens of a group, whose beams can be told apart

/** Fills boxes of one colour into the pixels of an image, faster than a canvas itself would. */
export function filler(image, ratio) {
  const { width, height } = image;
  const pixels = new Uint32Array(image.data.buffer).fill(0);
  const edge = (at, most) => clamp(Math.round(at * ratio + 0.001), 0, most); // neighbours meet
  return (boxes, k, colour, gap = 0, below = 0) => {
    const [x, y] = [boxes[4 * k], boxes[4 * k + 1]];
    const left = edge(x, width);
    const right = clamp(edge(x + (boxes[4 * k + 2] - gap), width), left + 1, width);
    const top = edge(y, height);
    const bottom = clamp(edge(y + (boxes[4 * k + 3] - below), height), top + 1, height);
    for (let row = top * width; row < bottom * width; row += width)
      for (let at = row + left; at < row + right; at++) pixels[at] = colour; // fill() is slower
  };
}

/** Lines between the tokens, so that each can be seen; none where all lie in the image. */
const gapOf = (length, way) => (length > 4 && way > 0 ? 1 : 0);

/** The map, faded but for the groups; each token in its box; those of the groups on top. */
export function fillAll(fill, { colours, faded, calm, lit, shines, way }, copies) {
  const { part, layout } = copies[0];
  const gaps = (now) => [gapOf(now[2], way), gapOf(now[3], way)];
  part.order.forEach((pixel, k) =>
    fill(layout.at[0], k, (shines[pixel] ? colours : faded)[pixel]));
  for (const { part: { name, order }, now } of copies)
    order.forEach((pixel, k) => lit[name][pixel] || fill(now, k, calm[pixel], ...gaps(now)));
  for (const { part: { order, tokens }, now, from } of copies)
    for (let k = from; k < from + tokens; k++) fill(now, k, colours[order[k]], ...gaps(now));
}

export const middleOf = (boxes, k) =>
  [boxes[4 * k] + boxes[4 * k + 2] / 2, boxes[4 * k + 1] + boxes[4 * k + 3] / 2];

/**
 * Beams from the query to all keys of its group in these boxes: dashes that flow as `flow` grows,
 * in a film not; over a row of tokens they rise as arcs.
 */
export function drawBeams(ctx, boxes, { part: { tokens }, from, query }, way, flow, ink) {
  const [x, y] = middleOf(boxes, query);
  const rise = clamp(way - 1, 0, 1);
  ctx.beginPath();
  for (let k = from; k < from + tokens; k++) {
    const [right, down] = middleOf(boxes, k);
    ctx.moveTo(x, y);
    const up = (y + down) / 2 - 0.4 * rise * Math.abs(right - x);
    ctx.quadraticCurveTo((x + right) / 2, up, right, down);
  }
  const many = tokens > FEW;
  const lineWidth = many ? 0.5 : clamp(boxes[4 * from + 2] / 10, 0.5, 1.2);
  Object.assign(ctx, { strokeStyle: ink, lineWidth, globalAlpha: many ? 0.35 : 0.75 });
  if (!many && rise < 0.5) ctx.setLineDash([7, 4]);
  ctx.lineDashOffset = -300 * flow;
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

/** Where the groups will stand, beneath what is drawn. */
function drawSlots(ctx, { part: { apart }, room, layout: { next, block } }, colour) {
  ctx.globalCompositeOperation = "destination-over";
  ctx.beginPath();
  for (let a = 0; a < apart; a++)
    for (let b = 0; b < apart; b++) ctx.rect(room.x + b * next, room.y + a * next, block, block);
  Object.assign(ctx, { strokeStyle: colour.grid, lineWidth: 1 });
  ctx.stroke();
  ctx.globalCompositeOperation = "source-over";
}

/** Words above a square at (x, y); those of `more` only where there is room. */
export function drawTitle(ctx, words, more, { x, y, s }, ink) {
  const fits = ctx.measureText(words + more).width <= s;
  label(ctx, fits ? words + more : words, x, y - 6, ink, "left", "bottom");
}

function nameRoom(ctx, { part, room, layout: { lines } }, way, chosen, ink) {
  const { name, groups, tokens, across } = part;
  const [words, more] = way > 1.5
    ? [`tokens [${groups}, ${tokens}]`, lines > 1 ? `, in ${lines} lines` : ", a row a group"]
    : [`${groups} group${groups > 1 ? "s" : ""} of ${across} × ${across}`, ""];
  ctx.font = `${chosen ? "bold " : ""}12px system-ui, sans-serif`;
  drawTitle(ctx, `${name}: ${words}`, more, room, ink);
  ctx.font = "12px system-ui, sans-serif";
  if (chosen) stroke(ctx, ink, [[room.x, room.y - 3], [room.x + room.s, room.y - 3]], 2);
}

/** One partition's copies: slots, beams, the query, and the name of their room. */
export function drawCopies(ctx, one, { name, flow, way }, colour) {
  const { part, now, from, query } = one;
  const [ink, gap, below] = [colour[INK[part.name]], gapOf(now[2], way), gapOf(now[3], way)];
  const boxOf = (k) => now.subarray(4 * k, 4 * k + 4);
  if (way < 1) drawSlots(ctx, one, colour);
  if (gap && part.groups > 1)
    for (let k = from; k < from + part.tokens; k++) {
      const [x, y, wide, tall] = boxOf(k);
      outline(ctx, [x - 0.5, y - 0.5, wide, tall], ink, 1);
    }
  drawBeams(ctx, now, one, way, flow, ink);
  const [x, y, wide, tall] = boxOf(query);
  frame(ctx, x, y, wide - gap, tall - below);
  nameRoom(ctx, one, way, name === part.name, ink);
}
