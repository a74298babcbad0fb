// LIFExplorer: one neuron under the reader's hand. Python holds the parameters as traits;
// everything drawn is computed here, so a move is answered within a frame.

import { h, clamp, div, formulaRows, key, para, put, show } from "../base/page.js";
import { calm, playhead, pointAt } from "../base/controls.js";
import { colours, lasting, mount } from "../base/widget.js";
import { listen, setter, syncing, valuesOf } from "../base/traits.js";
import { surface } from "../base/draw.js";
import { gestures } from "../base/gestures.js";
import { memory } from "../base/memory.js";
import { PARAMETERS, allows, compute, range } from "./state.js";
import { liveAxis } from "./axis.js";
import { unpacked } from "./input.js";
import { drawStage, layers } from "./moment.js";
import { momentAt, paceOf } from "./pace.js";
import { PIN_COLOURS } from "./pins.js";
import { makeTools } from "./tools.js";
import { tracesScales } from "./traces.js";
import { drawFi } from "./map.js";
import { explain, mapText, summaryText } from "./words.js";

const PICTURE = ["current", "ghost", "pins", "mystery", "mystery_shows", "guess", "overlays"];
const CURSOR = ["cursor", "speed"]; // they move nothing but the playhead
const ANSWER = ["answer", "problem"]; // of Python
const LONG = 500; // steps

const initialize = (props) => syncing(props, [...PARAMETERS, ...PICTURE, ...CURSOR]);

/** Keep a ghost of the run before each gesture. */
function keepGhost(model, signal) {
  const begins = gestures(signal);
  let present = valuesOf(model, PARAMETERS);
  listen(model, PARAMETERS, () => {
    if (begins()) model.set("ghost", present);
    present = valuesOf(model, PARAMETERS);
  }, signal);
  // A ghost of a drawn input would be run over the new one.
  const forget = () => model.get("ghost").stimulus === "drawn" && model.set("ghost", {});
  listen(model, ["current"], forget, signal);
}

function build(tools) {
  const canvas = (name) => h("canvas", { class: `sv-${name}`, role: "img" });
  const parts = {
    traces: canvas("traces"), fi: canvas("fi"), step: formulaRows(3),
    ghostKey: key("ghost", "last run"), otherKey: key("other", "neuron from the map"),
    mysteryKey: key("mystery", "? mystery neuron"),
    summary: h("p", { class: "sv-summary", role: "status" }), mapText: para("caption sv-map-text"),
  };
  const { input, map, controls, pins } = tools;
  tools.threshold.element.classList.add("sv-threshold");
  parts.stage = div("stack sv-stage",
    parts.traces, input.brush, tools.threshold.element, tools.tau.element);
  parts.root = h("div", { class: "spikeviz sv-lif" },
    controls.first,
    div("row", ...tools.walk.elements, tools.speed.list, tools.sound.element),
    tools.modes.element, ...tools.panels,
    div("keys", key("membrane", "membrane V"), key("between", "drawn between two steps"),
      key("spike", "spike"), parts.mysteryKey, parts.ghostKey, parts.otherKey, tools.clearGhost),
    div("row sv-chips", ...pins.chips),
    parts.stage,
    div("plots",
      div("words", parts.summary, parts.step.element),
      div("rate", para("title", "Firing rate against constant I (f–I)"), parts.fi),
      div("neighbours",
        para("title", "Spikes for every τ and V_th: drag yours"), map.element, parts.mapText)),
    h("details", {},
      h("summary", {}, "More: resting and reset potential, refractory time, R, Δt, duration"),
      controls.more),
    tools.libraries.element);
  return parts;
}

/** What a view knows beside its model; view.paint() comes with `mount`. */
function makeView(model, signal) {
  const last = () => view.shown.current.length;
  const head = playhead({ model, last, paint: () => view.paint() });
  const view = {
    model, signal, last, set: setter(model), at: head.at,
    shown: null, // what the last drawing showed: parameters, current, runs, scales
    drawn: unpacked(model.get("current")), // the input as painted, also while the hand is down
    before: null, // what the last stroke changed, for its ghost
    hover: null, // the neuron under the pointer on the map
    mode: "", // pin, paint, mystery, challenge
    frozen: {}, // the input's domain while a hand paints it
    axis: liveAxis(() => range(model, "v_threshold")[1]),
    version: 0, // changes with all but the playhead
    alone: false, // it plays by itself
    go(place, alone = false) {
      view.alone = alone;
      head.go(place, alone);
    },
    change(changes) {
      Object.assign(view, changes);
      view.version++;
      view.paint();
    },
  };
  return view;
}

function render({ model, el, signal }) {
  keepGhost(model, signal);
  const view = makeView(model, signal);
  const once = memory();
  const kept = layers();
  const tools = makeTools(view);
  const parts = build(tools);
  const { traces, stage, root } = parts;

  function shownNow(colour, width) {
    Object.assign(colour, colours(root, PIN_COLOURS));
    const state = compute(model, view);
    state.pace = paceOf({ ...state, speed: model.get("speed") });
    state.won = tools.challenge.won(state);
    Object.assign(state, tracesScales(state, width, view.frozen, view.axis));
    traces.style.height = `${state.height}px`;
    return state;
  }

  function draw(colour) {
    const { clientWidth } = traces;
    const before = view.shown;
    const easing = view.axis.moves() ? performance.now() : 0;
    const keys = [view.version, colour, clientWidth, devicePixelRatio, model.get("speed"), easing];
    const state = (view.shown = once("shown", keys, () => shownNow(colour, clientWidth)));
    state.now = momentAt(state, view.at(), calm());
    state.cursor = state.now.step;
    const passed = state.pace.crossings.filter((one) => state.now.since(one) >= 0).length;
    tools.sound.follow(passed, tools.walk.playing());
    drawStage(surface(traces), kept, state, tools.walk.playing(), colour);
    if (view.axis.moves()) requestAnimationFrame(view.paint);
    if (state !== before) {
      // A long input costs the map many runs: it waits until the hand that paints rests.
      if (!view.frozen.input || state.current.length <= LONG) tools.map.draw(state, colour);
      drawFi(parts.fi, state, model.get("limits").amplitude[1], colour);
      write(state, tools, parts, view);
    }
    if (state.p.stimulus === "drawn") tools.input.place(state);
    parts.step.update(explain(state));
    tools.speed.update(model.get("speed"));
    tools.walk.update();
    return state;
  }

  pointAt(traces, ({ offsetX }) => {
    const { x, p } = view.shown;
    view.go(clamp(Math.round(x.invert(offsetX) / p.dt), 0, view.last()));
  });

  // ---- what changes more than the playhead: told before `mount` asks for the drawing
  listen(model, ["current", "ghost"], () => (view.before = null), signal);
  listen(model, ["current"], () => (view.drawn = unpacked(model.get("current"))), signal);
  const moved = () => {
    view.version++;
    if (view.alone) tools.walk.stop();
  };
  listen(model, [...PARAMETERS, ...PICTURE, ...ANSWER], moved, signal);
  const heard = [...PARAMETERS, ...PICTURE, ...CURSOR, ...ANSWER];
  const [undo, film] = [[...PARAMETERS, "pins", "current"], { player: tools.walk, stage }];
  view.paint = mount({ model, el, signal }, root, heard, draw, { undo, film });
  tools.walk.passOnce(stage);
}

function write(state, tools, parts, { axis }) {
  const { p, other, ghost, mystery, pinRuns, x, y, width } = state;
  const along = { range: [x.range[0], width] }; // over the tank, too
  tools.threshold.place(p.v_threshold, along, axis.underHand(y), `V_th ${show(p.v_threshold, 2)}`);
  tools.tau.place(state);
  const text = summaryText(state);
  put(parts.summary, text);
  parts.traces.ariaLabel = "Input current, membrane and spikes over time, and the neuron as a " +
    `tank whose brim is the threshold. ${text}`;
  tools.pins.update(p, pinRuns);
  put(parts.mapText, mapText(state, tools.map.most));
  const away = [[tools.clearGhost, !ghost], [parts.ghostKey, !ghost], [parts.otherKey, !other]];
  for (const [element, is] of away)
    element.classList.toggle("sv-away", is); // keeps its place: nothing may jump under the hand
  if (ghost) parts.ghostKey.textContent = `last run, ${state.ghostRun.count} spikes`;
  parts.mysteryKey.hidden = !mystery;
  if (mystery) tools.mystery.update(state);
  tools.input.update(state);
  tools.modes.update();
  tools.challenge.update(state);
  tools.libraries.update(state);
  tools.controls.update(p);
}

export default { initialize, allows, render: lasting(render) };
