// A grid of feature maps, in which a hand or the arrow keys choose a pixel.

import { h } from "../base/page.js";
import { onArrows } from "../base/controls.js";
import { outline, surface } from "../base/draw.js";
import { memory } from "../base/memory.js";
import { fit, shade, stepOf } from "./maps.js";

/** Where channels c0 … c1 − 1 lie on a picture, in 8 columns, or in 16 where they are many. */
function layoutOf([, , rows, columns], [c0, c1], wide) {
  const across = c1 - c0 > 32 && wide ? 16 : 8;
  const large = Math.ceil(48 / Math.max(rows, columns));
  const [cellW, cellH] = [columns * large + 2, rows * large + 2];
  const [width, height] = [across * cellW, Math.ceil((c1 - c0) / across) * cellH];
  const corner = (c) => [((c - c0) % across) * cellW, Math.floor((c - c0) / across) * cellH];
  function find(px, py) {
    const [column, row] = [Math.floor(px / cellW), Math.floor(py / cellH)];
    const [x, y] = [px - column * cellW, py - row * cellH].map((at) => Math.floor(at / large));
    const c = c0 + row * across + column;
    const inside = x >= 0 && x < columns && y >= 0 && y < rows;
    return inside && c < c1 && column < across ? { c, y, x } : null;
  }
  return { across, large, width, height, corner, find };
}

/** choose({c, y, x} or null) hears which pixel, chosen() is the present one. */
export function gridCanvas(label, chosen, choose) {
  const once = memory();
  const canvas = h("canvas", {
    class: "sv-nw-maps", tabindex: 0, role: "application", "aria-label": label,
  });
  let [shape, channels, layout] = [[1, 1, 1, 1], [0, 1], null]; // as drawn last

  /** Channels c0 … c1 − 1 of the maps at time t, the chosen pixel framed. */
  function draw(maps, t, [c0, c1], colour) {
    [shape, channels] = [maps.shape, [c0, c1]];
    layout = layoutOf(shape, channels, canvas.clientWidth > 440);
    const { large, width, height, corner } = layout;
    const step = stepOf(maps, t);
    const image = once("image", [maps, step, c0, layout.across], () => {
      const made = new ImageData(width, height);
      for (let c = c0; c < c1; c++) shade(made, maps, step, c, corner(c), large);
      const copy = h("canvas");
      fit(copy, made).putImageData(made, 0, 0);
      return copy;
    });
    canvas.style.aspectRatio = `${width} / ${height}`;
    const { ctx, width: own } = surface(canvas);
    ctx.scale(own / width, own / width);
    ctx.drawImage(image, 0, 0);
    const mark = chosen();
    if (!mark || mark.c < c0 || mark.c >= c1) return;
    const [left, top] = corner(mark.c);
    const box = [left + mark.x * large - 1, top + mark.y * large - 1, large + 2, large + 2];
    outline(ctx, box, colour.red);
  }

  canvas.addEventListener("pointermove", ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const [px, py] = [(clientX - left) / width, (clientY - top) / height];
    choose(layout?.find(px * layout.width, py * layout.height) ?? null);
  });
  for (const away of ["pointerleave", "blur"]) canvas.addEventListener(away, () => choose(null));
  canvas.addEventListener("keydown", ({ key }) => key === "Escape" && choose(null));
  onArrows(canvas, (right, down) => {
    const [, , rows, columns] = shape;
    const [c0, c1] = channels;
    let { c, y, x } = chosen() ?? { c: c0, y: 0, x: -right };
    [y, x] = [y + down, x + right];
    // Past an edge the next channel begins.
    if (x < 0 || x >= columns) [c, x] = [c + right, right < 0 ? columns - 1 : 0];
    if (y < 0 || y >= rows) [c, y] = [c + down * layout.across, down < 0 ? rows - 1 : 0];
    if (c >= c0 && c < c1) choose({ c, y, x });
  });
  return { canvas, draw };
}
