// The page of MBPLExplorer, built once, and what is written in it.

import { named } from "./controls.js";
import {
  HINT, LABELS, SOURCE, WHOLE, answerOf, challengeOf, stepOf, summaryOf,
} from "./words.js";
import { div, formulaRows, h, key, para, put } from "../base/page.js";

// Of the branches, on a light page and on a dark one; a number stands beside each wherever it is.
const LINES = {
  light: ["#0072b2", "#c25100", "#00805e", "#b3558a", "#7a6400", "#3b85c4", "#8f2d00", "#5b5b5b"],
  dark: ["#56b4e9", "#ff8a3d", "#2fc79a", "#e79fc6", "#f0e442", "#9fb8ff", "#ffc09a", "#c8c8c8"],
};

const board = (kind, attributes) => h("canvas", { class: `sv-mbpl-${kind}`, ...attributes });

/** The question about an 8th threshold, and the best thresholds so far: {element, write}. */
function makeQuestion(set) {
  const answer = h("span", { role: "status" });
  const guesses = [["yes", "something"], ["no", "nothing"]].map(([guess, what]) =>
    named(guess, () => set({ guess }), `${guess}, an 8th threshold adds ${what}`));
  const again = named("Ask again", () => set({ guess: "" }));
  const challenge = para("mbpl-best");
  const element = div("mbpl-ask",
    para("title", "Does an 8th threshold add anything here?"),
    div("row", ...guesses, answer, again), challenge);
  let best = {}; // with all else as it is
  function write(state) {
    const { p, n, setting, now } = state;
    if (setting !== best.setting || now.information > best.told + 1e-9)
      best = { setting, told: now.information, thresholds: p.thresholds };
    put(challenge, challengeOf(n, best));
    put(answer, answerOf(state));
    for (const one of guesses) one.hidden = p.guess !== "";
    again.hidden = p.guess === "";
  }
  return { element, write };
}

/** {root, boards, write, linesNow}: write(state, view, ghost) says what the pictures show. */
export function makePage({ model, set, controls, thresholds, walk }) {
  const boards = {
    traces: board("traces", { role: "img" }),
    sent: board("sent", { role: "img" }),
    photos: board("pictures", { role: "application", tabindex: 0, "aria-label": "Pictures" }),
    curves: board("curves", { role: "img" }),
  };
  const question = makeQuestion(set);
  const summary = h("p", { class: "sv-summary", role: "status" });
  const marker = div("mbpl-cursor");
  const before = key("ghost", "before the last change");
  const rows = formulaRows(5);
  const whole = WHOLE.map((text, i) => h(i ? "p" : "summary", {}, text));
  const root = h("div", { class: "spikeviz sv-mbpl" },
    ...controls.elements,
    div("row sv-mbpl-walk", ...walk.elements),
    div("plots",
      h("div", {}, summary, boards.photos,
        div("stack", boards.traces, marker, ...thresholds.map(({ element }) => element)),
        para("title", "What the block sends to the next layer, read out in each way"), boards.sent,
        rows.element, h("details", {}, ...whole)),
      h("div", {}, question.element,
        para("title", "What the sum of all spikes tells of a constant input"),
        div("keys", key("now", "now"), before),
        boards.curves, para("caption", HINT), para("caption", SOURCE))));
  const { module, seed } = model.get("recorded");
  let coloured = null;

  function write(state, { x }, ghost) {
    put(summary, summaryOf(state));
    for (const [name, label] of Object.entries(LABELS))
      if (name !== "photos" || state.isImage) boards[name].setAttribute("aria-label", label(state));
    rows.update(stepOf(state, `${module}, seed ${seed}`));
    question.write(state);
    const [left, width] = [x(state.cursor), x(1) - x(0)];
    Object.assign(marker.style, { width: `${width}px`, transform: `translateX(${left}px)` });
    before.classList.toggle("sv-away", !ghost);
    controls.update(state);
    walk.update();
  }

  /** The colours of the branches in the page's present theme, also on what a hand moves. */
  function linesNow() {
    const now = LINES[getComputedStyle(root).colorScheme] ?? LINES.light;
    if (now !== coloured)
      now.forEach((colour, i) => {
        for (const { style } of [thresholds[i].element, controls.fields[i]])
          style.setProperty("--sv-line", colour);
      });
    return (coloured = now);
  }
  return { root, boards, write, linesNow };
}
