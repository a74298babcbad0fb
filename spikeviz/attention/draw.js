// One model's column of AttentionExplorer: its spikes, a pair of rows, both maps, A·V and the output.

import { h, show, percent } from "../base/page.js";
import { surface, cividis, picture, keeper } from "../base/draw.js";

export const QUERY = "#ff8a3d"; // on pictures, which are dark in both themes
export const KEY = "#e79fc6";
export const MAPS = { true: "softmax", false: "plain product" };

// ---------------------------------------------------------------- pieces of a picture

/** A box of rows × columns on a canvas: where a cell lies, and which cell a point lies in. */
function panel(x, y, width, height, rows, columns) {
  const [w, hgt] = [width / columns, height / rows];
  return {
    x, y, width, height, rows, columns,
    cell: (row, column, across = 1, down = 1) => [x + column * w, y + row * hgt, across * w, down * hgt],
    at(px, py) {
      const [row, column] = [Math.floor((py - y) / hgt), Math.floor((px - x) / w)];
      return row >= 0 && row < rows && column >= 0 && column < columns ? [row, column] : null;
    },
  };
}

/** Spikes as filled cells. */
function drawBits(ctx, box, bits, colour) {
  ctx.fillStyle = colour.grid;
  ctx.fillRect(box.x, box.y, box.width, box.height);
  ctx.fillStyle = colour.blue;
  const gap = box.width / box.columns > 4 ? 1 : 0;
  bits.forEach((bit, n) => {
    if (!bit) return;
    const [x, y, w, hgt] = box.cell(Math.floor(n / box.columns), n % box.columns);
    ctx.fillRect(x, y, w - gap, hgt - gap);
  });
}

/** Numbers from 0 (dark) to `most` (bright), written into cells that have room. */
function drawHeat(ctx, box, values, most) {
  const shares = Array.from(values, (value) => (most ? value / most : 0));
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(picture(shares.map(cividis), box.columns), box.x, box.y, box.width, box.height);
  const [, , w] = box.cell(0, 0);
  if (w < 34) return;
  Object.assign(ctx, { textAlign: "center", textBaseline: "middle" });
  shares.forEach((share, n) => {
    const [x, y, , hgt] = box.cell(Math.floor(n / box.columns), n % box.columns);
    ctx.fillStyle = share > 0.6 ? "#000" : "#fff";
    ctx.fillText(show(values[n]), x + w / 2, y + hgt / 2);
  });
}

/** A frame around cells that shows on every colour. */
export function frame(ctx, [x, y, w, hgt], colour, dash = []) {
  ctx.setLineDash(dash);
  for (const [width, stroke] of [[4, "#000a"], [2, colour]]) {
    Object.assign(ctx, { lineWidth: width, strokeStyle: stroke });
    ctx.strokeRect(x, y, w, hgt);
  }
  ctx.setLineDash([]);
}

function write(ctx, text, x, y, colour, align = "left") {
  Object.assign(ctx, { fillStyle: colour, textAlign: align, textBaseline: "alphabetic" });
  ctx.fillText(text, x, y);
}

/** An image of an answer as a small canvas, one pixel each. */
export function imageOf({ side: [height, width], pixels }) {
  const levels = Array.from({ length: pixels.byteLength }, (_, n) => pixels.getUint8(n));
  const colours = levels.length / height / width;
  return picture(Array.from({ length: height * width }, (_, n) => [0, 1, 2].map((c) => levels[n * colours + (c % colours)])), width);
}

/** The image in a square at (x, y), and the cells of the layer's map over it. */
export function imageBox({ side: [height, width] }, { shape: [, , rows, columns] }, x, y, room) {
  const unit = room / Math.max(height, width);
  return panel(x + (room - width * unit) / 2, y + (room - height * unit) / 2, width * unit, height * unit, rows, columns);
}

/** The largest value and where it stands: {most, at: [indices]}. */
export function largest(values) {
  const most = Math.max(...values);
  return { most, at: [...values.keys()].filter((n) => values[n] === most) };
}

export const spikes = (count) => `${count} spike${count === 1 ? "" : "s"}`;
export const put = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

// ---------------------------------------------------------------- one model's column

/** The parts of one model's column: element, and draw(what is on show). */
export function column(name) {
  const kind = name.split(" ")[0];
  const canvas = (className, label) => h("canvas", { class: className, role: "img", "aria-label": label });
  const parts = {
    spikes: canvas("sv-spikes", ""),
    pair: canvas("sv-pair", ""),
    maps: h("canvas", { class: "sv-maps", tabindex: 0, role: "application" }),
    merged: canvas("sv-merged", "A·V and the spikes of the output"),
  };
  const kept = Object.fromEntries(Object.keys(parts).map((part) => [part, keeper()]));
  const title = h("p", { class: "sv-title" });
  const lines = ["Count", "Scale", "Softmax"].map((word) => ({ word, formula: h("span", { class: "sv-formula" }), numbers: h("span") }));
  const rowText = h("p", { class: "sv-caption" });
  const mergedTitle = h("p", { class: "sv-title" });
  const element = h("div", { class: "sv-column" }, title, parts.spikes,
    h("p", { class: "sv-title" }, "2 Scores: AND and count, no multiplication"), parts.pair,
    h("div", { class: "sv-update" }, ...lines.map(({ word, formula, numbers }) => h("div", { class: "sv-line" }, h("b", {}, word), formula, numbers))),
    h("p", { class: "sv-title" }, "3 softmax(QKᵀ/√d_k) beside plain QKᵀ/√d_k"), parts.maps, rowText,
    mergedTitle, parts.merged);
  const surfaces = () => Object.fromEntries(Object.entries(parts).map(([part, one]) => [part, surface(one)]));
  const hits = new Map(); // canvas → [{box, pick(row, column)}], as drawn last

  function draw(on, scene) {
    drawSpikes(on.spikes, scene);
    drawPair(on.pair, scene);
    drawMaps(on.maps, scene);
    drawMerged(on.merged, scene);
    writeTexts(scene);
  }

  function drawSpikes(on, { view, at, colour, key }) {
    const { ctx, width, height } = on;
    const all = kind === "bdsa" ? [["Q = K = V", view.q]] : [["Q", view.q], ["K", view.k], ["V", view.v]];
    const room = (width - 26 - 20 - 4) / 3;
    const boxes = all.map((_, n) => panel(26 + n * (room + 10), 20, room, height - 22, view.tokens, view.d));
    kept.spikes(on, [key], (own) => all.forEach(([text, bits], n) => {
      write(own, text, boxes[n].x, 14, colour.fg);
      drawBits(own, boxes[n], bits, colour);
    }));
    const [first, second = first, third] = boxes;
    for (const box of [second, third]) if (box) frame(ctx, box.cell(at.key, 0, view.d), KEY, box === third ? [3, 3] : []);
    frame(ctx, first.cell(at.token, 0, view.d), QUERY);
    rowNumber(ctx, first, at.token, colour.red);
    if (kind === "bdsa") {
      const [, y, , hgt] = first.cell(at.key, 0);
      if (at.key !== at.token) write(ctx, String(at.key), first.x + room + 6, y + hgt / 2 + 4, colour.purple);
      ["One spike matrix S = SPK(X),", "no weights: each row is", "query, key and value at once."].forEach((text, n) => write(ctx, text, first.x + room + 28, 40 + 18 * n, colour.muted));
    }
    hits.set(parts.spikes, boxes.map((box, n) => ({ box, pick: (row) => (n ? { key: row } : { token: row }) })));
  }

  const rowNumber = (ctx, box, row, colour) => {
    const [, y, , hgt] = box.cell(row, 0);
    write(ctx, String(row), box.x - 6, y + hgt / 2 + 4, colour, "right");
  };

  /** The two rows and what they share, large. */
  function drawPair({ ctx, width }, { view, at, colour }) {
    const { d } = view;
    const [q, k] = [view.q.subarray(at.token * d, (at.token + 1) * d), view.k.subarray(at.key * d, (at.key + 1) * d)];
    const rows = [[`q${at.token}`, q, colour.red], [`k${at.key}`, k, colour.purple], ["AND", q.map((bit, c) => bit & k[c]), colour.fg]];
    rows.forEach(([text, bits, ink], n) => {
      const box = panel(36, 2 + 20 * n, width - 36 - 30, 16, 1, d);
      write(ctx, text, 32, 15 + 20 * n, ink, "right");
      drawBits(ctx, box, bits, { grid: colour.grid, blue: n < 2 ? colour.blue : colour.fg });
      write(ctx, String(bits.reduce((a, b) => a + b, 0)), width - 24, 15 + 20 * n, ink);
    });
  }

  function drawMaps(on, { view, at, colour, key, layer, answer, image, mirrored }) {
    const { ctx, width, height } = on;
    const { tokens } = view;
    const side = Math.min((width - 26 - 16 - 4) / 2, height / 2 - 24);
    const rows = [["softmax", view.softmax], ["plain", view.plain]].map(([text, values], n) => {
      const y = 20 + n * (height / 2);
      return {
        text, values, y, ...largest(values),
        map: panel(26, y, side, side, tokens, tokens),
        looks: imageBox(answer, layer, 26 + side + 16, y, side),
      };
    });
    kept.maps(on, [key], (own) => rows.forEach(({ text, values, most, map, looks, y }) => {
      write(own, `${text}: 0 to ${show(most)}`, map.x, y - 6, colour.fg);
      drawHeat(own, map, values, most);
      own.imageSmoothingEnabled = false;
      own.drawImage(image, looks.x, looks.y, looks.width, looks.height);
    }));
    for (const { values, map, looks, y } of rows) {
      const row = values.subarray(at.token * tokens, (at.token + 1) * tokens);
      const { most } = largest(row);
      write(ctx, `looks at: 0 to ${show(most)}`, looks.x, y - 6, colour.fg);
      frame(ctx, map.cell(at.token, 0, tokens), QUERY);
      frame(ctx, map.cell(at.token, at.key), KEY);
      if (mirrored) frame(ctx, map.cell(at.key, at.token), KEY, [3, 3]);
      rowNumber(ctx, map, at.token, colour.red);
      for (let j = 0; j < tokens; j++) {
        const [x, py, w, hgt] = cellOf(looks, layer, at.group, j);
        ctx.fillStyle = `rgb(${cividis(most ? row[j] / most : 0)})`;
        ctx.fillRect(x + 0.16 * w, py + 0.16 * hgt, 0.68 * w, 0.68 * hgt);
      }
      frame(ctx, cellOf(looks, layer, at.group, at.token), QUERY);
      if (at.key !== at.token) frame(ctx, cellOf(looks, layer, at.group, at.key), KEY);
    }
    hits.set(parts.maps, rows.flatMap(({ map, looks }) => [
      { box: map, pick: (token, other) => ({ token, key: other }) },
      { box: looks, pick: (row, across) => {
        const found = tokenAt(layer, row, across);
        return found.group === at.group ? { key: found.token } : null;
      } },
    ]));
  }

  function drawMerged(on, { view, at, colour, key, softmax }) {
    const { ctx, width, height } = on;
    const values = softmax ? view.softmaxV : view.plainV;
    const room = (width - 26 - 16 - 4) / 2;
    const boxes = [0, 1].map((n) => panel(26 + n * (room + 16), 20, room, height - 22, view.tokens, view.d));
    kept.merged(on, [key, softmax], (own) => {
      const { most } = largest(values);
      write(own, `A·V: 0 to ${show(most)}`, boxes[0].x, 14, colour.fg);
      drawHeat(own, boxes[0], values, most);
      write(own, "the layer's output, spikes", boxes[1].x, 14, colour.fg);
      drawBits(own, boxes[1], view.out, colour);
    });
    for (const box of boxes) frame(ctx, box.cell(at.token, 0, view.d), QUERY);
    rowNumber(ctx, boxes[0], at.token, colour.red);
    hits.set(parts.merged, boxes.map((box) => ({ box, pick: (token) => ({ token }) })));
  }

  function writeTexts({ view, at, softmax, layer, says }) {
    const { tokens, d } = view;
    const count = view.shared[at.token * tokens + at.key];
    const score = view.plain[at.token * tokens + at.key];
    const sum = view.plain.subarray(at.token * tokens, (at.token + 1) * tokens).reduce((total, s) => total + Math.exp(s), 0);
    const weight = view.softmax[at.token * tokens + at.key];
    const [i, j] = [at.token, at.key];
    put(title, `1 ${name.toUpperCase()}${says < 0 ? "" : ` (network says ${says})`}: ${kind === "bdsa" ? "no projections" : "learned Q, K, V"}`);
    const texts = [
      ["q·k = Σ (q AND k)", `${spikes(count)} in common`],
      ["s = q·k / √d_k", `${count} / √${d} = ${show(score)}`],
      ["a = eˢ / Σ eˢ of row", `${show(Math.exp(score), 2)} / ${show(sum, 2)} = ${show(weight, 4)}`],
    ];
    texts.forEach(([formula, numbers], n) => {
      put(lines[n].formula, formula);
      put(lines[n].numbers, numbers);
    });
    const row = [view.softmax, view.plain].map((values) => values.subarray(i * tokens, (i + 1) * tokens));
    put(rowText, `Token ${i}: softmax leaves each of ${tokens} tokens some weight, ${percent(Math.min(...row[0]))} to ${percent(Math.max(...row[0]))}; the plain product is 0 for ${row[1].filter((s) => !s).length || "none"}. ` +
      `The model itself uses the ${MAPS[layer.softmax]}; the ${MAPS[!layer.softmax]} here comes from the same spikes, not from a model trained with it.`);
    put(mergedTitle, softmax === layer.softmax
      ? "4 A·V: add a where V spikes; then SPK"
      : `4 A·V with the ${MAPS[softmax]}, for comparison only`);
    parts.spikes.setAttribute("aria-label", `${name.toUpperCase()}: spikes of Q, K and V, ${tokens} tokens × ${d}`);
    parts.pair.setAttribute("aria-label", `Spikes of query ${i} and key ${j}; ${count} in common`);
    parts.maps.setAttribute("aria-label", `${name.toUpperCase()}: score maps; up and down choose the token, left and right the key. Token ${i}, key ${j}: ${percent(weight)}`);
  }

  return { name, element, parts, hits, surfaces, draw };
}

/** Which token of which group lies at a cell of the layer's map. */
export function tokenAt(layer, row, across) {
  const n = layer.pixels.indexOf(row * layer.shape[3] + across);
  return { group: Math.floor(n / layer.tokens), token: n % layer.tokens };
}

export function cellOf(box, layer, group, token) {
  const pixel = layer.pixels[group * layer.tokens + token];
  return box.cell(Math.floor(pixel / layer.shape[3]), pixel % layer.shape[3]);
}
