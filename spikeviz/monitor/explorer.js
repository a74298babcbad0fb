// TrainingMonitor: the runs that Python sends, drawn; a button that asks the loop to end.

import { RATE, unpackRun, smooth, nearest, lastKnown, extent, duration } from "./runs.js";
import { h, put, clamp, show, percent } from "../base/page.js";
import { numberControl, choice, checkbox } from "../base/controls.js";
import { mount, syncing, listen, offline, lasting, setter } from "../base/widget.js";
import { surface, scale, axes, line, cividis, picture, keeper } from "../base/draw.js";

const SETTINGS = ["axis", "smoothing", "log_loss", "hidden"];
const SENT = ["done", "present", "progress", "state", "problem", "about", "stop_asked"];
const AXES = [["step", "step"], ["epoch", "epoch"], ["seconds", "time in s"]];
const STATES = { empty: "no run yet", running: "running", stopping: "ends after this step", stopped: "stopped", finished: "finished", failed: "failed", unseen: "not seen since" };
const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
const PLOTS = [
  { name: "loss", title: "loss: pale as it came, strong smoothed; dots: test", train: "loss", test: "test_loss" },
  { name: "accuracy", title: "accuracy in %; dots: test", train: "accuracy", test: "test_accuracy", unit: 100 },
  { name: "learning_rate", title: "learning rate in 10⁻³", train: "learning_rate", unit: 1000 },
  { name: "speed", title: "images per second", train: "images_per_second" },
];

function initialize(props) {
  syncing(props, [...SETTINGS, "stop_asked"]);
}

/** The runs, unpacked once each time they come: [{name, columns}], the present one last. */
function unpacking(model) {
  const known = new Map();
  return () => Object.entries({ ...model.get("done"), ...model.get("present") }).map(([name, packed]) => {
    if (known.get(name)?.packed !== packed) known.set(name, { name, packed, columns: unpackRun(packed) });
    return known.get(name);
  });
}

function render({ model, el, signal }) {
  let at = null; // where the pointer is, on the axis
  let layer = null; // and in which row of the rates
  let shown = {}; // the x scale of each plot
  let version = 0; // changes with all that the plots show
  const set = setter(model);
  const runsNow = unpacking(model);
  const changed = () => version++;
  listen(model, [...SETTINGS, ...SENT], changed, signal);

  // ---- the parts, built once
  const stop = h("button", { type: "button", class: "sv-stop", onclick: () => set({ stop_asked: true }) }, "■ Stop");
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress of the run" });
  const summary = h("p", { class: "sv-summary", role: "status" });
  const problem = h("p", { class: "sv-note" });
  const about = h("p", { class: "sv-caption" });
  const legend = h("div", { class: "sv-keys" });
  const axis = choice({ label: "Along", options: AXES, set: (value) => set({ axis: value }) });
  const [low, high, step] = model.get("limits").smoothing;
  const smoothing = numberControl({ label: "Smoothing in steps", range: [low, high, step], limit: (value) => clamp(value, low, high), set: (value) => set({ smoothing: value }) });
  const log = checkbox({ label: "logarithmic loss", set: (value) => set({ log_loss: value }) });
  const plots = PLOTS.map((plot) => ({ ...plot, canvas: canvas(plot.title), kept: keeper(), box: null }));
  const rates = { canvas: canvas("firing rate, layer by layer"), kept: keeper(), title: h("p", { class: "sv-title" }) };
  const reading = h("div", { class: "sv-update sv-readings", "aria-live": "off" });
  const box = (part, title) => (part.box = h("div", {}, title, part.canvas));
  const root = h("div", { class: "spikeviz sv-training" },
    h("div", { class: "sv-row" }, stop, bar), summary, problem,
    h("div", { class: "sv-controls" }, axis.element, smoothing.element, log.element),
    legend,
    h("div", { class: "sv-plots" },
      ...plots.map((plot) => box(plot, h("p", { class: "sv-title" }, plot.title))),
      box(rates, rates.title)),
    reading, about);

  function canvas(label) {
    const made = h("canvas", { tabindex: 0, role: "img", "aria-label": `${label}: arrow keys move through the run` });
    made.addEventListener("pointermove", (event) => {
      layer = made === rates.canvas ? Math.floor(shown.rows.invert(event.offsetY)) : null;
      point(shown.x?.invert(event.offsetX));
    });
    made.addEventListener("pointerleave", () => point(null));
    made.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: 10, PageDown: -10 }[event.key];
      const row = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (event.key === "Escape") point(null);
      if (!shown.x || (!by && !(row && made === rates.canvas))) return;
      event.preventDefault();
      const [from, to] = shown.x.domain;
      if (row) layer = clamp((layer ?? (row > 0 ? -1 : shown.rows.domain[0])) + row, 0, shown.rows.domain[0] - 1);
      if (row) return point(at ?? to);
      point(clamp((at ?? (by > 0 ? from : to)) + (by * (to - from)) / 100, from, to));
    });
    return made;
  }
  const point = (place) => {
    at = place == null || !Number.isFinite(place) ? null : clamp(place, ...shown.x.domain);
    if (at === null) layer = null;
    paint();
  };

  // ---- compute
  function compute() {
    const all = runsNow();
    const p = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
    const runs = all.map((run, index) => ({ ...run, index, x: run.columns[p.axis] })).filter((run) => !p.hidden.includes(run.name));
    const [from, to] = extent(runs.map((run) => run.x)) ?? [0, 1];
    return { p, all, runs, from, to: to > from ? to : from + 1 };
  }
  let computed = { version: -1 };
  const current = () => (computed.version === version ? computed : (computed = { ...compute(), version }));

  // ---- draw
  const inks = (colour) => [colour.blue, colour.red, colour.green, colour.purple];
  const ink = (run, colour) => inks(colour)[run.index % 4];

  function draw(colour) {
    const state = current();
    const visible = plots.filter((plot) => {
      const any = state.runs.some((run) => run.columns[plot.train] || run.columns[plot.test]);
      plot.box.hidden = !any;
      return any;
    });
    const rated = state.runs.filter((run) => run.packed.columns.some((name) => name.startsWith(RATE))).at(-1);
    rates.box.hidden = !rated;
    const surfaces = [...visible, ...(rated ? [rates] : [])].map((part) => surface(part.canvas)); // all sizes before any change
    visible.forEach((plot, i) => drawPlot(plot, state, surfaces[i], colour));
    if (rated) drawRates(rated, state, surfaces.at(-1), colour);
    return { ...write(state, rated, colour), runs: state.runs.map((run) => run.name), at };
  }

  const across = (state, width) => scale([state.from, state.to], [46, width - 14]);
  const theme = (colour) => Object.values(colour).join();

  function drawPlot(plot, state, on, colour) {
    const { p, runs } = state;
    const x = (shown.x = across(state, on.width));
    const unit = plot.unit ?? 1;
    const logged = plot.name === "loss" && p.log_loss;
    const lists = runs.flatMap(({ columns }) => [columns[plot.train], columns[plot.test]].filter(Boolean));
    const [least, most] = extent(lists, logged) ?? [0, 1];
    const bottom = logged ? least : 0;
    const y = scale([bottom * unit, (most > bottom ? most : bottom + 1) * unit * (logged ? 1.1 : 1.05)], [on.height - 40, 12], logged);
    plot.kept(on, [version, theme(colour)], (ctx) => {
      axes(ctx, x, y, { colour, xTitle: AXES.find(([name]) => name === p.axis)[1] });
      ctx.save();
      ctx.beginPath();
      ctx.rect(x.range[0], 0, x.range[1] - x.range[0] + 6, y.range[0] + 1);
      ctx.clip();
      for (const run of runs) {
        ctx.strokeStyle = ctx.fillStyle = ink(run, colour);
        const dash = DASHES[run.index % 4];
        const values = run.columns[plot.train];
        const pixels = (list) => pointsOf(run.x, list, x, y, unit, logged);
        if (values) {
          const isLoss = plot.name === "loss" || plot.name === "accuracy";
          ctx.lineWidth = isLoss ? 1 : 2;
          ctx.globalAlpha = isLoss ? 0.3 : 1;
          line(ctx, pixels(values), isLoss ? [] : dash);
          ctx.globalAlpha = 1;
          ctx.lineWidth = 2;
          if (isLoss) line(ctx, pixels(smooth(run.columns.step, values, p.smoothing)), dash);
        }
        const test = run.columns[plot.test];
        if (!test) continue;
        ctx.lineWidth = 1;
        const dots = pixels(test);
        line(ctx, dots, [3, 3]);
        for (const [px, py] of dots) {
          ctx.beginPath();
          ctx.arc(px, py, 4, 0, 7);
          ctx.fill();
        }
      }
      ctx.restore();
    });
    cross(on, x, colour);
  }

  function cross({ ctx, height }, x, colour) {
    if (at === null) return;
    ctx.strokeStyle = colour.fg;
    ctx.lineWidth = 1;
    line(ctx, [[x(at), 12], [x(at), height - 40]]);
  }

  /** A row a layer, from the first at the top; dark: silent, bright: the highest rate of all. */
  function drawRates(run, state, on, colour) {
    const names = run.packed.columns.filter((name) => name.startsWith(RATE));
    const x = across(state, on.width);
    const y = (shown.rows = scale([names.length, 0], [on.height - 40, 12]));
    const most = extent(names.map((name) => run.columns[name]))?.[1] || 1;
    rates.title.textContent = `firing rate of each layer of ${run.name}, first at the top: dark 0, bright ${show(most, 2)}`;
    rates.kept(on, [version, theme(colour)], (ctx) => {
      const cells = 200;
      const places = Array.from({ length: cells }, (_, i) => nearest(run.x, state.from + ((i + 0.5) / cells) * (state.to - state.from)));
      const pixels = names.flatMap((name) => places.map((i) => {
        const rate = lastKnown(run.columns[name], i);
        return rate === null ? [128, 128, 128] : cividis(rate / most);
      }));
      ctx.imageSmoothingEnabled = false;
      const end = x(clamp(extent([run.x])?.[1] ?? state.to, state.from, state.to));
      ctx.save();
      ctx.beginPath();
      ctx.rect(x.range[0], 0, end - x.range[0], on.height);
      ctx.clip();
      ctx.drawImage(picture(pixels, cells), x.range[0], y.range[1], x.range[1] - x.range[0], y.range[0] - y.range[1]);
      ctx.restore();
      axes(ctx, x, y, { colour: { ...colour, grid: "transparent" }, xTitle: AXES.find(([name]) => name === state.p.axis)[1], yTicks: [] });
    });
    cross(on, x, colour);
    if (layer === null || layer < 0 || layer >= names.length) return;
    on.ctx.strokeStyle = colour.red;
    on.ctx.lineWidth = 2;
    on.ctx.strokeRect(x.range[0], y(layer), x.range[1] - x.range[0], y(layer + 1) - y(layer));
  }

  // ---- words
  function write(state, rated, colour) {
    const { p } = state;
    const progress = model.get("progress");
    const under = ["running", "stopping"].includes(model.get("state"));
    const mode = under && offline(model) ? "unseen" : model.get("state");
    const busy = under && !offline(model);
    const asked = model.get("stop_asked");
    stop.disabled = !busy || asked;
    stop.hidden = !busy;
    bar.hidden = !busy;
    if (progress.steps) bar.value = clamp((progress.step ?? 0) / progress.steps, 0, 1);
    else bar.removeAttribute("value");
    const text = busy || progress.run ? told(progress, asked && busy ? "stopping" : mode) : ended(state.runs);
    put(summary, text);
    problem.textContent = [progress.bad && `Look: ${progress.bad}.`, model.get("problem")].filter(Boolean).join(" ");
    about.textContent = model.get("about");
    axis.update(p.axis);
    smoothing.update(p.smoothing);
    log.update(p.log_loss);
    writeLegend(state, colour);
    const lines = state.runs.map((run) => [run, readingOf(run, p, rated)]);
    reading.hidden = !lines.length;
    const words = lines.map(([run, numbers]) => `${run.name}: ${numbers}`);
    if (reading.dataset.words !== words.join("\n")) {
      reading.dataset.words = words.join("\n");
      reading.replaceChildren(...lines.map(([run, numbers]) => h("div", { class: "sv-reading" }, h("b", {}, run.name), h("span", {}, numbers))));
    }
    return { text, words };
  }

  function writeLegend({ all, p }, colour) {
    const wanted = JSON.stringify([all.map((run) => run.name), p.hidden, colour.blue]);
    if (legend.dataset.wanted === wanted) return;
    legend.dataset.wanted = wanted;
    const focused = [...legend.querySelectorAll("input")].indexOf(legend.getRootNode().activeElement);
    legend.replaceChildren(...all.map((run, index) => {
      const mark = h("span", { class: "sv-run", style: `border-top: 3px ${index % 4 ? "dashed" : "solid"} ${ink({ index }, colour)}` });
      const toggle = () => set({ hidden: p.hidden.includes(run.name) ? p.hidden.filter((name) => name !== run.name) : [...p.hidden, run.name] });
      return h("label", {}, h("input", { type: "checkbox", checked: !p.hidden.includes(run.name), onchange: toggle }), mark, run.name);
    }));
    if (focused >= 0) legend.querySelectorAll("input")[focused]?.focus();
  }

  /** What one run had at the pointer, else at its end. */
  function readingOf(run, p, rated) {
    const { columns } = run;
    const i = at === null ? run.x.length - 1 : nearest(run.x, at);
    if (i < 0) return "nothing yet";
    const known = (name, write, label) => {
      const value = columns[name] && lastKnown(columns[name], i);
      return value == null ? null : `${label} ${write(value)}`;
    };
    const smoothed = columns.loss && lastKnown(smooth(columns.step, columns.loss, p.smoothing), i);
    const parts = [
      known("step", (value) => show(value, 0), "step"),
      known("epoch", (value) => show(value, 2), "epoch"),
      known("loss", (value) => `${show(value)}${smoothed == null ? "" : ` (smoothed ${show(smoothed)})`}`, "loss"),
      known("test_loss", show, "test loss"),
      known("accuracy", percent, "accuracy"),
      known("test_accuracy", percent, "test accuracy"),
      known("learning_rate", (value) => value.toPrecision(3), "learning rate"),
      known("images_per_second", (value) => show(value, 0), "images/s"),
    ];
    if (rated?.name === run.name) parts.push(rateOfLayer(run, i));
    return parts.filter(Boolean).join(", ");
  }

  /** The rate of the layer under the pointer, else the lowest one. */
  function rateOfLayer({ packed, columns }, i) {
    const values = packed.columns.filter((name) => name.startsWith(RATE)).map((name) => [name.slice(RATE.length), lastKnown(columns[name], i)]);
    const known = values.filter(([, rate]) => rate !== null);
    if (!known.length) return null;
    const pointed = values[layer];
    if (pointed) return `rate of ${pointed[0]}: ${pointed[1] === null ? "not measured yet" : show(pointed[1])}`;
    const [name, lowest] = known.reduce((a, b) => (b[1] < a[1] ? b : a));
    return `lowest rate ${show(lowest)} (${name})`;
  }

  const paint = mount({ model, el, signal }, root, [...SETTINGS, ...SENT], draw);
}

/** The points of a curve in pixels; what is missing is left out. */
function pointsOf(xs, values, x, y, unit, logged) {
  const points = [];
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i]) && Number.isFinite(xs[i]) && (!logged || values[i] > 0)) points.push([x(xs[i]), y(values[i] * unit)]);
  return points;
}

/** How the runs on show ended, in words. */
function ended(runs) {
  if (!runs.length) return "No run on show.";
  const last = (values, write) => (values && lastKnown(values, values.length - 1) !== null ? write(lastKnown(values, values.length - 1)) : null);
  return runs.map(({ name, columns }) => {
    const parts = [last(columns.step, (step) => `${show(step, 0)} steps`), last(columns.loss, (loss) => `loss ${show(loss)}`), last(columns.test_accuracy, (share) => `${percent(share)} on test`)];
    return `${name}: ${parts.filter(Boolean).join(", ")}.`;
  }).join(" ");
}

/** Where a run stands, in words. */
function told({ run, step = 0, steps, epoch, images_per_second: speed, seconds, seconds_left: left }, state) {
  const parts = [`step ${show(step, 0)}${steps ? ` of ${steps}` : ""}`];
  if (epoch != null) parts.push(`epoch ${show(epoch, 2)}`);
  if (speed != null) parts.push(`${show(speed, speed < 10 ? 1 : 0)} images/s`);
  if (seconds != null) parts.push(`${duration(seconds)} so far`);
  if (left != null && (state === "running" || state === "stopping")) parts.push(`${duration(left)} left`);
  return `${run}: ${STATES[state]}, ${parts.join(", ")}.`;
}

export default { initialize, render: lasting(render) };
