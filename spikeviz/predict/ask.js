// A question before the answer: a guess, Commit or Skip, then the result drawn over the guess.
// As long as the question is open, nothing on the page knows the result. A module for each kind of
// guess calls `asking`: a saved notebook holds many predictions, each with its own kind alone.

import { summaryOf, UNHEARD } from "./words.js";
import { button, div, h, para, put } from "../base/page.js";
import { keepDrawn, lasting } from "../base/life.js";
import { setter, syncing, valuesOf } from "../base/traits.js";

const SENT = ["guess", "state"];
const TRAITS = [...SENT, "kind", "question", "choices", "x", "y", "result", "told"];

function render(make, props) {
  const { model } = props;
  const set = setter(model);
  const now = () => {
    const s = valuesOf(model, TRAITS);
    return s.state === "open" ? { ...s, result: null, ran: s.result !== null } : s;
  };
  const begin = now();
  const part = make(now, set, () => paint());
  const { buttons = [], ready = ({ guess }) => guess !== null } = part;
  const end = (changes) => () => {
    set(model.lost ? { ...changes, told: UNHEARD } : changes);
    summary.focus(); // the button is gone
  };
  const commit = button("Commit", end({ state: "committed" }), { class: "sv-commit" });
  const skip = button("Skip", end({ guess: null, state: "skipped" }));
  const again = button("Predict after all", () => set({ state: "open" }));
  const asked = div("row", commit, ...buttons, skip);
  const summary = h("p", { class: "sv-summary", role: "status", tabindex: -1 });
  const told = para("note");
  const legend = h("legend", {}, h("b", {}, "Predict "), begin.question);
  const root = h("div", { class: "spikeviz sv-predict" },
    h("fieldset", {}, legend, part.element, asked), div("row", summary, again), told);

  function draw(colour) {
    const s = now();
    const miss = part.update(s, colour);
    asked.hidden = s.state !== "open";
    again.hidden = s.state !== "skipped" || s.result !== null;
    commit.disabled = !ready(s);
    summary.classList.toggle("sv-hint", s.state === "open");
    put(summary, summaryOf(s, miss));
    put(told, s.told);
    return s;
  }
  const paint = keepDrawn(props, root, TRAITS, draw);
}

/** A guess that was committed while no kernel heard it stands in the page's model of that time. */
function recall(model) {
  const was = [...(model.widget_manager?._modelsSync?.values() ?? [])].find((one) =>
    one.get("told") === UNHEARD && one.get("state") === "committed" &&
    ["name", "question"].every((name) => one.get(name) === model.get(name)));
  if (was && model.get("state") === "open")
    setter(model)({ guess: was.get("guess"), state: "committed" });
}

/** The widget of a kind of guess: make(now, set, paint) gives {element, update(state, colour)}, and
 *  may give {buttons, ready(state)}. */
export const asking = (make) => ({
  initialize(props) {
    syncing(props, SENT);
    recall(props.model);
  },
  render: lasting((props) => render(make, props)),
});
