// AblationExplorer: two linked plots (plotly) and a table of a study's points.

import { loadPlotly } from "./plotly.js";
import { plotCost, plotValues } from "./plots.js";
import { accuracyOf, nameOf, secondsOf, story, summaryText, verdictTexts } from "./words.js";
import { button, h, put, renew, show } from "../base/page.js";
import { choice, checkbox, showValues } from "../base/controls.js";
import { mount, lasting } from "../base/widget.js";
import { syncing, setter, valuesOf } from "../base/traits.js";

const TRAITS = ["axis", "selected", "show_paper"];
const HEAD = ["varied", "value", "network", "accuracy in %", "seeds", "s a run"];
const HINT = "Select a point in a plot or in the table: where its numbers come from stands here.";

/** A plot in a box, under its title, with a ring that is moved by itself: plotly draws no more. */
function makePlot(make) {
  const place = h("div", { class: "sv-plotly", role: "img" });
  const ring = h("div", { class: "sv-ring", hidden: true });
  const title = h("p", { class: "sv-title" });
  const box = h("div", { class: "sv-stack" }, place, ring);
  /** Around a point, [place or category along x, share]; null: nowhere. */
  const circle = (at) => {
    ring.hidden = at === null;
    if (at === null) return;
    const { xaxis, yaxis } = place._fullLayout;
    const [x, y] = [xaxis._offset + xaxis.l2p(at[0]), yaxis._offset + yaxis.l2p(100 * at[1])];
    ring.style.transform = `translate(${x}px, ${y}px)`;
  };
  return { place, title, box, circle, make };
}

/** pointAt(number) hears where the pointer is, press the button that selects the point. */
function makeRow(point, press, pointAt) {
  const [name, seconds] = [nameOf(point), secondsOf(point)];
  const cells = [
    point.axis, button(name, press, { "aria-label": `Select ${point.axis} ${name}` }),
    point.network, accuracyOf(point), String(point.runs.length),
    seconds === null ? "" : show(seconds, 1),
  ];
  const [onpointermove, onpointerleave] = [point.number, null].map((at) => () => pointAt(at));
  return h("tr", { onpointermove, onpointerleave }, ...cells.map((cell) => h("td", {}, cell)));
}

/** The parts of the page around the plots, the rows of the table and the controls. */
function build(plots, rows, controls, { paper, studies }) {
  const head = HEAD.map((name) => h("th", { scope: "col" }, name));
  const parts = {
    summary: h("p", { class: "sv-summary", role: "status" }),
    waiting: h("p", { class: "sv-caption" }, "The plots are on their way …"),
    verdicts: h("ul", { class: "sv-verdicts" }),
    table: h("div", { class: "sv-scroll" },
      h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows))),
    about: h("div", { class: "sv-update", "aria-live": "off" }),
  };
  const scales = studies.map((study) => study.scale).filter(Boolean).join("; ");
  parts.root = h("div", { class: "spikeviz sv-ablation", "aria-busy": "true" },
    h("div", { class: "sv-controls" }, ...Object.values(controls).map(({ element }) => element)),
    parts.summary,
    h("div", { class: "sv-plots" }, ...plots.map(({ title, box }) => h("div", {}, title, box))),
    parts.waiting, parts.verdicts, parts.table,
    parts.about, // below the table: what it says may grow, and nothing may jump under the hand
    h("p", { class: "sv-caption" }, `The paper's figures: ${paper.source}. Ours: ${scales}. ` +
      "The two are different tasks: compare the order, not the height."));
  return parts;
}

/** The texts, the table and the controls. */
function write(s, { points, studies, verdicts }, parts, [values, cost], rows, controls) {
  const { axis, selected, show_paper: beside, shown } = s;
  showValues(controls, s);
  put(values.title, `Accuracy by ${axis}`);
  put(cost.title, `All points: accuracy against computing time (strong: ${axis})`);
  put(parts.summary, summaryText(axis, shown));
  values.place.ariaLabel = parts.summary.textContent;
  rows.forEach((row, number) => {
    row.classList.toggle("sv-on", points[number].axis === axis);
    row.classList.toggle("sv-chosen", number === selected);
    row.querySelector("button").ariaPressed = number === selected;
  });
  const point = points[selected];
  const told = point ? story(point, studies[point.study]) : [HINT];
  renew(parts.about, told.join(), () => told.map((words) => h("p", {}, words)));
  const orders = verdicts.filter((order) => order.axis === axis).map(verdictTexts);
  const isNew = renew(parts.verdicts, axis + beside, () =>
    orders.map(([verdict, words]) => h("li", {}, h("b", {}, verdict), words)));
  parts.verdicts.hidden = !beside;
  if (isNew) parts.table.scrollTop = rows[shown[0].number].offsetTop - rows[0].offsetTop;
}

function render({ model, el, signal }) {
  const given = valuesOf(model, ["points", "studies", "paper", "verdicts"]);
  const points = given.points.map((point, number) => ({ ...point, number }));
  const axes = [...new Set(points.map((point) => point.axis))];
  const set = setter(model);
  let Plotly = null;
  let drawn = ""; // what the plots show
  let hover = null; // the point under the pointer
  const pointAt = (number) => {
    hover = number;
    paint();
  };
  const select = (number) =>
    set({ selected: model.get("selected") === number ? null : number });

  // ---- the parts, built once
  const controls = {
    axis: choice({ label: "What is varied", options: axes, set: (axis) => set({ axis }) }),
    show_paper: checkbox({
      label: "the paper's figures beside ours", set: (show_paper) => set({ show_paper }),
    }),
  };
  const plots = [plotValues, plotCost].map(makePlot);
  const [values, cost] = plots;
  const rows = points.map((point) => makeRow(point, () => select(point.number), pointAt));
  const parts = build(plots, rows, controls, given);
  const { root } = parts;
  cost.place.ariaLabel = "Accuracy against seconds of one core for a run; " +
    "the same numbers stand in the table";
  cost.box.parentElement.hidden = points.every((point) => secondsOf(point) === null);

  function draw(colour) {
    const s = { ...valuesOf(model, TRAITS), axes, points };
    const onAxis = (point) => point.axis === s.axis;
    s.shown = points.filter(onAxis);
    s.theirs = s.show_paper ? given.paper.points.filter(onAxis) : [];
    write(s, given, parts, plots, rows, controls);
    const wanted = JSON.stringify([s.axis, s.show_paper, root.clientWidth, colour]);
    if (Plotly && root.clientWidth && wanted !== drawn) {
      drawn = wanted;
      for (const plot of plots) react(plot, ...plot.make(s, colour));
    }
    if (!drawn) return;
    const at = points[hover ?? s.selected];
    const [place, seconds] = [s.shown.indexOf(at), at ? secondsOf(at) : null];
    values.circle(place < 0 ? null : [place, at.accuracy_mean]);
    cost.circle(seconds === null ? null : [seconds, at.accuracy_mean]);
  }

  function react({ place, box }, traces, layout) {
    const first = !place.data;
    const options = { displayModeBar: false, responsive: false };
    Plotly.react(place, traces, { ...layout, width: box.clientWidth }, options)
      .then(() => paint()); // the rings, now that the axes have their room
    if (!first) return;
    place.on("plotly_click", ({ points: [{ customdata: selected }] }) =>
      selected !== undefined && set({ selected }));
  }

  const paint = mount({ model, el, signal }, root, TRAITS, draw);
  loadPlotly(model).then((loaded) => {
    if (signal.aborted) return;
    Plotly = loaded;
    parts.waiting.remove();
    root.removeAttribute("aria-busy");
    paint();
  }, (error) => {
    put(parts.waiting,
      `The plots could not be loaded (${error.message}); the table holds the same numbers.`);
    for (const { title, box } of plots) title.hidden = box.hidden = true;
    root.removeAttribute("aria-busy");
  });
  signal.addEventListener("abort", () =>
    Plotly && plots.forEach(({ place }) => Plotly.purge(place)));
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
