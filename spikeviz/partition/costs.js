// What a layer of attention costs: FLOPs and memory against resolution, and the numbers in words.

import { formulaRows, grouped, h, key, put } from "../base/page.js";
import { drag } from "../base/controls.js";
import { axes, dot, scale, stroke, upright } from "../base/draw.js";
import { HEAD_WIDTH, PARTITION_NAMES, STAGES, costsOf } from "./partition.js";

const SIDES = [7, 14, 28, 56, 112, 224];
const [LEAST, MOST] = [SIDES[0], SIDES.at(-1)];

/** 9834496 as "9.83 M". */
function short(value, unit) {
  const power = value >= 1e9 ? 3 : value >= 1e6 ? 2 : value >= 1e3 ? 1 : 0;
  return `${Number((value / 1000 ** power).toPrecision(3))} ${["", "k", "M", "G"][power]}${unit}`;
}
const WORDS = {
  flops: ["FLOPs", (value) => `${short(value, "")} FLOPs`],
  bytes: ["Memory", (value) => short(value, "B")],
};

/** The plots, in which a drag chooses a resolution, and their words. */
export function costView({ model, changeMap }) {
  const [, most] = model.get("limits").heads;
  let x = null;
  const plots = ["flops", "bytes"].map((what) => {
    const canvas = h("canvas", { class: "sv-cost", role: "img" });
    function draw({ name, side, size, heads }, { ctx, width, height }, colour) {
      const value = (one, at, of = size, many = heads) => costsOf(one, at, of, many)[what] / 1e6;
      x = scale([LEAST, MOST], [60, width - 12], true);
      // Axes for every setting: what a hand moves is the curve.
      const ends = [value("grid", LEAST, 2, 1) / 2, value("full", MOST, 2, most) * 2];
      const y = scale(ends, [height - 40, 20], true);
      const yTitle = what === "flops" ? "million FLOPs" : "MB of A";
      axes(ctx, x, y, { colour, xTitle: "resolution H", yTitle, xTicks: SIDES });
      stroke(ctx, colour.muted, upright(x(side), y), 1, [3, 3]);
      for (const [one, ink] of [["full", colour.blue], ["grid", colour.red]]) {
        const ours = (one === "full") === (name === "full");
        const ends = [Math.max(size, LEAST), MOST].map((at) => [x(at), y(value(one, at))]);
        stroke(ctx, ink, ends, 2.5);
        dot(ctx, x(side), y(value(one, side)), ours ? 7 : 3, ink);
        ctx.strokeStyle = colour.bg;
        if (ours) ctx.stroke();
      }
    }
    drag(canvas, ({ offsetX }) => {
      const away = (side) => Math.abs(x(side) - offsetX);
      const near = STAGES.reduce((best, side) => (away(side) < away(best) ? side : best));
      if (near !== model.get("resolution")) changeMap(near);
    });
    return { what, canvas, draw };
  });
  const prices = formulaRows(3, "sv-prices");
  const crossing = h("p", { class: "sv-caption" });

  function update({ side, size, heads, costs }) {
    prices.update(PARTITION_NAMES.map((one) => {
      const { entries, bytes, flops } = costs[one];
      const [letters, other] = { full: ["N", side], window: ["P²", size], grid: ["G²", size] }[one];
      const product = [heads, side * side, other * other].map(grouped).join(" · ");
      const spent = `${short(bytes, "B")}, ${short(flops, "")} FLOPs`;
      const words = `${product} = ${grouped(entries)} entries of A, ${spent}`;
      return [one, `heads · N · ${letters}`, words];
    }));
    for (const { what, canvas } of plots) {
      const [title, say] = WORDS[what];
      const [all, some] = ["full", "grid"].map((one) => say(costs[one][what]));
      const point = `at ${side} × ${side}: full ${all}, window and grid ${some}`;
      const says = `${title} of one layer of attention against resolution; ${point}`;
      canvas.ariaLabel = says;
    }
    const [large, less] = ["full", "grid"].map((one) => costsOf(one, 224, size, heads).bytes);
    put(crossing,
      `A head has ${HEAD_WIDTH} channels, so an entry costs ${2 * HEAD_WIDTH} FLOPs, for QKᵀ and ` +
      `A·V. The curves meet at H = ${size}, where one group is the whole map; from there, twice ` +
      "the resolution costs full 16 times as much, window and grid 4 times. At 224 × 224: " +
      `${short(large, "B")} for full, ${short(less, "B")} for grid, ` +
      "for each image, layer and time step.");
  }
  const elements = [
    h("p", { class: "sv-title" }, "What does one layer of attention cost? Drag the point"),
    h("div", { class: "sv-keys" }, key("full", "full: N²"), key("part", "window and grid: N·G²")),
    h("div", { class: "sv-costs" }, ...plots.map(({ canvas }) => canvas)), prices.element, crossing,
  ];
  return { plots, elements, update };
}
