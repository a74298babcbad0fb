// SpikeRaster: a recorded layer, spike by spike. The bits come once from Python; counts, order,
// zoom and every number on show are computed here.

import { unpack, spikeCounts, sumBy, neuronOrder, runningSums, spikesIn, binEdges, rateHistogram } from "./spikes.js";
import { memo, plotSize, cellAt, lookedAt, drawRaster, drawOverview, drawBars, drawHistogram, mapOf, drawMap, grouped } from "./draw.js";
import { h, put, clamp, show, percent } from "../base/page.js";
import { choice, drag } from "../base/controls.js";
import { syncing, mount, lasting, setter } from "../base/widget.js";
import { surface } from "../base/draw.js";

const TRAITS = ["layer", "sample", "order", "window", "neuron", "highlight"];
const ORDER_TEXTS = [["index", "index: channel, y, x"], ["rate", "rate, busiest first"], ["channel", "channel, busiest first"]];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], PageUp: [0, -10], PageDown: [0, 10] };

const many = (n, word) => `${grouped(n)} ${word}${n === 1 ? "" : "s"}`;

/** Whole numbers [first, last + 1] of an interval of `length` from `start` on, inside 0 … end. */
function inside(start, length, end) {
  const size = clamp(Math.round(length), 1, end);
  const first = clamp(Math.round(start), 0, end - size);
  return [first, first + size];
}

/** The interval low … high made `factor` times as long, at least by 1, around `at`. */
function stretched(low, high, end, factor, at) {
  const length = factor < 1 ? Math.floor((high - low) * factor) : Math.ceil((high - low) * factor);
  return inside(at - (at - low) * (length / (high - low)), length, end);
}

function initialize(props) {
  syncing(props, TRAITS);
}

function render({ model, el, signal }) {
  const layers = model.get("layers");
  const names = model.get("names");
  const [spikesFor, numbersFor, orderFor, marksFor, mapFor, tile, overviewPicture] = Array.from({ length: 7 }, memo);
  const scales = {}; // of the last drawing of each canvas
  const drawnWith = new Map(); // what each canvas shows
  let plot = [1, 1]; // width and height of the raster as last drawn
  let hover = null; // {column, place} under the pointer or the keys
  let box = null; // [x0, y0, x1, y1] while a box is dragged
  let told = null; // what the pointer is over outside the raster: (state) → text
  let [channelAt, binAt] = [0, 0]; // where the keys are in the bars and in the histogram
  const set = setter(model);

  // ---- the parts, built once
  const layerChoice = choice({
    label: "Layer",
    options: layers.map(({ name, text }) => [name, text ? `${text}: ${name}` : name]),
    set: (layer) => set({ layer, window: [], neuron: null }),
  });
  const sampleChoice = choice({ label: "Sample", options: [], set: (value) => set({ sample: value === "all" ? null : Number(value), window: [] }) });
  const orderChoice = choice({ label: "Neurons from top to bottom", options: ORDER_TEXTS, set: (order) => set({ order, window: [] }) });
  const button = (text, label, onclick) => h("button", { type: "button", "aria-label": label, onclick }, text);
  const all = button("Show all", "Show all of the raster", () => set({ window: [] }));
  const canvas = (name) => h("canvas", { class: `sv-${name}`, tabindex: 0, role: "application" });
  const [raster, overview, bars, histogram] = ["raster", "overview", "bars", "histogram"].map(canvas);
  overview.setAttribute("aria-label", "Overview of the whole raster: drag to move the part in view, arrow keys move it");
  const map = h("canvas", { class: "sv-where", role: "img" });
  const title = (text) => h("p", { class: "sv-title" }, text);
  const mapTitle = title("");
  const mapText = h("p", { class: "sv-caption" });
  const summary = h("p", { class: "sv-summary", role: "status" });
  const lookLines = [h("div"), h("div")];
  const mark = (which) => set({ highlight: model.get("highlight") === which ? "" : which });
  const toggle = (which) => h("button", { type: "button", class: `sv-mark sv-${which}`, onclick: () => mark(which) });
  const marks = { dead: toggle("dead"), saturated: toggle("saturated") };
  const root = h("div", { class: "spikeviz sv-spike-raster" },
    h("div", { class: "sv-controls" }, layerChoice.element, sampleChoice.element, orderChoice.element),
    h("div", { class: "sv-plots" },
      h("div", {},
        h("div", { class: "sv-row" },
          button("+", "Zoom in", () => zoom(0.5)), button("−", "Zoom out", () => zoom(2)), all,
          h("span", { class: "sv-caption" }, "Drag a box or turn the wheel to zoom, double click to see all, click to keep a neuron.")),
        h("div", { class: "sv-raster-row" }, raster, overview),
        h("div", { class: "sv-update sv-told", "aria-live": "polite" }, ...lookLines),
        summary),
      h("div", {},
        title("How many neurons never fire? Guess, then look at 0"), histogram,
        h("div", { class: "sv-row" }, marks.dead, marks.saturated),
        title("Rate by channel: click one to see its neurons"), bars,
        mapTitle, map, mapText)));

  // ---- what is on show
  function compute() {
    const { name, steps, samples, start, shape } = layers.find((layer) => layer.name === model.get("layer")) ?? layers[0];
    const [channels, height, width] = shape;
    const size = height * width;
    const neurons = channels * size;
    const sample = model.get("sample") === null ? null : clamp(model.get("sample"), 0, samples - 1);
    const columns = sample === null ? samples * steps : steps;
    const numbers = numbersFor(`${name}|${sample}`, () => {
      const everything = spikesFor(name, () => {
        const bits = model.get("bits");
        return unpack(new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength), start, samples * steps * neurons);
      });
      const from = (sample ?? 0) * steps * neurons;
      const spikes = everything.subarray(from, from + columns * neurons);
      const counts = spikeCounts(spikes, columns, neurons);
      const byChannel = sumBy(counts, size);
      return { spikes, counts, byChannel, total: byChannel.reduce((a, b) => a + b, 0), bins: rateHistogram(counts, columns) };
    });
    const { spikes, counts, bins, total } = numbers;
    const kind = model.get("order");
    const key = `${name}|${sample}|${kind}`;
    const ordered = orderFor(key, () => {
      const order = neuronOrder(kind, counts, size);
      const places = new Uint32Array(neurons);
      order.forEach((neuron, place) => (places[neuron] = place));
      return { order, places, sums: runningSums(spikes, columns, order) };
    });
    const highlight = model.get("highlight");
    const wanted = { dead: 0, saturated: columns }[highlight];
    const marked = marksFor(`${key}|${highlight}`, () => {
      const sums = new Uint32Array(neurons + 1);
      ordered.order.forEach((neuron, place) => (sums[place + 1] = sums[place] + (counts[neuron] === wanted)));
      return sums;
    });
    const [asked, kept] = [model.get("window"), model.get("neuron")];
    const state = {
      name, steps, samples, sample, channels, height, width, size, neurons, columns, key, kind, highlight, wanted, marked, scales, hover, box,
      ...numbers, ...ordered,
      inARow: sample === null ? samples : 1,
      rate: total / (columns * neurons), dead: bins[0].count, saturated: bins.at(-1).count,
      window: asked.length === 4 && asked[1] <= columns && asked[3] <= neurons ? asked : [0, columns, 0, neurons],
      neuron: kept === null ? null : clamp(kept, 0, neurons - 1),
    };
    const [a, b, from, to] = state.window;
    state.xEdges = binEdges(a, b, plot[0]);
    state.yEdges = binEdges(from, to, plot[1]);
    state.cell = hover && cellAt(hover, state);
    state.map = mapFor(`${name}|${sample}|${highlight}`, () => mapOf(state));
    return state;
  }

  const fresh = (canvas, key) => drawnWith.get(canvas) !== key && drawnWith.set(canvas, key) && true;

  function draw(colour) {
    const [wide, barsWide, histogramWide, mapWide] = [raster, bars, histogram, map].map((canvas) => canvas.clientWidth);
    plot = plotSize(raster);
    const s = compute();
    const look = `${s.key}|${s.highlight}|${colour.fg}|${colour.bg}|${devicePixelRatio}`;
    drawRaster(s, surface(raster), colour, tile, `${look}|${wide}|${s.window}`);
    const neuron = lookedAt(s);
    const channel = neuron === null ? -1 : Math.floor(neuron / s.size);
    const keysAt = (canvas, place) => (canvas.matches(":focus") ? place : null);
    [channelAt, binAt] = [Math.min(channelAt, s.channels - 1), Math.min(binAt, s.bins.length - 1)];
    if (fresh(overview, `${look}|${wide}|${s.window}`)) drawOverview(s, surface(overview), colour, overviewPicture, look);
    if (fresh(bars, `${look}|${barsWide}|${channel}|${keysAt(bars, channelAt)}`)) drawBars(s, surface(bars), colour, channel, keysAt(bars, channelAt));
    if (fresh(histogram, `${look}|${histogramWide}|${keysAt(histogram, binAt)}`)) drawHistogram(s, surface(histogram), colour, keysAt(histogram, binAt));
    if (fresh(map, `${look}|${mapWide}|${neuron}`)) drawMap(s, surface(map), colour, neuron);
    writeText(s, neuron);
    return s;
  }

  // ---- words
  const sampleName = (k) => (names[k] ? `sample ${k} (${names[k]})` : `sample ${k}`);
  const stepName = (s, column) => (s.inARow > 1 ? `step ${column % s.steps} of ${sampleName(Math.floor(column / s.steps))}` : `step ${column}`);
  const neuronName = (s, neuron) => {
    const rest = neuron % s.size;
    return s.size > 1 ? `neuron ${neuron} = (channel ${Math.floor(neuron / s.size)}, y ${Math.floor(rest / s.width)}, x ${rest % s.width})` : `neuron ${neuron}`;
  };
  const binText = (s, k) => {
    const { low, high, count } = s.bins[k];
    const name = { 0: " (dead)", [s.bins.length - 1]: " (saturated)" }[k] ?? "";
    return `Rate ${show(low / s.columns)}${low === high ? "" : ` to ${show(high / s.columns)}`}${name}: ${many(count, "neuron")}, ${percent(count / s.neurons)}.`;
  };
  const channelText = (s, k) => `Channel ${k}: rate ${show(s.byChannel[k] / (s.size * s.columns), 4)} over ${many(s.size, "neuron")}.`;
  const placeText = (s, cell) => {
    const [each, place] = s.size > 1 ? [s.channels, `(y ${Math.floor(cell / s.width)}, x ${cell % s.width})`] : [1, `of neuron ${cell}`];
    const value = s.map.values[cell];
    return `Place ${place}: ${s.highlight ? `${value} of ${each} ${s.highlight}` : `rate ${show(value / (each * s.columns), 4)}`}.`;
  };

  /** What the pointer, the keys or the last click look at, in two lines. */
  function lookText(s, neuron) {
    if (told) return [told(s), ""];
    if (neuron === null) return ["Point at the raster: a neuron, its place, its rate, its spikes.", ""];
    const train = s.columns > 60 ? "" : `: ${Array.from({ length: s.columns }, (_, column) => s.spikes[column * s.neurons + neuron]).join("")}`;
    const own = `rate ${show(s.counts[neuron] / s.columns, 4)}, ${many(s.counts[neuron], "spike")} in ${many(s.columns, "step")}${train}`;
    const name = neuronName(s, neuron);
    if (!s.cell) return [`Kept: ${name}`, own];
    const { columns, rows } = s.cell;
    const spikes = spikesIn(s.sums, s.neurons, columns, rows);
    const [steps, cells] = [columns[1] - columns[0], (columns[1] - columns[0]) * (rows[1] - rows[0])];
    if (cells === 1) return [`${name}, ${stepName(s, columns[0])}: ${spikes ? "fires" : "silent"}`, own];
    const when = steps === 1 ? stepName(s, columns[0]) : `steps ${columns[0]} to ${columns[1] - 1}`;
    const found = `${many(rows[1] - rows[0], "neuron")}, ${when}: ${many(spikes, "spike")} of ${grouped(cells)} possible (${show(spikes / cells)})`;
    return [found, `${rows[1] - rows[0] > 1 ? "The first is " : ""}${name}: ${own}`];
  }

  function writeText(s, neuron) {
    const which = s.sample !== null ? `S${sampleName(s.sample).slice(1)}, ` : s.samples > 1 ? `All ${s.samples} samples, ` : "";
    const share = (n) => `${grouped(n)} ${n === 0 ? "" : `(${percent(n / s.neurons)}) `}`;
    put(summary, `${which}${many(s.neurons, "neuron")}, ${many(s.columns, "step")}, ${many(s.total, "spike")}, rate ${show(s.rate, 4)}; ${share(s.dead)}dead, ${share(s.saturated)}saturated.`);
    lookText(s, neuron).forEach((text, k) => put(lookLines[k], text));
    for (const [name, meaning] of Object.entries({ dead: "never fired", saturated: "fired at every step" })) {
      put(marks[name], `${grouped(s[name])} ${name}: ${meaning}`);
      marks[name].setAttribute("aria-pressed", s.highlight === name);
    }
    const [each, unit] = s.size > 1 ? [s.channels, "place (y, x)"] : [1, "neuron, row by row"];
    put(mapTitle, s.highlight ? `Where: ${s.highlight} neurons at each ${unit}` : `Rate at each ${unit}`);
    const bright = s.highlight ? `${s.map.most} of ${each}` : show(s.map.most / (s.columns * each));
    put(mapText, s.map.most ? `Dark: 0, bright: ${bright}.` : `No ${s.highlight ? `${s.highlight} neuron` : "spike"} here.`);
    map.setAttribute("aria-label", `${mapTitle.textContent}. ${mapText.textContent}`);
    raster.setAttribute("aria-label", `Raster, neurons over time: arrow keys move, Enter keeps a neuron, plus and minus zoom, Shift and arrows move the view, 0 shows all. ${summary.textContent}`);
    bars.setAttribute("aria-label", `Rate by channel: arrow keys choose, Enter shows the channel's neurons. ${channelText(s, channelAt)}`);
    histogram.setAttribute("aria-label", `Histogram of the neurons' rates: arrow keys choose, Enter marks dead or saturated neurons. ${binText(s, binAt)}`);
    if (sampleChoice.samples !== s.samples) fillSamples(s.samples);
    layerChoice.update(s.name);
    sampleChoice.update(s.sample ?? "all");
    orderChoice.update(s.kind);
    all.disabled = isWhole(s);
  }

  function fillSamples(samples) {
    sampleChoice.samples = samples;
    const options = [["all", samples > 1 ? `all ${samples}, one after the other` : "the only one"]];
    if (samples > 1) for (let k = 0; k < samples; k++) options.push([k, sampleName(k)]);
    sampleChoice.element.querySelector("select").replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
  }

  // ---- moving the window
  const isWhole = ({ window: [a, b, from, to], columns, neurons }) => a === 0 && from === 0 && b === columns && to === neurons;
  const view = (window) => set({ window: isWhole({ ...compute(), window }) ? [] : window });

  /** Around what is pointed at; in to 12 steps and 8 neurons, a box goes further. */
  function zoom(factor, { column, place } = compute().cell ? hover : {}) {
    const { window: [a, b, from, to], columns, neurons } = compute();
    const along = (low, high, end, least, at) => (factor > 1 || high - low > least ? stretched(low, high, end, factor, at ?? (low + high) / 2) : [low, high]);
    view([...along(a, b, columns, 12, column), ...along(from, to, neurons, 8, place)]);
  }

  function pan(right, down) {
    const { window: [a, b, from, to], columns, neurons } = compute();
    view([...inside(a + right, b - a, columns), ...inside(from + down, to - from, neurons)]);
  }
  const panBy = ([right, down], { window: [a, b, from, to] } = compute()) => pan(right * Math.ceil((b - a) / 4), down * Math.ceil((to - from) / 4));

  /** A channel's neurons, which stand together unless they are ordered by rate. */
  function viewChannel(channel) {
    const { kind, size, neurons, window, places } = compute();
    const first = kind === "rate" ? channel * size : places[channel * size];
    const room = Math.min(Math.max(size, 8), neurons); // a channel of one neuron keeps its neighbours
    if (kind === "rate") set({ order: "index" });
    view([...window.slice(0, 2), ...inside(first - (room - size) / 2, room, neurons)]);
  }

  // ---- hands on the raster
  const under = (scaled, pixel, [low, high] = scaled.domain) => clamp(Math.floor(scaled.invert(pixel)), low, high - 1);
  const at = ({ offsetX, offsetY }) => ({ column: under(scales.x, offsetX), place: under(scales.y, offsetY) });
  const inRaster = ({ offsetY }) => offsetY >= scales.y.range[0] - 2 && offsetY <= scales.y.range[1] + 2;
  const point = (place) => {
    hover = place;
    paint();
  };
  let armed = false; // the wheel stays the page's until the pointer moves here
  raster.addEventListener("pointermove", (event) => {
    armed ||= event.movementX !== 0 || event.movementY !== 0;
    if (!box) point(inRaster(event) ? at(event) : null);
  });
  raster.addEventListener("pointerleave", () => {
    armed = false;
    point(null);
  });
  raster.addEventListener("blur", () => point(null));
  raster.addEventListener("wheel", (event) => {
    const factor = 2 ** clamp(event.deltaY / 200, -1, 1);
    if (!armed || factor === 1 || !inRaster(event) || (factor > 1 && isWhole(compute()))) return;
    event.preventDefault();
    zoom(factor, at(event));
  }, { passive: false });
  let moved = false;
  drag(raster, ({ offsetX, offsetY }, down) => {
    const here = [clamp(offsetX, ...scales.x.range), clamp(offsetY, ...scales.y.range)];
    const from = down || !box ? here : box.slice(0, 2);
    moved = Math.hypot(here[0] - from[0], here[1] - from[1]) >= 4;
    box = [...from, ...here];
    paint();
  }, () => {
    const [x0, y0, x1, y1] = box ?? [0, 0, 0, 0];
    box = null;
    const span = (p, q, map, end) => {
      const [low, high] = [Math.floor(map.invert(Math.min(p, q))), Math.ceil(map.invert(Math.max(p, q)))];
      return Math.abs(p - q) < 4 ? map.domain : inside(low, high - low, end);
    };
    const { columns, neurons } = compute();
    if (moved) view([...span(x0, x1, scales.x, columns), ...span(y0, y1, scales.y, neurons)]);
    paint();
  });
  raster.addEventListener("click", (event) => {
    if (moved || !inRaster(event)) return;
    hover = at(event);
    set({ neuron: lookedAt(compute()) });
  });
  raster.addEventListener("dblclick", () => set({ window: [] }));
  raster.addEventListener("keydown", (event) => {
    const by = ARROWS[event.key];
    if (by && event.shiftKey) panBy(by);
    else if (by) walk(by);
    else if ("+=".includes(event.key)) zoom(0.5);
    else if (event.key === "-") zoom(2);
    else if (["0", "Home"].includes(event.key)) set({ window: [] });
    else if (event.key === "Enter") set({ neuron: lookedAt(compute()) });
    else if (event.key === "Escape") {
      set({ neuron: null });
      point(null);
    } else return;
    event.preventDefault();
  });

  /** The keys go from bin to bin; the window follows. */
  function walk([right, down]) {
    const { window: [a, b, from, to], cell, columns, neurons } = compute();
    const next = ([low, high], by, end) => clamp(by > 0 ? high + (by - 1) * (high - low) : low + by * (high - low), 0, end - 1);
    const beyond = (value, low, high) => Math.min(value - low, 0) + Math.max(value - high + 1, 0);
    hover = cell ? { column: next(cell.columns, right, columns), place: next(cell.rows, down, neurons) } : { column: a, place: from };
    const [over, below] = [beyond(hover.column, a, b), beyond(hover.place, from, to)];
    if (over || below) pan(over, below);
    paint();
  }

  // ---- hands on the overview, the bars, the histogram, the map
  drag(overview, ({ offsetX, offsetY }, down) => {
    const { window, columns, neurons } = compute();
    const [a, b, from, to] = window;
    const rows = down && to - from === neurons ? Math.ceil(neurons / 8) : to - from; // a first look into the whole
    view([...inside(scales.overX.invert(offsetX) - (b - a) / 2, b - a, columns), ...inside(scales.overY.invert(offsetY) - rows / 2, rows, neurons)]);
  });
  overview.addEventListener("keydown", (event) => {
    if (!ARROWS[event.key]) return;
    event.preventDefault();
    panBy(ARROWS[event.key]);
  });
  const tell = (text) => {
    told = text;
    paint();
  };
  const untell = (canvas) => ["pointerleave", "blur"].forEach((leave) => canvas.addEventListener(leave, () => tell(null)));

  /** Things in a row on a canvas, to point at, choose with the keys, and click. */
  function chooser(canvas, { scaled, length, place, text, act }) {
    const say = (k) => tell((s) => text(s, Math.min(k, length(s) - 1)));
    const of = ({ offsetX }) => under(scales[scaled], offsetX);
    canvas.addEventListener("pointermove", (event) => say(of(event)));
    canvas.addEventListener("focus", () => paint());
    untell(canvas);
    canvas.addEventListener("click", (event) => act(place(() => of(event))));
    canvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
      if (!by && event.key !== "Enter") return;
      event.preventDefault();
      if (by) say(place((k) => clamp(k + by, 0, length(compute()) - 1)));
      else act(place((k) => k));
    });
  }
  chooser(bars, { scaled: "barX", length: (s) => s.channels, place: (to) => (channelAt = to(channelAt)), text: channelText, act: viewChannel });
  chooser(histogram, {
    scaled: "binX", length: (s) => s.bins.length, place: (to) => (binAt = to(binAt)), text: binText,
    act: (k) => (k === 0 ? mark("dead") : k === compute().bins.length - 1 ? mark("saturated") : paint()),
  });
  map.addEventListener("pointermove", (event) => {
    const cell = scales.mapAt(event.offsetX, event.offsetY);
    tell(cell === null ? null : (s) => placeText(s, Math.min(cell, s.map.cells - 1)));
  });
  untell(map);
  const paint = mount({ model, el, signal }, root, TRAITS, draw);
}

export default { initialize, render: lasting(render) };
