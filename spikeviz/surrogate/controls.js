// What a hand moves in SurrogateExplorer: its controls, and the points on its pictures.

import { SURROGATES } from "./functions.js";
import { clamp, snap } from "../base/page.js";
import { drag, onArrows, onReset, pointAt, showValues, traitControls } from "../base/controls.js";
import { slide, slider } from "../base/slider.js";

const allowed = (value, [low, high, step]) => clamp(snap(value, step), low, high);

/** A hand on a canvas chooses a value: invert(px) is the one at a place, set(value) hears it. */
export const dragAlong = (canvas, range, invert, set) =>
  pointAt(canvas, ({ offsetX }) => set(allowed(invert(offsetX), range)));

/**
 * A handle, dragged along x or moved by the keys; reset() hears a double click.
 * place(value, [px, py], text) puts it there.
 */
export function dragPoint({ label, range, invert, set, reset, kind = "" }) {
  let [now, at, offset] = [0, 0, 0]; // its value and place, and from there to the hand
  const element = slider(`sv-handle sv-point ${kind}`, label);
  drag(element, (event, down) => {
    const px = event.clientX - element.parentElement.getBoundingClientRect().left;
    if (down) offset = at - px;
    else set(allowed(invert(px + offset), range));
  });
  onReset(element, reset);
  onArrows(element, (right, down) => set(allowed(now + (right - down) * range[2], range)), 10);
  const place = (value, [px, py], text) => {
    [now, at] = [value, px];
    element.style.transform = `translate(${px}px, ${py}px)`;
    slide(element, [], value, range, text);
  };
  return { element, place };
}

/** The controls by name, and update(p). get() is what is on show; begin(weight) begins a walk. */
export function makeControls({ model, get, set, begin }) {
  const { number, pick, check } = traitControls(model, set);
  const limits = model.get("limits");
  const least = () => Math.max(limits.time_steps[0], model.get("target")); // a spike a step
  const most = () => Math.min(limits.target[1], model.get("time_steps"));
  const controls = {
    surrogate: pick("surrogate", "Surrogate", [["atan", "Atan"], ["sigmoid", "Sigmoid"]], {
      set(surrogate) { // with the peak it had, so that the shapes compare
        const [alpha, [low, high]] = [model.get("alpha"), limits.alpha];
        const same = (alpha * get().peak) / SURROGATES[surrogate].derivative(0, alpha);
        set({ surrogate, alpha: clamp(same, low, high) });
      },
    }),
    alpha: number("alpha", "α, slope"),
    layer: pick("layer", "Layer", Object.keys(model.get("layers"))),
    surrogate_on: check("surrogate_on", "surrogate on", {
      set(surrogate_on) {
        const { weight } = get().here;
        set({ surrogate_on });
        begin(weight);
      },
    }),
    tau: number("tau", "τ, time constant"),
    time_steps: number("time_steps", "T, time steps", {
      limit: (value) => clamp(Math.round(value), least(), limits.time_steps[1]),
    }),
    target: number("target", "Spikes wanted", {
      limit: (value) => clamp(Math.round(value), limits.target[0], most()),
    }),
    learning_rate: number("learning_rate", "η, learning rate"),
    dead_below: number("dead_below", "Dead below, × peak"),
    v_reset: number("v_reset", "V_reset"),
    soft: check("v_reset", "soft reset: subtract V_th instead", {
      set: (on) => set({ v_reset: on ? null : 0 }),
    }),
    detach_reset: check("detach_reset", "leave the reset out of the gradient"),
  };
  const update = (p) => {
    showValues(controls, { ...p, soft: p.v_reset === null });
    controls.v_reset.element.hidden = p.v_reset === null;
  };
  return { controls, update };
}
