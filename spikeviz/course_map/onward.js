// What is solved, what is left, and the button that leads on.

import { div, h, put } from "../base/page.js";
import { opener } from "./stations.js";
import { onward, progressOf } from "./words.js";

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/**
 * A row for the top of the map, with `more` at its end; lessons: the notebooks of the way that have
 * exercises. press(notebook) is called where no link leads on. count(notebook) is how many of its
 * exercises are solved; update() gives the next notebook, if there is one left.
 */
export function leadOn(model, lessons, press, more) {
  const count = ({ checks }) => checks.filter((one) => model.get("solved").includes(one)).length;
  const [way, words] = [h("span"), h("span", { class: "sv-caption" })];
  const told = h("p", { class: "sv-file", role: "status" });
  function update() {
    const left = lessons.filter((one) => count(one) < one.checks.length);
    const solved = sum(lessons.map(count));
    const text = `${onward(left[0], solved > 0)} →`;
    const to = left[0] ?? lessons[0];
    if (way.textContent !== text)
      way.replaceChildren(
        opener(model, to.file, () => press(to), { class: "sv-onward" }, text));
    put(words, progressOf({
      solved, all: sum(lessons.map(({ checks }) => checks.length)), notebooks: lessons.length,
      minutes: sum(left.map(({ minutes }) => minutes)),
    }));
    put(told, model.get("told"));
    return left[0];
  }
  return { elements: [div("row", way, words, ...more), told], count, update };
}
