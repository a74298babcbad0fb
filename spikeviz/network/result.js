// What the network says of the image so far, and what that costs.

import { clamp, grouped, h, joules, percent, put, show } from "../base/page.js";
import { stepOf } from "./maps.js";

/** The mean of the logits up to step t. */
function meanUntil({ logits }, t) {
  const until = logits.slice(0, stepOf({ shape: [logits.length] }, t) + 1);
  return until[0].map((_, c) => until.reduce((sum, step) => sum + step[c], 0) / until.length);
}

/** [logit, class], the largest first. */
const rank = (logits) => logits.map((logit, c) => [logit, c]).sort((a, b) => b[0] - a[0]);

/** As many decimals as show how far the first is ahead of the next. */
function digitsOf(logits) {
  const [[first], [second] = [first]] = rank(logits);
  return clamp(1 - Math.floor(Math.log10(first - second)), 1, 4);
}

/** The name of class c of one of the networks: as told, as its file says, or by its number. */
const namer = (model, walks) => (c, count, which = 0) =>
  model.get("names")[c] ?? walks()[which]?.names?.[c] ?? (count === 10 ? String(c) : `class ${c}`);

const rowOf = () => h("div", { class: "sv-nw-class" }, h("span"),
  h("span", { class: "sv-nw-track" }, h("i"), h("i", { class: "sv-nw-bar-other" }), h("u")),
  h("span", { class: "sv-nw-logit" }));

/** What the scores are worth where no one knows the truth: nothing says "none of them". */
function sharesOf(logits, nameOf) {
  const powers = rank(logits).map(([logit, c]) => [Math.exp(logit - Math.max(...logits)), c]);
  const sum = powers.reduce((all, [power]) => all + power, 0);
  const shares = powers.slice(0, 3).map(([power, c]) =>
    `${nameOf(c, logits.length)} ${percent(power / sum, 0)}`);
  return ` As shares: ${shares.join(", ")}. The ${logits.length} always add up to 100 %: it has ` +
    "no answer for what is none of them.";
}

/** What was really done in all steps, where the page counted it; Python knows FLOPs · R alone. */
function counted({ boxes, done }) {
  const all = boxes.reduce((sum, { additions }) => sum + additions, 0);
  return done === undefined ? "" : ` The page did ${grouped(done)} additions, ` +
    `${percent(1 - done / all)} fewer than FLOPs · R: none beyond the border of a map.`;
}

export function resultView({ model, walks, steps }) {
  const bars = h("div", { class: "sv-nw-bars" });
  const title = h("p", { class: "sv-title" });
  const summary = h("p", { class: "sv-summary", role: "status" });
  const totals = h("p", { class: "sv-nw-totals" });
  const nameOf = namer(model, walks);

  /**
   * Writes the result after some complete steps, and draws the bars on their way to the next one's:
   * `share` of it has arrived. Gives the result, with what the first network `said`.
   */
  function update(done, share) {
    const t = Math.max(done, 1) - 1;
    const logits = walks().map((walk) => meanUntil(walk, t));
    const finals = walks().map((walk) => meanUntil(walk, walk.logits.length - 1));
    const digits = Math.max(...logits.map(digitsOf));
    const [[, winner], [, next] = [0, winner]] = rank(logits[0]);
    const count = logits[0].length;
    const largest = rank(finals[0]).map(([, c]) => c).filter((c) => c !== next && c !== winner);
    const rows = count <= 10 ? logits[0].map((_, c) => c) : [winner, next, ...largest.slice(0, 8)];
    if (bars.children.length !== rows.length) bars.replaceChildren(...rows.map(rowOf));
    const before = done ? logits : logits.map((each) => each.map(() => 0));
    const after = walks().map((walk) => meanUntil(walk, done));
    const between = before.map((each, i) => each.map((v, c) => v + share * (after[i][c] - v)));
    drawBars(rows, { logits: done ? logits : [], drawn: between, finals, winner, digits, done });
    const until = `mean until step ${t + 1}${count > 10 ? ", ten of the largest" : ""}`;
    put(title, `Logits, ${until}; the tick is the final answer`);
    writeWords(done, { logits, finals, winner, digits });
    const said = rank((share > 0 ? after : logits)[0])[0][1];
    return { logits, winner, finals, digits, said: done || share ? nameOf(said, count) : "?" };
  }

  function drawBars(rows, { logits, drawn, finals, winner, digits, done }) {
    const all = [...walks().flatMap((walk) => walk.logits.flat()), 0];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const at = (value) => (100 * (value - low)) / (high - low || 1);
    const write = (value) => (value === undefined ? "–" : value.toFixed(digits).replace("-", "−"));
    rows.forEach((c, i) => {
      const [name, track, number] = bars.children[i].children;
      const tick = track.children[2];
      put(name, nameOf(c, finals[0].length));
      put(number, logits.map((each) => write(each[c])).join(" / ") || "–");
      bars.children[i].classList.toggle("sv-nw-winner", done > 0 && c === winner);
      tick.hidden = !done;
      [...track.children].slice(0, 2).forEach((bar, which) => {
        const value = drawn[which]?.[c];
        bar.hidden = value === undefined;
        if (bar.hidden) return;
        bar.style.left = `${Math.min(at(0), at(value))}%`;
        bar.style.width = `${Math.abs(at(value) - at(0))}%`;
      });
      tick.style.left = `${at(finals[0][c])}%`;
    });
  }

  function writeWords(done, { logits, finals, winner, digits }) {
    const { truth } = model.get("answer");
    const [said, other] = logits.map((values, which) =>
      nameOf(rank(values)[0][1], values.length, which));
    const final = nameOf(rank(finals[0])[0][1], finals[0].length);
    const [[first], [second, next] = [first, winner]] = rank(logits[0]);
    const ahead = (first.toFixed(digits) - second.toFixed(digits)).toFixed(digits);
    const count = logits[0].length;
    const right = winner === truth ? " That is right." : ` It is a ${truth}.`;
    put(summary, !done ? "The image is on its way through the network." :
      `After step ${done} of ${steps()} the network says ${said}, ${ahead} ahead of ` +
      `${nameOf(next, count)}.${truth === null || count !== 10 ? "" : right}` +
      `${final === said ? "" : ` After all steps it says ${final}.`}` +
      `${other === undefined ? "" : ` The other model says ${other}.`}` +
      (truth === null && walks()[0].names?.length ? sharesOf(logits[0], nameOf) : ""));
    const costs = walks().map(({ snn_mj, ann_mj }) =>
      `${joules(snn_mj)} with spikes, ${joules(ann_mj)} as the non-spiking twin`);
    const times = walks().map(({ seconds }) =>
      seconds < 1 ? `${(1000 * seconds).toFixed(0)} ms` : `${show(seconds, 1)} s`);
    put(totals, `One image: ${costs.join("; the other: ")}. Computed in ${times.join(" and ")}.` +
      counted(walks()[0]));
  }
  return { bars, elements: [title, bars, summary, totals], update };
}
