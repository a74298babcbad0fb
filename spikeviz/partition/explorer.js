// PartitionExplorer: a photograph as a map of pixels, its groups, their way into token order, their
// cost, and how far information gets. Everything is computed here; Python holds the parameters.

import { PARTITION_NAMES, HEAD_WIDTH, sizesFor, partitionOf, reach, countOf, firstSeen, costsOf } from "./partition.js";
import { h, clamp, percent } from "../base/page.js";
import { numberControl, choice, checkbox, drag, player } from "../base/controls.js";
import { listen, syncing, mount, lasting, setter } from "../base/widget.js";
import { surface, scale, axes, line } from "../base/draw.js";
import { pack, square, averageColours, fade, pixelMap, border, frame } from "./pixels.js";

const TRAITS = ["partition", "size", "resolution", "pixel", "flight", "layers", "convolution", "heads", "guess", "image", "credit"];
const STAGES = [[56, "56 × 56, stage 1"], [28, "28 × 28, stage 2"], [14, "14 × 14, stage 3"], [7, "7 × 7, stage 4"]];
const TOP = 22; // room for a title in the picture
const SIDES = [7, 14, 28, 56, 112, 224];

const initialize = (props) => syncing(props, TRAITS);

// ---- the flight: each token's box in the image, in its gathered group, in its row

/** Boxes [x, y, width, height] of all tokens, group by group, at the three places of the flight. */
function boxesOf(part, width, height) {
  const { side, across, apart, groups, tokens, order } = part;
  const wide = width >= 600;
  const s = Math.floor(wide ? Math.min(height - TOP - 2, width * 0.46) : Math.min(width, (height - 2 * TOP - 14) / 2));
  const room = wide ? { x: s + 34, y: TOP, w: width - s - 36, h: s } : { x: 0, y: s + TOP + 10 + TOP, w: width, h: height - s - 2 * TOP - 14 };
  const at = [0, 1, 2].map(() => new Float32Array(4 * side * side));
  const put = (place, k, x, y, w, high) => [x, y, w, high].forEach((value, i) => (at[place][4 * k + i] = value));
  const cell = s / side;

  const block = Math.min(room.w, room.h);
  const gap = apart > 1 ? clamp((block / apart) * 0.14, 1, 12) : 0;
  const small = (block - gap * (apart - 1)) / side;
  const middle = room.x + (room.w - block) / 2;

  // A row of more tokens than fit is broken into lines, a table of more rows than fit into columns.
  const per = [...Array(tokens + 1).keys()].filter((n) => n && tokens % n === 0 && n * 2 <= Math.max(room.w, 2)).pop();
  const lines = tokens / per;
  const columns = Math.ceil(groups / Math.max(1, Math.floor(room.h / (3 * lines))));
  const rows = Math.ceil(groups / columns);
  const pitch = room.w / columns;
  const w = Math.min((pitch - (columns > 1 ? 8 : 0)) / per, 24);
  const high = Math.min(room.h / (rows * lines), 30);
  for (let k = 0; k < order.length; k++) {
    const [g, t] = [Math.floor(k / tokens), k % tokens];
    const [a, b, i, j] = [Math.floor(g / apart), g % apart, Math.floor(t / across), t % across];
    put(0, k, (order[k] % side) * cell, TOP + Math.floor(order[k] / side) * cell, cell, cell);
    put(1, k, middle + b * (across * small + gap) + j * small, room.y + a * (across * small + gap) + i * small, small, small);
    const up = (g % rows) * lines + Math.floor(t / per);
    put(2, k, room.x + Math.floor(g / rows) * pitch + (t % per) * w, room.y + up * high, w, high > 6 ? high - 2 : high);
  }
  return { at, s, room, lines };
}

const ease = (share) => share * share * (3 - 2 * share);

/** The boxes at a place of the flight; the first group goes first. Back is the same way, backwards. */
function flown({ at }, { groups, tokens }, flight, out) {
  const way = 2 * (flight <= 1 ? flight : 2 - flight); // 0 image, 1 groups, 2 rows
  const [from, to] = way <= 1 ? [at[0], at[1]] : [at[1], at[2]];
  const share = way <= 1 ? way : way - 1;
  for (let g = 0; g < groups; g++) {
    const lag = groups > 1 ? (0.8 * g) / (groups - 1) : 0;
    const part = ease(groups > 1 ? clamp(share * 1.8 - lag, 0, 1) : share);
    for (let k = 4 * g * tokens; k < 4 * (g + 1) * tokens; k++) out[k] = from[k] + (to[k] - from[k]) * part;
  }
  return out;
}

/** Fills boxes of one colour into the pixels of a canvas, faster than the canvas itself would. */
function filler(pixels, width, ratio) {
  const height = pixels.length / width;
  const edge = (at) => Math.round(at * ratio + 0.001); // neighbours meet in spite of rounding
  return (x, y, w, high, colour) => {
    const left = clamp(edge(x), 0, width);
    const right = clamp(Math.max(left + 1, edge(x + w)), 0, width);
    const top = clamp(edge(y), 0, height);
    const bottom = clamp(Math.max(top + 1, edge(y + high)), 0, height);
    for (let row = top; row < bottom; row++) {
      const end = row * width + right;
      for (let at = row * width + left; at < end; at++) pixels[at] = colour;
    }
  };
}

// ---- words

const thousands = new Intl.NumberFormat("en");
const counted = (n) => thousands.format(n);
/** 9834496 as "9.83 M". */
function short(value, unit) {
  const power = value >= 1e9 ? 3 : value >= 1e6 ? 2 : value >= 1e3 ? 1 : 0;
  return `${Number((value / 1000 ** power).toPrecision(3))} ${["", "k", "M", "G"][power]}${unit}`;
}
const write = (element, text) => element.textContent !== text && (element.textContent = text);

/** The same in the library, and the way back: [name, call, shapes]. */
function explainCode({ name, side, size, groups, tokens }) {
  return [
    ["In code", `${name}_partition(x, ${size})`, `[N, C, ${side}, ${side}] → [N, ${groups}, ${tokens}, C]`],
    ["Back", `${name}_merge(tokens, ${size}, (${side}, ${side}))`, "the exact inverse: each token returns to its pixel"],
  ];
}

/** Where a pixel goes: [name, formula, numbers]. */
function explainPixel({ name, side, across, apart, group, token }, row, column) {
  const pixel = row * side + column;
  const [g, t] = [group[pixel], token[pixel]];
  const [a, b, i, j] = [Math.floor(g / apart), g % apart, Math.floor(t / across), t % across];
  if (name === "full") return [["Pixel", "(r, c)", `(${row}, ${column})`], ["Group", "only one", "0"], ["Token", "r·W + c", `${row}·${side} + ${column} = ${t}`]];
  const [formula, numbers] = name === "grid"
    ? ["(i·H/G + a, j·W/G + b)", `(${i}·${apart} + ${a}, ${j}·${apart} + ${b})`]
    : ["(a·P + i, b·P + j)", `(${a}·${across} + ${i}, ${b}·${across} + ${j})`];
  const letter = name === "grid" ? "G" : "P";
  return [["Pixel", formula, `${numbers} = (${row}, ${column})`], ["Group", `a·W/${letter} + b`, `${a}·${apart} + ${b} = ${g}`], ["Token", `i·${letter} + j`, `${i}·${across} + ${j} = ${t}`]];
}

const WHY = {
  full: "One group holds every pixel: one layer tells everybody.",
  alone: "The next layer meets the same groups again, so nobody new hears of it. Attention alone never leaves its group.",
  together: "The convolution carries it 3 pixels on, into other groups; attention tells those groups.",
};
const PAPER = " This pair is the paper's block.";

function render({ model, el, signal }) {
  const set = setter(model);
  const first = { image: model.get("image"), credit: model.get("credit") };
  let photo = null; // the decoded picture, ImageData
  const cache = {};
  const boxes = { now: new Float32Array(0) }; // where the tokens are

  /** make() anew only when key differs from the last time. */
  const once = (name, key, make) => (cache[name]?.key === key ? cache[name].value : (cache[name] = { key, value: make() }).value);

  const seen = new Map();
  /** Whether `key` differs from the last one that was asked about `what`. */
  function isNew(what, key) {
    if (seen.get(what) === key) return false;
    seen.set(what, key);
    return true;
  }

  // ---- the parts, built once
  const views = (pick) => PARTITION_NAMES.map((name) => {
    const canvas = h("canvas", { class: `sv-pixels${pick ? " sv-pick" : ""}`, role: "img", "aria-label": name });
    const caption = h("figcaption");
    if (pick) canvas.addEventListener("click", () => set({ partition: name }));
    const element = h("figure", {}, canvas, caption);
    return { name, canvas, caption, element, paint: pixelMap() };
  });
  const [cuts, travels] = [views(true), views(false)];
  const flight = h("canvas", { class: "sv-flight", tabindex: 0, role: "application" });
  const [flops, memory] = ["flops", "bytes"].map((what) => ({ what, canvas: h("canvas", { class: "sv-cost", role: "img" }) }));

  const kind = choice({ label: "Partition", options: PARTITION_NAMES, set: (partition) => set({ partition }) });
  const map = choice({ label: "Map of pixels", options: STAGES, set: (value) => changeMap(Number(value)) });
  const heads = numberControl({
    label: "Heads", range: model.get("limits").heads,
    limit: (value) => clamp(Math.round(value), ...model.get("limits").heads.slice(0, 2)), set: (value) => set({ heads: value }),
  });
  const sizeRange = h("input", { type: "range", min: 0, step: 1, "aria-label": "Size of a group", oninput: () => changeSize(Number(sizeRange.value)) });
  const sizeText = h("output");
  const size = h("div", { class: "sv-control sv-size" }, h("span", { class: "sv-label", "aria-hidden": "true" }, "Size of a group"), sizeText, sizeRange);
  const walk = player({
    last: () => 2, at: () => model.get("flight"), go: (place) => set({ flight: place }), rate: () => 0.3, smooth: true, label: "Way into token order and back",
    text: (at) => (at === 0 ? "image" : at === 0.5 || at === 1.5 ? "groups" : at === 1 ? "token order" : at === 2 ? "merged: the image" : at < 1 ? "partition …" : "merge …"),
    signal,
  });
  const travel = player({
    last: () => model.get("limits").layers[1], at: () => model.get("layers"), go: (layers) => set({ layers }), rate: () => 1, label: "Layers",
    text: (k) => `after ${k} layer${k === 1 ? "" : "s"}`, signal,
  });
  const conv = checkbox({ label: "a 7×7 convolution before each attention", set: (convolution) => set({ convolution }) });
  const file = h("input", { type: "file", accept: "image/*", "aria-label": "Your own picture", onchange: () => file.files[0] && own(file.files[0]) });
  const back = h("button", { type: "button", onclick: () => set(first) }, "Back to the first picture");
  const [problem, credit] = [h("p", { class: "sv-note", role: "alert" }), h("p", { class: "sv-caption" })];
  const summary = h("p", { class: "sv-summary", role: "status" });
  const lines = (n) => Array.from({ length: n }, () => [h("b"), h("span", { class: "sv-formula" }), h("span")]);
  const [where, prices] = [lines(5), lines(3)];
  const block = (rows, name = "") => h("div", { class: `sv-update ${name}`, "aria-live": "off" }, ...rows.map((row) => h("div", { class: "sv-line" }, ...row)));
  const verdict = h("p", { class: "sv-verdict", role: "status" });
  const why = h("p", { class: "sv-caption" });
  const crossing = h("p", { class: "sv-caption" });
  const answer = (word) => h("button", { type: "button", onclick: () => set({ guess: { answer: word, of: settings() }, layers: 2, pixel: [0, 0] }) }, word);
  const key = (name, text) => h("span", { class: `sv-key sv-key-${name}` }, text);
  const root = h("div", { class: "spikeviz sv-partition" },
    h("div", { class: "sv-controls" }, kind.element, size, map.element, heads.element),
    h("div", { class: "sv-row" }, ...walk.elements),
    h("div", { class: "sv-cut" }, flight, h("div", { class: "sv-trio" }, ...cuts.map((view) => view.element))),
    summary, block(where),
    h("div", { class: "sv-halves" },
      h("div", {},
        h("p", { class: "sv-title" }, "How far does information travel?"),
        h("div", { class: "sv-row" }, h("span", { class: "sv-grow" }, "After two layers, can the bottom-right pixel know of the top-left one?"), answer("yes"), answer("no")),
        verdict,
        h("div", { class: "sv-row" }, ...travel.elements, conv.element),
        h("div", { class: "sv-trio" }, ...travels.map((view) => view.element)),
        why),
      h("div", {},
        h("p", { class: "sv-title" }, "What does one layer of attention cost? Drag the point"),
        h("div", { class: "sv-keys" }, key("full", "full: N²"), key("part", "window and grid: N·G²")),
        h("div", { class: "sv-costs" }, flops.canvas, memory.canvas),
        block(prices, "sv-prices"), crossing)),
    h("div", { class: "sv-row" }, h("label", {}, "Your own picture: ", file), back, credit), problem);

  // ---- compute and draw
  const settings = () => ["partition", "size", "resolution", "convolution"].map((name) => model.get(name)).join(" ");

  function compute(background) {
    const [name, side, size] = ["partition", "resolution", "size"].map((trait) => model.get(trait));
    const [row, column] = model.get("pixel").map((at) => clamp(at, 0, side - 1));
    const parts = once("parts", `${side} ${size}`, () => Object.fromEntries(PARTITION_NAMES.map((one) => [one, partitionOf(one, side, size)])));
    const colours = once("colours", `${side} ${photo?.version}`, () => (photo ? averageColours(photo, side) : new Uint32Array(side * side).fill(pack(128, 128, 128))));
    const pixel = row * side + column;
    const [layers, convolution, heads] = ["layers", "convolution", "heads"].map((trait) => model.get(trait));
    const each = (make) => Object.fromEntries(PARTITION_NAMES.map((one) => [one, make(parts[one])]));
    return {
      name, side, size, row, column, pixel, layers, convolution, heads, parts, colours,
      part: parts[name], flight: model.get("flight"),
      faded: once("faded", `${side} ${photo?.version} ${background}`, () => fade(colours, background, 0.35)),
      calm: once("calm", `${side} ${photo?.version} ${background}`, () => fade(colours, background, 0.65)),
      lit: each((part) => Uint8Array.from(part.group, (g) => g === part.group[pixel])),
      reached: once("reached", `${side} ${size} ${pixel} ${layers} ${convolution}`, () => each((part) => reach(part, pixel, layers, convolution))),
      costs: each((part) => costsOf(part.name, side, size, heads)),
    };
  }

  function draw(colour) {
    const shown = compute(colour.bg);
    const { side, size, name, row, column, heads, layers, convolution } = shown;
    const map = [side, size, row, column, photo?.version, colour.bg, colour.red];
    const all = [
      [flight, [...map, name, shown.flight], (on) => drawFlight(shown, on, colour)],
      ...cuts.map((view) => [view.canvas, map, (on) => drawMap(view, shown, shown.lit[view.name], on, colour)]),
      ...travels.map((view) => [view.canvas, [...map, layers, convolution], (on) => drawMap(view, shown, shown.reached[view.name].at(-1), on, colour)]),
      ...[flops, memory].map((plot) => [plot.canvas, [name, side, size, heads, colour.bg, colour.red], (on) => drawCost(plot, shown, on, colour)]),
    ];
    // While the pixels fly, nothing else changes: what has not is left as it stands on the page.
    const due = all.filter(([canvas, key]) => isNew(canvas, `${canvas.clientWidth} ${canvas.clientHeight} ${devicePixelRatio} ${key}`));
    const surfaces = due.map(([canvas]) => surface(canvas)); // all sizes before any change
    due.forEach(([, , paintOne], i) => paintOne(surfaces[i]));
    shown.boxes = boxes.now;
    walk.update();
    back.hidden = model.get("image") === first.image;
    const words = TRAITS.filter((trait) => !["flight", "image"].includes(trait)).map((trait) => JSON.stringify(model.get(trait)));
    if (isNew(root, words.join(" "))) writeText(shown);
    return shown;
  }

  function drawMap(view, { colours, faded, side, row, column }, lit, { ctx, width }, colour) {
    view.paint(ctx, 0, 0, width, colours.map((one, pixel) => (lit[pixel] ? one : faded[pixel])));
    ctx.strokeStyle = colour.red;
    ctx.lineWidth = width / side > 4 ? 1.5 : 1;
    border(ctx, lit, 0, 0, width);
    frame(ctx, (column * width) / side, (row * width) / side, width / side, width / side);
  }

  function drawFlight(state, { ctx, width, height }, colour) {
    const { part, side, flight: place, colours, faded, calm, lit, pixel, row, column } = state;
    const layout = once("boxes", `${part.name} ${side} ${part.across} ${width} ${height}`, () => boxesOf(part, width, height));
    if (boxes.now.length !== 4 * side * side) boxes.now = new Float32Array(4 * side * side);
    const now = flown(layout, part, place, boxes.now);
    Object.assign(boxes, { layout, part });

    const { width: w, height: high } = ctx.canvas;
    if (!w || !high) return;
    const image = once("buffer", `${w} ${high}`, () => new ImageData(w, high));
    const pixels = new Uint32Array(image.data.buffer).fill(0);
    const fill = filler(pixels, w, w / width);
    const start = layout.at[0];
    const mine = lit[part.name];
    const { order, group, tokens } = part;
    for (let k = 0; k < order.length; k++) {
      const at = order[k];
      fill(start[4 * k], start[4 * k + 1], start[4 * k + 2], start[4 * k + 3], mine[at] ? colours[at] : faded[at]);
    }
    const [gap, below] = [now[2] > 4 ? 1 : 0, now[3] > 4 ? 1 : 0]; // between tokens, so that each can be seen
    const token = (k) => fill(now[4 * k], now[4 * k + 1], now[4 * k + 2] - gap, now[4 * k + 3] - below, mine[order[k]] ? colours[order[k]] : calm[order[k]]);
    const [from, to] = [group[pixel] * tokens, (group[pixel] + 1) * tokens];
    for (let k = 0; k < order.length; k++) if (k < from || k >= to) token(k);
    for (let k = from; k < to; k++) token(k); // on top
    ctx.putImageData(image, 0, 0);

    ctx.strokeStyle = colour.red;
    ctx.lineWidth = layout.s / side > 6 ? 2 : 1;
    border(ctx, mine, 0, TOP, layout.s);
    const box = (k) => now.subarray(4 * k, 4 * k + 4);
    ctx.lineWidth = 1;
    if (place > 0 && place < 2 && tokens < order.length && gap)
      for (let k = from; k < to; k++) ctx.strokeRect(now[4 * k] - 0.5, now[4 * k + 1] - 0.5, now[4 * k + 2], now[4 * k + 3]);
    const here = box(from + part.token[pixel]);
    const cell = layout.s / side;
    line(ctx, [[(column + 0.5) * cell, TOP + (row + 0.5) * cell], [here[0] + here[2] / 2, here[1] + here[3] / 2]]);
    frame(ctx, column * cell, TOP + row * cell, cell, cell);
    frame(ctx, here[0], here[1], here[2] - gap, here[3] - below);
    title(ctx, state, layout, colour);
  }

  function title(ctx, { part, side, flight: place }, { room, lines }, colour) {
    const way = place <= 1 ? place : 2 - place;
    const rows = `tokens [${part.groups}, ${part.tokens}]: one row a group${lines > 1 ? `, in ${lines} lines` : ""}`;
    const gathered = part.groups === 1 ? "one group: the whole map" : `${part.groups} groups of ${part.across} × ${part.across}`;
    ctx.fillStyle = colour.fg;
    ctx.textBaseline = "bottom";
    ctx.textAlign = "left";
    ctx.fillText(`map of ${side} × ${side} pixels`, 0, TOP - 6);
    ctx.fillText(way > 0.75 ? rows : way > 0.05 ? gathered : "press Play: copies of the pixels fly here", room.x, room.y - 6);
  }

  function drawCost(plot, { name, side, size, heads }, { ctx, width, height }, colour) {
    const value = (one, at, of = size, many = heads) => costsOf(one, at, of, many)[plot.what] / 1e6;
    const x = scale([SIDES[0], SIDES.at(-1)], [60, width - 12], true);
    const most = model.get("limits").heads[1]; // axes for every setting: what a hand moves is the curve
    const y = scale([value("grid", SIDES[0], 2, 1) / 2, value("full", SIDES.at(-1), 2, most) * 2], [height - 40, 20], true);
    plot.x = x;
    const yTitle = plot.what === "flops" ? "million FLOPs" : "MB of A";
    axes(ctx, x, y, { colour, xTitle: "resolution H", yTitle, xTicks: SIDES });
    ctx.strokeStyle = colour.muted;
    line(ctx, [[x(side), y.range[0]], [x(side), y.range[1]]], [3, 3]);
    for (const [one, ink] of [["full", colour.blue], ["grid", colour.red]]) {
      ctx.lineWidth = 2.5;
      ctx.strokeStyle = ctx.fillStyle = ink;
      line(ctx, [Math.max(size, SIDES[0]), SIDES.at(-1)].map((at) => [x(at), y(value(one, at))]));
      ctx.beginPath();
      const chosen = (one === "full") === (name === "full");
      ctx.arc(x(side), y(value(one, side)), chosen ? 7 : 3, 0, 7);
      ctx.fill();
      if (!chosen) continue;
      ctx.strokeStyle = colour.bg;
      ctx.stroke();
    }
  }

  function writeText(state) {
    const { name, side, size, row, column, part, parts, pixel, layers, convolution, reached, costs, heads: many } = state;
    const span = { full: "it holds every pixel", window: "each is one tile", grid: "each spans the whole map" }[name];
    write(summary, `${name}${name === "full" ? "" : `, size ${size}`}: pixel (${row}, ${column}) is token ${part.token[pixel]} of group ${part.group[pixel]}. ${part.groups} group${part.groups > 1 ? "s" : ""} of ${counted(part.tokens)} tokens; ${span}.`);
    flight.setAttribute("aria-label", `The map and its tokens. Arrow keys choose a pixel. ${summary.textContent}`);
    [...explainPixel(part, row, column), ...explainCode({ ...part, size })].forEach((texts, i) => texts.forEach((text, j) => write(where[i][j], text)));
    for (const { name: one, caption, canvas, element } of cuts) {
      write(caption, `${one} [${parts[one].groups}, ${parts[one].tokens}]`);
      canvas.setAttribute("aria-label", `Groups of the ${one} partition: ${parts[one].groups}, of ${parts[one].tokens} tokens; click to choose it`);
      element.classList.toggle("sv-chosen", one === name);
    }
    for (const { name: one, caption, canvas, element } of travels) {
      const count = countOf(reached[one].at(-1));
      const share = count / side ** 2; // rounded down: all is only what is all
      write(caption, `${one}: ${counted(count)} of ${counted(side * side)}, ${percent(share < 0.01 ? share : Math.floor(100 * share) / 100, 0)}`);
      canvas.setAttribute("aria-label", `Pixels reached after ${layers} layers, ${caption.textContent}`);
      element.classList.toggle("sv-chosen", one === name);
    }
    write(why, name === "full" ? WHY.full : convolution ? WHY.together + (name === "grid" ? PAPER : "") : WHY.alone);
    write(verdict, judge(state));
    PARTITION_NAMES.forEach((one, i) => {
      const { entries, bytes, flops: work } = costs[one];
      const [n, other] = [side * side, one === "full" ? side * side : size * size];
      const texts = [one, one === "full" ? "heads · N · N" : `heads · N · ${one === "grid" ? "G" : "P"}²`, `${many} · ${counted(n)} · ${counted(other)} = ${counted(entries)} entries of A, ${short(bytes, "B")}, ${short(work, "")} FLOPs`];
      texts.forEach((text, j) => write(prices[i][j], text));
    });
    for (const { what, canvas } of [flops, memory]) {
      const [all, some] = ["full", "grid"].map((one) => (what === "flops" ? `${short(costs[one].flops, "")} FLOPs` : short(costs[one].bytes, "B")));
      canvas.setAttribute("aria-label", `${what === "flops" ? "FLOPs" : "Memory"} of one layer of attention against resolution; at ${side} × ${side}: full ${all}, window and grid ${some}`);
    }
    const [large, less] = ["full", "grid"].map((one) => short(costsOf(one, 224, size, many).bytes, "B"));
    write(crossing, `A head has ${HEAD_WIDTH} channels, so an entry costs ${2 * HEAD_WIDTH} FLOPs, for QKᵀ and A·V. The curves meet at H = ${size}, where one group is the whole map; from there, twice the resolution costs full 16 times as much, window and grid 4 times. At 224 × 224: ${large} for full, ${less} for grid, for each image, layer and time step.`);

    kind.update(name);
    map.update(side);
    heads.update(many);
    conv.update(convolution);
    const sizes = sizesFor(side);
    sizeRange.max = sizes.length - 1;
    sizeRange.value = sizes.indexOf(size);
    write(sizeText, `${size} × ${size}`);
    sizeRange.setAttribute("aria-valuetext", `${size} × ${size} tokens`);
    travel.update();
    write(credit, model.get("credit"));
  }

  /** What becomes of the reader's guess under the present settings. */
  function judge({ part, side, convolution }) {
    const { answer: said, of } = model.get("guess");
    if (!said || of !== settings()) return `Your guess for ${part.name}, ${convolution ? "with" : "without"} the convolution?`;
    const seen = firstSeen(part, 0, side * side - 1, convolution);
    const truth = seen !== null && seen <= 2 ? "yes" : "no";
    const when = seen === null ? "it never will" : `it does after layer ${seen}`;
    return `You said ${said}. ${said === truth ? "Right" : "Not so"}: ${when}.`;
  }

  // ---- hands on the picture
  function changeSize(at) {
    const sizes = sizesFor(model.get("resolution"));
    set({ size: sizes[clamp(at, 0, sizes.length - 1)] });
  }
  function changeMap(side) {
    const [before, size, pixel] = ["resolution", "size", "pixel"].map((trait) => model.get(trait));
    const fits = sizesFor(side).reduce((best, one) => (Math.abs(one - size) < Math.abs(best - size) ? one : best));
    // The size first: it then divides both maps. The pixel stays at its place in the photograph.
    set({ size: fits, resolution: side, pixel: pixel.map((at) => Math.floor(((Math.min(at, before - 1) + 0.5) * side) / before)) });
  }

  const choose = (row, column) => {
    const side = model.get("resolution");
    set({ pixel: [row, column].map((at) => clamp(Math.floor(at), 0, side - 1)) });
  };
  for (const { canvas } of [...cuts, ...travels])
    for (const type of ["pointermove", "pointerdown"])
      canvas.addEventListener(type, ({ offsetX, offsetY }) => choose(...[offsetY, offsetX].map((at) => (at / canvas.clientWidth) * model.get("resolution"))));

  /** The pixel under the pointer: a token where it is now, or a place in the map. */
  function find(x, y) {
    const { now, part, layout } = boxes;
    for (let k = part.order.length - 1; k >= 0; k--) {
      const [left, top, w, high] = now.subarray(4 * k, 4 * k + 4);
      if (x >= left && x < left + w && y >= top && y < top + high + 2) return [Math.floor(part.order[k] / part.side), part.order[k] % part.side];
    }
    if (x < layout.s && y >= TOP && y < TOP + layout.s) return [((y - TOP) / layout.s) * part.side, (x / layout.s) * part.side];
    return null;
  }
  for (const type of ["pointermove", "pointerdown"])
    flight.addEventListener(type, ({ offsetX, offsetY }) => {
      const at = find(offsetX, offsetY);
      if (at) choose(...at);
    });
  flight.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    const last = model.get("resolution") - 1; // from the model: a drawing may still be on its way
    choose(...model.get("pixel").map((at, i) => Math.min(at, last) + by[i]));
  });
  for (const { canvas } of [flops, memory])
    drag(canvas, ({ offsetX }) => {
      const { x } = flops;
      const near = STAGES.map(([side]) => side).reduce((best, side) => (Math.abs(x(side) - offsetX) < Math.abs(x(best) - offsetX) ? side : best));
      if (near !== model.get("resolution")) changeMap(near);
    });

  // ---- the picture
  async function own(chosen) {
    write(problem, "");
    try {
      const canvas = await square(chosen);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
      set({ image: new DataView(await blob.arrayBuffer()), credit: "" });
    } catch {
      write(problem, `This browser cannot read ${chosen.name} as a picture. Take a JPEG, PNG or WebP file.`);
    }
  }
  async function decode() {
    const bytes = model.get("image");
    try {
      const canvas = await square(new Blob([bytes]));
      if (signal.aborted || bytes !== model.get("image")) return; // a newer one is on its way
      photo = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      photo.version = (cache.version = (cache.version ?? 0) + 1);
      paint();
    } catch {
      write(problem, "This browser cannot read the picture. Give another one.");
    }
  }
  const paint = mount({ model, el, signal }, root, TRAITS, draw);
  listen(model, ["image"], decode, signal);
  decode();
}

export default { initialize, render: lasting(render) };
