// What libraries compute for the neuron of LIFExplorer: Python runs them, this lays their answer
// beside the page's own numbers, in words.

import { h, show } from "../base/page.js";
import { checkbox } from "../base/controls.js";
import { offline } from "../base/widget.js";
import { unpacked } from "./input.js";

export const LIBRARIES = { spikeatconv: "○", norse: "×" };

/** {name: {s, v, count}} of the answer, if it is one to the parameters and the input on show. */
export function libraryRuns(answer, names, p, current) {
  if (!answer.of || Object.entries(answer.of).some(([key, value]) => p[key] !== value)) return {};
  const input = unpacked(answer.input);
  if (input.length !== current.length || input.some((i, t) => Math.abs(i - current[t]) > 1e-9)) return {};
  return Object.fromEntries(names.filter((name) => answer[name]).map((name) => {
    const { spikes, potential } = answer[name];
    const s = new Uint8Array(spikes.buffer, spikes.byteOffset, spikes.byteLength);
    return [name, { s, v: unpacked(potential), count: s.reduce((sum, spike) => sum + spike, 0) }];
  }));
}

/** How a library's run differs from the page's. */
export function compared(name, theirs, run, p) {
  const step = run.s.findIndex((spike, t) => spike !== theirs.s[t]);
  const apart = run.v.reduce((most, v, t) => Math.max(most, Math.abs(v - theirs.v[t])), 0);
  const far = apart === 0 ? "to the last bit" : apart < 1e-3 ? `within ${apart.toExponential(0).replace("-", "−")}` : "";
  if (step < 0) return `${name}: same spikes, ${far ? `V the same ${far}` : `V differs by up to ${show(apart)}`}.`;
  let why = "";
  if (name === "norse" && p.t_ref > 0) why = " Norse has no refractory time.";
  else if (name === "norse" && Math.abs(run.h[step] - p.v_threshold) < 1e-9) why = " There H meets V_th: Norse fires at H > V_th, we at H ≥ V_th.";
  return `${name}: ${theirs.count} spikes against ${run.count}, different from ${show(step * p.dt)} ms on; V differs by up to ${show(apart)}.${why}`;
}

/** Two boxes and what their libraries found. */
export function librariesPanel({ model, set }) {
  const boxes = Object.entries(LIBRARIES).map(([name, sign]) => {
    const toggle = (on) => set({ overlays: Object.keys(LIBRARIES).filter((one) => (one === name ? on : model.get("overlays").includes(one))) });
    return { name, ...checkbox({ label: `${name} (${sign})`, set: toggle }), words: h("p", { role: "status" }) };
  });
  const note = h("p", { class: "sv-caption" });
  const problem = h("p", { class: "sv-note", role: "status" });
  const element = h("details", {}, h("summary", {}, "Check with the libraries: spikeatconv, norse"),
    h("div", { class: "sv-row" }, ...boxes.map((box) => box.element)),
    note, ...boxes.map((box) => box.words), problem);
  if (offline(model)) for (const input of element.querySelectorAll("input")) input.disabled = true;
  const away = offline(model) ? "not computed for these values: there is no Python here." : "Python is computing …";
  const update = ({ p, run, libraries }) => {
    const asked = model.get("overlays");
    for (const { name, update: tick, words } of boxes) {
      tick(asked.includes(name));
      const text = !asked.includes(name) ? "" : libraries[name] ? compared(name, libraries[name], run, p) : `${name}: ${away}`;
      if (words.textContent !== text) words.textContent = text;
    }
    problem.textContent = model.get("problem");
    note.textContent = offline(model)
      ? "A tick needs Python: run the widget's cell in a notebook."
      : "Python runs them on the same input; the plot marks their V, and their spikes in lanes of their own.";
  };
  return { element, update };
}
