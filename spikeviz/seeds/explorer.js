// SeedMachine: a slot machine of seeds. All draws are computed here from the runs that Python hands
// over; Python holds which comparison, how many seeds, how many draws.

import { drawPicture, heightOf } from "./draw.js";
import { computer, tally } from "./seeds.js";
import { clockOf, sourceOf, summaryOf, wholeOf } from "./words.js";
import { button, clamp, div, h, para, put } from "../base/page.js";
import { calm, player, showValues, traitControls } from "../base/controls.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { surface } from "../base/draw.js";

const TRAITS = ["axis", "seeds", "draws", "chance", "rule"];
const MANY = 100;
const [SLOW, FAST] = [0.55, 45]; // draws a second, of one and at most

function render({ model, el, signal }) {
  const set = setter(model);
  const [runs, study] = ["runs", "study"].map((name) => model.get(name));
  const compute = computer(runs, study);
  const view = { place: Infinity, from: 0, asked: 0 }; // asked: of draws, by a press
  const most = model.get("limits").draws[1];
  const draws = () => model.get("draws");
  const walk = player({
    last: draws, signal, smooth: true, label: "Draws that are in",
    at: () => Math.min(view.place, draws()),
    go(place) {
      view.place = place;
      paint();
    },
    rate: (place) =>
      clamp(SLOW + 1.2 * (place - (walk.filmed() ? 0 : view.from)), SLOW, FAST),
    text: clockOf,
  });
  /** `count` more draws, one after the other. */
  function more(count) {
    walk.stop();
    const before = draws();
    const after = Math.min(before + count, most);
    view.place = calm() ? Infinity : before;
    Object.assign(view, { from: before, asked: after });
    set({ draws: after });
    if (!calm() && after > before) walk.elements[0].click();
  }
  walk.elements[0].addEventListener("click", () => {
    if (walk.at() === 0) view.from = 0;
  }, { capture: true });

  const { number, pick, check } = traitControls(model, set);
  const anew = (name) => ({ set: (value) => set({ [name]: value, draws: 0 }) });
  const controls = {
    axis: pick("axis", "Compared", runs.map(({ axis }) => axis), anew("axis")),
    seeds: number("seeds", "Seeds a draw", { whole: true, ...anew("seeds") }),
    rule: check("rule", "judge each draw by the rule: every seed, and 2 SE"),
  };
  const one = button("Draw", () => more(1), { class: "sv-seeds-draw" });
  const many = button(`${MANY} more draws`, () => more(MANY));
  const again = button("Start again", () =>
    set({ draws: 0, chance: (model.get("chance") + 1) % 1000 }));
  const canvas = h("canvas", { role: "img" });
  const summary = h("p", { class: "sv-summary", role: "status" });
  const whole = para("seeds-whole");
  const scrub = div("row", ...walk.elements);
  const stage = div("seeds-stage", canvas);
  const root = h("div", { class: "spikeviz sv-seeds" },
    div("controls", ...Object.values(controls).map(({ element }) => element)),
    div("row", one, many, again),
    stage, scrub, summary, whole, para("caption", sourceOf(study)));

  let before = "";
  function draw(colour) {
    const p = valuesOf(model, TRAITS);
    const what = [p.axis, p.seeds, p.chance, p.draws].join();
    if (what !== before && p.draws !== view.asked) view.place = Infinity; // not by a press
    [before, view.asked] = [what, p.draws];
    const state = compute(p);
    const place = Math.min(view.place, p.draws);
    const told = tally(state.draws.slice(0, Math.floor(place)));
    showValues(controls, p);
    const height = `${heightOf(stage.clientWidth, p.seeds)}px`;
    if (canvas.style.height !== height) canvas.style.height = height;
    drawPicture(surface(canvas), state, { place, told }, colour);
    summary.ariaLive = walk.playing() ? "off" : "polite";
    put(summary, summaryOf(state, Math.floor(place), told));
    put(whole, wholeOf(state, Math.floor(place)));
    canvas.ariaLabel = summary.textContent;
    one.disabled = many.disabled = p.draws >= most;
    again.disabled = !p.draws;
    scrub.classList.toggle("sv-away", !p.draws);
    walk.update();
    return { p, place, told, draws: state.draws };
  }
  const paint = mount({ model, el, signal }, root, TRAITS, draw,
    { undo: TRAITS, film: { player: walk, stage } });
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
