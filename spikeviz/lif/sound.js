// The sound of LIFExplorer: a click for each spike while it plays, once a hand has asked for it.

import { button } from "../base/page.js";
import { SOUND } from "./words.js";

const [PITCH, LOUD, LONG] = [1400, 0.25, 0.03]; // Hz, share of the loudest, seconds

/** {element, follow(passed, playing)}: clicks where more spikes have passed than before. */
export function clicker(signal) {
  let [audio, before] = [null, 0];
  const element = button(SOUND.off, () => {
    if (audio) {
      audio.close();
      audio = null;
    } else audio = new AudioContext(); // a browser lets a page sound after a press only
    element.textContent = audio ? SOUND.on : SOUND.off;
    element.ariaPressed = String(audio !== null);
  }, { "aria-pressed": "false" });
  signal.addEventListener("abort", () => audio?.close());
  function click() {
    const [tone, loud] = [audio.createOscillator(), audio.createGain()];
    const now = audio.currentTime;
    tone.frequency.value = PITCH;
    loud.gain.setValueAtTime(LOUD, now);
    loud.gain.exponentialRampToValueAtTime(0.001, now + LONG);
    tone.connect(loud).connect(audio.destination);
    tone.start(now);
    tone.stop(now + LONG);
  }
  const follow = (passed, playing) => {
    if (audio && playing && passed > before) click();
    before = passed;
  };
  return { element, follow };
}
