// The playhead of SpikeRaster, over the steps in view.

import { clockText } from "./words.js";
import { player } from "../base/controls.js";

const LASTS = 12; // seconds, for many steps; few go by at 4 a second

/** A player over the columns in view; view.place is how many have gone by, null at rest. */
export function makeFilm({ view, look, compute }, signal) {
  const last = () => {
    const [a, b] = compute().window;
    return b - a;
  };
  const film = player({
    last, at: () => view.place ?? last(), signal, smooth: true,
    go: (place) => look({ place: place >= last() ? null : place }),
    rate: () => Math.max(4, last() / LASTS),
    text: () => clockText(compute()), label: "Playhead",
  });
  let shown;
  /** Before each drawing: another part or layer has no playhead yet. */
  const follow = () => {
    const { name, sample, window } = compute();
    const key = JSON.stringify([name, sample, window]);
    if (key !== shown) view.place = null;
    shown = key;
    view.playing = film.playing();
  };
  return { ...film, follow };
}
