// SpikeBlockExplorer: the five SPK blocks as live diagrams. Python holds the parameters as traits;
// everything drawn is computed here. One routine draws every block from its list of boxes.

import { STIMULI } from "../base/neuron.js";
import { KERNELS, SETTINGS, BLOCKS, boxesOf, input, run, numbers, distinct } from "./blocks.js";
import { NAMES, FORMULAS, QUESTIONS, words, stepOf } from "./words.js";
import { heat, sheet, maps, ring, course, membranes, stepTicks, layout, shareAt, arrow } from "./draw.js";
import { h, clamp, put, show, counted, percent } from "../base/page.js";
import { numberControl, choice, drag, onArrows, player } from "../base/controls.js";
import { syncing, mount, lasting, setter } from "../base/widget.js";
import { memory } from "../base/memory.js";
import { surface, scale, axes, line } from "../base/draw.js";

const INPUT = ["mode", "digit", "patch", "stimulus", "drive", "period", "amplitude", "second", "time_steps"];
const TRAITS = [...INPUT, "block", ...new Set(Object.values(SETTINGS).flat()), "cursor", "selected", "row", "column"];
const MOST_BRANCHES = 5;
const STEPS_A_SECOND = 2.5; // of play

const initialize = (props) => syncing(props, TRAITS);

function render({ model, el, signal }) {
  let shown = null; // what the last drawing showed
  let wave = 0; // how far the pulses are on their way through the diagram, 0 to 1
  let wavedAt = 0; // when they set out
  let movedAt = 0; // when the player last moved
  const limits = model.get("limits");
  const { digits, learned } = model.get("recorded");
  const set = setter(model);
  const lastStep = () => model.get("time_steps") - 1;
  const cursor = () => clamp(model.get("cursor"), 0, lastStep());

  // ---- the parts, built once
  const number = (name, label, unit = "") => numberControl({
    label, unit, range: limits[name],
    limit: (value) => clamp(["time_steps", "digit"].includes(name) ? Math.round(value) : value, ...limits[name]),
    set: (value) => set({ [name]: value }),
  });
  const item = (name, i, label, range) => numberControl({
    label, range,
    limit: (value) => clamp(value, range[0], range[1]),
    set: (value) => set({ [name]: model.get(name).map((old, k) => (k === i ? value : old)) }),
  });
  const pick = (name, label, options, act = (value) => set({ [name]: value })) => choice({ label, options, set: act });
  const controls = {
    mode: pick("mode", "Input", [["image", "a digit, 16×16 pixels"], ["signal", "a signal, one pixel"]]),
    digit: pick("digit", "Digit", [...Object.keys(digits), ["own", "drawn by you"]], (value) => (value === "own" ? set({ patch: digits[model.get("digit")], selected: "x" }) : set({ digit: Number(value), patch: "" }))),
    stimulus: pick("stimulus", "Signal", [...STIMULI, ["own", "drawn by you"]], (value) => (value === "own" ? draft(0, 0, true) : set({ stimulus: value, drive: [] }))),
    period: number("period", "Period", "steps"),
    amplitude: number("amplitude", "Amplitude"),
    second: pick("second", "Channel 2", [["same", "the same"], ["inverted", "the inverse"], ["smoothed", "a smoothed copy"]]),
    time_steps: number("time_steps", "T, time steps"),
    tau: number("tau", "τ, in time steps"),
    v_threshold: number("v_threshold", "V_th, threshold"),
    second_threshold: number("second_threshold", "V_th of LIF₂"),
    projection: pick("projection", "1×1 projection P", [["sum", "LIF₂ + LIF₁"], ["difference", "LIF₁ − LIF₂"], "LIF₂ alone", "LIF₁ alone"]),
    mixer: pick("mixer", "7×7 mixer M", [["learned", "learned, from the Micro"], ...KERNELS]),
    readout: pick("readout", "Readout", [["membrane", "membrane: real values"], ["spike", "spike: one more LIF"]]),
    closing: number("v_threshold", "V_th of the last LIF"),
    fine: pick("fine", "3×3 kernel", KERNELS),
    wide: pick("wide", "5×5 kernel", KERNELS),
  };
  const thresholds = Array.from({ length: MOST_BRANCHES }, (_, i) => item("thresholds", i, `V_th of branch ${i + 1}`, limits.v_threshold));
  const taus = [0, 1].map((i) => item("taus", i, `τ of half ${i + 1}`, limits.tau));
  const more = h("button", { type: "button", onclick: () => set({ thresholds: [...model.get("thresholds"), clamp(Math.max(...model.get("thresholds")) + 0.5, ...limits.v_threshold)].slice(0, MOST_BRANCHES) }) }, "+ branch");
  const fewer = h("button", { type: "button", onclick: () => set({ thresholds: model.get("thresholds").slice(0, Math.max(1, model.get("thresholds").length - 1)) }) }, "− branch");
  const branches = h("div", { class: "sv-row" }, more, fewer);

  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const walk = player({
    last: lastStep,
    at: cursor,
    go(place) {
      const now = performance.now();
      if (place !== cursor() || now - movedAt > 500) wavedAt = now; // a new step, or play begins
      movedAt = now;
      wave = calm.matches ? 0 : Math.min(1, ((now - wavedAt) / 1000) * STEPS_A_SECOND);
      set({ cursor: place });
      paint();
    },
    rate: () => STEPS_A_SECOND,
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
    return { block, canvas, text, button };
  });
  const title = h("p", { class: "sv-title" });
  const formula = h("p", { class: "sv-formula" });
  const question = h("summary", { class: "sv-title" });
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
    h("div", { class: "sv-controls" }, ...INPUT.flatMap((name) => controls[name]?.element ?? [])),
    h("div", { class: "sv-bench" },
      h("div", { class: "sv-stage" },
        h("div", { class: "sv-row" }, ...walk.elements),
        h("div", { class: "sv-keys" }, key("spikes", "spikes, 0 or 1"), key("real", "real values"), h("span", { class: "sv-key-map" }, "black is 0, white a spike, orange above 0, blue below")),
        h("div", { class: "sv-stack" }, diagram, boxes),
        summary,
        h("p", { class: "sv-title" }, "The same input through all five: choose one to open it"),
        h("div", { class: "sv-cards" }, ...cards.map(({ button }) => button)), ask),
      h("div", { class: "sv-head" }, title, formula,
        h("div", { class: "sv-controls" }, ...["tau", "v_threshold", "second_threshold"].map((name) => controls[name].element), ...taus.map(({ element }) => element), ...thresholds.map(({ element }) => element), ...["projection", "mixer", "fine", "wide", "readout", "closing"].map((name) => controls[name].element), branches)),
      h("div", { class: "sv-look" }, boxTitle, equation, detail, place, h("div", { class: "sv-update" }, ...lines.map(({ element }) => element)), facts, note, source)));

  // ---- compute: a block runs again only if what it depends on has changed
  const once = memory();
  function compute() {
    const p = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const hex = p.patch || digits[p.digit];
    Object.assign(p, { learned, pixels: once("pixels", [hex], () => Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16))) });
    const given = INPUT.map((name) => p[name]);
    const x = once("x", given, () => input(p));
    const values = Object.fromEntries(Object.keys(BLOCKS).map((block) => [block, once(block, [...given, ...SETTINGS[block].map((name) => p[name])], () => run(block, p, x))]));
    const list = boxesOf(p.block, p);
    const chosen = list.find(({ name }) => name === p.selected) ?? list.at(-1);
    return { p, values, list, chosen, here: values[p.block], step: cursor() };
  }

  const mark = (element, name, value) => {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  };

  // ---- the diagram
  function drawDiagram(state, { ctx, width, height }, colour) {
    const { list, here, step, chosen } = state;
    const { places, wires, columns } = (state.layout = layout(list, width, height));
    for (const { from, points, first, last } of wires) {
      const share = shareAt(here[from], step);
      ctx.strokeStyle = ctx.fillStyle = here[from].binary ? colour.red : colour.blue;
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
      const { x, y, w, hgt } = places[box.name];
      const value = here[box.name];
      ctx.fillStyle = colour.bg;
      ctx.fillRect(x, y, w, hgt);
      ctx.strokeStyle = value.binary ? colour.red : colour.blue;
      ctx.lineWidth = box === chosen ? 3 : 1;
      ctx.strokeRect(x + 0.5, y + 0.5, w - 1, hgt - 1);
      ctx.fillStyle = colour.fg;
      ctx.textAlign = "left";
      ctx.fillText(box.title, x + 6, y + 10, w - 8);
      const room = w - ctx.measureText(box.title).width - 18;
      if (room > 34) {
        ctx.textAlign = "right";
        ctx.fillStyle = colour.muted;
        ctx.fillText(said(value, room > 90), x + w - 6, y + 10, room);
      }
      drawValue(ctx, state, value, [x + 5, y + 20, w - 10, hgt - 25], colour);
    }
  }

  const said = (value, long) => {
    const { rate: share, low, high } = numbers(value);
    return value.binary ? percent(share) : long ? `${show(low, 2)} … ${show(high, 2)}` : `≤ ${show(high, 1)}`;
  };

  /** A button over each box, so that it can be reached and named. */
  let buttons = {};
  let laid = "";
  function placeBoxes({ list, layout: { places, key }, here, chosen }) {
    if (Object.keys(buttons).join() !== list.map(({ name }) => name).join()) {
      buttons = Object.fromEntries(list.map(({ name }) => [name, h("button", { type: "button", class: "sv-box", onclick: () => set({ selected: name }), onfocus: () => set({ selected: name }) })]));
      boxes.replaceChildren(...Object.values(buttons));
      laid = "";
    }
    for (const box of list) {
      const button = buttons[box.name];
      const value = here[box.name];
      mark(button, "aria-label", `${box.title}: ${said(value, true)}${value.binary ? " spikes" : ""}`);
      mark(button, "aria-pressed", box === chosen);
      const { x, y, w, hgt } = places[box.name];
      if (laid !== key) Object.assign(button.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${hgt}px` });
    }
    laid = key;
  }

  /** The numbers of a value in words. */
  const facing = (value) => {
    const { rate: share, low, high } = numbers(value);
    return value.binary ? `${percent(share)} spikes` : `${percent(share)} not 0, ${show(low)} to ${show(high)}, ${counted(distinct(value), "different value")}`;
  };

  // ---- the chosen box, larger
  function drawDetail(state, { ctx, width, height }, colour) {
    const { p, here, chosen, step } = state;
    const value = here[chosen.name];
    state.maps = [];
    const top = p.mode === "image" || chosen.kernels ? 136 : 10;
    ctx.textBaseline = "middle";
    const kernelRoom = chosen.kernels ? Math.min(118 * chosen.kernels.length ** 0.6, 0.42 * width) : 0;
    if (p.mode === "image") {
      state.maps = maps(ctx, film.canvas, state.onFilm.indexOf(value), value, [0, 4, width - kernelRoom - (kernelRoom ? 12 : 0), top - 14]);
      for (const map of state.maps) ring(ctx, map, p, colour);
    }
    chosen.kernels?.forEach((weights, i, all) => {
      const [size, room] = [Math.sqrt(weights.length), kernelRoom / all.length - 4];
      const unit = Math.floor(Math.min(room, top - 44) / size);
      const left = width - kernelRoom + i * (room + 4);
      ctx.imageSmoothingEnabled = false;
      ctx.drawImage(heat(weights, size, Math.max(...weights.map(Math.abs))), left, 24, unit * size, unit * size);
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
    const { low, high } = numbers(value);
    const reach = { low, high: chosen.name === "x" ? Math.max(high, p.amplitude) : high }; // room to draw in
    if (!value.binary) {
      const y = state.current = scale([Math.min(0, low), Math.max(reach.high, 1e-9)], [box[1] + box[3] - 2, box[1] + 2]);
      axes(ctx, steps, y, { colour, xTitle: " ", yTicks: [Math.min(0, low), reach.high].filter((v, i) => !i || v > 0), xTicks: stepTicks(value.steps) });
    } else axes(ctx, steps, scale([0, 1], [box[1] + box[3], box[1]]), { colour, xTitle: " ", yTicks: [], xTicks: stepTicks(value.steps) });
    course(ctx, value, at, box, colour, step, reach);
  }

  function writeDetail({ p, here, chosen, step }) {
    const value = here[chosen.name];
    const { side, channels, steps } = value;
    const [formulaText, codeLines, noteText] = words(p.block, chosen, p);
    put(boxTitle, chosen.name === "x" ? "Input x: draw on it" : `Box ${chosen.title}`);
    put(equation, formulaText);
    const at = p.mode === "image" ? p.row * 16 + p.column : 0;
    const now = (name, c) => here[name].data[(step * here[name].channels + c) * side ** 2 + at];
    const index = (t) => (t * channels) * side ** 2 + at;
    const before = !step || (chosen.kind === "lif" && value.data[index(step - 1)]) ? 0 : value.membrane?.[index(step - 1)];
    const which = p.mode === "image" ? `Row ${p.row}, column ${p.column} (marked, click another), channel 1` : "Channel 1";
    put(place, `${which}${channels > 1 ? " solid, others dashed" : ""}. Step ${step + 1}:`);
    const told = stepOf(chosen, p, { now, before, h: value.membrane?.[index(step)], c: 0 });
    lines.forEach(({ element, parts }, i) => {
      element.hidden = !told[i];
      told[i]?.forEach((text, k) => put(parts[k], text));
    });
    const few = value.binary ? `, ${counted(distinct(value), "different value")}` : "";
    put(facts, `All steps, channels and pixels: ${facing(value)}${few}. Shape [T, B, C, H, W] = [${steps}, 1, ${channels}, ${side}, ${side}]: ${counted(steps, "step")}, 1 sample, ${counted(channels, "channel")}, ${side}×${counted(side, "pixel")}.`);
    put(note, noteText);
    put(source, codeLines.join("\n"));
  }

  function writeText({ p, list }) {
    const value = outputOf(p.block);
    const next = value.binary ? "only spikes, so the next layer just adds" : "real values, so the next layer has to multiply";
    const alone = p.block === "dcl" && p.mode === "signal" ? " A signal is one pixel, and a kernel meets it with its centre only." : "";
    put(summary, `${p.block.toUpperCase()} passes on ${next}: ${facing(value)}.${alone}`);
    mark(diagram, "aria-label", `${NAMES[p.block]}: ${list.map((box) => box.title).join(", ")}`);
    put(title, NAMES[p.block]);
    put(formula, FORMULAS[p.block]);
    const [asked, told] = QUESTIONS[p.block];
    if (question.textContent !== asked) ask.open = false;
    put(question, asked);
    put(answer, told);
    for (const { block, button, text } of cards) {
      const output = outputOf(block);
      put(text, `${percent(numbers(output).rate)} not 0, ${counted(distinct(output), "value")}`);
      mark(button, "aria-pressed", block === p.block);
    }
    writeControls(p);
    walk.update();
  }

  function writeControls(p) {
    for (const [name, control] of Object.entries(controls)) {
      const own = (name === "digit" && p.patch) || (name === "stimulus" && p.drive.length);
      const value = own ? "own" : p[name === "closing" ? "v_threshold" : name];
      if (value !== control.shows) control.update((control.shows = value));
    }
    for (const [items, values] of [[thresholds, p.thresholds], [taus, p.taus]])
      items.forEach((item, i) => i < values.length && values[i] !== item.shows && item.update((item.shows = values[i])));
    const has = (name) => SETTINGS[p.block].includes(name) && !(p.block === "mbpl" && name === "v_threshold");
    const away = (element, is) => element.hidden !== is && (element.hidden = is);
    for (const name of new Set(Object.values(SETTINGS).flat())) if (controls[name]) away(controls[name].element, !has(name));
    taus.forEach(({ element }) => away(element, !has("taus")));
    thresholds.forEach(({ element }, i) => away(element, !has("thresholds") || i >= p.thresholds.length));
    away(branches, !has("thresholds"));
    away(controls.closing.element, p.block !== "mbpl" || p.readout === "membrane");
    more.disabled = p.thresholds.length >= MOST_BRANCHES;
    fewer.disabled = p.thresholds.length <= 1;
    away(controls.digit.element, p.mode !== "image");
    away(controls.stimulus.element, p.mode !== "signal");
    away(controls.period.element, p.mode !== "signal" || p.drive.length > 0 || !["pulses", "sine"].includes(p.stimulus));
  }

  const film = sheet(16, 2 + MOST_BRANCHES + 9);
  const outputOf = (block) => Object.values(shown.values[block]).at(-1);
  let runs = 0; // how often anything ran anew
  let drawn = ""; // what the pictures beside the diagram show
  function draw(colour) {
    const before = shown;
    shown = { maps: before?.maps, steps: before?.steps, current: before?.current, ...compute() };
    const { p, values, list, here, chosen, step } = shown;
    if (!before || Object.keys(values).some((block) => values[block] !== before.values[block])) runs++;
    const key = [runs, step, p.block, chosen.name, p.row, p.column, colour.bg, detail.clientWidth, devicePixelRatio].join();
    const beside = key === drawn ? [] : [detail, ...cards.map(({ canvas }) => canvas)]; // a pulse moves in the diagram only
    drawn = key;
    const [onDiagram, onDetail, ...onCards] = [diagram, ...beside].map(surface);
    shown.onFilm = [...list.map(({ name }) => here[name]), ...Object.keys(values).map(outputOf)];
    if (p.mode === "image") shown.onFilm.forEach((value, i) => film.put(i, value, step));
    film.ready();
    drawDiagram(shown, onDiagram, colour);
    if (onDetail) drawDetail(shown, onDetail, colour);
    onCards.forEach(({ ctx, width, height }, i) => drawValue(ctx, shown, outputOf(cards[i].block), [2, 2, width - 4, height - 4], colour));
    placeBoxes(shown);
    writeDetail(shown);
    writeText(shown);
    return shown;
  }

  function drawValue(ctx, { p, step, onFilm }, value, where, colour) {
    if (p.mode === "signal") course(ctx, value, 0, where, colour, step);
    else for (const map of maps(ctx, film.canvas, onFilm.indexOf(value), value, where)) ring(ctx, map, p, colour);
  }

  // ---- hands on the larger picture: a pixel on a map, a step on the course; on x they draw
  /** Ink (or with ink = 0 paper) at a pixel, a little on its neighbours too. */
  function dab(row, column, ink) {
    const pixels = Uint8Array.from(shown.p.pixels);
    for (const [dy, dx, value] of [[0, 0, 255], [0, 1, 130], [0, -1, 130], [1, 0, 130], [-1, 0, 130]]) {
      const [y, x] = [row + dy, column + dx];
      if (y < 0 || y > 15 || x < 0 || x > 15) continue;
      const i = y * 16 + x;
      pixels[i] = ink ? Math.max(pixels[i], value) : Math.min(pixels[i], 255 - value);
    }
    set({ patch: Array.from(pixels, (byte) => byte.toString(16).padStart(2, "0")).join("") });
  }
  /** Set (or with `by` change) the signal at a step, as a share of the amplitude. */
  function draft(step, share, by = false) {
    const { p, here } = shown;
    const drive = p.mode === "signal" ? Array.from({ length: p.time_steps }, (_, t) => clamp(here.x.data[2 * t] / (p.amplitude || 1), 0, 1)) : [0.5];
    drive[step] = clamp(by ? drive[step] + share : share, 0, 1);
    set({ drive, selected: "x" });
  }
  let ink = 0; // of this stroke: paper, if it began on ink
  drag(detail, (event, down) => {
    const { maps: on, p, chosen, steps, current } = shown;
    const map = on.find(([px, py, size]) => event.offsetX >= px && event.offsetX < px + size && event.offsetY >= py && event.offsetY < py + size);
    const drawing = chosen.name === "x";
    if (map) {
      const [row, column] = [1, 0].map((k) => clamp(Math.floor((((k ? event.offsetY : event.offsetX) - map[k]) / map[2]) * 16), 0, 15));
      if (down) ink = p.pixels[row * 16 + column] > 180 ? 0 : 1;
      if (drawing) dab(row, column, ink);
      return set({ row, column });
    }
    if (p.mode === "image" && event.offsetY < 140) return;
    const step = clamp(Math.round(steps.invert(event.offsetX)) - 1, 0, lastStep());
    if (drawing && p.mode === "signal") draft(step, p.amplitude && current.invert(event.offsetY) / p.amplitude);
    set({ cursor: step });
  });
  detail.addEventListener("keydown", ({ key }) => {
    const { p, chosen } = shown;
    const draws = key === "Enter" && chosen.name === "x" && p.mode === "image";
    if (draws) dab(p.row, p.column, p.pixels[p.row * 16 + p.column] > 180 ? 0 : 1);
  });
  onArrows(detail, (right, down) => {
    const { p, chosen } = shown;
    if (p.mode === "image") set({ row: clamp(p.row + down, 0, 15), column: clamp(p.column + right, 0, 15) });
    else if (down && chosen.name === "x") draft(cursor(), -0.1 * down, true);
    else set({ cursor: clamp(cursor() + right, 0, lastStep()) });
  });

  const paint = mount({ model, el, signal }, root, TRAITS, draw);
}

export default { initialize, render: lasting(render) };
