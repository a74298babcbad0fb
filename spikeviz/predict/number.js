// A number with its unit; then a line with both marks.

import { asking } from "./ask.js";
import { amount } from "./words.js";
import { clamp, div, h, put } from "../base/page.js";
import { numberControl } from "../base/controls.js";

function makeNumber(now, set) {
  const [low, high, unit] = now().x;
  const whole = Number.isInteger(low) && Number.isInteger(high) && high - low >= 10;
  const control = numberControl({
    label: "Your prediction", unit, range: [low, high, whole ? 1 : (high - low) / 100],
    limit: (value) => clamp(value, low, high), set: (guess) => set({ guess }),
  });
  const range = control.element.querySelector("[type=range]");
  range.value = (low + high) / 2; // where nobody set it; who presses it there means it
  const mean = () => now().guess === null && set({ guess: Number(range.value) });
  range.addEventListener("click", mean);
  range.addEventListener("keydown", ({ key }) => ["Enter", " "].includes(key) && mean());
  const marks = { guess: "Your prediction", result: "What comes out" };
  const made = Object.entries(marks).map(([name, words]) =>
    ({ name, words, element: h("span", { class: `sv-at sv-at-${name}` }, h("span")) }));
  const ends = [h("span"), h("span")];
  const rule = div("rule", ...made.map(({ element }) => element), div("ends", ...ends));
  function update(s) {
    control.element.hidden = s.state !== "open";
    rule.hidden = s.state === "open" || (s.guess === null && s.result === null);
    if (s.guess !== null) control.update(s.guess);
    const [from, to] = s.result === null ? [low, high]
      : [Math.min(low, s.result), Math.max(high, s.result)];
    [from, to].forEach((value, end) => {
      put(ends[end], amount(value, unit));
      const under = s.result !== null && Math.abs((s.result - from) / (to - from) - end) < 0.12;
      ends[end].style.visibility = under ? "hidden" : ""; // below the mark, which says it
    });
    for (const { name, words, element } of made) {
      element.hidden = s[name] === null;
      if (element.hidden) continue;
      element.style.setProperty("--sv-at", (s[name] - from) / (to - from));
      put(element.firstChild, `${words}: ${amount(s[name], unit)}`);
    }
  }
  return { element: h("div", {}, control.element, rule), update };
}

export default asking(makeNumber);
