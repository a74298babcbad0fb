// Gestures of a hand on a widget: where one begins, and the way back.

import { button } from "./page.js";
import { listen, setter, valuesOf } from "./traits.js";

const PAUSE = 700; // ms without a change, after which the next one begins a gesture
const MOST = 50; // gestures that are kept

/** begins() at each change: is it the first of a gesture? begins.anew(): the next one is. */
export function gestures(signal) {
  let [held, last] = [0, -Infinity]; // when a pointer went down, 0 while none is; the last change
  const hear = (type, then) =>
    addEventListener(type, then, { capture: true, passive: true, signal });
  hear("pointerdown", () => (held = performance.now()));
  for (const end of ["pointerup", "pointercancel"]) hear(end, () => (held = 0));
  const begins = () => {
    const now = performance.now();
    const first = held ? last < held : now - last > PAUSE;
    last = now;
    return first;
  };
  return Object.assign(begins, { anew: () => (last = -Infinity) });
}

const MOVES = "spikeviz:moves";

/** Says, ahead of it, that a hand changes by `element` what goes `along` with gestures. */
export const moves = (element) => element.dispatchEvent(new Event(MOVES, { bubbles: true }));

/**
 * The way back over the last gestures on the traits `names`: Ctrl+Z on `root` and a button; with
 * Shift, forward again. The traits `along`, such as what a mere look moves, go back with them, but
 * are a gesture of their own only after `moves` on an element in `root`. Returns the button.
 */
export function undoer(model, root, [names, along], signal) {
  const begins = gestures(signal);
  const now = () => valuesOf(model, [...names, ...along]);
  let [present, moving] = [now(), false];
  const [past, future] = [[], []];
  const back = button("↶ Undo", () => go(past, future), { title: "Ctrl+Z; with Shift, redo" });
  // Not `disabled`: the focus would leave it, and Ctrl+Shift+Z not be heard.
  const update = () => (back.ariaDisabled = !past.length);
  function go(from, to) {
    if (!from.length) return;
    to.push(present);
    moving = true;
    setter(model)(from.pop());
    moving = false;
    begins.anew();
    present = now();
    update();
  }
  function keep() {
    if (!begins()) return;
    past.push(present);
    past.splice(0, past.length - MOST);
    future.length = 0;
    update();
  }
  listen(model, names, () => {
    if (moving) return;
    keep();
    present = now();
  }, signal);
  root.addEventListener(MOVES, keep);
  listen(model, along, () => moving || (present = now()), signal);
  root.addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, metaKey, shiftKey } = event;
    if (!(ctrlKey || metaKey) || key.toLowerCase() !== "z") return;
    if (target.matches("textarea, input[type=text]")) return; // has a way back of its own
    event.preventDefault();
    event.stopPropagation();
    if (shiftKey) go(future, past);
    else go(past, future);
  });
  update();
  return back;
}
