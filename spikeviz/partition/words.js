// PartitionExplorer's lines of formulas, for the chosen pixel and for the code.

import { grouped } from "../base/page.js";
import { placesOf } from "./partition.js";

/** Where a pixel goes: [name, formula, numbers]. */
export function explainPixel({ part, row, column, pixel }) {
  const { name, side, across, apart, group, token, tokens } = part;
  const { g, t, a, b, i, j } = placesOf(part, group[pixel] * tokens + token[pixel]);
  if (name === "full")
    return [
      ["Pixel", "(r, c)", `(${row}, ${column})`],
      ["Group", "only one", "0"],
      ["Token", "r·W + c", `${row}·${side} + ${column} = ${t}`],
    ];
  const [letter, formula, numbers] = name === "grid"
    ? ["G", "(i·H/G + a, j·W/G + b)", `(${i}·${apart} + ${a}, ${j}·${apart} + ${b})`]
    : ["P", "(a·P + i, b·P + j)", `(${a}·${across} + ${i}, ${b}·${across} + ${j})`];
  return [
    ["Pixel", formula, `${numbers} = (${row}, ${column})`],
    ["Group", `a·W/${letter} + b`, `${a}·${apart} + ${b} = ${g}`],
    ["Token", `i·${letter} + j`, `${i}·${across} + ${j} = ${t}`],
  ];
}

/** The same in the library, and the way back. */
export function explainCode({ name, side, size, part: { groups, tokens } }) {
  const shapes = `[N, C, ${side}, ${side}] → [N, ${groups}, ${tokens}, C]`;
  const exact = "the exact inverse: each token returns to its pixel";
  return [
    ["In code", `${name}_partition(x, ${size})`, shapes],
    ["Back", `${name}_merge(tokens, ${size}, (${side}, ${side}))`, exact],
  ];
}

const SPANS = {
  full: "it holds every pixel", window: "each is one tile", grid: "each spans the whole map",
};

export function summarise({ name, size, row, column, pixel, part }) {
  const { group, token, groups, tokens } = part;
  const kind = name === "full" ? name : `${name}, size ${size}`;
  const place = `pixel (${row}, ${column}) is token ${token[pixel]} of group ${group[pixel]}`;
  const many = `${groups} group${groups > 1 ? "s" : ""} of ${grouped(tokens)} tokens`;
  return `${kind}: ${place}. ${many}; ${SPANS[name]}.`;
}
