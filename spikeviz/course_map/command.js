// The command that the course leads to: each line is written as the spike comes to the notebook
// that explains it.

import { clamp, h, put } from "../base/page.js";
import { number } from "./words.js";

/** Its lines: {text, from: the notebook that explains it}. */
function linesOf({ start, end, notebooks }) {
  const last = notebooks.filter(({ after }) => after === undefined).length - 1;
  const outer = (texts) => texts.map((text) => ({ text, from: last }));
  const own = notebooks.map(({ line }, from) => ({ text: line, from })).filter(({ text }) => text);
  const model = ({ text }) => text.startsWith("--model");
  return [...outer(start), ...own.sort((a, b) => model(b) - model(a)), ...outer(end)];
}

/** press(i) hears a click on a line of notebook i. update(place, at): how far the way is known, and
 *  which notebook is on show; returns how many lines are known. */
export function commandLines(plan, press) {
  const { notebooks } = plan;
  const lines = linesOf(plan).map(({ text, from }, i, { length }) => {
    const whole = `${i ? "    " : ""}${text}${i < length - 1 ? " \\" : ""}`;
    const [written, open] = [h("b"), new Text(whole)];
    const code = h("code", {}, written, open);
    const note = h("span", { class: "sv-caption" },
      `${number(notebooks[from])}: ${notebooks[from].says}`);
    const element = h("button",
      { type: "button", class: "sv-command-line", onclick: () => press(from) }, code, note);
    return { from, whole, written, open, element };
  });
  const element = h("div",
    { class: "sv-command", role: "group", "aria-label": "The command, line by line" },
    ...lines.map((line) => line.element));
  const update = (place, at) => {
    for (const line of lines) {
      const share = clamp(place - line.from + 1, 0, 1);
      const upTo = Math.round(share * line.whole.length);
      put(line.written, line.whole.slice(0, upTo));
      put(line.open, line.whole.slice(upTo));
      line.element.classList.toggle("sv-known", share === 1);
      line.element.ariaPressed = line.from === at;
    }
    return lines.filter(({ from }) => from <= place).length;
  };
  return { element, update, count: lines.length };
}
