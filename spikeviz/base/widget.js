// What every widget shares: DOM building, frame scheduling, syncing with Python, number
// controls, theme colours, play. No state of its own and no global ids. Drawing is in draw.js.

/** h("div", {class: "a", onclick: f}, "text", child): an element with attributes and children. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** At most one drawing a frame: the first request draws at once, later ones when the frame is out. */
export function painter(draw, signal) {
  let frame = 0;
  let again = false;
  const request = () => {
    if (signal.aborted) return;
    if (frame) {
      again = true;
      return;
    }
    draw();
    frame = requestAnimationFrame(() => {
      frame = 0;
      if (again) {
        again = false;
        request();
      }
    });
  };
  signal.addEventListener("abort", () => cancelAnimationFrame(frame));
  return request;
}

/** Send changes to Python at most every 50 ms; the last one always arrives. */
export function syncer(model, signal) {
  let timer = 0;
  let sent = 0;
  const send = () => {
    timer = 0;
    sent = performance.now();
    model.save_changes();
  };
  signal.addEventListener("abort", () => {
    if (timer) {
      clearTimeout(timer);
      send();
    }
  });
  // Always later, never inside a change event: there, saving would bring the value before back.
  return () => {
    timer ||= setTimeout(send, Math.max(0, sent + 50 - performance.now()));
  };
}

/**
 * Call `change` when the page's theme or the system's colour scheme changes: a frame later, since
 * JupyterLab announces a theme while the page has no layout.
 */
export function onTheme(change, signal) {
  const later = () => requestAnimationFrame(change);
  const observer = new MutationObserver(later);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  signal.addEventListener("abort", () => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later, { signal });
}

/** The colours that base.css sets as --sv-NAME on the root. */
export function colours(root) {
  const style = getComputedStyle(root);
  const names = ["fg", "muted", "grid", "bg", "blue", "red", "green", "purple"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--sv-${name}`).trim()]));
}

/** JupyterLab takes keys (arrows, letters) for its own commands: keep what is typed here. */
export function keepKeys(root) {
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !(event.shiftKey && event.key === "Enter")) event.stopPropagation();
  });
}

/** Write a text where another one stands: a screen reader tells only what is new. */
export const put = (element, text) => element.textContent !== text && (element.textContent = text);

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** 3 significant decimals, no trailing noise, a true minus sign. */
export const show = (value, digits = 3) => String(Number(value.toFixed(digits))).replace("-", "−");

/**
 * A labelled range with a number field beside it. `limit(value)` gives the nearest value allowed
 * now; what lies outside is moved there and marked. set(value) hears every move.
 */
export function numberControl({ label, unit = "", range: [min, max, step], limit, set }) {
  const range = h("input", { type: "range", min, max, step, "aria-label": label });
  const number = h("input", { type: "number", min, max, step: "any", "aria-label": `${label}, exact value` });
  const note = h("span", { class: "sv-note", role: "status" });
  const enter = (text) => {
    const asked = Number(text);
    if (text.trim() === "" || !Number.isFinite(asked)) return;
    const value = limit(asked);
    note.textContent = Math.abs(value - asked) > 1e-9 ? `limited to ${show(value)}` : "";
    set(value);
    update(value);
  };
  range.addEventListener("input", () => enter(range.value));
  number.addEventListener("change", () => enter(number.value));
  const element = h("div", { class: "sv-control" }, h("span", { class: "sv-label", "aria-hidden": "true" }, label), range, number, h("span", { class: "sv-unit" }, unit), note);
  const update = (value) => {
    range.value = value;
    const text = String(Number(value.toFixed(4)));
    if (number.value !== text) number.value = text;
    range.setAttribute("aria-valuetext", `${show(value)} ${unit}`.trim());
  };
  return { element, update };
}

/** Follow a pointer that went down on `element` until it is released. */
export function drag(element, move, end = () => {}) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    element.setPointerCapture(event.pointerId);
    move(event, true);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) move(event, false);
  });
  element.addEventListener("lostpointercapture", end);
}

/**
 * A line across a plot that a hand drags up and down, or the keys move. Put `element` into the
 * .sv-stack of the plot's canvas and call place(value, x, y, text), with the scales, in every
 * drawing. range() is [lowest, highest, step] as allowed now; set(value) hears every move; start()
 * and end() frame a drag.
 */
export function dragLine({ label, range, set, start = () => {}, end = () => {} }) {
  let shown = {}; // what place() was told last
  const grip = h("span", { class: "sv-grip" });
  const element = h("div", { class: "sv-dragline", role: "slider", tabindex: 0, "aria-label": label, "aria-orientation": "vertical" }, grip);
  const move = (value) => {
    const [low, high, step] = range();
    set(clamp(Math.round(value / step) * step, low, high));
  };
  drag(element, (event, down) => {
    if (down) start();
    else move(shown.y.invert(event.clientY - element.parentElement.getBoundingClientRect().top));
  }, end);
  element.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (!by) return;
    event.preventDefault();
    const [low, high, step] = range();
    set(clamp(shown.value + by * step, low, high));
  });
  const place = (value, x, y, text) => {
    shown = { value, y };
    Object.assign(element.style, { top: `${y(value)}px`, left: `${x.range[0]}px`, width: `${x.range[1] - x.range[0]}px` });
    grip.textContent = text;
    const [min, max] = range();
    for (const [name, is] of Object.entries({ min, max, now: value, text: show(value) })) element.setAttribute(`aria-value${name}`, is);
  };
  return { element, place };
}

/** A labelled choice among `options`: texts, or [value, text]. set(value) hears every change. */
export function choice({ label, options, set }) {
  const list = h("select", { "aria-label": label, onchange: () => set(list.value) },
    ...options.map((option) => [option].flat()).map(([value, text = value]) => h("option", { value }, text)));
  const element = h("label", { class: "sv-control" }, h("span", { class: "sv-label" }, label), list);
  return { element, update: (value) => (list.value = value) };
}

/** A labelled checkbox. set(true or false) hears every change. */
export function checkbox({ label, set }) {
  const box = h("input", { type: "checkbox", onchange: () => set(box.checked) });
  const element = h("label", { class: "sv-control sv-check" }, box, label);
  return { element, update: (value) => (box.checked = value) };
}

/**
 * A play button, a scrubber and a clock for the places 0 … last(). at() is the present place,
 * go(place) moves there, rate() is in places a second; with `smooth` places may be fractions.
 * Play goes in slow jumps where motion is unwelcome. Put `elements` into the page, call update()
 * in every drawing.
 */
export function player({ last, at, go, rate, text = (place) => `step ${place}`, label = "Time step", smooth = false, signal }) {
  let stop = null;
  const button = h("button", { type: "button", class: "sv-play", onclick: () => (stop ? stop() : start()) }, "▶ Play");
  const scrub = h("input", { type: "range", min: 0, step: smooth ? 0.001 : 1, class: "sv-grow", "aria-label": label, oninput: () => go(Number(scrub.value)) });
  const clock = h("output", { class: "sv-clock" });
  function start() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let place = at() >= last() ? 0 : at();
    let before = performance.now();
    let frame = requestAnimationFrame(tick);
    function tick(now) {
      place += (Math.max(0, now - before) / 1000) * (calm ? Math.min(4, rate()) : rate());
      before = now;
      go(Math.min(smooth && !calm ? place : Math.floor(place), last()));
      if (place < last()) frame = requestAnimationFrame(tick);
      else stop();
    }
    button.textContent = "❚❚ Pause";
    stop = () => {
      cancelAnimationFrame(frame);
      button.textContent = "▶ Play";
      stop = null;
    };
  }
  const update = () => {
    scrub.max = last();
    scrub.value = at();
    clock.textContent = text(at());
    scrub.setAttribute("aria-valuetext", clock.textContent);
  };
  signal.addEventListener("abort", () => stop?.());
  return { elements: [button, scrub, clock], update, stop: () => stop?.() };
}

/** Call `handler` when one of the traits `names` changes, until `signal` ends it. */
export function listen(model, names, handler, signal) {
  const events = names.map((name) => `change:${name}`);
  events.forEach((event) => model.on(event, handler));
  signal.addEventListener("abort", () => events.forEach((event) => model.off(event, handler)));
}

/** Once a model, from `initialize`: send every change of the traits `names` to Python. */
export const syncing = ({ model, signal }, names) => listen(model, names, syncer(model, signal), signal);

const LOST = "Python no longer hears this widget: its kernel was stopped or started anew. What the page computes still moves; for the rest, run this cell again, after those above it.";

/**
 * Show `root` in the view and keep it drawn: draw(colour) runs when one of the traits `names`, the
 * theme or the width changes, at most once a frame. What it returns goes out with the event
 * spikeviz:drawn; a model's new answer, once drawn, is told by spikeviz:answered. Returns a function
 * that asks for a drawing.
 */
export function mount({ model, el, signal }, root, names, draw) {
  let colour = {};
  let answered = false; // a model in Python has, since the last drawing
  const paint = painter(() => {
    if (!colour.fg) colour = colours(root); // outside a document, where JupyterLab renders, there are none
    const detail = draw(colour);
    root.dispatchEvent(new CustomEvent("spikeviz:drawn", { detail, bubbles: true }));
    if (answered) root.dispatchEvent(new CustomEvent("spikeviz:answered", { bubbles: true }));
    answered = false;
  }, signal);
  keepKeys(root);
  listen(model, ["answer"], () => (answered = true), signal);
  listen(model, names, paint, signal);
  onTheme(() => {
    colour = colours(root);
    paint();
  }, signal);
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
 * are saved with the notebook whether or not there is a kernel; JupyterLab would drop them then.
 */
function lookAfter(manager) {
  if (!manager?.get_state_sync || manager.spikeviz) return;
  manager.spikeviz = true;
  const kernel = manager.context?.sessionContext ?? manager.kernel;
  kernel?.statusChanged?.connect((_, status) => ENDS.includes(status) && manager.disconnect());
  kernel?.kernelChanged?.connect((_, { oldValue }) => oldValue && manager.disconnect());
  const states = manager.get_state_sync.bind(manager);
  manager.get_state_sync = (options) => {
    const shown = [...(manager._modelsSync?.values() ?? [])].filter((model) => !model.comm_live && Object.keys(model.views ?? {}).length);
    shown.forEach((model) => (model._comm_live = true));
    try {
      return states(options);
    } finally {
      shown.forEach((model) => (model._comm_live = false));
    }
  };
}

const isLost = (model) => model.get("layout")?.comm_live === false; // of its own, anywidget tells nothing

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
    render({ ...props, model: was ? lost(model) : model, signal: AbortSignal.any([signal, view.signal]) });
  };
  draw();
  const layout = model.get("layout");
  layout?.on?.("comm_live_update", draw);
  signal.addEventListener("abort", () => layout?.off?.("comm_live_update", draw));
};

/** True where no kernel answers: in a saved page, and once the kernel is gone. */
export const offline = (model) => model.offline === true;
