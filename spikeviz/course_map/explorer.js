// CourseMap: the notebooks as stations of a path, each with a small live picture; what is solved,
// what comes next; and the command that grows as a spike travels along the path.

import { clamp, div, h, para, put } from "../base/page.js";
import { onArrows, player, playhead } from "../base/controls.js";
import { lasting, mount, offline } from "../base/widget.js";
import { syncing } from "../base/traits.js";
import { commandLines } from "./command.js";
import { leadOn } from "./onward.js";
import { mover } from "./pictures.js";
import { station } from "./stations.js";
import { FACTS, LEADS, factsOf, knownOf, solvedOf, summaryOf } from "./words.js";

const RATE = 1.2; // stations a second

/** look(i) as a pointer or the focus comes to station i, look(null) as it leaves: its picture
 *  moves, under a mouse again and again. Nothing of this is kept. */
function onLooks(stations, pictures, look) {
  let looked = null;
  stations.forEach(({ element }, i) => {
    const begin = (again) => {
      looked = i;
      pictures.start(i, again);
      look(i);
    };
    const end = () => {
      if (looked !== i) return;
      looked = null;
      pictures.end();
      look(null);
    };
    element.addEventListener("pointerenter", ({ pointerType }) => begin(pointerType === "mouse"));
    element.addEventListener("focus", () => looked ?? begin(false));
    for (const type of ["pointerleave", "blur"]) element.addEventListener(type, end);
  });
}

/** Ask Python what is solved whenever the map comes in sight: another notebook's kernel knows. */
function askInSight(model, root, signal) {
  const sight = new IntersectionObserver((entries) => {
    const seen = entries.some((entry) => entry.isIntersecting);
    if (seen && !offline(model)) model.send("look");
  });
  sight.observe(root);
  signal.addEventListener("abort", () => sight.disconnect());
}

function render({ model, el, signal }) {
  const plan = model.get("plan");
  const { notebooks } = plan;
  const isWay = ({ after }) => after === undefined;
  const last = notebooks.filter(isWay).length - 1; // of the way
  const onWay = (i) => notebooks[i].after ?? i;
  const go = (i) => {
    model.set("notebook", clamp(i, 0, notebooks.length - 1));
    head.go(onWay(model.get("notebook")), true);
  };
  let [looked, paint] = [null, () => {}];
  const repaint = () => paint();
  const pictures = mover(repaint, signal);
  const stations = notebooks.map((one, i) => station(model, one, i, last, () => go(i)));
  const elements = stations.map(({ element }) => element);
  onLooks(stations, pictures, (i) => {
    looked = i;
    paint();
  });
  const way = { // as if a side trip stood where it leaves the way
    get: () => onWay(model.get("notebook")),
    set: (_, i) => model.set("notebook", i),
  };
  const head = playhead({ model: way, last: () => last, paint: repaint });
  const play = player({
    ...head,
    last: () => last, rate: () => RATE, signal, smooth: true,
    label: "Way through the course", text: (place) => `${Math.floor(place)} of ${last}`,
  });
  const lessons = notebooks.filter((one) => isWay(one) && one.checks.length);
  const lead = leadOn(model, lessons, (one) => go(notebooks.indexOf(one)), play.elements);
  const path = h("div", { class: "sv-way", role: "group", "aria-label": "Notebooks" },
    ...elements.slice(0, last + 1), div("sides", ...elements.slice(last + 1)));
  onArrows(path, (right, down) => {
    go(model.get("notebook") + right + down);
    elements[model.get("notebook")].focus();
  }, 0, notebooks.length);
  const summary = para("summary");
  summary.role = "status";
  const facts = FACTS.map(() => h("span"));
  const known = h("span");
  const command = commandLines(plan, go);
  const stage = h("div", {}, path, summary,
    div("update", ...FACTS.map((name, i) => h("div", {}, h("b", {}, `${name}: `), facts[i]))),
    para("title", LEADS, known), command.element);
  const root = h("div", { class: "spikeviz sv-course" }, ...lead.elements, stage);

  function draw(colour) {
    const place = head.at();
    const chosen = model.get("notebook");
    const at = looked ?? (place === onWay(chosen) ? chosen : Math.floor(place));
    const next = lead.update();
    notebooks.forEach((one, i) => {
      const done = lead.count(one);
      const text = solvedOf(one, done) || `${one.minutes} min`;
      stations[i].update(colour, place, pictures.at(i), { done, next: one === next, text });
      elements[i].ariaCurrent = i === at ? "true" : null;
    });
    const upTo = looked === null ? place : onWay(at);
    const count = command.update(upTo, at);
    summary.ariaLive = play.playing() || looked !== null ? "off" : "polite";
    const shown = notebooks[at];
    put(summary, summaryOf(shown, notebooks[shown.after], lead.count(shown)));
    factsOf(shown).forEach((text, i) => put(facts[i], text));
    put(known, knownOf(notebooks[Math.floor(upTo)], count, command.count));
    play.update();
    return { notebook: at, known: count, place };
  }
  const film = { player: play, stage };
  const heard = ["notebook", "plan", "solved", "told"];
  paint = mount({ model, el, signal }, root, heard, draw, { film });
  play.passOnce(elements[0]);
  askInSight(model, root, signal);
}

export default { initialize: (props) => syncing(props, ["notebook"]), render: lasting(render) };
