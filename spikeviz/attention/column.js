// One model's column of AttentionExplorer: its spikes, a pair of rows, both maps, A·V, the output.

import { counted, formulaRows, h, percent, put, show } from "../base/page.js";
import { cividis, label, surface } from "../base/draw.js";
import { keeper } from "../base/keeper.js";
import {
  KEY, QUERY, cellOf, drawBits, drawHeat, drawImage, frame, imageBox, panel, tokenAt, writeScale,
} from "./draw.js";

export const MAPS = { true: "softmax", false: "plain product" };
const NO_WEIGHTS = [
  "One spike matrix S = SPK(X),", "no weights: each row is", "query, key and value at once.",
];
const LEFT = 26; // of the boxes, beside which a row's number stands
const EDGE = 4; // below and beside them, so that a frame stands within the canvas

const write = (ctx, text, x, y, colour, align) =>
  label(ctx, text, x, y, colour, align, "alphabetic");

function writeNumber(ctx, box, row, colour) {
  const [, y, , height] = box.cell(row, 0);
  write(ctx, row, box.x - 6, y + height / 2 + 4, colour, "right");
}

/** n boxes of tokens × d side by side, `gap` apart. */
function sideBySide({ width, height }, { tokens, d }, n, boxes, gap) {
  const room = (width - LEFT - gap * (boxes - 1) - EDGE) / boxes;
  return Array.from({ length: n }, (_, i) =>
    panel(LEFT + i * (room + gap), 20, room, height - 20 - EDGE, tokens, d));
}

/** Row n of a matrix [tokens × …]. */
const rowOf = (values, n, length) => values.subarray(n * length, (n + 1) * length);

// Each drawing gives the boxes that a hand may touch, {box, pick(row, column)}, what that chooses.

function drawSpikes(on, { view, at, colour, keys, layer }, kept) {
  const { ctx } = on;
  const alone = layer.kind === "bdsa";
  const all = alone ? [["Q = K = V", view.q]] : [["Q", view.q], ["K", view.k], ["V", view.v]];
  const boxes = sideBySide(on, view, all.length, 3, 10);
  kept(on, keys, (own) => all.forEach(([text, bits], n) => {
    write(own, text, boxes[n].x, 14, colour.fg);
    drawBits(own, boxes[n], bits, colour);
  }));
  const [first, second = first, third] = boxes;
  frame(ctx, second.cell(at.key, 0, view.d), KEY);
  if (third) frame(ctx, third.cell(at.key, 0, view.d), KEY, [3, 3]);
  frame(ctx, first.cell(at.row, 0, view.d), QUERY, at.between);
  writeNumber(ctx, first, at.token, colour.red);
  if (alone) {
    const [x, y, width, height] = first.cell(at.key, 0, view.d);
    const right = x + width;
    if (at.key !== at.token) write(ctx, at.key, right + 6, y + height / 2 + 4, colour.purple);
    NO_WEIGHTS.forEach((text, n) => write(ctx, text, right + 28, 40 + 18 * n, colour.muted));
  }
  return boxes.map((box, n) => ({ box, pick: (row) => (n ? { key: row } : { token: row }) }));
}

/** The two rows and what they share, large. */
function drawPair({ ctx, width }, { view: { q, k, d }, at, colour }) {
  const [query, key] = [rowOf(q, at.token, d), rowOf(k, at.key, d)];
  const rows = [
    [`q${at.token}`, query, colour.red, colour.blue],
    [`k${at.key}`, key, colour.purple, colour.blue],
    ["AND", query.map((bit, c) => bit & key[c]), colour.fg, colour.fg],
  ];
  rows.forEach(([text, bits, ink, blue], n) => {
    const y = 15 + 20 * n;
    write(ctx, text, 32, y, ink, "right");
    drawBits(ctx, panel(36, y - 13, width - 36 - 30, 16, 1, d), bits, { grid: colour.grid, blue });
    write(ctx, String(bits.reduce((a, b) => a + b, 0)), width - 24, y, ink);
  });
}

function drawMaps(on, { view, at, colour, keys, layer, answer, image, mirrored, scales }, kept) {
  const { ctx, width, height } = on;
  const { tokens } = view;
  const side = Math.min((width - LEFT - 16 - 4) / 2, height / 2 - 24);
  const room = { width: width - LEFT - side - 16 - 4, height: side };
  const rows = ["softmax", "plain"].map((name, n) => {
    const y = 20 + n * (height / 2);
    const map = panel(LEFT, y, side, side, tokens, tokens);
    const looks = imageBox(answer, layer, LEFT + side + 16, y, room);
    return { name, y, values: view[name], map, looks };
  });
  kept(on, keys, (own) => rows.forEach(({ name, y, values, map, looks }) => {
    writeScale(own, name, scales[name], map.x, y - 6, colour.fg);
    drawHeat(own, map, values, scales[name]);
    write(own, "looks at", looks.x + looks.width, y - 6, colour.fg, "right");
    drawImage(own, image, looks);
  }));
  for (const { name, values, map, looks } of rows) {
    const row = rowOf(values, at.token, tokens);
    const most = scales[name];
    const cell = (token) => cellOf(looks, layer, at.group, token);
    frame(ctx, map.cell(at.row, 0, tokens), QUERY, at.between);
    frame(ctx, map.cell(at.token, at.key), KEY);
    if (mirrored) frame(ctx, map.cell(at.key, at.token), KEY, [3, 3]);
    writeNumber(ctx, map, at.token, colour.red);
    row.forEach((value, token) => {
      const [x, py, w, hgt] = cell(token);
      ctx.fillStyle = `rgb(${cividis(most ? value / most : 0)})`;
      ctx.fillRect(x + 0.16 * w, py + 0.16 * hgt, 0.68 * w, 0.68 * hgt);
    });
    frame(ctx, cell(at.token), QUERY);
    if (at.key !== at.token) frame(ctx, cell(at.key), KEY);
  }
  const pickKey = (found) => (found.group === at.group ? { key: found.token } : null);
  return rows.flatMap(({ map, looks }) => [
    { box: map, pick: (token, other) => ({ token, key: other }) },
    { box: looks, pick: (...cell) => pickKey(tokenAt(layer, ...cell)) },
  ]);
}

function drawMerged(on, { view, at, colour, keys, softmax, scales }, kept) {
  const name = softmax ? "softmaxV" : "plainV";
  const [values, most] = [view[name], scales[name]];
  const boxes = sideBySide(on, view, 2, 2, 16);
  const [heat, out] = boxes;
  kept(on, [...keys, softmax], (own) => {
    writeScale(own, "A·V", most, heat.x, 14, colour.fg);
    drawHeat(own, heat, values, most);
    write(own, "the layer's output, spikes", out.x, 14, colour.fg);
    drawBits(own, out, view.out, colour);
  });
  for (const box of boxes) frame(on.ctx, box.cell(at.row, 0, view.d), QUERY, at.between);
  writeNumber(on.ctx, heat, at.token, colour.red);
  return boxes.map((box) => ({ box, pick: (token) => ({ token }) }));
}

const DRAWINGS = { spikes: drawSpikes, pair: drawPair, maps: drawMaps, merged: drawMerged };

/** How the count of common spikes becomes a weight: rows of formulas, and that weight. */
function explainWeight({ shared, plain, softmax, tokens, d }, { token, key }) {
  const [count, score, weight] = [shared, plain, softmax].map((map) => map[token * tokens + key]);
  const sum = rowOf(plain, token, tokens).reduce((total, one) => total + Math.exp(one), 0);
  const quotient = `${show(Math.exp(score), 2)} / ${show(sum, 2)}`;
  return { count, weight, rows: [
    ["Count", "q·k = Σ (q AND k)", `${counted(count, "spike")} in common`],
    ["Scale", "s = q·k / √d_k", `${count} / √${d} = ${show(score)}`],
    ["Softmax", "a = eˢ / Σ eˢ of row", `${quotient} = ${show(weight, 4)}`],
  ] };
}

function explainRow({ softmax, plain, tokens }, token) {
  const [soft, hard] = [softmax, plain].map((map) => rowOf(map, token, tokens));
  const [least, most] = [Math.min(...soft), Math.max(...soft)].map((share) => percent(share));
  const none = hard.filter((score) => !score).length || "none";
  return `Token ${token}: softmax leaves each of ${tokens} tokens some weight, ${least} to ` +
    `${most}; the plain product is 0 for ${none}.`;
}

/** "SISA" for sisa; other names as they are. */
export const titleOf = (name) => name.replace(/^(sisa|bdsa)/, (kind) => kind.toUpperCase());

/** The column of a model: element, canvases, and draw(what is on show). */
export function column(name) {
  const canvas = (part, more) => h("canvas", { class: `sv-${part}`, role: "img", ...more });
  const parts = {
    spikes: canvas("spikes"), pair: canvas("pair"),
    maps: canvas("maps", { tabindex: 0, role: "application" }),
    merged: canvas("merged", { "aria-label": "A·V and the spikes of the output" }),
  };
  const heading = (text = "") => h("p", { class: "sv-title" }, text);
  const [title, merging] = [heading(), heading()];
  const weighing = formulaRows(3);
  const rowText = h("p", { class: "sv-caption" });
  const element = h("div", { class: "sv-column" }, title, parts.spikes,
    heading("2 Scores: AND and count, no multiplication"), parts.pair, weighing.element,
    heading("3 softmax(QKᵀ/√d_k) beside plain QKᵀ/√d_k"), parts.maps, rowText,
    merging, parts.merged);
  const each = (make) =>
    Object.fromEntries(Object.entries(parts).map(([part, one]) => [part, make(one)]));
  const kept = each(keeper);
  const surfaces = () => each(surface);
  const hits = new Map(); // canvas → what a hand may touch, as drawn last

  function draw(on, scene) {
    for (const [part, drawPart] of Object.entries(DRAWINGS))
      hits.set(parts[part], drawPart(on[part], scene, kept[part]));
    writeTexts(scene);
  }

  function writeTexts({ view, at, softmax, layer, says }) {
    const upper = titleOf(name);
    const { count, weight, rows } = explainWeight(view, at);
    const network = says === "" ? "" : ` (network says ${says})`;
    const projections = layer.kind === "bdsa" ? "no projections" : "learned Q, K, V";
    put(title, `1 ${upper}${network}: ${projections}`);
    weighing.update(rows);
    put(rowText, explainRow(view, at.token));
    put(merging, softmax === layer.softmax ? "4 A·V: add a where V spikes; then SPK"
      : `4 A·V with the ${MAPS[softmax]}, for comparison only`);
    const labels = {
      spikes: `${upper}: spikes of Q, K and V, ${view.tokens} tokens × ${view.d}`,
      pair: `Spikes of query ${at.token} and key ${at.key}; ${count} in common`,
      maps: `${upper}: score maps; up and down choose the token, left and right the key. ` +
        `Token ${at.token}, key ${at.key}: ${percent(weight)}`,
    };
    for (const [part, text] of Object.entries(labels)) parts[part].ariaLabel = text;
  }

  return { name, element, parts, hits, surfaces, draw };
}
