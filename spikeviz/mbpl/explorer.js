// MBPLExplorer: several thresholds over one input. Python holds the parameters as traits;
// everything drawn is computed here, so a move is answered within a frame.

import { MOST, computer, ladder } from "./mbpl.js";
import { domainOf, scalesOf, tracer } from "./traces.js";
import { exhibition, sendingPictures } from "./photos.js";
import { pixelHandle, rungs, stageHands } from "./hands.js";
import { pace, stepAt } from "./motion.js";
import { drawSent } from "./sent.js";
import { curveView } from "./curve.js";
import { makeControls } from "./controls.js";
import { makePage } from "./parts.js";
import { easing } from "./easing.js";
import { clamp } from "../base/page.js";
import { memory } from "../base/memory.js";
import { player, playhead } from "../base/controls.js";
import { gestures } from "../base/gestures.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { redrawer, surface } from "../base/draw.js";

const SOURCE = ["stimulus", "amplitude", "period", "seed", "image", "row", "column"];
const MOVED = ["thresholds", "tau", "time_steps", ...SOURCE, "mixer", "readout", "guess"];
const TRAITS = [...MOVED, "cursor", "task"];

/** What hands do to the traits. */
function handsOf(model) {
  const set = setter(model);
  const thresholds = () => model.get("thresholds");
  return {
    model, set,
    count: () => thresholds().length,
    setThreshold: (i, value) =>
      set({ thresholds: thresholds().map((old, j) => (j === i ? value : old)) }),
    setCount: (n) => set({ thresholds: ladder(thresholds(), clamp(n, 1, MOST)) }),
  };
}

/** remember(state) gives what was on show before the present move, if its input is the same. */
function ghosts(signal) {
  const begins = gestures(signal);
  const source = ({ p }) => SOURCE.map((name) => p[name]).join();
  let [shown, ghost] = [null, null];
  return (state) => {
    if (shown && (shown.key !== state.key || shown.given !== state.given)) {
      if (begins()) ghost = shown;
      if (ghost && source(ghost) !== source(state)) ghost = null;
    }
    shown = state;
    return ghost;
  };
}

/** Whether a picture is in sight or printed: what nobody sees costs a move nothing. */
function inSight(canvas, paint, signal) {
  let seen = false;
  const sight = new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    if (seen) paint();
  });
  sight.observe(canvas);
  signal.addEventListener("abort", () => sight.disconnect());
  return () => seen || canvas.closest(".sv-print");
}

function render({ model, el, signal }) {
  const request = () => paint();
  const last = () => model.get("time_steps");
  const time = { last, ...playhead({ model, last, paint: request, ends: true }) };
  const view = { inStrips: false }; // also what is on show, and where: scales in pixels
  const hands = { ...handsOf(model), view, time };
  const top = easing(request, signal); // of the membranes' axis: it follows a hand
  const apart = easing(request, signal);
  const walk = player({
    ...time, smooth: true, signal, rests: request,
    rate: (place) => (view.state ? pace(view.state, place) : 1),
    text: (place) => `step ${place ? stepAt(place) + 1 : 0} of ${last()}`,
  });
  const parts = {
    ...hands, walk, controls: makeControls(hands), thresholds: rungs(hands, top.hold),
    pixel: pixelHandle(hands), curve: curveView(hands),
    split(is) {
      view.inStrips = is;
      apart.hold(true);
      apart.hold(false);
    },
  };
  const page = makePage(parts);
  const { boards } = page;
  stageHands(boards, hands);
  const [once, compute, redraw] = [memory(), computer(model.get("recorded")), redrawer()];
  const [drawTraces, drawPhotos, drawSending] = [tracer(), exhibition(), sendingPictures()];
  const remember = ghosts(signal);
  const sendingSeen = inSight(boards.sending, request, signal);

  /** The plots over time and the pictures: what moves. */
  function drawStage(state, look) {
    const [least, most] = domainOf(state);
    const domain = [least, top.at(most)];
    const traces = surface(boards.traces);
    const scales = scalesOf(traces, state, { apart: look.apart, domain });
    drawTraces(traces, state, scales, look);
    parts.thresholds.place(state, scales, traces.width);
    view.x = scales.x;
    if (!state.isImage) return;
    Object.assign(view, drawPhotos(surface(boards.photos), state, look));
    parts.pixel.place(state, view);
  }

  function draw(colour) {
    const place = time.at();
    const task = model.get("task");
    const values = { ...valuesOf(model, MOVED), task, cursor: stepAt(place) };
    const state = once("state", Object.values(values), () => compute(values));
    const ghost = remember(state);
    view.state = state;
    page.arrange(state.isImage, task);
    const look = {
      colour, ghost, place, lines: page.linesNow(), hidden: walk.playing(),
      apart: apart.at(Number(view.inStrips)),
    };
    drawStage(state, look);
    const what = [colour, state.sent, state.p.readout, state.cursor];
    once("words", [state, ghost, view.inStrips], () => page.write(state, ghost, view.inStrips));
    if (task) {
      redraw(boards.plane, [colour, state], (on) => page.task.draw(on, state, look));
    } else {
      boards.sent.classList.toggle("sv-short", !state.sent.membrane);
      view.sent = redraw(boards.sent, what, (on) => drawSent(on, state, look));
      if (state.isImage && sendingSeen())
        redraw(boards.sending, [...what, state.key], (on) => drawSending(on, state, look));
      redraw(boards.curve, [colour, ghost, state], (on) => parts.curve.draw(on, state, look));
    }
    parts.controls.update(state);
    walk.update();
    return state;
  }
  const more = { undo: MOVED, film: { player: walk, stage: page.stage } };
  const paint = mount({ model, el, signal }, page.root, TRAITS, draw, more);
  walk.passOnce(page.stage);
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
