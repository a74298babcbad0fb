// SpikingPlayground: a small spiking network that learns points of the plane in the page. Python
// holds the settings as traits; what it learned goes there when it rests.

import { makeControls, makeSets, makeShape } from "./controls.js";
import { makePlane, makeWires } from "./hands.js";
import { makePanels } from "./membranes.js";
import { drawLoss, drawPlane } from "./plane.js";
import { makeRunner } from "./runner.js";
import { SIDE, makeSession } from "./session.js";
import { LEARNED, SETTINGS, allows, settingsOf } from "./state.js";
import { drawNetwork, inputMaps, nodesOf } from "./wires.js";
import { costRows, flawsOf, named, pointWords, summaryText } from "./words.js";
import { button, div, formulaRows, grouped, h, key, para, put, show } from "../base/page.js";
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
    session.adopt(valuesOf(model, LEARNED));
    sessions.set(model, session);
  }
  return sessions.get(model);
}

/** The element of the widget, and what in it is written in each drawing. */
function makePage({ sets, controls, shape, wires, plane, panels, top, walk, resetToo }) {
  const parts = {
    summary: h("p", { class: "sv-summary", role: "status", "aria-live": "off" }),
    problem: h("p", { class: "sv-pg-problem", role: "alert" }),
    plane: para("title"), costs: formulaRows(3), says: h("span", { class: "sv-grow" }),
    loss: h("canvas", { class: "sv-pg-loss", role: "img" }),
  };
  resetToo.hidden = true;
  parts.stage = div("stack sv-pg-stage", wires.canvas, shape.over, wires.knob);
  const left = div("pg-left",
    div("pg-data", sets.element),
    div("pg-settings", div("controls", ...Object.values(controls).map((one) => one.element))));
  const net = div("pg-net",
    div("row", h("b", {}, "Hidden layers"), shape.layers,
      h("span", { class: "sv-caption" },
        "Each square: a neuron's firing rate over the plane, bright is often. Click silences.")),
    parts.stage, div("controls", ...wires.controls));
  const out = div("pg-out", parts.plane, plane.element, div("row sv-pg-modes", ...plane.modes),
    parts.loss, div("row", key("train", "training loss"), key("test", "test loss")));
  const point = div("pg-point",
    div("row", h("b", {}, "This point, step by step"), ...walk.elements, parts.says),
    panels.element, parts.costs.element);
  parts.root = h("div", { class: "spikeviz sv-playground" },
    div("row", ...top), div("row", parts.problem, resetToo), parts.summary,
    div("pg-bench", left, net, out, point));
  return parts;
}

function render({ model, el, signal }) {
  const set = setter(model);
  const session = sessionOf(model);
  const view = { look: null, hover: null, adds: null, due: 0, seen: -1 };
  let paint = () => {};
  const again = () => paint();
  const tell = () => set(session.learned());
  const reset = () => {
    session.begin();
    tell();
    again();
  };
  const runner = makeRunner({
    session, speed: () => model.get("speed"), paint: again, tell, signal,
  });
  const step = button("Step", () => {
    runner.stop();
    session.learn(1, Infinity);
    tell();
    again();
  });
  const last = () => session.trainer.network.steps;
  const walk = player({
    last, ...playhead({ model, name: "time_step", last, paint: again }), smooth: true, signal,
    rate: () => STEPS_A_SECOND, label: "Time step of the point",
    text: (place) => `time step ${Math.floor(place)} of ${last()}`,
  });
  const count = h("output", { class: "sv-clock", "aria-live": "off" });
  const { controls, update } = makeControls({ model, set });
  const sets = makeSets(set);
  const look = (name) => {
    view.look = name;
    again();
  };
  const shape = makeShape({ model, set, look });
  const plane = makePlane({ model, set, paint: again, view });
  const wires = makeWires({ model, set, session, tell });
  const thresholdsOf = (name) => {
    const { own, thresholds } = session.trainer.settings;
    return own[name] ?? thresholds[name.split(".")[0]];
  };
  const panels = makePanels({
    setThreshold(name, i, value) {
      const { [name]: mine = thresholdsOf(name), ...others } = model.get("own");
      const next = mine.map((old, k) => (k === i ? value : old));
      set({ own: value === null ? others : { ...others, [name]: next } });
    },
  });
  const top = [runner.press, step, button("↺ Reset", reset, { title: "New weights, same seed" }),
    count];
  const resetToo = button("↺ Reset", reset);
  const page = makePage({ sets, controls, shape, wires, plane, panels, top, walk, resetToo });
  const once = memory();

  /** Maps and numbers: anew where something is, while it trains as often as there is time. */
  function measure(changed) {
    const now = performance.now();
    if (view.seen === session.version || (runner.playing() && !changed && now < view.due)) return;
    Object.assign(view, { maps: session.maps(), numbers: session.numbers() });
    view.seen = session.version;
    if (session.trainer.steps) session.note();
    view.due = now + 3 * (performance.now() - now);
  }

  function draw(colour) {
    const changed = session.follow(settingsOf(model));
    if (changed && !runner.playing()) tell();
    measure(changed);
    const { settings, layers, points, network } = session.trainer;
    const p = { ...valuesOf(model, TRAITS), thresholds: settings.thresholds };
    const { maps, numbers } = view;
    const features = layers[0].inputs;
    const inputs = once("inputs", [features], () => inputMaps(features, SIDE));
    const place = walk.at();
    const point = view.hover ?? p.point;
    const run = session.probe(point);
    const flaws = flawsOf(settings, numbers);
    const most = (l, i) => (settings.spiking ? thresholdsOf(`${l}.${i}`).length : 1);
    const rate = (name) => name.split(".").reduce((of, at) => of[at], numbers.rates);
    const titleOf = (name) => `${named(name)}: rate ${show(rate(name), 2)}` +
      (flaws[name] ? `, ${flaws[name]}` : "");

    sets.draw(colour, settings);
    wires.know(layers, inputs);
    const on = surface(wires.canvas);
    const nodes = nodesOf(on, [features, ...settings.layers, 1]);
    const fires = (l, i) => place > 0 && place < last() &&
      run.layers[l].spikes[Math.floor(place)][i] > 0;
    drawNetwork(on, colour, {
      nodes, layers, maps, most, flaws, run, place, inputs, fires, chosen: p.weight,
    });
    shape.update(p, nodes, { titleOf, silent: settings.silent });
    wires.update(nodes);
    const seen = view.look && view.look.split(".").map(Number);
    drawPlane(surface(plane.canvas), colour, {
      maps, points, own: settings.points, grows: settings.data === "points",
      look: seen && seen[1] < settings.layers[seen[0]]
        ? { layer: seen[0], neuron: seen[1], most: most(...seen) } : null,
    });
    plane.update();
    drawLoss(surface(page.loss), colour, session.history);
    const words = pointWords({ point, run, settings });
    panels.draw(colour, {
      settings, run, thresholdsOf, place, words,
      titleOf: (name, spikes) => `${named(name)}: ${spikes} of ${last()}` +
        (flaws[name] ? `, ${flaws[name]}` : ""),
    });
    write({ p, settings, numbers, words, seen });
    return { p, steps: session.trainer.steps, numbers, run, values: network.values };
  }

  function write({ p, settings, numbers, words, seen }) {
    const summary = summaryText({ settings, session, numbers });
    put(page.summary, summary);
    put(page.problem, session.problem);
    resetToo.hidden = !session.problem;
    put(count, `step ${grouped(session.trainer.steps)}`);
    put(page.says, words.says);
    put(page.plane, seen ? `Firing rate of neuron ${named(view.look)}` : "What it decides");
    page.costs.update(costRows({ settings, numbers }));
    plane.canvas.ariaLabel = `The plane: ${summary} ${words.says}`;
    page.loss.ariaLabel = `Losses over the steps. ${summary}`;
    wires.canvas.ariaLabel = `The network, ${settings.layers.join(" + ")} neurons. ${summary}`;
    update(p);
    walk.update();
  }

  const film = { ...walk, filming(is) {
    runner.stop();
    walk.filming(is);
  } };
  paint = mount({ model, el, signal }, page.root, TRAITS, draw, {
    undo: [...SETTINGS, "point"], along: LEARNED, film: { player: film, stage: page.stage },
  });
  listen(model, LEARNED, () => {
    session.adopt(valuesOf(model, LEARNED));
    again();
  }, signal);
  runner.once(plane.canvas);
}

export default {
  allows, initialize: (props) => syncing(props, TRAITS), render: lasting(render),
};
