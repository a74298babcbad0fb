// CourseMap: the notebooks as stations of a way and its side trips, what the chosen one is for, and
// the command with the lines that are explained by then.

import { h, clamp } from "../base/page.js";
import { onArrows } from "../base/controls.js";
import { mount, lasting } from "../base/widget.js";
import { syncing } from "../base/traits.js";

const FACTS = ["Afterwards you can", "Hands on", "Exercise"];
const number = ({ file }) => file.slice(0, 2);

/** The lines of the command: {text, from: the notebook that explains it}. */
function linesOf({ start, end, notebooks }) {
  const last = notebooks.filter(({ after }) => after === undefined).length - 1;
  const outer = (texts) => texts.map((text) => ({ text, from: last }));
  const own = notebooks.map(({ line }, from) => ({ text: line, from })).filter(({ text }) => text);
  const model = ({ text }) => text.startsWith("--model");
  return [...outer(start), ...own.sort((a, b) => model(b) - model(a)), ...outer(end)];
}

function render({ model, el, signal }) {
  const plan = model.get("plan");
  const { notebooks } = plan;
  const last = notebooks.length - 1;
  const go = (i) => model.set("notebook", clamp(i, 0, last));
  const press = (style, to, ...inside) =>
    h("button", { type: "button", class: style, onclick: () => go(to) }, ...inside);
  const stations = notebooks.map((n, i) => press("sv-station", i,
    h("b", {}, number(n)), h("span", {}, n.title), h("small", {}, `${n.minutes} min`)));
  stations.forEach((s, i) => s.classList.toggle("sv-side", notebooks[i].after !== undefined));
  const summary = h("p", { class: "sv-summary", role: "status" });
  const facts = FACTS.map(() => h("span"));
  const whole = h("p", { class: "sv-caption" });
  const lines = linesOf(plan).map(({ text, from }, i, { length }) => ({
    from, element: press("sv-command-line", from,
      h("code", {}, `${i ? "    " : ""}${text}${i < length - 1 ? " \\" : ""}`),
      h("span", { class: "sv-caption" }, `${number(notebooks[from])}: ${notebooks[from].says}`)),
  }));
  const group = (style, name, inside) =>
    h("div", { class: style, role: "group", "aria-label": name }, ...inside);
  const way = group("sv-way", "Notebooks", stations);
  const root = h("div", { class: "spikeviz sv-course" },
    way, summary,
    h("div", { class: "sv-update" },
      ...FACTS.map((name, i) => h("div", {}, h("b", {}, `${name}: `), facts[i]))),
    h("p", { class: "sv-title" },
      "Where it leads: one command that trains the paper's network on ImageNet"),
    group("sv-command", "The command, line by line", lines.map(({ element }) => element)),
    whole);

  onArrows(way, (right, down) => {
    go(model.get("notebook") + right + down);
    stations[model.get("notebook")].focus();
  }, 0, last);
  const mark = (element, at, name, is) => {
    element.ariaPressed = at;
    element.classList.toggle(name, is);
  };
  mount({ model, el, signal }, root, ["notebook", "plan"], () => {
    const at = model.get("notebook");
    const { title, minutes, afterwards, widget, exercise, after } = notebooks[at];
    const read = after ?? at; // the last one of the way
    const side = after === undefined ? "" : `; a side trip from ${number(notebooks[after])}`;
    stations.forEach((station, i) => mark(station, i === at, "sv-done", i !== at && i <= read));
    lines.forEach(({ element, from }) => mark(element, from === at, "sv-known", from <= read));
    summary.textContent = `${number(notebooks[at])} ${title}, about ${minutes} minutes${side}`;
    const told = [afterwards, widget, exercise || "none yet: a check of your set-up"];
    facts.forEach((fact, i) => (fact.textContent = told[i]));
    const known = lines.filter(({ from }) => from <= read).length;
    whole.textContent = `After ${number(notebooks[read])} you can explain ${known} of its ` +
      `${lines.length} ` +
      "lines. Click a line to see which notebook explains it.";
    return { notebook: at, known };
  });
}

export default { initialize: (props) => syncing(props, ["notebook"]), render: lasting(render) };
