// NetworkWalk: an image on its way through the network, box by box. Python runs the model; its
// answer holds every time step, so scrubbing, opening and paging are answered here.

import { h, clamp, show, percent } from "../base/page.js";
import { choice, player } from "../base/controls.js";
import { syncing, mount, offline, lasting } from "../base/widget.js";
import { mapsOf, stepOf, drawThumb } from "./maps.js";
import { boxPanel, groupOf, kindOf, mj, write } from "./panel.js";
import { imagePicker } from "./image.js";
import { guidedTour } from "./tour.js";

const ASKS = ["model", "other", "checkpoint", "source", "image", "pixels"]; // what only Python can answer
const STATE = [...ASKS, "time_step", "opened", "show_code", "view", "layer", "page", "unfolded", "tour_step", "tour_done"];
const HEARD = [...STATE, "answer", "busy", "progress", "problem", "choices", "tour", "names"];

const initialize = (props) => syncing(props, STATE);
const titleOf = (box, blocks) => (blocks > 1 && box.block >= 0 ? `${box.title} ${box.block + 1}` : box.title);

function render({ model, el, signal }) {
  const still = offline(model);
  let net = { key: "", parts: new Map(), groups: new Map() };
  let note = "";
  let began = 0; // when Python began with an answer
  const set = (changes) => {
    for (const [key, value] of Object.entries(changes)) if (!still || !ASKS.includes(key)) model.set(key, value);
    if (still && Object.keys(changes).some((key) => ASKS.includes(key))) paint(); // writes back what is shown
  };
  if (still) { // what was asked last may not have been answered
    const [name, other, source, image] = model.get("answer").asked;
    for (const [key, value] of Object.entries({ model: name, other, source, image })) model.set(key, value);
  }
  const walks = () => model.get("answer").walks;
  const boxIn = (which, name) => walks()[which]?.boxes.find((box) => box.box === name);
  const steps = () => Math.max(...walks().map((walk) => walk.logits.length));
  const now = () => clamp(model.get("time_step"), 0, steps() - 1);
  const unfolded = () => model.get("unfolded") ?? walks()[0].unfold;
  const toggleStage = (stage) => {
    const open = unfolded();
    set({ unfolded: open.includes(stage) ? open.filter((other) => other !== stage) : [...open, stage] });
  };
  const open = (box) => {
    set({ opened: model.get("opened") === box ? "" : box, layer: 0, page: 0 });
    if (model.get("opened")) bring(panel.places.maps, "nearest");
  };
  const openCode = (box) => {
    set({ opened: box, layer: 0, page: 0, show_code: true });
    bring(panel.places.code, "start");
  };
  const bring = (place, block) => requestAnimationFrame(() => signal.aborted || place.scrollIntoView({ block }));

  // ---- the parts, built once
  const options = () => Object.entries(model.get("choices"));
  const chosen = choice({ label: "Model", options: options(), set: (name) => set({ model: name }) });
  const other = choice({ label: "Compare with", options: [["", "nothing"], ...options()], set: (name) => set({ other: name }) });
  const path = h("input", { type: "text", class: "sv-nw-path", "aria-label": "Path of a checkpoint", placeholder: "runs/mine.safetensors", disabled: still });
  const load = h("button", { type: "button", disabled: still, onclick: () => path.value.trim() && set({ checkpoint: path.value.trim(), model: "checkpoint" }) }, "Open file");
  for (const item of [chosen, other]) item.element.querySelector("select").disabled = still;
  const picker = imagePicker({ model, set, wants: () => walks()[0], show: (text) => {
    note = text;
    paint();
  } });
  const time = player({ last: () => steps() - 1, at: now, go: (time_step) => set({ time_step }), rate: () => 2, text: (t) => `t = ${t}, step ${t + 1} of ${steps()}`, signal });
  const timeRow = h("div", { class: "sv-row sv-nw-time" }, ...time.elements);
  const bars = h("div", { class: "sv-nw-bars" });
  const barsTitle = h("p", { class: "sv-title" });
  const summary = h("p", { class: "sv-summary", role: "status" });
  const totals = h("p", { class: "sv-nw-totals" });
  const busy = h("span", { class: "sv-nw-busy", role: "status" });
  const problem = h("p", { class: "sv-nw-problem", role: "alert" });
  const flow = h("div", { class: "sv-nw-net" });
  const places = { time: timeRow, result: bars, image: picker.element, model: chosen.element, other: other.element };
  const tour = guidedTour({
    model, set,
    place: (name) => places[name] ?? panel.places[name] ?? net.parts.get(name)?.visible() ?? null,
    reveal: (target) => target.scrollIntoView({ block: "nearest" }),
  });

  const panel = boxPanel({ model, set, walks, boxIn, repaint: () => paint() });
  const key = (name, text) => h("span", { class: `sv-key sv-nw-key-${name}` }, text);
  const otherKey = key("otherbar", "energy of the other model");
  const hint = h("div", { class: "sv-keys" }, key("bar", "energy of one image"), key("twin", "of the non-spiking twin"), otherKey, key("wire", "the stream; an arc is a shortcut, x + f(x)"),
    h("span", { class: "sv-caption" }, "Click a box to see its feature maps, </> for the line of code that makes it."));
  const root = h("div", { class: "spikeviz sv-walk" },
    h("div", { class: "sv-controls" }, chosen.element, other.element),
    h("div", { class: "sv-row sv-nw-begin" }, tour.start,
      h("details", {}, h("summary", {}, "Your own checkpoint"), h("div", { class: "sv-row" }, path, load),
        h("p", { class: "sv-caption" }, still ? "Needs a kernel." : "The path of a file that save_weights wrote, as the kernel sees it.")),
      busy), tour.card, problem,
    h("div", { class: "sv-nw-top" }, picker.element,
      h("div", { class: "sv-nw-answer" }, timeRow, barsTitle, bars, summary, totals)),
    hint, flow);

  // ---- boxes
  function build(key) {
    const parts = new Map();
    const groups = new Map();
    const [main, second] = walks();
    const names = new Set(main.boxes.map((box) => box.box));
    const all = [...main.boxes, ...(second?.boxes ?? []).filter((box) => !names.has(box.box))];
    const order = [...new Set(["extraction", ...all.map(groupOf)])].filter((name) => name !== "head").sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    for (const name of [...order, "head"]) {
      const group = boxGroup(name, all.filter((box) => groupOf(box) === name), parts);
      groups.set(name, group);
    }
    flow.replaceChildren(...[...groups.values()].map((group) => group.element), panel.element);
    [...groups.values()].forEach((group, i) => (group.element.style.order = 2 * i));
    net = { key, parts, groups };
  }

  function boxGroup(name, boxes, parts) {
    const stage = name.startsWith("stages.") ? Number(name.split(".")[1]) : -1;
    const blocks = new Set(boxes.map((box) => box.block).filter((block) => block >= 0)).size;
    const text = h("span");
    const head = stage < 0 ? h("p", { class: "sv-nw-head" }, text) : h("button", { type: "button", class: "sv-nw-head", onclick: () => toggleStage(stage) }, text);
    const items = boxes.map((box) => boxPart(box.box, titleOf(box, blocks), ["conv", "attention", "feed_forward"].includes(kindOf(box)), () => open(box.box)));
    const sum = stage < 0 ? null : boxPart("", `${boxes.length} boxes`, false, () => toggleStage(stage));
    const element = h("div", { class: "sv-nw-group" }, head, h("div", { class: "sv-nw-boxes" }, ...items.map((item) => item.element), ...(sum ? [sum.element] : [])));
    const folded = () => stage >= 0 && !unfolded().includes(stage);
    items.forEach((item, i) => {
      parts.set(boxes[i].box, { ...item, visible: () => (folded() ? sum.element : item.element) });
    });
    return { name, stage, boxes, items, sum, element, text, head, folded };
  }

  function boxPart(name, title, residual, click) {
    const line = (cls) => h("span", { class: cls });
    const [shape, rate, size, snn, twin, rateChange, change] = ["sv-nw-shape", "sv-nw-rate", "sv-nw-size", "sv-nw-snn", "sv-nw-twin", "sv-nw-change", "sv-nw-change"].map(line);
    const [bar, twinBar, otherBar] = ["sv-nw-bar", "sv-nw-bar sv-nw-bar-twin", "sv-nw-bar sv-nw-bar-other"].map(line);
    const canvas = h("canvas", { class: "sv-nw-thumb", "aria-hidden": "true", hidden: name === "head" });
    const said = h("span", { class: "sv-nw-said", hidden: name !== "head" });
    const button = h("button", { type: "button", class: "sv-nw-open", onclick: click }, h("b", {}, title), canvas, said,
      h("span", { class: "sv-nw-facts" }, shape, rate, size, snn, h("span", { class: "sv-nw-energybars" }, bar, twinBar, otherBar), twin, rateChange, change));
    const code = name && h("button", { type: "button", class: "sv-nw-codelink", "aria-label": `Code of ${name}`, onclick: () => openCode(name) }, "</>");
    const element = h("div", { class: `sv-nw-box${residual ? " sv-nw-residual" : ""}` }, button, code);
    return { element, button, canvas, said, shape, rate, size, snn, twin, rateChange, change, bar, twinBar, otherBar };
  }

  /** The numbers of some boxes of one model together. */
  function together(boxes) {
    const add = (key) => boxes.reduce((sum, box) => sum + box[key], 0);
    const weigh = (box) => box.neurons * (box.rates.length || 0);
    const fired = boxes.filter((box) => box.rate !== null);
    const weight = fired.reduce((sum, box) => sum + weigh(box), 0);
    const rate = weight ? fired.reduce((sum, box) => sum + box.rate * weigh(box), 0) / weight : null;
    return { ...boxes.at(-1), rate, parameters: add("parameters"), snn_mj: add("snn_mj"), ann_mj: add("ann_mj") };
  }

  function fill(part, mine, others, most) {
    const box = mine ?? others;
    write(part.shape, box.shape.join("×"));
    write(part.rate, mine ? (mine.rate === null ? "no neurons" : `rate ${percent(mine.rate)}`) : "not in this model");
    write(part.size, mine ? `${mine.parameters.toLocaleString("en")} params` : "");
    write(part.snn, mine ? `${mj(mine.snn_mj)} mJ` : "");
    write(part.twin, mine ? `twin ${mj(mine.ann_mj)}` : "");
    const both = mine && others;
    const delta = (value, text) => (text(Math.abs(value)) === "0" ? "0" : `${value < 0 ? "−" : "+"}${text(Math.abs(value))}`);
    const rates = both && mine.rate !== null && others.rate !== null;
    write(part.rateChange, rates ? `Δ rate ${delta(others.rate - mine.rate, (by) => show(100 * by, 1))} pt` : "");
    write(part.change, both ? `Δ ${delta(others.snn_mj - mine.snn_mj, (by) => String(Number(by.toFixed(by < 1e-4 ? 6 : 5))).replace(/^(\d)e-6$/, "0.00000$1"))} mJ` : walks().length < 2 ? "" : mine ? "not in the other" : `other ${mj(others.snn_mj)} mJ`);
    const share = (bar, value) => (bar.style.width = `${most ? (100 * value) / most : 0}%`);
    share(part.bar, mine?.snn_mj ?? 0);
    share(part.twinBar, mine?.ann_mj ?? 0);
    share(part.otherBar, others?.snn_mj ?? 0);
    part.otherBar.hidden = otherKey.hidden = walks().length < 2;
  }

  function fillAll() {
    const key = JSON.stringify(walks().map((walk) => walk.boxes.map((box) => box.box)));
    if (key !== net.key) build(key);
    const sums = walks().map((walk) => (boxes) => {
      const mine = boxes.map(({ box }) => walk.boxes.find((one) => one.box === box)).filter(Boolean);
      return mine.length ? together(mine) : undefined;
    });
    const shownBoxes = [...net.groups.values()].flatMap((group) => (group.folded() ? walks().map((_, i) => sums[i](group.boxes)) : walks().flatMap((walk) => walk.boxes.filter((box) => groupOf(box) === group.name))));
    const most = Math.max(...shownBoxes.filter(Boolean).flatMap((box) => [box.snn_mj, box.ann_mj]));
    for (const [name, part] of net.parts) fill(part, boxIn(0, name), boxIn(1, name), most);
    for (const group of net.groups.values()) {
      const folded = group.folded();
      if (group.sum) fill(group.sum, sums[0](group.boxes), sums[1]?.(group.boxes), most);
      if (group.sum) group.sum.element.hidden = !folded;
      if (group.stage >= 0) group.head.setAttribute("aria-expanded", String(!folded));
      group.items.forEach((item) => (item.element.hidden = folded));
      const last = (sums[0](group.boxes) ?? sums[1](group.boxes)).shape;
      write(group.text, group.stage < 0 ? { extraction: "Feature extraction", head: "Decision" }[group.name] : `${folded ? "▸" : "▾"} Stage ${group.stage + 1}: ${last[2]} channels, ${last[3]}×${last[4]}`);
    }
  }

  function drawThumbs(t) {
    const draw = (canvas, name, which) => {
      const box = boxIn(which, name);
      const entry = box && (box.thumbs[model.get("view")] ?? box.thumbs.output);
      if (entry) drawThumb(canvas, mapsOf(walks()[which].data, entry), t);
    };
    for (const group of net.groups.values()) {
      if (group.folded()) draw(group.sum.canvas, group.boxes.at(-1).box, boxIn(0, group.boxes.at(-1).box) ? 0 : 1);
      else group.boxes.forEach((box, i) => box.box === "head" || draw(group.items[i].canvas, box.box, boxIn(0, box.box) ? 0 : 1));
    }
  }

  // ---- the result
  const nameOf = (c, count) => model.get("names")[c] ?? (count === 10 ? String(c) : `class ${c}`);
  const meanUntil = (walk, t) => {
    const until = walk.logits.slice(0, stepOf({ shape: [walk.logits.length] }, t) + 1);
    return until[0].map((_, c) => until.reduce((sum, step) => sum + step[c], 0) / until.length);
  };
  /** As many decimals as show how far the first is ahead of the next. */
  const digitsOf = (logits) => {
    const [[first], [second] = [first]] = best(logits);
    return clamp(1 - Math.floor(Math.log10(first - second)), 1, 4);
  };
  const minus = (text) => text.replace("-", "−");
  const best = (logits) => logits.map((logit, c) => [logit, c]).sort((a, b) => b[0] - a[0]);

  function drawResult(t) {
    const shownLogits = walks().map((walk) => meanUntil(walk, t));
    const finals = walks().map((walk) => meanUntil(walk, walk.logits.length - 1));
    const counts = shownLogits.map((logits) => logits.length);
    const [[, winner], [, next] = [0, winner]] = best(shownLogits[0]);
    const largest = best(finals[0]).map(([, c]) => c).filter((c) => c !== next && c !== winner);
    const rows = counts[0] <= 10 ? shownLogits[0].map((_, c) => c) : [winner, next, ...largest.slice(0, 8)];
    if (bars.children.length !== rows.length)
      bars.replaceChildren(...rows.map(() => h("div", { class: "sv-nw-class" }, h("span"), h("span", { class: "sv-nw-track" }, h("i"), h("i", { class: "sv-nw-bar-other" }), h("u")), h("span", { class: "sv-nw-logit" }))));
    const all = [...walks().flatMap((walk) => walk.logits.flat()), 0];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const at = (value) => (100 * (value - low)) / (high - low || 1);
    const digits = Math.max(...shownLogits.map(digitsOf));
    rows.forEach((c, i) => {
      const [name, track, number] = bars.children[i].children;
      const values = shownLogits.map((logits) => logits[c]);
      write(name, nameOf(c, counts[0]));
      write(number, values.map((value) => (value === undefined ? "–" : minus(value.toFixed(digits)))).join(" / "));
      bars.children[i].classList.toggle("sv-nw-winner", c === winner);
      [0, 1].forEach((which) => {
        const bar = track.children[which];
        bar.hidden = values[which] === undefined;
        if (bar.hidden) return;
        bar.style.left = `${Math.min(at(0), at(values[which]))}%`;
        bar.style.width = `${Math.abs(at(values[which]) - at(0))}%`;
      });
      track.children[2].style.left = `${at(finals[0][c])}%`;
    });
    write(net.parts.get("head").said, nameOf(winner, counts[0]));
    write(barsTitle, `Logits, mean over t = 0${t ? ` … ${t}` : ""}${counts[0] > 10 ? ", ten of the largest" : ""}; the tick is the final answer`);
    return { logits: shownLogits, winner, finals, digits };
  }

  function writeSummary(t, { logits, winner, finals, digits }) {
    const { truth } = model.get("answer");
    const said = logits.map((values) => nameOf(best(values)[0][1], values.length));
    const final = nameOf(best(finals[0])[0][1], finals[0].length);
    const [[first], [second, next] = [first, winner]] = best(logits[0]);
    const right = truth === null || logits[0].length !== 10 ? "" : winner === truth ? " That is right." : ` It is a ${truth}.`;
    const later = final === said[0] ? "" : ` After all steps it says ${final}.`;
    const against = said.length > 1 ? ` The other model says ${said[1]}.` : "";
    write(summary, `After step ${t + 1} of ${steps()} the network says ${said[0]}, ${(first.toFixed(digits) - second.toFixed(digits)).toFixed(digits)} ahead of ${nameOf(next, logits[0].length)}.${right}${later}${against}`);
    const cost = (walk) => `${mj(walk.snn_mj)} mJ with spikes, ${mj(walk.ann_mj)} mJ as the non-spiking twin`;
    write(totals, `One image: ${walks().map(cost).join("; the other: ")}. Computed in ${walks().map((walk) => `${walk.seconds < 1 ? `${(1000 * walk.seconds).toFixed(0)} ms` : `${show(walk.seconds, 1)} s`}`).join(" and ")}.`);
  }

  // ---- one drawing, of what has changed
  const last = {};
  const isNew = (what, ...keys) => {
    const same = last[what] && keys.every((key, i) => key === last[what][i]);
    last[what] = keys;
    return !same;
  };
  let result = null;

  function draw(colour) {
    const t = now();
    const answer = model.get("answer");
    const opened = model.get("opened");
    if (isNew("answer", answer) && model.get("source") !== "own") note = "";
    if (isNew("boxes", answer, unfolded())) fillAll();
    if (isNew("thumbs", answer, unfolded(), t, model.get("view"))) drawThumbs(t);
    if (isNew("result", answer, t, model.get("names"))) {
      result = drawResult(t);
      writeSummary(t, result);
    }
    const maps = panel.draw(t, net.groups, colour);
    if (isNew("opened", opened, answer)) for (const [name, part] of net.parts) part.button.setAttribute("aria-pressed", String(name === opened));
    picker.update(answer.picture);
    time.update();
    writeChoices();
    write(busy, forecast());
    write(problem, model.get("problem") || note);
    tour.update();
    return { t, ...result, opened, maps: maps[0], boxes: walks()[0].boxes };
  }

  /** How far Python is, and how long it will take if it goes on as it did so far. */
  function forecast() {
    if (!model.get("busy")) {
      began = 0;
      return "";
    }
    began ||= performance.now();
    const share = model.get("progress");
    const seconds = (performance.now() - began) / 1000;
    if (share < 0.05 || seconds < 1) return "● running in Python …"; // too early to say
    return `● running in Python: ${percent(share, 0)} done, about ${Math.ceil((seconds * (1 - share)) / share)} s left`;
  }

  function writeChoices() {
    const fill = ({ element }, all) => element.querySelector("select").replaceChildren(...all.map(([value, text]) => h("option", { value }, text)));
    if (isNew("choices", model.get("choices"))) {
      fill(chosen, options());
      fill(other, [["", "nothing"], ...options()]);
    }
    chosen.update(model.get("model"));
    other.update(model.get("other"));
  }

  flow.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || !event.target.classList.contains("sv-nw-open")) return;
    const all = [...flow.querySelectorAll(".sv-nw-open")].filter((button) => button.offsetParent);
    all[all.indexOf(event.target) + by]?.focus();
    event.preventDefault();
  });
  const paint = mount({ model, el, signal }, root, HEARD, draw);
}

export default { initialize, render: lasting(render) };
