// AblationExplorer: two linked plots (plotly) and a table of a study's points. Plotly comes from
// Python once a page: it is too large for a widget's own code.

import { h, put, show } from "../base/page.js";
import { choice, checkbox } from "../base/controls.js";
import { mount, syncing, lasting, setter } from "../base/widget.js";

const TRAITS = ["axis", "selected", "show_paper"];
const MARKS = { agree: "✓", disagree: "✗", undecided: "?", "not measured": "–" };
const NAMES = { sl: "SL", rl: "RL", mbpl: "MBPL", hsl: "HSL", dcl: "DCL", sisa: "SISA", bdsa: "BDSA" };
const percent = (share) => (100 * share).toFixed(1).replace("-", "−");
const named = (value) => NAMES[value] ?? String(value);
const spreadOf = (point) => (point.accuracy_sd === null ? "" : ` ± ${percent(point.accuracy_sd)}`);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

let plotlyOnce = null;
let plotly = null; // what it gave

/** Plotly as a module: out of the saved page, else from Python, or as Python gave it last. Once a page. */
function loadPlotly(model) {
  if (model.lost && !plotly) plotlyOnce = null; // a kernel that is gone does not answer any more
  plotlyOnce ??= fetchPlotly(model).then((loaded) => (plotly = loaded)).catch((error) => {
    plotlyOnce = null;
    throw error;
  });
  return plotlyOnce;
}

async function fetchPlotly(model) {
  const packed = globalThis.spikevizLibrary ? Uint8Array.from(atob(globalThis.spikevizLibrary), (letter) => letter.charCodeAt(0)) : await (model.lost ? lastPlotly() : askPlotly(model));
  const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  const source = `const module = { exports: {} };\n${text}\nexport default module.exports;`;
  return (await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })))).default;
}

const store = async () => globalThis.caches?.open("spikeviz"); // the browser's, for when there is no Python

async function lastPlotly() {
  const found = await (await store())?.match("/plotly");
  if (!found) throw new Error("Python has them: run this cell again");
  return found.arrayBuffer();
}

const askPlotly = (model) =>
  new Promise((resolve) => {
    const answered = (content, buffers) => {
      if (content !== "plotly") return;
      model.off("msg:custom", answered);
      resolve(buffers[0]);
      store().then((kept) => kept?.put("/plotly", new Response(buffers[0]))).catch(() => {}); // a full disk, a private window
    };
    model.on("msg:custom", answered);
    model.send("plotly");
  });

function initialize(props) {
  syncing(props, TRAITS);
}

function render({ model, el, signal }) {
  const [points, studies, paper, verdicts] = ["points", "studies", "paper", "verdicts"].map((name) => model.get(name));
  const numbered = points.map((point, number) => ({ ...point, number }));
  const axesThere = [...new Set(points.map((point) => point.axis))];
  const set = setter(model);
  let Plotly = null;
  let drawn = ""; // what the plots show
  let hover = null; // the point under the pointer

  // ---- the parts, built once
  const axis = choice({ label: "What is varied", options: axesThere, set: (value) => set({ axis: value }) });
  const withPaper = checkbox({ label: "the paper's figures beside ours", set: (value) => set({ show_paper: value }) });
  const summary = h("p", { class: "sv-summary", role: "status" });
  const waiting = h("p", { class: "sv-caption" }, "The plots are on their way …");
  const plot = (title) => {
    const place = h("div", { class: "sv-plotly", role: "img" });
    const ring = h("div", { class: "sv-ring", hidden: true });
    return { place, ring, title: h("p", { class: "sv-title" }, title), box: h("div", { class: "sv-stack" }, place, ring) };
  };
  const values = plot("");
  const cost = plot("");
  const about = h("div", { class: "sv-update", "aria-live": "off" });
  const rows = numbered.map((point) => row(point));
  const verdictList = h("ul", { class: "sv-verdicts" });
  const body = h("tbody", {}, ...rows);
  const root = h("div", { class: "spikeviz sv-ablation", "aria-busy": "true" },
    h("div", { class: "sv-controls" }, axis.element, withPaper.element),
    summary,
    h("div", { class: "sv-plots" }, h("div", {}, values.title, values.box), h("div", {}, cost.title, cost.box)),
    waiting,
    verdictList,
    h("div", { class: "sv-scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, ...["varied", "value", "network", "accuracy in %", "seeds", "s a run"].map((name) => h("th", { scope: "col" }, name)))),
      body)),
    about, // below the table: what it says may grow, and nothing may jump under the hand
    h("p", { class: "sv-caption" }, `The paper's figures: ${paper.source}. Ours: ${studies.map((study) => study.scale).filter(Boolean).join("; ")}. The two are different tasks: compare the order, not the height.`));

  function row(point) {
    const pick = () => set({ selected: model.get("selected") === point.number ? null : point.number });
    const made = h("tr", { onpointermove: () => point_at(point.number), onpointerleave: () => point_at(null) },
      h("td", {}, point.axis),
      h("td", {}, h("button", { type: "button", onclick: pick, "aria-label": `Select ${point.axis} ${named(point.value)}` }, named(point.value))),
      h("td", {}, point.network),
      h("td", {}, `${percent(point.accuracy_mean)}${spreadOf(point)}`),
      h("td", {}, String(point.runs.length)),
      h("td", {}, secondsOf(point) === null ? "" : show(secondsOf(point), 1)));
    return made;
  }
  const point_at = (number) => {
    hover = number;
    paint();
  };

  // ---- draw
  function draw(colour) {
    const now = { axis: model.get("axis"), selected: model.get("selected"), paper: model.get("show_paper") };
    const shown = numbered.filter((point) => point.axis === now.axis);
    write(now, shown);
    const width = root.clientWidth;
    const wanted = JSON.stringify([now.axis, now.paper, width, colour]);
    if (Plotly && width && wanted !== drawn) {
      drawn = wanted;
      drawValues(shown, now, colour);
      drawCost(now, colour);
    }
    if (drawn) {
      const at = hover ?? now.selected;
      ring(values, at === null || points[at].axis !== now.axis ? null : [shown.findIndex((point) => point.number === at), 100 * points[at].accuracy_mean]);
      ring(cost, at === null || secondsOf(points[at]) === null ? null : [secondsOf(points[at]), 100 * points[at].accuracy_mean]);
    }
    return { axis: now.axis, selected: now.selected, plotted: drawn !== "", summary: summary.textContent };
  }

  const labelOf = (point) => named(point.value);
  const lookOf = (colour, over) => ({
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
    font: { color: colour.fg, family: "system-ui, sans-serif", size: 12 },
    margin: { l: 46, r: 14, t: 8, b: 42 },
    height: 290,
    showlegend: true,
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    hoverlabel: { bgcolor: colour.bg, bordercolor: colour.muted, font: { color: colour.fg } },
    ...over,
  });
  const lines = (colour, over) => ({ gridcolor: colour.grid, zeroline: false, linecolor: colour.muted, automargin: true, ...over });
  const options = { displayModeBar: false, responsive: false };

  function drawValues(shown, now, colour) {
    const theirs = now.paper ? paper.points.filter((point) => point.axis === now.axis) : [];
    const labels = shown.map(labelOf);
    const extra = theirs.map((point) => named(point.value)).filter((label) => !labels.includes(label));
    const seeds = shown.flatMap((point) => point.runs.map((run) => ({ x: labelOf(point), y: 100 * run.accuracy, text: `seed ${run.seed}: ${percent(run.accuracy)} %` })));
    const traces = [
      {
        name: "ours, mean ± sd", x: labels, y: shown.map((point) => 100 * point.accuracy_mean), customdata: shown.map((point) => point.number), mode: "markers",
        error_y: { array: shown.map((point) => 100 * (point.accuracy_sd ?? 0)), color: colour.blue, thickness: 1.5 },
        marker: { color: colour.blue, size: 11 }, hovertemplate: "%{x}: %{y:.1f} %<extra>ours</extra>",
      },
      { name: "each seed", x: seeds.map((run) => run.x), y: seeds.map((run) => run.y), text: seeds.map((run) => run.text), mode: "markers", marker: { color: colour.blue, size: 6, opacity: 0.45, symbol: "line-ew-open" }, hovertemplate: "%{text}<extra></extra>" },
    ];
    if (theirs.length)
      traces.push({ name: "the paper's, right axis", x: theirs.map((point) => named(point.value)), y: theirs.map((point) => 100 * point.accuracy), text: theirs.map((point) => point.what), yaxis: "y2", mode: "markers", marker: { color: colour.red, size: 11, symbol: "diamond-open", line: { width: 2 } }, hovertemplate: "%{text}: %{y:.1f} %<extra>the paper's</extra>" });
    const layout = lookOf(colour, {
      xaxis: lines(colour, { type: "category", categoryorder: "array", categoryarray: [...labels, ...extra], title: { text: now.axis } }),
      yaxis: lines(colour, { title: { text: "accuracy in %" } }),
      ...(theirs.length ? { yaxis2: lines(colour, { title: { text: "the paper's, in %" }, overlaying: "y", side: "right", showgrid: false, tickmode: "auto", nticks: 5, tickformat: ".3~g", color: colour.red }), margin: { l: 46, r: 52, t: 8, b: 42 } } : {}),
    });
    plotted(values, traces, layout);
  }

  function drawCost(now, colour) {
    const inks = [colour.blue, colour.red, colour.green, colour.purple];
    const symbols = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon"];
    const traces = axesThere.map((name, i) => {
      const there = numbered.filter((point) => point.axis === name && secondsOf(point) !== null);
      return { name, x: there.map(secondsOf), y: there.map((point) => 100 * point.accuracy_mean), customdata: there.map((point) => point.number), text: there.map((point) => `${name} ${named(point.value)}`), mode: "markers", marker: { color: inks[i % 4], symbol: symbols[i % 8], size: 9, opacity: name === now.axis ? 1 : 0.35 }, hovertemplate: "%{text}: %{y:.1f} % in %{x:.1f} s<extra></extra>" };
    });
    plotted(cost, traces, lookOf(colour, { showlegend: false, xaxis: lines(colour, { title: { text: "seconds of one core for a run, mean" }, rangemode: "tozero" }), yaxis: lines(colour, { title: { text: "accuracy in %" } }) }));
  }

  function plotted(part, traces, layout) {
    const first = !part.place.data;
    Plotly.react(part.place, traces, { ...layout, width: part.box.clientWidth }, options).then(() => paint()); // the ring, now that the axes have their room
    if (!first) return;
    part.place.on("plotly_click", ({ points: [hit] }) => hit.customdata !== undefined && set({ selected: hit.customdata }));
  }

  /** A ring around a point, [place or category along x, y]: moved by itself, so that plotly need not draw anew. */
  function ring({ place, ring: circle }, at) {
    circle.hidden = at === null;
    if (at === null) return;
    const { xaxis, yaxis } = place._fullLayout;
    circle.style.transform = `translate(${xaxis._offset + xaxis.l2p(at[0])}px, ${yaxis._offset + yaxis.l2p(at[1])}px)`;
  }

  // ---- words
  function write(now, shown) {
    axis.update(now.axis);
    withPaper.update(now.paper);
    values.title.textContent = `Accuracy by ${now.axis}`;
    cost.title.textContent = `All points: accuracy against computing time (strong: ${now.axis})`;
    const best = shown.reduce((a, b) => (b.accuracy_mean > a.accuracy_mean ? b : a));
    const text = `${now.axis}: best is ${named(best.value)} with ${percent(best.accuracy_mean)}${spreadOf(best)} % over ${best.runs.length} ${best.runs.length === 1 ? "seed" : "seeds"}.`;
    put(summary, text);
    values.place.setAttribute("aria-label", text);
    cost.place.setAttribute("aria-label", "Accuracy against seconds of one core for a run; the same numbers stand in the table");
    rows.forEach((element, number) => {
      element.classList.toggle("sv-on", points[number].axis === now.axis);
      element.classList.toggle("sv-chosen", number === now.selected);
      element.querySelector("button").setAttribute("aria-pressed", number === now.selected);
    });
    const point = now.selected === null ? null : points[now.selected];
    const told = point ? story(point) : ["Select a point in a plot or in the table: where its numbers come from stands here."];
    if (about.dataset.told !== told.join()) {
      about.dataset.told = told.join();
      about.replaceChildren(...told.map((words) => h("p", {}, words)));
    }
    if (verdictList.dataset.axis === now.axis + now.paper) return;
    body.closest(".sv-scroll").scrollTop = rows[shown[0].number].offsetTop - rows[0].offsetTop;
    verdictList.dataset.axis = now.axis + now.paper;
    verdictList.hidden = !now.paper;
    verdictList.replaceChildren(...verdicts.filter((order) => order.axis === now.axis).map((order) =>
      h("li", {}, h("b", {}, `${MARKS[order.verdict]} ${order.verdict}: `), `the paper has ${named(order.better)} above ${named(order.worse)} (${order.says})${order.differences.length ? `; ours, seed by seed: ${order.differences.map((d) => `${d > 0 ? "+" : ""}${percent(d)}`).join(", ")} points` : ""}.`)));
  }

  function story(point) {
    const study = studies[point.study];
    const options = Object.entries(point.options).map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(", ");
    const machine = study.machine ? `${study.machine.cpu}, ${study.machine.cores} cores` : "";
    return [
      `${point.axis} ${named(point.value)}: ${percent(point.accuracy_mean)}${spreadOf(point)} % (${study.measure ?? "accuracy"}).`,
      `Seeds: ${point.runs.map((run) => `${run.seed}: ${percent(run.accuracy)} %`).join(", ")}. ${[point.network, options].filter(Boolean).join(", ")}.`,
      `Command: ${study.command ?? "not said"}${study.commit ? `, commit ${study.commit}` : ""}${study.date ? `, ${study.date}` : ""}${machine ? `, ${machine}` : ""}. File: ${study.file}.`,
    ];
  }

  const paint = mount({ model, el, signal }, root, TRAITS, draw);
  loadPlotly(model).then((loaded) => {
    if (signal.aborted) return;
    Plotly = loaded;
    waiting.remove();
    root.removeAttribute("aria-busy");
    paint();
  }, (error) => {
    waiting.textContent = `The plots could not be loaded (${error.message}); the table holds the same numbers.`;
    for (const { title, box } of [values, cost]) title.hidden = box.hidden = true;
    root.removeAttribute("aria-busy");
  });
  signal.addEventListener("abort", () => Plotly && [values, cost].forEach(({ place }) => Plotly.purge(place)));
}

/** Mean seconds of a point's runs; null where a file does not say. */
function secondsOf({ runs }) {
  const known = runs.map((run) => run.seconds).filter((seconds) => seconds != null);
  return known.length ? mean(known) : null;
}

export default { initialize, render: lasting(render) };
