// The page of SurrogateExplorer: three thirds, each with a picture that a hand moves on, a picture
// below it, and what both say in words.

import { ANSWERS, EXPLAINS, HEADS, QUESTION, SAYS, origin } from "./words.js";
import { button, div, h, para, put, renew } from "../base/page.js";

const MORE = ["tau", "time_steps", "target", "learning_rate", "dead_below", "v_reset",
  "soft", "detach_reset"];

/** The six pictures by name. */
export function makeBoards() {
  const board = (kind, name) => h("canvas", { class: kind, role: "img", "aria-label": name });
  return {
    step: board("sv-step"),
    survival: board("sv-back sv-still", "How much of the gradient is left after each step back"),
    layer: board("sv-step sv-still"),
    slopes: board("sv-back",
      "Mean slope and share of neurons in reach, over all slopes α; drag to choose one"),
    loss: board("sv-step"),
    neuron: board("sv-back sv-still", "Membrane and spikes of the neuron with this weight"),
  };
}

/** A question, to which each answer has its reply. */
function makeQuestion() {
  const reply = h("p", { class: "sv-reply", role: "status" });
  const answers = ANSWERS.map(([text, words]) => button(text, ({ target }) => {
    reply.textContent = words;
    for (const one of answers) one.setAttribute("aria-pressed", one === target);
  }));
  return h("div", {}, h("p", {}, QUESTION), div("row sv-answers", ...answers), reply);
}

/** {root, stage, write}: `stage` is what a film shows, write(state) says what the pictures show. */
export function makePage({ controls, boards, points, walk }) {
  const [says, lines, films, thirds] = [{}, {}, {}, {}];
  const outside = para("caption");
  const element = (name) => controls[name].element;
  const handles = (name) =>
    (name === "step" ? [points.step, points.slope] : [points[name]]).map((one) => one.element);
  function third(name, below, above, ...rest) {
    const [title, words] = HEADS[name];
    const head = words ? [para("caption", words), ...above] : above;
    says[name] = h("p", { class: "sv-summary", role: "status" });
    lines[name] = h("div", { class: "sv-update", "aria-live": "off" });
    films[name] = div("pictures",
      div("stack", boards[name], ...handles(name)), boards[below], says[name]);
    thirds[name] = h("div", { class: "sv-third", role: "group", "aria-label": title },
      h("div", {}, para("title", title), ...head), films[name],
      h("div", {}, ...rest, lines[name]));
  }
  third("step", "survival", []);
  third("layer", "slopes", [element("layer")]);
  const question = makeQuestion();
  third("loss", "neuron", [question], element("surrogate_on"), div("row", ...walk));
  const three = div("three");
  const root = h("div", { class: "spikeviz sv-surrogate" },
    div("top", element("surrogate"), element("alpha"),
      h("details", {}, h("summary", {}, "More: the neuron, the descent, the edge of the dead zone"),
        div("controls", ...MORE.map(element)))),
    three);
  lines.layer.after(outside);

  /** Two texts a line, formula and numbers, written in place. */
  const fill = (box, rows) => rows.forEach((row, i) => {
    if (i === box.children.length) box.append(h("div", {}, div("formula"), h("div")));
    row.forEach((words, j) => put(box.children[i].children[j], words));
  });
  function write(state) {
    const { parts } = state.p;
    renew(three, String(parts), () => parts.map((name) => thirds[name]));
    three.dataset.parts = parts.length;
    question.hidden = parts.length < 3; // where a part stands alone, in a notebook, that one asks
    for (const name of parts) {
      put(says[name], SAYS[name](state));
      boards[name].setAttribute("aria-label", says[name].textContent);
      fill(lines[name], EXPLAINS[name](state));
    }
    put(outside, origin(state.layer, state.p.layer));
  }
  return { root, stage: films.loss, write };
}
