// AttentionExplorer: what a token of a trained model looks at. Python runs the model on an image and
// sends all its spikes; layers, heads, steps, groups and tokens are chosen and computed here.

import { asymmetry, attend, columnsOf } from "./attention.js";
import { h, clamp, show, percent } from "../base/page.js";
import { numberControl, choice, player } from "../base/controls.js";
import { syncing, mount, offline, lasting } from "../base/widget.js";
import { surface } from "../base/draw.js";
import { KEY, MAPS, QUERY, cellOf, column, frame, imageBox, imageOf, largest, put, spikes, tokenAt } from "./draw.js";

const PLACE = ["layer", "head", "time_step", "group", "token", "key"];
const CHOICES = ["image", ...PLACE, "softmax", "attention"];
const GROUP = "#56b4e9";
const GUESSES = ["both maps", "only the plain product", "only the softmax", "neither"];

const initialize = (props) => syncing(props, CHOICES);

// ---------------------------------------------------------------- the widget

function render({ model, el, signal }) {
  let hover = null; // the choices under the pointer
  let guess = null; // the reader's answer to the question
  let on = {}; // what the last drawing showed
  const strip = model.get("strip");
  const fixed = offline(model);
  const stored = (image) => strip.items.find((item) => item.image === image)?.answer;
  if (fixed && !stored(model.get("image"))) model.set("image", model.get("answer").image); // what was asked last may not have been answered
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
    softmax: choice({ label: "Map A in A·V", options: Object.values(MAPS), set: (value) => model.set("softmax", value === "softmax") }),
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
    put(busy, waiting ? "The models run …" : fixed ? "Other images need Python: run the widget's cell in a notebook." : "");
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
    selects.softmax.update(MAPS[model.get("softmax")]);
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

export default { initialize, render: lasting(render) };
