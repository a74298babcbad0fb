// NetworkWalk: an image on its way through the network, box by box. Python runs the model, or the
// page (inpage.js) where there is none; an answer holds every time step, so scrubbing, opening and
// paging are answered here.

import { clamp, div, h, key, percent, put } from "../base/page.js";
import { player, playhead } from "../base/controls.js";
import { memory } from "../base/memory.js";
import { lasting, mount, offline } from "../base/widget.js";
import { listen, setter, syncing } from "../base/traits.js";
import { boxNetwork } from "./boxes.js";
import { makeFlow } from "./flow.js";
import { boxPanel } from "./panel.js";
import { costCounter } from "./counter.js";
import { guidedTour } from "./tour.js";
import { imagePicker } from "./image.js";
import { canAnswer, pageAnswers } from "./inpage.js";
import { modelControls } from "./controls.js";
import { resultView } from "./result.js";

// What only Python can answer.
const ASKS = ["model", "other", "checkpoint", "source", "image", "pixels"];
const STATE = [
  ...ASKS, "time_step", "opened", "show_code", "view", "layer", "page", "unfolded", "tour_step",
  "tour_done",
];
const SECONDS = 3; // of play, for a step's way through the network
const HEARD = [...STATE, "answer", "busy", "progress", "problem", "choices", "tour", "names"];

const initialize = (props) => syncing(props, STATE);

/** The answer on show, and how traits are set; `paint` writes back what is shown. */
function readerOf(model, paint) {
  const still = offline(model);
  const write = setter(model);
  const answer = pageAnswers(model, write);
  const [name, other, source, image] = model.get("answer").asked;
  const shown = { model: name, other, source, image };
  const isShown = () => model.get("source") !== "own" &&
    Object.entries(shown).every(([trait, value]) => model.get(trait) === value);
  // What was asked last may not have been answered, or an address asks for something else.
  const fits = still && canAnswer(model);
  if (fits && !isShown()) answer();
  if (still && !fits) write(shown);
  const deaf = still && !canAnswer(model); // nobody answers
  const set = (changes) => {
    const asked = Object.keys(changes).some((trait) => ASKS.includes(trait));
    const heard = Object.entries(changes).filter(([trait]) => !deaf || !ASKS.includes(trait));
    write(Object.fromEntries(heard));
    if (still && asked && !deaf) answer();
    if (still && asked) paint();
  };
  const walks = () => model.get("answer").walks;
  const boxIn = (which, name) => walks()[which]?.boxes.find((box) => box.box === name);
  const steps = () => Math.max(...walks().map((walk) => walk.logits.length));
  const now = () => clamp(model.get("time_step"), 0, steps() - 1);
  const unfolded = () => model.get("unfolded") ?? walks()[0].unfold;
  return { model, set, still, deaf, walks, boxIn, steps, now, unfolded };
}

/** Where the playhead stands: after step k at place k. */
function placeText(place, steps) {
  if (place === 0) return "before step 1";
  if (place % 1) return `step ${Math.ceil(place)} of ${steps}, on its way`;
  return `step ${place} of ${steps}`;
}

/** Words about how far Python is, and how long it will take if it goes on as it did so far. */
function forecaster(model) {
  let began = 0; // when Python began with an answer
  return () => {
    if (!model.get("busy")) {
      began = 0;
      return "";
    }
    began ||= performance.now();
    const share = model.get("progress");
    const seconds = (performance.now() - began) / 1000;
    if (share < 0.05 || seconds < 1) return "● running in Python …"; // too early to say
    const left = Math.ceil((seconds * (1 - share)) / share);
    return `● running in Python: ${percent(share, 0)} done, about ${left} s left`;
  };
}

/** What a film shows: the numbers, and the flow from the image through the boxes to the classes. */
const makeStage = ({ counter, net, picker, result, flow }) => h("div", {}, counter.element,
  div("nw-flow", picker.element, net.element, div("nw-answer", ...result.elements), flow.dots));

/** The page: the stage between its player and what else can be chosen. */
function makeRoot({ controls, otherKey, net, stage }, ...above) {
  return h("div", { class: "spikeviz sv-walk" },
    ...above, stage,
    div("keys", key("nw-dot", "½ % of a box's neurons fire"),
      key("nw-wire", "the stream; an arc is a shortcut, x + f(x)"),
      key("nw-bar", "energy of one image"), key("nw-twin", "of the non-spiking twin"), otherKey),
    div("nw-begin", controls.element, controls.own), net.table);
}

/** What a click on a box, on its code, on a stage does; bring("maps" or "code", to the "start" or
 *  the "nearest" edge) brings it into sight. */
const handsOf = ({ model, set, unfolded }, bring) => ({
  open(box) {
    set({ opened: model.get("opened") === box ? "" : box, layer: 0, page: 0 });
    if (model.get("opened")) bring("maps", "nearest");
  },
  openCode(box) {
    set({ opened: box, layer: 0, page: 0, show_code: true });
    bring("code", "start");
  },
  toggleStage(stage) {
    const others = unfolded().filter((one) => one !== stage);
    set({ unfolded: unfolded().includes(stage) ? others : [...others, stage] });
  },
});

function render({ model, el, signal }) {
  const reader = readerOf(model, () => paint());
  const { set, walks, steps, now, unfolded } = reader;
  const once = memory();
  const forecast = forecaster(model);

  const hands = handsOf(reader, (place, block) =>
    requestAnimationFrame(() => signal.aborted || panel.places[place].scrollIntoView({ block })));
  const controls = modelControls(reader);
  const picker = imagePicker(reader);
  const repaint = () => paint();
  const head = { model, name: "time_step", last: steps, ends: true, paint: repaint };
  const { at, go } = playhead(head);
  const text = (place) => placeText(place, steps());
  const time = player({ last: steps, at, go, rate: () => 1 / SECONDS, signal, smooth: true, text });
  const result = resultView(reader);
  const busy = h("span", { class: "sv-nw-busy", role: "status" });
  const timeRow = div("row sv-nw-time", ...time.elements);
  const problem = h("p", { class: "sv-note", role: "alert" });
  const panel = boxPanel(reader, () => paint());
  const [net, flow] = [boxNetwork(reader, hands), makeFlow(reader)];
  const counter = costCounter(reader);
  const places = {
    time: timeRow, result: result.bars, image: picker.element, ...panel.places,
    model: controls.choices.model.element, other: controls.choices.other.element,
  };
  const tour = guidedTour({
    model, set, place: (name) => places[name] ?? net.partOf(name)?.visible ?? null,
    reveal: (target) => target.scrollIntoView({ block: "nearest" }),
  });
  timeRow.append(tour.start, busy);
  const empty = h("p", { class: "sv-caption sv-nw-empty" },
    "Click a box to see its feature maps, </> for the line of code that makes it.");
  const otherKey = key("nw-otherbar", "energy of the other model");
  const stage = makeStage({ counter, net, picker, result, flow });
  const root = makeRoot({ controls, otherKey, net, stage }, timeRow, tour.card, problem);

  function draw(colour) {
    const t = now();
    const [answer, opened] = ["answer", "opened"].map((name) => model.get(name));
    once("boxes", [answer, unfolded()], net.update);
    const place = at();
    const come = [answer, unfolded(), place, model.get("view")];
    const { stepAt, workOf, arrived } = once("flow", come, () => flow.draw(net.parts(), place));
    const gone = [answer, Math.floor(place), arrived, model.get("names")];
    const said = once("result", gone, () => result.update(Math.floor(place), arrived));
    const word = net.partOf("head").said;
    put(word, said.said);
    word.classList.toggle("sv-nw-word", said.said.length > 2); // a class may be a word
    empty.hidden = Boolean(net.partOf(opened));
    panel.element.hidden = !empty.hidden;
    once("hang", [opened, answer, unfolded(), net.element.clientWidth], () =>
      net.hang(empty.hidden ? panel.element : empty, opened));
    const maps = panel.draw(stepAt(opened) ?? t, net.groups(), colour);
    counter.update(workOf, said.said);
    flow.move([picker.canvas, result.bars]);
    once("opened", [opened, answer], () => net.press(opened));
    otherKey.hidden = walks().length < 2;
    picker.update(answer.picture);
    time.update();
    controls.update();
    put(busy, forecast());
    put(problem, model.get("problem"));
    tour.update();
    return { t, place, ...said, opened, maps: maps[0], boxes: walks()[0].boxes };
  }
  const paint = mount({ model, el, signal }, root, HEARD, draw, { film: { player: time, stage } });
  // Who gives another image sees what becomes of it, wherever a play stopped.
  listen(model, ["answer"], () => time.playing() || go(model.get("time_step") + 1, true), signal);
  time.passOnce(picker.canvas); // in a phone all of the flow is never in sight
}

export default { initialize, render: lasting(render) };
