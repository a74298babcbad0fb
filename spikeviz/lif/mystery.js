// The mystery neuron of LIFExplorer: a τ and a V_th to be found from its spikes. The same
// arithmetic as spikeviz/lif_mystery.py, so that page and Python hide the same neuron.

import { mulberry } from "../base/neuron.js";
import { h, show } from "../base/page.js";

const TOLERANCE = 0.05; // of the true value
const PLAIN = { v_rest: 0, v_reset: 0, t_ref: 0, resistance: 1 };

/** The neuron of a seed: τ 5, 5.5 … 30 ms; V_th 0.5 … 0.85 or 1.15 … 1.4. */
export function hidden(seed) {
  const uniform = mulberry(seed);
  const tau = (10 + Math.floor(uniform() * 51)) / 2;
  const k = Math.floor(uniform() * 14);
  return { ...PLAIN, tau, v_threshold: (k < 8 ? 10 + k : 15 + k) / 20 };
}

export function judge(value, truth) {
  if (Math.abs(value - truth) <= TOLERANCE * truth + 1e-9) return "right"; // 1e-9: for rounding
  return value > truth ? "too high" : "too low";
}

/** What the panel says: the count beside the reader's, the verdict on the last guess, the answer. */
export function mysteryWords({ p, run, mystery, guess, shows }) {
  const together = run.s.reduce((sum, spike, t) => sum + (spike && mystery.run.s[t]), 0);
  const equal = run.count === together && mystery.run.count === together;
  const count = mystery.run.count === 0
    ? "It stays silent under this input."
    : `Its spikes: ${mystery.run.count}. Yours: ${run.count}. At the same step: ${equal ? "all" : together}.`;
  const other = Object.keys(PLAIN).some((key) => p[key] !== PLAIN[key]) ? " Yours has other values under “More”." : "";
  let verdict = "";
  if ("tau" in guess) {
    const [tau, threshold] = ["tau", "v_threshold"].map((key) => judge(guess[key], mystery.neuron[key]));
    const word = (found) => (found === "right" ? "right, within 5 %" : found);
    verdict = `τ = ${show(guess.tau)} ms is ${word(tau)}. V_th = ${show(guess.v_threshold)} is ${word(threshold)}.`;
    if (tau === "right" && threshold === "right") verdict = `Found! ${verdict}`;
  }
  const clue = {
    spikes: "",
    membrane: "Its membrane is drawn now. It falls from V_th; where it never fires, it levels off at I. The slower it climbs, the larger τ.",
    answer: `It has τ = ${show(mystery.neuron.tau)} ms and V_th = ${show(mystery.neuron.v_threshold)}.`,
  }[shows];
  return { count: count + other, verdict, clue };
}

/** The panel. set(changes) changes traits; get() is what is on show. */
export function mysteryPanel({ get, set }) {
  const button = (text, press) => h("button", { type: "button", onclick: press }, text);
  const open = (mystery) => set({ mystery, mystery_shows: "spikes", guess: {} });
  const name = h("b");
  const count = h("p", { role: "status" });
  const verdict = h("p", { class: "sv-verdict", role: "status" });
  const clue = h("p", { role: "status" });
  const hint = button("Hint: draw its membrane", () => set({ mystery_shows: "membrane" }));
  const answer = button("Show it", () => set({ mystery_shows: "answer" }));
  const check = () => set({ guess: { tau: get().p.tau, v_threshold: get().p.v_threshold } });
  const element = h("div", { class: "sv-panel sv-mystery" },
    h("p", {}, name, "gets your input. Its τ and V_th are hidden; V_rest = V_reset = 0, R = 1, no refractory time. ",
      "Move your τ and V_th until the spikes agree, and test it with other inputs: which current only just makes it fire? How long does its first spike take?"),
    count,
    h("div", { class: "sv-row" }, button("Check my τ and V_th", check), hint, answer,
      button("New mystery", () => open((get().mystery.seed % 999) + 1)), button("Close", () => open(0))),
    verdict, clue);
  const update = (state) => {
    const words = mysteryWords({ ...state, guess: state.mystery.guess, shows: state.mystery.shows });
    name.textContent = `Mystery neuron ${state.mystery.seed} `;
    for (const [part, text] of [[count, words.count], [verdict, words.verdict], [clue, words.clue]]) if (part.textContent !== text) part.textContent = text;
    hint.hidden = state.mystery.shows !== "spikes";
    answer.hidden = state.mystery.shows === "answer";
  };
  return { element, update, open };
}
