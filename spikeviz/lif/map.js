// The neighbours of the neuron of LIFExplorer: spike counts over τ and V_th, and its f–I curve.

import { countMap, fiCurve, rateOf } from "./rates.js";
import { h, clamp, div, show } from "../base/page.js";
import { drag, onArrows, onReset } from "../base/controls.js";
import { slider } from "../base/slider.js";
import { surface, scale, ticks, axes, cividis, dot, label, picture, stroke }
  from "../base/draw.js";
import { memory } from "../base/memory.js";
import { PIN_COLOURS } from "./pins.js";

const [COLUMNS, ROWS] = [28, 20];

/** The largest count, and all as a picture. */
function count(p, current, x, y) {
  const middle = (s, n) => Array.from({ length: n }, (_, i) =>
    s.invert(s.range[0] + ((i + 0.5) / n) * (s.range[1] - s.range[0])));
  const found = countMap(p, current, middle(x, COLUMNS), middle(y, ROWS).reverse());
  const most = Math.max(1, ...found);
  const pixels = found.map((spikes) => cividis(Math.sqrt(spikes / most)));
  return { most, image: picture(pixels, COLUMNS) };
}

const SIZE = 30; // pixels of the dot's handle

/** The dot on the map, dragged in both directions: at() is where the map stands. */
function ownDot({ at, within, move, reset }) {
  let offset = [0, 0];
  const name = "Your neuron, drag: τ left and right, V_th up and down";
  const element = slider("sv-handle sv-dot", name);
  drag(element, ({ clientX, clientY }, down) => {
    const box = element.parentElement.getBoundingClientRect();
    const [px, py] = [clientX - box.left, clientY - box.top];
    const { x, y, p } = at();
    if (down) offset = [x(p.tau) - px, y(p.v_threshold) - py];
    else move(within(px + offset[0], py + offset[1]));
  });
  onReset(element, reset);
  onArrows(element, (right, down) => {
    const { tau, v_threshold } = at().p;
    move({ tau: tau + right / 2, v_threshold: v_threshold - down / 20 });
  });
  const place = () => {
    const { x, y, p } = at();
    const [px, py] = [x(p.tau), y(p.v_threshold)];
    Object.assign(element.style, { left: `${px - SIZE / 2}px`, top: `${py - SIZE / 2}px` });
    const text = `τ ${show(p.tau, 2)} ms, V_th ${show(p.v_threshold, 2)}`;
    const [low, high] = x.domain;
    Object.assign(element, { ariaValueMin: low, ariaValueMax: high });
    Object.assign(element, { ariaValueNow: p.tau, ariaValueText: text });
  };
  return { element, place };
}

/**
 * The map; `most` is the largest count drawn. limits are those of τ and V_th, lowest(domain) the
 * smallest V_th allowed now; hover(neuron or null) hears the pointer and the arrow keys,
 * choose(neuron) a click and Enter, move(neuron) and reset() the hand on the dot.
 */
export function neuronMap({ limits, lowest, hover, choose, move, reset }) {
  const canvas = h("canvas", {
    class: "sv-map", tabindex: 0, role: "application",
    "aria-label": "Spike count over time constant and threshold: arrow keys move, Enter takes",
  });
  const once = memory();
  let at = null; // the last state drawn, and where it stands
  let pointed = null;

  function draw({ p, current, other, pins, mystery }, colour) {
    const { ctx, width, height } = surface(canvas);
    const { tau, v_threshold } = limits;
    const x = scale([Math.max(tau[0], p.dt), tau[1]], [46, width - 14], true);
    const y = scale([v_threshold[0], v_threshold[1]], [height - 40, 22]);
    at = { x, y, p };
    const rest = JSON.stringify({ ...p, tau: 0, v_threshold: 0 });
    const keys = [rest, p.stimulus === "drawn" && current];
    const { image, most } = once("counts", keys, () => count(p, current, x, y));
    map.most = most;
    const [[left, right], [bottom, top]] = [x.range, y.range];
    ctx.drawImage(image, left, top, right - left, bottom - top);
    const axis = { ...colour, grid: "transparent" };
    axes(ctx, x, y, { colour: axis, xTitle: "time constant τ in ms", yTitle: "threshold V_th" });
    const point = (neuron, fill, text) => {
      const [px, py] = [x(neuron.tau), y(neuron.v_threshold)];
      Object.assign(ctx, { lineWidth: 2, strokeStyle: "#fff", fillStyle: fill });
      ctx.beginPath();
      if (text === "") ctx.arc(px, py, 6, 0, 7);
      else ctx.rect(px - 6, py - 6, 12, 12);
      ctx.fill();
      ctx.stroke();
      label(ctx, text, px, py + 1, colour.bg, "center");
    };
    pins.forEach((neuron, i) => point(neuron, colour[PIN_COLOURS[i]], String(i + 1)));
    if (mystery?.shows === "answer") point(mystery.neuron, colour.fg, "?");
    if (other) point(other, "#CC79A7", " ");
    point(p, "#D55E00", "");
    own.place();
  }

  const within = (px, py) => {
    const { x, y } = at;
    const [low, high] = y.domain;
    return {
      tau: clamp(x.invert(px), ...x.domain),
      v_threshold: clamp(y.invert(py), Math.max(lowest(y.domain), low), high),
    };
  };
  const point = (neuron) => hover((pointed = neuron));
  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => point(within(offsetX, offsetY)));
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("blur", () => point(null));
  canvas.addEventListener("click", ({ offsetX, offsetY }) => choose(within(offsetX, offsetY)));
  canvas.addEventListener("keydown", ({ key }) => {
    if (key === "Enter" && pointed) choose(pointed);
    if (key === "Escape") point(null);
  });
  onArrows(canvas, (right, down) => {
    const from = pointed || at.p;
    point(within(at.x(from.tau) + 8 * right, at.y(from.v_threshold) + 8 * down));
  });
  const own = ownDot({ at: () => at, within, move, reset });
  const map = { element: div("stack", canvas, own.element), draw, most: 0 };
  return map;
}

/** The f–I curve over the duration on show; the dot is the neuron at its mean current. */
export function drawFi(canvas, { p, current, run }, most, colour) {
  const { ctx, width, height } = surface(canvas);
  const currents = Array.from({ length: 61 }, (_, i) => (i * most) / 60);
  const rates = fiCurve({ ...p, duration: current.length * p.dt }, currents);
  const rate = rateOf(run.count, current.length, p.dt);
  const mean = current.reduce((sum, i) => sum + i, 0) / current.length;
  const x = scale([0, most], [46, width - 14]);
  const y = scale([0, Math.max(...rates, rate, 50) * 1.1], [height - 40, 22]);
  axes(ctx, x, y, { colour, xTitle: "mean current I", yTitle: "rate in Hz", yTicks: ticks(y, 4) });
  stroke(ctx, colour.blue, rates.map((f, i) => [x(currents[i]), y(f)]), 2);
  dot(ctx, x(clamp(mean, 0, most)), y(rate), 5, colour.red);
  canvas.ariaLabel = `f–I curve; now mean current ${show(mean)}, ${show(rate, 1)} Hz`;
}
