// What a reader moves in EnergyExplorer: the settings, the bars, the points on the plane.

import { MEASURED, breakEven, meanRate } from "./energy.js";
import { h, clamp, button, show } from "../base/page.js";
import { numberControl, choice, checkbox, drag, onArrows, onPoint, onReset, pointAt, showValues }
  from "../base/controls.js";
import { slide, slider } from "../base/slider.js";

const NUMBERS = {
  time_steps: ["T, time steps", ""], rate_factor: ["R × factor", ""],
  e_mac: ["E_MAC", "pJ"], e_a: ["E_A", "pJ"], one_rate: ["R of all", ""],
};

/** The settings. report() is the one on show; set(changes) hears every move. */
export function makeControls(limits, reports, report, set) {
  const number = (key, [label, unit]) => {
    const [low, high, step] = limits[key];
    const steps = key === "time_steps";
    return numberControl({
      label, unit, range: [low, steps ? 32 : high, step],
      limit: (value) => clamp(steps ? Math.round(value) : value, low, high),
      set: (value) => set({ [key]: steps && value === report().time_steps ? null : value }),
    });
  };
  const meanOf = ({ rows }) => Number(Math.min(meanRate(rows), 4).toFixed(3));
  const names = reports.map(({ name }) => name);
  const chosen = (label, name, options, more = {}) =>
    choice({ label, options, set: (value) => set({ [name]: value, ...more }) });
  const controls = {
    report: chosen("Network", "report", names, { rates: {}, layer: "" }),
    counting: chosen("Count", "counting", [["input", "each layer's input"],
      ["merged", "merged if cheaper"], ["paper", "the paper's formula"]]),
    one: checkbox({
      label: "one R for all layers",
      set: (on) => set({ one_rate: on ? meanOf(report()) : null }),
    }),
    by: chosen("Bars", "by", [["layer", "by layer"], ["stage", "by stage"]]),
    log: checkbox({ label: "logarithmic bars", set: (log) => set({ log }) }),
  };
  for (const [key, words] of Object.entries(NUMBERS)) controls[key] = number(key, words);
  const reset = button("Back to what was measured", () => set(MEASURED));
  const elements = (...keys) => keys.map((key) => controls[key].element);
  const settings = h("div", { class: "sv-controls" },
    ...elements("report", "counting", "time_steps"),
    h("div", {}, ...elements("rate_factor", "one_rate", "one")), ...elements("e_mac", "e_a"));

  function update({ report: { name, time_steps: steps }, settings: now, by, log, changed }) {
    const one = now.one_rate !== null;
    const all = { ...now, time_steps: now.time_steps ?? steps, report: name, one, by, log };
    showValues(controls, all);
    controls.one_rate.element.hidden = !one;
    controls.rate_factor.element.hidden = one;
    reset.disabled = !changed;
  }
  const how = h("div", { class: "sv-row sv-how" }, ...elements("by", "log"));
  return { settings, how, reset, update };
}

export function moveBars(bars, view) {
  const groupAt = (s, k) => {
    const { name } = s.groups[clamp(k, 0, s.groups.length - 1)];
    return { group: name, layer: s.single ? name : null };
  };
  const under = ({ offsetX }) => // before a guess nothing is drawn
    view.x ? groupAt(view.compute(), Math.floor(view.x.invert(offsetX))) : null;
  const choose = (found) => found?.layer && view.set({ layer: found.layer });
  onPoint(bars, under, view.look);
  bars.addEventListener("click", (event) => choose(under(event)));
  onArrows(bars, (right, down) => {
    const by = right || down;
    if (Math.abs(down) === 1) return false;
    const s = view.compute();
    if (!s.guess) return false;
    const at = s.groups.findIndex(({ name }) => name === (view.hovered?.group ?? s.looked));
    view.look(groupAt(s, at < 0 ? 0 : at + by));
    choose(view.hovered);
    return true;
  }, 10);
}

const NEAR = { mouse: 10, touch: 18 }; // pixels from a hand to the point that it means

/** Hands on the plane: {place(s)} puts the handle of the chosen layer onto its point. */
export function movePlane(plane, view) {
  let held = null; // the row that is dragged
  let offset = 0; // pixels from the hand to its point
  const handle = slider("sv-handle sv-rate", "R of the chosen layer, drag it");
  handle.ariaOrientation = "vertical";
  const pointOf = (layer) => view.points.find(({ row }) => row.layer === layer);
  const setRate = ({ layer, input }, rate) => {
    const value = Number(clamp(rate, 0, 12).toPrecision(3));
    const { rates } = view.compute().settings;
    if (input !== "image") view.set({ layer, rates: { ...rates, [layer]: value } });
  };
  const takeBack = () => {
    const { looked, settings } = view.compute();
    const { [looked]: _gone, ...rates } = settings.rates;
    view.set({ rates });
  };
  const nearest = ({ offsetX, offsetY, pointerType }) => {
    const apart = ({ x, y, size }) => Math.hypot(x - offsetX, y - offsetY) - size;
    const [best] = view.points.toSorted((a, b) => apart(a) - apart(b));
    return best && apart(best) < (NEAR[pointerType] ?? NEAR.mouse) ? best.row : null;
  };
  const pull = ({ clientY }, down) => {
    const at = clientY - plane.getBoundingClientRect().top;
    if (down) offset = pointOf(held.layer).y - at;
    else setRate(held, view.y.invert(at + offset));
  };
  const end = () => (held = null);
  onPoint(plane, (event) => (held ? view.hovered : nearest(event)), view.look);
  pointAt(plane, (event, down) => {
    if (down) held = nearest(event);
    if (held) pull(event, down);
    if (held && down) view.set({ layer: held.layer });
  }, end);
  drag(handle, (event, down) => {
    if (down) held = view.compute().priced.find(({ layer }) => layer === view.model.get("layer"));
    pull(event, down);
  }, end);
  for (const element of [plane, handle]) {
    onReset(element, takeBack);
    onArrows(element, (right, down) => {
      const { priced, looked, settings } = view.compute();
      const at = priced.findIndex(({ layer }) => layer === looked);
      const row = priced[at];
      const up = { "-1": 1.1, 1: 1 / 1.1, "-2": 2, 2: 0.5 }[down];
      if (right) view.set({ layer: (priced[at < 0 ? 0 : at + right] ?? row).layer });
      else if (row) setRate(row, Math.max(row.rate ?? breakEven(settings), 0.003) * up);
    }, 2);
    element.addEventListener("keydown", (event) => {
      if (!view.compute().looked || !["Delete", "Backspace"].includes(event.key)) return;
      takeBack();
      event.preventDefault();
    });
  }
  function place({ guess, settings }) {
    const point = guess ? pointOf(view.model.get("layer")) : null;
    handle.hidden = !point || point.row.input === "image";
    if (handle.hidden) return;
    const rate = point.row.rate ?? breakEven(settings);
    slide(handle, [point.x - 14, point.y - 14], rate, [0, 12], `R ${show(rate)}`);
  }
  return { handle, place };
}
