// SpikeRaster: a recorded layer, spike by spike. The bits come once from Python; counts, order,
// zoom and every number on show are computed here.

import { TRAITS, computer, isWhole, lookedAt } from "./state.js";
import { summaryText, neuronTexts, binText, channelText, placeText } from "./words.js";
import { mapTexts, sampleName, headTexts } from "./words.js";
import { makeFilm } from "./film.js";
import { makeQuestion } from "./question.js";
import { plotSize, spikePicture, mapPicture, drawRaster, drawOverview } from "./draw.js";
import { drawBars, drawHistogram, drawMap } from "./draw.js";
import { makeMoves, moveRaster, dragBox, moveOverview, viewHandle } from "./controls.js";
import { chooseOn } from "./controls.js";
import { div, h, put, button, grouped } from "../base/page.js";
import { choice, onPoint } from "../base/controls.js";
import { mount, lasting } from "../base/widget.js";
import { syncing, setter } from "../base/traits.js";
import { surface } from "../base/draw.js";
import { memory } from "../base/memory.js";

const ORDERS = [["index", "in order"], ["rate", "rate, busiest first"],
  ["channel", "channel, busiest first"]];
const MARKS = { dead: "never fired", saturated: "fired at every step" };

function makeChoices(layers, set) {
  const among = (label, options, traits) =>
    choice({ label, options, set: (value) => set({ ...traits(value), window: [] }) });
  const names = layers.map(({ name, text }) => [name, text ? `${text}: ${name}` : name]);
  return {
    layer: among("Layer", names, (layer) => ({ layer, neuron: null })),
    sample: among("Sample", [], (k) => ({ sample: k === "all" ? null : Number(k) })),
    order: among("Neurons from top to bottom", ORDERS, (order) => ({ order })),
  };
}

/** The parts of the page; mark(which) shows the dead or the saturated neurons, or no longer. */
function build(choices, { zoom }, set, mark, film, handle) {
  const canvas = (name) => h("canvas", { class: `sv-${name}`, tabindex: 0, role: "application" });
  const places = ["raster", "overview", "bars", "histogram"];
  const [raster, overview, bars, histogram] = places.map(canvas);
  overview.ariaLabel =
    "Overview of the whole raster: drag to move the part in view, arrow keys move it";
  const title = (text) => h("p", { class: "sv-title" }, text);
  const named = (text, label, press) => button(text, press, { "aria-label": label });
  const toggle = (which) => button("", () => mark(which), { class: `sv-mark sv-${which}` });
  const parts = {
    raster, overview, bars, histogram,
    map: h("canvas", { class: "sv-where", role: "img" }), mapTitle: title(""),
    mapText: h("p", { class: "sv-caption" }), lines: [h("div"), h("div")],
    summary: h("p", { class: "sv-summary", role: "status" }),
    dead: toggle("dead"), saturated: toggle("saturated"),
    all: named("Show all", "Show all of the raster", () => set({ window: [] })),
  };
  const hint = "Drag a box or turn the wheel: zoom. Double click: all. Click: keep a neuron.";
  parts.byChannel = div("channels", title("Rate by channel: click one to see its neurons"), bars);
  parts.question = makeQuestion(set, histogram,
    h("div", { class: "sv-row" }, parts.dead, parts.saturated));
  parts.root = h("div", { class: "spikeviz sv-spike-raster" },
    h("div", { class: "sv-controls" }, ...Object.values(choices).map(({ element }) => element)),
    h("div", { class: "sv-plots" },
      h("div", {},
        h("div", { class: "sv-row" },
          named("+", "Zoom in", () => zoom(0.5)), named("−", "Zoom out", () => zoom(2)),
          parts.all,
          h("span", { class: "sv-caption" }, hint)),
        h("div", { class: "sv-raster-row" }, raster,
          h("div", { class: "sv-stack" }, overview, handle)),
        h("div", { class: "sv-row sv-head" }, ...film.elements),
        h("div", { class: "sv-update sv-looked", "aria-live": "polite" }, ...parts.lines),
        parts.summary),
      h("div", {},
        parts.mapTitle, parts.map, parts.mapText,
        parts.question.element, parts.byChannel)));
  return parts;
}

/** The texts and controls; told: what else than a neuron is pointed at. */
function write(s, neuron, { told, barX, binX }, parts, choices) {
  const { summary, raster, bars, histogram, map } = parts;
  put(summary, summaryText(s));
  const lines = told ? [told(s), ""] : s.head !== null && !s.cell ? headTexts(s)
    : neuronTexts(s, neuron);
  parts.lines[0].parentElement.ariaLive = s.playing ? "off" : "polite";
  parts.question.write(s);
  lines.forEach((text, k) => put(parts.lines[k], text));
  for (const [name, meaning] of Object.entries(MARKS)) {
    put(parts[name], `${grouped(s[name])} ${name}: ${meaning}`);
    parts[name].ariaPressed = s.highlight === name;
  }
  const [title, caption] = mapTexts(s);
  put(parts.mapTitle, title);
  put(parts.mapText, caption);
  map.ariaLabel = `${title}. ${caption}`;
  raster.ariaLabel = "Raster, neurons over time: arrow keys move, Enter keeps a neuron, plus and " +
    `minus zoom, Shift and arrows move the view, 0 shows all. ${summary.textContent}`;
  bars.ariaLabel = "Rate by channel: arrow keys choose, Enter shows the channel's neurons. " +
    channelText(s, barX);
  histogram.ariaLabel = "Histogram of the neurons' rates: arrow keys choose, Enter marks dead or " +
    `saturated neurons. ${binText(s, binX)}`;
  choices.sample.offer(sampleOptions(s));
  choices.sample.element.hidden = s.samples === 1;
  parts.byChannel.hidden = s.size === 1; // a neuron is no group
  choices.layer.update(s.name);
  choices.sample.update(s.sample ?? "all");
  choices.order.update(s.kind);
  parts.all.disabled = isWhole(s);
}

function sampleOptions(s) {
  if (s.samples === 1) return [["all", "the only one"]];
  const each = Array.from({ length: s.samples }, (_, k) => [k, sampleName(s, k)]);
  return [["all", `all ${s.samples}, one after the other`], ...each];
}

function render({ model, el, signal }) {
  const view = { scales: {}, plot: [1, 1], hover: null, box: null, told: null, barX: 0, binX: 0,
    place: null, playing: false };
  const [set, stateOf, once] = [setter(model), computer(model), memory()];
  const look = (changes) => {
    Object.assign(view, changes);
    paint();
  };
  const hand = { view, set, look, compute: () => stateOf(view) };
  const moves = makeMoves(hand);
  const choices = makeChoices(model.get("layers"), set);
  const mark = (which) => set({ highlight: model.get("highlight") === which ? "" : which });
  const film = makeFilm(hand, signal);
  const held = viewHandle(hand, moves);
  const parts = build(choices, moves, set, mark, film, held.element);
  const { raster, overview, bars, histogram, map } = parts;
  moveRaster(raster, hand, moves);
  dragBox(raster, hand, moves);
  moveOverview(overview, hand, moves);
  chooseOn(bars, hand, {
    name: "barX", length: (s) => s.channels, text: channelText, act: moves.showChannel,
  });
  chooseOn(histogram, hand, {
    name: "binX", length: (s) => s.bins.length, text: binText,
    act: (k) => {
      const which = { 0: "dead", [hand.compute().bins.length - 1]: "saturated" }[k];
      if (which) mark(which);
      else look();
    },
  });
  const placeAt = ({ offsetX, offsetY }) => {
    const cell = view.scales.mapAt(offsetX, offsetY);
    return cell === null ? null : (s) => placeText(s, Math.min(cell, s.map.cells - 1));
  };
  onPoint(map, placeAt, (told) => look({ told }));

  function draw(colour) {
    const widths = [raster, bars, histogram, map].map((canvas) => canvas.clientWidth);
    const [wide, barsWide, histogramWide, mapWide] = widths;
    view.plot = plotSize(raster);
    film.follow();
    const s = hand.compute();
    const { scales } = view;
    const theme = [...s.key, s.highlight, colour.fg, colour.bg, devicePixelRatio];
    const spikes = once("spikes", [...theme, wide, ...s.window], () =>
      spikePicture(s, s.xEdges, s.yEdges, colour));
    s.cells = spikes.cells;
    Object.assign(scales, drawRaster(s, surface(raster), colour, spikes.image));
    const neuron = lookedAt(s);
    const channel = neuron === null ? -1 : Math.floor(neuron / s.size);
    view.barX = Math.min(view.barX, s.channels - 1);
    view.binX = Math.min(view.binX, s.bins.length - 1);
    const keysAt = (canvas, place) => (canvas.matches(":focus") ? place : null);
    const [barAt, binAt] = [keysAt(bars, view.barX), keysAt(histogram, view.binX)];
    const drawOnce = (canvas, keys, paintOn) => Object.assign(scales,
      once(canvas, [...theme, ...keys], () => paintOn(surface(canvas))));
    drawOnce(overview, [wide, ...s.window], (area) => drawOverview(s, area, colour, (...edges) =>
      once("overview", [...theme, area.width], () => spikePicture(s, ...edges, colour))));
    const drawRates = (area) => drawBars(s, area, colour, channel, barAt);
    if (s.size > 1) drawOnce(bars, [barsWide, channel, barAt], drawRates);
    drawOnce(histogram, [histogramWide, binAt], (area) => drawHistogram(s, area, colour, binAt));
    const image = once("map", [s.now ?? s.map, s.head], () => mapPicture(s.now ?? s.map));
    drawOnce(map, [mapWide, neuron, image], (area) => drawMap(s, area, colour, image, neuron));
    held.place(s);
    film.update();
    write(s, neuron, view, parts, choices);
    return s;
  }

  const undo = TRAITS.filter((name) => name !== "guess");
  const stage = parts.root.querySelector(".sv-plots");
  const paint = mount({ model, el, signal }, parts.root, TRAITS, draw,
    { undo, film: { player: film, stage } });
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
