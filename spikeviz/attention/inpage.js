// AttentionExplorer's answers: Python's, or without it those of the networks that ship: they run in
// the page.

import { offline } from "../base/life.js";
import { fitImage } from "../micro/picture.js";
import { canOpen, openNetwork } from "../micro/weights.js";

/** The layers of attention among the steps of a run, those in a residual too. */
const attentions = (steps) =>
  steps.flatMap((step) => (step.kind === "attention" ? [step] : attentions(step.run ?? [])));

/** A layer that ran, with its spikes: what Python's `pack_layer` says, unpacked. */
function layerOf({ name, heads, partition, size, softmax, ...runs }, neurons) {
  const last = (steps) => neurons[steps.findLast(({ kind }) => kind === "neurons").name];
  const found = ["q", "k", "v", "out"].map((part) => [part, last(runs[part] ?? runs.q)]);
  const { shape } = found[0][1];
  const [steps, , height, width] = shape;
  const tokens = partition === "full" ? height * width : size ** 2;
  return {
    name: name.replace(/\.attend$/, ""), kind: runs.k ? "sisa" : "bdsa", shape, heads, partition,
    size, softmax, steps, tokens, groups: (height * width) / tokens,
    bits: Object.fromEntries(found.map(([part, { spikes }]) => [part, spikes])),
  };
}

/** The planes as bytes to draw, as Python's `pack_image`. */
const bytesToDraw = (image, [channels, height, width]) =>
  Uint8Array.from(image, (_, n) =>
    Math.round(255 * image[(n % channels) * height * width + Math.floor(n / channels)]));

/** What a network says to a picture: its column of the answer, and the picture as it took it. */
async function askNetwork(key, file, pixels, model) {
  const { header, run } = await openNetwork(file, model);
  const [channels] = header.image;
  const side = Math.sqrt(pixels.byteLength / channels);
  const image = fitImage({ side, channels, data: pixels }, header.image);
  const { logits, neurons } = await run(image);
  const scores = logits[0].map((_, c) =>
    logits.reduce((sum, step) => sum + step[c], 0) / logits.length);
  const layers = attentions(header.boxes.flatMap(({ run: steps }) => steps))
    .map((step) => layerOf(step, neurons));
  return {
    column: { key, scores, layers },
    picture: { side: header.image.slice(1), pixels: bytesToDraw(image, header.image) },
  };
}

/**
 * Answers that need no Python. files: {key: a network's file}.
 * ask({image, label, pixels, keys}): the newest answer that was found, which has the columns of
 * `keys` once they are there; paint() when it is newer. Of the pictures that come while another one
 * is under way, the newest waits.
 */
function pageAnswers({ model, files }, paint) {
  let [wanted, found, problem, busy] = [null, null, "", false];
  const said = (pixels) => (found?.source === pixels ? found.said : {}); // by these networks so far

  async function answer({ image, label, pixels, keys }) {
    const all = { ...said(pixels) };
    for (const key of keys) all[key] ??= await askNetwork(key, files[key], pixels, model);
    const columns = Object.keys(files).filter((key) => all[key]).map((key) => all[key].column);
    found = { image, label, ...all[keys[0]].picture, columns, said: all, source: pixels };
  }
  async function work() {
    busy = true;
    for (let now = null; now !== wanted; paint()) {
      now = wanted;
      problem = await answer(now).then(() => "", ({ message }) => message);
    }
    busy = false;
    paint();
  }
  function ask(asked) {
    const same = wanted?.pixels === asked.pixels && String(wanted.keys) === String(asked.keys);
    if (same || asked.keys.every((key) => said(asked.pixels)[key])) return found;
    wanted = asked;
    if (!busy) work();
    return found;
  }
  return { ask, busy: () => busy, problem: () => problem };
}

/** What is asked, and the answer on show: Python's, one of a saved page's, or the page's own. */
export function answersOf(model, set, paint) {
  const fixed = offline(model);
  const { items, own } = model.get("strip");
  const first = model.get("answer");
  const files = own.files ?? {};
  const page = pageAnswers({ model, files }, paint);
  const runs = Object.keys(files).filter((key) => canOpen(files[key], model)); // in this page
  const itemOf = (image) => items.find((item) => item.image === image);
  const drawn = () => model.get("pixels").byteLength > 0;
  const saved = model.get("pixels"); // answered when the page was saved
  const isFirst = () => (drawn() ? model.get("pixels") === saved
    : first.image === model.get("image"));
  const knows = (image) => !fixed || image === first.image || (itemOf(image) &&
    (runs.length > 0 || itemOf(image).answer !== undefined));
  // What was asked last may not have been answered.
  if (!drawn() && !knows(model.get("image"))) set({ image: first.image });
  const none = new DataView(new ArrayBuffer(0));

  function answer() {
    if (!fixed) return model.get("answer");
    if (isFirst()) return first;
    const image = drawn() ? -1 : model.get("image");
    const item = itemOf(image);
    if (item?.answer) return item.answer;
    const wanted = model.get("attention");
    const keys = runs.includes(wanted) ? [wanted] : runs;
    const { pixels, label } = item ?? { pixels: model.get("pixels"), label: -1 };
    return page.ask({ image, label, pixels, keys }) ?? first;
  }
  const waits = () => (fixed ? page.busy() : !model.get("problem") && (model.get("busy") ||
    (!drawn() && answer().image !== model.get("image"))));
  return {
    fixed, answer, knows, drawn, waits, still: fixed && !runs.length,
    lacks: fixed && runs.length ? Object.keys(files).filter((key) => !runs.includes(key)) : [],
    problem: () => (fixed ? page.problem() : model.get("problem")),
    show: (image) => set({ image, pixels: none }),
  };
}
