// How many bits the sum tells against the number of branches; the present one is dragged.

import { MOST } from "./mbpl.js";
import { across, axes, dot, label, scale, stroke } from "../base/draw.js";
import { clamp, show } from "../base/page.js";
import { drag, onArrows, onReset } from "../base/controls.js";
import { slide, slider } from "../base/slider.js";

/** Draws the curve, up to 8 branches once the guess is made; returns where n stands: [x, y]. */
function drawCurve({ ctx, width, height }, state, { colour, ghost }) {
  const { p, n, bits } = state;
  const x = scale([1, MOST], [28, width - 30]);
  const y = scale([0, 1.08 * bits || 1], [height - 38, 22]);
  const known = p.guess ? MOST : n;
  const points = ({ byBranches }) => byBranches.slice(0, known).map(({ information }, i) =>
    [x(i + 1), y(Math.min(information, y.domain[1]))]);
  const yTitle = "information in bits; dotted: all there are";
  const xTicks = Array.from({ length: MOST }, (_, i) => i + 1);
  axes(ctx, x, y, { colour, xTicks, xTitle: "branches n", yTitle });
  stroke(ctx, colour.muted, across(x, y(bits)), 1, [2, 3]);
  if (ghost) stroke(ctx, colour.muted, points(ghost), 1.5, [4, 3]);
  const shown = points(state);
  stroke(ctx, colour.blue, shown, 2);
  if (known < MOST)
    label(ctx, "?", x((known + MOST) / 2), y(y.domain[1] / 2), colour.muted, "center");
  shown.slice(0, n - 1).forEach((point) => dot(ctx, ...point, 2.5, colour.blue));
  return { x, at: shown[n - 1] };
}

/** {canvas, handle, draw(surface, state, look)}; a hand and the keys set the number. */
export function curveView({ setCount, count, model }) {
  const canvas = document.createElement("canvas");
  canvas.className = "sv-mbpl-curve";
  canvas.setAttribute("role", "img");
  const handle = slider("sv-handle sv-mbpl-count", "Branches, drag along the curve");
  let x; // its scale, as drawn
  let offset = 0; // pixels from the hand to the handle that it holds
  const left = () => canvas.getBoundingClientRect().left;
  drag(handle, ({ clientX }, down) => {
    if (down) offset = x(count()) - (clientX - left());
    else setCount(clamp(Math.round(x.invert(clientX - left() + offset)), 1, MOST));
  });
  onReset(handle, () => setCount(model.get("defaults").thresholds.length));
  onArrows(handle, (right, down) => setCount(count() + right - down), 1, MOST);
  function draw(on, state, look) {
    const drawn = drawCurve(on, state, look);
    ({ x } = drawn);
    const [px, py] = drawn.at;
    const text = `${state.n}: ${show(state.now.information, 2)} bits`;
    slide(handle, [px - 13, py - 13, 26, 26], state.n, [1, MOST], text);
  }
  return { canvas, handle, draw };
}
