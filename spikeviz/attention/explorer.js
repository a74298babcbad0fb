// AttentionExplorer: what a token of a trained model looks at. Python runs the model on an image
// and sends all its spikes, or the page runs it (inpage.js); layers, heads, steps, groups, tokens
// are chosen and computed here.

import { clamp, counted, h, percent, put, show } from "../base/page.js";
import { onArrows } from "../base/controls.js";
import { memory } from "../base/memory.js";
import { lasting, mount } from "../base/widget.js";
import { setter, syncing, valuesOf } from "../base/traits.js";
import { surface } from "../base/draw.js";
import { attend, softmaxRows, unpackColumns } from "./attention.js";
import { attentionControls } from "./controls.js";
import { column, titleOf } from "./column.js";
import { imageOf, tokenOf } from "./draw.js";
import { answersOf } from "./inpage.js";
import { mirrorQuestion } from "./question.js";
import { whereView } from "./where.js";

const PLACE = ["layer", "head", "time_step", "group", "token", "key"];
const CHOICES = ["image", "pixels", ...PLACE, "softmax", "attention"];
const SCALED = ["softmax", "plain", "softmaxV", "plainV"]; // each with one scale for all models
const HELP = "Point at a token, click to keep it. Arrow keys move it, " +
  "Page Up and Down change its group. Play goes from token to token.";

const initialize = (props) => syncing(props, CHOICES);

const shapeOf = ({ shape, heads, partition, tokens }) => [shape, heads, partition, tokens];

/** The answer on show and the place in it, each choice within what its layer has. */
function readerOf(model, paint) {
  const once = memory();
  const set = setter(model);
  const asked = answersOf(model, set, paint);
  const { answer } = asked;
  const columns = () => once("columns", [answer()], () => unpackColumns(answer()));
  const layersOf = (name) => (columns().find(({ key }) => key === name) ?? columns()[0]).layers;
  const layers = () => layersOf(model.get("attention"));
  const place = (changes) => {
    const wanted = { ...valuesOf(model, PLACE), ...changes };
    const layer = clamp(wanted.layer, 0, layers().length - 1);
    const { heads, steps, groups, tokens } = layers()[layer];
    const counts = { head: heads, time_step: steps, group: groups, token: tokens, key: tokens };
    const within = Object.entries(counts).map(([name, n]) => [name, clamp(wanted[name], 0, n - 1)]);
    return { layer, ...Object.fromEntries(within) };
  };
  const { columns: first } = model.get("answer");
  const models = first.map(({ key }) => key);
  const shapes = first.map((one) => JSON.stringify(one.layers.map(shapeOf)));
  const alike = shapes.every((shape) => shape === shapes[0]); // they can stand side by side
  /** Another model, with its own map A, at the same places of the image: its groups may hold
   *  other tokens. */
  const choseModel = (attention) => {
    const { layer, ...at } = place();
    const [from, to] = [layers()[layer], layersOf(attention)[layer]];
    const move = (token) => tokenOf(to, from.pixels[at.group * from.tokens + token]);
    const [query, key] = [move(at.token), move(at.key)];
    const other = key.group === query.group ? key.token : query.token;
    set({ attention, softmax: to.softmax, ...query, key: other });
  };
  /** What a network answers, in words; three with their shares where nobody knows the truth. */
  const { classes } = model.get("strip");
  const says = ({ scores }) => {
    if (!scores.length) return "";
    const shares = [...softmaxRows(Float64Array.from(scores), scores.length).entries()]
      .sort(([, one], [, other]) => other - one);
    const named = shares.slice(0, 3).filter(([, share], n) => !n || share > 0.01)
      .map(([n, share]) => `${classes[n] ?? n} ${percent(share)}`);
    return answer().label < 0 ? named.join(", ") : classes[shares[0][0]] ?? shares[0][0];
  };
  return { ...asked, model, set, columns, layers, place, models, alike, choseModel, says };
}

/** Whom a token looks at, in words; soft: whether its network has a softmax. */
function looksMost({ shared, softmax, plain, tokens }, token, soft) {
  const row = shared.subarray(token * tokens, (token + 1) * tokens);
  const common = Math.max(...row);
  if (!common) return "no spike in common with any, " +
    (soft ? `softmax gives all ${percent(1 / tokens)}.` : "so it hears none.");
  const found = [...row.keys()].filter((n) => row[n] === common);
  const named = found.map((n) => (n === token ? "itself" : `token ${n}`));
  const who = named.length > 2 ? `${named.length} tokens` : named.join(" and ");
  const first = token * tokens + found[0];
  const weight = soft ? percent(softmax[first]) : show(plain[first]);
  const each = named.length > 1 ? " each" : "";
  return `looks most at ${who}: ${weight}${each}, ${counted(common, "spike")} in common.`;
}

/** A hand on a canvas: what lies under it shows, and a click keeps it. */
function touch(canvas, hits, { point, choose }) {
  const find = ({ offsetX, offsetY }) => {
    const found = hits().find(({ box }) => box.at(offsetX, offsetY));
    return found ? found.pick(...found.box.at(offsetX, offsetY)) : null;
  };
  canvas.addEventListener("pointermove", (event) => point(find(event)));
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("click", (event) => {
    const found = find(event);
    if (found) choose(found);
  });
}

/** A hand on all pictures, and the keys of the maps. */
function hear(where, parts, hands) {
  touch(where.canvas, where.hits, hands);
  for (const { parts: canvases, hits } of parts) {
    for (const name of ["spikes", "maps", "merged"])
      touch(canvases[name], () => hits.get(canvases[name]) ?? [], hands);
    onArrows(canvases.maps, (right, down) => {
      const { token, key } = hands.place();
      hands.choose({ token: token + down, key: key + right });
    });
  }
}

function render({ model, el, signal }) {
  const reader = readerOf(model, () => paint());
  const { answer, columns, place, models, alike } = reader;
  const once = memory();
  let hover = null; // the choices under the pointer
  const point = (changes) => {
    hover = changes;
    paint();
  };
  const choose = (changes) => {
    hover = null;
    reader.set(place(changes));
    paint();
  };

  const root = h("div", { class: "spikeviz sv-attention" });
  const hands = { ...reader, root, point, choose, paint: () => paint() };
  const controls = attentionControls(hands, signal);
  const where = whereView(hands);
  const question = mirrorQuestion(models, () => paint());
  const parts = models.map(column);
  const summary = h("p", { class: "sv-summary", role: "status" });
  const help = h("p", { class: "sv-caption" }, HELP);
  const body = h("div", { class: "sv-columns" },
    h("div", { class: "sv-where" },
      h("div", {}, where.canvas), h("div", {}, where.text, help, question.element)),
    ...parts.map(({ element }) => element));
  root.append(...controls.elements, summary, body);

  function draw(colour) {
    const at = { ...place(hover), between: [] };
    at.row = hover ? at.token : controls.walk.at(); // a fraction while it plays
    at.token = Math.floor(at.row); // in a film it is not the model's
    if (at.row !== at.token) at.between = [5, 3];
    const [shownAnswer, softmax, wanted] = [answer(), model.get("softmax"), model.get("attention")];
    const { layer, head, time_step, group, token } = at;
    const keys = [shownAnswer, layer, head, time_step, group];
    const there = columns().filter(({ key }) => ["both", key].includes(wanted));
    const seen = (there.length ? there : columns()).map(({ key }) => key); // until it has run
    parts.forEach(({ name, element }) => (element.hidden = !seen.includes(name)));
    const partOf = ({ key }) => parts.find(({ name }) => name === key);
    const all = columns().map((found) => ({ found, part: partOf(found) }))
      .filter(({ part }) => alike || !part.element.hidden)
      .map((one) => ({ ...one, view: once(one.part.name, keys, () =>
        attend(one.found.layers[layer], at)) }));
    const shown = all.filter(({ part }) => !part.element.hidden);
    body.classList.toggle("sv-alone", shown.length < 2);
    const onWhere = surface(where.canvas);
    const surfaces = shown.map(({ part }) => part.surfaces()); // all sizes before any drawing
    const image = once("image", [shownAnswer], () => imageOf(shownAnswer));
    // One scale for what stands side by side.
    const most = (name) => Math.max(...shown.flatMap(({ view }) => [...view[name]]));
    const scales = once("scales", shown.map(({ view }) => view), () =>
      Object.fromEntries(SCALED.map((name) => [name, most(name)])));
    const scene = { at, scales, answer: shownAnswer, layer: reader.layers()[layer], image };
    where.draw(onWhere, scene);
    shown.forEach(({ found, part, view }, n) => part.draw(surfaces[n], {
      ...scene, view, colour, softmax, says: reader.says(found), layer: found.layers[layer],
      mirrored: question.answered(), keys: [...keys, scales, colour.bg, colour.grid],
    }));
    const looks = shown.map(({ part: { name }, found, view }) =>
      `${titleOf(name)}: ${looksMost(view, token, found.layers[layer].softmax)}`);
    summary.ariaLive = controls.walk.playing() ? "off" : "polite";
    put(summary, `Token ${token} of group ${group}, step ${time_step + 1}. ${looks.join(" ")}`);
    where.update(scene);
    controls.update(at, scene.layer, shownAnswer);
    question.update(Object.fromEntries(all.map(({ part, view }) => [part.name, view])));
    const drawn = shown.map(({ part, view }) => ({ key: part.name, ...view }));
    const { image: number, source } = shownAnswer;
    return { at, image: number, source, columns: drawn, says: columns().map(reader.says) };
  }

  hear(where, parts, hands);

  const paint = mount({ model, el, signal }, root, [...CHOICES, "answer", "busy", "problem"], draw,
    { undo: CHOICES, film: { player: controls.walk, stage: body } });
}

export default { initialize, render: lasting(render) };
