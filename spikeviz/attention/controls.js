// What a reader chooses: the image, the layer, its heads, groups and steps, the models, the map A.

import { button, h, put } from "../base/page.js";
import { choice, numberControl, player, playhead, showValues } from "../base/controls.js";
import { MAPS, titleOf } from "./column.js";
import { imageOf } from "./draw.js";

const TOKENS_A_SECOND = 3;
const THUMB = 36; // pixels, the height of a square one; a strip is wider and lower

/** Offer only the first `count` options of a choice. */
function allow({ list }, count) {
  for (const [n, option] of [...list.options].entries())
    if (option.disabled !== n >= count) option.hidden = option.disabled = n >= count;
}

/** The images of the strip, or any by its number. */
function imageControls({ model, set, fixed }) {
  const { items, count, classes } = model.get("strip");
  const show = (image) => set({ image });
  const named = (label) => classes[label] ?? `Digit ${label}`;
  const thumbs = items.map(({ image, label, answer, ...item }) => {
    const small = imageOf(item);
    small.style.height = `${Math.round(THUMB * Math.sqrt(small.height / small.width))}px`;
    const thumb = h("span", { "aria-hidden": "true" }, small);
    const element = button(thumb, () => show(image), {
      "aria-label": label < 0 ? `Image ${image}` : `${named(label)}, image ${image}`,
      disabled: fixed && !answer && image !== model.get("image"),
    });
    return { image, element };
  });
  const number = numberControl({
    label: "Image", range: [0, Math.max(1, count - 1), 1], whole: true, set: show,
    disabled: fixed || count < 2,
  });
  const busy = h("span", { class: "sv-caption", role: "status" });
  const problem = h("p", { class: "sv-note", role: "alert" });
  const strip = h("div", { class: "sv-strip" }, ...thumbs.map(({ element }) => element));

  function update(answered) {
    const image = model.get("image");
    const waiting = !fixed && !model.get("problem") && (model.get("busy") || answered !== image);
    const missing = fixed ? "Other images need Python: run the widget's cell in a notebook." : "";
    put(busy, waiting ? "The models run …" : missing);
    put(problem, model.get("problem"));
    for (const thumb of thumbs) thumb.element.ariaPressed = thumb.image === image;
    number.update(image);
  }
  const row = h("div", { class: "sv-row" }, strip, number.element, busy);
  return { elements: [row, problem], update };
}

/** All controls; choose(changes) moves to another place, place() is the present one. */
export function attentionControls(hands, signal) {
  const { model, set, choose, choseModel, place, columns, layers, models, alike } = hands;
  const images = imageControls(hands);
  const most = (name) =>
    Math.max(...columns().flatMap((column) => column.layers.map((layer) => layer[name])));
  const numbered = (word, count, from = 0) =>
    Array.from({ length: count }, (_, n) => [n, `${word} ${n + from}`]);
  const placed = (label, name, options) =>
    choice({ label, options, set: (value) => choose({ [name]: Number(value) }) });
  const maps = () => layers().map(({ shape, groups, tokens }, n) =>
    `${n}: map ${shape[2]}×${shape[3]}, ${groups} × ${tokens} tokens`);
  const selects = {
    layer: placed("Layer", "layer", maps().map((text, n) => [n, text])),
    head: placed("Head", "head", numbered("head", most("heads"))),
    time_step: placed("Time step", "time_step", numbered("step", most("steps"), 1)),
    group: placed("Group", "group", numbered("group", most("groups"))),
    attention: choice({
      label: "Models", set: choseModel,
      options: [["both", "side by side"], ...models.map((name) => [name, titleOf(name)])]
        .slice(alike ? 0 : 1),
    }),
    softmax: choice({
      label: "Map A in A·V", options: Object.values(MAPS),
      set: (value) => set({ softmax: value === MAPS.true }),
    }),
  };
  for (const { element, list } of Object.values(selects)) element.hidden = list.length < 2;
  const tokens = () => layers()[place().layer].tokens;
  const head = playhead({ model, name: "token", last: () => tokens() - 1, paint: hands.paint });
  const walk = player({
    ...head, last: () => tokens() - 1, rate: () => TOKENS_A_SECOND, signal, smooth: true,
    text: (at) => `token ${Math.floor(at)} of ${tokens()}`, label: "Query token",
  });

  function update(at, layer, answered) {
    images.update(answered);
    const softmax = MAPS[model.get("softmax")];
    const values = { ...at, attention: model.get("attention"), softmax };
    maps().forEach((text, n) => put(selects.layer.list.options[n], text));
    showValues(selects, values);
    allow(selects.head, layer.heads);
    allow(selects.group, layer.groups);
    allow(selects.time_step, layer.steps);
    walk.update();
  }
  const elements = [
    ...images.elements,
    h("div", { class: "sv-controls" }, ...Object.values(selects).map(({ element }) => element)),
    h("div", { class: "sv-row" }, ...walk.elements),
  ];
  return { elements, update, walk };
}
