// One of several texts, as radio buttons that look like cards.

import { asking } from "./ask.js";
import { MARKS } from "./words.js";
import { div, h, put } from "../base/page.js";

function makeChoice(now, set) {
  const group = `sv-${Math.random()}`; // a model may have several views
  const cards = now().choices.map((text) => {
    const onchange = () => set({ guess: text });
    const input = h("input", { type: "radio", name: group, onchange });
    const mark = h("span", { class: "sv-mark" });
    const element = h("label", { class: "sv-choice" }, input, h("span", {}, text), mark);
    return { text, input, mark, element };
  });
  function update({ guess, result, state }) {
    for (const { text, input, mark, element } of cards) {
      const [mine, right] = [text === guess, text === result];
      input.checked = mine;
      input.disabled = state !== "open";
      const known = state !== "open";
      put(mark, !known ? "" : mine && right ? MARKS.both : mine ? MARKS.guess
        : right ? MARKS.result : "");
      element.classList.toggle("sv-mine", mine);
      element.classList.toggle("sv-right", known && right);
      element.classList.toggle("sv-dim", known && !mine && !right);
    }
  }
  return { element: div("choices", ...cards.map(({ element }) => element)), update };
}

export default asking(makeChoice);
