// The image's way through the row of boxes: a function of the playhead's place.

import { memory } from "../base/memory.js";
import { drawThumb, mapsOf } from "./maps.js";

/**
 * flow(parts, place) draws the thumbnails of what stands in the row: where a step has come through
 * a box its map is new, and the box lights up. Returns stepAt(name), the last step that has come
 * through a box, or −1, and how far the answer of the step under way has `arrived`, from 0 to 1.
 */
export function makeFlow({ model, walks, boxIn }) {
  const once = memory();
  return (parts, place) => {
    const view = model.get("view");
    const whole = Math.floor(place);
    const wave = (place - whole) * (parts.length + 1);
    const steps = new Map();
    parts.forEach(({ element, canvas, shows, holds }, i) => {
      const step = wave > i ? whole : whole - 1;
      for (const name of holds) steps.set(name, step);
      element.style.setProperty("--sv-lit", wave > i ? Math.max(0, 1 - (wave - i) / 2) : 0);
      element.classList.toggle("sv-nw-waiting", step < 0);
      if (shows === "head") return;
      const which = boxIn(0, shows) ? 0 : 1;
      const { thumbs } = boxIn(which, shows);
      const entry = thumbs[view] ?? thumbs.output;
      const { data } = walks()[which];
      const draw = () => drawThumb(canvas, mapsOf(data, entry), Math.max(0, step));
      if (entry) once(canvas, [data, entry, step], draw);
    });
    return { stepAt: (name) => steps.get(name), arrived: Math.max(0, wave - parts.length + 1) / 2 };
  };
}
