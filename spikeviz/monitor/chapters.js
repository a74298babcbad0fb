// The chapters of a run: places where its log shows that something changes. A rule takes the state
// (runs.js) and gives what it finds: [{run, i: a row of its log, words, detail}].

import { counted, percent, show } from "../base/page.js";

const SILENT = 0.001; // a rate below it counts as none
const SPENT = 0.01; // of its peak: a learning rate below it does little more

/** The row of the largest value; −1 for none. */
const peakOf = (values) => values.reduce((best, value, i) =>
  (Number.isFinite(value) && !(value <= values[best]) ? i : best), -1);

const measured = (values) => [...values.keys()].filter((i) => Number.isFinite(values[i]));

/** Layers that begin to fire, fire most, or fall silent for good. */
function layers({ rated: run }) {
  if (!run) return [];
  const all = run.rates.length;
  const rows = [...run.x.keys()]
    .filter((i) => run.rates.some(({ values }) => Number.isFinite(values[i])));
  const silent = rows.map((i) => run.rates.filter(({ values }) => values[i] < SILENT).length);
  const found = [];
  const at = (k, words, detail) => k > 0 && found.push({ run, i: rows[k], words, detail });
  const first = silent.findIndex((count) => count < all);
  at(first, "the first spikes", `until then all ${counted(all, "layer")} were silent`);
  const every = silent.indexOf(0);
  at(every, "every layer fires", `at the measurement before, ${silent[every - 1]} of ${all} were ` +
    `silent (rate under ${SILENT})`);
  const last = silent.lastIndexOf(0) + 1;
  if (last > 0 && last < rows.length)
    at(last, "layers fall silent", `${silent.at(-1)} of ${all} to the end of the log`);
  const means = rows.map((i) => {
    const known = run.rates.map(({ values }) => values[i]).filter(Number.isFinite);
    return known.reduce((a, b) => a + b, 0) / known.length;
  });
  const peak = peakOf(means);
  if (peak < rows.length - 1)
    at(peak, "the layers fire most", `mean rate ${show(means[peak])}, at the end ` +
      show(means.at(-1)));
  return found;
}

/** The peak of the learning rate, and from where on it stays almost nothing. */
function learning({ runs }) {
  const run = runs.find(({ columns }) => columns.learning_rate);
  if (!run) return [];
  const rates = run.columns.learning_rate;
  const peak = peakOf(rates);
  const spent = rates.findLastIndex((rate) => rate >= SPENT * rates[peak]) + 1;
  const top = rates[peak]?.toPrecision(2);
  return [
    { run, i: peak, words: "learning rate at its peak", detail: top },
    { run, i: spent, words: "learning rate spent",
      detail: `from here on under ${percent(SPENT)} of its peak, ${top}` },
  ].filter(({ i }) => i > 0 && i < rates.length - 1);
}

/** Where one of the first two runs with tests comes to lead on test: the last two times. */
function leads({ runs, ask }) {
  const [a, b] = runs.filter(({ columns }) => columns.test_accuracy);
  if (!b || ask) return [];
  const of = ({ columns: { step, test_accuracy: right } }) =>
    new Map(measured(right).map((i) => [step[i], { i, right: right[i] }]));
  const [mine, other] = [of(a), of(b)];
  let ahead = 0;
  const found = [];
  for (const [step, { i, right }] of mine) {
    const there = other.get(step);
    const sign = there ? Math.sign(right - there.right) : 0;
    const [leader, behind] = sign > 0 ? [a, b] : [b, a];
    if (sign && ahead && sign !== ahead)
      found.push({
        run: leader, i: sign > 0 ? i : there.i, words: `${leader.name} overtakes`,
        detail: `${percent(Math.max(right, there.right))} on test, against ` +
          `${percent(Math.min(right, there.right))} of ${behind.name}`,
      });
    ahead = sign || ahead;
  }
  return found.slice(-2);
}

/** The best test, where later ones are worse. */
function best({ runs: [run], ask }) {
  const right = run?.columns.test_accuracy;
  const peak = right && !ask ? peakOf(right) : -1;
  if (peak < 0 || peak === measured(right).at(-1)) return [];
  return [{ run, i: peak, words: "best on test", detail: `${run.name}: ${percent(right[peak])}, ` +
    `at the end ${percent(right[measured(right).at(-1)])}` }];
}

/** Where the smoothed loss is first half of what it began with. */
function halved({ runs: [run] }) {
  const losses = run?.smoothed.loss;
  if (!losses) return [];
  const start = losses.find(Number.isFinite);
  const i = losses.findIndex((loss) => loss <= start / 2);
  return i > 0 ? [{ run, i, words: "loss halved", detail: `${run.name}, smoothed: ` +
    `${show(losses[i])}, it began at ${show(start)}` }] : [];
}

/** Of a run that is over. */
function end({ runs, live, to }) {
  const run = runs.find(({ x }) => x.at(-1) === to);
  const i = run && run.x.length - 1;
  return i > 0 && !live ? [{ run, i, words: "the end", detail: "" }] : [];
}

/** All chapters in the order of their places x on the axis. */
export const chaptersOf = (s) => [layers, learning, halved, leads, best, end]
  .flatMap((rule) => rule(s)).map((found) => ({ ...found, x: found.run.x[found.i] }))
  .filter(({ x }) => Number.isFinite(x)).sort((a, b) => a.x - b.x);
