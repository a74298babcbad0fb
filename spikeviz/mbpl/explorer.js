// MBPLExplorer: several thresholds over one input. Python holds the parameters as traits;
// everything drawn is computed here, so a move is answered within a frame.

import { STIMULI, simulate } from "../base/neuron.js";
import { SHADES, LONGEST, MOST, THRESHOLDS, ladder, inputOf, shadeSpikes, shadeInputs, judge, judgeAll, shadeShares, entropy, mixerOf, mix } from "./mbpl.js";
import { h, clamp, show } from "../base/page.js";
import { numberControl, choice, drag, player } from "../base/controls.js";
import { dragLine } from "../base/slider.js";
import { syncing, mount, lasting, setter } from "../base/widget.js";
import { surface, scale, ticks, axes, line, cividis } from "../base/draw.js";

const TRAITS = ["thresholds", "tau", "time_steps", "stimulus", "amplitude", "period", "seed", "image", "row", "column", "mixer", "cursor", "guess"];
const WHOLE = ["time_steps", "seed", "row", "column"];
const PAPER = [0.5, 1, 1.5, 2];
const PRESETS = { "one threshold": [1], "paper: 4 branches": PAPER, "8 branches": ladder(PAPER) };
const STEPS_PER_SECOND = 6;
const ADDS = 0.01; // bits, from which a threshold is said to add something
const PAUSE = 700; // ms without a change, after which what is on show becomes the ghost
const LEFT = 68; // of every plot over time
const LABEL = {
  amplitude: ["amplitude of x", ""],
  tau: ["τ, in steps", ""],
  time_steps: ["T, time steps", ""],
  period: ["Period, in steps", ""],
  seed: ["Noise seed", ""],
};

const low = (i) => "₁₂₃₄₅₆₇₈"[i];
const write = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
const shadesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const packed = ([r, g, b]) => 0xff000000 | (b << 16) | (g << 8) | r;
const CIVIDIS_256 = Uint32Array.from({ length: 256 }, (_, i) => packed(cividis(i / 255)));

/** Remembers the last result: again computed only when `key` is another one. */
function remembered(compute) {
  let [key, value] = [null, null];
  return (now, ...given) => {
    if (now !== key) [key, value] = [now, compute(...given)];
    return value;
  };
}

function initialize(props) {
  syncing(props, TRAITS);
}

function render({ model, el, signal }) {
  const { digits, mixers, size, module } = model.get("recorded");
  const pictures = Object.fromEntries(Object.entries(digits).map(([name, hex]) => [name, shadesOf(hex)]));
  let p = {}; // the parameters on show
  let shown = {}; // what the last drawing showed
  const plot = {}; // where it stands: scales in pixels
  let frozen = null; // the membrane's range, while a threshold is dragged
  let colour = {}; // the theme's
  let lines = []; // the colours of the branches
  let ghost = null; // what was on show before the last change
  let changed = -Infinity; // when that was
  let best = { told: -1 }; // the thresholds that told most, with n, T, τ and the input as they are
  let written = {}; // the values that the controls show
  const set = setter(model);
  const setThreshold = (i, value) => set({ thresholds: model.get("thresholds").map((old, j) => (j === i ? value : old)) });
  const setCount = (n) => set({ thresholds: ladder(model.get("thresholds"), clamp(n, 1, MOST)) });
  const each = (make) => Array.from({ length: MOST }, (_, i) => make(i));

  // ---- the parts, built once
  const controls = Object.fromEntries(Object.entries(LABEL).map(([key, [label, unit]]) => {
    const [min, max, step] = model.get("limits")[key];
    const limit = (value) => clamp(WHOLE.includes(key) ? Math.round(value) : value, min, max);
    return [key, numberControl({ label, unit, range: [min, max, step], limit, set: (value) => set({ [key]: value }) })];
  }));
  const count = numberControl({ label: "n, branches", range: [1, MOST, 1], limit: (value) => clamp(Math.round(value), 1, MOST), set: setCount });
  const kind = choice({ label: "Input x", options: [...STIMULI, ["image", "image: a neuron each pixel"]], set: (stimulus) => set({ stimulus }) });
  const image = choice({ label: "Image", options: Object.keys(digits), set: (name) => set({ image: name }) });
  const mixer = choice({
    label: "M, the mixer",
    options: [["identity", "identity"], ["mean", "mean of 7×7"], ...Object.keys(mixers).map((name) => [name, `${name.replace(" ", ", channel ")}`])],
    set: (name) => set({ mixer: name }),
  });
  const button = (text, press, label = text) => h("button", { type: "button", "aria-label": label, onclick: press }, text);
  const fewer = button("−", () => setCount(p.thresholds.length - 1), "One branch fewer");
  const more = button("+", () => setCount(p.thresholds.length + 1), "One branch more");
  const presets = Object.entries(PRESETS).map(([name, thresholds]) => button(name, () => set({ thresholds })));
  const note = h("span", { class: "sv-note", role: "status" });
  const fields = each((i) => {
    const [min, max] = THRESHOLDS;
    const field = h("input", { type: "number", min, max, step: "any", "aria-label": `Threshold ${i + 1}, exact value` });
    field.addEventListener("change", () => {
      const asked = Number(field.value);
      if (field.value.trim() === "" || !Number.isFinite(asked)) return;
      const value = clamp(asked, min, max);
      note.textContent = value === asked ? "" : `V${low(i)} limited to ${show(value)}`;
      setThreshold(i, value);
      field.value = show(value, 4);
    });
    return { field, element: h("label", {}, `V${low(i)} `, field) };
  });
  const thresholds = each((i) => dragLine({
    label: `Threshold ${i + 1}, drag up or down`,
    range: () => [THRESHOLDS[0], frozen ? Math.min(THRESHOLDS[1], frozen[1]) : THRESHOLDS[1], THRESHOLDS[2]],
    set: (value) => setThreshold(i, value),
    start: () => (frozen = plot.membrane),
    end: () => {
      frozen = null;
      paint();
    },
  }));
  const last = () => model.get("time_steps") - 1;
  const walk = player({
    last,
    at: () => clamp(model.get("cursor"), 0, last()),
    go: (cursor) => set({ cursor }),
    rate: () => STEPS_PER_SECOND,
    text: (step) => `step ${step + 1} of ${last() + 1}`,
    signal,
  });
  const traces = h("canvas", { class: "sv-mbpl-traces", role: "img" });
  const marker = h("div", { class: "sv-mbpl-cursor" });
  const photos = h("canvas", { class: "sv-mbpl-pictures", tabindex: 0, role: "application", "aria-label": "Pictures" });
  const curves = h("canvas", { class: "sv-mbpl-curves", role: "img" });
  const pixels = new ImageData(size, size);
  const ink = new Uint32Array(pixels.data.buffer);
  const stamp = h("canvas", { width: size, height: size });
  const kernelPixels = new ImageData(7, 7);
  const kernelStamp = h("canvas", { width: 7, height: 7 });
  const summary = h("p", { class: "sv-summary", role: "status" });
  const rows = ["Charge", "Fire?", "Sum", "M"].map((name) => {
    const [formula, numbers] = [h("span", { class: "sv-formula" }), h("span")];
    return { formula, numbers, element: h("div", { class: "sv-line" }, h("b", {}, name), formula, numbers) };
  });
  const answer = h("span", { role: "status" });
  const guesses = ["yes", "no"].map((guess) => button(guess, () => set({ guess }), `${guess}, an 8th threshold adds ${guess === "yes" ? "something" : "nothing"}`));
  const challenge = h("p", { class: "sv-mbpl-best" });
  const again = button("Ask again", () => set({ guess: "" }));
  const before = h("span", { class: "sv-key sv-key-ghost" }, "before the last change");
  const source = h("p", { class: "sv-caption" });
  const root = h("div", { class: "spikeviz sv-mbpl" },
    h("div", { class: "sv-controls" }, kind.element, image.element, ...Object.values(controls).map(({ element }) => element)),
    h("div", { class: "sv-controls" },
      count.element,
      h("div", { class: "sv-row" }, fewer, more, ...presets),
      mixer.element),
    h("div", { class: "sv-row sv-mbpl-fields" }, ...fields.map(({ element }) => element), note),
    h("div", { class: "sv-row sv-mbpl-walk" }, ...walk.elements),
    h("div", { class: "sv-mbpl-sides" },
      h("div", {},
        summary,
        photos,
        h("div", { class: "sv-stack" }, traces, marker, ...thresholds.map(({ element }) => element)),
        h("div", { class: "sv-update" }, ...rows.map(({ element }) => element))),
      h("div", {},
        h("div", { class: "sv-mbpl-ask" }, h("p", { class: "sv-title" }, "Does an 8th threshold add anything here?"), h("div", { class: "sv-row" }, ...guesses, answer, again),
          challenge),
        h("p", { class: "sv-title" }, "What the sum of all spikes tells of a constant input"),
        h("div", { class: "sv-keys" }, h("span", { class: "sv-key" }, "now"), before),
        curves,
        h("p", { class: "sv-caption" }, "Drag in the curves to set n and T. Dotted: all bits there are, and the error without any spike. Bits: how well the sum over T steps tells 256 inputs (or the image's grey levels) apart; more steps need not tell more, as two inputs can end with one sum. Error: of the input read back by the best straight line, root mean square."),
        source)));
  for (const i of fields.keys()) {
    fields[i].element.style.setProperty("--sv-line", `var(--sv-b${i})`);
    thresholds[i].element.style.setProperty("--sv-line", `var(--sv-b${i})`);
  }

  // ---- compute
  const tables = each(() => remembered(shadeSpikes));
  const runs = each(() => remembered((x, tau, v_threshold) => simulate({ tau, v_threshold }, x)));
  const judged = remembered(judgeAll);
  const shares = remembered((shades) => {
    const weights = shadeShares(shades);
    return { weights, bits: entropy(weights) };
  });
  const currents = remembered((shade) => inputOf(p, shade));

  function compute() {
    p = Object.fromEntries(TRAITS.map((key) => [key, model.get(key)]));
    const isImage = p.stimulus === "image";
    const shades = isImage ? pictures[p.image] : null;
    const shade = isImage ? shades[p.row * size + p.column] : 0;
    const inputKey = [p.stimulus, p.amplitude, p.time_steps, p.period, p.seed, shade].join();
    const x = currents(inputKey, shade);
    const all = ladder(p.thresholds);
    const n = p.thresholds.length;
    const inputs = shadeInputs(p.amplitude);
    const spikes = all.map((threshold, i) => tables[i]([p.tau, p.amplitude, threshold].join(), p.tau, threshold, inputs));
    const own = shares(isImage ? p.image : "", shades);
    const key = [all, n, p.tau, p.amplitude, p.time_steps, isImage ? p.image : ""].join();
    return {
      p, isImage, shades, shade, x, n, all, key, inputKey, bits: own.bits,
      worst: judge(new Uint8Array(SHADES), own.weights, inputs).error, // without any spike
      runs: p.thresholds.map((threshold, i) => runs[i]([inputKey, p.tau, threshold].join(), x, p.tau, threshold)),
      ...judged(key, spikes, n, p.time_steps, own.weights, inputs),
      spikes,
      cursor: clamp(p.cursor, 0, p.time_steps - 1),
    };
  }

  function draw(theme) {
    if (theme !== colour) {
      colour = theme;
      const style = getComputedStyle(root);
      lines = each((i) => style.getPropertyValue(`--sv-b${i}`).trim());
    }
    const state = compute();
    photos.hidden = !state.isImage; // before any size is read
    const sizes = [traces, curves].map((canvas) => `${canvas.clientWidth} ${canvas.clientHeight} ${devicePixelRatio}`);
    const total = new Uint8Array(state.x.length);
    for (const { s } of state.runs) for (let t = 0; t < total.length; t++) total[t] += s[t];
    if (shown.key && shown.key + shown.inputKey !== state.key + state.inputKey) {
      if (performance.now() - changed > PAUSE) ghost = shown;
      changed = performance.now();
    }
    Object.assign(state, { total, levels: new Set(total).size });
    drawn.traces([sizes[0], colour.fg, colour.bg, state.inputKey, p.tau, p.thresholds, frozen, ghost?.key, ghost?.inputKey].join(), state);
    drawn.curves([sizes[1], colour.fg, colour.bg, state.key, p.guess, ghost?.key].join(), state);
    if (state.isImage) drawPhotos(state);
    const step = plot.x(1) - plot.x(0);
    Object.assign(marker.style, { width: `${step}px`, transform: `translateX(${plot.x(state.cursor)}px)` });
    writeText(state);
    shown = state;
    return state;
  }
  const drawn = { traces: remembered(drawTraces), curves: remembered(drawCurves) };

  // ---- the input, the sum, and a strip for each branch
  function drawTraces(state) {
    const { ctx, width, height } = surface(traces);
    const { x: input, n, total } = state;
    const T = input.length;
    const x = (plot.x = scale([0, T], [LEFT, width - 26]));
    const yInput = scale([Math.min(0, ...input), Math.max(...input, 0.5) * 1.1], [74, 20]);
    const ySum = scale([0, n], [182, 100]);
    const [top, bottom] = [206, height - 40];
    axes(ctx, x, yInput, { colour, yTitle: "input x", yTicks: ticks(yInput, 2) });
    ctx.lineWidth = 2;
    ctx.strokeStyle = colour.green;
    line(ctx, [...input].flatMap((value, t) => [[x(t), yInput(value)], [x(t + 1), yInput(value)]]));

    axes(ctx, x, ySum, { colour, yTitle: `sum of the spikes Σ Sᵢ, ${state.levels} of ${n + 1} levels used (●)`, yTicks: [0, ...each((i) => i + 1)].filter((level) => level <= n && (n < 6 || level % 2 === 0)) });
    for (let t = 0; t < T; t++) {
      let level = 0;
      state.runs.forEach(({ s }, i) => {
        if (!s[t]) return;
        ctx.fillStyle = lines[i];
        ctx.fillRect(x(t), ySum(level + 1), x(t + 1) - x(t), ySum(level) - ySum(level + 1) - 1);
        level++;
      });
    }
    ctx.strokeStyle = colour.fg;
    line(ctx, [...total].flatMap((value, t) => [[x(t), ySum(value)], [x(t + 1), ySum(value)]]));
    if (ghost?.total.length === T) {
      ctx.strokeStyle = colour.muted;
      line(ctx, [...ghost.total].flatMap((value, t) => [[x(t), ySum(value)], [x(t + 1), ySum(value)]]), [4, 3]);
    }
    ctx.strokeStyle = colour.fg;
    for (let level = 0; level <= n; level++) {
      ctx.beginPath();
      ctx.arc(width - 13, ySum(level), n < 6 ? 4 : 3, 0, 7);
      ctx.fillStyle = colour.fg;
      ctx.lineWidth = 1;
      if (total.includes(level)) ctx.fill();
      else ctx.stroke();
    }

    const lowest = Math.min(0, ...state.runs.flatMap(({ h: membrane }) => [...membrane]));
    const highest = Math.max(...p.thresholds, ...state.runs.flatMap(({ h: membrane }) => [...membrane]));
    plot.membrane = frozen ?? [lowest, highest + 0.25 * (highest - lowest)];
    const tall = (bottom - top) / n;
    const named = scale([0.5, T + 0.5], x.range); // the first step is called 1
    const whole = ticks(named).filter((step) => step >= 1 && Number.isInteger(step));
    axes(ctx, named, scale([0, 1], [bottom, bottom - 1]), { colour, xTitle: "time step", yTicks: [], xTicks: whole.includes(1) ? whole : [1, ...whole.filter((step) => step > 2)] });
    ctx.fillStyle = colour.fg;
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    ctx.fillText("membrane Hᵢ, its threshold and its spikes", LEFT, top - 4);
    state.runs.forEach((run, i) => drawStrip(ctx, x, i, run, top + i * tall, tall));
    for (const [i, { element }] of thresholds.entries()) element.hidden = i >= n;
  }

  function drawStrip(ctx, x, i, run, top, tall) {
    const floor = top + tall - 14;
    const y = scale(plot.membrane, [floor, top + 3]);
    const at = (t) => x(t + 0.5);
    ctx.lineWidth = 1;
    ctx.strokeStyle = colour.grid;
    line(ctx, [[x.range[0], floor + 0.5], [x.range[1], floor + 0.5]]);
    ctx.strokeStyle = lines[i];
    ctx.lineWidth = 2;
    const path = [];
    for (let t = 0; t < run.h.length; t++) {
      path.push([at(t), y(run.h[t])]);
      if (run.s[t]) path.push([at(t), y(run.v[t])]);
    }
    line(ctx, path);
    if (path.length === 1) ctx.fillRect(path[0][0] - 2, path[0][1] - 2, 4, 4);
    ctx.lineWidth = 1.5;
    line(ctx, [[x.range[0], y(p.thresholds[i])], [x.range[1], y(p.thresholds[i])]], [[8, 4], [3, 3], [10, 3, 2, 3], [5, 2]][i % 4]);
    ctx.fillStyle = lines[i];
    run.s.forEach((spike, t) => spike && ctx.fillRect(at(t) - 1.5, floor + 3, 3, 9));
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.font = "600 12px system-ui, sans-serif";
    ctx.fillText(`LIF${low(i)}`, 4, top + tall / 2 - 8);
    ctx.font = "12px system-ui, sans-serif";
    ctx.fillText(`${run.count} spike${run.count === 1 ? "" : "s"}`, 4, top + tall / 2 + 7);
    thresholds[i].place(p.thresholds[i], x, y, `V${low(i)} ${show(p.thresholds[i], 2)}`);
  }

  // ---- information and error against n and T
  function drawCurves(state) {
    const { ctx, width, height } = surface(curves);
    const { byBranches, bySteps, n } = state;
    const known = p.guess ? MOST : n;
    const middle = Math.round(width * 0.5);
    const xs = [scale([1, MOST], [40, middle - 14]), scale([1, LONGEST], [middle + 34, width - 14], true)];
    plot.curves = xs;
    const counts = [byBranches, bySteps].map((list) => list.map((_, i) => i + 1));
    for (const [row, name] of ["information", "error"].entries()) {
      const bottom = row ? height - 38 : height / 2 - 30;
      const most = row ? state.worst : state.bits;
      const y = scale([0, 1.08 * most || 1], [bottom, row ? height / 2 + 26 : 20]);
      for (const [column, list] of [byBranches, bySteps].entries()) {
        const x = xs[column];
        const xTicks = column ? [1, 2, 5, 10, 20, 50] : counts[0];
        axes(ctx, x, y, { colour, xTicks, xTitle: column ? "T" : "n", yTitle: column ? "" : row ? "error of x read back" : "information in bits" });
        const points = list.map((one, i) => [x(i + 1), y(one[name])]);
        if (ghost) {
          ctx.strokeStyle = colour.muted;
          ctx.lineWidth = 1.5;
          const old = (column ? ghost.bySteps : ghost.byBranches).map((one, i) => [x(i + 1), y(Math.min(one[name], y.domain[1]))]);
          line(ctx, column ? old : old.slice(0, known), [4, 3]);
        }
        ctx.strokeStyle = colour.blue;
        ctx.lineWidth = 2;
        line(ctx, column ? points : points.slice(0, known));
        const now = column ? p.time_steps : n;
        if (!column && known < MOST) {
          ctx.fillStyle = colour.muted;
          ctx.textAlign = "center";
          ctx.textBaseline = "middle";
          ctx.fillText("?", (x(known) + x(MOST)) / 2, (y.range[0] + y.range[1]) / 2);
        }
        ctx.lineWidth = 1;
        ctx.strokeStyle = colour.muted;
        line(ctx, [[x.range[0], y(most)], [x.range[1], y(most)]], [2, 3]);
        ctx.fillStyle = colour.red;
        ctx.beginPath();
        ctx.arc(...points[now - 1], 5, 0, 7);
        ctx.fill();
      }
    }
    const { information, error } = bySteps[p.time_steps - 1];
    curves.setAttribute("aria-label", `Now, with n = ${n} and T = ${p.time_steps}: ${show(information, 2)} of ${show(state.bits, 2)} bits, error ${show(error)}. Information rises from ${show(bySteps[0].information, 2)} bits at T = 1 to ${show(bySteps[LONGEST - 1].information, 2)} at T = ${LONGEST}.`);
  }

  // ---- pictures: the input, the sum, what is read from it, what M makes of it, each branch
  function drawPhoto(ctx, values, [least, most], colourMap, left, top, side) {
    const top255 = (colourMap.length - 1) / (most - least || 1);
    for (let k = 0; k < ink.length; k++) ink[k] = colourMap[Math.round(clamp((values[k] - least) * top255, 0, colourMap.length - 1))];
    stamp.getContext("2d").putImageData(pixels, 0, 0);
    ctx.drawImage(stamp, left, top, side, side);
  }

  function drawPhotos(state) {
    const { ctx, width, height } = surface(photos);
    const { shades, sums, bySteps, spikes, n, cursor } = state;
    const at = cursor * SHADES;
    const [sum, input, read] = Array.from({ length: 3 }, () => new Float64Array(shades.length));
    const y = new Uint16Array(SHADES);
    for (let t = 0; t <= cursor; t++) for (let g = 0; g < SHADES; g++) y[g] += sums[t * SHADES + g];
    const { slope, offset } = bySteps[cursor];
    shades.forEach((g, k) => {
      input[k] = (p.amplitude * g) / (SHADES - 1);
      sum[k] = sums[at + g];
      read[k] = slope * y[g] + offset;
    });
    const m = mixerOf(p.mixer, mixers);
    const mixed = mix(sum, size, m);
    let [least, most] = [Infinity, -Infinity];
    for (const value of mixed) [least, most] = [Math.min(least, value), Math.max(most, value)];
    Object.assign(state, { input, sum, read, mixed });

    const columns = width < 520 ? 2 : 4;
    const rowCount = 4 / columns;
    const cell = width / columns;
    const below = 62; // the row of the branches
    const side = Math.floor(Math.min(cell - 12, (height - below) / rowCount - 22));
    const range = [0, p.amplitude || 1];
    ctx.imageSmoothingEnabled = false;
    ctx.textBaseline = "alphabetic";
    ctx.textAlign = "left";
    const place = (i) => [(i % columns) * cell, Math.floor(i / columns) * (side + 22) + 17];
    const titles = ["input x", `Σ Sᵢ at step ${cursor + 1}: 0 to ${n}`, `x read from ${cursor + 1} step${cursor ? "s" : ""}`, `M(Σ Sᵢ): ${show(least, 1)} to ${show(most, 1)}`];
    [[input, range], [sum, [0, n]], [read, range], [mixed, [least, most]]].forEach(([values, ends], i) => {
      const [left, top] = place(i);
      ctx.fillStyle = colour.fg;
      ctx.fillText(titles[i], left, top - 5);
      drawPhoto(ctx, values, ends, CIVIDIS_256, left, top, side);
      const dot = side / size;
      ctx.lineWidth = 2;
      ctx.strokeStyle = "#d55e00";
      ctx.strokeRect(left + p.column * dot - 1, top + p.row * dot - 1, dot + 2, dot + 2);
    });
    plot.photo = { side, place };

    const small = 42;
    const top = height - small - 2;
    const pitch = Math.min(78, (width - 60) / n);
    for (let i = 0; i < n; i++) {
      const fired = Uint8Array.from(shades, (g) => spikes[i][at + g]);
      const edge = i * pitch;
      ctx.fillStyle = lines[i];
      ctx.fillText(`S${low(i)}`, edge, top - 3);
      drawPhoto(ctx, fired, [0, 1], [packed(rgb(colour.grid)), packed(rgb(lines[i]))], edge, top, Math.min(small, pitch - 4));
    }
    ctx.fillStyle = colour.fg;
    ctx.fillText("M", width - 44, top - 3);
    const tip = Math.max(...m.kernel.map(Math.abs));
    const kernelInk = new Uint32Array(kernelPixels.data.buffer);
    m.kernel.forEach((weight, k) => (kernelInk[k] = CIVIDIS_256[Math.round(((weight / tip + 1) / 2) * 255)]));
    kernelStamp.getContext("2d").putImageData(kernelPixels, 0, 0);
    ctx.drawImage(kernelStamp, width - 44, top, small, small);
    photos.setAttribute("aria-label", `Pixel in row ${p.row}, column ${p.column}: arrow keys move, a click chooses. Pictures: the input, the sum of the spikes at step ${cursor + 1}, the input as read from all steps so far, and M of the sum.`);
  }

  // ---- words
  function writeText(state) {
    const { n, runs: branches, total, cursor, isImage, bits, bySteps, byBranches } = state;
    const spikes = branches.reduce((sum, run) => sum + run.count, 0);
    const { information, error } = bySteps[p.time_steps - 1];
    const who = isImage ? `Pixel (${p.row}, ${p.column}), ` : "";
    write(summary, `${who}${n} branch${n === 1 ? "" : "es"}, ${spikes} spike${spikes === 1 ? "" : "s"} in ${p.time_steps} step${p.time_steps === 1 ? "" : "s"}: ${state.levels} of ${n + 1} levels used. The sum tells ${show(information, 2)} of ${show(bits, 2)} bits, error ${show(error)}.`);
    traces.setAttribute("aria-label", `The input, the sum of the spikes, and the membrane of each branch with its spikes. ${summary.textContent}`);
    const explain = (row, formula, numbers) => {
      write(row.formula, formula);
      write(row.numbers, numbers);
    };
    const of = (key, join, at = cursor) => branches.map((run) => show(at < 0 ? 0 : run[key][at], 2)).join(join);
    explain(rows[0], "Hᵢ = Vᵢ + (x − Vᵢ) / τ", `x = ${show(state.x[cursor])}, V = ${of("v", ", ", cursor - 1)}: H = ${of("h", ", ")}`);
    explain(rows[1], "Sᵢ = 1 if Hᵢ ≥ V_th,i", `V_th = ${p.thresholds.map((value) => show(value, 2)).join(", ")}: S = ${of("s", ", ")}`);
    explain(rows[2], "Σᵢ LIF(x; V_th,i)", n === 1 ? `${total[cursor]}` : `${of("s", " + ")} = ${total[cursor]}`);
    const mixes = { identity: "leaves it", mean: "mean of the 7×7 sums around the pixel" }[p.mixer] ?? `7×7 weights of ${module} (shipped Micro), ${p.mixer.replace("learned", "channel")}`;
    explain(rows[3], "MBPL(x) = M(Σᵢ LIF(x; V_th,i))", isImage ? `${mixes}: ${show(state.mixed[p.row * size + p.column])} here. It makes a feature for the next layer, not a copy.` : "M mixes neighbours in space: take an image as input to see it.");

    const setting = [n, p.tau, p.amplitude, p.time_steps, isImage ? p.image : ""].join();
    if (setting !== best.setting || information > best.told + 1e-9) best = { setting, told: information, thresholds: p.thresholds };
    write(challenge, `Then drag the thresholds: how much can ${n} tell? Your best so far: ${show(best.told, 2)} bits, with ${best.thresholds.map((value) => show(value, 2)).join(", ")}.`);

    const [without, with8] = [byBranches[MOST - 2].information, byBranches[MOST - 1].information];
    const gain = with8 - without;
    const adds = gain >= ADDS;
    const silent = !state.spikes[MOST - 1].subarray(0, p.time_steps * SHADES).includes(1);
    const why = silent ? "no input lifts its membrane that high, so it never fires" : adds ? "it fires for inputs that the other seven mix up" : "it fires, but tells nothing that the others do not";
    write(answer, p.guess ? `You said ${p.guess}. ${adds ? "It does" : "It does not"}: the 8th, V₈ = ${show(state.all[MOST - 1], 2)}, takes the sum from ${show(without, 2)} to ${show(with8, 2)} bits; ${why}. Does it stay so with another amplitude, T or τ?` : "Guess first; then the curve goes on to 8.");
    write(source, `Thresholds 0.5, 1, 1.5, 2 are our choice (R5): the paper gives only their number. The paper, ResNet-18 on CIFAR-100: 4 branches 74.4 %, its best; 8 branches 59.0 %. That is accuracy after training: the curves here do not explain the fall.`);
    for (const one of guesses) one.hidden = p.guess !== "";
    again.hidden = p.guess === "";
    before.classList.toggle("sv-away", !ghost);

    const values = { ...p, count: n };
    for (const [name, control] of Object.entries({ ...controls, count, stimulus: kind, image, mixer })) if (values[name] !== written[name]) control.update(values[name]);
    if (p.thresholds !== written.thresholds)
      fields.forEach(({ field, element }, i) => {
        element.hidden = i >= n;
        if (i < n && document.activeElement !== field) field.value = show(p.thresholds[i], 4);
      });
    written = values;
    [fewer.disabled, more.disabled] = [n === 1, n === MOST];
    controls.period.element.hidden = !["pulses", "sine"].includes(p.stimulus);
    controls.seed.element.hidden = p.stimulus !== "noise";
    image.element.hidden = mixer.element.hidden = !isImage;
    walk.update();
  }

  // ---- hands on the pictures
  drag(traces, (event) => set({ cursor: clamp(Math.floor(plot.x.invert(event.offsetX)), 0, last()) }));
  let side = 0; // of the curves: where the hand went down
  drag(curves, (event, down) => {
    if (down) side = event.offsetX < plot.curves[1].range[0] - 20 ? 0 : 1;
    const value = Math.round(plot.curves[side].invert(event.offsetX));
    if (side) set({ time_steps: clamp(value, 1, LONGEST) });
    else setCount(value);
  });
  const goPixel = (row, column) => set({ row: clamp(row, 0, size - 1), column: clamp(column, 0, size - 1) });
  drag(photos, (event) => {
    const dot = plot.photo.side / size;
    for (let i = 0; i < 4; i++) {
      const [left, top] = plot.photo.place(i);
      const [column, row] = [(event.offsetX - left) / dot, (event.offsetY - top) / dot].map(Math.floor);
      if (Math.min(row, column) >= 0 && Math.max(row, column) < size) goPixel(row, column);
    }
  });
  photos.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    goPixel(p.row + by[0], p.column + by[1]);
  });
  const paint = mount({ model, el, signal }, root, TRAITS, draw);
}

export default { initialize, render: lasting(render) };
