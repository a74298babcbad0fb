// The stations of the way: a link to each notebook, with its piece of the path and its picture.

import { dot, redrawer, stroke } from "../base/draw.js";
import { clamp, h, put } from "../base/page.js";
import { drawPicture } from "./pictures.js";
import { number } from "./words.js";

const NODE = 12; // px from a station's left edge to its point on the path

/**
 * What opens a notebook: a link on the site, where its page lies beside, and in JupyterLab, which
 * opens it in a tab as it does for a link in a text; elsewhere a button, which calls press().
 */
export function opener(model, file, press, attributes, ...inside) {
  const page = model.get("pages")[file];
  if (page) return h("a", { href: page, ...attributes }, ...inside);
  const { context, rendermime } = model.widget_manager ?? {};
  const own = context?.path; // of the notebook that shows the map
  if (!own?.endsWith(".ipynb") || !rendermime?.linkHandler)
    return h("button", { type: "button", onclick: press, ...attributes }, ...inside);
  const link = h("a", { href: `${file}.ipynb`, ...attributes }, ...inside);
  rendermime.linkHandler.handleLink(link, own.replace(/[^/]*$/, `${file}.ipynb`), "");
  return link;
}

/** The path in a station: travelled up to `ahead`, in stations from here; its point says how much
 *  of the notebook is solved, from 0 to 1, and whether it is the next to be read. */
function drawTrack({ ctx, width, height }, colour, { ahead, solved, next, first, last }) {
  const y = height / 2;
  const spike = NODE + ahead * width;
  const [left, right] = [first ? NODE : 0, last ? NODE : width];
  stroke(ctx, colour.grid, [[left, y], [right, y]], 4);
  if (spike > left) stroke(ctx, colour.blue, [[left, y], [Math.min(right, spike), y]], 4);
  const arrived = ahead >= 0;
  dot(ctx, NODE, y, 7, solved === 1 ? colour.green : arrived ? colour.blue : colour.muted);
  if (solved < 1) dot(ctx, NODE, y, 4.5, colour.bg);
  const ring = (radius, own, wide, share = 1) => {
    Object.assign(ctx, { strokeStyle: own, lineWidth: wide });
    ctx.beginPath();
    ctx.arc(NODE, y, radius, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * share);
    ctx.stroke();
  };
  if (solved > 0 && solved < 1) ring(5.75, colour.green, 3, solved);
  const tick = [[NODE - 3, y], [NODE - 1, y + 3], [NODE + 4, y - 3]];
  if (solved === 1) stroke(ctx, colour.bg, tick, 2);
  if (next) ring(10, colour.blue, 2);
  const age = ahead / 0.6; // since the spike passed
  if (age > 0 && age < 1) {
    ctx.globalAlpha = 1 - age;
    ring(5 + 6 * age, colour.red, 2);
    ctx.globalAlpha = 1;
  }
  if (Math.abs(ahead) < 1e-6 || (spike > -6 && spike < width + 6 && !(last && ahead > 0)))
    dot(ctx, spike, y, 4.5, colour.red);
}

/**
 * The station of a notebook, the i-th. update(colour, place, looked, says) draws it: where the
 * spike is on the way, how far the picture has come under a look, what to say: how many exercises
 * are done, whether it is next. As the spike comes, the picture has its pass.
 */
export function station(model, notebook, i, last, press) {
  const side = notebook.after !== undefined;
  const canvas = (name) => h("canvas", { class: name, "aria-hidden": "true" });
  const [track, picture] = [canvas("sv-track"), canvas("sv-picture")];
  const time = h("small");
  const words = h("span", {}, h("b", {}, number(notebook)), ` ${notebook.title}`);
  const element = opener(model, notebook.file, press,
    { class: side ? "sv-station sv-side" : "sv-station" },
    ...(side ? [] : [track]), picture, words, time);
  const redraw = redrawer();
  const update = (colour, place, looked, { done, next, text }) => {
    put(time, text);
    const coming = place - i + 1;
    const passing = coming > 0 && coming < 1 && !side ? coming : 1;
    const own = looked < 1 ? looked : passing;
    const ahead = clamp(place - i, -1.2, 1.2);
    const solved = done && done / notebook.checks.length;
    if (!side) redraw(track, [colour, ahead, solved, next], (surface) =>
      drawTrack(surface, colour, { ahead, solved, next, first: !i, last: i === last }));
    redraw(picture, [colour, own], (surface) =>
      drawPicture(number(notebook), surface, colour, own));
  };
  return { element, update };
}
