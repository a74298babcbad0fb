// PartitionExplorer: a photograph as a map of pixels, its groups, their way into token order, their
// cost, and how far information gets. Everything is computed here; Python holds the parameters.

import { h, clamp, formulaRows, put } from "../base/page.js";
import { memory } from "../base/memory.js";
import { player } from "../base/controls.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing } from "../base/traits.js";
import { surface } from "../base/draw.js";
import { PARTITION_NAMES, costsOf, partitionOf, reach, sizesFor } from "./partition.js";
import { averageColours, fade, pack } from "./pixels.js";
import { partitionControls } from "./controls.js";
import { photoControl } from "./photo.js";
import { flightView } from "./flight.js";
import { smallMaps } from "./maps.js";
import { travelView } from "./travel.js";
import { costView } from "./costs.js";
import { explainCode, explainPixel, summarise } from "./words.js";

const NUMBERS = ["partition", "resolution", "size", "layers", "convolution", "heads"];
const WORDS = [...NUMBERS, "pixel", "guess", "credit"]; // what the words depend on
const TRAITS = [...WORDS, "flight", "image"];

const initialize = (props) => syncing(props, TRAITS);

/** All that is on show, of the traits and the photograph. */
function computer(model) {
  const once = memory();
  return ({ pixels, version }, background) => {
    const [name, side, size, layers, convolution, heads] = NUMBERS.map((trait) => model.get(trait));
    const [row, column] = model.get("pixel").map((at) => clamp(at, 0, side - 1));
    const pixel = row * side + column;
    const each = (make) => Object.fromEntries(PARTITION_NAMES.map((one) => [one, make(one)]));
    const parts = once("parts", [side, size], () => each((one) => partitionOf(one, side, size)));
    const grey = () => new Uint32Array(side * side).fill(pack(128, 128, 128));
    const colours = once("colours", [side, version], () =>
      pixels ? averageColours(pixels, side) : grey());
    const faded = (keep) =>
      once(keep, [side, version, background], () => fade(colours, background, keep));
    return {
      name, side, size, row, column, pixel, layers, convolution, heads, parts, colours,
      part: parts[name], flight: model.get("flight"), faded: faded(0.35), calm: faded(0.65),
      lit: each((one) => {
        const { group } = parts[one];
        return Uint8Array.from(group, (g) => g === group[pixel]);
      }),
      reached: once("reached", [side, size, pixel, layers, convolution], () =>
        each((one) => reach(parts[one], pixel, layers, convolution))),
      costs: each((one) => costsOf(one, side, size, heads)),
    };
  };
}

const PLACES = ["image", "groups", "token order", "groups", "merged: the image"]; // half by half

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
    const away = (size) => Math.abs(size - model.get("size"));
    const fits = sizesFor(to).reduce((best, size) => (away(size) < away(best) ? size : best));
    const moved = model.get("pixel").map((at) => Math.min(at, side() - 1) + 0.5);
    const pixel = moved.map((at) => Math.floor((at * to) / side()));
    // The size first: it then divides both maps. The pixel stays at its place in the photograph.
    set({ size: fits, resolution: to, pixel });
  }
  return { model, set, choose, chooseShare, move, changeMap };
}

function render({ model, el, signal }) {
  const hands = handsOf(model);
  const compute = computer(model);
  const controls = partitionControls(hands);
  const walk = player({
    last: () => 2, at: () => model.get("flight"), go: (flight) => hands.set({ flight }),
    rate: () => 0.3, smooth: true, label: "Way into token order and back", signal,
    text: (at) => PLACES[2 * at] ?? (at < 1 ? "partition …" : "merge …"),
  });
  const flight = flightView(hands);
  const cuts = smallMaps(hands.chooseShare, (partition) => hands.set({ partition }));
  const travel = travelView(hands, signal);
  const costs = costView(hands);
  const photo = photoControl(hands, signal, () => paint());
  const summary = h("p", { class: "sv-summary", role: "status" });
  const where = formulaRows(5);
  const root = h("div", { class: "spikeviz sv-partition" }, controls.element,
    h("div", { class: "sv-row" }, ...walk.elements),
    h("div", { class: "sv-cut" }, flight.canvas, cuts.element), summary, where.element,
    h("div", { class: "sv-halves" },
      h("div", {}, ...travel.elements), h("div", {}, ...costs.elements)),
    ...photo.elements);

  const once = memory();
  function draw(colour) {
    const shown = compute(photo.now(), colour.bg);
    const { side, size, name, row, column, heads, layers, convolution, lit, reached } = shown;
    const theme = [colour.bg, colour.red];
    const map = [side, size, row, column, photo.now().version, ...theme];
    const drawMap = (view, of) => (on) => view.draw(shown, of(view.name), on, colour);
    const all = [
      [flight.canvas, [...map, name, shown.flight], (on) => flight.draw(shown, on, colour)],
      ...cuts.maps.map((view) => [view.canvas, map, drawMap(view, (one) => lit[one])]),
      ...travel.maps.map((view) =>
        [view.canvas, [...map, layers, convolution], drawMap(view, (one) => reached[one].at(-1))]),
      ...costs.plots.map((plot) =>
        [plot.canvas, [name, side, size, heads, ...theme], (on) => plot.draw(shown, on, colour)]),
    ];
    // While the pixels fly, nothing else changes: what has not is left as it stands on the page.
    const due = [];
    for (const [canvas, key, paintOne] of all) {
      const { clientWidth, clientHeight } = canvas;
      const keys = [clientWidth, clientHeight, devicePixelRatio, ...key];
      once(canvas, keys, () => due.push([canvas, paintOne]));
    }
    const surfaces = due.map(([canvas]) => surface(canvas)); // all sizes before any change
    due.forEach(([, paintOne], i) => paintOne(surfaces[i]));
    walk.update();
    photo.update();
    once("words", WORDS.map((trait) => JSON.stringify(model.get(trait))), () => writeText(shown));
    return { ...shown, boxes: flight.boxes() };
  }

  function writeText(shown) {
    const { name, parts } = shown;
    put(summary, summarise(shown));
    const help = "The map and its tokens. Arrow keys choose a pixel.";
    flight.canvas.ariaLabel = `${help} ${summary.textContent}`;
    where.update([...explainPixel(shown), ...explainCode(shown)]);
    for (const map of cuts.maps) {
      const { groups, tokens } = parts[map.name];
      const says = `Groups of the ${map.name} partition: ${groups}, of ${tokens} tokens`;
      const text = `${map.name} [${groups}, ${tokens}]`;
      map.update(map.name === name, text, `${says}; click to choose it`);
    }
    for (const part of [controls, travel, costs]) part.update(shown);
  }

  const paint = mount({ model, el, signal }, root, TRAITS, draw);
  photo.read();
}

export default { initialize, render: lasting(render) };
