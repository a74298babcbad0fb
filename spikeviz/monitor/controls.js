// What a hand or a key does in TrainingMonitor; what it moves is in film.js.

import { GUESS_LABEL, pencilText, placeText } from "./words.js";
import { button, clamp, div, h, put, renew } from "../base/page.js";
import { drag, onArrows, onReset } from "../base/controls.js";
import { makePencil } from "../base/freehand.js";

const GRIP = 14; // pixels from the playhead, within which a hand holds it

/** Pointer and arrow keys on a plot read it along the axis, and in the rates choose a layer; a drag
 *  or a click moves the playhead. While the accuracy is guessed, they draw on it. */
export function movePlot(plot, { view, look, goTo, set, reveal, stateNow }) {
  const { canvas, rated } = plot; // with the scales of its last drawing: they differ in width
  const draws = () => plot.guessed && stateNow().ask;
  const at = ({ offsetX, offsetY }) => ({
    at: clamp(plot.x.invert(offsetX), ...plot.x.domain),
    layer: rated ? Math.floor(plot.rows.invert(offsetY)) : null,
  });
  const away = () => look({ at: null, layer: null, pencil: null });
  canvas.addEventListener("pointermove", (event) => plot.x && !draws() && look(at(event)));
  canvas.addEventListener("pointerleave", ({ pointerType }) => // a finger's layer stays
    pointerType === "touch" ? look({ at: null }) : away());
  canvas.addEventListener("blur", away);

  const pencil = makePencil(view, stateNow, (guess) => set({ guess }));
  let [offset, moved] = [0, false]; // from the hand to the playhead that it holds
  drag(canvas, ({ offsetX, offsetY }, down) => {
    if (!plot.x) return;
    const s = stateNow();
    if (draws()) return pencil.stroke([plot.x.invert(offsetX), plot.y.invert(offsetY) / 100], down);
    const away = plot.x(s.head) - offsetX;
    if (down) offset = Math.abs(away) < GRIP ? away : 0;
    else goTo(plot.x.invert(offsetX + offset));
    moved = !down;
  }, pencil.lift);
  canvas.addEventListener("click", (event) => {
    if (!plot.x || draws()) return;
    if (event.pointerType === "touch") look({ ...at(event), at: null }); // it does not hover
    if (!moved && !offset) goTo(plot.x.invert(event.offsetX));
  });
  onReset(canvas, () => draws() || goTo(Infinity));

  function pencilBy(right, down) {
    pencil.by(right, down);
    canvas.ariaLabel = `${GUESS_LABEL}. ${pencilText(stateNow(), view.pencil)}`;
  }
  onArrows(canvas, (right, down) => {
    if (!plot.x) return false;
    if (draws()) return pencilBy(right, down);
    const by = Math.abs(down) > 1 ? -down : right;
    if (!(by || rated)) return false;
    const [[from, to], rows] = [plot.x.domain, plot.rows?.domain[0]];
    const layer = by || !rated ? view.layer
      : clamp((view.layer ?? (down > 0 ? -1 : rows)) + down, 0, rows - 1);
    const start = view.at ?? (by > 0 ? from : to);
    look({ at: by ? clamp(start + (by * (to - from)) / 100, from, to) : view.at, layer });
  }, 10);
  canvas.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") away();
    if (key !== "Enter") return;
    if (draws()) reveal({});
    else if (view.at !== null) goTo(view.at);
  });
}

/** Buttons of the guess over its plot. */
export function makeGuess({ canvas, stack, box, title, label }, { set, reveal }) {
  const done = button("Done", () => reveal({}));
  const clear = button("Clear", () => set({ guess: [] }));
  const skip = button("Skip", () => reveal({ guess: [] }));
  const again = button("Guess first", () => set({ ask: true, guess: [] }),
    { title: "Hide the accuracy, draw a guess" });
  const row = div("row sv-guess", done, clear, skip);
  stack.append(row);
  box.prepend(div("row sv-asked", title, again));
  const update = (s, words, shipped) => {
    put(title, words);
    row.hidden = !s.ask;
    again.hidden = s.ask || !s.truth || !shipped; // of one's own runs the notebook asks
    done.disabled = clear.disabled = !s.guess.length;
    canvas.classList.toggle("sv-handle", s.ask);
    if (!s.ask) canvas.ariaLabel = label;
    else if (!s.pencil) canvas.ariaLabel = GUESS_LABEL;
  };
  return { update };
}

/** The chapters as buttons, and a line on the one that the playhead is in. */
export function makeChapters(goTo) {
  const element = h("ol", { class: "sv-chapters", "aria-label": "Chapters" });
  const caption = h("p", { class: "sv-caption sv-chapter" });
  const update = (s, text) => {
    const passed = s.head >= s.to ? s.chapters.length - 1
      : s.chapters.findLastIndex(({ x }) => x <= s.head + 1e-9 * (s.to - s.from));
    const key = JSON.stringify(s.chapters.map(({ x, words }) => [x, words]));
    renew(element, key, () => s.chapters.map(({ x, words }) => {
      const chip = button("", () => goTo(x));
      chip.append(h("b", {}, placeText(s, x)), ` ${words}`);
      return h("li", {}, chip);
    }));
    [...element.children].forEach((item, k) => {
      item.firstChild.ariaCurrent = k === passed ? "step" : "false";
      item.firstChild.classList.toggle("sv-ahead", k > passed);
      item.classList.toggle("sv-away", s.playing && k > passed); // no film tells its end
    });
    element.hidden = !s.chapters.length;
    caption.hidden = !s.chapters.length;
    caption.ariaLive = s.playing || s.live ? "off" : "polite";
    put(caption, text(s, s.chapters[passed]));
  };
  return { element, caption, update };
}
