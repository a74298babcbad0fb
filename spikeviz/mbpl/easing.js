// A value that follows a hand, eased: an axis that makes room, lines that part.

import { calm } from "../base/controls.js";

const TIME = 90; // ms in which it goes two thirds of its way
const NEAR = 0.002; // of the way that counts as arrived

/**
 * hold(true) while a hand moves it and hold(false) when it lets go; at(target) is the value now. It
 * jumps where no hand is at work and where motion is unwelcome.
 */
export function easing(paint, signal) {
  let [value, before, held, follows, frame] = [null, 0, false, false, 0];
  signal.addEventListener("abort", () => cancelAnimationFrame(frame));
  function hold(is) {
    if (is) [before, follows] = [performance.now(), true];
    held = is;
    paint();
  }
  function at(target) {
    const now = performance.now();
    const part = 1 - Math.exp(-(now - before) / TIME);
    before = now;
    if (value === null || !follows || calm()) value = target;
    else value += (target - value) * part;
    const away = Math.abs(target - value) > NEAR * Math.max(1, Math.abs(target));
    if (!away) value = target;
    if (!away && !held) follows = false;
    cancelAnimationFrame(frame);
    if (away) frame = requestAnimationFrame(paint);
    return value;
  }
  return { hold, at };
}
