// Below: for one point what goes in, every neuron's membrane with its thresholds and spikes, and
// the logit, step by step.

import { THRESHOLD } from "./state.js";
import { named } from "./words.js";
import { across, label, line, scale, stroke, surface, upright } from "../base/draw.js";
import { dragLine } from "../base/slider.js";
import { div, h, put, renew, show } from "../base/page.js";

const HEAD = 14; // pixels above a membrane, for its spikes

/** A membrane's way: up to H in each step, and down where it is reset. */
function path(h, thresholds, v_reset, x, y) {
  let v = 0;
  const points = [[x(0), y(0)]];
  h.forEach((charged, t) => {
    points.push([x(t + 1), y(charged)]);
    v = charged < thresholds[0] ? charged : v_reset === null ? charged - thresholds[0] : v_reset;
    if (v !== charged) points.push([x(t + 1), y(v)]);
  });
  return points;
}

/** A triangle for a spike, a number for several. */
function spikeMark(ctx, px, py, count, colour) {
  if (count > 1) {
    label(ctx, count, px, py, colour.fg, "center");
    return;
  }
  ctx.fillStyle = colour.fg;
  ctx.beginPath();
  ctx.moveTo(px, py - 5);
  ctx.lineTo(px - 4, py + 4);
  ctx.lineTo(px + 4, py + 4);
  ctx.fill();
}

/** [lowest, highest] of a membrane's axis, in halves, so that a drag finds it where it was. */
const rangeOf = (h, thresholds) => [
  Math.min(0, Math.floor(2 * Math.min(...h)) / 2),
  Math.min(8, Math.max(1.5, Math.ceil(2 * Math.max(...h, ...thresholds)) / 2)),
];

function drawMembrane(on, colour, { h, spikes, thresholds, v_reset, place, range, spiking }) {
  const { ctx, width, height } = on;
  const x = scale([0, h.length], [4, width - 4]);
  const y = scale(range, [height - 4, HEAD + 4]);
  stroke(ctx, colour.grid, across(x, y(0)));
  if (place > 0) stroke(ctx, colour.green, upright(x(place), { range: [height, 0] }), 2);
  if (spiking) {
    thresholds.forEach((value) => stroke(ctx, colour.red, across(x, y(value)), 1.5, [5, 3]));
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, HEAD - 2, width, height);
    ctx.clip();
    stroke(ctx, colour.blue, path(h, thresholds, v_reset, x, y), 2);
    ctx.restore();
    spikes.forEach((count, t) => count && spikeMark(ctx, x(t + 1), HEAD / 2 + 1, count, colour));
  } else {
    stroke(ctx, colour.blue, across(x, y(spikes[0])), 2);
  }
  return { x, y };
}

/** Bars of values, one a step, around their zero. */
function drawBars({ ctx, width, height }, colour, lanes, place, most) {
  const x = scale([0, lanes[0].length], [4, width - 4]);
  const tall = (height - 8) / lanes.length;
  lanes.forEach((values, lane) => {
    const middle = 4 + tall * (lane + 0.5);
    stroke(ctx, colour.grid, across(x, middle));
    values.forEach((value, t) => {
      const up = (value / most) * tall * 0.45;
      ctx.fillStyle = value < 0 ? colour.red : colour.blue;
      ctx.fillRect(x(t) + 1, Math.min(middle, middle - up), x(1) - x(0) - 2, Math.abs(up));
    });
  });
  ctx.strokeStyle = colour.green;
  ctx.lineWidth = 2;
  if (place > 0) line(ctx, upright(x(place), { range: [height, 0] }));
}

/**
 * The panels: {element, draw(colour, state)}. setThreshold(name, i, value) hears a drag, value null
 * a double click; hold(is) frames one.
 */
export function makePanels({ setThreshold }) {
  const element = div("pg-panels");
  let panels = {};
  let held = null; // the range of the axis under a hand
  function panel(name, thresholds) {
    const canvas = h("canvas", { class: "sv-pg-membrane", role: "img" });
    const title = div("pg-name");
    let range = [0, 1];
    const lines = thresholds.map((_, i) => dragLine({
      label: `Threshold${thresholds.length > 1 ? ` ${i + 1}` : ""} of neuron ${named(name)}`,
      range: () => THRESHOLD,
      set: (value) => setThreshold(name, i, value),
      reset: () => setThreshold(name, i, null),
      start: () => (held = { name, range }),
      end: () => (held = null),
    }));
    const stack = div("stack", canvas, ...lines.map((one) => one.element));
    const place = (colour, state) => {
      put(title, state.title);
      canvas.ariaLabel = state.title;
      range = held?.name === name ? held.range : rangeOf(state.h, state.thresholds);
      const { x, y } = drawMembrane(surface(canvas), colour, { ...state, range });
      lines.forEach((one, i) => {
        one.element.hidden = !state.spiking;
        const value = state.thresholds[i];
        one.place(value, x, y, show(value, 2));
      });
    };
    return { element: div("pg-panel", title, stack), place };
  }
  function bars(kind, words) {
    const canvas = h("canvas", { class: "sv-pg-membrane", role: "img", "aria-label": words });
    const title = div("pg-name");
    return { element: div(`pg-panel sv-pg-${kind}`, title, canvas), canvas, title };
  }
  const into = bars("fed", "What the point sends in, step by step");
  const out = bars("logit", "The logit, step by step");

  function draw(colour, { settings, run, thresholdsOf, titleOf, place, words }) {
    const names = settings.layers.flatMap((count, l) =>
      Array.from({ length: count }, (_, i) => `${l}.${i}`));
    const key = names.map((name) => `${name}:${thresholdsOf(name).length}`).join();
    renew(element, key, () => {
      panels = Object.fromEntries(names.map((name) => [name, panel(name, thresholdsOf(name))]));
      return [into, ...Object.values(panels), out].map((one) => one.element);
    });
    put(into.title, words.into);
    put(out.title, words.out);
    const lanes = run.inputs[0].map((_, j) => run.inputs.map((row) => row[j]));
    drawBars(surface(into.canvas), colour, lanes, place, 1);
    for (const name of names) {
      const [l, i] = name.split(".").map(Number);
      const { h: all, spikes } = run.layers[l];
      panels[name].place(colour, {
        h: all.map((row) => row[i]), spikes: spikes.map((row) => row[i]), place,
        thresholds: thresholdsOf(name), v_reset: settings.v_reset, spiking: settings.spiking,
        title: titleOf(name, spikes.reduce((sum, row) => sum + row[i], 0)),
      });
    }
    const most = Math.max(1, ...run.logits.map(Math.abs));
    drawBars(surface(out.canvas), colour, [run.logits], place, most);
  }
  return { element, draw };
}
