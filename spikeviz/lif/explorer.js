// LIFExplorer: one neuron under the reader's hand. Python holds the parameters as traits;
// everything drawn is computed here, so a move is answered within a frame.

import { h, button, clamp, div, formulaRows, key, para, put, show } from "../base/page.js";
import { drag, choice, player } from "../base/controls.js";
import { dragLine } from "../base/slider.js";
import { colours, lasting, mount } from "../base/widget.js";
import { listen, setter, syncer, syncing, valuesOf } from "../base/traits.js";
import { surface } from "../base/draw.js";
import { keeper } from "../base/keeper.js";
import { memory } from "../base/memory.js";
import { PARAMETERS, compute, range } from "./state.js";
import { makeControls } from "./controls.js";
import { unpacked, drawnInput } from "./input.js";
import { mysteryPanel } from "./mystery.js";
import { NEURON, MOST_PINS, PIN_COLOURS, withPin, pinChips } from "./pins.js";
import { librariesPanel } from "./libraries.js";
import { tracesScales, drawRuns, drawCursor } from "./traces.js";
import { neuronMap, drawFi } from "./map.js";
import { explain, mapText, summaryText } from "./words.js";

const PICTURE = ["current", "ghost", "pins", "mystery", "mystery_shows", "guess", "overlays"];
const CURSOR = ["cursor", "speed"]; // they move nothing but the cursor
const ANSWER = ["answer", "problem"]; // of Python
const LONG = 500; // steps

let heldSince = 0; // when a pointer went down on an explorer; 0 while none is down

/** Once a model: keep a ghost of the run before each gesture, and send changes to Python. */
function initialize({ model, signal }) {
  const sync = syncer(model);
  let [present, last] = [valuesOf(model, PARAMETERS), 0];
  const remember = () => {
    const now = performance.now();
    const fresh = heldSince ? last < heldSince : now - last > 700;
    if (fresh) model.set("ghost", present);
    present = valuesOf(model, PARAMETERS);
    last = now;
    sync();
  };
  listen(model, PARAMETERS, remember, signal);
  // A ghost of a drawn input would be run over the new one.
  const forget = () => model.get("ghost").stimulus === "drawn" && model.set("ghost", {});
  listen(model, ["current"], forget, signal);
  syncing({ model, signal }, [...PICTURE, ...CURSOR]);
}

/** What a hand moves beside the number fields: time, threshold, map, pins, mystery, input. */
function makeTools(view) {
  const { model, set, signal } = view;
  const addPin = (neuron) =>
    set({ pins: withPin(model.get("pins"), { ...valuesOf(model, NEURON), ...neuron }) });
  const input = drawnInput(view);
  const mystery = mysteryPanel(view);
  return {
    input, mystery,
    controls: makeControls(model, set, input.start),
    walk: player({
      last: () => view.shown.current.length - 1, at: () => view.shown.cursor,
      go: (cursor) => set({ cursor }), rate: () => model.get("speed"),
      text: (step) => `step ${step}, ${show(step * model.get("dt"), 1)} ms`, signal,
    }),
    speed: choice({
      label: "Speed of play", options: [5, 20, 60].map((value) => [value, `${value} steps/s`]),
      set: (speed) => set({ speed: Number(speed) }),
    }),
    threshold: dragLine({
      label: "Threshold, drag up or down", range: () => range(model, "v_threshold"),
      set: (v_threshold) => set({ v_threshold }),
      start() {
        view.frozen.membrane = view.shown.y.domain;
        heldSince = performance.now();
      },
      end: () => view.change({ frozen: {} }),
    }),
    map: neuronMap({
      limits: model.get("limits"),
      lowest: ([low]) => (model.get("v_reset") === null ? low : range(model, "v_threshold")[0]),
      hover: (hover) => view.change({ hover }), pin: addPin,
    }),
    pin: button("Pin this neuron", () => addPin()),
    openInput: button("Paint the input", input.start),
    openMystery: button("Mystery neuron", () => mystery.open(1)),
    chips: pinChips(view),
    libraries: librariesPanel(view),
    clearGhost: button("Clear ghost", () => {
      set({ ghost: {} });
      view.change({ before: null });
    }),
  };
}

function build(tools) {
  const canvas = (name) => h("canvas", { class: `sv-${name}`, role: "img" });
  const parts = {
    traces: canvas("traces"), fi: canvas("fi"), step: formulaRows(3),
    ghostKey: key("ghost", "last run"), otherKey: key("other", "neuron from the map"),
    mysteryKey: key("mystery", "? mystery neuron"),
    summary: h("p", { class: "sv-summary", role: "status" }), mapText: para("caption sv-map-text"),
  };
  const { input, mystery, map, controls } = tools;
  tools.threshold.element.classList.add("sv-threshold");
  parts.root = h("div", { class: "spikeviz sv-lif" },
    controls.first,
    div("row", ...tools.walk.elements, tools.speed.list),
    div("row sv-tools", tools.pin, tools.openInput, tools.openMystery),
    input.element, mystery.element,
    div("plots",
      h("div", {},
        div("keys", key("membrane", "membrane V"), key("spike", "spike"),
          parts.mysteryKey, parts.ghostKey, parts.otherKey, tools.clearGhost),
        div("row sv-chips", ...tools.chips.elements),
        div("stack", parts.traces, input.brush, tools.threshold.element),
        parts.summary, parts.step.element),
      h("div", {},
        para("title", "Spike count for every neuron: move over it, click to pin"), map.element,
        parts.mapText,
        para("title", "Firing rate against constant current (f–I)"), parts.fi)),
    h("details", {},
      h("summary", {}, "More: resting and reset potential, refractory time, R, Δt, duration"),
      controls.more),
    tools.libraries.element);
  return parts;
}

function render({ model, el, signal }) {
  const view = {
    model, signal, set: setter(model),
    shown: null, // what the last drawing showed: parameters, current, runs, scales
    drawn: unpacked(model.get("current")), // the input as painted, also while the hand is down
    before: null, // what the last stroke changed, for its ghost
    hover: null, // the neuron under the pointer on the map
    frozen: {}, // domains that must not move while a hand is on their plot
    change(changes) {
      Object.assign(view, changes);
      version++;
      paint();
    },
  };
  let version = 0; // changes with all but the cursor
  const [once, kept] = [memory(), keeper()];
  const tools = makeTools(view);
  const parts = build(tools);
  const { traces, root } = parts;

  function shownNow(colour, width) {
    Object.assign(colour, colours(root, PIN_COLOURS));
    const state = compute(model, view);
    const scales = tracesScales(state, width, view.frozen);
    traces.style.height = `${scales.height}px`;
    return { ...state, ...scales };
  }

  function draw(colour) {
    const { clientWidth } = traces;
    const keys = [version, colour, clientWidth, devicePixelRatio];
    const before = view.shown;
    const state = (view.shown = once("shown", keys, () => shownNow(colour, clientWidth)));
    state.cursor = clamp(model.get("cursor"), 0, state.current.length - 1);
    const on = surface(traces);
    kept(on, [state], (ctx) => drawRuns(ctx, state, colour));
    drawCursor(on.ctx, state, colour);
    if (state !== before) {
      // A long input costs the map many runs: it waits until the hand that paints rests.
      if (!view.frozen.input || state.current.length <= LONG) tools.map.draw(state, colour);
      drawFi(parts.fi, state, model.get("limits").amplitude[1], colour);
      const { p, x, y } = state;
      tools.threshold.place(p.v_threshold, x, y, `V_th ${show(p.v_threshold, 2)}`);
      write(state, tools, parts);
    }
    if (state.p.stimulus === "drawn") tools.input.place(state);
    parts.step.update(explain(state));
    tools.speed.update(model.get("speed"));
    tools.walk.update();
    return state;
  }

  drag(traces, ({ offsetX }) => {
    const { x, p, current } = view.shown;
    view.set({ cursor: clamp(Math.round(x.invert(offsetX) / p.dt), 0, current.length - 1) });
  });
  root.addEventListener("pointerdown", () => (heldSince = performance.now()));
  for (const event of ["pointerup", "pointercancel", "lostpointercapture"])
    root.addEventListener(event, () => (heldSince = 0));

  // ---- what changes more than the cursor: told before `mount` asks for the drawing
  listen(model, ["current", "ghost"], () => (view.before = null), signal);
  listen(model, ["current"], () => (view.drawn = unpacked(model.get("current"))), signal);
  listen(model, [...PARAMETERS, ...PICTURE, ...ANSWER], () => version++, signal);
  const heard = [...PARAMETERS, ...PICTURE, ...CURSOR, ...ANSWER];
  const paint = mount({ model, el, signal }, root, heard, draw, { undo: PARAMETERS });
}

function write(state, tools, parts) {
  const { p, other, ghost, mystery, pinRuns } = state;
  const text = summaryText(state);
  put(parts.summary, text);
  parts.traces.ariaLabel = `Input current, membrane and spikes over time. ${text}`;
  const full = (tools.pin.disabled = pinRuns.length === MOST_PINS);
  put(parts.mapText, mapText(state, tools.map.most, full));
  tools.chips.update(p, pinRuns);
  const away = [[tools.clearGhost, !ghost], [parts.ghostKey, !ghost], [parts.otherKey, !other]];
  for (const [element, is] of away)
    element.classList.toggle("sv-away", is); // keeps its place: nothing may jump under the hand
  if (ghost) parts.ghostKey.textContent = `last run, ${state.ghostRun.count} spikes`;
  tools.mystery.element.hidden = parts.mysteryKey.hidden = !mystery;
  tools.openMystery.disabled = !!mystery;
  if (mystery) tools.mystery.update(state);
  tools.input.update(state);
  tools.openInput.disabled = p.stimulus === "drawn";
  tools.libraries.update(state);
  tools.controls.update(p);
}

export default { initialize, render: lasting(render) };
