// The neighbours of the neuron of LIFExplorer: spike counts over τ and V_th, and its f–I curve.

import { countMap, fiCurve, rateOf } from "../base/neuron.js";
import { h, clamp, show } from "../base/page.js";
import { onArrows } from "../base/controls.js";
import { surface, scale, ticks, axes, line, cividis, picture } from "../base/draw.js";

const [COLUMNS, ROWS] = [28, 20];

/**
 * The map. limits are those of τ and V_th, lowest(domain) the smallest V_th allowed now; hover(neuron
 * or null) hears the pointer and the arrow keys, pin(neuron) a click and Enter.
 */
export function neuronMap({ limits, lowest, hover, pin }) {
  const canvas = h("canvas", { class: "sv-map", tabindex: 0, role: "application", "aria-label": "Spike count over time constant and threshold: arrow keys move, Enter pins" });
  let counted = {}; // the counts as a picture, and for what
  let at = null; // the last state drawn, and where it stands
  let pointed = null;

  function counts(p, current, x, y) {
    const key = JSON.stringify({ ...p, tau: 0, v_threshold: 0 });
    if (counted.key !== key || (p.stimulus === "drawn" && counted.current !== current)) {
      const middle = (s, n) => Array.from({ length: n }, (_, i) => s.invert(s.range[0] + ((i + 0.5) / n) * (s.range[1] - s.range[0])));
      const found = countMap(p, current, middle(x, COLUMNS), middle(y, ROWS).reverse());
      const most = Math.max(1, ...found);
      counted = { key, current, most, image: picture([...found].map((count) => cividis(Math.sqrt(count / most))), COLUMNS) };
    }
    return counted;
  }

  /** Draws it; returns the largest count. */
  function draw({ p, current, other, pins, mystery }, colour) {
    const { ctx, width, height } = surface(canvas);
    const { tau, v_threshold } = limits;
    const x = scale([Math.max(tau[0], p.dt), tau[1]], [46, width - 14], true);
    const y = scale([v_threshold[0], v_threshold[1]], [height - 40, 22]);
    at = { x, y, p };
    const { image, most } = counts(p, current, x, y);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(image, x.range[0], y.range[1], x.range[1] - x.range[0], y.range[0] - y.range[1]);
    axes(ctx, x, y, { colour: { ...colour, grid: "transparent" }, xTitle: "time constant τ in ms", yTitle: "threshold V_th" });
    const point = (neuron, fill, text) => {
      ctx.lineWidth = 2;
      ctx.strokeStyle = "#fff";
      ctx.fillStyle = fill;
      ctx.beginPath();
      if (text === "") ctx.arc(x(neuron.tau), y(neuron.v_threshold), 6, 0, 7);
      else ctx.rect(x(neuron.tau) - 6, y(neuron.v_threshold) - 6, 12, 12);
      ctx.fill();
      ctx.stroke();
      ctx.fillStyle = colour.bg;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.fillText(text, x(neuron.tau), y(neuron.v_threshold) + 1);
    };
    pins.forEach((neuron, i) => point(neuron, colour[`pin${i + 1}`], String(i + 1)));
    if (mystery?.shows === "answer") point(mystery.neuron, colour.fg, "?");
    if (other) point(other, "#CC79A7", " ");
    point(p, "#D55E00", "");
    return most;
  }

  const within = (px, py) => {
    const { x, y } = at;
    return { tau: clamp(x.invert(px), ...x.domain), v_threshold: clamp(y.invert(py), Math.max(lowest(y.domain), y.domain[0]), y.domain[1]) };
  };
  const point = (neuron) => hover((pointed = neuron));
  canvas.addEventListener("pointermove", (event) => point(within(event.offsetX, event.offsetY)));
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("blur", () => point(null));
  canvas.addEventListener("click", (event) => pin(within(event.offsetX, event.offsetY)));
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && pointed) pin(pointed);
    if (event.key === "Escape") point(null);
  });
  onArrows(canvas, (right, down) => {
    const from = pointed || at.p;
    point(within(at.x(from.tau) + 8 * right, at.y(from.v_threshold) + 8 * down));
  });
  return { element: canvas, draw };
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
  ctx.lineWidth = 2;
  ctx.strokeStyle = colour.blue;
  line(ctx, rates.map((f, i) => [x(currents[i]), y(f)]));
  ctx.fillStyle = colour.red;
  ctx.beginPath();
  ctx.arc(x(clamp(mean, 0, most)), y(rate), 5, 0, 7);
  ctx.fill();
  canvas.setAttribute("aria-label", `f–I curve; now mean current ${show(mean)}, ${show(rate, 1)} Hz`);
}
