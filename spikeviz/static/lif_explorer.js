// LIFExplorer: one neuron under the reader's hand. Python holds the parameters as traits;
// everything drawn is computed here, so a move is answered within a frame.

import { STIMULI, steps, stimulus, simulate, countMap, fiCurve, rateOf } from "./neuron.js";
import { h, syncer, listen, syncing, mount, clamp, show, numberControl, drag, dragLine, player } from "./widget.js";
import { surface, scale, ticks, axes, line, cividis, picture } from "./draw.js";

const PARAMETERS = ["tau", "v_threshold", "v_rest", "v_reset", "t_ref", "resistance", "dt", "stimulus", "amplitude", "period", "seed", "duration"];
const VIEW = ["cursor", "speed", "pinned", "ghost"];
const NEURON = ["tau", "v_threshold"];

const LABELS = {
  tau: ["τ, time constant", "ms"],
  v_threshold: ["V_th, threshold", ""],
  amplitude: ["I, input current", ""],
  period: ["Period", "ms"],
  seed: ["Noise seed", ""],
  v_rest: ["V_rest", ""],
  v_reset: ["V_reset", ""],
  t_ref: ["t_ref, refractory", "ms"],
  resistance: ["R, resistance", ""],
  dt: ["Δt, time step", "ms"],
  duration: ["Duration", "ms"],
};

const pick = (model, keys) => Object.fromEntries(keys.map((key) => [key, model.get(key)]));
const parameters = (model) => pick(model, PARAMETERS);
const filled = (object) => object && Object.keys(object).length > 0;

let heldSince = 0; // when a pointer went down on an explorer; 0 while none is down

/** Once a model: keep a ghost of the run before each gesture, and send changes to Python. */
function initialize({ model, signal }) {
  const sync = syncer(model, signal);
  let present = parameters(model);
  let last = 0;
  const remember = () => {
    const now = performance.now();
    const fresh = heldSince ? last < heldSince : now - last > 700;
    if (fresh) model.set("ghost", present);
    present = parameters(model);
    last = now;
    sync();
  };
  listen(model, PARAMETERS, remember, signal);
  syncing({ model, signal }, VIEW);
}

/** The range in which `key` may move now, given the other parameters. */
function range(model, key) {
  const [min, max, step] = model.get("limits")[key];
  const reset = model.get("v_reset");
  if (key === "tau") return [Math.max(min, model.get("dt")), max, step];
  if (key === "dt") return [min, Math.min(max, model.get("tau")), step];
  if (key === "v_threshold" && reset !== null) return [Math.max(min, reset + step), max, step];
  if (key === "v_reset") return [min, Math.min(max, model.get("v_threshold") - step), step];
  return [min, max, step];
}

function render({ model, el, signal }) {
  let shown = null; // what the last drawing showed: parameters, current, trace
  let written = {}; // the parameters that the controls show
  let hover = null; // the neuron under the pointer on the map
  let yDomain = null; // frozen while the threshold is dragged
  let colour = {};
  let cachedMap = { key: "" };
  const set = (changes) => {
    for (const [key, value] of Object.entries(changes)) model.set(key, value);
  };

  // ---- the parts, built once
  const control = (key) => {
    const [label, unit] = LABELS[key];
    const [min, max, step] = model.get("limits")[key];
    const limit = (value) => {
      const [low, high] = range(model, key);
      return clamp(key === "seed" ? Math.round(value) : value, low, high);
    };
    return numberControl({ label, unit, range: [min, max, step], limit, set: (value) => set({ [key]: value }) });
  };
  const controls = Object.fromEntries(Object.keys(LABELS).map((key) => [key, control(key)]));
  const kind = h("select", { "aria-label": "Shape of the input current", onchange: () => set({ stimulus: kind.value }) },
    ...STIMULI.map((name) => h("option", { value: name }, name)));
  const soft = h("input", { type: "checkbox", onchange: () => set({ v_reset: soft.checked ? null : Math.min(0, range(model, "v_reset")[1]) }) });
  const walk = player({
    last: () => steps(model.get("duration"), model.get("dt")) - 1,
    at: () => clamp(model.get("cursor"), 0, steps(model.get("duration"), model.get("dt")) - 1),
    go: (cursor) => set({ cursor }),
    rate: () => model.get("speed"),
    text: (step) => `step ${step}, ${show(step * model.get("dt"), 1)} ms`,
    signal,
  });
  const speed = h("select", { "aria-label": "Speed of play", onchange: () => set({ speed: Number(speed.value) }) },
    ...[5, 20, 60].map((value) => h("option", { value }, `${value} steps/s`)));
  const traces = h("canvas", { class: "sv-traces", role: "img" });
  const threshold = dragLine({
    label: "Threshold, drag up or down",
    range: () => range(model, "v_threshold"),
    set: (v_threshold) => set({ v_threshold }),
    start: () => {
      yDomain = shown.y.domain;
      heldSince = performance.now();
    },
    end: () => {
      yDomain = null;
      paint();
    },
  });
  threshold.element.classList.add("sv-threshold");
  const map = h("canvas", { class: "sv-map", tabindex: 0, role: "application", "aria-label": "Spike count over time constant and threshold: arrow keys move, Enter pins" });
  const fi = h("canvas", { class: "sv-fi", role: "img" });
  const mapText = h("p", { class: "sv-caption" });
  const unpin = h("button", { type: "button", onclick: () => set({ pinned: {} }) }, "Unpin");
  const use = h("button", { type: "button", onclick: () => set(model.get("pinned")) }, "Use these values");
  const clearGhost = h("button", { type: "button", onclick: () => set({ ghost: {} }) }, "Clear ghost");
  const key = (name, text) => h("span", { class: `sv-key sv-key-${name}` }, text);
  const ghostKey = key("ghost", "last run");
  const otherKey = key("other", "neuron from the map");
  const summary = h("p", { class: "sv-summary", role: "status" });
  const update = h("div", { class: "sv-update", "aria-live": "off" });
  const more = ["v_rest", "v_reset", "t_ref", "resistance", "dt", "duration"].map((name) => controls[name].element);
  const root = h("div", { class: "spikeviz sv-lif" },
    h("div", { class: "sv-controls" },
      h("label", { class: "sv-control" }, h("span", { class: "sv-label" }, "Input shape"), kind),
      ...["amplitude", "tau", "v_threshold", "period", "seed"].map((name) => controls[name].element)),
    h("div", { class: "sv-row" }, ...walk.elements, speed),
    h("div", { class: "sv-plots" },
      h("div", {},
        h("div", { class: "sv-keys" }, key("membrane", "membrane V"), key("spike", "spike"), ghostKey, otherKey, clearGhost),
        h("div", { class: "sv-stack" }, traces, threshold.element),
        summary, update),
      h("div", {},
        h("p", { class: "sv-title" }, "Spike count for every neuron: move over it, click to pin"),
        map,
        h("div", { class: "sv-row sv-tight" }, mapText, use, unpin),
        h("p", { class: "sv-title" }, "Firing rate against constant current (f–I)"),
        fi)),
    h("details", {}, h("summary", {}, "More: resting and reset potential, refractory time, R, Δt, duration"),
      h("div", { class: "sv-controls" }, ...more,
        h("label", { class: "sv-control sv-check" }, soft, "soft reset: subtract V_th instead"))));

  // ---- compute and draw
  function compute() {
    const p = parameters(model);
    const current = stimulus(p);
    const other = hover || (filled(model.get("pinned")) ? model.get("pinned") : null);
    const ghost = filled(model.get("ghost")) ? model.get("ghost") : null;
    return {
      p, current, other, ghost,
      run: simulate(p, current),
      otherRun: other && simulate({ ...p, ...other }, current),
      ghostRun: ghost && simulate(ghost, stimulus(ghost)),
      cursor: clamp(model.get("cursor"), 0, current.length - 1),
    };
  }

  function draw(theme) {
    colour = theme;
    const [onTraces, onMap, onFi] = [traces, map, fi].map(surface); // all sizes before any change
    shown = compute();
    drawTraces(shown, onTraces);
    drawMap(shown, onMap);
    drawFi(shown, onFi);
    writeText(shown);
    return shown;
  }

  /** The membrane's path: up to H at each step, and down to V where it is reset. */
  const path = (run, dt, x, y, until) => {
    const points = [];
    for (let t = 0; t <= until; t++) {
      points.push([x(t * dt), y(run.h[t])]);
      if (run.s[t]) points.push([x(t * dt), y(run.v[t])]);
    }
    return points;
  };

  /** Room for every trace on show, the threshold, and a drag upwards. */
  const potentials = ({ p, run, otherRun, ghostRun }) => {
    const runs = [run, otherRun, ghostRun].filter(Boolean);
    const low = Math.min(p.v_rest, p.v_reset ?? p.v_rest, ...runs.flatMap(({ v }) => [...v]));
    const high = Math.max(p.v_threshold, ...runs.flatMap(({ h }) => [...h]));
    return [low - 0.06 * (high - low), high + 0.3 * (high - low)];
  };

  function drawTraces(state, { ctx, width, height }) {
    const { p, current, run, cursor, ghost, ghostRun, other, otherRun } = state;
    const end = current.length * p.dt;
    const x = scale([0, end], [46, width - 14]);
    const top = Math.max(...current, 0.5);
    const yI = scale([Math.min(0, ...current), top * 1.1], [74, 22]);
    const y = scale(yDomain || potentials(state), [height - 94, 104]);
    const lane = height - 74;
    state.x = x;
    state.y = y;

    axes(ctx, x, yI, { colour, yTitle: "input current I", yTicks: ticks(yI, 2) });
    axes(ctx, x, y, { colour, yTitle: "membrane V" });
    axes(ctx, x, scale([0, 1], [height - 36, lane]), { colour, xTitle: "time in ms", yTicks: [] });

    ctx.lineWidth = 1.5;
    ctx.strokeStyle = colour.green;
    line(ctx, [...current].flatMap((i, t) => [[x(t * p.dt), yI(i)], [x((t + 1) * p.dt), yI(i)]]));
    ctx.save();
    ctx.beginPath();
    ctx.rect(x.range[0], y.range[1] - 12, x.range[1] - x.range[0] + 1, y.range[0] - y.range[1] + 24);
    ctx.clip();
    if (ghost) {
      ctx.strokeStyle = colour.muted;
      line(ctx, path(ghostRun, ghost.dt, x, y, ghostRun.h.length - 1), [5, 4]);
    }
    if (other) {
      ctx.strokeStyle = colour.purple;
      line(ctx, path(otherRun, p.dt, x, y, otherRun.h.length - 1), [2, 3]);
    }
    ctx.lineWidth = 2;
    ctx.strokeStyle = colour.blue;
    ctx.globalAlpha = 0.3;
    line(ctx, path(run, p.dt, x, y, run.h.length - 1));
    ctx.globalAlpha = 1;
    line(ctx, path(run, p.dt, x, y, cursor));
    ctx.restore();

    ctx.strokeStyle = colour.red;
    line(ctx, [[x.range[0], y(p.v_threshold)], [x.range[1], y(p.v_threshold)]], [8, 4]);
    const mark = (runs, dt, colourOf, py, size) => {
      ctx.fillStyle = colourOf;
      runs.s.forEach((spike, t) => {
        if (!spike || t * dt >= end) return;
        ctx.beginPath();
        ctx.moveTo(x(t * dt), py - size);
        ctx.lineTo(x(t * dt) - size * 0.7, py + size);
        ctx.lineTo(x(t * dt) + size * 0.7, py + size);
        ctx.fill();
      });
    };
    ctx.fillStyle = colour.fg;
    ctx.textAlign = "left";
    ctx.fillText("spikes", x.range[0], lane - 4);
    mark(run, p.dt, colour.red, lane + 7, 5);
    if (ghost) mark(ghostRun, ghost.dt, colour.muted, lane + 19, 3);
    if (other) mark(otherRun, p.dt, colour.purple, lane + 30, 3);

    ctx.strokeStyle = colour.fg;
    ctx.lineWidth = 1;
    const px = x(cursor * p.dt);
    line(ctx, [[px, 18], [px, height - 36]]);
    ctx.fillStyle = colour.blue;
    ctx.beginPath();
    ctx.arc(px, y(run.h[cursor]), 4, 0, 7);
    ctx.fill();

    threshold.place(p.v_threshold, x, y, `V_th ${show(p.v_threshold, 2)}`);
  }

  const mapScales = (p, width, height) => {
    const { tau, v_threshold } = model.get("limits");
    return {
      x: scale([Math.max(tau[0], p.dt), tau[1]], [46, width - 14], true),
      y: scale([v_threshold[0], v_threshold[1]], [height - 40, 22]),
    };
  };

  function drawMap(state, { ctx, width, height }) {
    const { p, current, other } = state;
    const { x, y } = (state.map = mapScales(p, width, height));
    const [columns, rows] = [28, 20];
    const shared = JSON.stringify({ ...p, tau: 0, v_threshold: 0 });
    if (cachedMap.key !== shared) {
      const middle = (s, n) => Array.from({ length: n }, (_, i) => s.invert(s.range[0] + ((i + 0.5) / n) * (s.range[1] - s.range[0])));
      const counts = countMap(p, current, middle(x, columns), middle(y, rows).reverse());
      const most = Math.max(1, ...counts);
      cachedMap = { key: shared, most, image: picture([...counts].map((count) => cividis(Math.sqrt(count / most))), columns) };
    }
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(cachedMap.image, x.range[0], y.range[1], x.range[1] - x.range[0], y.range[0] - y.range[1]);
    state.most = cachedMap.most;
    axes(ctx, x, y, { colour: { ...colour, grid: "transparent" }, xTitle: "time constant τ in ms", yTitle: "threshold V_th" });
    const point = (at, shape) => {
      ctx.lineWidth = 2;
      ctx.strokeStyle = "#fff";
      ctx.fillStyle = shape === "square" ? "#CC79A7" : "#D55E00";
      ctx.beginPath();
      if (shape === "square") ctx.rect(x(at.tau) - 5, y(at.v_threshold) - 5, 10, 10);
      else ctx.arc(x(at.tau), y(at.v_threshold), 6, 0, 7);
      ctx.fill();
      ctx.stroke();
    };
    if (other) point(other, "square");
    point(p, "circle");
  }

  function drawFi({ p, current, run }, { ctx, width, height }) {
    const most = model.get("limits").amplitude[1];
    const currents = Array.from({ length: 61 }, (_, i) => (i * most) / 60);
    const rates = fiCurve(p, currents);
    const rate = rateOf(run.count, current.length, p.dt);
    const mean = current.reduce((sum, i) => sum + i, 0) / current.length;
    const x = scale([0, most], [46, width - 14]);
    const y = scale([0, Math.max(...rates, rate, 50) * 1.1], [height - 40, 22]);
    axes(ctx, x, y, { colour, xTitle: "mean current I", yTitle: "rate in Hz", yTicks: ticks(y, 4) });
    ctx.lineWidth = 2;
    ctx.strokeStyle = colour.blue;
    line(ctx, rates.map((f, i) => [x(currents[i]), y(f)]));
    ctx.fillStyle = colour.red;
    ctx.beginPath();
    ctx.arc(x(clamp(mean, 0, most)), y(rate), 5, 0, 7);
    ctx.fill();
    fi.setAttribute("aria-label", `f–I curve; now mean current ${show(mean)}, ${show(rate, 1)} Hz`);
  }

  function writeText({ p, current, run, cursor, other, otherRun, ghost, ghostRun, most }) {
    const rate = rateOf(run.count, current.length, p.dt);
    const first = run.s.indexOf(1);
    const found = first < 0 ? `none: V stays below the threshold, at most ${show(Math.max(...run.h))}` : `first at ${show(first * p.dt)} ms`;
    const text = `${run.count} spike${run.count === 1 ? "" : "s"} in ${show(current.length * p.dt)} ms, ${show(rate, 1)} Hz, ${found}.`;
    if (summary.textContent !== text) summary.textContent = text;
    traces.setAttribute("aria-label", `Input current, membrane and spikes over time. ${text}`);
    update.replaceChildren(...explain(p, run, cursor).map(([name, formula, numbers]) =>
      h("div", { class: "sv-line" }, h("b", {}, name), h("span", { class: "sv-formula" }, formula), h("span", {}, numbers))));
    mapText.textContent = other
      ? `${hover ? "Under the pointer" : "Pinned"}: τ ${show(other.tau, 2)} ms, V_th ${show(other.v_threshold, 2)}, ${otherRun.count} spikes`
      : `Dark: 0 spikes, bright: ${most}. The dot is your neuron.`;
    const pinned = filled(model.get("pinned"));
    unpin.hidden = use.hidden = !pinned;
    for (const [element, away] of [[clearGhost, !ghost], [ghostKey, !ghost], [otherKey, !other]])
      element.classList.toggle("sv-away", away); // keeps its place: nothing may jump under the hand
    if (ghost) ghostKey.textContent = `last run, ${ghostRun.count} spikes`;

    for (const [name, item] of Object.entries(controls)) if (p[name] !== null && p[name] !== written[name]) item.update(p[name]);
    written = p;
    controls.period.element.hidden = !["pulses", "sine"].includes(p.stimulus);
    controls.seed.element.hidden = p.stimulus !== "noise";
    controls.v_reset.element.hidden = p.v_reset === null;
    soft.checked = p.v_reset === null;
    kind.value = p.stimulus;
    speed.value = model.get("speed");
    walk.update();
  }

  // ---- hands on the picture
  drag(traces, (event) => {
    const t = shown.x.invert(event.offsetX) / shown.p.dt;
    set({ cursor: clamp(Math.round(t), 0, shown.current.length - 1) });
  });

  const point = (neuron) => {
    hover = neuron;
    paint();
  };
  const within = (px, py) => {
    const { x, y } = shown.map;
    const low = model.get("v_reset") === null ? y.domain[0] : range(model, "v_threshold")[0];
    return { tau: clamp(x.invert(px), ...x.domain), v_threshold: clamp(y.invert(py), Math.max(low, y.domain[0]), y.domain[1]) };
  };
  map.addEventListener("pointermove", (event) => point(within(event.offsetX, event.offsetY)));
  map.addEventListener("pointerleave", () => point(null));
  map.addEventListener("blur", () => point(null));
  map.addEventListener("click", (event) => set({ pinned: within(event.offsetX, event.offsetY) }));
  map.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] }[event.key];
    if (event.key === "Enter" && hover) set({ pinned: hover });
    if (event.key === "Escape") point(null);
    if (!by) return;
    event.preventDefault();
    const from = hover || pick(model, NEURON);
    point(within(shown.map.x(from.tau) + by[0], shown.map.y(from.v_threshold) + by[1]));
  });

  root.addEventListener("pointerdown", () => (heldSince = performance.now()));
  for (const event of ["pointerup", "pointercancel", "lostpointercapture"]) root.addEventListener(event, () => (heldSince = 0));
  const paint = mount({ model, el, signal }, root, [...PARAMETERS, ...VIEW], draw);
}

/** The three lines of one step with its numbers: [name, formula, numbers]. */
function explain(p, run, t) {
  const before = t ? run.v[t - 1] : p.v_rest;
  const [h0, x, h1, v] = [before, run.x[t], run.h[t], run.v[t]].map((value) => show(value));
  const signed = (value) => (value < 0 ? `(${show(value)})` : show(value));
  const ratio = p.dt === 1 ? show(p.tau) : `(${show(p.tau)} / ${show(p.dt)})`;
  const charge = ["Charge", "H = V + (R·I − (V − V_rest)) / (τ/Δt)", `${h0} + (${x} − (${h0} − ${signed(p.v_rest)})) / ${ratio} = ${h1}`];
  if (run.silent[t]) return [charge, ["Fire?", "refractory", `input ignored, no spike for ${show(p.t_ref)} ms after the last one`], ["Reset", "V = H", v]];
  const spike = run.s[t];
  const fire = ["Fire?", "S = 1 if H ≥ V_th", `${h1} ${spike ? "≥" : "<"} ${show(p.v_threshold)}, so S = ${spike}`];
  if (!spike) return [charge, fire, ["Reset", "V = H", `no spike, V stays ${v}`]];
  if (p.v_reset === null) return [charge, fire, ["Reset", "V = H − V_th (soft)", `${h1} − ${show(p.v_threshold)} = ${v}`]];
  return [charge, fire, ["Reset", "V = V_reset (hard)", v]];
}

export default { initialize, render };
