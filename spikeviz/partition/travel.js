// How far information travels, layer by layer: a question, the maps, and why.

import { button, div, grouped, h, para, percent, put } from "../base/page.js";
import { checkbox, player, playhead } from "../base/controls.js";
import { countOf, firstSeen } from "./partition.js";
import { reachMap } from "./reachmap.js";

const QUESTION = "After two layers, can the bottom-right pixel know of the top-left one?";
const SECONDS = 0.6; // a layer
const WHY = {
  full: "One group holds every pixel: one layer tells everybody.",
  alone: "The next layer meets the same groups again, so nobody new hears of it. " +
    "Attention alone never leaves its group.",
  together: "The convolution carries it 3 pixels on, into other groups; " +
    "attention tells those groups.",
  grid: " This pair is the paper's block.",
};

export function travelView({ model, set, chooseShare }, names, signal, paint) {
  const settings = () =>
    ["partition", "size", "resolution", "convolution"].map((name) => model.get(name)).join(" ");
  const maps = names.map((name) => reachMap(name, chooseShare));
  const last = () => model.get("limits").layers[1];
  const head = playhead({ model, name: "layers", last, paint });
  const walk = player({
    last, ...head, rate: () => 1 / SECONDS, smooth: true, label: "Layers", signal,
    text(at) {
      const k = Math.floor(at);
      return at > k ? `on the way to ${k + 1}` : `after ${k} layer${k === 1 ? "" : "s"}`;
    },
  });
  const conv = checkbox({
    label: "a 7×7 convolution before each attention", set: (convolution) => set({ convolution }),
  });
  const verdict = h("p", { class: "sv-verdict", role: "status" });
  const counts = para("counts");
  const why = para("caption");
  const answers = ["yes", "no"].map((word) => button(word, () =>
    set({ guess: { answer: word, of: settings() }, layers: 2, pixel: [0, 0] })));

  /** What becomes of the reader's guess under the present settings. */
  function judge({ part, side, convolution }) {
    const { answer, of } = model.get("guess");
    if (!answer || of !== settings())
      return `Your guess for ${part.name}, ${convolution ? "with" : "without"} the convolution?`;
    const seen = firstSeen(part, 0, side * side - 1, convolution);
    const truth = seen !== null && seen <= 2 ? "yes" : "no";
    const when = seen === null ? "it never will" : `it does after layer ${seen}`;
    return `You said ${answer}. ${answer === truth ? "Right" : "Not so"}: ${when}.`;
  }

  /** "window: 49 of 784, 6 %", rounded down: all is only what is all. */
  function told(name, { side, reached }) {
    const count = countOf(reached[name].at(-1));
    const part = count / side ** 2;
    const share = percent(part < 0.01 ? part : Math.floor(100 * part) / 100, 0);
    return `${name}: ${grouped(count)} of ${grouped(side * side)}, ${share}`;
  }

  function update(shown) {
    const { name, layers, convolution } = shown;
    for (const map of maps) {
      const text = told(map.name, shown);
      map.update(map.name === name, text, `Pixels reached after ${layers} layers, ${text}`);
    }
    const together = WHY.together + (WHY[name === "grid" && name] ?? "");
    const guessed = model.get("guess").of === settings();
    put(counts, told("full", shown));
    why.hidden = layers < 2 && !guessed; // it answers the question
    put(why, name === "full" ? WHY.full : convolution ? together : WHY.alone);
    put(verdict, judge(shown));
  }
  const elements = [
    para("title", "How far does information travel? Press Play"),
    div("row", ...walk.elements, conv.element),
    div("travel", div("duo", ...maps.map((map) => map.element)),
      div("words", div("row", h("span", { class: "sv-grow" }, QUESTION), ...answers), verdict, why,
        counts)),
  ];
  const fields = [{ update: (shown) => conv.update(shown.convolution) }];
  return { maps, elements, update, walk, fields, at: head.at };
}
