// A curve that is drawn by hand; then the result over it, on the same axes.

import { asking } from "./ask.js";
import { PAD, PENCIL, pictureText, pointText } from "./words.js";
import { button, clamp, div, h, key } from "../base/page.js";
import { drag, onArrows } from "../base/controls.js";
import { axes, dot, label, scale, stroke, surface } from "../base/draw.js";
import { makePencil, missOf, pointsOf } from "../base/freehand.js";

const [LEFT, RIGHT, TOP, BELOW] = [50, 14, 24, 42]; // room around the plot

function makeCurve(now, set, paint) {
  const [[from, to], [low, high]] = [now().x, now().y];
  const valueOf = (share) => Number((low + share * (high - low)).toPrecision(4));
  const shareOf = (value) => (value === null ? null : (value - low) / (high - low));
  const view = { pencil: null, x: null, y: null };
  /** As a hand draws it: shares of the height. */
  const drawn = (s) => {
    const truth = s.result && { x: s.result.x, values: s.result.values.map(shareOf) };
    return { from, to, guess: (s.guess ?? []).map(shareOf), truth };
  };
  const open = () => now().state === "open";
  const write = (guess) =>
    set({ guess: guess.map((share) => (share === null ? null : valueOf(share))) });
  const pencil = makePencil(view, () => drawn(now()), write);
  const canvas = h("canvas", { tabindex: 0 });
  drag(canvas, ({ offsetX, offsetY }, down) => {
    if (!open() || !view.x) return;
    view.pencil = null;
    const x = clamp(view.x.invert(offsetX), from, to);
    pencil.stroke([x, shareOf(view.y.invert(offsetY))], down);
  }, pencil.lift);
  onArrows(canvas, (right, down) => {
    if (!open()) return false;
    pencil.by(right, down);
    return true;
  }, 10);
  canvas.addEventListener("blur", () => {
    view.pencil = null;
    paint();
  });
  const clear = button("Clear", () => set({ guess: null }));
  const keys = div("keys", key("other", "your prediction"), key("result", "what comes out"));

  function speak(s) {
    const { x, y, state } = s;
    canvas.setAttribute("role", state === "open" ? "slider" : "img");
    canvas.ariaLabel = state === "open" ? PENCIL : pictureText(s);
    const [at, share] = view.pencil ?? [from, drawn(s).guess[0] ?? 0.5];
    const value = valueOf(share);
    const says = { ariaValueMin: low, ariaValueMax: high, ariaValueNow: value,
      ariaValueText: pointText(x, y, at, value) };
    for (const [name, text] of Object.entries(says))
      canvas[name] = state === "open" ? text : null; // a picture has none
  }

  function update(s, colour) {
    const asks = s.state === "open";
    canvas.classList.toggle("sv-handle", asks);
    clear.hidden = !asks;
    clear.disabled = s.guess === null;
    keys.hidden = s.result === null || s.guess === null;
    speak(s);
    const { ctx, width, height } = surface(canvas);
    const values = s.result?.values ?? [];
    const x = scale([from, to], [LEFT, width - RIGHT]);
    const y = scale([Math.min(low, ...values), Math.max(high, ...values)], [height - BELOW, TOP]);
    Object.assign(view, { x, y });
    axes(ctx, x, y, { colour, xTitle: s.x[2], yTitle: s.y[2] });
    const mine = drawn(s);
    const points = pointsOf(mine).map(([at, share]) => [x(at), y(valueOf(share))]);
    if (asks && !points.length)
      label(ctx, PAD, (LEFT + width - RIGHT) / 2, (TOP + height - BELOW) / 2, colour.muted,
        "center", "middle", width - LEFT - RIGHT - 10);
    stroke(ctx, colour.purple, points, 3, s.result ? [2, 4] : []);
    if (s.result)
      stroke(ctx, colour.blue, s.result.x.map((at, i) => [x(at), y(values[i])]), 3);
    if (asks && view.pencil)
      dot(ctx, x(view.pencil[0]), y(valueOf(view.pencil[1])), 6, colour.purple);
    return missOf(mine);
  }
  return { element: h("div", {}, div("stack", canvas), keys), buttons: [clear], update,
    ready: (s) => pointsOf(drawn(s)).length > 1 };
}

export default asking(makeCurve);
