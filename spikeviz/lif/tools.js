// What a hand moves in LIFExplorer: the handles on its pictures, the modes, the fields, the play.

import { button, clamp, show, snap } from "../base/page.js";
import { choice, player } from "../base/controls.js";
import { dragLine } from "../base/slider.js";
import { valuesOf } from "../base/traits.js";
import { challengePanel } from "./challenge.js";
import { tauHandle } from "./charge.js";
import { makeControls } from "./controls.js";
import { drawnInput } from "./input.js";
import { librariesPanel } from "./libraries.js";
import { neuronMap } from "./map.js";
import { modeRow } from "./modes.js";
import { mysteryPanel } from "./mystery.js";
import { NEURON, pinPanel, withPin } from "./pins.js";
import { clicker } from "./sound.js";
import { range } from "./state.js";

const pick = (values, names) => Object.fromEntries(names.map((name) => [name, values[name]]));

/** What lies on the picture and is dragged: the threshold, τ, the dot of the map. */
function makeHandles(view) {
  const { model, set, axis } = view;
  const initial = (...names) => () => set(pick(model.get("defaults"), names));
  const hold = () => axis.hold(view.shown.y, model.get("v_threshold"));
  const end = () => {
    axis.release(view.shown.y.domain);
    view.change({});
  };
  const near = (name, value) => {
    const [low, high, step] = range(model, name);
    return clamp(snap(value, step), low, high);
  };
  const move = ({ tau, v_threshold }) =>
    set({ tau: near("tau", tau), v_threshold: near("v_threshold", v_threshold) });
  const pinning = () => view.mode === "pin";
  return {
    threshold: dragLine({
      label: "Threshold, drag up or down", range: () => range(model, "v_threshold"),
      set: (v_threshold) => set({ v_threshold }), reset: initial("v_threshold"), start: hold, end,
    }),
    tau: tauHandle({
      range: () => range(model, "tau"), set: (tau) => set({ tau }), reset: initial("tau"),
      start: hold, end,
    }),
    map: neuronMap({
      limits: model.get("limits"), move, reset: initial("tau", "v_threshold"),
      lowest: ([low]) => (model.get("v_reset") === null ? low : range(model, "v_threshold")[0]),
      hover: (hover) => view.change({ hover }),
      choose: (neuron) => (pinning() ? view.pin(neuron) : move(neuron)),
    }),
  };
}

/** What a hand moves beside the number fields. */
export function makeTools(view) {
  const { model, set, signal } = view;
  view.pin = (neuron) =>
    set({ pins: withPin(model.get("pins"), { ...valuesOf(model, NEURON), ...neuron }) });
  const input = drawnInput(view);
  const mystery = mysteryPanel(view);
  const pins = pinPanel(view);
  const challenge = challengePanel(view);
  const modes = {
    pin: { label: "Pin", title: "Keep neurons to compare", panel: pins.element },
    paint: { label: "Paint", title: "Paint the input", panel: input.element, enter: input.start },
    mystery: {
      label: "Mystery", title: "Find the τ and V_th of a neuron from its spikes",
      panel: mystery.element, leave: () => mystery.open(0),
      enter: () => model.get("mystery") || mystery.begin(1),
    },
    challenge: {
      label: "Challenge", title: "Make it do something", panel: challenge.element,
    },
  };
  const clear = () => {
    set({ ghost: {} });
    view.change({ before: null });
  };
  return {
    ...makeHandles(view), input, mystery, pins, challenge, modes: modeRow(view, modes),
    panels: Object.values(modes).map((mode) => mode.panel),
    controls: makeControls(model, set, input.start),
    walk: player({
      last: view.last, at: view.at, go: view.go, smooth: true,
      rate: (place) => view.shown.pace.rate(place), rests: () => view.paint(),
      text: (place) =>
        `step ${Math.floor(place)}, ${show(Math.floor(place) * model.get("dt"), 1)} ms`, signal,
    }),
    speed: choice({
      label: "Speed of play", options: [5, 20, 60].map((value) => [value, `${value} steps/s`]),
      set: (speed) => set({ speed: Number(speed) }),
    }),
    libraries: librariesPanel(view),
    sound: clicker(signal),
    clearGhost: button("Clear ghost", clear),
  };
}
