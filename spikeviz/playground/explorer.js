// SpikingPlayground: a small spiking network that learns points of the plane in the page. Python
// holds the settings as traits; what it learned goes there when it rests.

import { makeAsking } from "./asking.js";
import { makeControls, makeSets, makeShape } from "./controls.js";
import { makeCopying } from "./copying.js";
import { makePlane, makeWires } from "./hands.js";
import { makePanels } from "./membranes.js";
import { drawLoss, drawPlane } from "./plane.js";
import { makeRunner } from "./runner.js";
import { SIDE, makeSession } from "./session.js";
import { LEARNED, SETTINGS, allows, settingsOf } from "./state.js";
import { drawNetwork, inputMaps, nodesOf } from "./wires.js";
import { costRows, flawsOf, named, pointWords, summaryText } from "./words.js";
import { makePage } from "./parts.js";
import { button, grouped, h, put, show } from "../base/page.js";
import { player, playhead } from "../base/controls.js";
import { lasting, mount } from "../base/widget.js";
import { listen, setter, syncing, valuesOf } from "../base/traits.js";
import { memory } from "../base/memory.js";
import { surface } from "../base/draw.js";

const LOOKS = ["point", "time_step", "speed", "experiment", "weight"];
const TRAITS = [...SETTINGS, ...LOOKS, ...LEARNED];
const STEPS_A_SECOND = 1.6; // of the point's own time
const sessions = new WeakMap(); // the views of a model share one

function sessionOf(model) {
  if (!sessions.has(model)) {
    const session = makeSession(settingsOf(model));
    session.adopt(valuesOf(model, LEARNED), settingsOf(model));
    sessions.set(model, session);
  }
  return sessions.get(model);
}

/** Training and the time of the point: what moves, its buttons, and what Python hears of it. */
function makeClocks({ model, set, session, paint, signal }) {
  const tell = () => session.tell(set);
  const reset = () => {
    session.begin();
    tell();
    paint();
  };
  const asking = makeAsking({ model, set, session, reset, runner: () => runner });
  const runner = makeRunner({
    session, speed: () => model.get("speed"), paint, tell, signal, rests: asking.rests,
  });
  const step = button("Step", () => {
    runner.stop();
    session.learn(1, Infinity);
    tell();
    paint();
  });
  const last = () => session.trainer.network.steps;
  const walk = player({
    last, ...playhead({ model, name: "time_step", last, paint }), smooth: true, signal,
    rate: () => STEPS_A_SECOND, label: "Time step of the point",
    text: (place) => `time step ${Math.floor(place)} of ${last()}`,
  });
  const count = h("output", { class: "sv-clock", "aria-live": "off" });
  const renewed = { title: "New weights, same seed" };
  const top = [runner.press, step, button("↺ Reset", reset, renewed), count];
  return { tell, asking, runner, walk, last, count, top, resetToo: button("↺ Reset", reset) };
}

/** What hands move on the pictures. */
function makeHands({ model, set, session, paint, view, tell }) {
  const look = (name) => {
    view.look = name;
    paint();
  };
  const thresholdsOf = (name) => {
    const { own, thresholds } = session.trainer.settings;
    return own[name] ?? thresholds[name.split(".")[0]] ?? [];
  };
  const panels = makePanels({
    setThreshold(name, i, value) {
      const { [name]: mine = thresholdsOf(name), ...others } = model.get("own");
      if (!mine.length) return; // the neuron has gone in this very moment
      const next = mine.map((old, k) => (k === i ? value : old));
      set({ own: value === null ? others : { ...others, [name]: next } });
    },
  });
  return {
    ...makeControls({ model, set }), thresholdsOf, panels, sets: makeSets(set),
    shape: makeShape({ model, set, look }), plane: makePlane({ model, set, paint, view }),
    wires: makeWires({ model, set, session, tell }),
  };
}

/** Maps and numbers: anew where something is, while it trains as often as there is time. */
function measure({ view, session, runner }) {
  const now = performance.now();
  const { settings } = session.trainer; // others may mean another number of neurons
  const waits = runner.playing() && view.of === settings && now < view.due;
  if (view.seen === session.version || waits) return;
  Object.assign(view, { maps: session.maps(), numbers: session.numbers(), of: settings });
  view.seen = session.version;
  if (session.trainer.steps) session.note();
  view.took = performance.now() - now;
  view.due = now + 3 * view.took;
}

/** All that the pictures show. */
function stateOf(its) {
  const { model, session, view, walk, last, thresholdsOf, once } = its;
  const { settings, layers, points } = session.trainer;
  const { maps, numbers } = view;
  const p = { ...valuesOf(model, TRAITS), thresholds: settings.thresholds };
  const features = layers[0].inputs;
  const [place, point] = [walk.at(), view.hover ?? p.point];
  const run = session.probe(point);
  const flaws = flawsOf(settings, numbers);
  const seen = view.look?.split(".").map(Number);
  const rate = (name) => name.split(".").reduce((of, at) => of[at], numbers.rates);
  return {
    p, settings, layers, points, maps, numbers, features, place, point, run, flaws,
    seen: seen && seen[1] < settings.layers[seen[0]] ? seen : null,
    inputs: once("inputs", [features], () => inputMaps(features, SIDE)),
    most: (l, i) => (settings.spiking ? thresholdsOf(`${l}.${i}`).length : 1),
    fires: (l, i) => place > 0 && place < last() && run.layers[l].spikes[Math.floor(place)][i] > 0,
    flawed: (name, says) => `${named(name)}: ${says}${flaws[name] ? `, ${flaws[name]}` : ""}`,
    rated: (name) => `rate ${show(rate(name), 2)}`,
    words: pointWords({ point, run, settings }),
  };
}

function drawAll(its, colour, state) {
  const { sets, shape, plane, wires, panels, page, thresholdsOf, session } = its;
  const { p, settings, layers, features, inputs, seen, most, flawed, rated } = state;
  sets.draw(colour, settings);
  wires.know(layers, inputs);
  const on = surface(wires.canvas);
  const nodes = nodesOf(on, [features, ...settings.layers, 1]);
  drawNetwork(on, colour, { ...state, nodes, chosen: p.weight });
  const titleOf = (name) => flawed(name, rated(name));
  shape.update(p, nodes, { titleOf, silent: settings.silent });
  wires.update(nodes);
  drawPlane(surface(plane.canvas), colour, {
    ...state, own: settings.points, grows: settings.data === "points",
    look: seen && { layer: seen[0], neuron: seen[1], most: most(...seen) },
  });
  plane.update();
  drawLoss(surface(page.loss), colour, session.history);
  const spiked = (name, spikes) => flawed(name, `${spikes} of ${its.last()}`);
  panels.draw(colour, { ...state, thresholdsOf, titleOf: spiked });
}

function write(its, { p, settings, numbers, words, seen }) {
  const { page, session, plane, wires, count, asking, walk, resetToo } = its;
  const summary = summaryText({ settings, session, numbers });
  put(page.summary, summary);
  put(page.problem, session.problem);
  resetToo.hidden = !session.problem;
  put(count, `step ${grouped(session.trainer.steps)}`);
  put(page.says, words.says);
  put(page.plane, seen ? `Firing rate of neuron ${named(seen.join("."))}` : "What it decides");
  page.costs.update(costRows({ settings, numbers }));
  plane.canvas.ariaLabel = `The plane: ${summary} ${words.says}`;
  page.loss.ariaLabel = `Losses over the steps. ${summary}`;
  wires.canvas.ariaLabel = `The network, ${settings.layers.join(" + ")} neurons. ${summary}`;
  its.update(p);
  asking.update();
  walk.update();
}

function render({ model, el, signal }) {
  let request = () => {};
  const its = {
    model, signal, set: setter(model), session: sessionOf(model), paint: () => request(),
    view: { look: null, hover: null, adds: null, due: 0, took: 0, seen: -1 }, once: memory(),
  };
  Object.assign(its, makeClocks(its));
  Object.assign(its, makeHands(its), { copying: makeCopying(model, its.session) });
  its.page = makePage(its);
  const { session, runner, walk } = its;

  function draw(colour) {
    const changed = session.follow(settingsOf(model));
    if (changed && !runner.playing()) its.tell();
    measure(its);
    const state = stateOf(its);
    drawAll(its, colour, state);
    write(its, state);
    const { steps, network } = session.trainer;
    const { p, numbers, run } = state;
    return { p, numbers, run, steps, values: [...network.values], measured: its.view.took };
  }
  const film = { ...walk, filming(is) {
    runner.stop();
    walk.filming(is);
  } };
  request = mount({ model, el, signal }, its.page.root, TRAITS, draw, {
    undo: [...SETTINGS, "point"], along: LEARNED, film: { player: film, stage: its.page.stage },
  });
  listen(model, LEARNED, () => {
    session.adopt(valuesOf(model, LEARNED), settingsOf(model));
    its.paint();
  }, signal);
  runner.once(its.plane.canvas);
}

export default {
  allows, initialize: (props) => syncing(props, TRAITS), render: lasting(render),
};
