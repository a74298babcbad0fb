// A drawing that is kept, and copied where nothing in it has changed.

import { memory } from "./memory.js";
import { h } from "./page.js";

/**
 * Keeps a drawing: kept(surface, keys, paint) calls paint(ctx) only if one of the keys or the size
 * is new, and else copies what it painted before. The picture depends on nothing else.
 */
export function keeper() {
  const copy = h("canvas");
  const once = memory();
  return ({ ctx }, keys, paint) => {
    const { width, height } = ctx.canvas;
    once(copy, [width, height, ...keys], () => {
      Object.assign(copy, { width, height });
      const own = copy.getContext("2d");
      own.setTransform(ctx.getTransform());
      Object.assign(own, { font: ctx.font, imageSmoothingEnabled: false });
      paint(own);
    });
    ctx.save();
    ctx.resetTransform();
    if (width && height) ctx.drawImage(copy, 0, 0);
    ctx.restore();
  };
}
