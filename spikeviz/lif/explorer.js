// LIFExplorer: one neuron under the reader's hand. Python holds the parameters as traits;
// everything drawn is computed here, so a move is answered within a frame.

import { STIMULI, steps, stimulus, simulate, rateOf } from "../base/neuron.js";
import { h, clamp, show } from "../base/page.js";
import { numberControl, drag, player } from "../base/controls.js";
import { dragLine } from "../base/slider.js";
import { syncer, listen, syncing, mount, lasting, setter } from "../base/widget.js";
import { surface, keeper } from "../base/draw.js";
import { packed, unpacked, paintRange, brush, inputPanel } from "./input.js";
import { hidden, mysteryPanel } from "./mystery.js";
import { NEURON, MOST_PINS, withPin, pinChips } from "./pins.js";
import { libraryRuns, librariesPanel } from "./libraries.js";
import { companions, tracesHeight, tracesScales, potentials, drawRuns, drawCursor } from "./traces.js";
import { neuronMap, drawFi } from "./map.js";

const PARAMETERS = [...NEURON, "dt", "stimulus", "amplitude", "period", "seed", "duration"];
const PICTURE = ["current", "ghost", "pins", "mystery", "mystery_shows", "guess", "overlays"];
const CURSOR = ["cursor", "speed"]; // they move nothing but the cursor
const ANSWER = ["answer", "problem"]; // of Python
const LONG = 500; // steps

const LABELS = {
  tau: ["τ, time constant", "ms"],
  v_threshold: ["V_th, threshold", ""],
  amplitude: ["I, input current", ""],
  period: ["Period", "ms"],
  seed: ["Noise seed", ""],
  v_rest: ["V_rest", ""],
  v_reset: ["V_reset", ""],
  t_ref: ["t_ref, refractory", "ms"],
  resistance: ["R, resistance", ""],
  dt: ["Δt, time step", "ms"],
  duration: ["Duration", "ms"],
};

const pick = (model, keys) => Object.fromEntries(keys.map((key) => [key, model.get(key)]));
const parameters = (model) => pick(model, PARAMETERS);
const filled = (object) => object && Object.keys(object).length > 0;
const inputOf = (p, drawn) => (p.stimulus !== "drawn" ? stimulus(p) : drawn ?? new Float64Array(steps(p.duration, p.dt)));

let heldSince = 0; // when a pointer went down on an explorer; 0 while none is down

/** Once a model: keep a ghost of the run before each gesture, and send changes to Python. */
function initialize({ model, signal }) {
  const sync = syncer(model, signal);
  let present = parameters(model);
  let last = 0;
  const remember = () => {
    const now = performance.now();
    const fresh = heldSince ? last < heldSince : now - last > 700;
    if (fresh) model.set("ghost", present);
    present = parameters(model);
    last = now;
    sync();
  };
  listen(model, PARAMETERS, remember, signal);
  // A ghost of a drawn input would be run over the new one.
  listen(model, ["current"], () => model.get("ghost").stimulus === "drawn" && model.set("ghost", {}), signal);
  syncing({ model, signal }, [...PICTURE, ...CURSOR]);
}

/** The range in which `key` may move now, given the other parameters. */
function range(model, key) {
  const [min, max, step] = model.get("limits")[key];
  const reset = model.get("v_reset");
  if (key === "tau") return [Math.max(min, model.get("dt")), max, step];
  if (key === "dt") return [min, Math.min(max, model.get("tau"), ...model.get("pins").map(({ tau }) => tau)), step];
  if (key === "v_threshold" && reset !== null) return [Math.max(min, reset + step), max, step];
  if (key === "v_reset") return [min, Math.min(max, model.get("v_threshold") - step), step];
  return [min, max, step];
}

function render({ model, el, signal }) {
  let shown = null; // what the last drawing showed: parameters, current, runs, scales
  let fresh = true; // more than the cursor is to be drawn
  let drawings = 0;
  let most = 0; // spikes of any neuron on the map
  let drawn = unpacked(model.get("current")); // the input as painted, also while the hand is down
  let drawnBefore = null; // what the last stroke changed, for its ghost
  let written = {}; // the parameters that the controls show
  let hover = null; // the neuron under the pointer on the map
  let frozen = {}; // domains that must not move while a hand is on their plot
  let colour = {};
  const keptTraces = keeper();
  const set = setter(model);
  const get = () => shown;
  const change = () => {
    fresh = true;
    paint();
  };

  // ---- the drawn input
  const keepInput = (values) => {
    const before = shown.p.stimulus === "drawn" ? shown.before ?? shown.current : null;
    set({ current: packed(values), stimulus: "drawn" });
    drawnBefore = before;
    change();
  };
  const startDrawing = () => set(drawn ? { stimulus: "drawn" } : { current: packed(shown.current), stimulus: "drawn" });
  const paintbrush = brush({
    get,
    paint: (values) => {
      frozen.input = shown.yI.domain;
      if (!shown.before) drawnBefore = shown.current;
      drawn = values;
      change();
    },
    keep: (values) => {
      frozen = {};
      keepInput(values);
    },
    go: (cursor) => set({ cursor }),
  });

  // ---- the parts, built once
  const control = (key) => {
    const [label, unit] = LABELS[key];
    const [min, max, step] = model.get("limits")[key];
    const limit = (value) => {
      const [low, high] = range(model, key);
      return clamp(key === "seed" ? Math.round(value) : value, low, high);
    };
    return numberControl({ label, unit, range: [min, max, step], limit, set: (value) => set({ [key]: value }) });
  };
  const button = (text, press) => h("button", { type: "button", onclick: press }, text);
  const controls = Object.fromEntries(Object.keys(LABELS).map((key) => [key, control(key)]));
  const kind = h("select", { "aria-label": "Shape of the input current", onchange: () => (kind.value === "drawn" ? startDrawing() : set({ stimulus: kind.value })) },
    ...STIMULI.map((name) => h("option", { value: name }, name)), h("option", { value: "drawn" }, "drawn by hand"));
  const soft = h("input", { type: "checkbox", onchange: () => set({ v_reset: soft.checked ? null : Math.min(0, range(model, "v_reset")[1]) }) });
  const walk = player({
    last: () => shown.current.length - 1,
    at: () => clamp(model.get("cursor"), 0, shown.current.length - 1),
    go: (cursor) => set({ cursor }),
    rate: () => model.get("speed"),
    text: (step) => `step ${step}, ${show(step * model.get("dt"), 1)} ms`,
    signal,
  });
  const speed = h("select", { "aria-label": "Speed of play", onchange: () => set({ speed: Number(speed.value) }) },
    ...[5, 20, 60].map((value) => h("option", { value }, `${value} steps/s`)));
  const traces = h("canvas", { class: "sv-traces", role: "img" });
  const threshold = dragLine({
    label: "Threshold, drag up or down",
    range: () => range(model, "v_threshold"),
    set: (v_threshold) => set({ v_threshold }),
    start: () => {
      frozen.membrane = shown.y.domain;
      heldSince = performance.now();
    },
    end: () => {
      frozen = {};
      change();
    },
  });
  threshold.element.classList.add("sv-threshold");
  const pins = () => model.get("pins");
  const addPin = (neuron) => set({ pins: withPin(pins(), neuron) });
  const map = neuronMap({
    limits: model.get("limits"),
    lowest: (domain) => (model.get("v_reset") === null ? domain[0] : range(model, "v_threshold")[0]),
    hover: (neuron) => {
      hover = neuron;
      change();
    },
    pin: (neuron) => addPin({ ...pick(model, NEURON), ...neuron }),
  });
  const fi = h("canvas", { class: "sv-fi", role: "img" });
  const mapText = h("p", { class: "sv-caption sv-map-text" });
  const pin = button("Pin this neuron", () => addPin(pick(model, NEURON)));
  const chips = pinChips({ pins, set });
  const clearGhost = button("Clear ghost", () => {
    drawnBefore = null;
    set({ ghost: {} });
    change();
  });
  const mystery = mysteryPanel({ get, set });
  const openMystery = button("Mystery neuron", () => mystery.open(1));
  const openInput = button("Paint the input", startDrawing);
  const input = inputPanel({ get, keep: keepInput });
  const libraries = librariesPanel({ model, set });
  const key = (name, text) => h("span", { class: `sv-key sv-key-${name}` }, text);
  const ghostKey = key("ghost", "last run");
  const otherKey = key("other", "neuron from the map");
  const mysteryKey = key("mystery", "? mystery neuron");
  const summary = h("p", { class: "sv-summary", role: "status" });
  const lines = [0, 1, 2].map(() => [h("b"), h("span", { class: "sv-formula" }), h("span")]);
  const update = h("div", { class: "sv-update", "aria-live": "off" }, ...lines.map((parts) => h("div", { class: "sv-line" }, ...parts)));
  const more = ["v_rest", "v_reset", "t_ref", "resistance", "dt", "duration"].map((name) => controls[name].element);
  const root = h("div", { class: "spikeviz sv-lif" },
    h("div", { class: "sv-controls" },
      h("label", { class: "sv-control" }, h("span", { class: "sv-label" }, "Input shape"), kind),
      ...["amplitude", "tau", "v_threshold", "period", "seed"].map((name) => controls[name].element)),
    h("div", { class: "sv-row" }, ...walk.elements, speed),
    h("div", { class: "sv-row sv-tools" }, pin, openInput, openMystery),
    input.element, mystery.element,
    h("div", { class: "sv-plots" },
      h("div", {},
        h("div", { class: "sv-keys" }, key("membrane", "membrane V"), key("spike", "spike"), mysteryKey, ghostKey, otherKey, clearGhost),
        h("div", { class: "sv-row sv-chips" }, ...chips.elements),
        h("div", { class: "sv-stack" }, traces, paintbrush.element, threshold.element),
        summary, update),
      h("div", {},
        h("p", { class: "sv-title" }, "Spike count for every neuron: move over it, click to pin"),
        map.element, mapText,
        h("p", { class: "sv-title" }, "Firing rate against constant current (f–I)"),
        fi)),
    h("details", {}, h("summary", {}, "More: resting and reset potential, refractory time, R, Δt, duration"),
      h("div", { class: "sv-controls" }, ...more,
        h("label", { class: "sv-control sv-check" }, soft, "soft reset: subtract V_th instead"))),
    libraries.element);

  // ---- compute and draw
  function compute() {
    const p = parameters(model);
    const current = inputOf(p, drawn);
    const before = p.stimulus === "drawn" ? drawnBefore : null; // the last stroke, else the last run
    const ghost = before ? p : filled(model.get("ghost")) ? model.get("ghost") : null;
    const run = simulate(p, current);
    const seed = model.get("mystery");
    const hiddenOne = seed ? hidden(seed) : null;
    const state = {
      p, current, run, ghost, before, other: hover, pins: pins(),
      ghostRun: ghost && simulate(ghost, before ?? inputOf(ghost, drawn)),
      otherRun: hover && simulate({ ...p, ...hover }, current),
      pinRuns: pins().map((neuron) => simulate({ ...p, ...neuron }, current)),
      mystery: hiddenOne && { seed, neuron: hiddenOne, run: simulate({ ...p, ...hiddenOne }, current), shows: model.get("mystery_shows"), guess: model.get("guess") },
      libraries: libraryRuns(model.get("answer"), model.get("overlays"), p, current),
    };
    state.others = companions(state);
    return state;
  }

  /** Fixed while a hand is on the plot, else with room for all. */
  const domains = (state) => ({
    input: frozen.input ?? (state.p.stimulus === "drawn" ? paintRange(state.current) : [Math.min(0, ...state.current), Math.max(...state.current, 0.5) * 1.1]),
    membrane: frozen.membrane ?? potentials(state),
  });

  function draw(theme) {
    const width = traces.clientWidth;
    const all = fresh || theme !== colour || width !== shown.width || devicePixelRatio !== shown.ratio;
    if (theme !== colour) colour = Object.assign(theme, pinColours(root));
    if (all) {
      shown = { ...compute(), width, ratio: devicePixelRatio };
      Object.assign(shown, tracesScales(shown, width, domains(shown)));
      traces.style.height = `${tracesHeight(shown)}px`;
      drawings++;
      fresh = false;
    }
    shown.cursor = clamp(model.get("cursor"), 0, shown.current.length - 1);
    const onTraces = surface(traces);
    keptTraces(onTraces, [drawings], (ctx) => drawRuns(ctx, shown, colour));
    drawCursor(onTraces.ctx, shown, colour);
    if (all) {
      // A long input costs the map many runs: it waits until the hand that paints rests.
      if (!frozen.input || shown.current.length <= LONG) most = map.draw(shown, colour);
      drawFi(fi, shown, model.get("limits").amplitude[1], colour);
      threshold.place(shown.p.v_threshold, shown.x, shown.y, `V_th ${show(shown.p.v_threshold, 2)}`);
      writeText(shown);
      writeControls(shown.p);
    }
    if (shown.p.stimulus === "drawn") paintbrush.place(shown);
    writeStep(shown);
    return shown;
  }

  function writeText(state) {
    const { p, current, run, other, otherRun, ghost, ghostRun, pinRuns } = state;
    const rate = rateOf(run.count, current.length, p.dt);
    const first = run.s.indexOf(1);
    const found = first < 0 ? `none: V stays below the threshold, at most ${show(Math.max(...run.h))}` : `first at ${show(first * p.dt)} ms`;
    const text = `${run.count} spike${run.count === 1 ? "" : "s"} in ${show(current.length * p.dt)} ms, ${show(rate, 1)} Hz, ${found}.`;
    if (summary.textContent !== text) summary.textContent = text;
    traces.setAttribute("aria-label", `Input current, membrane and spikes over time. ${text}`);
    const full = pinRuns.length === MOST_PINS;
    mapText.textContent = other
      ? `Under the pointer: τ ${show(other.tau, 2)} ms, V_th ${show(other.v_threshold, 2)}, ${otherRun.count} spikes`
      : `Dark: 0 spikes, bright: ${most}. The dot is your neuron.${full ? ` ${MOST_PINS} neurons are pinned, the most.` : ""}`;
    pin.disabled = full;
    chips.update(p, pinRuns);
    for (const [element, away] of [[clearGhost, !ghost], [ghostKey, !ghost], [otherKey, !other]])
      element.classList.toggle("sv-away", away); // keeps its place: nothing may jump under the hand
    if (ghost) ghostKey.textContent = `last run, ${ghostRun.count} spikes`;
    mystery.element.hidden = mysteryKey.hidden = !state.mystery;
    if (state.mystery) mystery.update(state);
    if (p.stimulus === "drawn") input.update(state);
    libraries.update(state);
  }

  function writeControls(p) {
    for (const [name, item] of Object.entries(controls)) if (p[name] !== null && p[name] !== written[name]) item.update(p[name]);
    written = p;
    const byHand = p.stimulus === "drawn";
    controls.amplitude.element.hidden = controls.duration.element.hidden = byHand;
    input.element.hidden = paintbrush.element.hidden = !byHand;
    openInput.disabled = byHand;
    openMystery.disabled = model.get("mystery") > 0;
    controls.period.element.hidden = !["pulses", "sine"].includes(p.stimulus);
    controls.seed.element.hidden = p.stimulus !== "noise";
    controls.v_reset.element.hidden = p.v_reset === null;
    soft.checked = p.v_reset === null;
    kind.value = p.stimulus;
  }

  function writeStep({ p, run, cursor }) {
    explain(p, run, cursor).forEach((texts, row) => texts.forEach((text, part) => {
      if (lines[row][part].textContent !== text) lines[row][part].textContent = text;
    }));
    speed.value = model.get("speed");
    walk.update();
  }

  drag(traces, (event) => {
    const t = shown.x.invert(event.offsetX) / shown.p.dt;
    set({ cursor: clamp(Math.round(t), 0, shown.current.length - 1) });
  });
  root.addEventListener("pointerdown", () => (heldSince = performance.now()));
  for (const event of ["pointerup", "pointercancel", "lostpointercapture"]) root.addEventListener(event, () => (heldSince = 0));

  // ---- what changes more than the cursor: told before `mount` asks for the drawing
  listen(model, ["current", "ghost"], () => (drawnBefore = null), signal);
  listen(model, ["current"], () => (drawn = unpacked(model.get("current"))), signal);
  listen(model, [...PARAMETERS, ...PICTURE, ...ANSWER], () => (fresh = true), signal);
  const paint = mount({ model, el, signal }, root, [...PARAMETERS, ...PICTURE, ...CURSOR, ...ANSWER], draw);
}

/** The colours of the pins, which lif_explorer.css sets on the root. */
function pinColours(root) {
  const style = getComputedStyle(root);
  const names = Array.from({ length: MOST_PINS }, (_, i) => `pin${i + 1}`);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--sv-${name}`).trim()]));
}

/** Keeps a piece of a formula on one line. */
const whole = (text) => text.replaceAll(" ", "\u00a0").replaceAll("τ/Δt", "τ\u2060/\u2060Δt");

/** The three lines of one step with its numbers: [name, formula, numbers]. */
function explain(p, run, t) {
  const before = t ? run.v[t - 1] : p.v_rest;
  const [h0, x, h1, v] = [before, run.x[t], run.h[t], run.v[t]].map((value) => show(value));
  const signed = (value) => (value < 0 ? `(${show(value)})` : show(value));
  const ratio = p.dt === 1 ? show(p.tau) : `(${show(p.tau)} / ${show(p.dt)})`;
  const charge = ["Charge",
    `${whole("H = V +")} ${whole("(R·I − (V − V_rest))")} ${whole("/ (τ/Δt)")}`,
    `${whole(`${h0} +`)} ${whole(`(${x} − (${h0} − ${signed(p.v_rest)}))`)} ${whole(`/ ${ratio}`)} ${whole(`= ${h1}`)}`];
  if (run.silent[t]) return [charge, ["Fire?", "refractory", `input ignored, no spike for ${show(p.t_ref)} ms after the last one`], ["Reset", "V = H", v]];
  const spike = run.s[t];
  const fire = ["Fire?", "S = 1 if H ≥ V_th", `${h1} ${spike ? "≥" : "<"} ${show(p.v_threshold)}, so S = ${spike}`];
  if (!spike) return [charge, fire, ["Reset", "V = H", `no spike, V stays ${v}`]];
  if (p.v_reset === null) return [charge, fire, ["Reset", "V = H − V_th (soft)", `${h1} − ${show(p.v_threshold)} = ${v}`]];
  return [charge, fire, ["Reset", "V = V_reset (hard)", v]];
}

export default { initialize, render: lasting(render) };
