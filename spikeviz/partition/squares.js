// The attention map A as a square to scale: all pairs of tokens, and on its diagonal the groups.
// Both sides are dragged: that of a group at the upper edge, that of the map at the corner.

import { clamp, div, grouped, h } from "../base/page.js";
import { drag, onArrows, onReset } from "../base/controls.js";
import { label, outline } from "../base/draw.js";
import { slide, slider } from "../base/slider.js";
import { STAGES, fitting, sizesFor } from "./partition.js";

const [LEFT, TOP, MARGIN] = [18, 34, 18]; // room for words and for the handle at the corner
const NOTCH = 36; // pixels that the corner is dragged for another map
const MAPS = STAGES.toReversed(); // from the smallest

/**
 * A handle over a picture that steps through `list()`: follow(hand, start) gives the place of a
 * dragged hand in it, `hand` and `start` being {x, y, at}; set(value) hears a new one.
 */
export function stepper({ label: words, list, now, follow, set, reset }) {
  const element = slider("sv-handle", words);
  let start = null;
  const go = (at) => {
    const all = list();
    const value = all[clamp(Math.round(at), 0, all.length - 1)];
    if (value !== now()) set(value);
  };
  drag(element, ({ clientX: x, clientY: y }, down) => {
    if (down) start = { x, y, at: list().indexOf(now()), of: now() };
    else go(follow({ x: x - start.x, y: y - start.y }, start));
  });
  onReset(element, reset);
  onArrows(element, (right, down) => go(list().indexOf(now()) + (right - down)), 10);
  const place = (x, y, text) => {
    const all = list();
    slide(element, [x - 13, y - 13, 26, 26], all.indexOf(now()), [0, all.length - 1], text);
  };
  return { element, place };
}

export function squaresView({ model, set, changeMap, resetSize, resetMap }) {
  const canvas = h("canvas", { class: "sv-squares", role: "img" });
  let scale = 1; // pixels a token
  const sizes = () => sizesFor(model.get("resolution"));
  const size = stepper({
    label: "Side of a group's square, drag", list: sizes, now: () => model.get("size"),
    reset: resetSize, set: (value) => set({ size: value }),
    follow({ x }, { of }) {
      const side = Math.sqrt(Math.max(0, of * of + x / scale));
      return sizes().indexOf(fitting(model.get("resolution"), side));
    },
  });
  const map = stepper({
    label: "Side of the map's square, drag", list: () => MAPS, now: () => model.get("resolution"),
    reset: resetMap, set: changeMap,
    follow: ({ x, y }, { at }) => at + (x + y) / NOTCH / 2,
  });

  function draw({ side, size: across }, { ctx, width, height }, colour) {
    const all = side * side;
    const [n, s] = [across * across, Math.min(width - LEFT - MARGIN, height - TOP - MARGIN)];
    scale = s / all;
    ctx.globalAlpha = 0.14;
    ctx.fillStyle = colour.blue;
    ctx.fillRect(LEFT, TOP, s, s);
    ctx.globalAlpha = 1;
    outline(ctx, [LEFT, TOP, s, s], colour.blue, 2);
    ctx.fillStyle = colour.red;
    const block = n * scale;
    const gap = block > 5 ? 1 : 0;
    for (let g = 0; g < all / n; g++) {
      const at = g * block;
      ctx.fillRect(LEFT + at, TOP + at, block - gap, block - gap);
    }
    for (const less of STAGES.filter((one) => one < side && one > across)) {
      const small = less ** 2 * scale;
      ctx.setLineDash([3, 3]);
      outline(ctx, [LEFT, TOP, small, small], colour.muted, 1);
      ctx.setLineDash([]);
      if (small > 30) label(ctx, `all of ${less} × ${less}`, LEFT + small + 5, TOP + small - 9,
        colour.muted);
    }
    label(ctx, `${grouped(all)} keys`, LEFT + s, 8, colour.blue, "right");
    label(ctx, `${grouped(n)} keys`, LEFT, 8, colour.red);
    ctx.save();
    ctx.translate(8, TOP + s);
    ctx.rotate(-Math.PI / 2);
    label(ctx, `${grouped(all)} queries`, 0, 0, colour.blue);
    ctx.restore();
    const groups = all / n;
    size.place(LEFT + block, TOP, `${across} × ${across} tokens, ${groups} groups`);
    map.place(LEFT + s, TOP + s, `${side} × ${side} pixels`);
  }
  const element = div("stack", canvas, size.element, map.element);
  return { canvas, element, draw };
}
