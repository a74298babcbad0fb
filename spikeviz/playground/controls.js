// What a hand sets in SpikingPlayground beside its pictures: the data, the neurons, the training.

import { MOST_LAYERS, MOST_NEURONS, MOST_THRESHOLDS, THRESHOLD } from "./state.js";
import { drawSet } from "./plane.js";
import { SETS } from "./words.js";
import { surface } from "../base/draw.js";
import { button, clamp, div, h, para, put, show, snap } from "../base/page.js";
import { memory } from "../base/memory.js";
import { numberControl, showValues, traitControls } from "../base/controls.js";

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 1000];
const BATCHES = [1, 4, 8, 16, 32, 64, 128];

/** `options` with the present value among them. */
const withNow = (options, value) =>
  [...new Set([...options, value])].sort((a, b) => a - b).map((one) => [one, show(one, 6)]);

/** The settings, by name, and update(p). */
export function makeControls({ model, set }) {
  const { number, pick, check } = traitControls(model, set);
  const numeric = (name) => ({ set: (value) => set({ [name]: Number(value) }) });
  const scaled = (value) => { // all layers' thresholds, with the first one at this value
    const thresholds = model.get("thresholds");
    const factor = value / thresholds[0][0];
    const fit = (one) => clamp(snap(one * factor, 0.001), ...THRESHOLD.slice(0, 2));
    set({ own: {}, thresholds: thresholds.map((layer) => layer.map(fit)) });
  };
  const controls = {
    noise: number("noise", "Noise"),
    share: number("share", "Share that trains"),
    coding: pick("coding", "x, y become", [
      ["constant", "currents"], ["rate", "rate spikes"], ["latency", "latency spikes"]]),
    time_steps: number("time_steps", "T, time steps", { whole: true }),
    tau: number("tau", "τ, in steps"),
    all: numberControl({ label: "V_th, all", range: THRESHOLD, set: scaled }),
    soft: check("soft", "soft reset: subtract V_th", {
      set: (on) => set({ v_reset: on ? null : 0 }) }),
    surrogate: pick("surrogate", "Surrogate", [
      ["atan", "Atan"], ["sigmoid", "Sigmoid"], ["off", "off: slope 0"]]),
    alpha: number("alpha", "α, its slope"),
    learning_rate: pick("learning_rate", "Learning rate", [], numeric("learning_rate")),
    batch: pick("batch", "Batch", [], numeric("batch")),
    optimizer: pick("optimizer", "Optimizer", [["adamw", "AdamW"], ["sgd", "SGD"]]),
    twin: check("twin", "twin: GELU, no spikes", { set: (on) => set({ spiking: !on }) }),
    seed: number("seed", "Seed", { whole: true }),
    speed: number("speed", "Steps a frame", { whole: true }),
  };
  const update = (p) => {
    controls.learning_rate.offer(withNow(RATES, p.learning_rate));
    controls.batch.offer(withNow(BATCHES, p.batch));
    const values = { ...p, all: p.thresholds[0][0], soft: p.v_reset === null, twin: !p.spiking };
    showValues(controls, values);
    for (const name of ["time_steps", "tau", "all", "soft", "surrogate", "alpha"])
      controls[name].element.hidden = !p.spiking;
  };
  return { controls, update };
}

/** The sets to choose from, as pictures: {element, draw(colour, settings)}. */
export function makeSets(set) {
  const buttons = Object.entries(SETS).map(([data, name]) => {
    const canvas = h("canvas", { class: "sv-pg-set", "aria-hidden": "true" });
    const press = h("button", { type: "button", onclick: () => set({ data }) }, canvas, name);
    return { data, press, canvas };
  });
  const element = div("pg-sets", ...buttons.map(({ press }) => press));
  const draw = (colour, settings) => {
    for (const { data, press, canvas } of buttons) {
      press.ariaPressed = String(data === settings.data);
      drawSet(surface(canvas), colour, { ...settings, data });
    }
  };
  return { element, draw };
}

/** A list with its last one gone or `next` more, as long as 1 to `most` stay. */
const sized = (list, by, most, next) =>
  (by < 0 ? list.slice(0, Math.max(1, list.length - 1)) : [...list, next].slice(0, most));

/** Buttons − and + around a number: {element, update(value, what it says, [least, most])}. */
function counter(words, change) {
  const text = h("b");
  const less = button("−", () => change(-1), { "aria-label": `${words}: one fewer` });
  const more = button("+", () => change(1), { "aria-label": `${words}: one more` });
  const update = (value, says, [least, most]) => {
    put(text, says);
    less.disabled = value <= least;
    more.disabled = value >= most;
  };
  return { element: div("pg-count", less, text, more), update };
}

/** These children: who stays is not moved, and keeps the focus. */
function arrange(element, children) {
  const gone = [...element.children].filter((one) => !children.includes(one));
  gone.forEach((one) => one.remove());
  children.forEach((one, k) => one.parentElement || element.insertBefore(one, element.children[k]));
}

/**
 * What stands over the picture of the network: how many layers, neurons, thresholds, and a button
 * on each neuron. {layers, over, update(p, nodes, stateOf)}.
 */
export function makeShape({ model, set, look }) {
  const over = div("pg-over");
  const once = memory();
  const at = (list, l, value) => list.map((old, i) => (i === l ? value : old));
  const thresholds = () => model.get("layers").map((_, l) =>
    model.get("thresholds")[l] ?? model.get("thresholds").at(-1));
  const layers = counter("Hidden layers", (by) => {
    const now = model.get("layers");
    const next = sized(now, by, MOST_LAYERS, now.at(-1));
    set({ layers: next, thresholds: next.map((_, l) => thresholds()[l] ?? thresholds().at(-1)) });
  });
  function head(l) {
    const count = counter(`Neurons of layer ${l + 1}`, (by) => {
      const now = model.get("layers");
      set({ layers: at(now, l, clamp(now[l] + by, 1, MOST_NEURONS)) });
    });
    const many = counter(`Thresholds of layer ${l + 1}`, (by) => {
      const now = thresholds()[l];
      if (!now) return; // the layer has gone in this very moment
      const higher = snap(Math.min(now.at(-1) + 0.5, THRESHOLD[1]), 0.01);
      const own = Object.entries(model.get("own")).filter(([name]) => !name.startsWith(`${l}.`));
      set({
        own: Object.fromEntries(own),
        thresholds: at(thresholds(), l, sized(now, by, MOST_THRESHOLDS, higher)),
      });
    });
    const kind = para("pg-kind");
    return { element: div("pg-head", kind, count.element, many.element), kind, count, many };
  }
  function neuron(name) {
    const toggle = () => {
      const silent = model.get("silent");
      const without = silent.filter((one) => one !== name);
      set({ silent: without.length < silent.length ? without : [...silent, name] });
    };
    const element = h("button", { type: "button", class: "sv-pg-neuron", onclick: toggle });
    for (const type of ["pointerenter", "focus"]) element.addEventListener(type, () => look(name));
    for (const type of ["pointerleave", "blur"]) element.addEventListener(type, () => look(null));
    return element;
  }
  function update(p, nodes, { titleOf, silent }) {
    layers.update(p.layers.length, String(p.layers.length), [1, MOST_LAYERS]);
    const heads = p.layers.map((_, l) => once(l, [], () => head(l)));
    const names = p.layers.flatMap((count, l) =>
      Array.from({ length: count }, (_, i) => `${l}.${i}`));
    const neurons = names.map((name) => once(name, [], () => neuron(name)));
    arrange(over, [...heads.map(({ element }) => element), ...neurons]);
    heads.forEach(({ element, kind, count, many }, l) => {
      element.style.left = `${nodes[l + 1][0].x}px`;
      const n = p.thresholds[l].length;
      put(kind, !p.spiking ? "GELU" : n > 1 ? "MBPL" : "LIF");
      count.update(p.layers[l], `${p.layers[l]}`, [1, MOST_NEURONS]);
      many.update(n, `${n} V_th`, [1, MOST_THRESHOLDS]);
      many.element.classList.toggle("sv-away", !p.spiking);
    });
    for (const [k, element] of neurons.entries()) {
      const name = names[k];
      const [l, i] = name.split(".").map(Number);
      const { x, y, r } = nodes[l + 1][i];
      Object.assign(element.style, { translate: `${x - r}px ${y - r}px`, width: `${2 * r}px`,
        height: `${2 * r}px` });
      element.ariaPressed = String(silent.includes(name));
      element.ariaLabel = `Silence neuron ${titleOf(name)}`;
      element.title = `${titleOf(name)}; click to silence it or wake it`;
    }
  }
  return { layers: layers.element, over, update };
}
