// The page of SpikingPlayground: what stands where.

import { div, formulaRows, h, key, para } from "../base/page.js";

/** The element of the widget, and what in it is written in each drawing. */
export function makePage({ sets, controls, shape, wires, plane, panels, walk, asking, ...rows }) {
  const { top, copying, resetToo } = rows;
  const parts = {
    summary: h("p", { class: "sv-summary", role: "status", "aria-live": "off" }),
    problem: h("p", { class: "sv-pg-problem", role: "alert" }),
    plane: para("title"), costs: formulaRows(3), says: h("span", { class: "sv-grow" }),
    loss: h("canvas", { class: "sv-pg-loss", role: "img" }),
  };
  resetToo.hidden = true;
  parts.stage = div("stack sv-pg-stage", wires.canvas, shape.over, wires.knob);
  const left = div("pg-left",
    div("pg-data", sets.element),
    div("pg-settings", div("controls", ...Object.values(controls).map((one) => one.element))));
  const net = div("pg-net",
    div("row", h("b", {}, "Hidden layers"), shape.layers,
      h("span", { class: "sv-caption" },
        "Each square: a neuron's firing rate over the plane, bright is often. Click silences.")),
    parts.stage, div("controls", ...wires.controls));
  const out = div("pg-out", parts.plane, plane.element, div("row sv-pg-modes", ...plane.modes),
    parts.loss, div("row", key("train", "training loss"), key("test", "test loss")));
  const point = div("pg-point",
    div("row", h("b", {}, "This point, step by step"), ...walk.elements, parts.says),
    panels.element, parts.costs.element);
  parts.root = h("div", { class: "spikeviz sv-playground" },
    div("row", ...top, div("row sv-pg-chips", h("b", {}, "Predict:"), ...asking.chips)),
    asking.panel, div("row", parts.problem, resetToo), parts.summary,
    div("pg-bench", left, net, out, point), div("row sv-share", ...copying));
  return parts;
}
