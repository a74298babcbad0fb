// Challenges of LIFExplorer: what the neuron shall do, checked at every move.

import { button, div, h, put, show } from "../base/page.js";
import { spikes } from "./words.js";

const REST = 500; // ms that a challenge has to stay met

const most = ({ h: charged }) => Math.max(...charged);
const isSine = ({ p }) => p.stimulus === "sine";

/** Spikes in each whole wave of the input. */
function inWaves({ run, p, current }) {
  const wave = (index) => Math.floor((index * p.dt) / p.period + 1e-9); // in which a step lies
  const counts = Array(Math.max(1, wave(current.length))).fill(0);
  run.s.forEach((spike, step) => spike && wave(step - 1) in counts && counts[wave(step - 1)]++);
  return counts;
}

const GOALS = [
  {
    task: "Make it fire exactly 5 times.",
    now: ({ run }) => spikes(run.count), met: ({ run }) => run.count === 5,
    lesson: "Each of I, τ and V_th can do it.",
  },
  {
    task: "Again 5 times, now with I = 1.5 and V_th = 1. What is left to move?",
    now: ({ run, p }) =>
      `${spikes(run.count)}, I ${show(p.amplitude)}, V_th ${show(p.v_threshold)}`,
    met: ({ run, p }) => run.count === 5 && p.amplitude === 1.5 && p.v_threshold === 1,
    lesson: "τ stretches time: a slower neuron fires less often.",
  },
  {
    task: "Keep it silent, but let V come within 3 % of the threshold.",
    now: ({ run, p }) =>
      `${spikes(run.count)}, V up to ${show(most(run), 2)}, V_th ${show(p.v_threshold, 2)}`,
    met: ({ run, p }) => run.count === 0 && most(run) >= 0.97 * p.v_threshold,
    lesson: "Under a constant input V never passes R·I, so it never meets a threshold above that.",
  },
  {
    task: "One single spike, and not before 60 ms.",
    now: ({ run, p }) =>
      spikes(run.count) + (run.count ? `, the first at ${show(run.s.indexOf(1) * p.dt)} ms` : ""),
    met: ({ run, p }) => run.count === 1 && run.s.indexOf(1) * p.dt >= 60,
    lesson: "A slow neuron takes long, and so does a threshold just below R·I.",
  },
  {
    task: "Choose the input shape “sine”: exactly one spike in every wave.",
    now: (state) => isSine(state) ? `${inWaves(state).join(", ")} in its waves` : "no sine yet",
    met: (state) => isSine(state) && inWaves(state).every((count) => count === 1),
    lesson: "It has locked onto its input: its spikes tell the rhythm.",
  },
];

/** The panel of the challenges in a view; won(state): whether the present one is met now. */
export function challengePanel(view) {
  let goal = 0;
  const done = new Set();
  let rests = 0; // a timer: only passing by does not count
  const task = h("b");
  const stand = h("span", { class: "sv-stand" });
  const verdict = h("p", { class: "sv-lesson", role: "status" });
  const marks = GOALS.map(() => h("span", { class: "sv-mark" }, "✓"));
  const to = (number) => {
    goal = number % GOALS.length;
    view.change({});
  };
  const element = div("panel sv-challenge",
    h("p", {}, task, " ", stand), verdict,
    div("row", h("span", { class: "sv-row sv-marks", "aria-hidden": "true" }, ...marks),
      button("Another challenge", () => to(goal + 1))));
  const won = (state) => view.mode === "challenge" && GOALS[goal].met(state);
  function settle(met) {
    done.add(goal);
    put(verdict, `✓ Done. ${met.lesson}`);
    element.classList.add("sv-won");
    marks[goal].classList.add("sv-done");
  }
  function update(state) {
    const one = GOALS[goal];
    clearTimeout(rests);
    put(task, `${goal + 1}. ${one.task}`);
    put(stand, `Now: ${one.now(state)}.`);
    marks.forEach((mark, i) => mark.classList.toggle("sv-now", i === goal));
    if (state.won) rests = setTimeout(() => settle(one), REST);
    else put(verdict, "");
    if (!state.won) element.classList.remove("sv-won");
  }
  view.signal.addEventListener("abort", () => clearTimeout(rests));
  return { element, update, won };
}
