// TrainingMonitor: the runs that Python sends, drawn; a button that asks the loop to end.

import { unpacker, compute } from "./runs.js";
import { stateText, endText, readingText } from "./words.js";
import { AXES, drawPlot, drawRates, inkOf } from "./draw.js";
import { h, put, renew, clamp, button } from "../base/page.js";
import { numberControl, choice, checkbox, onArrows, showValues } from "../base/controls.js";
import { mount, offline, lasting } from "../base/widget.js";
import { syncing, listen, setter, valuesOf } from "../base/traits.js";
import { surface } from "../base/draw.js";
import { keeper } from "../base/keeper.js";

const SETTINGS = ["axis", "smoothing", "log_loss", "hidden"];
const SENT = ["done", "present", "progress", "state", "problem", "about", "stop_asked"];
const PLOTS = [
  { title: "loss: pale as it came, strong smoothed; dots: test", train: "loss", test: "test_loss" },
  { title: "accuracy in %; dots: test", train: "accuracy", test: "test_accuracy", unit: 100 },
  { title: "learning rate in 10⁻³", train: "learning_rate", unit: 1000 },
  { title: "images per second", train: "images_per_second" },
];

/** A picture in a box of its own, under its title. */
function makePlot(words, more) {
  const title = h("p", { class: "sv-title" }, words);
  const canvas = h("canvas", {
    tabindex: 0, role: "img",
    "aria-label": `${words || "firing rate, layer by layer"}: arrow keys move through the run`,
  });
  return { canvas, title, box: h("div", {}, title, canvas), kept: keeper(), ...more };
}

/** Pointer and arrow keys on a plot move view.at along the axis, and in the rates view.layer. */
function movePlot(plot, view) {
  const { canvas, rated } = plot; // with the scales of its last drawing: they differ in width
  const point = (place) => {
    view.at = place == null || !Number.isFinite(place) ? null : clamp(place, ...plot.x.domain);
    if (view.at === null) view.layer = null;
    view.paint();
  };
  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    view.layer = rated ? Math.floor(plot.rows.invert(offsetY)) : null;
    point(plot.x?.invert(offsetX));
  });
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("keydown", ({ key }) => key === "Escape" && point(null));
  onArrows(canvas, (right, down) => {
    const by = Math.abs(down) > 1 ? -down : right;
    if (!plot.x || !(by || rated)) return false;
    const [[from, to], rows] = [plot.x.domain, plot.rows?.domain[0]];
    if (!by) view.layer = clamp((view.layer ?? (down > 0 ? -1 : rows)) + down, 0, rows - 1);
    point((view.at ?? (by > 0 ? from : to)) + (by * (to - from)) / 100);
  }, 10);
}

function makeControls(limits, set) {
  const [low, high, step] = limits.smoothing;
  return {
    axis: choice({ label: "Along", options: Object.entries(AXES), set: (axis) => set({ axis }) }),
    smoothing: numberControl({
      label: "Smoothing in steps", range: [low, high, step], set: (smoothing) => set({ smoothing }),
    }),
    log_loss: checkbox({ label: "logarithmic loss", set: (log_loss) => set({ log_loss }) }),
  };
}

/** A box for each run, which hides it. */
function writeLegend(legend, { all, hidden }, colour, set) {
  const inputs = () => [...legend.querySelectorAll("input")];
  const focused = inputs().indexOf(legend.getRootNode().activeElement);
  const entry = ({ name }, index) => {
    const line = `border-top: 3px ${index % 4 ? "dashed" : "solid"} ${inkOf({ index }, colour)}`;
    const mark = h("span", { class: "sv-run", style: line });
    const rest = hidden.filter((other) => other !== name);
    const checked = !hidden.includes(name);
    const onchange = () => set({ hidden: checked ? [...hidden, name] : rest });
    return h("label", {}, h("input", { type: "checkbox", checked, onchange }), mark, name);
  };
  const key = JSON.stringify([all.map((run) => run.name), hidden, colour.blue]);
  if (renew(legend, key, () => all.map(entry))) inputs()[focused]?.focus();
}

function render({ model, el, signal }) {
  const [set, unpack] = [setter(model), unpacker()];
  const view = { at: null, layer: null, paint: () => paint() };
  let [version, state] = [0, null]; // of all that the plots show
  listen(model, [...SETTINGS, ...SENT], () => {
    version++;
    state = null;
  }, signal);

  // ---- the parts, built once
  const stop = button("■ Stop", () => set({ stop_asked: true }), { class: "sv-play" });
  const bar = h("progress", { class: "sv-grow", max: 1, value: 0 });
  bar.ariaLabel = "Progress of the run";
  const summary = h("p", { class: "sv-summary", role: "status" });
  const [problem, about] = ["note", "caption"].map((name) => h("p", { class: `sv-${name}` }));
  const legend = h("div", { class: "sv-keys" });
  const controls = makeControls(model.get("limits"), set);
  const plots = PLOTS.map(({ title, ...plot }) => makePlot(title, { ...plot, draw: drawPlot }));
  const parts = [...plots, makePlot("", { rated: true, draw: drawRates })];
  parts.forEach((part) => movePlot(part, view));
  const readings = h("div", { class: "sv-update sv-readings", "aria-live": "off" });
  const root = h("div", { class: "spikeviz sv-training" },
    h("div", { class: "sv-row" }, stop, bar), summary, problem,
    h("div", { class: "sv-controls" }, ...Object.values(controls).map(({ element }) => element)),
    legend, h("div", { class: "sv-plots" }, ...parts.map(({ box }) => box)), readings, about);

  function draw(colour) {
    state ??= compute(unpack({ ...model.get("done"), ...model.get("present") }),
      valuesOf(model, SETTINGS));
    const s = { ...state, at: view.at, layer: view.layer };
    for (const { box, train, test, rated } of parts) {
      const any = s.runs.some(({ columns }) => columns[train] || columns[test]);
      box.hidden = !(rated ? s.rated : any);
    }
    const shown = parts.filter(({ box }) => !box.hidden);
    const areas = shown.map(({ canvas }) => surface(canvas)); // all sizes before any change
    const keys = [version, ...Object.values(colour)];
    shown.forEach((part, i) => Object.assign(part, part.draw(part, s, areas[i], colour, keys)));
    write(s, colour);
  }

  // ---- words
  function write(s, colour) {
    const { state: mode, progress, problem: failed, about: from, stop_asked: asked } =
      valuesOf(model, SENT);
    const under = ["running", "stopping"].includes(mode);
    const busy = under && !offline(model);
    stop.disabled = !busy || asked;
    stop.hidden = bar.hidden = !busy;
    if (progress.steps) bar.value = clamp((progress.step ?? 0) / progress.steps, 0, 1);
    else bar.removeAttribute("value");
    const now = busy && asked ? "stopping" : under && !busy ? "unseen" : mode;
    put(summary, busy || progress.run ? stateText(progress, now) : endText(s.runs));
    put(problem, [progress.bad && `Look: ${progress.bad}.`, failed].filter(Boolean).join(" "));
    put(about, from);
    showValues(controls, s);
    writeLegend(legend, s, colour, set);
    const lines = s.runs.map((run) => [run.name, readingText(run, s)]);
    readings.hidden = !lines.length;
    renew(readings, JSON.stringify(lines), () => lines.map(([name, words]) =>
      h("div", { class: "sv-reading" }, h("b", {}, name), h("span", {}, words))));
  }

  const paint = mount({ model, el, signal }, root, [...SETTINGS, ...SENT], draw);
}

export default {
  initialize: (props) => syncing(props, [...SETTINGS, "stop_asked"]), render: lasting(render),
};
