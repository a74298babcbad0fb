// AblationExplorer: a study as a ranking, seed by seed, between your order and the paper's.

import { makeCards } from "./cards.js";
import { drawPicture, heightOf, pointUnder } from "./picture.js";
import { mostSeeds, ranked } from "./standing.js";
import {
  accuracyOf, ASKS, HINT, inPercent, nameOf, noteTexts, placeText, scoreText, secondsOf, sourceText,
  story, summaryText, verdictTexts, waitText,
} from "./words.js";
import { button, div, h, key, para, put, renew, show } from "../base/page.js";
import { calm, checkbox, choice, onPoint, player, showValues } from "../base/controls.js";
import { mount, lasting } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";

const TRAITS = ["axis", "selected", "show_paper", "ask", "guess", "looked"];
const HEAD = ["varied", "value", "network", "accuracy in %", "seeds", "s a run"];
const KEYS = [
  ["seed", "a seed"], ["mean", "their mean"],
  ["tie", "the seeds cannot tell which is better"], ["yours", "your order"],
  ["agree", "ours agrees with the paper"], ["undecided", "undecided"], ["disagree", "disagrees"],
];

const MARKED = new Set(["agree", "undecided", "disagree"]); // keys of the paper's side

/** pointAt(number) hears where the pointer is, press the button that selects the point. */
function makeRow(point, press, pointAt) {
  const [name, seconds] = [nameOf(point), secondsOf(point)];
  const cells = [
    point.axis, button(name, press, { "aria-label": `Select ${point.axis} ${name}` }),
    point.network, accuracyOf(point), String(point.runs.length),
    seconds === null ? "" : show(seconds, 1),
  ];
  const [onpointermove, onpointerleave] = [point.number, null].map((at) => () => pointAt(at));
  return h("tr", { onpointermove, onpointerleave }, ...cells.map((cell) => h("td", {}, cell)));
}

/** The parts of the page around the picture, the rows of the table, the controls. */
function build({ canvas, cards, rows, controls, play, looks }, { paper, points, studies }) {
  const head = HEAD.map((name) => h("th", { scope: "col" }, name));
  const parts = {
    summary: h("p", { class: "sv-summary", role: "status" }),
    score: para("score"),
    stage: div("stack", canvas, cards.element),
    keys: div("keys", ...KEYS.map((one) => key(...one))),
    player: div("row", ...play.elements, looks.again),
    again: looks.again,
    verdicts: h("ul", { class: "sv-verdicts" }),
    about: h("div", { class: "sv-update", "aria-live": "off" }),
    table: h("details", {}, h("summary", {}, "All numbers"), div("scroll",
      h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)))),
  };
  parts.asks = div("row", looks.look, looks.skip);
  parts.root = h("div", { class: "spikeviz sv-ablation" },
    div("controls", ...Object.values(controls).map(({ element }) => element)),
    parts.summary, parts.asks, parts.score, parts.stage, parts.player, parts.keys, parts.verdicts,
    parts.about, parts.table,
    para("caption", sourceText(studies, ranks(paper, points) && paper.source)));
  return parts;
}

/** The words, the table and the controls for the state s. */
function write(s, given, parts, rows, controls) {
  const { points, studies, pairs } = given;
  showValues(controls, s);
  const done = s.place >= mostSeeds(s.shown);
  const result = () => summaryText(s.axis, ranked(s.shown, Infinity), pairs);
  put(parts.summary, !s.open ? ASKS : done ? result() : waitText(s.axis));
  put(parts.score, s.yours ? scoreText(s.start.map(({ number }) => number), pairs) : "");
  for (const [name, is] of [["asks", !s.open], ["score", s.open && s.yours]])
    parts[name].hidden = !is;
  for (const name of ["player", "keys", "about", "table"]) parts[name].hidden = !s.open;
  rows.forEach((row, number) => {
    row.hidden = !s.opened(points[number].axis);
    row.classList.toggle("sv-on", points[number].axis === s.axis);
    row.classList.toggle("sv-chosen", number === s.selected);
    row.querySelector("button").ariaPressed = number === s.selected;
  });
  const point = points[s.selected];
  const told = point && s.opened(point.axis) ? story(point, studies[point.study]) : [HINT];
  renew(parts.about, told.join(), () => told.map((words) => h("p", {}, words)));
  const notes = s.theirs.filter(({ note }) => note).map(noteTexts);
  const said = [...s.claims.map(verdictTexts), ...notes];
  renew(parts.verdicts, said.join(), () =>
    said.map(([verdict, words]) => h("li", {}, h("b", {}, verdict), words)));
  parts.again.hidden = !s.ask;
  parts.verdicts.hidden = !s.open || !s.theirs.length;
  parts.score.classList.toggle("sv-away", !done); // no line moves while it plays
  parts.verdicts.classList.toggle("sv-away", s.place < s.last);
  for (const one of parts.keys.children) {
    const about = one.className.match(/sv-key-(\w+)/)[1];
    one.hidden = (about === "yours" && !s.yours) || (MARKED.has(about) && !s.theirs.length);
  }
}
/** The paper's cards for an axis: those that it ranks, and below them what else it says. */
function theirCards({ points, orders, notes }, axis) {
  const on = (list) => list.filter((one) => one.axis === axis);
  const figures = new Map(on(points).map(({ value, accuracy }) => [value, accuracy]));
  const all = [...(orders[axis] ?? []).map((value) => ({ value })),
    ...on(notes).map(({ value, says }) => ({ value, note: says }))];
  return all.map(({ value, note }, rank) => {
    const more = note ?? (figures.has(value) ? `${inPercent(figures.get(value))} %` : "");
    return { value, name: nameOf({ value }), more, note, rank };
  });
}

/** Whether the paper says something of what is varied here. */
const ranks = (paper, points) => points.some(({ axis }) => theirCards(paper, axis).length);

/** The state that is drawn. */
function stateOf(model, given, view) {
  const { points, paper, verdicts, pairs } = given;
  const s = { ...valuesOf(model, TRAITS), ...view };
  const onAxis = (one) => one.axis === s.axis;
  s.opened = (axis) => !s.ask || s.looked.includes(axis);
  s.open = s.opened(s.axis);
  s.shown = points.filter(onAxis);
  const order = s.guess[s.axis];
  s.yours = !s.open || order !== undefined;
  const left = [...s.shown];
  s.start = (order ?? left.map(({ value }) => value)).map((value) =>
    left.splice(left.findIndex((point) => point.value === value), 1)[0]);
  s.theirs = s.show_paper ? theirCards(paper, s.axis) : [];
  s.claims = verdicts.filter(onAxis);
  s.pairs = pairs;
  return s;
}

const valuesIn = (points) => points.map(({ value }) => value);

/** The focus of a button that goes with a press, a frame later to the one that comes. */
const hand = (button) => requestAnimationFrame(() => button.focus({ preventScroll: true }));

/** The buttons that open an axis, with your order or without one, and that hide it again. */
function makeLooks(set, state, begin) {
  function open(guess) {
    const { looked, axis } = state();
    begin();
    set({ guess, looked: [...looked, axis] });
  }
  const look = button("This is my order: look", () => {
    const { guess, axis, start } = state();
    open({ ...guess, [axis]: valuesIn(start) });
  }, { class: "sv-look" });
  const skip = button("Skip", () => {
    const { guess, axis } = state();
    open(Object.fromEntries(Object.entries(guess).filter(([name]) => name !== axis)));
  });
  const again = button("Ask again", () => {
    const { looked, axis } = state();
    set({ looked: looked.filter((name) => name !== axis) });
    hand(look);
  });
  return { look, skip, again };
}

function render({ model, el, signal }) {
  const given = valuesOf(model, ["points", "studies", "paper", "verdicts", "pairs"]);
  given.points = given.points.map((point, number) => ({ ...point, number }));
  const { points } = given;
  const set = setter(model);
  const view = { place: Infinity, hover: null, held: null };
  let s;
  let where; // on the canvas
  const look = (changes) => {
    Object.assign(view, changes);
    paint();
  };
  const pointAt = (hover) => hover !== view.hover && look({ hover });
  const select = (number) =>
    number !== null && set({ selected: model.get("selected") === number ? null : number });

  function move(number, rank) {
    const others = s.start.filter((point) => point.number !== number);
    others.splice(rank, 0, points[number]);
    if (others.some((point, i) => point !== s.start[i]))
      set({ guess: { ...s.guess, [s.axis]: valuesIn(others) } });
  }
  const last = () => mostSeeds(s.shown) + (s.theirs.length ? 1 : 0);
  const play = player({
    last, signal, smooth: true, label: "Seeds that are in",
    at: () => Math.min(view.place, last()),
    go: (place) => look({ place }),
    rate: () => 0.7,
    text: (place) => placeText(place, mostSeeds(s.shown), s.yours),
  });
  const looks = makeLooks(set, () => s, () => {
    view.place = calm() ? Infinity : 0;
    if (!calm()) play.elements[0].click();
    hand(play.elements[0]);
  });

  const axes = [...new Set(points.map((point) => point.axis))];
  const controls = {
    axis: choice({ label: "What is varied", options: axes, set: (axis) => set({ axis }) }),
    show_paper: checkbox({
      label: "the paper's order beside ours", set: (show_paper) => set({ show_paper }),
    }),
  };
  controls.show_paper.element.hidden = !ranks(given.paper, points);
  const canvas = h("canvas", { role: "img" });
  const cards = makeCards(points, move, (held) => look({ held }));
  const rows = points.map((point) => makeRow(point, () => select(point.number), pointAt));
  const parts = build({ canvas, cards, rows, controls, play, looks }, given);

  const under = ({ offsetX, offsetY }) =>
    s.open ? pointUnder(where, s, offsetX, offsetY) : null;
  onPoint(canvas, under, pointAt);
  canvas.addEventListener("click", (event) => select(under(event)));

  let before = "";
  function draw(colour) {
    const axis = model.get("axis");
    if (before && axis !== before) Object.assign(view, { place: Infinity, hover: null });
    before = axis;
    s = stateOf(model, given, view);
    s.last = last();
    s.place = Math.min(view.place, s.last);
    write(s, given, parts, rows, controls);
    const height = `${heightOf(Math.max(s.shown.length, s.theirs.length))}px`;
    if (canvas.style.height !== height) canvas.style.height = height;
    canvas.ariaLabel = parts.summary.textContent;
    where = drawPicture(canvas, s, colour);
    cards.update(s.open ? null : where.places, where.at);
    play.update();
    return { p: valuesOf(model, TRAITS), place: s.place, open: s.open, ...where };
  }
  const paint = mount({ model, el, signal }, parts.root, TRAITS, draw,
    { undo: ["guess", "looked"], film: { player: play, stage: parts.stage } });
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
