// CourseMap: the notebooks as stations of a way, what the chosen one is for, and the command with
// the lines that are explained by then.

import { h, clamp } from "../base/page.js";
import { onArrows } from "../base/controls.js";
import { syncing, mount, lasting } from "../base/widget.js";

function initialize(props) {
  syncing(props, ["notebook"]);
}

function render({ model, el, signal }) {
  const { start, end, notebooks } = model.get("plan");
  const last = notebooks.length - 1;
  const number = (i) => String(i).padStart(2, "0");
  const go = (i) => model.set("notebook", clamp(i, 0, last));

  // ---- the parts, built once
  const stations = notebooks.map(({ title, minutes }, i) =>
    h("button", { type: "button", class: "sv-station", onclick: () => go(i) },
      h("b", {}, number(i)), h("span", {}, title), h("small", {}, `${minutes} min`)));
  const way = h("div", { class: "sv-way", role: "group", "aria-label": "Notebooks" }, ...stations);
  const summary = h("p", { class: "sv-summary", role: "status" });
  const facts = ["Afterwards you can", "Hands on", "Exercise"].map((name) => ({ name, row: h("span") }));
  const whole = h("p", { class: "sv-caption" });
  const order = notebooks.map((_, i) => i).filter((i) => notebooks[i].line);
  order.sort((a, b) => notebooks[b].line.startsWith("--model") - notebooks[a].line.startsWith("--model"));
  const lines = [
    ...start.map((text) => ({ text, from: last })),
    ...order.map((i) => ({ text: notebooks[i].line, from: i, says: notebooks[i].says })),
    ...end.map((text) => ({ text, from: last })),
  ];
  for (const [i, line] of lines.entries()) {
    const says = line.says ? `${number(line.from)}: ${line.says}` : `${number(last)}: ${notebooks[last].says}`;
    line.element = h("button", { type: "button", class: "sv-command-line", onclick: () => go(line.from) },
      h("code", {}, `${i ? "    " : ""}${line.text}${i < lines.length - 1 ? " \\" : ""}`), h("span", { class: "sv-caption" }, says));
  }
  const root = h("div", { class: "spikeviz sv-course" },
    way, summary,
    h("div", { class: "sv-update" }, ...facts.map(({ name, row }) => h("div", {}, h("b", {}, `${name}: `), row))),
    h("p", { class: "sv-title" }, "Where it leads: one command that trains the paper's network on ImageNet"),
    h("div", { class: "sv-command", role: "group", "aria-label": "The command, line by line" }, ...lines.map(({ element }) => element)),
    whole);

  const walk = (by) => {
    go(model.get("notebook") + by);
    stations[model.get("notebook")].focus();
  };
  onArrows(way, (right, down) => walk(right + down));
  way.addEventListener("keydown", (event) => {
    const by = { Home: -last, End: last }[event.key];
    if (!by) return;
    event.preventDefault();
    walk(by);
  });

  mount({ model, el, signal }, root, ["notebook", "plan"], () => {
    const at = model.get("notebook");
    const { title, minutes, afterwards, widget, exercise } = notebooks[at];
    stations.forEach((station, i) => {
      station.setAttribute("aria-pressed", i === at);
      station.classList.toggle("sv-done", i < at);
    });
    summary.textContent = `${number(at)} ${title}, about ${minutes} minutes`;
    const told = [afterwards, widget, exercise || "none yet: a check of your set-up"];
    facts.forEach(({ row }, k) => (row.textContent = told[k]));
    for (const { element, from } of lines) {
      element.classList.toggle("sv-known", from <= at);
      element.setAttribute("aria-pressed", from === at);
    }
    const known = lines.filter(({ from }) => from <= at).length;
    whole.textContent = `After ${number(at)} you can explain ${known} of its ${lines.length} lines. Click a line to see which notebook explains it.`;
    return { notebook: at, known };
  });
}

export default { initialize, render: lasting(render) };
