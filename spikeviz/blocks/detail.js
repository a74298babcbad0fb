// The chosen box, larger: the maps of its channels, its kernels, and one pixel over all steps.

import { SIDE, numbers } from "./blocks.js";
import { course, heat, maps, membranes, stepTicks } from "./draw.js";
import { axes, label, scale } from "../base/draw.js";

/** The kernels of a box, side by side in the room at the right. */
function drawKernels(ctx, kernels, [left, room, height], colour) {
  kernels.forEach((weights, i) => {
    const [size, wide] = [Math.sqrt(weights.length), room / kernels.length - 4];
    const side = Math.floor(Math.min(wide, height) / size) * size;
    const at = left + i * (wide + 4);
    ctx.drawImage(heat(weights, size, Math.max(...weights.map(Math.abs))), at, 24, side, side);
    const name = kernels.length > 1 ? "M, channel 1" : "the kernel";
    const title = i ? `channel ${i + 1}` : name;
    label(ctx, title, at, 12, colour.fg, "left", "middle", wide);
  });
}

/** Returns where a hand finds what: {maps, steps, current}, the places and scales. */
export function drawDetail({ ctx, width, height }, state, colour) {
  const { p, here, chosen, place, film, onFilm } = state;
  const value = here[chosen.name];
  const { kernels } = chosen;
  const image = p.mode === "image";
  const top = image || kernels ? 118 : 10;
  const aside = kernels ? Math.min(118 * kernels.length ** 0.6, 0.42 * width) : 0;
  const found = { maps: [] };
  if (image) {
    const box = [0, 4, width - aside - (aside ? 12 : 0), top - 14];
    found.maps = maps(ctx, film.canvas, onFilm.indexOf(value), value, box, p, colour);
  }
  if (kernels) drawKernels(ctx, kernels, [width - aside, aside, top - 44], colour);
  const box = [50, top + 18, width - 62, height - top - 42];
  const bottom = box[1] + box[3];
  const x = (found.steps = scale([0.5, value.steps + 0.5], [box[0], box[0] + box[2]]));
  const at = image ? p.row * SIDE + p.column : 0;
  const spikes = chosen.kind === "lif";
  const title = spikes ? "membrane H and spikes over time" : "values over time";
  label(ctx, title, 0, top + 6, colour.fg);
  if (spikes) {
    const { data, side } = here[chosen.from[0]];
    const coming = data.filter((_, i) => i % side ** 2 === at);
    const y = membranes(ctx, value, chosen, [at, Math.max(...coming)], box, colour, place, x);
    found.membrane = { x, y };
    return found;
  }
  const { low, high } = numbers(value);
  const room = chosen.name === "x" ? p.amplitude : high; // to draw in
  const reach = { low, high: Math.max(high, room) };
  const given = { colour, xTitle: " ", xTicks: stepTicks(value.steps), yTicks: [] };
  if (value.most === 1) axes(ctx, x, scale([0, 1], [bottom, box[1]]), given);
  else {
    const least = Math.min(0, low);
    found.current = scale([least, Math.max(reach.high, 1e-9)], [bottom - 2, box[1] + 2]);
    const yTicks = [least, ...(reach.high > 0 ? [reach.high] : [])];
    axes(ctx, x, found.current, { ...given, yTicks });
  }
  course(ctx, value, at, box, colour, place, reach);
  return found;
}
