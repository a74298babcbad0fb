// SpikeBlockExplorer: the five SPK blocks as live diagrams. Python holds the parameters as traits;
// everything drawn is computed here. One routine draws every block from its list of boxes.

import { BLOCKS, SETTINGS, boxesOf, input, run } from "./blocks.js";
import { course, maps, sheet } from "./draw.js";
import { drawDiagram, layout } from "./diagram.js";
import { drawDetail } from "./detail.js";
import { makeControls } from "./controls.js";
import { makeHands } from "./hands.js";
import { makePage } from "./parts.js";
import { unhex, clamp } from "../base/page.js";
import { player } from "../base/controls.js";
import { memory } from "../base/memory.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { redrawer, surface } from "../base/draw.js";

const INPUT = ["mode", "digit", "patch", "stimulus", "drive", "period", "amplitude", "second",
  "time_steps"];
const OPTIONS = [...new Set(Object.values(SETTINGS).flat())];
const TRAITS = [...INPUT, "block", ...OPTIONS, "cursor", "selected", "row", "column"];
const STEPS_A_SECOND = 2.5; // of play
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
  let wave = 0; // how far the pulses are on their way through the diagram, 0 to 1
  let [wavedAt, movedAt] = [0, 0]; // when they set out, when the player last moved
  const set = setter(model);
  const [compute, redraw, film] = [computer(model.get("recorded")), redrawer(), sheet(MOST_VALUES)];
  const last = () => model.get("time_steps") - 1;
  const cursor = () => clamp(model.get("cursor"), 0, last());
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const walk = player({
    last, at: cursor,
    go(place) {
      const now = performance.now();
      if (place !== cursor() || now - movedAt > 500) wavedAt = now; // a new step, or play begins
      movedAt = now;
      wave = calm.matches ? 0 : Math.min(1, ((now - wavedAt) / 1000) * STEPS_A_SECOND);
      set({ cursor: place });
      paint();
    },
    rate: () => STEPS_A_SECOND, text: (step) => `step ${step + 1} of ${last() + 1}`, signal,
  });
  const hands = makeHands({ get: () => shown, set, cursor, last });
  const draft = () => hands.draft(0, (share) => share);
  const controls = makeControls({ model, set, draft });
  const page = makePage({ model, set, controls, walk });
  const { root, diagram, detail, cards } = page;
  hands.take(detail);

  function draw(colour) {
    shown = { film, ...compute(valuesOf(model, TRAITS)) };
    const { p, ran, list, outputs, onFilm, chosen, step } = shown;
    const drawValue = (ctx, value, box) => {
      if (p.mode === "signal") course(ctx, value, 0, box, colour, step);
      else maps(ctx, film.canvas, onFilm.indexOf(value), value, box, p, colour);
    };
    if (p.mode === "image") film.show(onFilm, step);
    const { ctx, width, height } = surface(diagram);
    shown.layout = layout(list, width, height);
    drawDiagram(ctx, shown, wave, colour, drawValue);
    const beside = [...ran, p.block, chosen.name, p.row, p.column, step, colour];
    Object.assign(shown, redraw(detail, beside, (onDetail) => { // a pulse moves in the diagram only
      cards.forEach(({ canvas }, i) => {
        const on = surface(canvas);
        drawValue(on.ctx, outputs[i], [2, 2, on.width - 4, on.height - 4]);
      });
      return drawDetail(onDetail, shown, colour);
    }));
    page.write(shown);
    return shown;
  }
  const paint = mount({ model, el, signal }, root, TRAITS, draw);
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
