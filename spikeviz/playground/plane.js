// The plane on the right: what the network decides, or one neuron's rate, with the points; below
// it the losses.

import { classShades, mapOf, mark, RATE_SHADES } from "./paint.js";
import { axes, label, line, scale, stroke } from "../base/draw.js";
import { makePoints } from "./data.js";

/** Pixels of a square of this side, to and from x and y. */
export const planeScales = (side) =>
  ({ x: scale([-1, 1], [0, side]), y: scale([-1, 1], [side, 0]) });

/** A map over the whole canvas. */
function drawMap(ctx, map, side) {
  ctx.imageSmoothingEnabled = true;
  ctx.drawImage(map, 0, 0, side, side);
}

/** look: {layer, neuron, most}: the neuron whose map stands here, or null. */
export function drawPlane({ ctx, width }, colour, { maps, look, points, own, grows }) {
  const { x, y } = planeScales(width);
  const map = look ? mapOf(maps.rates[look.layer][look.neuron], RATE_SHADES, look.most)
    : mapOf(maps.probability, classShades(colour));
  drawMap(ctx, map, width);
  for (const [name, hollow] of [["test", true], ["train", false]])
    for (const { x: px, y: py, label: kind } of points[name])
      mark(ctx, x(px), y(py), kind, { colour, size: hollow ? 2.6 : 3.2, hollow });
  if (!grows) return;
  ctx.strokeStyle = colour.fg;
  ctx.lineWidth = 1.5;
  for (const [px, py] of own) { // a click takes them away again
    ctx.beginPath();
    ctx.arc(x(px), y(py), 7, 0, 7);
    ctx.stroke();
  }
}

/** The points of a set, small. */
export function drawSet({ ctx, width, height }, colour, settings) {
  const side = Math.min(width, height);
  const { x, y } = planeScales(side);
  const { train, test } = makePoints({ ...settings, noise: Math.min(settings.noise, 0.1) });
  const all = [...train, ...test];
  for (const { x: px, y: py, label: kind } of all.slice(0, 160)) {
    ctx.fillStyle = kind ? colour.blue : colour.red;
    ctx.fillRect(x(px) - 1, y(py) - 1, 2, 2);
  }
  if (!all.length) label(ctx, "+", side / 2, side / 2, colour.fg, "center");
}

/** Training and test loss over the steps. */
export function drawLoss({ ctx, width, height }, colour, history) {
  const last = Math.max(100, history.at(-1)?.[0] ?? 0);
  const most = Math.max(0.7, ...history.flatMap(([, ...losses]) => losses));
  const x = scale([0, last], [34, width - 14]);
  const y = scale([0, most], [height - 24, 18]);
  axes(ctx, x, y, { colour, xTitle: " ", yTitle: "loss" });
  label(ctx, "step", width - 8, height - 30, colour.muted, "right", "bottom");
  for (const [row, tint, dash] of [[1, colour.fg, []], [2, colour.purple, [5, 3]]]) {
    const seen = history.filter((one) => one[row] >= 0);
    stroke(ctx, tint, seen.map((one) => [x(one[0]), y(one[row])]), 2, dash);
  }
  const chance = y(Math.LN2); // of who says one half everywhere
  ctx.strokeStyle = colour.muted;
  ctx.lineWidth = 1;
  if (most >= Math.LN2) line(ctx, [[x(0), chance], [x(last), chance]], [2, 4]);
}
