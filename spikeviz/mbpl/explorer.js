// MBPLExplorer: several thresholds over one input. Python holds the parameters as traits;
// everything drawn is computed here, so a move is answered within a frame.

import { LONGEST, MOST, THRESHOLDS, computer, ladder, low } from "./mbpl.js";
import { drawCurves, drawSent, drawTraces } from "./draw.js";
import { photographer } from "./photos.js";
import { makeControls } from "./controls.js";
import { makePage } from "./parts.js";
import { clamp, show } from "../base/page.js";
import { drag, onArrows, player } from "../base/controls.js";
import { dragLine } from "../base/slider.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { redrawer, surface } from "../base/draw.js";

const INPUT = ["stimulus", "amplitude", "period", "seed", "image", "row", "column"];
const TRAITS = ["thresholds", "tau", "time_steps", ...INPUT, "mixer", "readout", "cursor", "guess"];
const STEPS_PER_SECOND = 6;
const PAUSE = 700; // ms without a change, after which what is on show becomes the ghost

/** The cursor on the traces, the pixel and the curves, under a hand. */
function takeHands({ traces, sent, photos, curves }, view, { model, set, setCount }) {
  const { size } = model.get("recorded");
  const goPixel = (...at) => {
    const [row, column] = at.map((place) => clamp(place, 0, size - 1));
    set({ row, column });
  };
  for (const board of [traces, sent]) drag(board, ({ offsetX }) => {
    set({ cursor: clamp(Math.floor(view.x.invert(offsetX)), 0, model.get("time_steps") - 1) });
  });
  let side = 0; // of the curves: where the hand went down
  drag(curves, ({ offsetX }, down) => {
    if (down) side = offsetX < view.curves[1].range[0] - 20 ? 0 : 1;
    const value = Math.round(view.curves[side].invert(offsetX));
    if (side) set({ time_steps: clamp(value, 1, LONGEST) });
    else setCount(value);
  });
  drag(photos, ({ offsetX, offsetY }) => {
    const at = view.pixelAt(offsetX, offsetY);
    if (at) goPixel(...at);
  });
  onArrows(photos, (dx, dy) => goPixel(model.get("row") + dy, model.get("column") + dx));
}

function render({ model, el, signal }) {
  let shown = null; // what the last drawing showed
  let ghost = null; // what was on show before the last change
  let changed = -Infinity; // when that was
  let frozen = null; // the membranes' range, while a threshold is dragged
  const view = {}; // where the plots stand: scales in pixels
  const recorded = model.get("recorded");
  const set = setter(model);
  const [compute, redraw] = [computer(recorded), redrawer()];
  const takePhotos = photographer(recorded.size);
  const setThreshold = (i, value) =>
    set({ thresholds: model.get("thresholds").map((old, j) => (j === i ? value : old)) });
  const setCount = (n) =>
    set({ thresholds: ladder(model.get("thresholds"), clamp(n, 1, MOST)) });

  const controls = makeControls({ model, set, setThreshold, setCount });
  const [lowest, highest, step] = THRESHOLDS;
  const thresholds = Array.from({ length: MOST }, (_, i) => dragLine({
    label: `Threshold ${i + 1}, drag up or down`,
    range: () => [lowest, frozen ? Math.min(highest, frozen[1]) : highest, step],
    set: (value) => setThreshold(i, value),
    start: () => (frozen = view.membrane),
    end: () => {
      frozen = null;
      paint();
    },
  }));
  const last = () => model.get("time_steps") - 1;
  const walk = player({
    last, at: () => clamp(model.get("cursor"), 0, last()), go: (cursor) => set({ cursor }),
    rate: () => STEPS_PER_SECOND, text: (place) => `step ${place + 1} of ${last() + 1}`, signal,
  });
  const page = makePage({ model, set, controls, thresholds, walk });
  const { boards } = page;
  takeHands(boards, view, { model, set, setCount });

  function draw(colour) {
    const state = compute(valuesOf(model, TRAITS));
    const { p, isImage } = state;
    boards.photos.hidden = !isImage; // before any size is read
    if (shown && (shown.key !== state.key || shown.given !== state.given)) {
      if (performance.now() - changed > PAUSE) ghost = shown;
      changed = performance.now();
    }
    const look = { colour, ghost, lines: page.linesNow() };
    const over = [colour, ghost, state.given, p.tau, p.thresholds, frozen];
    const traces = redraw(boards.traces, over, (on) => drawTraces(on, state, look, frozen));
    const what = [colour, state.sent, p.readout, state.cursor];
    redraw(boards.sent, what, (on) => drawSent(on, state, look));
    const against = [colour, ghost, state.key, p.guess];
    const curves = redraw(boards.curves, against, (on) => drawCurves(on, state, look));
    Object.assign(view, traces, { curves });
    if (isImage) view.pixelAt = takePhotos(surface(boards.photos), state, look);
    for (const [i, { element, place }] of thresholds.entries()) {
      element.hidden = i >= state.n;
      const value = p.thresholds[i];
      if (!element.hidden) place(value, view.x, view.strips[i], `V${low(i)} ${show(value, 2)}`);
    }
    page.write(state, view, ghost);
    shown = state;
    return state;
  }
  const paint = mount({ model, el, signal }, page.root, TRAITS, draw);
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
