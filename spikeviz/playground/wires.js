// The picture of the network: inputs, neurons as maps of their rates, weights as lines between
// them, spikes on their way.

import { RATE_SHADES, classShades, mapOf } from "./paint.js";
import { dot, label, line, outline, stroke } from "../base/draw.js";
import { clamp } from "../base/page.js";

const TOPS = [84, 108]; // pixels above the neurons; in a narrow page
const NEAR = 7; // of a line, for a hand

/** {x, y, r}, the middle of each node and half of its side, [layer][neuron]: inputs first, the
 *  output last. */
export function nodesOf({ width, height }, sizes) {
  const top = TOPS[Number(width < 500)];
  const row = Math.min(76, (height - top) / Math.max(...sizes));
  const r = Math.min(row - 8, width / sizes.length - 28, 60) / 2;
  const [left, right] = [r + 26, width - r - 8];
  return sizes.map((count, l) => Array.from({ length: count }, (_, i) => ({
    x: left + ((right - left) * l) / (sizes.length - 1),
    y: (top + height) / 2 + (i - (count - 1) / 2) * row, r,
  })));
}

/** [from, to]: the ends of the line of weight `j` of neuron `i` in layer `l` (1 is the first). */
export const ends = (nodes, l, i, j) => {
  const [from, to] = [nodes[l - 1][j], nodes[l][i]];
  return [[from.x + from.r, from.y], [to.x - to.r, to.y]];
};

/** Calls see(layer, neuron, input, value) for each weight: layer 0 is the first hidden one. */
function eachWeight(layers, see) {
  layers.forEach(({ weights, inputs, outputs }, l) => {
    for (let i = 0; i < outputs; i++)
      for (let j = 0; j < inputs; j++) see(l, i, j, weights[i * inputs + j]);
  });
}

/** The name of the weight whose line runs nearest to a point, or "". */
export function nearest(nodes, layers, [px, py]) {
  let [found, least] = ["", NEAR];
  eachWeight(layers, (l, i, j) => {
    const [[ax, ay], [bx, by]] = ends(nodes, l + 1, i, j);
    const [dx, dy] = [bx - ax, by - ay];
    const along = clamp(((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy), 0, 1);
    const away = Math.hypot(px - ax - along * dx, py - ay - along * dy);
    if (away < least) [found, least] = [`${l}.${i}.${j}`, away];
  });
  return found;
}

function drawWeights(ctx, colour, { nodes, layers, chosen }) {
  eachWeight(layers, (l, i, j, weight) => {
    const points = ends(nodes, l + 1, i, j);
    if (`${l}.${i}.${j}` === chosen) stroke(ctx, colour.green, points, 9);
    ctx.globalAlpha = clamp(0.25 + Math.abs(weight), 0, 0.9);
    const wide = clamp(0.6 + 1.8 * Math.abs(weight), 0.6, 7);
    stroke(ctx, weight < 0 ? colour.red : colour.blue, points, wide, weight < 0 ? [7, 3] : []);
    ctx.globalAlpha = 1;
  });
}

/** Spikes between two layers: those of a step, on their way through all layers. */
function drawSpikes(ctx, colour, { nodes, layers, run, place }) {
  const t = Math.min(Math.floor(place), run.logits.length - 1);
  const way = (place - Math.floor(place)) * layers.length;
  const at = Math.min(Math.floor(way), layers.length - 1);
  const share = way - at;
  const sent = at ? run.layers[at - 1].spikes[t] : run.inputs[t];
  sent.forEach((value, j) => {
    if (!value) return;
    for (let i = 0; i < layers[at].outputs; i++) {
      const [[ax, ay], [bx, by]] = ends(nodes, at + 1, i, j);
      const [px, py] = [ax + share * (bx - ax), ay + share * (by - ay)];
      dot(ctx, px, py, 4.5, colour.bg);
      dot(ctx, px, py, at ? 3.5 : 1.5 + 2 * Math.min(1, Math.abs(value)), colour.fg);
    }
  });
}

/** What is wrong with a neuron: a cross is dead, an inner edge saturated, a slash silenced. */
function drawFlaw(ctx, colour, { x, y, r }, flaw) {
  ctx.lineWidth = 3;
  ctx.strokeStyle = "#fff"; // on a dark map; what is saturated is bright
  const inner = 2 * r - 8;
  if (flaw === "saturated") outline(ctx, [x - r + 4, y - r + 4, inner, inner], "#000");
  else line(ctx, [[x - r + 6, y + r - 6], [x + r - 6, y - r + 6]]);
  if (flaw === "dead") line(ctx, [[x - r + 6, y - r + 6], [x + r - 6, y + r - 6]]);
  const wide = ctx.measureText(flaw).width + 6;
  ctx.fillStyle = colour.bg;
  ctx.fillRect(x + r + 2, y + 2, wide, 14);
  label(ctx, flaw, x + r + 5, y + 9, colour.fg);
}

/**
 * All of it. maps: rates and probability; layers: the trainer's; most: what a neuron of each layer
 * sends at most; flaws: {"layer.neuron": word}; run: the probe; place: of its playhead, 0: none.
 */
export function drawNetwork({ ctx }, colour, state) {
  const { nodes, maps, most, flaws, run, place, inputs, fires } = state;
  drawWeights(ctx, colour, state);
  if (place > 0 && place < run.logits.length) drawSpikes(ctx, colour, state);
  ctx.imageSmoothingEnabled = true;
  ctx.font = "11px system-ui, sans-serif";
  const box = (map, { x, y, r }, tint, wide) => {
    const place = [x - r, y - r, 2 * r, 2 * r];
    ctx.drawImage(map, ...place);
    outline(ctx, place, tint, wide);
  };
  nodes[0].forEach((node, j) => {
    box(inputs[j].map, node, colour.muted, 1);
    label(ctx, inputs[j].name, node.x - node.r - 5, node.y, colour.fg, "right");
  });
  nodes.slice(1, -1).forEach((column, l) => column.forEach((node, i) => {
    const lit = fires(l, i);
    box(mapOf(maps.rates[l][i], RATE_SHADES, most(l, i)), node, lit ? colour.fg : colour.muted,
      lit ? 3 : 1);
    const flaw = flaws[`${l}.${i}`];
    if (flaw) drawFlaw(ctx, colour, node, flaw);
  }));
  const [out] = nodes.at(-1);
  box(mapOf(maps.probability, classShades(colour)), out, colour.muted, 1);
  label(ctx, "output", out.x, out.y + out.r + 9, colour.fg, "center");
}

/** Maps of what goes in: x and y, or the two channels of each. */
export function inputMaps(features, side) {
  const at = (k) => (2 * k + 1) / side - 1;
  const channels = features === 2 ? [["x", 0, 1], ["y", 1, 1]]
    : [["x", 0, 1], ["−x", 0, -1], ["y", 1, 1], ["−y", 1, -1]];
  return channels.map(([name, axis, sign]) => ({
    name, map: mapOf(Float32Array.from({ length: side * side }, (_, k) => {
      const value = axis ? -at(Math.floor(k / side)) : at(k % side);
      return (1 + sign * value) / 2;
    }), RATE_SHADES),
  }));
}
