// The three pictures of EventExplorer: the digit, a frame of events, all frames below each other.
// All are functions of the playhead's place, which lies between two moves while it plays.

import { SIDE } from "./events.js";
import { memory } from "../base/memory.js";
import { hide, outline, picture, scale, stroke } from "../base/draw.js";

const LOWEST = Math.log(0.1); // of log brightness: the ground

/** Fills each pixel of a square map: shade(k) is [colour, opacity], or nothing; `grown` times as
 *  large as it is. */
function fill(ctx, side, shade, grown = 1) {
  const dot = side / SIDE;
  const over = ((grown - 1) * dot) / 2;
  for (let k = 0; k < SIDE * SIDE; k++) {
    const shaded = shade(k);
    if (!shaded) continue;
    [ctx.fillStyle, ctx.globalAlpha] = shaded;
    const [row, column] = [Math.floor(k / SIDE), k % SIDE];
    const [left, right, top, bottom] = [column, column + 1, row, row + 1].map((at) =>
      Math.floor(at * dot)); // whole pixels, so that neighbours neither overlap nor part
    ctx.fillRect(left - over, top - over, right - left + 2 * over, bottom - top + 2 * over);
  }
  ctx.globalAlpha = 1;
}

const strength = (count, most) => 0.35 + (0.65 * count) / most;

/** The shade of a pixel's events: ON blue, OFF orange, both purple; `flash` from 0 to 1. */
const inkOf = ({ on, off }, each, colour, opacity = 1, flash = 0) => (k) => {
  if (!on[k] && !off[k]) return null;
  if (on[k] && off[k]) return [colour.purple, opacity];
  const own = strength(on[k] || off[k], each);
  return [on[k] ? colour.blue : colour.red, opacity * (own + (1 - own) * flash)];
};

/** ON less OFF of each column, or row, of each frame. */
function drawTracks(ctx, tracks, [across, tall], opacity, colour) {
  const most = Math.max(1, ...tracks.flatMap((sums) => [...sums].map(Math.abs)));
  tracks.forEach((sums, t) => sums.forEach((sum, k) => {
    const [left, right] = [Math.floor(k * across), Math.floor((k + 1) * across)];
    ctx.fillStyle = sum > 0 ? colour.blue : colour.red;
    ctx.globalAlpha = sum && opacity * strength(Math.abs(sum), most);
    ctx.fillRect(left, t * tall + 1, right - left, tall - 2);
  }));
  ctx.globalAlpha = 1;
}

/** {scene, frame, tracks}: each draws on a surface; tracks gives the scales of its playhead. */
export function makePictures() {
  const once = memory();
  return {
    /** The digit as an eye sees it: between two moves it is on its way. */
    scene(surface, colour, { p, now, moved, way }) {
      if (p.hidden) return hide(surface, colour);
      const { ctx, width } = surface;
      const image = once("scene", [now, p.dark], () => picture(Array.from(now, (value) => {
        const share = (p.dark ? 0 : 1) - value / LOWEST; // 0 the darkest, 1 the brightest
        const grey = Math.round(25 + 215 * share);
        return [grey, grey, grey];
      }), SIDE));
      const [down, right] = way.map((by) => by * (moved % 1) * (width / SIDE));
      ctx.drawImage(image, 0, 0, 1, 1, 0, 0, width, width); // the ground
      return ctx.drawImage(image, right, down, width, width);
    },

    /** The events of the frame so far; those of the move under way flash as they come. */
    frame({ ctx, width, height }, colour, { frames, step, each, moved, events, sums }) {
      const [share, first] = [moved % 1, moved < step * each + 1];
      fill(ctx, width, inkOf(sums, each, colour));
      if (share) {
        if (first && step) fill(ctx, width, inkOf(frames[step - 1], each, colour, 1 - share));
        const flash = Math.sin(Math.PI * share);
        const coming = events[Math.floor(moved)];
        const opacity = Math.min(1, 5 * share);
        fill(ctx, width, inkOf(coming, each, colour, opacity, flash), 1 + 0.5 * flash);
      }
      outline(ctx, [0, 0, width, height], colour.grid);
    },

    /** All frames, time downward; what the playhead has not reached is pale. */
    tracks(surface, colour, { p, tracks, step, place }) {
      if (p.hidden) return hide(surface, colour);
      const { ctx, width, height } = surface;
      const size = [width / SIDE, height / tracks.length];
      drawTracks(ctx, tracks, size, 0.25, colour);
      ctx.save();
      ctx.beginPath();
      ctx.rect(0, 0, width, place * size[1]);
      ctx.clip();
      ctx.clearRect(0, 0, width, height);
      drawTracks(ctx, tracks, size, 1, colour);
      ctx.restore();
      outline(ctx, [1, step * size[1] + 1, width - 2, size[1] - 2], colour.fg);
      const y = scale([0, tracks.length], [0, height]);
      if (place % 1) stroke(ctx, colour.fg, [[0, y(place)], [width, y(place)]], 2);
      return { x: scale([0, 1], [0, width]), y };
    },
  };
}
