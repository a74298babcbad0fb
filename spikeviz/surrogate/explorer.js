// SurrogateExplorer: the step, the slope lent to it, and a weight that learns from that. Python
// holds the parameters as traits; all that is drawn is computed here, within a frame of a move.

import { computer } from "./surrogate.js";
import { PICTURES } from "./draw.js";
import { dragAlong, dragPoint, makeControls } from "./controls.js";
import { makeBoards, makePage } from "./parts.js";
import { button, show } from "../base/page.js";
import { player, playhead } from "../base/controls.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { redrawer } from "../base/draw.js";

const SHAPE = ["surrogate", "alpha", "dead_below"];
const NEURON = ["tau", "time_steps", "v_reset", "detach_reset"];
const TUNING = ["surrogate_on", "weight", "target", "learning_rate", "descent_step"];
const NAMES = [...SHAPE, ...NEURON, ...TUNING, "at", "layer"];
const TRAITS = [...NAMES, "parts"];
const GESTURES = NAMES.filter((name) => name !== "descent_step");
const BELOW = { step: "survival", layer: "slopes", loss: "neuron" };
const STEPS_A_SECOND = 6;

/** What each picture depends on. */
function inputsOf({ p, here }) {
  const shape = [p.surrogate, p.alpha];
  const layer = [...shape, p.dead_below, p.layer];
  const neuron = [p.tau, p.time_steps, p.v_reset, p.target, ...Object.values(here)];
  const learning = [...shape, p.detach_reset, p.weight, p.learning_rate];
  return {
    step: [...shape, p.dead_below, p.at],
    survival: [...shape, p.at, p.tau, p.time_steps, p.v_reset, p.detach_reset],
    loss: [...neuron, ...(p.surrogate_on ? learning : [])],
    layer, slopes: layer, neuron,
  };
}

/** Puts the handles of the pictures on show where their values are. */
function placePoints(points, scales, { p, here }) {
  const loss = `${show(here.weight)}, loss ${show(here.loss)}`;
  const place = {
    step() {
      points.step.place(p.at, scales.step.place, show(p.at));
      points.slope.place(p.alpha, scales.step.slope, show(p.alpha));
    },
    layer: () => points.layer.place(p.alpha, scales.layer.place, show(p.alpha)),
    loss: () => points.loss.place(here.weight, scales.loss.place, loss),
  };
  p.parts.forEach((part) => place[part]());
}

function render({ model, el, signal }) {
  let shown = null; // what the last drawing showed
  const scales = {}; // of the pictures
  const limits = model.get("limits");
  const set = setter(model);
  const compute = computer(limits, (layer) => model.get("layers")[layer]);
  const redraw = redrawer();
  const begin = (weight) => {
    walk.stop();
    set({ weight, descent_step: 0 });
  };
  const setAt = (at) => set({ at });
  const setAlpha = (alpha) => set({ alpha });
  const most = () => limits.descent_step[1];
  const head = playhead({ model, name: "descent_step", last: most, paint: () => paint() });
  const last = () => shown.last; // it may rest before
  const walk = player({
    last, at: () => Math.min(head.at(), last()), go: head.go, rate: () => STEPS_A_SECOND,
    label: "Step of the descent",
    text: (place) => `step ${Math.floor(place)} of ${shown.last}${place % 1 ? ", between" : ""}`,
    signal, smooth: true,
  });
  const stepOnce = button("Step", () => {
    walk.stop();
    head.go(Math.min(Math.floor(shown.place) + 1, shown.last));
  });
  const { controls, update } = makeControls({ model, set, begin, get: () => shown });
  const boards = makeBoards();
  const slopeAt = (px) => (shown.edge * shown.p.alpha) / Math.max(1e-6, -scales.layer.x.invert(px));
  const widthAt = (px) => (shown.half * shown.p.alpha) / Math.max(1e-6,
    Math.abs(scales.step.x.invert(px)));
  const along = (name) => (px) => scales[name].x.invert(px);
  const back = (name) => model.get("defaults")[name];
  const slope = { range: limits.alpha, set: setAlpha, reset: () => setAlpha(back("alpha")) };
  const points = {
    step: dragPoint({
      label: "Distance to the threshold, u", range: limits.at, invert: along("step"), set: setAt,
      reset: () => setAt(back("at")),
    }),
    slope: dragPoint({
      ...slope, label: "Slope α, drag σ' wider or narrower", invert: widthAt, kind: "sv-slope",
    }),
    layer: dragPoint({
      ...slope, label: "Slope α, drag the edge of the dead zone", invert: slopeAt,
    }),
    loss: dragPoint({
      label: "Weight, drag it along the loss", range: limits.weight, invert: along("loss"),
      set: begin, reset: () => begin(back("weight")),
    }),
  };
  dragAlong(boards.step, limits.at, along("step"), setAt);
  dragAlong(boards.slopes, limits.alpha, along("slopes"), setAlpha);
  dragAlong(boards.loss, limits.weight, along("loss"), begin);
  const page = makePage({ controls, boards, points, walk: [stepOnce, ...walk.elements] });

  function draw(colour) {
    const state = (shown = compute(valuesOf(model, TRAITS), head.at()));
    const { p } = state;
    page.write(state); // which pictures there are
    const inputs = inputsOf(state);
    for (const name of p.parts.flatMap((part) => [part, BELOW[part]])) // what this move changes
      scales[name] = redraw(boards[name], [colour, ...inputs[name]], (on) =>
        PICTURES[name](on, colour, state));
    placePoints(points, scales, state);
    update(p);
    stepOnce.disabled = state.place >= state.last;
    walk.update();
    return state;
  }
  const film = { player: walk, stage: page.stage };
  const paint = mount({ model, el, signal }, page.root, TRAITS, draw,
    { undo: GESTURES, film: model.get("parts").includes("loss") ? film : undefined });
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
