// How far information travels, layer by layer: a question, the three maps, and why.

import { button, grouped, h, percent, put } from "../base/page.js";
import { checkbox, player } from "../base/controls.js";
import { countOf, firstSeen } from "./partition.js";
import { smallMaps } from "./maps.js";

const QUESTION = "After two layers, can the bottom-right pixel know of the top-left one?";
const WHY = {
  full: "One group holds every pixel: one layer tells everybody.",
  alone: "The next layer meets the same groups again, so nobody new hears of it. " +
    "Attention alone never leaves its group.",
  together: "The convolution carries it 3 pixels on, into other groups; " +
    "attention tells those groups.",
  grid: " This pair is the paper's block.",
};

export function travelView({ model, set, chooseShare }, signal) {
  const settings = () =>
    ["partition", "size", "resolution", "convolution"].map((name) => model.get(name)).join(" ");
  const { maps, element } = smallMaps(chooseShare);
  const walk = player({
    last: () => model.get("limits").layers[1], at: () => model.get("layers"),
    go: (layers) => set({ layers }), rate: () => 1, label: "Layers",
    text: (k) => `after ${k} layer${k === 1 ? "" : "s"}`, signal,
  });
  const conv = checkbox({
    label: "a 7×7 convolution before each attention", set: (convolution) => set({ convolution }),
  });
  const verdict = h("p", { class: "sv-verdict", role: "status" });
  const why = h("p", { class: "sv-caption" });
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

  function update(shown) {
    const { name, side, layers, convolution, reached } = shown;
    for (const map of maps) {
      const count = countOf(reached[map.name].at(-1));
      const part = count / side ** 2; // rounded down: all is only what is all
      const share = percent(part < 0.01 ? part : Math.floor(100 * part) / 100, 0);
      const text = `${map.name}: ${grouped(count)} of ${grouped(side * side)}, ${share}`;
      map.update(map.name === name, text, `Pixels reached after ${layers} layers, ${text}`);
    }
    const together = WHY.together + (WHY[name === "grid" && name] ?? "");
    put(why, name === "full" ? WHY.full : convolution ? together : WHY.alone);
    put(verdict, judge(shown));
    conv.update(convolution);
    walk.update();
  }
  const elements = [
    h("p", { class: "sv-title" }, "How far does information travel?"),
    h("div", { class: "sv-row" }, h("span", { class: "sv-grow" }, QUESTION), ...answers),
    verdict, h("div", { class: "sv-row" }, ...walk.elements, conv.element), element, why,
  ];
  return { maps, elements, update };
}
