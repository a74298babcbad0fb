// What hands move on the pictures of MBPLExplorer: the thresholds, the time, the pixel.

import { MOST, THRESHOLDS, ladder, low } from "./mbpl.js";
import { gripsOf } from "./traces.js";
import { clamp, h, show } from "../base/page.js";
import { calm, drag, onArrows, onReset } from "../base/controls.js";
import { dragLine } from "../base/slider.js";

const ASIDE = 8; // pixels

/** The lines across the membranes: {elements, place}; held(is) frames a drag. */
export function rungs({ model, setThreshold }, held) {
  const lines = Array.from({ length: MOST }, (_, i) => dragLine({
    label: `Threshold ${i + 1}, drag up or down`,
    range: () => THRESHOLDS,
    set: (value) => setThreshold(i, value),
    reset: () => setThreshold(i, ladder(model.get("defaults").thresholds)[i]),
    start: () => held(true), end: () => held(false),
  }));
  function place({ p }, scales, width) {
    const { x, ys } = scales;
    const grips = gripsOf(scales, p.thresholds);
    const whole = { range: [x.range[0], width] }; // with the grips, beside the last step
    lines.forEach((line, i) => {
      const { element } = line;
      const value = p.thresholds[i];
      element.hidden = value === undefined;
      if (element.hidden) return;
      line.place(value, whole, ys[i], `V${low(i)} ${show(value, 2)}`);
      element.firstChild.style.translate = `0 ${grips[i] - ys[i](value)}px`;
    });
  }
  return { elements: lines.map(({ element }) => element), place };
}

/** A pixel that a hand drags over the image: {element, place(state, view)}. */
export function pixelHandle({ model, set, view }) {
  const element = h("div", { class: "sv-handle sv-mbpl-pixel", title: "Drag to another pixel" });
  let offset = [0, 0]; // pixels from the hand to the middle of the handle
  let middle = [0, 0];
  drag(element, ({ clientX, clientY }, down) => {
    const { left, top } = element.parentElement.getBoundingClientRect();
    const hand = [clientX - left, clientY - top];
    if (down) offset = hand.map((at, i) => middle[i] - at);
    else goPixel({ model, set, view }, hand.map((at, i) => at + offset[i]), 0);
  });
  onReset(element, () => {
    const { row, column } = model.get("defaults");
    set({ row, column });
  });
  function place({ row, column }, { at, dot }) {
    middle = at(0).map((from, i) => from + ([column, row][i] + 0.5) * dot);
    element.style.translate = `${middle[0] - 14}px ${middle[1] - 14}px`;
  }
  return Object.assign(element, { place });
}

/** The pixel under a point of picture i. */
function goPixel({ set, view }, point, i) {
  const { at, dot, state } = view;
  const [column, row] = at(i).map((from, axis) =>
    clamp(Math.floor((point[axis] - from) / dot), 0, state.size - 1));
  set({ row, column });
}

/** Like `drag`; but of a finger only a tap or a way aside moves something: else it scrolls. */
function onPicture(element, move) {
  const touches = ({ pointerType }) => pointerType === "touch";
  let start = null; // where a finger came down that has not yet moved aside
  drag(element, (event, down) => {
    if (down) start = touches(event) ? event.clientX : null;
    if (start !== null && Math.abs(event.clientX - start) < ASIDE) return;
    move(event, down || start !== null);
    start = null;
  });
  element.addEventListener("click", (event) => touches(event) && move(event, true));
}

/** The playhead on the plots, the pixel on the pictures. */
export function stageHands({ traces, sent, photos }, { set, view, time }) {
  const goTo = (scale) => ({ offsetX }) => {
    const place = clamp(scale().invert(offsetX), 0, time.last());
    time.go(calm() ? Math.ceil(place) : place);
  };
  onPicture(traces, goTo(() => view.x));
  onPicture(sent, ({ offsetX }) => {
    time.go(clamp(Math.ceil(view.sent.invert(offsetX)), 1, time.last()));
  });
  let picture = -1; // that the hand went down on
  onPicture(photos, ({ offsetX, offsetY }, down) => {
    const { side, at } = view;
    const inside = (_, i) => at(i).every((from, axis) => {
      const place = [offsetX, offsetY][axis];
      return place >= from && place < from + side;
    });
    if (down) picture = Array.from({ length: 4 }, inside).indexOf(true);
    if (picture >= 0) goPixel({ set, view }, [offsetX, offsetY], picture);
  });
  onArrows(photos, (dx, dy) => {
    const { row, column, size } = view.state;
    const [to, along] = [row + dy, column + dx].map((at) => clamp(at, 0, size - 1));
    set({ row: to, column: along });
  });
}
