// The drawn input of LIFExplorer: values of I that a hand paints on the plot, or that stand in a
// text, one a time step. They live in the trait `current`, as float64.

import { h, button, clamp, div, para, show } from "../base/page.js";
import { drag, onArrows } from "../base/controls.js";
import { slide, slider } from "../base/slider.js";
import { scale } from "../base/draw.js";

const MOST_VALUES = 4000;
const LARGEST = 1000;

export const packed = (values) => new DataView(Float64Array.from(values).buffer);

/** What `packed` made, wherever it travelled; null for nothing. */
export const unpacked = (view) => view &&
  new Float64Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

/** {values} of a text with numbers in it, such as "1, 2 3" or array([1., 2.]), or {problem}. */
export function readNumbers(text) {
  const inner = text.trim()
    .replace(/^([\w.]*)\((.*)\)$/s, "$2").replace(/,\s*[a-z_]+=[^\],]*/g, "");
  const words = inner.replace(/[[\]]/g, " ").split(/[\s,;]+/).filter(Boolean);
  const place = words.findIndex((word) => !(Math.abs(Number(word)) <= LARGEST));
  const problem =
    /\.\.\.|…/.test(inner) ? "“...” stands for values that were left out of the print. " +
      "Set explorer.current = x in Python instead."
    : inner.split("[").length > 2 ? "This array has several rows. Paste one of them."
    : !words.length ? "There is no number yet. Paste some, such as 0, 1.5, 1.5, 0."
    : place >= 0 ? `“${words[place].slice(0, 20)}” (value ${place + 1}) is no number from ` +
      `−${LARGEST} to ${LARGEST}.`
    : words.length > MOST_VALUES ? `These are ${words.length} values; ${MOST_VALUES} is the most.`
    : "";
  return problem ? { problem } : { values: words.map(Number) };
}

/** The range of the plot on which a hand paints: some room above and below what is there. */
export const paintRange = (values) => [
  Math.min(-1, Math.floor(1.2 * Math.min(...values))),
  Math.max(3, Math.ceil(1.2 * Math.max(...values))),
];

/** Where a hand paints: up and down, along the steps, or by the keys. */
function brush(view, keep) {
  let [drawn, last] = [null, null]; // the values under the hand, and where it was
  const element = slider("sv-brush", "Input current at the cursor: up and down change it, left " +
    "and right move, with Shift they carry it along");
  const limited = (value) => Math.round(clamp(value, ...view.shown.yI.domain) * 100) / 100;
  drag(element, (event, down) => {
    const { current, before, x, yI, p } = view.shown;
    const box = element.getBoundingClientRect();
    const at = x.invert(x.range[0] + event.clientX - box.left) / p.dt;
    const step = clamp(Math.floor(at), 0, current.length - 1);
    const now = { step, value: limited(yI.invert(yI.range[1] + event.clientY - box.top)) };
    if (down || !drawn) [drawn, last] = [Float64Array.from(current), now];
    const between = scale([last.step, step], [last.value, now.value]);
    for (let t = Math.min(last.step, step); t <= Math.max(last.step, step); t++)
      drawn[t] = t === step ? now.value : limited(between(t));
    last = now;
    view.change({ drawn, before: before ?? current, frozen: { input: yI.domain } });
  }, () => {
    if (drawn) keep(drawn);
    drawn = null;
  });
  onArrows(element, (right, down, { shiftKey }) => {
    const { current, cursor } = view.shown;
    const from = Math.max(1, cursor);
    const to = clamp(from + right, 1, current.length);
    const values = Float64Array.from(current); // of step k at k − 1
    values[to - 1] = down ? limited(values[from - 1] - down / 10) : values[from - 1];
    if (right) view.set({ cursor: to });
    if (down || shiftKey) keep(values);
  }, 10);
  return element;
}

/** The brush, what to do with a drawn input in words, and a field for numbers. */
export function drawnInput(view) {
  const { set } = view;
  const keep = (values) => {
    const { p, before, current } = view.shown;
    view.frozen = {};
    set({ current: packed(values), stimulus: "drawn" });
    view.change({ before: p.stimulus === "drawn" ? before ?? current : null });
  };
  const start = () => {
    if (!view.drawn) set({ current: packed(view.shown.current) });
    set({ stimulus: "drawn" });
  };
  const text = h("textarea", {
    rows: 1, class: "sv-grow", "aria-label": "Numbers of the input current",
    placeholder: "or paste numbers: 0, 1.5, 1.5, 0 or array([0. , 1.5])",
  });
  const note = h("p", { class: "sv-note", role: "status" });
  const use = () => {
    const { values, problem = "" } = readNumbers(text.value);
    note.textContent = problem;
    if (values) keep(values);
  };
  const length = para("caption");
  const element = div("panel",
    h("p", {}, h("b", {}, "Paint the input: "), "drag over its plot. By keyboard: ← and → move, " +
      "↑ and ↓ change, Shift with ← or → carries the value along."),
    div("row", text, button("Use these numbers", use),
      button("Clear the input", () => keep(new Float64Array(view.shown.current.length)))),
    note, length);
  const hand = brush(view, keep);
  const update = ({ current, p }) => {
    hand.hidden = view.mode !== "paint" || p.stimulus !== "drawn";
    length.textContent = `${current.length} steps of ${show(p.dt)} ms. ` +
      "In Python: explorer.current = array";
  };
  const place = ({ current, cursor, x, yI }) => {
    const [[left, right], [bottom, top]] = [x.range, yI.range];
    const [step, value] = [Math.max(1, cursor), current[Math.max(1, cursor) - 1]];
    const says = `I ${show(value)} in step ${step}`;
    slide(hand, [left, top, right - left, bottom - top], value, yI.domain, says);
  };
  return { element, brush: hand, start, update, place };
}
