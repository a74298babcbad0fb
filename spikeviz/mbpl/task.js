// The design task: an image within an error, with as few spikes as can be. The plane of both, where
// each design that was tried leaves a dot.

import { axes, dot, label, scale, stroke, upright } from "../base/draw.js";
import { clamp, counted, h, para, put, show } from "../base/page.js";

export const ERROR = 0.2; // at most, in the unit of x
export const STARS = [2, 1.5, 1.2]; // spikes a pixel, at most
const MOST = 400; // dots
const PLAIN = "12px system-ui, sans-serif";

const two = (value) => show(value, 2);
const designOf = ({ n, p }) => `${n} branch${n === 1 ? "" : "es"}, T = ${p.time_steps}`;

/** How many stars a design earns. */
const starsOf = ({ error, spikes }) =>
  (error <= ERROR ? STARS.filter((most) => spikes <= most).length : 0);

function wordsOf(state, stars, best) {
  const { error, spikes } = state.now;
  const fits = (is, too) => (is ? "✓" : too);
  const begin = `${designOf(state)}: error ${show(error)} (at most ${ERROR}: ` +
    `${fits(error <= ERROR, "too large")}), ${two(spikes)} spikes a pixel (at most ${STARS[0]}: ` +
    `${fits(spikes <= STARS[0], "too many")}).`;
  if (!best) return `${begin} Both have to be ✓.`;
  const next = STARS[best.stars];
  const on = next ? `The next star: at most ${next} spikes.` : "No more stars to earn.";
  return `${begin}${stars ? ` Reached: ${"★".repeat(stars)}.` : ""} Your fewest: ` +
    `${two(best.spikes)} spikes with ${best.design} ${"★".repeat(best.stars)}. ${on}`;
}

function drawPlane({ ctx, width, height }, state, tried, colour) {
  const x = scale([0.3, 40], [40, width - 14], true);
  const y = scale([0, 0.45], [height - 38, 22]);
  axes(ctx, x, y, {
    colour, xTitle: "spikes a pixel", yTitle: "error; green: the goal", yTicks: [0, 0.2, 0.4],
  });
  ctx.save();
  Object.assign(ctx, { fillStyle: colour.green, globalAlpha: 0.18 });
  ctx.fillRect(x.range[0], y(ERROR), x(STARS[0]) - x.range[0], y(0) - y(ERROR));
  ctx.restore();
  STARS.forEach((most, i) => {
    stroke(ctx, colour.green, upright(x(most), { range: [y(0), y(ERROR)] }), 1.5, i ? [3, 3] : []);
    label(ctx, String(i + 1), x(most) - 4, y(0) - 9, colour.green, "right");
  });
  const at = ({ error, spikes }) => [x(clamp(spikes, 0.3, 40)), y(Math.min(0.45, error))];
  for (const one of tried) dot(ctx, ...at(one), 2.5, starsOf(one) ? colour.green : colour.muted);
  const [px, py] = at(state.now);
  dot(ctx, px, py, 7, starsOf(state.now) ? colour.green : colour.red);
  dot(ctx, px, py, 3, colour.bg);
  ctx.font = `600 ${PLAIN}`;
  const left = px > width / 2;
  label(ctx, designOf(state), px + (left ? -12 : 12), py - 10, colour.fg, left ? "right" : "left");
  ctx.font = PLAIN;
}

/** {elements, update(state), draw(surface, state, look)}. */
export function makeTask() {
  const canvas = h("canvas", {
    class: "sv-mbpl-plane", role: "img", "aria-label": "The designs that were tried",
  });
  const words = h("p", { class: "sv-mbpl-task", role: "status" });
  const title = para("title", `The task: an error of at most ${ERROR}, and at most ` +
    `${counted(STARS[0], "spike")} a pixel; the fewer the better`);
  const elements = [h("div", {}, title, words), h("div", {}, canvas)];
  const tried = [];
  let [best, last] = [null, ""];
  function update(state) {
    const stars = starsOf(state.now);
    if (state.key !== last) tried.push({ ...state.now });
    last = state.key;
    if (tried.length > MOST) tried.shift();
    const { spikes } = state.now;
    if (stars && (!best || spikes < best.spikes - 1e-9))
      best = { stars, spikes, design: designOf(state) };
    put(words, wordsOf(state, stars, best));
    canvas.ariaLabel = words.textContent;
  }
  const draw = (surface, state, { colour }) => drawPlane(surface, state, tried, colour);
  return { elements, canvas, update, draw };
}
