// Hands on the chosen box: they choose a pixel on a map, a step on the course; on x they draw.

import { SIDE } from "./blocks.js";
import { clamp, show } from "../base/page.js";
import { drag, onArrows } from "../base/controls.js";
import { dragLine } from "../base/slider.js";

const DAB = [[0, 0, 255], [0, 1, 130], [0, -1, 130], [1, 0, 130], [-1, 0, 130]];

const within = (place) => clamp(place, 0, SIDE - 1);
const isInk = (pixels, row, column) => pixels[row * SIDE + column] > 180;

/** A patch in hexadecimal, with ink (or else paper) at a pixel, a little on its neighbours too. */
function dabbed(given, row, column, ink) {
  const pixels = Uint8Array.from(given);
  for (const [dy, dx, value] of DAB) {
    const [y, x] = [row + dy, column + dx];
    if (within(y) !== y || within(x) !== x) continue;
    const i = y * SIDE + x;
    pixels[i] = ink ? Math.max(pixels[i], value) : Math.min(pixels[i], 255 - value);
  }
  return Array.from(pixels, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** get() is what is on show, cursor() and last() are steps; draft(step, change) draws the signal,
 *  take(canvas) takes the hands. */
export function makeHands({ get, set, cursor, last }) {
  const draws = (mode) => get().chosen.name === "x" && get().p.mode === mode;
  /** Change the signal at a step, as a share of the amplitude. */
  function draft(step, change) {
    const { p, here } = get();
    const share = (t) => clamp(here.x.data[2 * t] / (p.amplitude || 1), 0, 1);
    const drive = p.mode === "signal"
      ? Array.from({ length: p.time_steps }, (_, t) => share(t))
      : [0.5];
    drive[step] = clamp(change(drive[step]), 0, 1);
    set({ drive, selected: "x" });
  }
  const dab = (row, column, ink) => set({ patch: dabbed(get().p.pixels, row, column, ink) });

  function take(canvas) {
    let ink = true; // of this stroke: paper, if it began on ink
    const act = ({ offsetX, offsetY }, down) => {
      const { maps, p, steps, current } = get();
      const inside = (place, from, size) => place >= from && place < from + size;
      const map = maps.find(([x, y, size]) =>
        inside(offsetX, x, size) && inside(offsetY, y, size));
      if (map) {
        const [x, y, size] = map;
        const [row, column] = [offsetY - y, offsetX - x].map((far) =>
          within(Math.floor((far / size) * SIDE)));
        if (down) ink = !isInk(p.pixels, row, column);
        if (draws("image")) dab(row, column, ink);
        return set({ row, column });
      }
      if (p.mode === "image" && offsetY < 140) return;
      const step = clamp(Math.round(steps.invert(offsetX)) - 1, 0, last());
      if (draws("signal")) draft(step, () => p.amplitude && current.invert(offsetY) / p.amplitude);
      return set({ cursor: step });
    };
    // A finger draws on x; elsewhere it taps, and its drag scrolls the page.
    const taps = ({ pointerType }) => pointerType === "touch" && !draws(get().p.mode);
    drag(canvas, (event, down) => taps(event) || act(event, down));
    canvas.addEventListener("click", (event) => taps(event) && act(event, true));
    canvas.addEventListener("keydown", ({ key }) => {
      const { row, column, pixels } = get().p;
      if (key === "Enter" && draws("image")) dab(row, column, !isInk(pixels, row, column));
    });
    onArrows(canvas, (right, down) => {
      const { p } = get();
      if (p.mode === "image") set({ row: within(p.row + down), column: within(p.column + right) });
      else if (down && draws("signal")) draft(cursor(), (share) => share - 0.1 * down);
      else set({ cursor: clamp(cursor() + right, 0, last()) });
    });
  }
  /** In every drawing: whether the canvas takes a finger's strokes. */
  const ready = (canvas) => canvas.classList.toggle("sv-handle", draws(get().p.mode));
  return { draft, take, ready };
}

/** The threshold of the chosen LIF as a line that is dragged over its membrane. */
export function thresholdLine({ model, set, get }) {
  const limits = model.get("limits").v_threshold;
  const change = (value) => {
    const { name } = get().chosen;
    const [, i] = name.match(/^(?:branches|closing)\.(\d)/) ?? [];
    if (i) set({ thresholds: model.get("thresholds").map((old, k) => (k === +i ? value : old)) });
    else set({ [name === "second" ? "second_threshold" : "v_threshold"]: value });
  };
  const standard = () => {
    const { name } = get().chosen;
    const { v_threshold, second_threshold } = model.get("defaults");
    const [, i] = name.match(/^(?:branches|closing)\.(\d)/) ?? [];
    return i ? (Number(i) + 1) / 2 : name === "second" ? second_threshold : v_threshold;
  };
  const { element, place } = dragLine({
    label: "Threshold of the chosen LIF, drag it", range: () => limits, set: change,
    reset: () => change(standard()),
  });
  function update({ chosen, membrane }) {
    element.hidden = !membrane;
    if (membrane)
      place(chosen.v_threshold, membrane.x, membrane.y, `V_th ${show(chosen.v_threshold, 2)}`);
  }
  return { element, place: update };
}
