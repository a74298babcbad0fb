// EventExplorer: what an event camera reports of a moving digit, frame by frame. All of it is
// computed here; Python holds the parameters.

import { DIRECTIONS, computer } from "./events.js";
import { PICTURES } from "./draw.js";
import { ASK, LABELS, partnerOf, replyOf, summaryOf, titlesOf } from "./words.js";
import { button, clamp, div, h, para, put } from "../base/page.js";
import { drag, player, showValues, traitControls } from "../base/controls.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { redrawer } from "../base/draw.js";

const MOTION = ["digit", "direction", "dark"];
const TRAITS = [...MOTION, "contrast", "time_steps", "step", "hidden"];
const FRAMES_A_SECOND = 3;
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
  const last = () => model.get("time_steps") - 1;
  const walk = player({
    last, at: () => clamp(model.get("step"), 0, last()), go: (step) => set({ step }),
    rate: () => FRAMES_A_SECOND, label: "Frame", text: (at) => `frame ${at + 1} of ${last() + 1}`,
    signal,
  });
  const game = makeGame(model, set);
  const summary = h("p", { class: "sv-summary", role: "status" });
  const [boards, titles] = [{}, {}];
  for (const name of Object.keys(PICTURES)) {
    boards[name] = h("canvas", { class: "sv-events-board", role: "img" });
    titles[name] = para("title");
  }
  drag(boards.tracks, ({ offsetY }) => {
    if (model.get("hidden")) return;
    const row = Math.floor((offsetY / boards.tracks.clientHeight) * (last() + 1));
    set({ step: clamp(row, 0, last()) });
  });
  const partner = para("caption");
  const root = h("div", { class: "spikeviz sv-events" },
    game.element,
    div("controls", ...Object.values(controls).map(({ element }) => element)),
    div("row", ...walk.elements),
    div("plots", ...Object.keys(PICTURES).map((name) => h("div", {}, titles[name], boards[name]))),
    summary, partner);

  function draw(colour) {
    const state = compute(valuesOf(model, TRAITS));
    const { p, step, frames, now, tracks } = state;
    const shows = {
      scene: [now, p.hidden, p.dark], frame: [frames, step], tracks: [tracks, step, p.hidden],
    };
    const words = titlesOf(state);
    for (const [name, paint] of Object.entries(PICTURES)) {
      put(titles[name], words[name]);
      boards[name].setAttribute("aria-label", LABELS[name](state));
      redraw(boards[name], [colour, ...shows[name]], (on) => paint(on, colour, state));
    }
    put(summary, summaryOf(state));
    put(partner, partnerOf(state));
    showValues(controls, { ...p, time_steps: String(p.time_steps) });
    for (const name of MOTION) controls[name].element.hidden = p.hidden;
    game.update(p);
    walk.update();
    return state;
  }
  mount({ model, el, signal }, root, TRAITS, draw);
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
