// The image's way along the boxes into the classes: a function of the playhead's place.

import { clamp, h } from "../base/page.js";
import { memory } from "../base/memory.js";
import { drawThumb, mapsOf } from "./maps.js";

const DOTS = 150; // at once, at most
const SPREAD = 0.6; // of a way, from the first dot to the last
const ASIDE = 4; // pixels between the dots' lanes

/** The dots on the way from a box at a step: two for each percent of its neurons that fire, or a
 *  few for what is real. */
function dotsOf(box, step) {
  const rate = box?.rates[Math.min(step, box.rates.length - 1)];
  return rate === undefined ? { count: 6, real: true }
    : { count: Math.ceil(200 * rate), real: false };
}

/** The share of a box's work that is done after `whole` steps and `part` of the next: each step
 *  has as much as it has spikes. */
function workDone({ shape, rates }, whole, part) {
  const sum = rates.reduce((all, rate) => all + rate, 0);
  const weights = sum ? rates : Array.from({ length: shape[0] }, () => 1);
  const all = sum || shape[0];
  const until = weights.slice(0, whole).reduce((done, weight) => done + weight, 0);
  return (until + part * (weights[whole] ?? 0)) / all;
}

/** Where a dot is that has gone a share of the way between two places: to the next lane it leaves
 *  at the right and comes in from the left. */
function between(from, to, share, aside) {
  const down = Math.abs(to.x - from.x) < Math.abs(to.y - from.y);
  if (down && to.x >= from.x - 40)
    return [from.x + share * (to.x - from.x) + aside, from.y + share * (to.y - from.y)];
  if (to.x < from.x)
    return share < 0.5 ? [from.x + 80 * share, from.y + aside]
      : [to.x - 80 * (1 - share), to.y + aside];
  return [from.x + share * (to.x - from.x), from.y + share * (to.y - from.y) + aside];
}

/**
 * draw(parts, place) draws the thumbnails of what stands in the row: where a step has come through
 * a box its map is new, and the box lights up. Returns stepAt(name), the last step that has come
 * through a box, or −1; workOf(box), the share of its work that is done; and how far the answer of
 * the step under way has `arrived`, from 0 to 1. move(ends) puts the dots on their way: `ends` are
 * the elements at which it begins and ends. `dots` belong into the element that it runs through.
 */
export function makeFlow({ model, walks, boxIn }) {
  const once = memory();
  const dots = h("div", { class: "sv-nw-dots", "aria-hidden": "true" },
    ...Array.from({ length: DOTS }, () => h("i", { hidden: true })));
  let now = { parts: [], whole: 0, wave: 0 };

  function draw(parts, place) {
    const view = model.get("view");
    const whole = Math.floor(place);
    const wave = (place - whole) * (parts.length + 2); // one until the first box
    const [steps, work] = [new Map(), new Map()];
    now = { parts, whole, wave };
    parts.forEach(({ element, canvas, shows, holds }, i) => {
      const gone = wave - i - 1;
      const step = gone > 0 ? whole : whole - 1;
      for (const name of holds) {
        const box = boxIn(0, name);
        steps.set(name, step);
        work.set(name, box ? workDone(box, whole, clamp(gone, 0, 1)) : 0);
      }
      element.style.setProperty("--sv-lit", gone > 0 ? Math.max(0, 1 - gone / 2) : 0);
      element.classList.toggle("sv-nw-waiting", step < 0);
      if (shows === "head") return;
      const which = boxIn(0, shows) ? 0 : 1;
      const { thumbs } = boxIn(which, shows);
      const entry = thumbs[view] ?? thumbs.output;
      const { data } = walks()[which];
      const drawOne = () => drawThumb(canvas, mapsOf(data, entry), Math.max(0, step));
      if (entry) once(canvas, [data, entry, step], drawOne);
    });
    const arrived = Math.max(0, wave - parts.length) / 2;
    return { stepAt: (name) => steps.get(name), workOf: ({ box }) => work.get(box) ?? 1, arrived };
  }

  function move([first, last]) {
    const { parts, whole, wave } = now;
    const free = [...dots.children];
    if (wave > 0) {
      const origin = dots.getBoundingClientRect();
      const middle = (element) => {
        const { left, top, width, height } = element.getBoundingClientRect();
        return { x: left + width / 2 - origin.left, y: top + height / 2 - origin.top };
      };
      const stations = [first, ...parts.map(({ canvas, said }) =>
        (canvas.hidden ? said : canvas)), last];
      for (const k of [-1, 0, 1].map((by) => Math.floor(wave) + by)) {
        if (k < 0 || k + 1 >= stations.length) continue;
        const { count, real } = dotsOf(k ? boxIn(0, parts[k - 1].shows) : null, whole);
        const [from, to] = [middle(stations[k]), middle(stations[k + 1])];
        for (let n = 0; n < count; n++) {
          const share = wave - k - SPREAD * ((n + 0.5) / count - 0.5);
          if (share <= 0 || share >= 1 || !free.length) continue;
          const dot = free.pop();
          const [x, y] = between(from, to, share, ASIDE * (((n * 3) % 7) - 3));
          dot.className = real ? "sv-nw-real" : "";
          dot.hidden = false;
          dot.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
        }
      }
    }
    for (const dot of free) dot.hidden = true;
  }
  return { dots, draw, move };
}
