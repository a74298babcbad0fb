// SurrogateExplorer: the step, the slope lent to it, and a weight that learns from that. Python
// holds the parameters as traits; all that is drawn is computed here, within a frame of a move.

import { computer } from "./surrogate.js";
import { PICTURES } from "./draw.js";
import { dragAlong, dragPoint, makeControls } from "./controls.js";
import { makeBoards, makePage } from "./parts.js";
import { button, show } from "../base/page.js";
import { player } from "../base/controls.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { redrawer } from "../base/draw.js";

const SHAPE = ["surrogate", "alpha", "dead_below"];
const NEURON = ["tau", "time_steps", "v_reset", "detach_reset"];
const TUNING = ["surrogate_on", "weight", "target", "learning_rate", "descent_step"];
const NAMES = [...SHAPE, ...NEURON, ...TUNING, "at", "layer"];
const STEPS_A_SECOND = 8;

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
  const walk = player({
    last: () => shown.last, at: () => shown.place, go: (descent_step) => set({ descent_step }),
    rate: () => STEPS_A_SECOND, label: "Step of the descent",
    text: (place) => `step ${place} of ${shown.last}`, signal,
  });
  const stepOnce = button("Step", () => {
    walk.stop();
    set({ descent_step: Math.min(shown.place + 1, shown.last) });
  });
  const { controls, update } = makeControls({ model, set, begin, get: () => shown });
  const boards = makeBoards();
  const slopeAt = (px) => (shown.edge * shown.p.alpha) / Math.max(1e-6, -scales.layer.x.invert(px));
  const along = (name) => (px) => scales[name].x.invert(px);
  const points = {
    step: dragPoint("Distance to the threshold, u", limits.at, along("step"), setAt),
    layer: dragPoint("Slope α, drag the edge of the dead zone", limits.alpha, slopeAt, setAlpha),
    loss: dragPoint("Weight, drag it along the loss", limits.weight, along("loss"), begin),
  };
  dragAlong(boards.step, limits.at, along("step"), setAt);
  dragAlong(boards.slopes, limits.alpha, along("slopes"), setAlpha);
  dragAlong(boards.loss, limits.weight, along("loss"), begin);
  const page = makePage({ controls, boards, points, walk: [stepOnce, ...walk.elements] });

  function draw(colour) {
    const state = (shown = compute(valuesOf(model, NAMES)));
    const { p, here } = state;
    for (const [name, input] of Object.entries(inputsOf(state))) // only what this move changes
      scales[name] = redraw(boards[name], [colour, ...input], (on) =>
        PICTURES[name](on, colour, state));
    points.step.place(p.at, scales.step.place, show(p.at));
    points.layer.place(p.alpha, scales.layer.place, show(p.alpha));
    const loss = `${show(here.weight)}, loss ${show(here.loss)}`;
    points.loss.place(here.weight, scales.loss.place, loss);
    page.write(state);
    update(p);
    stepOnce.disabled = state.place >= state.last;
    walk.update();
    return state;
  }
  mount({ model, el, signal }, page.root, NAMES, draw);
}

export default { initialize: (props) => syncing(props, NAMES), render: lasting(render) };
