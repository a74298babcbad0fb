// SpikeBlockExplorer: the five SPK blocks as live diagrams. Python holds the parameters as traits;
// everything drawn is computed here. One routine draws every block from its list of boxes.

import { BLOCKS, SETTINGS, boxesOf, input, run } from "./blocks.js";
import { course, maps, sheet } from "./draw.js";
import { drawDiagram, layout } from "./diagram.js";
import { drawDetail } from "./detail.js";
import { makeControls } from "./controls.js";
import { makeHands, thresholdLine } from "./hands.js";
import { makePage } from "./parts.js";
import { unhex, clamp } from "../base/page.js";
import { player, playhead } from "../base/controls.js";
import { memory } from "../base/memory.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { redrawer, surface } from "../base/draw.js";

const INPUT = ["mode", "digit", "patch", "stimulus", "drive", "period", "amplitude", "second",
  "time_steps"];
const OPTIONS = [...new Set(Object.values(SETTINGS).flat())];
const TRAITS = [...INPUT, "block", ...OPTIONS, "cursor", "selected", "row", "column"];
const GESTURES = [...INPUT, "block", ...OPTIONS];
const STEPS_A_SECOND = 1; // of play
const MOST_VALUES = 20; // on one film: the boxes of a block, the outputs of all

/** A function of the traits that gives all that is on show. A block runs again only if what it
 *  depends on has changed. */
function computer({ digits, learned }) {
  const once = memory();
  return (given) => {
    const hex = given.patch || digits[given.digit];
    const p = { ...given, learned, pixels: once("pixels", [hex], () => unhex(hex)) };
    const fed = INPUT.map((name) => p[name]);
    const x = once("x", fed, () => input(p));
    const ran = Object.keys(BLOCKS).map((block) =>
      once(block, [...fed, ...SETTINGS[block].map((name) => p[name])], () => run(block, p, x)));
    const here = ran[Object.keys(BLOCKS).indexOf(p.block)];
    const list = boxesOf(p.block, p);
    const chosen = list.find(({ name }) => name === p.selected) ?? list.at(-1);
    const outputs = ran.map((values) => Object.values(values).at(-1));
    return {
      p, ran, here, list, chosen, outputs,
      output: here[list.at(-1).name],
      onFilm: [...list.map(({ name }) => here[name]), ...outputs],
      step: clamp(p.cursor, 0, p.time_steps - 1),
    };
  };
}

function render({ model, el, signal }) {
  let shown = null; // what the last drawing showed
  const set = setter(model);
  const [compute, redraw, film] = [computer(model.get("recorded")), redrawer(), sheet(MOST_VALUES)];
  const last = () => model.get("time_steps") - 1;
  const cursor = () => clamp(model.get("cursor"), 0, last());
  const { at, go } = playhead({ model, last, paint: () => paint() });
  const walk = player({
    last, at, go, rate: () => STEPS_A_SECOND, smooth: true, signal,
    text: (place) =>
      `step ${Math.floor(place) + 1} of ${last() + 1}${place % 1 ? ", between" : ""}`,
  });
  const hands = makeHands({ get: () => shown, set, cursor, last });
  const draft = () => hands.draft(0, (share) => share);
  const controls = makeControls({ model, set, draft });
  const page = makePage({ model, set, controls, walk });
  const { root, diagram, detail, cards, stage } = page;
  hands.take(detail);
  const line = thresholdLine({ model, set, get: () => shown });
  detail.after(line.element);

  function draw(colour) {
    const place = at();
    shown = { film, place, ...compute(valuesOf(model, TRAITS)) };
    const { p, ran, list, outputs, onFilm, chosen, step } = shown;
    const wave = place - step; // how far the next step is on its way through the diagram
    const drawValue = (ctx, value, box) => {
      if (p.mode === "signal") course(ctx, value, 0, box, colour, place);
      else maps(ctx, film.canvas, onFilm.indexOf(value), value, box, p, colour);
    };
    const { ctx, width, height } = surface(diagram);
    shown.layout = layout(list, width, height);
    const front = wave * (shown.layout.columns - 1);
    const come = (i) => wave > 0 && i < list.length && list[i].at[0] <= front;
    if (p.mode === "image") film.show(onFilm, (i) => step + come(i));
    drawDiagram(ctx, shown, wave, colour, drawValue);
    const beside = [...ran, p.block, chosen.name, p.row, p.column, place, colour];
    Object.assign(shown, redraw(detail, beside, (onDetail) => {
      cards.forEach(({ canvas }, i) => {
        const on = surface(canvas);
        drawValue(on.ctx, outputs[i], [2, 2, on.width - 4, on.height - 4]);
      });
      return { membrane: null, ...drawDetail(onDetail, shown, colour) };
    }));
    line.place(shown);
    hands.ready(detail);
    page.write(shown);
    return shown;
  }
  const paint = mount({ model, el, signal }, root, TRAITS, draw, {
    undo: GESTURES, film: { player: walk, stage },
  });
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
