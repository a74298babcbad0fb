// The page of SpikeBlockExplorer, built once, and what is written in it.

import { BLOCKS } from "./blocks.js";
import {
  LINES, NAMES, QUESTIONS, cardText, factsOf, formulaOf, inShort, placeOf, stepOf, summaryOf, words,
} from "./words.js";
import { button, div, formulaRows, h, key, para, put, renew } from "../base/page.js";

/** A button over each box of the diagram, so that it can be reached and named. */
function placeBoxes(boxes, { list, layout: { places }, here, chosen }, set) {
  renew(boxes, list.map(({ name }) => name).join(), () => list.map(({ name }) => {
    const select = () => set({ selected: name });
    return button("", select, { class: "sv-box", onfocus: select });
  }));
  list.forEach((box, i) => {
    const value = here[box.name];
    const { x, y, w, hgt } = places[box.name];
    const { style } = Object.assign(boxes.children[i], {
      ariaLabel: `${box.title}: ${inShort(value, true)}${value.most ? " spikes" : ""}`,
      ariaPressed: box === chosen,
    });
    style.cssText = `left: ${x}px; top: ${y}px; width: ${w}px; height: ${hgt}px`;
  });
}

/** {root, diagram, detail, cards, write}: write(state) says what the pictures show. */
export function makePage({ model, set, controls, walk }) {
  const diagram = h("canvas", { class: "sv-diagram", role: "img" });
  const detail = h("canvas", {
    class: "sv-detail", tabindex: 0, role: "application",
    "aria-label": "The chosen box, larger: arrow keys choose a pixel or a step",
  });
  const boxes = div("boxes");
  const cards = Object.keys(BLOCKS).map((block) => {
    const canvas = h("canvas", { class: "sv-thumb", "aria-hidden": "true" });
    const caption = h("span", { class: "sv-caption" });
    const open = button("", () => set({ block, selected: "" }), { class: "sv-card" });
    open.append(h("b", {}, block.toUpperCase()), canvas, caption);
    return { block, canvas, caption, open };
  });
  const [title, boxTitle] = [para("title"), para("title")];
  const [formula, equation] = [para("formula"), para("formula")];
  const summary = h("p", { class: "sv-summary", role: "status" });
  const [answer, facts, note] = [h("p"), h("p"), h("p")];
  const question = h("summary", { class: "sv-title" });
  const look = button("Set it so and look", () => set(QUESTIONS[model.get("block")][2]));
  const ask = h("details", { class: "sv-ask" }, question, answer, look);
  const rows = formulaRows(3);
  const place = para("caption");
  const stage = div("stack", diagram, boxes);
  const source = h("pre", { class: "sv-code" });
  const lines = h("details", {}, h("summary", {}, LINES), source);
  const root = h("div", { class: "spikeviz sv-spk" },
    div("controls", ...controls.above),
    div("bench",
      div("stage",
        div("row", ...walk.elements),
        div("keys", key("spikes", "spikes, 0 or 1"), key("sums", "0 … n spikes"),
          key("real", "real values"),
          h("span", {}, "black is 0, white 1, or n; orange above 0, blue below")),
        stage, summary,
        para("title", "The same input through all five: choose one to open it"),
        div("cards", ...cards.map(({ open }) => open)), ask),
      div("head", title, formula, div("controls", ...controls.ofBlock)),
      div("look", boxTitle, equation, div("stack", detail), place, rows.element, facts, note,
        lines)));

  function writeBox(state) {
    const { p, here, chosen } = state;
    put(boxTitle, chosen.name === "x" ? "Input x: draw on it" : `Box ${chosen.title}`);
    const texts = words(p.block, chosen, p);
    [equation, source, note].forEach((element, i) => put(element, texts[i]));
    put(place, placeOf(state));
    const told = stepOf(state);
    rows.update(told);
    for (const [i, element] of [...rows.element.children].entries()) element.hidden = !told[i];
    put(facts, factsOf(here[chosen.name]));
  }
  function write(state) {
    const { p, list, outputs } = state;
    placeBoxes(boxes, state, set);
    writeBox(state);
    put(summary, summaryOf(state));
    diagram.ariaLabel = `${NAMES[p.block]}: ${list.map((box) => box.title).join(", ")}`;
    put(title, NAMES[p.block]);
    put(formula, formulaOf(p));
    const [asked, told] = QUESTIONS[p.block];
    if (question.textContent !== asked) ask.open = false;
    put(question, asked);
    put(answer, told);
    cards.forEach(({ block, caption, open }, i) => {
      put(caption, cardText(outputs[i]));
      open.ariaPressed = block === p.block;
    });
    controls.update(p);
    walk.update();
  }
  return { root, diagram, detail, cards, stage, write };
}
