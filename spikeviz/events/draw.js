// The three pictures of EventExplorer: the digit, a frame of events, all frames below each other.

import { SIDE } from "./events.js";
import { label, outline } from "../base/draw.js";

const LOWEST = Math.log(0.1); // of log brightness: the ground

/** Fills each pixel of a square map: shade(k) is [colour, opacity], or nothing. */
function fill(ctx, side, shade) {
  const dot = side / SIDE;
  for (let k = 0; k < SIDE * SIDE; k++) {
    const shaded = shade(k);
    if (!shaded) continue;
    [ctx.fillStyle, ctx.globalAlpha] = shaded;
    const [row, column] = [Math.floor(k / SIDE), k % SIDE];
    const [left, right, top, bottom] = [column, column + 1, row, row + 1].map((at) =>
      Math.floor(at * dot)); // whole pixels, so that neighbours neither overlap nor part
    ctx.fillRect(left, top, right - left, bottom - top);
  }
  ctx.globalAlpha = 1;
}

function hide({ ctx, width, height }, colour) {
  ctx.fillStyle = colour.grid;
  ctx.fillRect(0, 0, width, height);
  label(ctx, "hidden: guess first", width / 2, height / 2, colour.fg, "center");
}

const strength = (count, most) => 0.35 + (0.65 * count) / most;

export const PICTURES = {
  /** The digit as an eye sees it, after the frame's last move. */
  scene(surface, colour, { p, now }) {
    if (p.hidden) return hide(surface, colour);
    return fill(surface.ctx, surface.width, (k) => {
      const share = (p.dark ? 0 : 1) - now[k] / LOWEST; // 0 the darkest, 1 the brightest
      const grey = Math.round(25 + 215 * share);
      return [`rgb(${grey}, ${grey}, ${grey})`, 1];
    });
  },

  /** The events of the frame: ON blue, OFF orange, both purple. */
  frame({ ctx, width, height }, colour, { frames, step, each }) {
    const { on, off } = frames[step];
    fill(ctx, width, (k) => {
      if (!on[k] && !off[k]) return null;
      if (on[k] && off[k]) return [colour.purple, 1];
      return on[k] ? [colour.blue, strength(on[k], each)] : [colour.red, strength(off[k], each)];
    });
    outline(ctx, [0, 0, width, height], colour.grid);
  },

  /** All frames, time downward: ON less OFF of each column, or row, of the frame. */
  tracks(surface, colour, { p, tracks, step }) {
    if (p.hidden) return hide(surface, colour);
    const { ctx, width, height } = surface;
    const [across, tall] = [width / SIDE, height / tracks.length];
    const most = Math.max(1, ...tracks.flatMap((sums) => [...sums].map(Math.abs)));
    tracks.forEach((sums, t) => sums.forEach((sum, k) => {
      const [left, right] = [Math.floor(k * across), Math.floor((k + 1) * across)];
      ctx.fillStyle = sum > 0 ? colour.blue : colour.red;
      ctx.globalAlpha = sum && strength(Math.abs(sum), most);
      ctx.fillRect(left, t * tall + 1, right - left, tall - 2);
    }));
    ctx.globalAlpha = 1;
    return outline(ctx, [1, step * tall + 1, width - 2, tall - 2], colour.fg);
  },
};
