// The image, and on it the tokens of the group: who attends to whom.

import { h, put } from "../base/page.js";
import { onArrows } from "../base/controls.js";
import { outline } from "../base/draw.js";
import { MAPS } from "./column.js";
import { KEY, QUERY, cellOf, drawImage, frame, imageBox, tokenAt } from "./draw.js";

const GROUP = "#56b4e9";
const PAGE = 2; // how far down a page's key goes: to another group

/** The cell of the query, on its way to that of the next token. */
function glide(inside, { token, row, between }) {
  if (!between.length) return inside(token);
  const [from, to] = [inside(token), inside(token + 1)];
  return from.map((side, n) => side + (row - token) * (to[n] - side));
}

export function whereView({ answer, place, layers, choose }) {
  const canvas = h("canvas", { class: "sv-image", tabindex: 0, role: "application" });
  const [height, width] = answer().side;
  canvas.style.aspectRatio = `${width} / ${height}`;
  const text = h("p", {});
  let hits = []; // what a hand may touch, as drawn last

  function draw({ ctx, width, height }, { at, answer, layer, image }) {
    const box = imageBox(answer, layer, 0, 0, { width, height });
    drawImage(ctx, image, box);
    for (let row = 0; row < box.rows; row++)
      for (let across = 0; across < box.columns; across++)
        outline(ctx, box.cell(row, across), "#fff4", 1);
    const inside = (token) => {
      const [x, y, w, hgt] = cellOf(box, layer, at.group, token);
      return [x + 2, y + 2, w - 4, hgt - 4]; // a frame stands within the canvas
    };
    for (let token = 0; token < layer.tokens; token++) outline(ctx, inside(token), GROUP);
    if (at.key !== at.token) frame(ctx, inside(at.key), KEY);
    frame(ctx, glide(inside, at), QUERY, at.between);
    hits = [{ box, pick: (row, across) => tokenAt(layer, row, across) }];
  }

  function update({ at: { layer: number, group, token }, answer, layer }) {
    const seen = layers().length > 1 ? `Layer ${number}` : "The layer of attention";
    const { shape: [, , rows, columns], tokens, pixels, partition } = layer;
    const pixel = pixels[group * tokens + token];
    put(text, `${seen} sees the image as ${rows}×${columns} tokens. The ${tokens} ` +
      `framed ones are group ${group} (${partition}): only they attend to each other. ` +
      `Token ${token}: row ${Math.floor(pixel / columns)}, column ${pixel % columns}. The model ` +
      `itself uses the ${MAPS[layer.softmax]}; the ${MAPS[!layer.softmax]} here comes from the ` +
      "same spikes, not from a model trained with it.");
    const says = `Image ${answer.image}: token ${token} of group ${group}; arrow keys move`;
    canvas.ariaLabel = says;
  }

  onArrows(canvas, (right, down) => {
    const { layer, token, group } = place();
    const { partition, size, shape, tokens } = layers()[layer];
    if (Math.abs(down) === PAGE) return choose({ group: group + down / PAGE });
    const to = token + right + down * (partition === "full" ? shape[3] : size);
    return choose(to >= 0 && to < tokens ? { token: to } : {});
  }, PAGE);
  return { canvas, text, draw, update, hits: () => hits };
}
