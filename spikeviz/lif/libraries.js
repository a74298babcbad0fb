// What libraries compute for the neuron of LIFExplorer: Python runs them, this lays their answer
// beside the page's own numbers, in words.

import { div, h, para, put, show } from "../base/page.js";
import { checkbox } from "../base/controls.js";
import { offline } from "../base/widget.js";
import { onClock } from "./clock.js";
import { unpacked } from "./input.js";

export const LIBRARIES = { spikeatconv: "○", norse: "×" };

/** {name: {s, v, count}} of the answer, if it is one to the parameters and the input on show. */
export function libraryRuns(answer, names, p, current) {
  const { of } = answer;
  if (!of || Object.entries(of).some(([key, value]) => p[key] !== value)) return {};
  const input = unpacked(answer.input);
  const other = input.length !== current.length;
  if (other || input.some((i, t) => Math.abs(i - current[t]) > 1e-9)) return {};
  return Object.fromEntries(names.filter((name) => answer[name]).map((name) => {
    const { spikes, potential } = answer[name];
    const s = new Uint8Array(spikes.buffer, spikes.byteOffset, spikes.byteLength);
    const count = s.reduce((sum, spike) => sum + spike, 0);
    return [name, onClock({ s, v: unpacked(potential), count }, p)];
  }));
}

/** How a library's run differs from the page's. */
function compared(name, theirs, run, p) {
  const step = run.s.findIndex((spike, t) => spike !== theirs.s[t]);
  const apart = run.v.reduce((most, v, t) => Math.max(most, Math.abs(v - theirs.v[t])), 0);
  const by = `V differs by up to ${show(apart)}`;
  if (step < 0) {
    const near = `V the same within ${apart.toExponential(0).replace("-", "−")}`;
    const same = apart === 0 ? "V the same to the last bit" : apart < 1e-3 ? near : by;
    return `${name}: same spikes, ${same}.`;
  }
  const meets = Math.abs(run.h[step] - p.v_threshold) < 1e-9;
  const why = name !== "norse" ? "" : p.t_ref > 0 ? " Norse has no refractory time."
    : meets ? " There H meets V_th: Norse fires at H > V_th, we at H ≥ V_th." : "";
  const from = `different from ${show(step * p.dt)} ms on`;
  return `${name}: ${theirs.count} spikes against ${run.count}, ${from}; ${by}.${why}`;
}

/** Two boxes and what their libraries found. */
export function librariesPanel({ model, set }) {
  const names = Object.keys(LIBRARIES);
  const asked = () => model.get("overlays");
  const boxes = names.map((name) => {
    const wanted = (on) => names.filter((one) => (one === name ? on : asked().includes(one)));
    const move = (on) => set({ overlays: wanted(on) });
    const box = checkbox({ label: `${name} (${LIBRARIES[name]})`, set: move });
    return { name, ...box, words: h("p", { role: "status" }) };
  });
  const problem = h("p", { class: "sv-note", role: "status" });
  const [note, away] = offline(model)
    ? ["A tick needs Python: run the widget's cell in a notebook.",
      "not computed for these values: there is no Python here."]
    : ["Python runs them on the same input; the plot marks their V, and their spikes in lanes of " +
      "their own.", "Python is computing …"];
  const element = h("details", {}, h("summary", {}, "Check with the libraries: spikeatconv, norse"),
    div("row", ...boxes.map((box) => box.element)), para("caption", note),
    ...boxes.map((box) => box.words), problem);
  for (const input of element.querySelectorAll("input")) input.disabled = offline(model);
  const update = ({ p, run, libraries }) => {
    for (const { name, update: tick, words } of boxes) {
      const on = asked().includes(name);
      tick(on);
      const found = libraries[name] ? compared(name, libraries[name], run, p) : `${name}: ${away}`;
      put(words, on ? found : "");
    }
    problem.textContent = model.get("problem");
  };
  return { element, update };
}
