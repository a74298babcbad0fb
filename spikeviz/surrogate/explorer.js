// SurrogateExplorer: the step, the slope lent to it, and a weight that learns from that. Python holds
// the parameters as traits; everything drawn is computed here, so a move is answered within a frame.

import { SURROGATES, drive, tryWeight, hill, descend, survival, useful } from "./surrogate.js";
import { few, drawStep, drawSurvival, drawLayer, drawSlopes, drawLoss, drawNeuron } from "./draw.js";
import { h, clamp, show, percent } from "../base/page.js";
import { numberControl, choice, checkbox, drag, player } from "../base/controls.js";
import { syncing, mount, lasting, setter } from "../base/widget.js";
import { surface } from "../base/draw.js";

const SHAPE = ["surrogate", "alpha", "dead_below"];
const NEURON = ["tau", "time_steps", "v_reset", "detach_reset"];
const TUNING = ["surrogate_on", "weight", "target", "learning_rate", "descent_step"];
const NAMES = [...SHAPE, ...NEURON, ...TUNING, "at", "layer"];

const LABELS = {
  alpha: "α, slope",
  dead_below: "Dead below, × peak",
  tau: "τ, time constant",
  time_steps: "T, time steps",
  v_reset: "V_reset",
  target: "Spikes wanted",
  learning_rate: "η, learning rate",
};
const WHOLE = ["time_steps", "target"];
const BARS = 60;
const STEPS_A_SECOND = 8;

const QUESTION = "Predict: where on this loss is the slope not 0?";
const ANSWERS = [
  ["On the left", "No. It is high there, but level: a small change of w changes no spike."],
  ["At the jumps", "No slope there either: the loss leaps, and w is hardly ever just there."],
  ["Nowhere", "Right, 0 on every tread: Play moves nothing. Now switch the surrogate on."],
];

const initialize = (props) => syncing(props, NAMES);

const signed = (value) => (value < 0 ? `(${few(value)})` : few(value));

const rounded = (value, [low, high]) => clamp(Number(value.toFixed(2)), low, high);

/** A handle that is dragged along x, or moved by the keys. place(value, [px, py], text) puts it there. */
function dragPoint({ label, range, invert, set }) {
  let now = 0;
  const element = h("div", { class: "sv-point", role: "slider", tabindex: 0, "aria-label": label });
  const move = (value) => set(rounded(value, range));
  drag(element, (event, down) => {
    if (!down) move(invert(event.clientX - element.parentElement.getBoundingClientRect().left));
  });
  element.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (!by) return;
    event.preventDefault();
    move(now + by * range[2]);
  });
  const place = (value, [px, py], words) => {
    now = value;
    element.style.transform = `translate(${px}px, ${py}px)`;
    for (const [name, is] of Object.entries({ min: range[0], max: range[1], now: value, text: words })) element.setAttribute(`aria-value${name}`, is);
  };
  return { element, place };
}

/** What does not depend on α: the layer's values, their bars, and both curves over all α. */
function layerOf(bytes, { surrogate }, [low, high]) {
  const u = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const sizes = u.map(Math.abs).sort();
  const span = Math.max(1, Math.ceil(sizes[Math.floor(0.995 * (u.length - 1))] * 2) / 2);
  const bars = new Float64Array(BARS);
  let away = 0;
  for (const value of u) {
    const i = Math.floor(((value + span) / (2 * span)) * BARS);
    if (value < -span || value > span) away++;
    else bars[Math.min(i, BARS - 1)] += 100 / u.length;
  }
  const alphas = Array.from({ length: 41 }, (_, i) => low * (high / low) ** (i / 40));
  const every = Math.ceil(u.length / 5000); // for the curve, each 20th of 100,000 values is enough: σ' is even
  const some = sizes.filter((_, i) => i % every === 0);
  const means = alphas.map((alpha) => useful({ surrogate, dead_below: 0 }, some, alpha).mean);
  return { u, sizes, span, bars: [...bars], away, alphas, means };
}

/** How many of `sizes`, in order, are at most `edge`. */
function countUpTo(sizes, edge) {
  let [low, high] = [0, sizes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sizes[middle] <= edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Computes `make()` again only when `key` has changed. */
function kept() {
  let [known, value] = [null, null];
  return (key, make) => {
    const wanted = JSON.stringify(key);
    if (known !== wanted) [known, value] = [wanted, make()];
    return value;
  };
}

function render({ model, el, signal }) {
  const limits = model.get("limits");
  const [lowest, highest] = limits.weight;
  const weights = Array.from({ length: 401 }, (_, i) => lowest + (i / 400) * (highest - lowest));
  const caches = Object.fromEntries(["layer", "shares", "reached", "losses", "hill", "walk"].map((name) => [name, kept()]));
  let shown = null; // what the last drawing showed
  const scales = {}; // of the pictures that a hand moves on
  const written = {}; // what the controls show
  const set = setter(model);
  const begin = (weight) => {
    walk.stop();
    set({ weight, descent_step: 0 });
  };

  // ---- the parts, built once
  const control = (name) => {
    const [min, max, step] = limits[name];
    const limit = (value) => {
      const low = name === "time_steps" ? Math.max(min, model.get("target")) : min;
      const high = name === "target" ? Math.min(max, model.get("time_steps")) : max;
      return clamp(WHOLE.includes(name) ? Math.round(value) : value, low, high);
    };
    return numberControl({ label: LABELS[name], range: [min, max, step], limit, set: (value) => set({ [name]: value }) });
  };
  const controls = Object.fromEntries(Object.keys(LABELS).map((name) => [name, control(name)]));
  controls.surrogate = choice({
    label: "Surrogate",
    options: [["atan", "Atan"], ["sigmoid", "Sigmoid"]],
    set: (surrogate) => { // with the peak it had, so that the shapes compare
      const { derivative } = SURROGATES[surrogate];
      set({ surrogate, alpha: clamp((model.get("alpha") * shown.peak) / derivative(0, model.get("alpha")), ...limits.alpha.slice(0, 2)) });
    },
  });
  controls.layer = choice({ label: "Layer", options: Object.keys(model.get("layers")), set: (layer) => set({ layer }) });
  controls.detach_reset = checkbox({ label: "leave the reset out of the gradient", set: (detach_reset) => set({ detach_reset }) });
  controls.surrogate_on = checkbox({
    label: "surrogate on",
    set: (surrogate_on) => {
      begin(shown.here.weight);
      set({ surrogate_on });
    },
  });
  const soft = checkbox({ label: "soft reset: subtract V_th instead", set: (on) => set({ v_reset: on ? null : 0 }) });

  const canvas = (name, still = false) => h("canvas", { class: `sv-${name}${still ? " sv-still" : ""}`, role: "img" });
  const boards = { step: canvas("step"), survival: canvas("back", true), layer: canvas("step", true), slopes: canvas("back"), loss: canvas("step"), neuron: canvas("back", true) };
  const points = {
    step: dragPoint({ label: "Distance to the threshold, u", range: limits.at, invert: (px) => scales.step.x.invert(px), set: (at) => set({ at }) }),
    layer: dragPoint({
      label: "Slope α, drag the edge of the dead zone",
      range: limits.alpha,
      invert: (px) => shown.edge * shown.p.alpha / Math.max(1e-6, -scales.layer.x.invert(px)),
      set: (alpha) => set({ alpha }),
    }),
    loss: dragPoint({ label: "Weight, drag it along the loss", range: limits.weight, invert: (px) => scales.loss.x.invert(px), set: begin }),
  };
  const walk = player({
    last: () => shown.last,
    at: () => shown.place,
    go: (descent_step) => set({ descent_step }),
    rate: () => STEPS_A_SECOND,
    label: "Step of the descent",
    text: (place) => `step ${place} of ${shown.last}`,
    signal,
  });
  const stepOnce = h("button", { type: "button", onclick: () => {
    walk.stop();
    set({ descent_step: Math.min(shown.place + 1, shown.last) });
  } }, "Step");
  const reply = h("p", { class: "sv-reply", role: "status" });
  const answers = ANSWERS.map(([label, words]) => h("button", { type: "button", onclick: ({ target }) => {
    reply.textContent = words;
    for (const button of answers) button.setAttribute("aria-pressed", button === target);
  } }, label));
  const says = Object.fromEntries(["step", "layer", "loss"].map((name) => [name, h("p", { class: "sv-summary", role: "status" })]));
  const lines = Object.fromEntries(["step", "layer", "loss"].map((name) => [name, h("div", { class: "sv-update", "aria-live": "off" })]));
  const outside = h("p", { class: "sv-caption" });

  const third = (title, head, name, below, ...rest) => h("section", { class: "sv-third", "aria-label": title },
    h("div", {}, h("p", { class: "sv-title" }, title), ...head),
    h("div", { class: "sv-stack" }, boards[name], points[name].element),
    boards[below], says[name],
    h("div", {}, ...rest));
  const caption = (words) => h("p", { class: "sv-caption" }, words);
  const root = h("div", { class: "spikeviz sv-surrogate" },
    h("div", { class: "sv-controls" }, controls.surrogate.element, controls.alpha.element),
    h("div", { class: "sv-three" },
      third("1. A slope lent to the step",
        [caption("Drag the red point. Forward the neuron sends Θ, exactly 0 or 1; backward it hands on σ' in place of Θ' = 0. What does a spike do to the gradient of earlier steps?")],
        "step", "survival", lines.step),
      third("2. Who gets a gradient in a real layer",
        [caption("Drag the red point: a steep σ' comes close to the step. Who still learns? Green: how much of its gradient each neuron hands on."), controls.layer.element],
        "layer", "slopes", lines.layer, outside),
      third("3. A weight, by hand and by descent",
        [h("p", {}, QUESTION), h("div", { class: "sv-row sv-answers" }, ...answers), reply],
        "loss", "neuron",
        controls.surrogate_on.element, h("div", { class: "sv-row" }, stepOnce, ...walk.elements), lines.loss)),
    h("details", {}, h("summary", {}, "More: the neuron, the descent, the edge of the dead zone"),
      h("div", { class: "sv-controls" },
        ...["tau", "time_steps", "target", "learning_rate", "dead_below", "v_reset"].map((name) => controls[name].element),
        soft.element, controls.detach_reset.element)));

  // ---- compute
  function compute() {
    const p = Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));
    const neuron = [p.tau, p.time_steps, p.v_reset, p.target];
    const slopes = [...neuron, p.detach_reset, p.surrogate, p.alpha];
    const { primitive, derivative, reach } = SURROGATES[p.surrogate];
    const input = drive(p.time_steps);
    const layer = caches.layer([p.layer, p.surrogate], () => layerOf(model.get("layers")[p.layer], p, limits.alpha));
    const shares = caches.shares([p.layer, p.surrogate, p.dead_below], () =>
      layer.alphas.map((alpha) => countUpTo(layer.sizes, reach(p.dead_below) / alpha) / layer.u.length));
    const steps = caches.walk([...slopes, p.surrogate_on, p.weight, p.learning_rate], () => descend(p, input, limits.descent_step[1], limits.weight));
    const arrived = p.surrogate_on ? steps.findIndex(({ gradient }) => !gradient) : -1;
    const last = arrived < 0 ? steps.length - 1 : arrived;
    const place = Math.min(p.descent_step, last);
    const run = tryWeight(p, steps[place].weight, input);
    return {
      p, steps, last, place, run, layer,
      domain: limits.at.slice(0, 2),
      peak: derivative(0, p.alpha),
      edge: reach(p.dead_below) / p.alpha,
      forward: p.at >= 0 ? 1 : 0,
      primitive: primitive(p.at, p.alpha),
      derivative: derivative(p.at, p.alpha),
      survival: survival(p),
      reached: caches.reached([p.layer, p.surrogate, p.alpha, p.dead_below], () => useful(p, layer.u)),
      sweep: { ...layer, shares },
      losses: caches.losses(neuron, () => weights.map((w) => tryWeight(p, w, input).loss)),
      hill: p.surrogate_on ? caches.hill(slopes, () => hill(p, input, weights)) : null,
      walk: steps.slice(0, place),
      here: { weight: steps[place].weight, loss: run.loss, gradient: run.gradient },
    };
  }

  // ---- draw: only the pictures that this move changes
  const painted = {};
  function draw(colour) {
    const state = (shown = compute());
    const { p } = state;
    const shape = [p.surrogate, p.alpha];
    const tuned = [p.tau, p.time_steps, p.v_reset, p.target, state.here];
    const inputs = {
      step: [shape, p.dead_below, p.at],
      survival: [shape, p.at, p.tau, p.time_steps, p.v_reset, p.detach_reset],
      layer: [shape, p.dead_below, p.layer],
      slopes: [shape, p.dead_below, p.layer],
      loss: [tuned, p.surrogate_on && [shape, p.detach_reset, p.weight, p.learning_rate]],
      neuron: tuned,
    };
    const stale = Object.entries(inputs).flatMap(([name, input]) => {
      const { clientWidth, clientHeight } = boards[name];
      const key = JSON.stringify([clientWidth, clientHeight, devicePixelRatio, colour, input]);
      if (painted[name] === key) return [];
      painted[name] = key;
      return [[name, surface(boards[name])]];
    });
    for (const [name, board] of stale) scales[name] = pictures[name](board, colour, state);
    if (stale.some(([name]) => name in points)) placePoints(state);
    write(state);
    return state;
  }
  const pictures = {
    step: drawStep,
    survival: (board, colour, { p, peak, survival: { left } }) => drawSurvival(board, colour, { p, peak, left }),
    layer: (board, colour, { p, peak, edge, layer: { bars, span } }) => drawLayer(board, colour, { p, peak, edge, bars, span }),
    slopes: drawSlopes,
    loss: (board, colour, state) => drawLoss(board, colour, { ...state, weights }),
    neuron: drawNeuron,
  };

  function placePoints({ p, here }) {
    points.step.place(p.at, scales.step.place, show(p.at));
    points.layer.place(p.alpha, scales.layer.place, show(p.alpha));
    points.loss.place(here.weight, scales.loss.place, `${show(here.weight)}, loss ${show(here.loss)}`);
  }

  function write(state) {
    const { p } = state;
    for (const name of Object.keys(says)) {
      const words = SAYS[name](state);
      if (says[name].textContent === words) continue;
      says[name].textContent = words;
      boards[name].setAttribute("aria-label", words);
    }
    for (const name of Object.keys(lines)) fill(lines[name], EXPLAINS[name](state));
    const { layer } = state;
    outside.textContent = `Bars: ${layer.u.length.toLocaleString("en")} values of H − V_th${ORIGIN(p.layer)}.${layer.away ? ` ${layer.away} lie outside the picture.` : ""}`;
    for (const [name, item] of Object.entries(controls)) {
      if (p[name] === null || p[name] === written[name]) continue;
      item.update(p[name]);
      written[name] = p[name];
    }
    controls.v_reset.element.hidden = p.v_reset === null;
    soft.update(p.v_reset === null);
    stepOnce.disabled = state.place >= state.last;
    walk.update();
  }
  boards.survival.setAttribute("aria-label", "How much of the gradient is left after each step back");
  boards.slopes.setAttribute("aria-label", "Mean slope and share of neurons in reach, over all slopes α; drag to choose one");
  boards.neuron.setAttribute("aria-label", "Membrane and spikes of the neuron with this weight");

  // ---- hands on the pictures themselves
  const along = (name, range, change) => drag(boards[name], ({ offsetX }) => change(rounded(scales[name].x.invert(offsetX), range)));
  along("step", limits.at, (at) => set({ at }));
  along("slopes", limits.alpha, (alpha) => set({ alpha }));
  along("loss", limits.weight, begin);

  mount({ model, el, signal }, root, NAMES, draw);
}

/** Two texts a line, formula and numbers, written in place. */
function fill(element, rows) {
  while (element.children.length < rows.length) element.append(h("div", {}, h("div", { class: "sv-formula" }), h("div")));
  rows.forEach((row, i) => row.forEach((words, j) => {
    const cell = element.children[i].children[j];
    if (cell.textContent !== words) cell.textContent = words;
  }));
}

const spikes = (count) => `${count} spike${count === 1 ? "" : "s"}`;
const ORIGIN = (layer) => (layer.startsWith("Micro: ") ? ", drawn from the trained Micro's on 100 test digits" : "");

const SAYS = {
  step({ p, forward, derivative, survival: { leak, reset } }) {
    const share = Math.abs(leak * reset) ** p.time_steps;
    const left = share > 1 ? `it has grown ${few(share)} times` : share ? `${percent(share, share < 0.1 ? 1 : 0)} of that is left` : "nothing is left";
    return `u = ${show(p.at)}: ${forward ? "a spike" : "no spike"}, Θ = ${forward}. The gradient is multiplied by ${few(derivative)}; ${p.time_steps} steps further back, ${left}.`;
  },
  layer({ p, reached, layer: { u } }) {
    return `α = ${show(p.alpha)}: ${percent(reached.share, reached.share < 0.1 ? 1 : 0)} of ${u.length.toLocaleString("en")} neurons stand outside the dead zone. The mean slope is ${few(reached.mean)}.`;
  },
  loss({ p, run, here, place }) {
    const got = `w = ${show(here.weight)}: ${spikes(run.count)}, ${p.target} wanted, loss ${show(run.loss)}.`;
    if (!p.surrogate_on) return `${got} True slope 0: descent does not move it.`;
    if (!here.gradient) return `${got} ${run.loss ? "The gradient is 0 here." : `No error, no gradient: it rests${place ? ` after ${place} steps` : ""}.`}`;
    return `${got} The surrogate's gradient is ${few(here.gradient)}: ${here.gradient < 0 ? "raise" : "lower"} w.`;
  },
};

/** What the reset leaves of the gradient, as a formula: ∂V[t]/∂H[t]. */
function resetFormula({ v_reset, detach_reset }) {
  if (v_reset === null) return detach_reset ? "1" : "1 − V_th · σ'";
  return detach_reset ? "1 − S" : "1 − S + (V_reset − H) · σ'";
}

const EXPLAINS = {
  step: ({ p, derivative, survival: { leak, reset, left } }) => [
    [`σ'(u) = ${SURROGATES[p.surrogate].formula("α", "u")}`, `= ${SURROGATES[p.surrogate].formula(show(p.alpha), signed(p.at))} = ${few(derivative)}`],
    [`∂S[t]/∂H[t−k] = σ' · (leak · reset)ᵏ, leak = 1 − 1/τ, reset = ${resetFormula(p)}`,
      `k = ${p.time_steps}: ${few(derivative)} · (${show(leak)} · ${signed(reset)})^${p.time_steps} = ${few(left[p.time_steps])}`],
  ],
  layer: ({ p, edge, reached, layer: { u } }) => [
    [`In reach: σ'(u) ≥ ${show(p.dead_below)} · σ'(0)`, `that is |u| ≤ ${few(edge)}: ${reached.count.toLocaleString("en")} of ${u.length.toLocaleString("en")}`],
    ["Mean slope: Σ σ'(uᵢ) / N", `= ${few(reached.mean)}`],
  ],
  loss: ({ p, run, here }) => [
    ["dL/dw = 2 · (spikes − target) · Σ σ'(u[t]) · dH[t]/dw",
      p.surrogate_on
        ? `2 · ${signed(run.count - p.target)} · ${few(run.dcount)} = ${few(here.gradient)}`
        : `with the true Θ' = 0 in the place of σ': 2 · ${signed(run.count - p.target)} · 0 = 0`],
    ["w ← w − η · dL/dw", `${show(here.weight)} − ${show(p.learning_rate)} · ${signed(here.gradient)} = ${show(here.weight - p.learning_rate * here.gradient)}`],
    p.surrogate_on
      ? ["Not the gradient of the drawn loss, which is flat: it is the slope of the dashed hill, the surrogate's gradient summed up over w. It helps where both fall the same way.", ""]
      : ["", ""],
  ],
};

export default { initialize, render: lasting(render) };
