// What a hand or a key does in SpikeRaster. `view` holds where it is: {hover: {column, place} or
// null, box: [x0, y0, x1, y1] while one is dragged, told: what the pointer is over outside the
// raster, (state) → text, scales}, and what it may do: compute(), set(changes), paint().

import { inside, stretched, isWhole, lookedAt } from "./state.js";
import { clamp } from "../base/page.js";
import { drag, onArrows } from "../base/controls.js";

/** How the part in view moves. */
export function makeMoves({ view, compute, set, paint }) {
  const show = (window) => set({ window: isWhole({ ...compute(), window }) ? [] : window });

  /** Around what is pointed at; in to 12 steps and 8 neurons, a box goes further. */
  function zoom(factor, at) {
    const { window: [a, b, from, to], columns, neurons, cell } = compute();
    const { column, place } = at ?? (cell ? view.hover : {});
    const along = (low, high, end, least, middle = (low + high) / 2) =>
      factor > 1 || high - low > least ? stretched(low, high, end, factor, middle) : [low, high];
    show([...along(a, b, columns, 12, column), ...along(from, to, neurons, 8, place)]);
  }

  function pan(right, down) {
    const { window: [a, b, from, to], columns, neurons } = compute();
    show([...inside(a + right, b - a, columns), ...inside(from + down, to - from, neurons)]);
  }

  function panByKeys(right, down) {
    const [a, b, from, to] = compute().window;
    pan(right * Math.ceil((b - a) / 4), down * Math.ceil((to - from) / 4));
  }

  /** A channel's neurons, which stand together unless they are ordered by rate. */
  function showChannel(channel) {
    const { kind, size, neurons, window, places } = compute();
    const first = kind === "rate" ? channel * size : places[channel * size];
    const room = Math.min(Math.max(size, 8), neurons); // a channel of one keeps its neighbours
    if (kind === "rate") set({ order: "index" });
    show([...window.slice(0, 2), ...inside(first - (room - size) / 2, room, neurons)]);
  }

  /** The keys go from bin to bin; the window follows. */
  function walk(right, down) {
    const { window: [a, b, from, to], cell, columns, neurons } = compute();
    const next = ([low, high], by, end) => clamp(low + by * (high - low), 0, end - 1);
    view.hover = cell
      ? { column: next(cell.columns, right, columns), place: next(cell.rows, down, neurons) }
      : { column: a, place: from };
    const beyond = (value, low, high) => Math.min(value - low, 0) + Math.max(value - high + 1, 0);
    const [over, below] = [beyond(view.hover.column, a, b), beyond(view.hover.place, from, to)];
    if (over || below) pan(over, below);
    paint();
  }

  return { show, zoom, panByKeys, showChannel, walk };
}

const under = (scaled, pixel, [low, high] = scaled.domain) =>
  clamp(Math.floor(scaled.invert(pixel)), low, high - 1);

export function moveRaster(raster, { view, compute, set, paint }, moves) {
  const at = ({ offsetX, offsetY }) =>
    ({ column: under(view.scales.x, offsetX), place: under(view.scales.y, offsetY) });
  const over = ({ offsetY }, [top, bottom] = view.scales.y.range) =>
    offsetY >= top - 2 && offsetY <= bottom + 2;
  const point = (place) => {
    view.hover = place;
    paint();
  };
  const showAll = () => set({ window: [] });
  const keep = () => set({ neuron: lookedAt(compute()) });
  let armed = false; // the wheel stays the page's until the pointer moves here
  raster.addEventListener("pointermove", (event) => {
    armed ||= event.movementX !== 0 || event.movementY !== 0;
    if (!view.box) point(over(event) ? at(event) : null);
  });
  raster.addEventListener("pointerleave", () => {
    armed = false;
    point(null);
  });
  raster.addEventListener("blur", () => point(null));
  raster.addEventListener("wheel", (event) => {
    const factor = 2 ** clamp(event.deltaY / 200, -1, 1);
    if (!armed || factor === 1 || !over(event) || (factor > 1 && isWhole(compute()))) return;
    event.preventDefault();
    moves.zoom(factor, at(event));
  }, { passive: false });
  const dragged = dragBox(raster, { view, compute, paint }, moves);
  raster.addEventListener("click", (event) => {
    if (dragged() || !over(event)) return;
    view.hover = at(event);
    keep();
  });
  raster.addEventListener("dblclick", showAll);
  onArrows(raster, (right, down, { shiftKey }) =>
    (shiftKey ? moves.panByKeys : moves.walk)(right, down), 10);
  const [zoomIn, zoomOut] = [0.5, 2].map((factor) => () => moves.zoom(factor));
  const leave = () => {
    set({ neuron: null });
    point(null);
  };
  const keys = { "+": zoomIn, "=": zoomIn, "-": zoomOut, 0: showAll, Home: showAll,
    Enter: keep, Escape: leave };
  raster.addEventListener("keydown", (event) => {
    if (!keys[event.key]) return;
    keys[event.key]();
    event.preventDefault();
  });
}

/** A box over the part that comes into view; the function returned tells a drag from a click. */
function dragBox(raster, { view, compute, paint }, { show }) {
  let moved = false;
  drag(raster, ({ offsetX, offsetY }, down) => {
    const { x, y } = view.scales;
    const [x1, y1] = [clamp(offsetX, ...x.range), clamp(offsetY, ...y.range)];
    const [x0, y0] = down || !view.box ? [x1, y1] : view.box;
    moved = Math.hypot(x1 - x0, y1 - y0) >= 4;
    view.box = [x0, y0, x1, y1];
    paint();
  }, () => {
    const [[x0, y0, x1, y1], { x, y }] = [view.box ?? [0, 0, 0, 0], view.scales];
    view.box = null;
    const span = (p, q, scaled, end) => {
      const low = Math.floor(scaled.invert(Math.min(p, q)));
      const length = Math.ceil(scaled.invert(Math.max(p, q))) - low;
      return Math.abs(p - q) < 4 ? scaled.domain : inside(low, length, end);
    };
    const { columns, neurons } = compute();
    if (moved) show([...span(x0, x1, x, columns), ...span(y0, y1, y, neurons)]);
    paint();
  });
  return () => moved;
}

export function moveOverview(overview, { view, compute }, { show, panByKeys }) {
  drag(overview, ({ offsetX, offsetY }, down) => {
    const { window: [a, b, from, to], columns, neurons } = compute();
    const { overX, overY } = view.scales;
    const whole = to - from === neurons;
    const rows = down && whole ? Math.ceil(neurons / 8) : to - from; // a first look into the whole
    show([...inside(overX.invert(offsetX) - (b - a) / 2, b - a, columns),
      ...inside(overY.invert(offsetY) - rows / 2, rows, neurons)]);
  });
  onArrows(overview, panByKeys, 10);
}

/** Pointing at a canvas tells text(state) of the place there, until a hand leaves. */
export function pointAt(canvas, { view, paint }, textAt) {
  const tell = (text) => {
    view.told = text;
    paint();
  };
  canvas.addEventListener("pointermove", (event) => tell(textAt(event)));
  for (const name of ["pointerleave", "blur"]) canvas.addEventListener(name, () => tell(null));
  return tell;
}

/** Things in a row on a canvas, to point at, choose with the keys, and click. `name`: of their
 *  scale, and of where the keys are, in view. */
export function chooseOn(canvas, part, { name, length, text, act }) {
  const { view, compute, paint } = part;
  const told = (k) => (s) => text(s, Math.min(k, length(s) - 1));
  const of = ({ offsetX }) => under(view.scales[name], offsetX);
  const tell = pointAt(canvas, part, (event) => told(of(event)));
  canvas.addEventListener("focus", () => paint());
  canvas.addEventListener("click", (event) => act((view[name] = of(event))));
  onArrows(canvas, (right, down) => {
    if (Math.abs(down) === 1) return false;
    view[name] = clamp(view[name] + (right || down), 0, length(compute()) - 1);
    tell(told(view[name]));
  }, 10);
  canvas.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    act(view[name]);
  });
}
