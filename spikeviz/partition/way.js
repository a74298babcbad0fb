// The playhead's way into token order and back, with the names of its stops.

import { button, clamp, div, h, snap } from "../base/page.js";
import { player, playhead } from "../base/controls.js";

const LAST = 2;
const STOPS = [[0, "image"], [0.5, "groups"], [1, "tokens"], [LAST, "merged"]];
const NEAR = 0.16; // of a stop, where the way goes slowly

const isAt = (place, at) => Math.abs(place - at) < 0.005;

/** Places a second of the flight: slower at its stops. */
function pace(at) {
  const away = Math.min(...STOPS.map(([place]) => Math.abs(place - at)));
  return 0.1 + 0.35 * clamp(away / NEAR, 0, 1);
}

const says = (at) => STOPS.find(([place]) => isAt(place, at))?.[1]
  ?? (isAt(1.5, at) ? "groups" : at < 1 ? "partition …" : "merge …");

/** A player whose stops are buttons below the scrubber, each where the playhead then stands. */
export function wayView(model, signal, paint) {
  const last = () => LAST;
  const keep = (at) => snap(at, 0.001);
  const head = playhead({ model, name: "flight", last, keep, paint });
  const walk = player({
    last, ...head, rate: pace, smooth: true, stride: 0.05, signal, text: says,
    label: "Way into token order and back",
  });
  const [play, scrub, clock] = walk.elements;
  const stops = STOPS.map(([place, name]) => button(name, () => {
    walk.stop();
    head.go(place);
  }, { style: `--sv-share: ${place / LAST}` }));
  function update() {
    walk.update();
    STOPS.forEach(([place], n) => stops[n].setAttribute("aria-pressed", isAt(place, head.at())));
  }
  const names = h("div", { class: "sv-stops", role: "group", "aria-label": "Stops" }, ...stops);
  const element = div("row sv-way", play, div("track sv-grow", scrub, names), clock);
  return { element, walk, at: head.at, update };
}
