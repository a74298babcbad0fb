// EventExplorer: what an event camera reports of a moving digit, frame by frame. All of it is
// computed here; Python holds the parameters.

import { DIRECTIONS, computer } from "./events.js";
import { makePictures } from "./draw.js";
import { ASK, LABELS, clockOf, partnerOf, replyOf, summaryOf, titlesOf } from "./words.js";
import { button, clamp, div, h, para, put } from "../base/page.js";
import { player, playhead, pointAt, showValues, traitControls } from "../base/controls.js";
import { dragLine } from "../base/slider.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { redrawer } from "../base/draw.js";

const MOTION = ["digit", "direction", "dark"];
const TRAITS = [...MOTION, "contrast", "time_steps", "step", "hidden"];
const GESTURES = [...MOTION, "contrast", "time_steps"];
const SECONDS = 5; // of play
const any = (count) => Math.floor(Math.random() * count);

/** The question for the direction of a hidden digit: {element, update}. */
function makeGame(model, set) {
  const reply = h("span", { role: "status" });
  const ways = DIRECTIONS.map((guess) => button(guess, () => {
    put(reply, replyOf(guess, valuesOf(model, MOTION)));
    set({ hidden: false });
  }));
  const again = button("Hide another digit", () => {
    put(reply, "");
    const direction = DIRECTIONS[any(DIRECTIONS.length)];
    set({ digit: any(10), direction, dark: any(2) === 1, step: 0, hidden: true });
  });
  const asked = h("span", {}, ASK);
  const update = ({ hidden }) => {
    for (const one of [asked, ...ways]) one.hidden = !hidden;
    again.hidden = hidden;
    if (hidden) put(reply, "");
  };
  return { element: div("row", asked, ...ways, again, reply), update };
}

function render({ model, el, signal }) {
  const set = setter(model);
  const compute = computer(model.get("digits"));
  const redraw = redrawer();
  const { number, pick, check } = traitControls(model, set);
  const controls = {
    digit: number("digit", "Digit", { whole: true }),
    direction: pick("direction", "Moves", DIRECTIONS),
    dark: check("dark", "darker than its ground"),
    contrast: number("contrast", "Contrast of an event"),
    time_steps: pick("time_steps", "T, frames", ["1", "2", "4", "8"], {
      set: (steps) => set({ time_steps: Number(steps) }),
    }),
  };
  const last = () => model.get("time_steps");
  const { at, go } = playhead({ model, name: "step", last, ends: true, paint: () => paint() });
  const walk = player({
    last, at, go, rate: () => last() / SECONDS, label: "Frame", signal, smooth: true,
    text: (place) => clockOf(place, last()),
  });
  const game = makeGame(model, set);
  const summary = h("p", { class: "sv-summary", role: "status" });
  const [boards, titles] = [{}, {}];
  const pictures = makePictures();
  for (const name of Object.keys(pictures)) {
    boards[name] = h("canvas", { class: "sv-events-board", role: "img" });
    titles[name] = para("title");
  }
  const chooses = ({ offsetY }) => {
    const row = Math.floor((offsetY / boards.tracks.clientHeight) * last());
    if (!model.get("hidden")) go(clamp(row, 0, last() - 1) + 1);
  };
  pointAt(boards.tracks, chooses);
  const line = dragLine({
    label: "Frame, drag it", range: () => [0, last(), 1], set: (place) => go(place),
    reset: () => go(model.get("defaults").step + 1),
  });
  const partner = para("caption");
  const stage = div("plots", ...Object.keys(pictures).map((name) => h("div", {}, titles[name],
    div("stack", boards[name], ...(name === "tracks" ? [line.element] : [])))));
  const root = h("div", { class: "spikeviz sv-events" },
    game.element,
    div("controls", ...Object.values(controls).map(({ element }) => element)),
    div("row", ...walk.elements),
    stage, summary, partner);

  function draw(colour) {
    const state = compute(valuesOf(model, TRAITS), at());
    const { p, step, place, moved, frames, now, tracks } = state;
    const shows = {
      scene: [now, moved, p.hidden, p.dark], frame: [frames, moved],
      tracks: [tracks, step, place, p.hidden],
    };
    const words = titlesOf(state);
    let scales = null;
    for (const [name, paint] of Object.entries(pictures)) {
      put(titles[name], words[name]);
      boards[name].setAttribute("aria-label", LABELS[name](state));
      scales = redraw(boards[name], [colour, ...shows[name]], (on) => paint(on, colour, state));
    }
    line.element.hidden = p.hidden;
    if (scales) line.place(place, scales.x, scales.y, "");
    summary.ariaLive = walk.playing() ? "off" : "polite";
    put(summary, summaryOf(state));
    put(partner, partnerOf(state));
    showValues(controls, { ...p, time_steps: String(p.time_steps) });
    for (const name of MOTION) controls[name].element.hidden = p.hidden;
    game.update(p);
    walk.update();
    return state;
  }
  const paint = mount({ model, el, signal }, root, TRAITS, draw,
    { undo: GESTURES, film: { player: walk, stage } });
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
