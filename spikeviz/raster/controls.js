// What a hand or a key does in SpikeRaster. It has a `view`: {hover: {column, place} or null, box:
// [x0, y0, x1, y1] while one is dragged, moved: whether it is one, armed: the wheel stays the
// page's until the pointer moves here, told: what the pointer is over outside the raster, as a text
// of the state, scales}; compute(), set(traits), and look(changes), which changes it and draws.

import { inside, stretched, isWhole, lookedAt } from "./state.js";
import { clamp } from "../base/page.js";
import { drag, onArrows, onPoint, onReset } from "../base/controls.js";
import { slider, slide } from "../base/slider.js";

/** How the part in view moves. */
export function makeMoves({ view, compute, set, look }) {
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
    const column = cell ? next(cell.columns, right, columns) : a;
    const place = cell ? next(cell.rows, down, neurons) : from;
    const beyond = (value, low, high) => Math.min(value - low, 0) + Math.max(value - high + 1, 0);
    const [over, below] = [beyond(column, a, b), beyond(place, from, to)];
    view.hover = { column, place };
    if (over || below) pan(over, below);
    look();
  }

  return { show, zoom, panByKeys, showChannel, walk };
}

const under = (scaled, pixel, [low, high] = scaled.domain) =>
  clamp(Math.floor(scaled.invert(pixel)), low, high - 1);

export function moveRaster(raster, { view, compute, set, look }, moves) {
  const at = ({ offsetX, offsetY }) =>
    ({ column: under(view.scales.x, offsetX), place: under(view.scales.y, offsetY) });
  const over = ({ offsetY }, [top, bottom] = view.scales.y.range) =>
    offsetY >= top - 2 && offsetY <= bottom + 2;
  const showAll = () => set({ window: [] });
  const keep = () => set({ neuron: lookedAt(compute()) });
  const away = () => look({ hover: null });
  raster.addEventListener("pointermove", (event) => {
    const armed = view.armed || event.movementX !== 0 || event.movementY !== 0;
    look(view.box ? { armed } : { armed, hover: over(event) ? at(event) : null });
  });
  raster.addEventListener("pointerleave", () => look({ armed: false, hover: null }));
  raster.addEventListener("blur", away);
  raster.addEventListener("wheel", (event) => {
    const factor = 2 ** clamp(event.deltaY / 200, -1, 1);
    if (!view.armed || factor === 1 || !over(event) || (factor > 1 && isWhole(compute()))) return;
    event.preventDefault();
    moves.zoom(factor, at(event));
  }, { passive: false });
  raster.addEventListener("click", (event) => {
    if (view.moved || !over(event)) return;
    view.hover = at(event);
    keep();
  });
  raster.addEventListener("dblclick", showAll);
  onArrows(raster, (right, down, { shiftKey }) =>
    (shiftKey ? moves.panByKeys : moves.walk)(right, down), 10);
  const [zoomIn, zoomOut] = [0.5, 2].map((factor) => () => moves.zoom(factor));
  const release = () => set({ neuron: null });
  const keys = { "+": [zoomIn], "=": [zoomIn], "-": [zoomOut], 0: [showAll], Home: [showAll],
    Enter: [keep], Escape: [release, away] };
  raster.addEventListener("keydown", (event) => {
    keys[event.key]?.forEach((act) => act());
    if (keys[event.key]) event.preventDefault();
  });
}

/** A box over the part that comes into view. */
export function dragBox(raster, { view, compute, look }, { show }) {
  raster.addEventListener("pointercancel", () => look({ box: null, moved: false }));
  drag(raster, ({ offsetX, offsetY }, down) => {
    const { x, y } = view.scales;
    const [x1, y1] = [clamp(offsetX, ...x.range), clamp(offsetY, ...y.range)];
    const [x0, y0] = down || !view.box ? [x1, y1] : view.box;
    look({ box: [x0, y0, x1, y1], moved: Math.hypot(x1 - x0, y1 - y0) >= 4 });
  }, () => {
    const { box, scales: { x, y }, moved } = view;
    if (!box) return; // a finger that scrolled the page
    look({ box: null });
    const span = (p, q, scaled, end) => {
      const low = Math.floor(scaled.invert(Math.min(p, q)));
      const length = Math.ceil(scaled.invert(Math.max(p, q))) - low;
      return Math.abs(p - q) < 4 ? scaled.domain : inside(low, length, end);
    };
    const { columns, neurons } = compute();
    if (moved) show([...span(box[0], box[2], x, columns), ...span(box[1], box[3], y, neurons)]);
  });
}

/** A click or a drag over the overview brings the part around it into view. */
export function moveOverview(overview, { view, compute }, { show, panByKeys }) {
  const look = ({ offsetX, offsetY }, down) => {
    const { window: [a, b, from, to], columns, neurons } = compute();
    const { overX, overY } = view.scales;
    const whole = to - from === neurons;
    const rows = down && whole ? Math.ceil(neurons / 8) : to - from; // a first look into the whole
    show([...inside(overX.invert(offsetX) - (b - a) / 2, b - a, columns),
      ...inside(overY.invert(offsetY) - rows / 2, rows, neurons)]);
  };
  const touch = ({ pointerType }) => pointerType === "touch"; // its way may be the page's
  drag(overview, (event, down) => touch(event) || look(event, down));
  overview.addEventListener("click", (event) => touch(event) && look(event, true));
  onArrows(overview, panByKeys, 10);
}

/** The part in view as a handle over the overview: {element, place(s)}. */
export function viewHandle({ view, compute, set }, { show, panByKeys }) {
  const element = slider("sv-view sv-handle", "Part in view: drag it, arrow keys move it");
  let held; // from the hand to the first column and place in view
  drag(element, ({ clientX, clientY }, down) => {
    const { left, top } = element.parentElement.getBoundingClientRect();
    const { overX, overY } = view.scales;
    const at = [overX.invert(clientX - left), overY.invert(clientY - top)];
    const { window: [a, b, from, to], columns, neurons } = compute();
    if (down) held = [a - at[0], from - at[1]];
    else show([...inside(at[0] + held[0], b - a, columns),
      ...inside(at[1] + held[1], to - from, neurons)]);
  });
  onReset(element, () => set({ window: [] }));
  onArrows(element, panByKeys, 10);
  const place = (s) => {
    element.hidden = isWhole(s);
    const [, , from, to] = s.window;
    slide(element, view.scales.held, from, [0, s.neurons - to + from],
      `places ${from} to ${to - 1}`);
  };
  return { element, place };
}

/** Things in a row on a canvas, to point at, choose with the keys, and click. `name`: of their
 *  scale, and of where the keys are, in view. */
export function chooseOn(canvas, { view, compute, look }, { name, length, text, act }) {
  const told = (k) => (s) => text(s, Math.min(k, length(s) - 1));
  const of = ({ offsetX }) => under(view.scales[name], offsetX);
  onPoint(canvas, (event) => told(of(event)), (text) => look({ told: text }));
  canvas.addEventListener("focus", () => look());
  canvas.addEventListener("click", (event) => act((view[name] = of(event))));
  onArrows(canvas, (right, down) => {
    if (Math.abs(down) === 1) return false;
    const at = clamp(view[name] + (right || down), 0, length(compute()) - 1);
    look({ [name]: at, told: told(at) });
  }, 10);
  canvas.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    act(view[name]);
  });
}
