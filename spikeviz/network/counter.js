// What the image costs so far, in large numbers: additions here, multiplications in the twin.

import { grouped, h, joules, put } from "../base/page.js";

const WHAT = ["the network's answer", "additions, where a spike is: FLOPs · R",
  "multiplications that the non-spiking twin needs"];

const sum = (boxes, of) => boxes.reduce((all, box) => all + of(box), 0);

export function costCounter({ walks, steps }) {
  const figures = WHAT.map((words) => {
    const [number, more] = [h("b"), h("small")];
    const bar = h("i");
    const element = h("div", { class: "sv-nw-figure" }, number, h("span", {}, words), bar, more);
    return { number, more, bar, element };
  });
  const [says, additions, twin] = figures;
  says.bar.hidden = says.more.hidden = true;
  const element = h("div", { class: "sv-nw-costs" }, ...figures.map((one) => one.element));

  /** workOf(box) is the share of its work that is done; `said` the class so far. */
  function update(workOf, said) {
    const { boxes, snn_mj, ann_mj } = walks()[0];
    const done = (name) => Math.round(sum(boxes, (box) => workOf(box) * box[name]));
    const [added, multiplied] = [done("additions"), done("multiplications")];
    const needs = sum(boxes, (box) => box.twin);
    const most = Math.max(needs, sum(boxes, (box) => box.additions), 1);
    put(says.number, said);
    put(additions.number, grouped(added));
    put(twin.number, grouped(needs));
    additions.bar.style.width = `${(100 * added) / most}%`;
    twin.bar.style.width = `${(100 * needs) / most}%`;
    put(additions.more, `and ${grouped(multiplied)} multiplications, where values are real; ` +
      `all ${steps()} steps: ${joules(snn_mj)}`);
    put(twin.more, `each with an addition, in one pass: ${joules(ann_mj)}`);
    return { additions: added, multiplications: multiplied, twin: needs };
  }
  return { element, update };
}
