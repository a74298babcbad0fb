// SpikeBlockExplorer: the five SPK blocks as live diagrams. Python holds the parameters as traits;
// everything drawn is computed here. One routine draws every block from its list of boxes.

import { STIMULI } from "./neuron.js";
import { KERNELS, PROJECTIONS, SETTINGS, BLOCKS, input, run, numbers } from "./spike_blocks.js";
import { NAMES, FORMULAS, QUESTIONS, words, stepOf } from "./spike_block_words.js";
import { h, syncing, mount, clamp, show, numberControl, choice, drag, player } from "./widget.js";
import { surface, scale, axes, line, picture, keeper } from "./draw.js";

const INPUT = ["mode", "digit", "stimulus", "period", "amplitude", "second", "time_steps"];
const TRAITS = [...INPUT, "block", ...new Set(Object.values(SETTINGS).flat()), "cursor", "selected", "row", "column"];
const MOST_BRANCHES = 5;
const NARROW = 560; // below this width the diagram runs from top to bottom
const X = { name: "x", title: "x", from: [], kind: "x", run: null };

/** Black is 0 everywhere; spikes white, real values orange above 0 and blue below. */
const PALETTE = Array.from({ length: 401 }, (_, i) => {
  const share = (i - 200) / 200;
  const end = share < 0 ? [90, 190, 255] : [255, 178, 70];
  return end.map((c) => Math.round(c * Math.abs(share) ** 0.8));
});
const spikesOnly = (box) => box.kind === "lif" || box.kind === "concat";
const percent = (share) => (share > 0 && share < 0.001 ? "under 0.1 %" : `${show(100 * share, 1)} %`);
const channelColours = (colour) => [colour.blue, colour.purple, colour.green, colour.red];

const initialize = (props) => syncing(props, TRAITS);

function render({ model, el, signal }) {
  let shown = null; // what the last drawing showed
  let wave = 0; // how far the pulses are on their way through the diagram, 0 to 1
  let wavedAt = 0;
  const limits = model.get("limits");
  const { digits, learned } = model.get("recorded");
  const set = (changes) => {
    for (const [key, value] of Object.entries(changes)) model.set(key, value);
  };
  const lastStep = () => model.get("time_steps") - 1;
  const cursor = () => clamp(model.get("cursor"), 0, lastStep());

  // ---- the parts, built once
  const number = (name, label, unit = "") => numberControl({
    label, unit, range: limits[name],
    limit: (value) => clamp(["time_steps", "digit"].includes(name) ? Math.round(value) : value, ...limits[name]),
    set: (value) => set({ [name]: value }),
  });
  const list = (name, i, label, range, unit = "") => numberControl({
    label, unit, range,
    limit: (value) => clamp(value, range[0], range[1]),
    set: (value) => set({ [name]: model.get(name).map((old, k) => (k === i ? value : old)) }),
  });
  const pick = (name, label, options) => choice({ label, options, set: (value) => set({ [name]: name === "digit" ? Number(value) : value }) });
  const controls = {
    mode: pick("mode", "Input", [["image", "a digit, 16×16 pixels"], ["signal", "a signal, one pixel"]]),
    digit: pick("digit", "Digit", Object.keys(digits)),
    stimulus: pick("stimulus", "Shape of the signal", STIMULI),
    period: number("period", "Period", "steps"),
    amplitude: number("amplitude", "Amplitude of x"),
    second: pick("second", "Channel 2 gets", [["same", "the same"], ["inverted", "the inverse"], ["smoothed", "a smoothed copy"]]),
    time_steps: number("time_steps", "T, time steps"),
    tau: number("tau", "τ, time constant", "steps"),
    v_threshold: number("v_threshold", "V_th, threshold"),
    second_threshold: number("second_threshold", "V_th of LIF₂"),
    projection: pick("projection", "1×1 projection P", [["sum", "LIF₂ + LIF₁"], ["difference", "LIF₁ − LIF₂"], "LIF₂ alone", "LIF₁ alone"]),
    mixer: pick("mixer", "7×7 mixer M", [["learned", "learned, from the Micro"], ...KERNELS]),
    readout: pick("readout", "Readout", [["membrane", "membrane: real values"], ["spike", "spike: one more LIF"]]),
    fine: pick("fine", "3×3 kernel", KERNELS),
    wide: pick("wide", "5×5 kernel", KERNELS),
  };
  const thresholds = Array.from({ length: MOST_BRANCHES }, (_, i) => list("thresholds", i, `V_th of branch ${i + 1}`, limits.v_threshold));
  const taus = [0, 1].map((i) => list("taus", i, `τ of half ${i + 1}`, limits.tau, "steps"));
  const more = h("button", { type: "button", onclick: () => set({ thresholds: [...model.get("thresholds"), clamp(Math.max(...model.get("thresholds")) + 0.5, ...limits.v_threshold)].slice(0, MOST_BRANCHES) }) }, "+ branch");
  const fewer = h("button", { type: "button", onclick: () => set({ thresholds: model.get("thresholds").slice(0, Math.max(1, model.get("thresholds").length - 1)) }) }, "− branch");
  const branches = h("div", { class: "sv-row" }, more, fewer);

  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const rate = () => 2.5;
  const walk = player({
    last: lastStep,
    at: cursor,
    go(place) {
      const now = performance.now();
      if (place !== cursor()) wavedAt = now;
      wave = calm.matches ? 0 : Math.min(1, ((now - wavedAt) / 1000) * rate());
      set({ cursor: place });
      paint();
    },
    rate,
    text: (step) => `step ${step + 1} of ${lastStep() + 1}`,
    signal,
  });
  const diagram = h("canvas", { class: "sv-diagram", role: "img" });
  const boxes = h("div", { class: "sv-boxes" });
  const summary = h("p", { class: "sv-summary", role: "status" });
  const cards = Object.keys(BLOCKS).map((block) => {
    const canvas = h("canvas", { class: "sv-thumb", "aria-hidden": "true" });
    const text = h("span", { class: "sv-caption" });
    const button = h("button", { type: "button", class: "sv-card", onclick: () => set({ block, selected: "" }) }, h("b", {}, block.toUpperCase()), canvas, text);
    return { block, canvas, text, button, keep: keeper() };
  });
  const title = h("p", { class: "sv-title" });
  const formula = h("p", { class: "sv-formula" });
  const question = h("summary", {});
  const answer = h("p", {});
  const look = h("button", { type: "button", onclick: () => set(QUESTIONS[model.get("block")][2]) }, "Set it so and look");
  const ask = h("details", { class: "sv-ask" }, question, answer, look);
  const boxTitle = h("p", { class: "sv-title" });
  const equation = h("p", { class: "sv-formula" });
  const detail = h("canvas", { class: "sv-detail", tabindex: 0, role: "application", "aria-label": "The chosen box, larger: arrow keys choose a pixel or a step" });
  const facts = h("p", {});
  const lines = [0, 1, 2].map(() => {
    const parts = [h("b", {}), h("span", { class: "sv-formula" }), h("span", {})];
    return { element: h("div", { class: "sv-line" }, ...parts), parts };
  });
  const place = h("p", { class: "sv-caption" });
  const note = h("p", {});
  const source = h("pre", { class: "sv-code" });
  const key = (name, text) => h("span", { class: `sv-key sv-key-${name}` }, text);
  const root = h("div", { class: "spikeviz sv-spk" },
    h("div", { class: "sv-controls" }, ...INPUT.map((name) => controls[name].element)),
    h("div", { class: "sv-bench" },
      h("div", { class: "sv-stage" },
        h("div", { class: "sv-row" }, ...walk.elements),
        h("div", { class: "sv-keys" }, key("spikes", "spikes, 0 or 1"), key("real", "real values"), h("span", { class: "sv-key-map" }, "black is 0, white a spike, orange above 0, blue below")),
        h("div", { class: "sv-stack" }, diagram, boxes),
        summary,
        h("p", { class: "sv-title" }, "The same input through all five: choose one to open it"),
        h("div", { class: "sv-cards" }, ...cards.map(({ button }) => button)), ask),
      h("div", { class: "sv-head" }, title, formula,
        h("div", { class: "sv-controls" }, ...["tau", "v_threshold", "second_threshold"].map((name) => controls[name].element), ...taus.map(({ element }) => element), ...thresholds.map(({ element }) => element), ...["projection", "mixer", "fine", "wide", "readout"].map((name) => controls[name].element), branches)),
      h("div", { class: "sv-look" }, boxTitle, equation, detail, place, h("div", { class: "sv-update" }, ...lines.map(({ element }) => element)), facts, note, source)));

  // ---- compute: a block runs again only if what it depends on has changed
  const kept = {};
  const once = (name, parameters, compute) => {
    const wanted = JSON.stringify(parameters);
    if (kept[name]?.wanted !== wanted) kept[name] = { wanted, value: compute() };
    return kept[name].value;
  };
  function compute() {
    const p = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    Object.assign(p, { patch: digits[p.digit], learned });
    const given = INPUT.map((name) => p[name]);
    const x = once("x", given, () => input(p));
    const values = Object.fromEntries(Object.keys(BLOCKS).map((block) => [block, once(block, [given, SETTINGS[block].map((name) => p[name])], () => run(block, p, x))]));
    const list = [{ ...X, at: [0, p.block === "rl" ? 1 : p.block === "mbpl" ? (p.thresholds.length - 1) / 2 : p.block === "sl" ? 0 : 0.5] }, ...BLOCKS[p.block](p)];
    const chosen = list.find(({ name }) => name === p.selected) ?? list.at(-1);
    return { p, values, list, chosen, here: values[p.block], step: cursor() };
  }

  // ---- pictures
  const pictures = new WeakMap();
  /** All channels of a value at a step, one above the other, a pixel each. */
  function frame(value, binary, step) {
    const key = `${step} ${binary}`;
    if (!pictures.has(value)) pictures.set(value, new Map());
    const frames = pictures.get(value);
    if (!frames.has(key)) {
      const size = value.data.length / value.steps;
      const { low, high } = numbers(value);
      const most = binary ? 0.5 : Math.max(-low, high, 1e-9);
      const colourOf = binary ? (v) => (v ? [255, 255, 255] : [0, 0, 0]) : (v) => PALETTE[Math.round((v / most) * 200) + 200];
      frames.set(key, picture(Array.from(value.data.subarray(step * size, (step + 1) * size), colourOf), value.side));
    }
    return frames.get(key);
  }

  /** The maps of all channels in a box of the screen; returns where each stands: [x, y, width]. */
  function maps(ctx, value, binary, step, [left, top, width, height]) {
    const { channels, side } = value;
    const across = [1, 2, 4].map((n) => Math.min(n, channels)).sort((a, b) => fit(b) - fit(a))[0];
    function fit(n) {
      return Math.min((width - 4 * (n - 1)) / n, (height - 4 * (Math.ceil(channels / n) - 1)) / Math.ceil(channels / n));
    }
    const size = Math.max(4, Math.floor(fit(across)));
    const image = frame(value, binary, step);
    ctx.imageSmoothingEnabled = false;
    const indent = left + (width - across * (size + 4) + 4) / 2;
    const drop = top + (height - Math.ceil(channels / across) * (size + 4) + 4) / 2;
    return Array.from({ length: channels }, (_, c) => {
      const [px, py] = [indent + (c % across) * (size + 4), drop + Math.floor(c / across) * (size + 4)];
      ctx.drawImage(image, 0, c * side, side, side, px, py, size, size);
      return [px, py, size];
    });
  }

  /** A ring around the pixel whose course is shown. */
  function ring(ctx, [px, py, size], { row, column }, colour) {
    const unit = size / 16;
    ctx.strokeStyle = colour.red;
    ctx.lineWidth = 1.5;
    ctx.strokeRect(px + column * unit - 1, py + row * unit - 1, unit + 2, unit + 2);
  }

  /** The course of one pixel over all steps, a lane for each channel that spikes, lines for real values. */
  function course(ctx, value, binary, at, [left, top, width, height], colour, step) {
    const { steps, channels, data } = value;
    const area = value.side ** 2;
    const unit = width / steps;
    const tones = channelColours(colour);
    const here = (t, c) => data[(t * channels + c) * area + at];
    ctx.fillStyle = colour.grid;
    ctx.fillRect(left + step * unit, top, Math.max(1.5, unit), height);
    if (binary) {
      const lane = height / channels;
      for (let c = 0; c < channels; c++) {
        const base = top + (c + 1) * lane - 2;
        ctx.strokeStyle = ctx.fillStyle = tones[c];
        ctx.lineWidth = 1;
        line(ctx, [[left, base], [left + width, base]]);
        for (let t = 0; t < steps; t++) if (here(t, c)) ctx.fillRect(left + t * unit + unit * 0.2, base - lane * 0.7, Math.max(1.2, unit * 0.6), lane * 0.7);
      }
      return;
    }
    const { low, high } = numbers(value);
    const y = scale([Math.min(0, low), Math.max(high, 1e-9)], [top + height - 2, top + 2]);
    ctx.lineWidth = 1;
    ctx.strokeStyle = colour.muted;
    line(ctx, [[left, y(0)], [left + width, y(0)]]);
    for (let c = 0; c < channels; c++) {
      ctx.strokeStyle = tones[c];
      ctx.lineWidth = c ? 1.5 : 2.5;
      line(ctx, Array.from({ length: steps }, (_, t) => [[left + t * unit, y(here(t, c))], [left + (t + 1) * unit, y(here(t, c))]]).flat(), c ? [4, 3] : []);
    }
  }

  // ---- the diagram
  const layout = (state, width, height) => {
    const columns = Math.max(...state.list.map(({ at }) => at[0])) + 1;
    const around = state.list.find((box) => box.around);
    const rows = Math.max(...state.list.map(({ at }) => at[1])) + (around ? 1.4 : 1);
    const tall = width < NARROW;
    const [along, across] = tall ? [height / columns, width / rows] : [width / columns, height / rows];
    const [w, hgt] = tall ? [Math.min(across - 6, 200), along - 24] : [Math.min(along - 38, 190), Math.min(across - 12, 150)];
    const places = Object.fromEntries(state.list.map(({ name, at }) => {
      const [a, b] = [(at[0] + 0.5) * along, (at[1] + 0.5) * across];
      const [x, y] = tall ? [b, a] : [a, b];
      return [name, { x: x - w / 2, y: y - hgt / 2, w, h: hgt, a, b }];
    }));
    const reach = (tall ? hgt : w) / 2;
    const wires = state.list.flatMap((box) => box.from.map((from) => {
      const [start, end] = [places[from], places[box.name]];
      const [p0, p3] = [[start.a + reach, start.b], [end.a - reach - 5, end.b]];
      const gap = along - 2 * reach;
      const path = box.around && from === "x"
        ? [...bezier(p0, [p0[0] + gap, (box.around - 0.1) * across]), ...bezier([p3[0] - gap, (box.around - 0.1) * across], p3)]
        : p3[0] - p0[0] > along ? [...bezier(p0, [p3[0] - gap, p0[1]]), ...bezier([p3[0] - gap, p0[1]], p3)] : bezier(p0, p3);
      return { from, columns: [state.list.find(({ name }) => name === from).at[0], box.at[0]], points: tall ? path.map(([a, b]) => [b, a]) : path };
    }));
    return { places, wires, columns, key: `${tall} ${width} ${height} ${state.list.map(({ name }) => name)}` };
  };

  const shareAt = (value, step) => {
    const size = value.data.length / value.steps;
    let filled = 0;
    for (let i = step * size; i < (step + 1) * size; i++) if (value.data[i] !== 0) filled++;
    return filled / size;
  };

  function drawDiagram(state, { ctx, width, height }, colour) {
    const { list, here, step, p, chosen } = state;
    const { places, wires, columns, key } = (state.layout = layout(state, width, height));
    const boxOf = Object.fromEntries(list.map((box) => [box.name, box]));
    for (const { from, points, columns: [first, last] } of wires) {
      const share = shareAt(here[from], step);
      ctx.strokeStyle = ctx.fillStyle = spikesOnly(boxOf[from]) ? colour.red : colour.blue;
      ctx.globalAlpha = share ? 0.9 : 0.3;
      ctx.lineWidth = share ? 1.5 + 2 * Math.sqrt(share) : 1;
      line(ctx, points);
      arrow(ctx, points);
      const at = (wave * (columns - 1) - first) / (last - first);
      if (wave > 0 && wave < 1 && share && at > 0 && at < 1) {
        const [px, py] = points[Math.floor(at * points.length)];
        ctx.beginPath();
        ctx.arc(px, py, 3.5 + 4 * Math.sqrt(share), 0, 7);
        ctx.fill();
      }
      ctx.globalAlpha = 1;
    }
    ctx.textBaseline = "middle";
    for (const box of list) {
      const { x, y, w, h: hgt } = places[box.name];
      const value = here[box.name];
      const binary = spikesOnly(box);
      ctx.fillStyle = colour.bg;
      ctx.fillRect(x, y, w, hgt);
      ctx.strokeStyle = binary ? colour.red : colour.blue;
      ctx.lineWidth = box === chosen ? 3 : 1;
      ctx.strokeRect(x + 0.5, y + 0.5, w - 1, hgt - 1);
      ctx.fillStyle = colour.fg;
      ctx.textAlign = "left";
      ctx.fillText(box.title, x + 6, y + 10, w - 8);
      const room = w - ctx.measureText(box.title).width - 18;
      if (room > 34) {
        ctx.textAlign = "right";
        ctx.fillStyle = colour.muted;
        ctx.fillText(said(value, binary, room > 90), x + w - 6, y + 10, room);
      }
      const inside = [x + 5, y + 20, w - 10, hgt - 25];
      if (p.mode === "signal") course(ctx, value, binary, 0, inside, colour, step);
      else for (const map of maps(ctx, value, binary, step, inside)) ring(ctx, map, p, colour);
    }
    state.pulses = wave;
    return key;
  }

  const said = (value, binary, long) => {
    const { rate: share, low, high } = numbers(value);
    return binary ? percent(share) : long ? `${show(low, 2)} … ${show(high, 2)}` : `…${show(high, 1)}`;
  };

  /** A button over each box, so that it can be reached and named. */
  let buttons = {};
  let laid = "";
  function placeBoxes({ list, layout: { places, key }, here, chosen, p }) {
    if (Object.keys(buttons).join() !== list.map(({ name }) => name).join()) {
      buttons = Object.fromEntries(list.map(({ name }) => [name, h("button", { type: "button", class: "sv-box", onclick: () => set({ selected: name }), onfocus: () => set({ selected: name }) })]));
      boxes.replaceChildren(...Object.values(buttons));
      laid = "";
    }
    for (const box of list) {
      const button = buttons[box.name];
      const label = `${box.title}: ${facing(here[box.name], spikesOnly(box))}`;
      if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
      const pressed = String(box === chosen);
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
      const { x, y, w, h: hgt } = places[box.name];
      if (laid !== key) Object.assign(button.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${hgt}px` });
    }
    laid = key;
  }

  /** The numbers of a box in words. */
  const facing = (value, binary) => {
    const { rate: share, low, high, distinct } = numbers(value);
    const values = `${distinct.toLocaleString("en")} different value${distinct === 1 ? "" : "s"}`;
    return binary ? `${percent(share)} spikes` : `${percent(share)} not 0, ${show(low)} to ${show(high)}, ${values}`;
  };

  // ---- the chosen box, larger
  function drawDetail(state, { ctx, width, height }, colour) {
    const { p, here, chosen, step } = state;
    const value = here[chosen.name];
    const binary = spikesOnly(chosen);
    state.maps = [];
    const top = p.mode === "image" || chosen.kernels ? 136 : 10;
    ctx.textBaseline = "middle";
    const kernelRoom = chosen.kernels ? 118 * chosen.kernels.length ** 0.6 : 0;
    if (p.mode === "image") {
      state.maps = maps(ctx, value, binary, step, [0, 4, width - kernelRoom - (kernelRoom ? 12 : 0), top - 14]);
      for (const map of state.maps) ring(ctx, map, p, colour);
    }
    chosen.kernels?.forEach((weights, i, all) => {
      const [size, room] = [Math.sqrt(weights.length), kernelRoom / all.length - 4];
      const most = Math.max(...weights.map(Math.abs));
      const unit = Math.floor(Math.min(room, top - 44) / size);
      const left = width - kernelRoom + i * (room + 4);
      ctx.imageSmoothingEnabled = false;
      ctx.drawImage(picture(Array.from(weights, (v) => PALETTE[Math.round((v / most) * 200) + 200]), size), left, 24, unit * size, unit * size);
      ctx.fillStyle = colour.fg;
      ctx.textAlign = "left";
      ctx.fillText(i ? `channel ${i + 1}` : all.length > 1 ? "M, channel 1" : "the kernel", left, 12, room);
    });
    const box = [50, top + 18, width - 62, height - top - 42];
    const steps = scale([0.5, value.steps + 0.5], [box[0], box[0] + box[2]]);
    state.steps = steps;
    ctx.fillStyle = colour.fg;
    ctx.textAlign = "left";
    ctx.fillText(chosen.kind === "lif" ? "membrane H and spikes over time" : "values over time", 0, top + 6);
    const at = p.mode === "image" ? p.row * 16 + p.column : 0;
    if (chosen.kind === "lif") return membranes(ctx, value, chosen, at, box, colour, step, steps);
    if (!binary) {
      const { low, high } = numbers(value);
      const y = scale([Math.min(0, low), Math.max(high, 1e-9)], [box[1] + box[3] - 2, box[1] + 2]);
      axes(ctx, steps, y, { colour, xTitle: " ", yTicks: [Math.min(0, low), high].filter((v, i) => !i || v > 0), xTicks: stepTicks(value.steps) });
    } else axes(ctx, steps, scale([0, 1], [box[1] + box[3], box[1]]), { colour, xTitle: " ", yTicks: [], xTicks: stepTicks(value.steps) });
    course(ctx, value, binary, at, box, colour, step);
  }

  const stepTicks = (n) => Array.from({ length: n }, (_, i) => i + 1).filter((i) => n <= 16 ? i % 2 : i % 4 === 1);

  function membranes(ctx, value, { v_threshold }, at, [left, top, width, height], colour, step, steps) {
    const { membrane, data, channels } = value;
    const area = value.side ** 2;
    const index = (t, c) => (t * channels + c) * area + at;
    const all = Array.from({ length: value.steps * channels }, (_, i) => membrane[i * area + at]);
    const lane = 9 * channels;
    const y = scale([Math.min(0, ...all), Math.max(v_threshold, ...all) * 1.05], [top + height - 2, top + lane + 2]);
    const unit = width / value.steps;
    ctx.fillStyle = colour.grid;
    ctx.fillRect(left + step * unit, top, unit, height);
    axes(ctx, steps, y, { colour: { ...colour, grid: "transparent" }, xTitle: " ", xTicks: stepTicks(value.steps) });
    ctx.strokeStyle = colour.red;
    ctx.lineWidth = 1.5;
    line(ctx, [[left, y(v_threshold)], [left + width, y(v_threshold)]], [6, 4]);
    for (let c = 0; c < channels; c++) {
      const points = [];
      for (let t = 0; t < value.steps; t++) {
        points.push([steps(t + 1), y(membrane[index(t, c)])]);
        if (data[index(t, c)]) points.push([steps(t + 1), y(0)]);
      }
      ctx.strokeStyle = ctx.fillStyle = channelColours(colour)[c];
      ctx.lineWidth = c ? 1.5 : 2.5;
      line(ctx, points, c ? [4, 3] : []);
      for (let t = 0; t < value.steps; t++) if (data[index(t, c)]) ctx.fillRect(steps(t + 1) - 1.5, top + 9 * c, 3, 7);
    }
  }

  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  function writeDetail({ p, here, chosen, step }) {
    const value = here[chosen.name];
    const binary = spikesOnly(chosen);
    const { side, channels, steps } = value;
    const [formulaText, codeLines, noteText] = words(p.block, chosen, p);
    write(boxTitle, chosen.name === "x" ? "Input x" : `Box ${chosen.title}`);
    write(equation, formulaText);
    const at = p.mode === "image" ? p.row * 16 + p.column : 0;
    const now = (name, c) => here[name].data[(step * here[name].channels + c) * side ** 2 + at];
    const place_ = (t) => (t * channels) * side ** 2 + at;
    const before = !step || (chosen.kind === "lif" && value.data[place_(step - 1)]) ? 0 : value.membrane?.[place_(step - 1)];
    write(place, `${p.mode === "image" ? `Pixel row ${p.row}, column ${p.column} (marked; click another), ` : ""}channel 1${channels > 1 ? " solid, others dashed" : ""}. Step ${step + 1}:`);
    const told = stepOf(chosen, p, { now, before, h: value.membrane?.[place_(step)], c: 0 });
    lines.forEach(({ element, parts }, i) => {
      element.classList.toggle("sv-away", !told[i]);
      told[i]?.forEach((text, k) => write(parts[k], text));
    });
    const { distinct } = numbers(value);
    write(facts, `All steps, channels and pixels: ${facing(value, binary)}${binary ? `, ${distinct} value${distinct === 1 ? "" : "s"}` : ""}. Shape [T, B, C, H, W] = [${steps}, 1, ${channels}, ${side}, ${side}]: ${steps} step${steps === 1 ? "" : "s"}, 1 sample, ${channels} channel${channels === 1 ? "" : "s"}, ${side}×${side} pixel${side === 1 ? "" : "s"}.`);
    write(note, noteText);
    write(source, codeLines.join("\n"));
  }

  function writeText(state) {
    const { p, values, list } = state;
    const value = state.here[list.at(-1).name];
    const binary = spikesOnly(list.at(-1));
    const next = binary ? "only spikes, so the next layer just adds" : "real values, so the next layer has to multiply";
    write(summary, `${p.block.toUpperCase()} passes on ${next}: ${facing(value, binary)}.`);
    const alt = `${NAMES[p.block]}: ${list.map(({ title: name }) => name).join(", ")}`;
    if (diagram.getAttribute("aria-label") !== alt) diagram.setAttribute("aria-label", alt);
    write(title, NAMES[p.block]);
    write(formula, FORMULAS[p.block]);
    const [asked, told] = QUESTIONS[p.block];
    if (question.textContent !== asked) ask.open = false;
    write(question, asked);
    write(answer, told);
    for (const { block, button, text } of cards) {
      const output = Object.values(values[block]).at(-1);
      const { rate: share, distinct } = numbers(output);
      write(text, `${percent(share)} not 0, ${distinct.toLocaleString("en")} value${distinct === 1 ? "" : "s"}`);
      const pressed = String(block === p.block);
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
    writeControls(p);
    walk.update();
  }

  let written = {};
  function writeControls(p) {
    for (const [name, control] of Object.entries(controls)) if (p[name] !== written[name]) control.update(p[name]);
    thresholds.forEach((control, i) => i < p.thresholds.length && p.thresholds[i] !== written.thresholds?.[i] && control.update(p.thresholds[i]));
    taus.forEach((control, i) => p.taus[i] !== written.taus?.[i] && control.update(p.taus[i]));
    written = p;
    const has = (name) => SETTINGS[p.block].includes(name) && !(p.block === "mbpl" && name === "v_threshold" && p.readout === "membrane");
    const away = (element, is) => element.hidden !== is && (element.hidden = is);
    for (const name of new Set(Object.values(SETTINGS).flat())) if (controls[name]) away(controls[name].element, !has(name));
    taus.forEach(({ element }) => away(element, !has("taus")));
    thresholds.forEach(({ element }, i) => away(element, !has("thresholds") || i >= p.thresholds.length));
    away(branches, !has("thresholds"));
    more.disabled = p.thresholds.length >= MOST_BRANCHES;
    fewer.disabled = p.thresholds.length <= 1;
    away(controls.digit.element, p.mode !== "image");
    away(controls.stimulus.element, p.mode !== "signal");
    away(controls.period.element, p.mode !== "signal" || !["pulses", "sine"].includes(p.stimulus));
  }

  const keepDetail = keeper();
  function draw(colour) {
    const [onDiagram, onDetail, ...onCards] = [diagram, detail, ...cards.map(({ canvas }) => canvas)].map(surface);
    const before = shown;
    shown = compute();
    const { p, values, chosen, step } = shown;
    drawDiagram(shown, onDiagram, colour);
    const same = before && Object.keys(values).every((block) => values[block] === before.values[block]) && before.p.row === p.row && before.p.column === p.column;
    shown.drawn = same ? before.drawn : (before?.drawn ?? 0) + 1;
    const key = `${shown.drawn} ${step} ${colour.bg}`;
    Object.assign(shown, { maps: before?.maps ?? [], steps: before?.steps });
    keepDetail(onDetail, `${key} ${p.block} ${chosen.name}`, (ctx) => drawDetail(shown, { ...onDetail, ctx }, colour));
    cards.forEach(({ block, keep }, i) => keep(onCards[i], key, (ctx) => drawCard(block, { ...onCards[i], ctx }, colour)));
    placeBoxes(shown);
    writeDetail(shown);
    writeText(shown);
    return shown;
  }

  function drawCard(block, { ctx, width, height }, colour) {
    const { p, values, step } = shown;
    const value = Object.values(values[block]).at(-1);
    const binary = spikesOnly(BLOCKS[block](p).at(-1));
    if (p.mode === "signal") course(ctx, value, binary, 0, [2, 2, width - 4, height - 4], colour, step);
    else for (const map of maps(ctx, value, binary, step, [0, 2, width, height - 4])) ring(ctx, map, p, colour);
  }

  // ---- hands on the larger picture: a pixel on a map, a step on the course
  drag(detail, (event) => {
    const map = shown.maps.find(([px, py, size]) => event.offsetX >= px && event.offsetX < px + size && event.offsetY >= py && event.offsetY < py + size);
    if (map) set({ row: clamp(Math.floor(((event.offsetY - map[1]) / map[2]) * 16), 0, 15), column: clamp(Math.floor(((event.offsetX - map[0]) / map[2]) * 16), 0, 15) });
    else if (event.offsetY > 140 || shown.p.mode === "signal") set({ cursor: clamp(Math.round(shown.steps.invert(event.offsetX)) - 1, 0, lastStep()) });
  });
  detail.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    if (shown.p.mode === "signal") set({ cursor: clamp(cursor() + by[1], 0, lastStep()) });
    else set({ row: clamp(model.get("row") + by[0], 0, 15), column: clamp(model.get("column") + by[1], 0, 15) });
  });

  const paint = mount({ model, el, signal }, root, TRAITS, draw);
}

/** Points on a smooth wire from one place to another, both (along, across). */
function bezier([a0, b0], [a1, b1]) {
  const bend = (a1 - a0) / 2;
  return Array.from({ length: 25 }, (_, i) => {
    const t = i / 24;
    const mix = (q0, q1, q2, q3) => (1 - t) ** 3 * q0 + 3 * (1 - t) ** 2 * t * q1 + 3 * (1 - t) * t ** 2 * q2 + t ** 3 * q3;
    return [mix(a0, a0 + bend, a1 - bend, a1), mix(b0, b0, b1, b1)];
  });
}

/** A head at the end of a wire. */
function arrow(ctx, points) {
  const [px, py] = points.at(-1);
  const [qx, qy] = points.at(-2);
  const turn = Math.atan2(py - qy, px - qx);
  ctx.beginPath();
  for (const by of [0, 2.5, -2.5]) ctx.lineTo(px + (by ? 7 : -5) * Math.cos(turn + by), py + (by ? 7 : -5) * Math.sin(turn + by));
  ctx.fill();
}

export default { initialize, render };
