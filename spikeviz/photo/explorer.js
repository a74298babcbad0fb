// PhotoExplorer: a photograph as spikes of one neuron a pixel, and what a reader of counts sees.

import { MOST, NEURONS, computer } from "./photo.js";
import { pictures } from "./draw.js";
import { CLEAR, LABELS, TITLES, clockOf, pixelOf, summaryOf } from "./words.js";
import { button, clamp, div, h, para, put } from "../base/page.js";
import { onPoint, player, playhead, pointAt, showValues, traitControls }
  from "../base/controls.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { redrawer } from "../base/draw.js";

const TRAITS = ["time_steps", "neuron", "noise"];
const SECONDS = 8; // of play

function render({ model, el, signal }) {
  const set = setter(model);
  const compute = computer(model.get("greys"));
  const redraw = redrawer();
  const { number, pick } = traitControls(model, set);
  const controls = {
    neuron: pick("neuron", "Neuron", Object.keys(NEURONS)),
    noise: number("noise", "Noise of the current"),
  };
  const last = () => MOST;
  const { at, go } = playhead({ model, name: "time_steps", last, paint: () => paint() });
  const walk = player({
    last, at, go, rate: () => MOST / SECONDS, label: "T, time steps", signal, text: clockOf,
  });
  const summary = h("p", { class: "sv-summary", role: "status" });
  const pointed = para("caption sv-photo-pixel");
  const boards = Object.fromEntries(Object.keys(pictures).map((name) =>
    [name, h("canvas", { class: `sv-photo-${name}`, role: "img" })]));
  const visits = new Map(); // "neuron|noise": {T: {error, bits}}
  let [pixel, version] = [null, 0]; // under the pointer; of the dots
  const clear = button(CLEAR, () => {
    visits.clear();
    paint();
  });
  const stage = div("plots", ...Object.keys(pictures).map((name) =>
    h("div", {}, para("title", TITLES[name]), boards[name])));
  const root = h("div", { class: "spikeviz sv-photo" },
    div("controls", ...Object.values(controls).map(({ element }) => element)),
    div("row", ...walk.elements, clear), stage, summary, pointed);

  const side = Math.sqrt(model.get("greys").length / 2); // two letters a pixel
  const under = ({ offsetX, offsetY, target: { clientWidth, clientHeight } }) => {
    const place = (offset, size) => clamp(Math.floor((offset / size) * side), 0, side - 1);
    return place(offsetY, clientHeight) * side + place(offsetX, clientWidth);
  };
  const look = (to) => {
    if (to !== null) pixel = to; // it stays when the pointer leaves
    paint();
  };
  for (const board of [boards.photo, boards.read]) {
    onPoint(board, under, look);
    pointAt(board, (event) => look(under(event)));
  }

  /** Leaves a dot where the reader has been. */
  function visit({ p: { neuron, noise, time_steps }, error, bits }) {
    const key = `${neuron}|${noise}`;
    if (!visits.has(key)) visits.set(key, new Map());
    if (!visits.get(key).has(time_steps)) version++;
    visits.get(key).set(time_steps, { error, bits });
  }

  function draw(colour) {
    const state = compute({ ...valuesOf(model, TRAITS), time_steps: Math.floor(at()) });
    state.pixel = pixel ?? Math.floor((state.s.length + state.side) / 2);
    visit(state);
    state.visits = visits;
    const { p, picture } = state;
    const shows = {
      photo: [state.pixel], read: [picture, state.pixel],
      curve: [version, visits.size, p.neuron, p.noise, p.time_steps],
    };
    for (const [name, paintOne] of Object.entries(pictures)) {
      boards[name].setAttribute("aria-label", LABELS[name](state));
      redraw(boards[name], [colour, ...shows[name]], (on) => paintOne(on, colour, state));
    }
    summary.ariaLive = walk.playing() ? "off" : "polite";
    put(summary, summaryOf(state));
    put(pointed, pixelOf(state, state.pixel));
    showValues(controls, p);
    walk.update();
    return state;
  }
  const paint = mount({ model, el, signal }, root, TRAITS, draw,
    { undo: TRAITS, film: { player: walk, stage } });
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
