// The feature maps of the opened box, a page of channels at a time, and the pixel under a hand.

import { button, clamp, counted, h, put, show } from "../base/page.js";
import { mapsOf, stepOf } from "./maps.js";
import { gridCanvas } from "./grid.js";

const PAGE = 64;
const OTHER = ["", " of the other model"];

/** What goes on from some neurons. */
const SENDS = {
  spikes: () => "Sent on: 0 or 1.",
  sum: (n) => `Sent on: this number, 0 to ${n}. It is ${n} spike trains on one wire.`,
  projection: () => "Both spike trains of RL go to its 1×1 convolution, which makes real values.",
  mixer: () => "Their sum goes to the mixer M, which makes real values of it.",
};

/** What the maps of a view mean. */
const EXPLAIN = {
  spikes: ({ neurons, thresholds, sends }) =>
    (neurons === 1 ? "Dark: silent, bright: it fires"
      : `Dark: none of ${neurons} neurons fires, bright: all do`) +
    ` (V_th ${thresholds.map((v) => show(v)).join(", ")}). ${SENDS[sends](neurons)}`,
  membrane: ({ thresholds }) => `H of the neurons with V_th = ${show(thresholds[0])}: they fire ` +
    "where H reaches it. Each map from its darkest to its brightest value.",
  output: () => "Each map from its darkest to its brightest value. Move over a pixel to read it.",
};

function sharpness({ drawn: [rows], shape: [, , , full = 1] }, view) {
  if (rows >= full || view !== "output") return "";
  return `${full}×${full} pixels, shown as the means of squares: ${rows}×${rows}.`;
}

/** A pixel of the maps of a view in numbers. */
function read(t, maps, { c, y, x }, view, neurons) {
  const numbers = maps.map((one) => {
    if (!one || [c, y, x].some((at, i) => at >= one.shape[i + 1])) return "–";
    const value = one.value(stepOf(one, t), c, y, x);
    return view === "spikes" ? `${show(value, 2)} of ${neurons.neurons} fire` : show(value);
  });
  const first = maps.find(Boolean);
  const place = `Channel ${c + first.first}, row ${y}, column ${x}, step ${stepOf(first, t) + 1}`;
  return `${place}: ${numbers.join("; the other: ")}.`;
}

/** hover() is the pixel under a hand or the keys, a new one asks to `paint`. */
export function channelView({ model, set, still, walks, boxIn }, paint) {
  let hover = null;
  let page = 0; // on show
  const turn = (by, text, label) =>
    button(text, () => set({ page: page + by }), { "aria-label": `Channels ${label}` });
  const [before, after] = [turn(-1, "‹", "before"), turn(1, "›", "after")];
  const channels = h("span", { class: "sv-clock" });
  const hoverText = h("p", { class: "sv-caption sv-nw-hover" });
  const point = (place) => {
    if (JSON.stringify(place) === JSON.stringify(hover)) return;
    hover = place;
    paint();
  };
  const grids = OTHER.map((other) => {
    const label = `Feature maps${other}: arrow keys move from pixel to pixel`;
    const grid = gridCanvas(label, () => hover, point);
    const title = h("p", { class: "sv-title" }, other ? "the other model" : "this model");
    const missing = h("p", { class: "sv-caption" });
    const element = h("div", { class: "sv-nw-gridbox" }, title, grid.canvas, missing);
    return { grid, title, missing, element };
  });
  const element = h("div", { class: "sv-nw-gridrow" }, ...grids.map((grid) => grid.element));

  /** Draws the maps of a view of a box, and gives them, one of each model that has them. */
  function draw(t, name, view, index, colour) {
    const boxes = walks().map((_, which) => boxIn(which, name));
    const found = boxes.map((box, which) => {
      const entry = box?.maps[view]?.[index];
      return entry && mapsOf(walks()[which].data, entry);
    });
    const counts = boxes.map((box) =>
      box && (view === "output" ? box.shape[2] : box.layers[index]?.shape[2]));
    const count = Math.max(...counts.filter(Boolean), 1);
    page = clamp(model.get("page"), 0, Math.ceil(count / PAGE) - 1);
    grids.forEach((one, which) => { // before the first is drawn: both share the width
      one.element.hidden = which >= walks().length;
      one.title.hidden = walks().length < 2;
    });
    grids.forEach(({ grid, missing, element: place }, which) => {
      if (place.hidden) return;
      const maps = found[which];
      const from = maps ? page * PAGE - maps.first : 0;
      const until = maps ? Math.min(maps.shape[1], from + PAGE) : 0;
      const there = maps && from >= 0 && from < until;
      grid.canvas.hidden = !there;
      put(missing, there ? sharpness(boxes[which], view) : excuse(boxes[which], counts[which]));
      if (there) grid.draw(maps, t, [from, until], colour);
    });
    const last = Math.min(count, (page + 1) * PAGE) - 1;
    put(channels, count > PAGE ? `channels ${page * PAGE} … ${last} of ${count}`
      : counted(count, "channel"));
    before.hidden = after.hidden = count <= PAGE;
    before.disabled = page === 0;
    after.disabled = (page + 1) * PAGE >= count;
    const neurons = (boxes[0] ?? boxes[1]).layers[index];
    put(hoverText, hover && found.some(Boolean) ? read(t, found, hover, view, neurons)
      : EXPLAIN[view](neurons));
    return found;
  }

  function excuse(box, count) {
    if (!box) return "This model has no such box.";
    if (count && page * PAGE >= count) return "It has fewer channels.";
    return still ? "These maps are not in this page: they need a kernel."
      : "Asking Python for these maps …";
  }

  return {
    element, hoverText, pager: [before, channels, after], draw, hover: () => hover,
    forget: () => (hover = null),
  };
}
