// The mystery neuron of LIFExplorer: a τ and a V_th to be found from its spikes. The same
// arithmetic as spikeviz/lif/mystery.py, so that page and Python hide the same neuron.

import { mulberry } from "../base/neuron.js";
import { button, div, h, put, show } from "../base/page.js";

const TOLERANCE = 0.05; // of the true value
const RIGHT = "right, within 5 %";
const FINE = { dt: 0.2, duration: 200 }; // ms: with them two measurements are enough for 5 %
const PLAIN = { v_rest: 0, v_reset: 0, t_ref: 0, resistance: 1 };

/** The neuron of a seed: τ 5, 5.5 … 30 ms; V_th 0.5 … 0.85 or 1.15 … 1.4. */
export function hidden(seed) {
  const uniform = mulberry(seed);
  const tau = (10 + Math.floor(uniform() * 51)) / 2;
  const k = Math.floor(uniform() * 14);
  return { ...PLAIN, tau, v_threshold: (k < 8 ? 10 + k : 15 + k) / 20 };
}

function judge(value, truth) {
  if (Math.abs(value - truth) <= TOLERANCE * truth + 1e-9) return RIGHT; // 1e-9: for rounding
  return value > truth ? "too high" : "too low";
}

/** What the panel says: the count beside the reader's, the verdict on the last guess, a clue. */
function mysteryWords({ p, run, mystery: { neuron, run: theirs, guess, shows } }) {
  const together = run.s.reduce((sum, spike, t) => sum + (spike && theirs.s[t]), 0);
  const equal = run.count === together && theirs.count === together;
  const first = `the first at ${show(theirs.s.indexOf(1) * p.dt)} ms`;
  const count = !theirs.count ? "It stays silent under this input."
    : `Its spikes: ${theirs.count}, ${first}. Yours: ${run.count}. At the same step: ` +
      `${equal ? "all" : together}.`;
  const other = Object.keys(PLAIN).some((key) => p[key] !== PLAIN[key])
    ? " Yours has other values under “More”." : "";
  let verdict = "";
  if ("tau" in guess) {
    const [tau, threshold] = ["tau", "v_threshold"].map((key) => judge(guess[key], neuron[key]));
    const found = tau === RIGHT && threshold === RIGHT ? "Found! " : "";
    verdict = `${found}τ = ${show(guess.tau)} ms is ${tau}. ` +
      `V_th = ${show(guess.v_threshold)} is ${threshold}.`;
  }
  const clue = {
    spikes: "",
    membrane: "Its membrane is drawn now. It falls from V_th; where it never fires, it levels " +
      "off at I. The slower it climbs, the larger τ.",
    answer: `It has τ = ${show(neuron.tau)} ms and V_th = ${show(neuron.v_threshold)}.`,
  }[shows];
  return [count + other, verdict, clue];
}

/** The panel of the mystery in a view {shown, set}. */
export function mysteryPanel(view) {
  const { set } = view;
  const open = (mystery) => set({ mystery, mystery_shows: "spikes", guess: {} });
  /** Another neuron, and a clock that is fine enough to measure it by. */
  const begin = (mystery) => {
    open(mystery);
    const { dt, duration } = view.shown.p;
    if (dt > FINE.dt || duration < FINE.duration) set(FINE);
  };
  const name = h("b");
  const [count, verdict, clue] = ["", "sv-verdict", ""].map((style) =>
    h("p", { class: style || null, role: "status" }));
  const hint = button("Hint: draw its membrane", () => set({ mystery_shows: "membrane" }));
  const answer = button("Show it", () => set({ mystery_shows: "answer" }));
  const check = ({ p: { tau, v_threshold } }) => set({ guess: { tau, v_threshold } });
  const element = div("panel sv-mystery",
    h("p", {}, name, "gets your input. Its τ and V_th are hidden; V_rest = V_reset = 0, R = 1, " +
      "no refractory time. Measure: which current I only just makes it fire? And at half as much " +
      "again, when is its first spike? Then set your τ and V_th."),
    count,
    div("row", button("Check my τ and V_th", () => check(view.shown)), hint, answer,
      button("New mystery", () => begin((view.shown.mystery.seed % 999) + 1)),
      button("Close", () => open(0))),
    verdict, clue);
  const update = (state) => {
    const { seed, shows } = state.mystery;
    name.textContent = `Mystery neuron ${seed} `;
    mysteryWords(state).forEach((text, i) => put([count, verdict, clue][i], text));
    hint.hidden = shows !== "spikes";
    answer.hidden = shows === "answer";
  };
  return { element, update, open, begin };
}
