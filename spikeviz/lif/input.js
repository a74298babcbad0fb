// The drawn input of LIFExplorer: values of I that a hand paints on the plot, or that stand in a
// text, one a time step. They live in the trait `current`, as float64.

import { h, clamp, show } from "../base/page.js";
import { drag, onArrows } from "../base/controls.js";
import { scale } from "../base/draw.js";

const MOST_VALUES = 4000;
const LARGEST = 1000;

export const packed = (values) => new DataView(Float64Array.from(values).buffer);

/** What `packed` made, wherever it travelled; null for nothing. */
export function unpacked(view) {
  if (!view) return null;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return new Float64Array(bytes.slice().buffer);
}

/** {values} of a text with numbers in it, such as "1, 2 3" or array([1., 2.]), or {problem}. */
export function readNumbers(text) {
  const inner = text.trim().replace(/^([\w.]*)\((.*)\)$/s, "$2").replace(/,\s*[a-z_]+=[^\],]*/g, "");
  if (inner.includes("...") || inner.includes("…")) return { problem: "“...” stands for values that were left out of the print. Set explorer.current = x in Python instead." };
  if ((inner.match(/\[/g) ?? []).length > 1) return { problem: "This array has several rows. Paste one of them." };
  const words = inner.replace(/[[\]]/g, " ").split(/[\s,;]+/).filter(Boolean);
  if (!words.length) return { problem: "There is no number yet. Paste some, such as 0, 1.5, 1.5, 0." };
  const place = words.findIndex((word) => !(Math.abs(Number(word)) <= LARGEST));
  if (place >= 0) return { problem: `“${words[place].slice(0, 20)}” (value ${place + 1}) is no number from −${LARGEST} to ${LARGEST}.` };
  if (words.length > MOST_VALUES) return { problem: `These are ${words.length} values; ${MOST_VALUES} is the most.` };
  return { values: words.map(Number) };
}

/** The range of the plot on which a hand paints: some room above and below what is there. */
export const paintRange = (values) => [Math.min(-1, Math.floor(1.2 * Math.min(...values))), Math.max(3, Math.ceil(1.2 * Math.max(...values)))];

/**
 * Where a hand paints. get() is what is on show, {current, cursor, x, yI, p}; paint(values) shows
 * values while the hand moves, keep(values) when it rests; go(step) moves the cursor.
 */
export function brush({ get, paint, keep, go }) {
  let drawn = null; // the values under the hand, and where it was
  let before = null;
  const element = h("div", { class: "sv-brush", role: "slider", tabindex: 0, "aria-label": "Input current at the cursor: up and down change it, left and right move, with Shift they carry it along" });
  const limited = (value) => Math.round(clamp(value, ...get().yI.domain) * 100) / 100;
  drag(element, (event, down) => {
    const { current, x, yI, p } = get();
    const box = element.getBoundingClientRect();
    const step = clamp(Math.floor(x.invert(x.range[0] + event.clientX - box.left) / p.dt), 0, current.length - 1);
    const now = { step, value: limited(yI.invert(yI.range[1] + event.clientY - box.top)) };
    if (down || !drawn) [drawn, before] = [Float64Array.from(current), now];
    const between = scale([before.step, now.step], [before.value, now.value]);
    for (let t = Math.min(before.step, step); t <= Math.max(before.step, step); t++) drawn[t] = t === step ? now.value : limited(between(t));
    before = now;
    paint(drawn);
  }, () => {
    if (drawn) keep(drawn);
    drawn = null;
  });
  onArrows(element, (right, down, { shiftKey }) => {
    const { current, cursor } = get();
    const to = clamp(cursor + right, 0, current.length - 1);
    const values = Float64Array.from(current);
    values[to] = down ? limited(values[cursor] - down / 10) : values[cursor];
    if (right) go(to);
    if (down || shiftKey) keep(values);
  }, 10);
  const place = ({ current, cursor, x, yI }) => {
    const [left, right] = x.range;
    Object.assign(element.style, { left: `${left}px`, width: `${right - left}px`, top: `${yI.range[1]}px`, height: `${yI.range[0] - yI.range[1]}px` });
    const text = `I ${show(current[cursor])} at step ${cursor}`;
    for (const [name, is] of Object.entries({ min: yI.domain[0], max: yI.domain[1], now: current[cursor], text })) element.setAttribute(`aria-value${name}`, is);
  };
  return { element, place };
}

/** What to do with a drawn input, in words, and a field for numbers. keep(values) takes new ones. */
export function inputPanel({ get, keep }) {
  const text = h("textarea", { rows: 1, class: "sv-grow", "aria-label": "Numbers of the input current", placeholder: "or paste numbers: 0, 1.5, 1.5, 0 or array([0. , 1.5])" });
  const note = h("p", { class: "sv-note", role: "status" });
  const use = () => {
    const { values, problem = "" } = readNumbers(text.value);
    note.textContent = problem;
    if (values) keep(values);
  };
  const length = h("p", { class: "sv-caption" });
  const element = h("div", { class: "sv-panel" },
    h("p", {}, h("b", {}, "Paint the input: "), "drag over its plot. By keyboard: ← and → move, ↑ and ↓ change, Shift with ← or → carries the value along."),
    h("div", { class: "sv-row" },
      text, h("button", { type: "button", onclick: use }, "Use these numbers"),
      h("button", { type: "button", onclick: () => keep(new Float64Array(get().current.length)) }, "Clear the input")),
    note, length);
  const update = ({ current, p }) => {
    length.textContent = `${current.length} steps of ${show(p.dt)} ms. In Python: explorer.current = array`;
  };
  return { element, update };
}
