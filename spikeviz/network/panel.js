// The opened box of NetworkWalk: its feature maps, its numbers, the code that makes and runs it.

import { h, clamp, show, percent } from "../base/page.js";
import { choice } from "../base/controls.js";
import { offline } from "../base/widget.js";
import { mapsOf, stepOf, drawGrid, gridCanvas } from "./maps.js";

const VIEWS = [["spikes", "spikes that fire"], ["membrane", "membrane H, before the reset"], ["output", "output, what leaves the box"]];
const PAGE = 64;
const WHAT = {
  stem: "3×3 convolution, stride 2: the image halves. Real values, no neurons yet.",
  stem_to_stream: "SPK block and 3×3 convolution. From here on runs the stream, the membrane between the blocks.",
  entry: "SPK block and 3×3 convolution, stride 2: the map halves.",
  conv: "x + f(x), f = 7×7 depthwise, 1×1 up, 1×1 down, each with its SPK block.",
  SISA: "x + SPK(A(Q, K)·V), and Q, K, V = SPK(x·W): spikes attend to spikes.",
  BDSA: "x + SPK(A(S, S)·S), and S = SPK(x): the spikes are Q, K and V at once.",
  feed_forward: "x + f(x), f = 1×1 up, 1×1 down, each with its SPK block.",
  head: "Mean over the map, then a linear layer: the logits of each time step. The answer is their mean.",
};

export const write = (element, text) => element.textContent !== text && (element.textContent = text);
/** A number of mJ, of any size, with that many digits that count. */
export const mj = (value, digits = 3) => String(Number(value.toPrecision(digits))).includes("e") || value < 1e-5 ? value.toFixed(7).replace(/\.?0+$/, "") || "0" : String(Number(value.toPrecision(digits)));
export const groupOf = (box) => (box.stage >= 0 ? `stages.${box.stage}` : box.box === "head" ? "head" : "extraction");
export const kindOf = (box) => (box.box.endsWith(".0") ? "entry" : box.box.split(".").at(-1));

/**
 * walks() are the models of the answer, boxIn(which, name) a box of one of them. Returns {element,
 * places that a tour may name, draw(t, groups, colour) → the maps on show}.
 */
export function boxPanel({ model, set, walks, boxIn, repaint }) {
  const still = offline(model);
  let answer = null; // the one on show
  let hover = null; // the pixel of a map under the pointer or the keys
  let colour = {};
  const panelTitle = h("p", { class: "sv-title" });
  const what = h("p", { class: "sv-caption" });
  const facts = h("p", {});
  const view = choice({ label: "View", options: VIEWS, set: (name) => set({ view: name }) });
  const layer = choice({ label: "Neurons", options: [], set: (index) => set({ layer: Number(index), page: 0 }) });
  const before = h("button", { type: "button", onclick: () => set({ page: shownMaps.page - 1 }), "aria-label": "Channels before" }, "‹");
  const after = h("button", { type: "button", onclick: () => set({ page: shownMaps.page + 1 }), "aria-label": "Channels after" }, "›");
  const channels = h("span", { class: "sv-clock" });
  const hoverText = h("p", { class: "sv-caption sv-nw-hover" });
  const codeButton = h("button", { type: "button", onclick: () => set({ show_code: !model.get("show_code") }) }, "Show code");
  const listing = h("div", { class: "sv-nw-code" });
  const grids = [0, 1].map((which) => {
    const grid = gridCanvas(`Feature maps${which ? " of the other model" : ""}: arrow keys move from pixel to pixel`, () => hover, (place) => {
      if (JSON.stringify(place) === JSON.stringify(hover)) return;
      hover = place;
      repaint();
    });
    const name = h("p", { class: "sv-title" });
    const missing = h("p", { class: "sv-caption" });
    return { ...grid, grid, name, missing, element: h("div", { class: "sv-nw-gridbox" }, name, grid.canvas, missing) };
  });
  const close = h("button", { type: "button", onclick: () => set({ opened: "" }) }, "Close");
  const maps = h("div", { class: "sv-nw-gridrow" }, ...grids.map((grid) => grid.element));
  const panel = h("div", { class: "sv-nw-panel", role: "region", "aria-label": "Opened box", hidden: true },
    h("div", { class: "sv-row" }, panelTitle, close), what, facts,
    h("div", { class: "sv-controls" }, view.element, layer.element),
    h("div", { class: "sv-row" }, before, channels, after), maps, hoverText, codeButton, listing);

  let shownMaps = { page: 0, maps: [] };
  let listed = "";

  let drawn = [];
  function draw(t, groups, theme) {
    const keys = [model.get("answer"), t, theme, hover, ...["opened", "view", "layer", "page", "show_code"].map((name) => model.get(name))];
    if (keys.every((key, i) => key === drawn[i])) return shownMaps.maps;
    drawn = keys;
    colour = theme;
    if (answer !== model.get("answer")) hover = null;
    answer = model.get("answer");
    const name = model.get("opened");
    const found = boxIn(0, name) ?? boxIn(1, name);
    panel.hidden = !found;
    if (!found) return (shownMaps.maps = []);
    const group = groups.get(groupOf(found));
    panel.style.setProperty("--sv-at", 2 * [...groups.keys()].indexOf(group.name) + 1);
    const kind = kindOf(found);
    write(panelTitle, `${group.stage < 0 ? "" : `Stage ${group.stage + 1}: `}${found.title}${found.block > 0 ? ` ${found.block + 1}` : ""} (${name})`);
    write(what, WHAT[kind] ?? WHAT[walks()[boxIn(0, name) ? 0 : 1].attention] ?? "");
    const rates = found.rates.map((rate, step) => `t = ${step}: ${percent(rate)}`).join(", ");
    write(facts, `Output [T, B, C, H, W] = [${found.shape.join(", ")}].${rates ? ` Rate of its ${found.neurons.toLocaleString("en")} neurons, ${rates}.` : ""} ${[0, 1].map((which) => boxIn(which, name)).filter(Boolean).map((box) => `${mj(box.snn_mj)} mJ, twin ${mj(box.ann_mj)} mJ`).join("; the other model: ")}.`);
    const neural = found.layers.length > 0;
    const shownView = neural ? model.get("view") : "output";
    const index = shownView === "output" ? 0 : clamp(model.get("layer"), 0, found.layers.length - 1);
    writeChoices(found, shownView, index);
    drawMaps(t, name, shownView, index);
    writeHover(t, found, shownView, index);
    writeCode(name);
    return shownMaps.maps;
  }

  function writeChoices(found, shownView, index) {
    const select = layer.element.querySelector("select");
    const labels = found.layers.map((one, i) => `${i + 1}: ${one.name}`);
    if (select.title !== labels.join()) {
      select.title = labels.join();
      select.replaceChildren(...labels.map((text, i) => h("option", { value: i }, text)));
    }
    layer.element.hidden = shownView === "output";
    view.element.querySelector("select").disabled = !found.layers.length;
    view.update(shownView);
    if (labels.length) layer.update(index);
  }

  function drawMaps(t, name, shownView, index) {
    const entries = walks().map((_, which) => boxIn(which, name)?.maps[shownView]?.[index]);
    const found = entries.map((entry, which) => entry && mapsOf(walks()[which].data, entry));
    const whole = walks().map((walk, which) => boxIn(which, name) && (shownView === "output" ? boxIn(which, name).shape[2] : boxIn(which, name).layers[index]?.shape[2]));
    const count = Math.max(...whole.filter(Boolean), 1);
    const page = clamp(model.get("page"), 0, Math.ceil(count / PAGE) - 1);
    shownMaps = { page, maps: found, view: shownView };
    grids.forEach(({ grid, name: title, missing, element }, which) => {
      element.hidden = which >= walks().length;
      if (element.hidden) return;
      const maps = found[which];
      const from = maps ? page * PAGE - maps.first : 0;
      const until = maps ? Math.min(maps.shape[1], from + PAGE) : 0;
      const there = maps && from >= 0 && from < until;
      title.hidden = walks().length < 2;
      write(title, which ? "the other model" : "this model");
      grid.canvas.hidden = !there;
      write(missing, there ? sharpness(which, name) : !boxIn(which, name) ? "This model has no such box." : whole[which] && page * PAGE >= whole[which] ? "It has fewer channels." : still ? "These maps are not in this page: they need a kernel." : "Asking Python for these maps …");
      if (!there) return;
      grid.shape = maps.shape;
      grid.channels = [from, until];
      grid.at = drawGrid(grid.canvas, maps, t, grid.channels, hover, colour);
    });
    write(channels, count > PAGE ? `channels ${page * PAGE} … ${Math.min(count, (page + 1) * PAGE) - 1} of ${count}` : `${count} channel${count === 1 ? "" : "s"}`);
    before.hidden = after.hidden = count <= PAGE;
    before.disabled = page === 0;
    after.disabled = (page + 1) * PAGE >= count;
  }

  function sharpness(which, name) {
    const box = boxIn(which, name);
    const [rows] = box.drawn;
    const full = box.shape[3] ?? 1;
    return rows < full && shownMaps.view === "output" ? `${full}×${full} pixels, shown as the means of squares: ${rows}×${rows}.` : "";
  }

  function writeHover(t, found, shownView, index) {
    const { maps } = shownMaps;
    const first = maps.find(Boolean);
    if (!hover || !first) {
      const neurons = found.layers[index];
      const thresholds = neurons?.thresholds.map((v) => show(v)).join(", ");
      write(hoverText, {
        spikes: `Dark: none of ${neurons?.neurons} neurons fires, bright: all do (V_th ${thresholds}).`,
        membrane: `H of the neurons with V_th = ${show(neurons?.thresholds[0] ?? 0)}: they fire where H reaches it. Each map from its darkest to its brightest value.`,
        output: "Each map from its darkest to its brightest value. Move over a pixel to read it.",
      }[shownView]);
      return;
    }
    const { c, y, x } = hover;
    const read = (one) => {
      if (!one || c >= one.shape[1] || y >= one.shape[2] || x >= one.shape[3]) return "–";
      const value = one.value(stepOf(one, t), c, y, x);
      return shownView === "spikes" ? `${show(value, 2)} of ${one.high ?? found.layers[index].neurons} fire` : `${show(value)}`;
    };
    write(hoverText, `Channel ${c + first.first}, row ${y}, column ${x}, t = ${stepOf(first, t)}: ${maps.map(read).join("; the other: ")}.`);
  }

  function writeCode(name) {
    const which = boxIn(0, name) ? 0 : 1;
    const { code } = walks()[which];
    const places = boxIn(which, name).code;
    const [{ name: made, from }] = places;
    const shown = model.get("show_code");
    write(codeButton, `${shown ? "Hide" : "Show"} code: ${code[made].file}, line ${from}`);
    codeButton.setAttribute("aria-expanded", String(shown));
    listing.hidden = !shown;
    const key = JSON.stringify(places);
    if (!shown || listed === key) return;
    listed = key;
    listing.replaceChildren(...places.flatMap((place) => {
      const { file, first, text } = code[place.name];
      const rows = text.split("\n").map((line, i) => h("span", { class: first + i >= place.from && first + i <= place.to ? "sv-nw-marked" : "" }, h("span", { class: "sv-nw-number" }, String(first + i)), line, "\n"));
      return [h("p", { class: "sv-caption" }, `${file}, line ${place.from}: ${place.name}`), h("pre", { tabindex: 0, "aria-label": `Source of ${place.name}` }, ...rows)];
    }));
  }

  return { element: panel, places: { maps, view: view.element, code: codeButton }, draw };
}
