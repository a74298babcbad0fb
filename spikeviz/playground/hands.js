// What hands move on the pictures: the point in the plane, own points, a weight on its line.

import { MOST_POINTS } from "./state.js";
import { planeScales } from "./plane.js";
import { ends, nearest } from "./wires.js";
import { named } from "./words.js";
import { button, clamp, div, h, put, show, snap } from "../base/page.js";
import {
  choice, drag, numberControl, onArrows, onPoint, onReset, pointAt,
} from "../base/controls.js";
import { moves } from "../base/gestures.js";
import { slide, slider } from "../base/slider.js";

const GRASP = 0.06; // from an own point, within which a click takes it away
const inside = (value) => clamp(snap(value, 0.01), -1, 1);

/** The plane's canvas with its handle, and the buttons for own points. */
export function makePlane({ model, set, paint, view }) {
  const canvas = h("canvas", { class: "sv-pg-plane", role: "img" });
  const scales = () => planeScales(canvas.clientWidth);
  const at = ({ clientX, clientY }) => {
    const { left, top } = canvas.getBoundingClientRect();
    const { x, y } = scales();
    return [x.invert(clientX - left), y.invert(clientY - top)].map(inside);
  };
  /** A point of one's own more, or one less where one is. */
  function add(place) {
    const points = model.get("points");
    const near = points.findIndex(([x, y]) => Math.hypot(x - place[0], y - place[1]) < GRASP);
    if (near >= 0) return set({ points: points.filter((_, i) => i !== near) });
    if (points.length >= MOST_POINTS) return;
    set({ data: "points", points: [...points, [...place, view.adds]] });
  }
  pointAt(canvas, (event, down) => {
    if (view.adds === null) set({ point: at(event) });
    else if (down) add(at(event));
  });
  onPoint(canvas, (event) => (event.pointerType === "touch" ? null : at(event)), (place) => {
    view.hover = place;
    paint();
  });
  const spot = slider("sv-handle sv-pg-spot", "Point on show: arrow keys move it, Enter adds an " +
    "own point there, or takes it away");
  let offset = [0, 0];
  drag(spot, (event, down) => {
    const [now, hand] = [model.get("point"), at(event)];
    if (down) offset = now.map((value, i) => value - hand[i]);
    else set({ point: hand.map((value, i) => inside(value + offset[i])) });
  });
  onReset(spot, () => set({ point: model.get("defaults").point }));
  onArrows(spot, (right, down) => {
    const [x, y] = model.get("point");
    set({ point: [inside(x + 0.05 * right), inside(y - 0.05 * down)] });
  });
  spot.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    view.adds ??= 1;
    add(model.get("point"));
    paint();
  });
  const modes = [[null, "◎ look"], [1, "● add blue"], [0, "▲ add red"]].map(([adds, text]) => ({
    adds, press: button(text, () => {
      view.adds = adds;
      paint();
    }),
  }));
  const clear = button("clear", () => set({ points: [] }), { title: "Take all own points away" });
  function update() {
    for (const { adds, press } of modes) press.ariaPressed = String(adds === view.adds);
    clear.hidden = !model.get("points").length;
    const [[x, y], to] = [model.get("point"), scales()];
    spot.style.transform = `translate(${to.x(x)}px, ${to.y(y)}px)`;
    slide(spot, [], x, [-1, 1], `x ${show(x, 2)}, y ${show(y, 2)}`);
  }
  const element = div("stack", canvas, spot);
  return { element, canvas, update, modes: [...modes.map(({ press }) => press), clear] };
}

/** The network's canvas on which a weight is dragged, with its handle and its controls. */
export function makeWires({ model, set, session, tell }) {
  const canvas = h("canvas", { class: "sv-pg-wires", role: "img" });
  let [nodes, drawn] = [[], []]; // on show: the network may be another one already
  let names = new Map(); // of each weight: what it says, where it stands
  const chosen = () => names.get(model.get("weight"));
  const valueOf = (name) => session.trainer.network.values[names.get(name)?.at] ?? 0;
  const value = () => valueOf(model.get("weight"));
  let before = 0; // the weight when it was chosen
  function choose(weight) {
    set({ weight });
    before = valueOf(weight);
  }
  const write = (asked) => {
    const to = clamp(snap(asked, 0.01), -10, 10);
    if (!chosen() || to === value()) return; // or its neuron has gone
    tell(); // what it has learned until now, to go back to
    moves(canvas);
    session.setWeight(chosen().at, to);
    tell();
  };
  let start = null; // {y, value} of a drag
  const pull = (event, down) => {
    if (down) start = { y: event.clientY, value: value() };
    else if (start) write(start.value + (start.y - event.clientY) / 50);
  };
  pointAt(canvas, (event, down) => {
    const { left, top } = canvas.getBoundingClientRect();
    const place = [event.clientX - left, event.clientY - top];
    if (down) choose(nearest(nodes, drawn, place));
    if (chosen()) pull(event, down);
  }, () => (start = null));
  canvas.addEventListener("pointermove", (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    const place = [event.clientX - left, event.clientY - top];
    const near = nearest(nodes, drawn, place);
    canvas.style.cursor = near ? "ns-resize" : "default";
    canvas.title = near ? `${names.get(near).words}: ${show(valueOf(near), 2)}; drag up or down`
      : "";
  });
  const knob = slider("sv-handle sv-pg-weight", "Weight in hand: drag up or down");
  drag(knob, pull, () => (start = null));
  onReset(knob, () => write(before));
  onArrows(knob, (right, down) => write(value() + 0.01 * (right - down)), 10);
  const pick = choice({ label: "Weight", options: [], set: choose });
  const number = numberControl({ label: "its value", range: [-10, 10, 0.01], set: write });

  /** Which weights there are: of layer l, neuron i, input j, or its bias. */
  function know(layers, inputs) {
    [names, drawn] = [new Map(), layers];
    layers.forEach(({ weights, bias, start: first, inputs: many }, l) => {
      const last = l === layers.length - 1;
      bias.forEach((_, i) => {
        const to = last ? "output" : named(`${l}.${i}`);
        for (let j = 0; j < many; j++) {
          const from = l ? named(`${l - 1}.${j}`) : inputs[j].name;
          names.set(`${l}.${i}.${j}`, { words: `${from} → ${to}`, at: first + i * many + j });
        }
        names.set(`${l}.${i}.b`, { words: `bias of ${to}`, at: first + weights.length + i });
      });
    });
    pick.offer([["", "none: click a line"],
      ...[...names].map(([name, { words }]) => [name, words])]);
  }
  function update(to) {
    nodes = to;
    const one = chosen();
    pick.update(one ? model.get("weight") : "");
    number.element.hidden = !one;
    const [l, i, j] = model.get("weight").split(".");
    knob.hidden = !one || j === "b";
    if (!one) return;
    number.update(value());
    if (knob.hidden) return;
    const [[ax, ay], [bx, by]] = ends(nodes, Number(l) + 1, i, j);
    knob.style.transform = `translate(${(ax + bx) / 2}px, ${(ay + by) / 2}px)`;
    slide(knob, [], value(), [-10, 10], `${one.words}: ${show(value(), 2)}`);
    put(knob, "");
  }
  return { canvas, knob, controls: [pick.element, number.element], know, update };
}
