// The pictures of MBPLExplorer: the image, its spikes as they add up, what is read back from them,
// the error of that; and, of one step, the sum, what is sent, the spikes of each branch.

import { SHADES, low, readBack } from "./mbpl.js";
import { share, shine } from "./motion.js";
import { cividis, label, outline } from "../base/draw.js";
import { clamp, h, show } from "../base/page.js";
import { memory } from "../base/memory.js";

const [GAP, TITLE] = [10, 19]; // between pictures, above each
const SMALL = 56; // pixels of a branch's picture
const PIXEL = "#d55e00";

const packed = ([r, g, b]) => 0xff000000 | (b << 16) | (g << 8) | r;
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const blend = (a, b, part) => a.map((from, c) => from + (b[c] - from) * part);
const [GREYS, CIVIDIS] = [(i) => [i, i, i], (i) => cividis(i / 255)].map((of) =>
  Array.from({ length: 256 }, (_, i) => of(i)));
const index = (value, [least, most]) =>
  Math.round(clamp((255 * (value - least)) / (most - least || 1), 0, 255));

/** Draws square maps, each pixel a colour; a canvas for each size serves them all. */
function stamper() {
  const once = memory();
  return (ctx, size, colourOf, left, top, side) => {
    const [canvas, pixels, ink] = once(size, [], () => {
      const image = new ImageData(size, size);
      return [h("canvas", { width: size, height: size }), image,
        new Uint32Array(image.data.buffer)];
    });
    for (let k = 0; k < ink.length; k++) ink[k] = colourOf(k);
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    ctx.drawImage(canvas, left, top, side, side);
  };
}

/** Where four pictures stand: {side, at(i)} for two or four in a row, whichever is larger. */
function hang(width, height) {
  const sideOf = (columns) => Math.floor(Math.min(
    (width - GAP * (columns - 1)) / columns, (height * columns) / 4 - TITLE));
  const columns = sideOf(2) >= sideOf(4) ? 2 : 4;
  const side = sideOf(columns);
  const at = (i) =>
    [(i % columns) * (side + GAP), Math.floor(i / columns) * (side + TITLE) + TITLE];
  return { side, at };
}

/** The colour of each shade in the four pictures at a place of the playhead. */
function coloursOf(state, { place, lines, colour }) {
  const { p, n, inputs, spikes, x } = state;
  const done = Math.floor(place);
  const way = place - done;
  const [past, next] = [readBack(state, done), readBack(state, Math.min(done + 1, x.length))];
  const landed = share(way, 0.55, 1); // when the blocks do
  const mix = (name, g) => past[name][g] + (next[name][g] - past[name][g]) * landed;
  const range = [0, p.amplitude || 1];
  const [blue, red, calm] = [colour.blue, colour.red, colour.grid].map(rgb);
  const shines = lines.slice(0, n).map(rgb);
  const ink = (make) => Uint32Array.from({ length: SHADES }, (_, g) => packed(make(g)));
  /** A pixel whose branches fire in this step shines in the colour of the highest of them. */
  const summed = (g) => {
    const filled = CIVIDIS[index(mix("y", g), [0, n * x.length])];
    const top = shines.findLastIndex((_, i) =>
      way > 0.15 + (0.35 * i) / n && spikes[i][done * SHADES + g]);
    const bright = shine(x.length) * (1 - share(way, 0.5, 1));
    return way && top >= 0 ? blend(filled, shines[top], bright) : filled;
  };
  const wrong = (g) => {
    const miss = clamp((8 * (mix("read", g) - inputs[g])) / range[1], -1, 1);
    return blend(calm, miss < 0 ? blue : red, Math.abs(miss));
  };
  return [
    ink((g) => GREYS[index(inputs[g], range)]), ink(summed),
    ink((g) => GREYS[index(mix("read", g), range)]), ink(wrong),
  ];
}

/** A function that draws the four pictures of a state and returns {side, at(i), dot}. */
export function exhibition() {
  const stamp = stamper();
  return ({ ctx, width, height }, state, look) => {
    const { shades, size, row, column, n, x, bySteps, none } = state;
    const { side, at } = hang(width, height);
    const dot = side / size;
    const done = Math.floor(look.place);
    const { error } = done ? bySteps[done - 1] : none;
    const titles = [
      `input x${look.hidden ? "" : ": drag the pixel"}`,
      `all spikes so far: 0 to ${n * x.length}`,
      `x read back, step ${done} of ${x.length}`, `error ${show(error)}:`,
    ];
    coloursOf(state, look).forEach((ink, i) => {
      const [left, top] = at(i);
      const name = (words, from, colour, room) =>
        label(ctx, words, left + from, top - 5, colour, "left", "alphabetic", room);
      name(titles[i], 0, look.colour.fg, i < 3 ? side : 72);
      if (i === 3) {
        const room = (side - 76) / 2;
        name("too dark", 76, look.colour.blue, room - 6);
        name("too bright", 76 + room, look.colour.red, room);
      }
      stamp(ctx, size, (k) => ink[shades[k]], left, top, side);
      const edge = Math.max(dot, 5);
      const pixel = [column, row].map((place) => (place + 0.5) * dot - edge / 2);
      outline(ctx, [left + pixel[0], top + pixel[1], edge, edge], PIXEL);
    });
    return { side, at, dot };
  };
}

/** A function that draws the sum of the step on show, what is sent, the branches' spikes and M. */
export function sendingPictures() {
  const stamp = stamper();
  return ({ ctx, width }, state, { colour, lines }) => {
    const { p, n, cursor, kernel, shades, size, sums } = state;
    const { sends, fired } = state.maps();
    const side = Math.floor((width - GAP) / 2);
    const ends = { spike: [0, 1], sum: [0, n] }[p.readout] ??
      [Math.min(...sends), Math.max(...sends)];
    const shade = CIVIDIS.map(packed);
    const draw = (words, left, top, edge, ofPixel, fill = colour.fg, pixels = size) => {
      label(ctx, words, left, top - 5, fill, "left", "alphabetic", edge + GAP);
      stamp(ctx, pixels, ofPixel, left, top, edge);
    };
    const sum = (k) => shade[index(sums[cursor * SHADES + shades[k]], [0, n])];
    draw(`Σ Sᵢ at step ${cursor + 1}: 0 to ${n}`, 0, TITLE, side, sum);
    const range = ends.map((end) => show(end, 1)).join(" to ");
    draw(`sent: ${range}`, side + GAP, TITLE, side, (k) => shade[index(sends[k], ends)]);

    const top = side + 2 * TITLE + 6;
    const pitch = Math.min(SMALL + GAP, (width - SMALL - GAP) / n);
    const own = p.readout === "sum" && kernel ? "′" : "";
    const none = packed(rgb(colour.grid));
    fired.forEach((map, i) => {
      const ink = packed(rgb(lines[i]));
      draw(`S${own}${low(i)}`, i * pitch, top, Math.min(SMALL, pitch - 4),
        (k) => (map[k] ? ink : none), lines[i]);
    });
    if (!kernel) return;
    const tip = Math.max(...kernel.map(Math.abs));
    draw("M", width - SMALL, top, SMALL, (k) => shade[index(kernel[k], [-tip, tip])], colour.fg, 7);
  };
}
