// DigitReader: a pad to draw on, and a network of spikes that reads it in the page.

import { SIDE, computer, shares } from "./network.js";
import { drawFlow, layout } from "./draw.js";
import { ANOTHER, CLEAR, HINT, pictureOf, summaryOf } from "./words.js";
import { drawingPad } from "../network/pad.js";
import { bytesOf } from "../base/photo.js";
import { button, div, h, para, put, unhex } from "../base/page.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { redrawer } from "../base/draw.js";

const TRAITS = ["digit", "pixels", "whose"];
const GESTURES = ["digit", "pixels"];

/** The index of the largest. */
const best = (values) => values.indexOf(Math.max(...values));

function render({ model, el, signal }) {
  const set = setter(model);
  const compute = computer(model.get("network"));
  const digits = model.get("digits").map(unhex);
  const redraw = redrawer();
  const own = (pixels) => set({ pixels: new DataView(pixels.buffer.slice(0)) });
  const pad = drawingPad({ still: false, own, erases: () => false });
  const flow = h("canvas", { class: "sv-reader-flow", role: "img" });
  const summary = h("p", { class: "sv-summary", role: "status" });
  const clear = button(CLEAR, () => own(new Uint8Array(SIDE * SIDE)));
  const another = button(ANOTHER, () => set({
    pixels: new DataView(new ArrayBuffer(0)), digit: (model.get("digit") + 1) % 10,
  }));
  const root = h("div", { class: "spikeviz sv-reader" },
    div("reader-parts",
      h("div", {}, pad.canvas, div("row", clear, another), para("caption", HINT)),
      h("div", {}, flow)),
    summary);

  let [source, shown] = [null, null]; // what was drawn last, and its bytes
  function pixelsNow({ digit, pixels }) {
    const key = pixels.byteLength ? pixels : digit;
    const now = () => (pixels.byteLength ? bytesOf(pixels) : digits[digit]);
    if (key !== source) [source, shown] = [key, now()];
    return shown;
  }

  function draw(colour) {
    const p = valuesOf(model, TRAITS);
    const pixels = pixelsNow(p);
    const { image, layers, steps } = compute(pixels);
    const said = steps.map(({ scores }) => shares(scores));
    const tops = said.map(best);
    const state = {
      p, pixels, image, layers, steps, tops, shares: said, drawn: p.pixels.byteLength > 0,
      digit: p.digit, whose: p.whose, ink: pixels.some(Boolean),
      said: tops.at(-1), sure: Math.max(...said.at(-1)),
    };
    pad.show({ side: SIDE, channels: 1, pixels });
    flow.style.height = `${layout(flow.clientWidth, steps.length, layers).height}px`;
    redraw(flow, [colour, steps], (on) => drawFlow(on, colour, state));
    flow.setAttribute("aria-label", pictureOf(state));
    put(summary, summaryOf(state));
    return state;
  }
  mount({ model, el, signal }, root, TRAITS, draw, { undo: GESTURES });
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
