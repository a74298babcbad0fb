// What a layer of attention costs: squares to scale, a curve against resolution, the numbers.

import { div, formulaRows, grouped, h, key, para, percent, put } from "../base/page.js";
import { numberControl } from "../base/controls.js";
import { axes, dot, scale, stroke, upright } from "../base/draw.js";
import { HEAD_WIDTH, PARTITION_NAMES, STAGES, costsOf, nearest } from "./partition.js";
import { squaresView, stepper } from "./squares.js";

const SIDES = [7, 14, 28, 56, 112, 224];
const [LEAST, MOST] = [SIDES[0], SIDES.at(-1)];
const MAPS = STAGES.toReversed();

/** 9834496 as "9.83 M". */
function short(value, unit = "") {
  const power = value >= 1e9 ? 3 : value >= 1e6 ? 2 : value >= 1e3 ? 1 : 0;
  const number = Number((value / 1000 ** power).toPrecision(3));
  return `${number} ${["", "k", "M", "G"][power]}${unit}`.trim();
}

/** Entries of A against the resolution; the point on it is dragged. */
function curveView({ model, changeMap, resetMap }) {
  const canvas = h("canvas", { class: "sv-cost", role: "img" });
  const [, most] = model.get("limits").heads;
  let x = null;
  const point = stepper({
    label: "Resolution, drag the point", list: () => MAPS, now: () => model.get("resolution"),
    set: changeMap, reset: resetMap,
    follow: ({ x: right }, { of }) =>
      MAPS.indexOf(nearest(MAPS, (side) => Math.abs(x(side) - x(of) - right))),
  });
  function draw({ name, side, size, heads }, { ctx, width, height }, colour) {
    const value = (one, at, of = size, many = heads) => costsOf(one, at, of, many).entries;
    x = scale([LEAST, MOST], [52, width - 14], true);
    // Axes for every setting: what a hand moves is the curve.
    const ends = [value("grid", LEAST, 2, 1) / 2, value("full", MOST, 2, most) * 2];
    const y = scale(ends, [height - 40, 20], true);
    const yTicks = [1e4, 1e6, 1e8, 1e10];
    axes(ctx, x, y, { colour, xTitle: "resolution H", yTitle: "entries of A, all heads", yTicks,
      xTicks: SIDES, say: short });
    stroke(ctx, colour.muted, upright(x(side), y), 1, [3, 3]);
    for (const [one, ink] of [["full", colour.blue], ["grid", colour.red]]) {
      const ours = (one === "full") === (name === "full");
      const ends = [Math.max(size, LEAST), MOST].map((at) => [x(at), y(value(one, at))]);
      stroke(ctx, ink, ends, 2.5);
      dot(ctx, x(side), y(value(one, side)), ours ? 8 : 4, ink);
      ctx.strokeStyle = colour.bg;
      if (ours) ctx.stroke();
    }
    const one = name === "full" ? name : "grid";
    point.place(x(side), y(value(one, side)), `${side} × ${side} pixels`);
  }
  return { canvas, element: div("stack", canvas, point.element), draw };
}

/** The pictures and their words. */
export function costView(hands) {
  const { model, set } = hands;
  const [squares, curve] = [squaresView(hands), curveView(hands)];
  const heads = numberControl({ label: "Heads", range: model.get("limits").heads, whole: true,
    set: (value) => set({ heads: value }) });
  const prices = formulaRows(3, "sv-prices");
  const against = h("p", { class: "sv-against", role: "status" });
  const crossing = para("caption");

  function update({ side, size, heads: many, costs, parts }) {
    const { groups, tokens } = parts.grid;
    const share = costs.grid.entries / costs.full.entries;
    const [all, some] = ["full", "grid"].map((one) => costs[one].entries / many);
    put(against, `${grouped(side * side)}² = ${grouped(all)} against ${grouped(groups)} · ` +
      `${grouped(tokens)}² = ${grouped(some)}: ${percent(share)}`);
    prices.update(PARTITION_NAMES.map((one) => {
      const { entries, bytes, flops } = costs[one];
      const [letters, other] = { full: ["N", side], window: ["P²", size], grid: ["G²", size] }[one];
      const product = [many, side * side, other * other].map(grouped).join(" · ");
      const spent = `${short(bytes, "B")}, ${short(flops)} FLOPs`;
      const words = `${product} = ${grouped(entries)} entries of A, ${spent}`;
      return [one, `heads · N · ${letters}`, words];
    }));
    squares.canvas.ariaLabel = `One head's map A to scale, and its groups: ${against.textContent}`;
    curve.canvas.ariaLabel = `Entries of A against resolution; at ${side} × ${side}: full ` +
      `${short(costs.full.entries)}, window and grid ${short(costs.grid.entries)}`;
    const [large, less] = ["full", "grid"].map((one) => costsOf(one, 224, size, many).bytes);
    put(crossing,
      "Each row of the square is a token that asks, each column one that is asked, group by " +
      "group: outside the orange squares nobody asks. " +
      `A head has ${HEAD_WIDTH} channels, so an entry costs ${2 * HEAD_WIDTH} FLOPs, for QKᵀ and ` +
      `A·V. The curves meet at H = ${size}, where one group is the whole map; from there, twice ` +
      "the resolution costs full 16 times as much, window and grid 4 times. At 224 × 224: " +
      `${short(large, "B")} for full, ${short(less, "B")} for grid, ` +
      "for each image, layer and time step.");
  }
  const elements = [
    para("title", "What does one layer of attention cost? Drag a square's side, or the point"),
    div("costs",
      div("pair", h("div", {}, squares.element, against), h("div", {}, curve.element,
        div("keys", key("full", "full: N²"), key("part", "window and grid: N·G²")))),
      div("words", heads.element, prices.element, crossing)),
  ];
  const fields = [{ update: (shown) => heads.update(shown.heads) }];
  return { plots: [squares, curve], elements, update, fields };
}
