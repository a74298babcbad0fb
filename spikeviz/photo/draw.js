// The pictures of PhotoExplorer: the photograph, what is read back, error and bits against T.

import { MOST, NEURONS } from "./photo.js";
import { pictureOf } from "../base/photo.js";
import { axes, dot, label, outline, scale, stroke } from "../base/draw.js";

const COLOURS = { "hard reset": "blue", "soft reset": "red", "soft, no leak": "green" };
const DASHES = { "hard reset": [], "soft reset": [6, 3], "soft, no leak": [2, 3] };
const MOST_BITS = 6;

function drawGreys({ ctx, width, height }, bytes, side, pixel, colour) {
  ctx.drawImage(pictureOf(bytes, side, side), 0, 0, width, height);
  const [w, h] = [width / side, height / side];
  const [left, top] = [(pixel % side) * w, Math.floor(pixel / side) * h];
  outline(ctx, [left - 3, top - 3, w + 6, h + 6], colour.red);
}

/** The dots of one kind, joined in the order of T, and the one of now, larger. */
function drawVisits(ctx, x, y, visits, { p }, colour, at) {
  for (const [key, dots] of visits) {
    const [neuron, noise] = key.split("|");
    const own = colour[COLOURS[neuron]];
    const now = neuron === p.neuron && Number(noise) === p.noise;
    const way = [...dots].sort(([a], [b]) => a - b).map(([t, found]) => [x(t), y(found[at])]);
    ctx.globalAlpha = now ? 1 : 0.5;
    if (way.length > 1) stroke(ctx, own, way, noise > 0 ? 1 : 2, DASHES[neuron]);
    for (const place of way) dot(ctx, ...place, 2, own);
    const here = now && dots.get(p.time_steps);
    if (here) dot(ctx, x(p.time_steps), y(here[at]), 5, own);
  }
  ctx.globalAlpha = 1;
}

export const pictures = {
  photo: (on, colour, { greys, side, pixel }) => drawGreys(on, greys, side, pixel, colour),
  read(on, colour, { picture, side, pixel }) {
    const greys = Uint8Array.from(picture, (value) => Math.round(255 * value));
    drawGreys(on, greys, side, pixel, colour);
  },

  curve({ ctx, width, height }, colour, state) {
    const middle = height / 2;
    const x = scale([0, MOST], [40, width - 12]);
    const boxes = {
      error: [scale([0, 0.3], [middle - 18, 22]), "error of the brightness", [0, 0.1, 0.2, 0.3]],
      bits: [scale([0, MOST_BITS], [height - 40, middle + 18]), "bits", [0, 2, 4, 6]],
    };
    for (const [at, [y, yTitle, yTicks]] of Object.entries(boxes)) {
      const xTitle = at === "bits" ? "time steps T" : "";
      axes(ctx, x, y, { colour, xTitle, yTitle, yTicks, xTicks: [0, 16, 32, 48, 64] });
      drawVisits(ctx, x, y, state.visits, state, colour, at);
    }
    Object.keys(NEURONS).forEach((name, i) => {
      const [left, py] = [width - 118, 30 + 15 * i];
      stroke(ctx, colour[COLOURS[name]], [[left, py], [left + 20, py]], 2, DASHES[name]);
      label(ctx, name, left + 25, py, colour.fg);
    });
  },
};
