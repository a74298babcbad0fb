// The pictures of MBPLExplorer: the input, the sum, what is read from it, what M makes of it, and
// the spikes of each branch.

import { low } from "./mbpl.js";
import { cividis, label, outline } from "../base/draw.js";
import { clamp, counted, h, show } from "../base/page.js";

const SMALL = 42; // pixels of a branch's picture

const packed = ([r, g, b]) => 0xff000000 | (b << 16) | (g << 8) | r;
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const CIVIDIS = Uint32Array.from({ length: 256 }, (_, i) => packed(cividis(i / 255)));

/** Draws square maps of one size; its one canvas serves them all. */
function stamp(size) {
  const canvas = h("canvas", { width: size, height: size });
  const pixels = new ImageData(size, size);
  const ink = new Uint32Array(pixels.data.buffer);
  return (ctx, values, [least, most], colours, left, top, side) => {
    const last = colours.length - 1;
    const unit = last / (most - least || 1);
    values.forEach((value, k) => {
      ink[k] = colours[Math.round(clamp((value - least) * unit, 0, last))];
    });
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    ctx.drawImage(canvas, left, top, side, side);
  };
}

/**
 * A function that draws all pictures and returns pixelAt(x, y): the [row, column] at a place of the
 * canvas, or undefined between the pictures.
 */
export function photographer(size) {
  const [draw, drawKernel] = [stamp(size), stamp(7)];

  return ({ ctx, width, height }, state, { colour, lines }) => {
    const { p, n, cursor, kernel, input, sum, read, sends, ends } = state;
    const columns = width < 520 ? 2 : 4;
    const cell = width / columns;
    const below = 62; // the row of the branches
    const side = Math.floor(Math.min(cell - 12, ((height - below) * columns) / 4 - 22));
    const dot = side / size;
    const place = (i) => [(i % columns) * cell, Math.floor(i / columns) * (side + 22) + 17];
    const name = (words, left, top, fill = colour.fg) =>
      label(ctx, words, left, top, fill, "left", "alphabetic");
    const range = [0, p.amplitude || 1];
    [
      [input, range, "input x"],
      [sum, [0, n], `Σ Sᵢ at step ${cursor + 1}: 0 to ${n}`],
      [read, range, `x read from ${counted(cursor + 1, "step")}`],
      [sends, ends, `sent: ${ends.map((end) => show(end, 1)).join(" to ")}`],
    ].forEach(([values, limits, title], i) => {
      const [left, top] = place(i);
      name(title, left, top - 5);
      draw(ctx, values, limits, CIVIDIS, left, top, side);
      const pixel = [left + p.column * dot - 1, top + p.row * dot - 1, dot + 2, dot + 2];
      outline(ctx, pixel, "#d55e00");
    });

    const top = height - SMALL - 2;
    const pitch = Math.min(78, (width - 60) / n);
    state.fired.forEach((fired, i) => {
      name(`S${p.readout === "sum" && kernel ? "′" : ""}${low(i)}`, i * pitch, top - 3, lines[i]);
      const ink = [colour.grid, lines[i]].map((hex) => packed(rgb(hex)));
      draw(ctx, fired, [0, 1], ink, i * pitch, top, Math.min(SMALL, pitch - 4));
    });
    if (kernel) name("M", width - 44, top - 3);
    const tip = kernel && Math.max(...kernel.map(Math.abs));
    if (kernel)
      drawKernel(ctx, kernel.map((w) => w / tip), [-1, 1], CIVIDIS, width - 44, top, SMALL);

    const cellAt = (x, y) => (_, i) => {
      const [left, top] = place(i);
      return [(y - top) / dot, (x - left) / dot].map(Math.floor);
    };
    const within = (at) => Math.min(...at) >= 0 && Math.max(...at) < size;
    return (x, y) => Array.from({ length: 4 }, cellAt(x, y)).find(within);
  };
}
