// The page of MBPLExplorer, built once, and what is written in it.

import { named } from "./controls.js";
import { makeTask } from "./task.js";
import {
  BEFORE, CREDIT, LABELS, SOURCE, WHOLE, answerOf, challengeOf, learnedOf, stepOf,
  summaryOf,
} from "./words.js";
import { button, div, formulaRows, h, para, put } from "../base/page.js";

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
  const challenge = para("caption sv-mbpl-best");
  const element = div("mbpl-ask",
    para("title", "Does an 8th threshold add anything here?"),
    div("row", ...guesses, answer, again));
  let best = {}; // with all else as it is
  function write(state, ghost) {
    const { p, n, setting, now } = state;
    if (setting !== best.setting || now.information > best.told + 1e-9)
      best = { setting, told: now.information, thresholds: p.thresholds };
    put(challenge, challengeOf(n, best) + (ghost ? BEFORE : ""));
    put(answer, answerOf(state));
    for (const one of guesses) one.hidden = p.guess !== "";
    again.hidden = p.guess === "";
  }
  return { element, challenge, write };
}

/** {root, stage, boards, write, linesNow}: write(state, ghost, apart) says what the pictures show;
 *  `split` hears whether the membranes are wanted in strips. */
export function makePage({ model, set, controls, thresholds, walk, pixel, curve, split }) {
  const boards = {
    photos: board("pictures", { role: "application", tabindex: 0, "aria-label": "Pictures" }),
    traces: board("traces", { role: "img" }),
    sent: board("sent", { role: "img" }),
    sending: board("small", { role: "img" }),
    curve: curve.canvas,
  };
  const question = makeQuestion(set);
  const task = makeTask();
  boards.plane = task.canvas;
  const summary = h("p", { class: "sv-summary", role: "status" });
  const strips = button("Strips", () => split(strips.ariaPressed !== "true"), {
    "aria-pressed": "false", title: "A strip for each branch, or one axis for all",
  });
  const rows = formulaRows(5);
  const whole = WHOLE.map((text, i) => h(i ? "p" : "summary", {}, text));
  const pictures = div("stack", boards.photos, pixel);
  const stage = div("mbpl-stage", pictures,
    div("stack", boards.traces, ...thresholds.elements));
  const asked = h("div", {}, question.element, rows.element);
  const told = h("div", {}, para("title", "What the sum of all spikes tells of a constant input"),
    div("stack", curve.canvas, curve.handle), question.challenge);
  const sends = h("div", {},
    para("title", "What the block sends to the next layer, read out in each way"),
    controls.sending,
    div("plots sv-mbpl-board", boards.sent, boards.sending),
    h("details", {}, ...whole));
  const root = h("div", { class: "spikeviz sv-mbpl" },
    summary, stage, div("row", ...walk.elements, strips), controls.row,
    div("plots", asked, told, ...task.elements),
    sends,
    h("details", {}, h("summary", {}, "More: exact thresholds, known sets of them"),
      ...controls.more),
    para("caption", `${SOURCE} ${learnedOf(model.get("recorded"))} ${CREDIT}`));
  let coloured = null;

  function write(state, ghost, inStrips) {
    const { isImage } = state;
    put(summary, summaryOf(state));
    for (const [name, words] of Object.entries(LABELS))
      if (isImage || !["photos", "sending"].includes(name)) {
        const text = words(state);
        if (boards[name].ariaLabel !== text) boards[name].ariaLabel = text;
      }
    strips.ariaPressed = String(inStrips);
    rows.update(stepOf(state));
    question.write(state, ghost);
    if (state.p.task) task.update(state);
  }

  /** The pictures stand only beside an image; said before any size is read. */
  function arrange(isImage, asTask) {
    for (const part of [asked, told, sends]) part.hidden = asTask;
    for (const part of task.elements) part.hidden = !asTask;
    stage.classList.toggle("sv-mbpl-image", isImage);
    for (const part of [pictures, boards.sending]) part.hidden = !isImage;
  }

  /** The colours of the branches in the page's present theme, also on what a hand moves. */
  function linesNow() {
    const now = LINES[getComputedStyle(root).colorScheme] ?? LINES.light;
    if (now !== coloured)
      now.forEach((colour, i) => {
        for (const { style } of [thresholds.elements[i], controls.fields[i]])
          style.setProperty("--sv-line", colour);
      });
    return (coloured = now);
  }
  return { root, stage, boards, task, arrange, write, linesNow };
}
