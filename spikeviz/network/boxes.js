// The network as boxes along the stream, each with its energy as bars and a thumbnail of its maps;
// and their numbers in a table.

import { button, grouped, h, joules, percent, put, show } from "../base/page.js";
import { onArrows } from "../base/controls.js";
import { groupOf, kindOf } from "./facts.js";

const SHORTCUTS = ["conv", "attention", "feed_forward"]; // kinds of boxes that are x + f(x)
const FACTS = ["shape", "rate", "size", "snn", "twin", "rateChange", "change"];
const HEADS = ["output [T, B, C, H, W]", "firing rate", "parameters", "energy of one image",
  "of the non-spiking twin", "Δ rate", "other, Δ energy"];
const BARS = ["sv-nw-bar", "sv-nw-bar sv-nw-bar-twin", "sv-nw-bar sv-nw-bar-other"];

/** A box and its row of the table; or with no name the sum of a stage's boxes. */
function boxPart(name, [title, inFull], residual, press, openCode) {
  const cell = (fact) => [fact, h("td", { class: `sv-nw-${fact}` })];
  const facts = Object.fromEntries(FACTS.map(cell));
  const row = h("tr", {}, h("th", { scope: "row" }, inFull), ...Object.values(facts));
  const bars = BARS.map((cls) => h("span", { class: cls }));
  const share = h("span", { class: "sv-nw-share" });
  const last = name === "head"; // which says a class, and has no maps
  const canvas = h("canvas", { class: "sv-nw-thumb", "aria-hidden": "true", hidden: last });
  const said = h("span", { class: "sv-nw-said", hidden: !last });
  const open = button(h("b", {}, title), press, { class: "sv-nw-open" });
  open.append(canvas, said, share, h("span", { class: "sv-nw-energybars" }, ...bars));
  const code = name && button("</>", () => openCode(name), {
    class: "sv-nw-codelink", "aria-label": `Code of ${name}`,
  });
  const kind = residual ? " sv-nw-residual" : last ? " sv-nw-last" : "";
  const element = h("div", { class: `sv-nw-box${kind}` }, open, code);
  return { name, element, open, canvas, said, facts, bars, share, row };
}

/** The numbers of some boxes of one model together. */
function sumUp(boxes) {
  const add = (of) => boxes.reduce((sum, box) => sum + of(box), 0);
  const weigh = ({ rate, rates, neurons }) => (rate === null ? 0 : neurons * rates.length);
  const weight = add(weigh);
  return {
    ...boxes.at(-1),
    rate: weight ? add((box) => box.rate * weigh(box)) / weight : null,
    parameters: add((box) => box.parameters),
    snn_mj: add((box) => box.snn_mj), ann_mj: add((box) => box.ann_mj),
  };
}

/** A difference with its sign; text(number) writes its size. */
function signed(value, text) {
  const size = text(Math.abs(value));
  return /^0( |$)/.test(size) ? "0" : `${value < 0 ? "−" : "+"}${size}`;
}
const points = (share) => show(100 * share, 1);

/** Writes the numbers of a box, or of what two models have in its place; most: the longest bar. */
function fill({ facts, bars, share }, [mine, other], two, most) {
  const texts = { shape: (mine ?? other).shape.join("×"), rate: "not in this model" };
  if (mine) {
    texts.rate = mine.rate === null ? "no neurons" : percent(mine.rate);
    texts.size = grouped(mine.parameters);
    texts.snn = joules(mine.snn_mj);
    texts.twin = joules(mine.ann_mj);
  }
  if (two) texts.change = mine ? "not in the other" : `other ${joules(other.snn_mj)}`;
  if (mine && other) {
    texts.change = signed(other.snn_mj - mine.snn_mj, joules);
    if (mine.rate !== null && other.rate !== null)
      texts.rateChange = `${signed(other.rate - mine.rate, points)} pt`;
  }
  for (const fact of FACTS) put(facts[fact], texts[fact] ?? "");
  put(share, mine?.rate == null ? "–" : texts.rate);
  [mine?.snn_mj, mine?.ann_mj, other?.snn_mj].forEach((value = 0, i) => {
    bars[i].style.width = `${most ? (100 * value) / most : 0}%`;
  });
  bars[2].hidden = !two;
}

/** A stage, or what stands before or after them: its boxes, and their sum while it is folded. */
function boxGroup(name, boxes, unfolded, { open, openCode, toggleStage }) {
  const stage = name.startsWith("stages.") ? Number(name.split(".")[1]) : -1;
  const toggle = () => toggleStage(stage);
  const many = boxes.some(({ block }) => block > 0);
  const begin = stage < 0 ? "" : `Stage ${stage + 1}: `;
  const titleOf = ({ title, block }) => {
    const own = many && block >= 0 ? `${title} ${block + 1}` : title;
    return [own, begin + own];
  };
  const text = h("span");
  const head = stage < 0 ? h("p", { class: "sv-nw-head" }, text)
    : button(text, toggle, { class: "sv-nw-head" });
  const items = boxes.map((box) => boxPart(
    box.box, titleOf(box), SHORTCUTS.includes(kindOf(box)), () => open(box.box), openCode));
  const all = [`${boxes.length} boxes`, `Stage ${stage + 1}`];
  const sum = stage < 0 ? null : boxPart("", all, false, toggle);
  const row = h("div", { class: "sv-nw-boxes" }, ...items.map((item) => item.element));
  if (sum) row.append(sum.element);
  const element = h("div", { class: "sv-nw-group" }, head, row);
  const folded = () => stage >= 0 && !unfolded().includes(stage);
  return { name, stage, boxes, items, sum, element, text, head, folded };
}

function titleOf({ name, stage }, [, , channels, height, width], folded) {
  if (stage < 0) return { extraction: "Extraction", head: "Decision" }[name];
  return `${folded ? "▸" : "▾"} Stage ${stage + 1}: ${channels} × ${height}×${width}`;
}

/** The table of all boxes, whose rows are theirs. */
function makeTable() {
  const heads = HEADS.map((words) => h("th", { scope: "col" }, words));
  const body = h("tbody");
  const table = h("div", {
    class: "sv-nw-numbers", tabindex: 0, role: "region", "aria-label": "The numbers of every box",
  }, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "box"), ...heads)), body));
  return { table, heads, body };
}

/** Puts what shows a box at its place in the flow `element`: below it where that runs downwards,
 *  else below its lane; without a box at the end. */
function hang(element, shows, box) {
  const others = [...element.children].filter((one) => one !== shows);
  shows.style.position = "absolute"; // while it is looked where the lanes end
  const group = box?.closest(".sv-nw-group");
  const down = box && getComputedStyle(box.parentElement).flexDirection === "column";
  const lane = others.filter((one) => one.offsetTop === group?.offsetTop);
  const before = down ? box : lane.at(-1) ?? others.at(-1);
  shows.style.position = "";
  if (before.nextElementSibling !== shows) before.after(shows);
  if (!box) return;
  const [from, { left }] = [box.getBoundingClientRect(), shows.getBoundingClientRect()];
  shows.style.setProperty("--sv-at", `${Math.round(from.left - left + from.width / 2)}px`);
}

/** The boxes of both models; hands: what a click on a box, on its code, on a stage does. */
export function boxNetwork({ walks, boxIn, unfolded }, hands) {
  const element = h("div", { class: "sv-nw-net" });
  const { table, heads, body } = makeTable();
  let groups = new Map();
  let built = "";

  function build() {
    const key = JSON.stringify(walks().map(({ boxes }) => boxes.map(({ box }) => box)));
    if (key === built) return;
    built = key;
    const first = ({ box }, at, all) => all.findIndex((other) => other.box === box) === at;
    const all = walks().flatMap(({ boxes }) => boxes).filter(first);
    const names = [...new Set(all.map(groupOf))].filter((name) => name !== "head");
    names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    groups = new Map([...names, "head"].map((name) => {
      const boxes = all.filter((box) => groupOf(box) === name);
      return [name, boxGroup(name, boxes, unfolded, hands)];
    }));
    const inOrder = [...groups.values()];
    element.replaceChildren(...inOrder.map((group) => group.element));
    body.replaceChildren(...inOrder.flatMap(({ items, sum }) =>
      [...(sum ? [sum.row] : []), ...items.map(({ row }) => row)]));
  }

  /** Of some boxes, what each model has of them together. */
  const sumsOf = (boxes) => walks().map((_, which) => {
    const found = boxes.map(({ box }) => boxIn(which, box)).filter(Boolean);
    return found.length ? sumUp(found) : undefined;
  });

  function update() {
    build();
    const rows = [...groups.values()].map((group) => {
      const each = group.boxes.map(({ box }) => walks().map((_, which) => boxIn(which, box)));
      return { group, each, sums: sumsOf(group.boxes), folded: group.folded() };
    });
    const bars = rows.flatMap(({ each, sums, folded }) => (folded ? sums : each.flat()));
    const most = Math.max(...bars.filter(Boolean).flatMap((box) => [box.snn_mj, box.ann_mj]));
    const two = walks().length > 1;
    for (const head of heads.slice(-2)) head.hidden = !two;
    for (const { group, each, sums, folded } of rows) {
      const { head, items, sum, text } = group;
      items.forEach((item, i) => fill(item, each[i], two, most));
      for (const item of items) item.element.hidden = item.row.hidden = folded;
      put(text, titleOf(group, (sums[0] ?? sums[1]).shape, folded));
      if (!sum) continue;
      fill(sum, sums, two, most);
      sum.element.hidden = sum.row.hidden = !folded;
      head.ariaExpanded = !folded;
    }
  }

  /** What stands in the row now, from left to right, and the names of the boxes in it. */
  const parts = () => [...groups.values()].flatMap(({ boxes, items, sum, folded }) =>
    folded() ? [{ ...sum, shows: boxes.at(-1).box, holds: boxes.map(({ box }) => box) }]
      : items.map((item) => ({ ...item, shows: item.name, holds: [item.name] })));

  const partOf = (name) => {
    for (const group of groups.values()) {
      const found = group.items.find((item) => item.name === name);
      if (found) return { ...found, visible: group.folded() ? group.sum.element : found.element };
    }
    return null;
  };

  const press = (opened) => groups.forEach(({ items }) =>
    items.forEach(({ name, open }) => (open.ariaPressed = name === opened)));
  onArrows(element, (right, down, { target }) => {
    if (!right || !target.classList.contains("sv-nw-open")) return false;
    const all = [...element.querySelectorAll(".sv-nw-open")].filter((one) => one.offsetParent);
    all[all.indexOf(target) + right]?.focus();
    return true;
  });
  return { element, table, update, parts, partOf, press, groups: () => groups,
    hang: (shows, name) => hang(element, shows, partOf(name)?.visible) };
}
