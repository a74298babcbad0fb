// TrainingMonitor: the runs that Python sends as a film with a playhead; a button that asks the
// loop to end.

import { makeFilm, SETTINGS, SENT } from "./film.js";
import { stateText, endText, readingText, accuracyTitle, chapterText } from "./words.js";
import { AXES, drawPlot, drawRates, inkOf } from "./draw.js";
import { makeChapters, makeGuess, movePlot } from "./controls.js";
import { h, put, renew, clamp, button, div, para } from "../base/page.js";
import { numberControl, choice, checkbox, showValues } from "../base/controls.js";
import { mount, lasting } from "../base/widget.js";
import { syncing, setter, valuesOf } from "../base/traits.js";
import { surface } from "../base/draw.js";
import { keeper } from "../base/keeper.js";

const PLOTS = [
  { title: "loss: pale as it came, strong smoothed; dots: test", train: "loss", test: "test_loss" },
  { title: "", name: "accuracy", train: "accuracy", test: "test_accuracy", unit: 100, most: 1,
    guessed: true },
  { title: "", name: "firing rate, layer by layer", rated: true },
  { title: "learning rate in 10⁻³", train: "learning_rate", unit: 1000, small: true },
  { title: "images per second", train: "images_per_second", small: true },
];

/** A picture in a box of its own, under its title. */
function makePlot({ title: words, name = words, ...more }) {
  const title = para("title", words);
  const label = `${name}: drag the playhead; arrow keys read, Enter moves the playhead there`;
  const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": label });
  const stack = div("stack", canvas);
  const box = h("div", { class: `sv-plot${more.small ? " sv-small" : ""}` }, title, stack);
  const draw = more.rated ? drawRates : drawPlot;
  return { canvas, title, label, stack, box, draw, still: keeper(), moving: keeper(), ...more };
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
  const set = setter(model);
  const hand = makeFilm(model, set, signal, () => paint());
  const { film, stateNow } = hand;

  // ---- the parts, built once
  const stop = button("■ Stop", () => set({ stop_asked: true }), { class: "sv-play" });
  const bar = h("progress", { class: "sv-grow", max: 1, value: 0 });
  bar.ariaLabel = "Progress of the run";
  const summary = h("p", { class: "sv-summary", role: "status" });
  const [problem, about] = ["note", "caption"].map((name) => para(name));
  const legend = div("keys");
  const controls = makeControls(model.get("limits"), set);
  const parts = PLOTS.map(makePlot);
  parts.forEach((part) => movePlot(part, hand));
  const guess = makeGuess(parts.find((part) => part.guessed), hand);
  const chapters = makeChapters(hand.goTo);
  const readings = h("div", { class: "sv-update sv-readings", "aria-live": "off" });
  const stage = div("film", chapters.caption, ...parts.map(({ box }) => box));
  const root = h("div", { class: "spikeviz sv-training" },
    div("row", stop, bar), summary, problem,
    div("row sv-head", ...film.elements), chapters.element, legend, stage,
    readings, div("controls", ...Object.values(controls).map(({ element }) => element)), about);

  function draw(colour) {
    const s = stateNow();
    for (const { box, train, test, rated } of parts) {
      const any = s.runs.some(({ columns }) => columns[train] || columns[test]);
      box.hidden = !(rated ? s.rated : any);
    }
    const shown = parts.filter(({ box }) => !box.hidden);
    const areas = shown.map(({ canvas }) => surface(canvas)); // all sizes before any change
    const theme = Object.values(colour);
    shown.forEach((part, i) => {
      const keys = [part.test ? s.version : s.data, ...theme];
      Object.assign(part, part.draw(part, s, areas[i], colour, keys));
    });
    write(s, colour);
    return s;
  }

  // ---- words
  function write(s, colour) {
    const { state: mode, progress, problem: failed, about: from, stop_asked: asked } =
      valuesOf(model, SENT);
    const under = ["running", "stopping"].includes(mode);
    stop.disabled = !s.live || asked;
    stop.hidden = bar.hidden = !s.live;
    if (progress.steps) bar.value = clamp((progress.step ?? 0) / progress.steps, 0, 1);
    else bar.removeAttribute("value");
    const now = s.live && asked ? "stopping" : under && !s.live ? "unseen" : mode;
    const told = s.live || progress.run;
    put(summary, told ? stateText(progress, now) : endText(s.runs, s.ask || s.playing));
    put(problem, [progress.bad && `Look: ${progress.bad}.`, failed].filter(Boolean).join(" "));
    put(about, from);
    film.update();
    guess.update(s, accuracyTitle(s), from);
    chapters.update(s, chapterText);
    showValues(controls, s);
    writeLegend(legend, s, colour, set);
    const lines = s.runs.map((run) => [run.name, readingText(run, s)]);
    readings.hidden = !lines.length;
    renew(readings, JSON.stringify(lines), () => lines.map(([name, words]) =>
      h("div", { class: "sv-reading" }, h("b", {}, name), h("span", {}, words))));
  }

  const paint = mount({ model, el, signal }, root, [...SETTINGS, ...SENT], draw,
    { undo: ["guess", "hidden", "axis", "smoothing", "log_loss"], film: { player: film, stage } });
}

export default {
  initialize: (props) => syncing(props, [...SETTINGS, "stop_asked"]), render: lasting(render),
};
