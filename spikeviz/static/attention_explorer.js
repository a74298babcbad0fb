// AttentionExplorer: what a token of a trained model looks at. Python runs the model on an image and
// sends all its spikes; layers, heads, steps, groups and tokens are chosen and computed here.

import { asymmetry, attend, columnsOf } from "./attention.js";
import { h, clamp, show, syncing, mount, offline, numberControl, choice, player } from "./widget.js";
import { surface, cividis, picture, keeper } from "./draw.js";

const PLACE = ["layer", "head", "time_step", "group", "token", "key"];
const CHOICES = ["image", ...PLACE, "softmax", "attention"];
const QUERY = "#ff8a3d"; // on pictures, which are dark in both themes
const KEY = "#e79fc6";
const GROUP = "#56b4e9";
const TRAINED = { true: "softmax", false: "plain product" };
const GUESSES = ["both maps", "only the plain product", "only the softmax", "neither"];

const initialize = (props) => syncing(props, CHOICES);

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
function frame(ctx, [x, y, w, hgt], colour, dash = []) {
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
function imageOf({ side: [height, width], pixels }) {
  const levels = Array.from({ length: pixels.byteLength }, (_, n) => pixels.getUint8(n));
  const colours = levels.length / height / width;
  return picture(Array.from({ length: height * width }, (_, n) => [0, 1, 2].map((c) => levels[n * colours + (c % colours)])), width);
}

/** The image in a square at (x, y), and the cells of the layer's map over it. */
function imageBox({ side: [height, width] }, { shape: [, , rows, columns] }, x, y, room) {
  const unit = room / Math.max(height, width);
  return panel(x + (room - width * unit) / 2, y + (room - height * unit) / 2, width * unit, height * unit, rows, columns);
}

/** The largest value and where it stands: {most, at: [indices]}. */
function largest(values) {
  const most = Math.max(...values);
  return { most, at: [...values.keys()].filter((n) => values[n] === most) };
}

const percent = (share) => `${show(100 * share, 1)} %`;
const spikes = (count) => `${count} spike${count === 1 ? "" : "s"}`;
const put = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

// ---------------------------------------------------------------- one model's column

/** The parts of one model's column: element, and draw(what is on show). */
function column(name) {
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
    h("p", { class: "sv-title" }, "2 Scores: AND and count, no products"), parts.pair,
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
    kept.spikes(on, key, (own) => all.forEach(([text, bits], n) => {
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
    kept.maps(on, key, (own) => rows.forEach(({ text, values, most, map, looks, y }) => {
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
    kept.merged(on, `${key} ${softmax}`, (own) => {
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
      `This model was trained with the ${TRAINED[layer.softmax]}; the ${TRAINED[!layer.softmax]} comes from the same spikes.`);
    put(mergedTitle, softmax === layer.softmax
      ? "4 A·V: add a where V spikes; then SPK"
      : `4 A·V with the ${TRAINED[softmax]}, for comparison only`);
    parts.spikes.setAttribute("aria-label", `${name.toUpperCase()}: spikes of Q, K and V, ${tokens} tokens × ${d}`);
    parts.pair.setAttribute("aria-label", `Spikes of query ${i} and key ${j}; ${count} in common`);
    parts.maps.setAttribute("aria-label", `${name.toUpperCase()}: score maps; up and down choose the token, left and right the key. Token ${i}, key ${j}: ${percent(weight)}`);
  }

  return { name, element, parts, hits, surfaces, draw };
}

/** Which token of which group lies at a cell of the layer's map. */
function tokenAt(layer, row, across) {
  const n = layer.pixels.indexOf(row * layer.shape[3] + across);
  return { group: Math.floor(n / layer.tokens), token: n % layer.tokens };
}

function cellOf(box, layer, group, token) {
  const pixel = layer.pixels[group * layer.tokens + token];
  return box.cell(Math.floor(pixel / layer.shape[3]), pixel % layer.shape[3]);
}

// ---------------------------------------------------------------- the widget

function render({ model, el, signal }) {
  let hover = null; // the choices under the pointer
  let guess = null; // the reader's answer to the question
  let on = {}; // what the last drawing showed
  const strip = model.get("strip");
  const fixed = offline(model);
  const stored = (image) => strip.items.find((item) => item.image === image)?.answer;
  const answerNow = () => (fixed && stored(model.get("image"))) || model.get("answer");
  const layers = () => columnsOf(answerNow())[0].layers;

  /** The choices, each within what the layer has. */
  function placeOf(asked) {
    const all = layers();
    const layer = clamp(asked.layer, 0, all.length - 1);
    const { heads, steps, groups, tokens } = all[layer];
    const within = (name, count) => clamp(asked[name], 0, count - 1);
    return { layer, head: within("head", heads), time_step: within("time_step", steps), group: within("group", groups), token: within("token", tokens), key: within("key", tokens) };
  }
  const asked = () => Object.fromEntries(PLACE.map((name) => [name, model.get(name)]));
  const choose = (changes) => {
    hover = null;
    for (const [name, value] of Object.entries(placeOf({ ...asked(), ...changes }))) model.set(name, value);
    paint();
  };

  // ---- the parts, built once
  const thumbs = strip.items.map((item) => ({
    item,
    button: h("button", {
      type: "button",
      "aria-label": item.label < 0 ? `Image ${item.image}` : `Digit ${item.label}, image ${item.image}`,
      disabled: fixed && !item.answer && item.image !== model.get("image"),
      onclick: () => model.set("image", item.image),
    }, h("span", { "aria-hidden": "true" }, imageOf(item))),
  }));
  const number = numberControl({
    label: "Image", range: [0, Math.max(1, strip.count - 1), 1], limit: (value) => clamp(Math.round(value), 0, strip.count - 1),
    set: (image) => model.set("image", image),
  });
  number.element.querySelectorAll("input").forEach((input) => (input.disabled = fixed || strip.count < 2));
  const busy = h("span", { class: "sv-caption", role: "status" });
  const problem = h("p", { class: "sv-note", role: "alert" });
  const count = (n, text) => Array.from({ length: n }, (_, value) => [value, text(value)]);
  const most = (name) => Math.max(...layers().map((layer) => layer[name]));
  const selects = {
    layer: choice({ label: "Layer", set: (value) => choose({ layer: Number(value) }),
      options: layers().map(({ shape, groups, tokens }, n) => [n, `${n}: map ${shape[2]}×${shape[3]}, ${groups} × ${tokens} tokens`]) }),
    head: choice({ label: "Head", options: count(most("heads"), (n) => `head ${n}`), set: (value) => choose({ head: Number(value) }) }),
    group: choice({ label: "Group", options: count(most("groups"), (n) => `group ${n}`), set: (value) => choose({ group: Number(value) }) }),
    attention: choice({ label: "Models", options: [["both", "side by side"], ...answerNow().columns.map(({ key }) => [key, key.toUpperCase()])],
      set: (value) => model.set("attention", value) }),
    softmax: choice({ label: "Map A in A·V", options: Object.values(TRAINED), set: (value) => model.set("softmax", value === "softmax") }),
  };
  selects.attention.element.hidden = answerNow().columns.length < 2;
  const walk = player({
    last: () => layers()[placeOf(asked()).layer].steps - 1,
    at: () => placeOf(asked()).time_step,
    go: (time_step) => choose({ time_step }),
    rate: () => 1.5,
    text: (step) => `step ${step} (${layers()[placeOf(asked()).layer].steps} in all)`,
    signal,
  });
  const where = h("canvas", { class: "sv-image", tabindex: 0, role: "application" });
  const whereText = h("p", {});
  const summary = h("p", { class: "sv-summary", role: "status" });
  const columns = answerNow().columns.map(({ key }) => column(key));
  const reply = h("p", { role: "status" });
  const guesses = GUESSES.map((text) => h("button", { type: "button", "aria-pressed": "false", onclick: () => {
    guess = text;
    paint();
  } }, text));
  const ask = h("div", { class: "sv-ask" },
    h("b", {}, "Before you look: "), "BDSA has Q = K. Which of its two maps is its own mirror image: row i, column j = row j, column i?",
    h("div", { class: "sv-row" }, ...guesses), reply);
  ask.hidden = !columns.some(({ name }) => name.startsWith("bdsa"));
  const body = h("div", { class: "sv-columns" },
    h("div", { class: "sv-where" },
      h("div", {}, where),
      h("div", {}, whereText, h("p", { class: "sv-caption" }, "Point at a token, click to keep it. Arrow keys move it, Page Up and Down change its group."), ask)),
    ...columns.map(({ element }) => element));
  const root = h("div", { class: "spikeviz sv-attention" },
    h("div", { class: "sv-row" }, h("div", { class: "sv-strip" }, ...thumbs.map(({ button }) => button)), number.element, busy),
    problem,
    h("div", { class: "sv-controls" }, ...Object.values(selects).map(({ element }) => element)),
    h("div", { class: "sv-row" }, ...walk.elements),
    summary, body);

  // ---- compute and draw
  const views = new Map(); // column → {answer, key, view}, as computed last
  function viewOf(answer, found, at) {
    const key = [at.layer, at.head, at.time_step, at.group].join(" ");
    const last = views.get(found.key);
    if (last?.answer === answer && last.key === key) return last.view;
    const view = attend(found.layers[at.layer], at);
    views.set(found.key, { answer, key, view });
    return view;
  }

  const images = new WeakMap();
  function draw(colour) {
    const answer = answerNow();
    if (!images.has(answer)) images.set(answer, imageOf(answer));
    const at = placeOf({ ...asked(), ...hover });
    const wanted = model.get("attention");
    const all = columnsOf(answer).map((found, n) => ({ found, part: columns[n], view: viewOf(answer, found, at) }));
    for (const { part } of all) part.element.hidden = wanted !== "both" && wanted !== part.name;
    body.classList.toggle("sv-alone", all.filter(({ part }) => !part.element.hidden).length < 2);
    const shown = all.filter(({ part }) => !part.element.hidden);
    const onWhere = surface(where);
    const surfaces = shown.map(({ part }) => part.surfaces()); // all sizes before any drawing
    const image = images.get(answer);
    const softmax = model.get("softmax");
    on = { at, answer, layer: columnsOf(answer)[0].layers[at.layer], image };
    drawWhere(onWhere);
    shown.forEach(({ found, part, view }, n) => part.draw(surfaces[n], {
      view, at, colour, softmax, answer, image, says: found.says, layer: found.layers[at.layer], mirrored: guess !== null,
      key: `${answer.image} ${at.layer} ${at.head} ${at.time_step} ${at.group} ${colour.bg} ${colour.grid}`,
    }));
    writeText(all, shown, at, answer);
    return { at, image: answer.image, columns: shown.map(({ part, view }) => ({ key: part.name, ...view })) };
  }

  function drawWhere({ ctx, width }) {
    const { at, answer, layer, image } = on;
    const box = imageBox(answer, layer, 0, 0, width);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(image, box.x, box.y, box.width, box.height);
    Object.assign(ctx, { lineWidth: 1, strokeStyle: "#fff4" });
    for (let row = 0; row < box.rows; row++) for (let across = 0; across < box.columns; across++) ctx.strokeRect(...box.cell(row, across));
    const inside = ([x, y, w, hgt]) => [x + 1.5, y + 1.5, w - 3, hgt - 3];
    for (let token = 0; token < layer.tokens; token++) {
      Object.assign(ctx, { lineWidth: 2, strokeStyle: GROUP });
      ctx.strokeRect(...inside(cellOf(box, layer, at.group, token)));
    }
    if (at.key !== at.token) frame(ctx, inside(cellOf(box, layer, at.group, at.key)), KEY);
    frame(ctx, inside(cellOf(box, layer, at.group, at.token)), QUERY);
    on.where = [{ box, pick: (row, across) => tokenAt(layer, row, across) }];
  }

  function writeText(all, shown, at, answer) {
    const { layer } = on;
    const waiting = !fixed && !model.get("problem") && (model.get("busy") || answer.image !== model.get("image"));
    put(busy, waiting ? "The models run …" : fixed ? "Other images need Python: make the widget in a notebook." : "");
    put(problem, model.get("problem"));
    const text = shown.map(({ part, view }) => `${part.name.toUpperCase()}: ${looksMost(view, at.token)}`);
    put(summary, `Token ${at.token} of group ${at.group}, step ${at.time_step}. ${text.join(" ")}`);
    const pixel = layer.pixels[at.group * layer.tokens + at.token];
    const across = layer.shape[3];
    put(whereText, `Layer ${at.layer} sees the image as ${layer.shape[2]}×${across} tokens. The ${layer.tokens} framed ones are group ${at.group} (${layer.partition}): only they attend to each other. Token ${at.token}: row ${Math.floor(pixel / across)}, column ${pixel % across}.`);
    where.setAttribute("aria-label", `Image ${answer.image}: token ${at.token} of group ${at.group}; arrow keys move`);
    for (const { item, button } of thumbs) button.setAttribute("aria-pressed", String(item.image === model.get("image")));
    number.update(model.get("image"));
    for (const name of ["layer", "head", "group"]) selects[name].update(at[name]);
    allow(selects.head, layer.heads);
    allow(selects.group, layer.groups);
    selects.attention.update(model.get("attention"));
    selects.softmax.update(TRAINED[model.get("softmax")]);
    walk.update();
    writeReply(all);
  }

  function writeReply(all) {
    guesses.forEach((button, n) => button.setAttribute("aria-pressed", String(GUESSES[n] === guess)));
    if (guess === null) return put(reply, "");
    const away = ({ view }) => [view.plain, view.softmax].map((values) => show(asymmetry(values, view.tokens)));
    const [bdsa, sisa] = ["bdsa", "sisa"].map((kind) => all.find(({ part }) => part.name === kind));
    const [plain, softmax] = away(bdsa);
    put(reply, `${guess === GUESSES[1] ? "Right." : "Not quite."} The spikes that i shares with j, j shares with i: the plain product is its own mirror image (largest difference ${plain}). ` +
      `Softmax divides each row by that row's sum, so its map is not (here ${softmax}).${sisa ? ` In SISA, Q and K differ: ${away(sisa).join(" and ")}.` : ""} ` +
      "The dashed frame is the mirrored cell. And in BDSA no token shares more spikes with another than with itself.");
  }

  const looksMost = (view, token) => {
    const row = view.shared.subarray(token * view.tokens, (token + 1) * view.tokens);
    const { most: common, at: found } = largest(row);
    if (!common) return `no spike in common with any, softmax gives all ${percent(1 / view.tokens)}.`;
    const weight = view.softmax[token * view.tokens + found[0]];
    const named = found.map((n) => (n === token ? "itself" : `token ${n}`));
    const who = named.length > 2 ? `${named.length} tokens` : named.join(" and ");
    return `looks most at ${who}: ${percent(weight)}${named.length > 1 ? " each" : ""}, ${spikes(common)} in common.`;
  };

  // ---- hands on the picture
  const point = (changes) => {
    hover = changes;
    paint();
  };
  function touch(canvas, hits) {
    const at = ({ offsetX, offsetY }) => {
      for (const { box, pick } of hits() ?? []) {
        const cell = box.at(offsetX, offsetY);
        if (cell) return pick(...cell);
      }
      return null;
    };
    canvas.addEventListener("pointermove", (event) => point(at(event)));
    canvas.addEventListener("pointerleave", () => hover && point(null));
    canvas.addEventListener("click", (event) => {
      const found = at(event);
      if (found) choose(found);
    });
  }
  const keys = (canvas, moves) => canvas.addEventListener("keydown", (event) => {
    const place = placeOf(asked());
    const changes = moves(place, layers()[place.layer])[event.key];
    if (!changes) return;
    event.preventDefault();
    choose(changes);
  });
  touch(where, () => on.where);
  keys(where, ({ token, group }, { partition, size, shape, tokens }) => {
    const side = partition === "full" ? shape[3] : size;
    const by = (step) => (token + step < 0 || token + step >= tokens ? {} : { token: token + step });
    return { ArrowLeft: by(-1), ArrowRight: by(1), ArrowUp: by(-side), ArrowDown: by(side), PageUp: { group: group - 1 }, PageDown: { group: group + 1 } };
  });
  for (const { parts, hits } of columns) {
    for (const name of ["spikes", "maps", "merged"]) touch(parts[name], () => hits.get(parts[name]));
    keys(parts.maps, ({ token, key }) => ({ ArrowUp: { token: token - 1 }, ArrowDown: { token: token + 1 }, ArrowLeft: { key: key - 1 }, ArrowRight: { key: key + 1 } }));
  }

  const paint = mount({ model, el, signal }, root, [...CHOICES, "answer", "busy", "problem"], draw);
}

/** Offer only the first `count` options of a choice. */
function allow({ element }, count) {
  for (const [n, option] of [...element.querySelector("select").options].entries()) if (option.disabled !== n >= count) option.hidden = option.disabled = n >= count;
}

export default { initialize, render };
