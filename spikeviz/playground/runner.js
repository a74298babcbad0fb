// Trains in the page, some milliseconds a frame, while a reader wants it.

import { calm } from "../base/controls.js";
import { button } from "../base/page.js";

const BUDGET = 8; // ms of a frame
const SLOW = 250; // ms between two pictures where motion is unwelcome
const TELL = 1000; // ms between two words to Python
const ALONE = 600; // steps that it takes by itself

/**
 * {press, start(goal), stop, playing, once}: the button; start() goes on until a step `goal`;
 * once(picture) does so by itself when that is first in sight. speed() is in steps a frame;
 * tell() sends what was learned; rests() hears an end.
 */
export function makeRunner({ session, speed, paint, tell, signal, rests = () => {} }) {
  let [frame, last, drawn, told] = [0, Infinity, 0, 0];
  const press = button("▶ Train", () => (frame ? stop() : start()), { class: "sv-play" });
  function tick(now) {
    const most = Math.min(speed(), last - session.trainer.steps);
    const goes = session.learn(most, performance.now() + BUDGET);
    if (!goes || session.trainer.steps >= last) return stop();
    if (!calm() || now - drawn > SLOW) {
      drawn = now;
      paint();
    }
    if (now - told > TELL) {
      told = now;
      tell();
    }
    frame = requestAnimationFrame(tick);
  }
  function start(goal = Infinity) {
    cancelAnimationFrame(frame);
    last = goal;
    told = performance.now();
    frame = requestAnimationFrame(tick);
    press.textContent = "❚❚ Pause";
  }
  function stop() {
    if (!frame) return;
    cancelAnimationFrame(frame);
    frame = 0;
    press.textContent = "▶ Train";
    tell();
    rests();
    paint();
  }
  function once(picture) {
    if (calm() || session.trainer.steps) return;
    const sight = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      sight.disconnect();
      if (!frame) start(ALONE);
    }, { threshold: 0.6 });
    sight.observe(picture);
    const end = () => {
      sight.disconnect();
      if (last === ALONE) stop();
    };
    picture.closest(".spikeviz").addEventListener("keydown", end,
      { capture: true, once: true, signal });
    signal.addEventListener("abort", () => sight.disconnect());
  }
  signal.addEventListener("abort", () => cancelAnimationFrame(frame));
  return { press, start, stop, once, playing: () => frame > 0 };
}
