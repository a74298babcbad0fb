// The opened box of NetworkWalk: its feature maps, its numbers, the code that makes and runs it.

import { button, clamp, grouped, h, joules, percent, put } from "../base/page.js";
import { choice } from "../base/controls.js";
import { memory } from "../base/memory.js";
import { channelView } from "./channels.js";
import { codeView } from "./code.js";
import { groupOf, kindOf } from "./facts.js";

const VIEWS = [
  ["spikes", "spikes that fire"], ["membrane", "membrane H, before the reset"],
  ["output", "output, what leaves the box"],
];
const PANEL = ["answer", "opened", "view", "layer", "page", "show_code"]; // what it depends on
const WHAT = {
  stem: "3×3 convolution, stride 2: the image halves. Real values, no neurons yet.",
  stem_to_stream: "SPK block and 3×3 convolution. From here on runs the stream, the membrane " +
    "between the blocks.",
  entry: "SPK block and 3×3 convolution, stride 2: the map halves.",
  conv: "x + f(x), f = 7×7 depthwise, 1×1 up, 1×1 down, each with its SPK block.",
  SISA: "x + SPK(A(Q, K)·V), and Q, K, V = SPK(x·W): spikes attend to spikes.",
  BDSA: "x + SPK(A(S, S)·S), and S = SPK(x): the spikes are Q, K and V at once.",
  feed_forward: "x + f(x), f = 1×1 up, 1×1 down, each with its SPK block.",
  head: "Mean over the map, then a linear layer: the logits of each time step. The answer is " +
    "their mean.",
};

/** The numbers of a box; both: of the models that have it. */
function explain({ shape, rates, neurons }, both) {
  const steps = rates.map((rate, step) => `step ${step + 1}: ${percent(rate)}`).join(", ");
  const rate = steps ? ` Rate of its ${grouped(neurons)} neurons, ${steps}.` : "";
  const energies = both.map((box) => `${joules(box.snn_mj)}, twin ${joules(box.ann_mj)}`);
  const energy = energies.join("; the other model: ");
  return `Output [T, B, C, H, W] = [${shape.join(", ")}].${rate} ${energy}.`;
}

/** places: what a tour may name; draw(t, groups, colour) gives the maps on show. */
export function boxPanel(reader, paint) {
  const { model, set, walks, boxIn } = reader;
  const once = memory();
  let moves = 0; // of its choices: one that is taken back at once is drawn anew, too
  const choose = (change) => {
    moves++;
    set(change);
  };
  const title = h("p", { class: "sv-title" });
  const what = h("p", { class: "sv-caption" });
  const facts = h("p", {});
  const view = choice({ label: "View", options: VIEWS, set: (name) => choose({ view: name }) });
  const layer = choice({
    label: "Neurons", options: [], set: (index) => choose({ layer: Number(index), page: 0 }),
  });
  const channels = channelView(reader, paint);
  const code = codeView(reader);
  const close = button("Close", () => set({ opened: "" }));
  const element = h("div", {
    class: "sv-nw-panel", role: "region", "aria-label": "Opened box", hidden: true,
  },
  h("div", { class: "sv-row" }, title, close),
  h("div", { class: "sv-row" }, view.element, layer.element),
  h("div", { class: "sv-nw-look" }, channels.element,
    h("div", {}, what, h("div", { class: "sv-row" }, ...channels.pager),
      channels.hoverText, facts, code.open)), code.listing);

  function draw(t, groups, colour) {
    const keys = [t, colour, channels.hover(), moves, ...PANEL.map((name) => model.get(name))];
    return once("panel", keys, () => {
      const name = model.get("opened");
      once("answer", [model.get("answer")], channels.forget);
      const which = boxIn(0, name) ? 0 : 1;
      const box = boxIn(which, name);
      element.hidden = !box;
      element.classList.toggle("sv-nw-waiting", t < 0);
      t = Math.max(0, t);
      return box ? drawBox(box, walks()[which], t, groups, colour) : [];
    });
  }

  function drawBox(box, walk, t, groups, colour) {
    const { title: kind, box: name, block, layers } = box;
    const { stage } = groups.get(groupOf(box));
    const begin = stage < 0 ? "" : `Stage ${stage + 1}: `;
    put(title, `${begin}${kind}${block > 0 ? ` ${block + 1}` : ""} (${name})`);
    put(what, WHAT[kindOf(box)] ?? WHAT[walk.attention] ?? "");
    put(facts, explain(box, [0, 1].map((one) => boxIn(one, name)).filter(Boolean)));
    const shown = layers.length ? model.get("view") : "output";
    const index = shown === "output" ? 0 : clamp(model.get("layer"), 0, layers.length - 1);
    writeChoices(layers, shown, index);
    code.update(box.code, walk.code);
    return channels.draw(t, name, shown, index, colour);
  }

  function writeChoices(layers, shown, index) {
    const labels = layers.map(({ name }, i) => `${i + 1}: ${name}`);
    layer.offer([...labels.entries()]);
    layer.list.title = labels.join();
    layer.element.hidden = shown === "output";
    view.list.disabled = !layers.length;
    view.update(shown);
    if (labels.length) layer.update(index);
  }

  return { element, places: { maps: channels.element, view: view.element, code: code.open }, draw };
}
