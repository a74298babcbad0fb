// PartitionExplorer: a photograph as a map of pixels, its groups, their way into token order, their
// cost, and how far information gets. Everything is computed here; Python holds the parameters.

import { h, clamp, div, formulaRows, put } from "../base/page.js";
import { memory } from "../base/memory.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing } from "../base/traits.js";
import { surface } from "../base/draw.js";
import { PARTITION_NAMES, costsOf, fitting, partitionOf, reach } from "./partition.js";
import { averageColours, fade, pack } from "./pixels.js";
import { partitionControls } from "./controls.js";
import { photoControl } from "./photo.js";
import { FLYING, flightView } from "./flight.js";
import { wayView } from "./way.js";
import { arrivals } from "./wave.js";
import { travelView } from "./travel.js";
import { costView } from "./costs.js";
import { explainCode, explainPixel, summarise } from "./words.js";

const NUMBERS = ["partition", "resolution", "size", "layers", "convolution", "heads"];
const WORDS = [...NUMBERS, "pixel", "guess", "credit"]; // what the words depend on
const TRAITS = [...WORDS, "flight", "image"];
const GESTURES = [...NUMBERS, "guess"]; // that can be taken back

const initialize = (props) => syncing(props, TRAITS);

/** All that is on show, of the traits and the photograph. */
function computer(model) {
  const once = memory();
  return ({ pixels, version }, background, place) => {
    const [name, side, asked, ...more] = NUMBERS.map((trait) => model.get(trait));
    const [layers, convolution, heads] = more;
    const size = fitting(side, asked); // one of the two changes first
    const [row, column] = model.get("pixel").map((at) => clamp(at, 0, side - 1));
    const pixel = row * side + column;
    const each = (make) => Object.fromEntries(PARTITION_NAMES.map((one) => [one, make(one)]));
    const parts = once("parts", [side, size], () => each((one) => partitionOf(one, side, size)));
    const lit = each((one) => {
      const { group } = parts[one];
      const [own, mates] = [group[pixel], new Uint8Array(group.length)];
      for (let one = 0; one < group.length; one++) mates[one] = group[one] === own;
      return mates;
    });
    // Between two layers, those of all to come; they are not computed anew while it plays.
    const between = place !== layers;
    const deep = between ? model.get("limits").layers[1] : layers;
    const all = once("reached", [side, size, pixel, convolution, deep], () =>
      each((one) => reach(parts[one], pixel, deep, convolution)));
    const waves = () => once("waves", [side, size, pixel, convolution, deep], () =>
      each((one) => FLYING.includes(one) && arrivals(parts[one], all[one], convolution)));
    const grey = () => new Uint32Array(side * side).fill(pack(128, 128, 128));
    const colours = once("colours", [side, version], () =>
      pixels ? averageColours(pixels, side) : grey());
    const faded = (keep) =>
      once(keep, [side, version, background], () => fade(colours, background, keep));
    return {
      name, side, size, row, column, pixel, layers, convolution, heads, parts, colours,
      part: parts[name], faded: faded(0.35), calm: faded(0.65), lit,
      shines: name === "full" ? lit.full : lit.window.map((one, at) => one | lit.grid[at]),
      reached: each((one) => all[one].slice(0, layers + 1)),
      place, waves: between ? waves() : {},
      costs: each((one) => costsOf(one, side, size, heads)),
    };
  };
}

/** What hands do to the traits. */
function handsOf(model) {
  const set = setter(model);
  const side = () => model.get("resolution");
  const choose = (row, column) =>
    set({ pixel: [row, column].map((at) => clamp(Math.floor(at), 0, side() - 1)) });
  const chooseShare = (row, column) => choose(row * side(), column * side());
  function move(right, down) {
    // The edge is the model's: a drawing may still be on its way.
    const [row, column] = model.get("pixel").map((at) => Math.min(at, side() - 1));
    choose(row + down, column + right);
  }
  function changeMap(to) {
    const fits = fitting(to, model.get("size"));
    const moved = model.get("pixel").map((at) => Math.min(at, side() - 1) + 0.5);
    const pixel = moved.map((at) => Math.floor((at * to) / side()));
    // The size first: it then divides both maps. The pixel stays at its place in the photograph.
    set({ size: fits, resolution: to, pixel });
  }
  const { size, resolution } = model.get("defaults");
  const resetMap = () => changeMap(resolution);
  const resetSize = () => side() % size || set({ size });
  return { model, set, choose, chooseShare, move, changeMap, resetMap, resetSize };
}

function render({ model, el, signal }) {
  const hands = handsOf(model);
  const compute = computer(model);
  const repaint = () => paint();
  const controls = partitionControls(hands);
  const way = wayView(model, signal, repaint);
  const flight = flightView({ ...hands, pick: (partition) => hands.set({ partition }) });
  const travel = travelView(hands, FLYING, signal, repaint);
  const costs = costView(hands);
  const photo = photoControl(hands, signal, repaint);
  const summary = h("p", { class: "sv-summary", role: "status" });
  const where = formulaRows(5);
  const stage = div("stage", flight.canvas);
  const root = h("div", { class: "spikeviz sv-partition" }, controls.element,
    way.element, stage, summary, where.element, ...photo.elements,
    ...travel.elements, ...costs.elements);

  const redraw = memory();
  function draw(colour) {
    const shown = { ...compute(photo.now(), colour.bg, travel.at()), flight: way.at() };
    shown.flow = way.walk.filmed() ? 0 : shown.flight; // dashes that stand keep a film small
    const { side, size, name, row, column, heads, convolution, reached, waves } = shown;
    const theme = [colour.bg, colour.red];
    const map = [side, size, row, column, photo.now().version, ...theme];
    const all = [
      [flight.canvas, [...map, name, shown.flight, shown.flow], (on) =>
        flight.draw(shown, on, colour)],
      ...travel.maps.map((view) => [view.canvas, [...map, shown.place, convolution], (on) =>
        view.draw(shown, waves[view.name], reached[view.name].at(-1), on, colour)]),
      ...costs.plots.map((plot) =>
        [plot.canvas, [name, side, size, heads, ...theme], (on) => plot.draw(shown, on, colour)]),
    ];
    // While the pixels fly, nothing else changes: what has not is left as it stands on the page.
    const due = [];
    for (const [canvas, key, paintOne] of all) {
      const { clientWidth, clientHeight } = canvas;
      const keys = [clientWidth, clientHeight, devicePixelRatio, ...key];
      redraw(canvas, keys, () => due.push([canvas, paintOne]));
    }
    const surfaces = due.map(([canvas]) => surface(canvas)); // all sizes before any change
    due.forEach(([, paintOne], i) => paintOne(surfaces[i]));
    for (const part of [way, travel.walk, photo]) part.update();
    // Not only with new words: a field that is moved and moved back between two drawings.
    for (const part of [controls, ...travel.fields, ...costs.fields]) part.update(shown);
    redraw("words", WORDS.map((trait) => JSON.stringify(model.get(trait))), () => writeText(shown));
    return { ...shown, boxes: flight.boxes(), photo: flight.photo() };
  }

  function writeText(shown) {
    put(summary, summarise(shown));
    const help = "The map and its tokens, windows and grid. Arrow keys choose a pixel.";
    flight.canvas.ariaLabel = `${help} ${summary.textContent}`;
    where.update([...explainPixel(shown), ...explainCode(shown)]);
    for (const part of [travel, costs]) part.update(shown);
  }

  const options = { undo: GESTURES, along: ["pixel"], film: { player: way.walk, stage, fps: 20 } };
  const paint = mount({ model, el, signal }, root, TRAITS, draw, options);
  photo.read();
  way.walk.passOnce(flight.canvas);
}

export default { initialize, render: lasting(render) };
