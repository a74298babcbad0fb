// A widget's life in a page: it draws once a frame, hears its traits, the theme and the printer,
// and lasts when Python is lost. No state of its own and no global ids.

import { h } from "./page.js";
import { listen } from "./traits.js";

/** At most one drawing a frame: the first request draws at once, later ones when it is out. */
function painter(draw, signal) {
  let frame = 0;
  let again = false;
  const request = () => {
    if (signal.aborted) return;
    again = frame > 0;
    if (again) return;
    draw();
    frame = requestAnimationFrame(() => {
      frame = 0;
      if (again) request();
    });
  };
  signal.addEventListener("abort", () => cancelAnimationFrame(frame));
  return request;
}

/**
 * Call `change` when the page's theme or the system's colour scheme changes: a frame later, since
 * JupyterLab announces a theme while the page has no layout.
 */
function onTheme(change, signal) {
  const later = () => requestAnimationFrame(change);
  const observer = new MutationObserver(later);
  const attributeFilter = ["data-jp-theme-light", "data-jp-theme-name"];
  observer.observe(document.body, { attributeFilter });
  signal.addEventListener("abort", () => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later, { signal });
}

const COLOURS = ["fg", "muted", "grid", "bg", "blue", "red", "green", "purple"];

/** The colours that style.css sets as --sv-NAME on the root. */
export function colours(root, names = COLOURS) {
  const style = getComputedStyle(root);
  const colour = (name) => style.getPropertyValue(`--sv-${name}`).trim();
  return Object.fromEntries(names.map((name) => [name, colour(name)]));
}

/** JupyterLab takes keys (arrows, letters) for its own commands: keep what is typed here. */
function keepKeys(root) {
  root.addEventListener("keydown", (event) => {
    const runs = event.shiftKey && event.key === "Enter";
    if (!event.ctrlKey && !event.metaKey && !runs) event.stopPropagation();
  });
}

const LOST = "Python no longer hears this widget: its kernel was stopped or started anew. What " +
  "the page computes still moves; for the rest, run this cell again, after those above it.";

/**
 * Draw at the width of a sheet, in light colours, while the page is printed: what a printer scales
 * is not drawn again.
 */
function onPrint(root, draw, signal) {
  for (const [event, prints] of [["beforeprint", true], ["afterprint", false]])
    addEventListener(event, () => {
      root.classList.toggle("sv-print", prints);
      draw();
    }, { signal });
}

/** What a reader moves is part of the notebook's file, which has something to save then. */
function tellFile({ model, signal }, root, names) {
  const file = model.widget_manager?.context?.model;
  if (!file) return;
  let touched = false; // what plays by itself changes nothing that a reader would want to keep
  const touch = () => (touched = true);
  for (const type of ["pointerdown", "keydown"])
    root.addEventListener(type, touch, { capture: true, signal });
  listen(model, names, () => touched && (file.dirty = true), signal);
}

/**
 * Show `root` in the view and keep it drawn: draw(colour) runs when one of the traits `names`, the
 * theme or the width changes, at most once a frame. What it returns goes out with the event
 * spikeviz:drawn; a model's new answer, once drawn, is told by spikeviz:answered. finish({draw,
 * colour}), which draw now and give the colours, may add to the root. Returns what asks for a
 * drawing.
 */
export function keepDrawn({ model, el, signal }, root, names, draw, finish = () => {}) {
  let colour = {};
  let answered = false; // a model in Python has, since the last drawing
  const tell = (type, detail) =>
    root.dispatchEvent(new CustomEvent(`spikeviz:${type}`, { detail, bubbles: true }));
  const drawNow = () => {
    // Outside a document, where JupyterLab renders, there are none.
    if (!colour.fg) colour = colours(root);
    tell("drawn", draw(colour));
    if (answered) tell("answered");
    answered = false;
  };
  const drawAnew = () => {
    colour = colours(root);
    drawNow();
  };
  const paint = painter(drawNow, signal);
  root.tabIndex = -1; // a click on a picture brings the keys here
  finish({ draw: drawNow, colour: () => colour });
  keepKeys(root);
  listen(model, ["answer"], () => (answered = true), signal);
  listen(model, names, paint, signal);
  tellFile({ model, signal }, root, names);
  onTheme(drawAnew, signal);
  onPrint(root, drawAnew, signal);
  const resize = new ResizeObserver(paint);
  resize.observe(root);
  signal.addEventListener("abort", () => {
    resize.disconnect();
    root.remove(); // JupyterLab keeps the view of a closed widget as long as the kernel lives
  });
  if (model.lost) root.prepend(h("p", { class: "sv-lost", role: "status" }, LOST));
  el.append(root);
  paint();
  return paint;
}

// ---------------------------------------------------------------- when the kernel goes

const ENDS = ["autorestarting", "dead", "terminating"]; // JupyterLab itself notices "restarting"

/**
 * Once a page's widget manager: models learn of every end of their kernel, and the widgets on show
 * are saved with the notebook. JupyterLab alone saves none, unless a setting is on, with which it
 * takes a notebook that was only opened for a changed one; and it drops what no kernel holds.
 */
function lookAfter(manager) {
  if (!manager?.get_state_sync || manager.spikeviz) return;
  manager.spikeviz = true;
  const kernel = manager.context?.sessionContext ?? manager.kernel;
  kernel?.statusChanged?.connect((_, status) => ENDS.includes(status) && manager.disconnect());
  kernel?.kernelChanged?.connect((_, { oldValue }) => oldValue && manager.disconnect());
  manager.context?.saveState.connect((_, step) => step === "started" &&
    manager.context.model.setMetadata("widgets", {
      "application/vnd.jupyter.widget-state+json": manager.get_state_sync({ drop_defaults: true }),
    }));
  const states = manager.get_state_sync.bind(manager);
  manager.get_state_sync = (options) => {
    const shown = [...(manager._modelsSync?.values() ?? [])]
      .filter((model) => !model.comm_live && Object.keys(model.views ?? {}).length);
    shown.forEach((model) => (model._comm_live = true));
    try {
      const found = states(options);
      return manager.context ? { ...found, state: outputsOf(manager.context.model, found.state) }
        : found;
    } finally {
      shown.forEach((model) => (model._comm_live = false));
    }
  };
}

/** Of all models those that a notebook's outputs show, with what these hold: a cell may make many
 *  widgets to ask them for numbers alone. */
function outputsOf(notebook, states) {
  const kept = {};
  const keep = (text) => {
    for (const [, id] of text.matchAll(/(?:"model_id":"|IPY_MODEL_)([\w-]+)/g)) {
      if (!states[id] || kept[id]) continue;
      kept[id] = states[id];
      keep(JSON.stringify(states[id]));
    }
  };
  keep(JSON.stringify(notebook.toJSON().cells));
  return kept;
}

// Of its own, anywidget tells nothing.
const isLost = (model) => model.get("layout")?.comm_live === false;

/** A model that Python no longer hears, as in a saved page. */
const lost = (model) => ({
  ...model, offline: true, lost: true, save_changes() {}, send() {},
  get: (name) => (name === "busy" ? false : model.get(name)),
});

/** `render`, and once more when Python is lost. */
export const lasting = (render) => (props) => {
  const { model, signal } = props;
  lookAfter(model.widget_manager);
  let [view, was] = [new AbortController(), null];
  const draw = () => {
    if (signal.aborted || isLost(model) === was) return;
    was = isLost(model);
    view.abort();
    view = new AbortController();
    const until = AbortSignal.any([signal, view.signal]);
    render({ ...props, model: was ? lost(model) : model, signal: until });
  };
  draw();
  const layout = model.get("layout");
  layout?.on?.("comm_live_update", draw);
  signal.addEventListener("abort", () => layout?.off?.("comm_live_update", draw));
};

/** True where no kernel answers: in a saved page, and once the kernel is gone. */
export const offline = (model) => model.offline === true;
