// What a reader chooses: the image, the layer, its heads, groups and steps, the models, the map A.

import { button, div, h, para, put } from "../base/page.js";
import { choice, numberControl, player, playhead, showValues } from "../base/controls.js";
import { MAPS, titleOf } from "./column.js";
import { imageOf } from "./draw.js";
import { ownPicture } from "./own.js";

const TOKENS_A_SECOND = 3;
const THUMB = 36; // pixels, the height of a square one; a strip is wider and lower

/** Offer only the first `count` options of a choice. */
function allow({ list }, count) {
  for (const [n, option] of [...list.options].entries())
    if (option.disabled !== n >= count) option.hidden = option.disabled = n >= count;
}

/** The images of the strip, any by its number, or one of the reader's own. */
function imageControls(hands) {
  const { model, fixed, knows, drawn, waits, problem, show } = hands;
  const { items, count, classes, own } = model.get("strip");
  const named = (label) => classes[label] ?? `Digit ${label}`;
  const thumbs = items.map(({ image, label, ...item }) => {
    const small = imageOf(item);
    small.style.height = `${Math.round(THUMB * Math.sqrt(small.height / small.width))}px`;
    const thumb = h("span", { "aria-hidden": "true" }, small);
    const element = button(thumb, () => show(image), {
      "aria-label": label < 0 ? `Image ${image}` : `${named(label)}, image ${image}`,
      disabled: !knows(image),
    });
    return { image, element };
  });
  const number = numberControl({
    label: "Image", range: [0, Math.max(1, count - 1), 1], whole: true, set: show,
    disabled: fixed || count < 2,
  });
  number.element.hidden = count < 2;
  const busy = h("span", { class: "sv-caption", role: "status" }, "The models run …");
  const missing = fixed && count > items.length
    ? "Other images need Python: run the widget's cell in a notebook." : "";
  const fault = h("p", { class: "sv-note", role: "alert" });
  const strip = h("div", { class: "sv-strip" }, ...thumbs.map(({ element }) => element));
  const mine = own.side ? ownPicture(hands) : null;

  function update(answer) {
    const image = drawn() ? -1 : model.get("image");
    busy.style.visibility = waits() ? "visible" : "hidden"; // its room stays: nothing jumps
    put(fault, problem());
    for (const thumb of thumbs) thumb.element.ariaPressed = thumb.image === image;
    number.update(model.get("image"));
    mine?.update(answer);
  }
  const given = div("given", strip, div("row", number.element, busy), para("caption", missing));
  return { elements: [div("images", given, ...(mine ? [mine.element] : [])), fault], update };
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
        .slice(alike && models.length > 1 ? 0 : 1),
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

  function update(at, layer, answer) {
    images.update(answer);
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
