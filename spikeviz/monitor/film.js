// The playhead of TrainingMonitor and what is on show where it stands.

import { unpacker, compute } from "./runs.js";
import { chaptersOf } from "./chapters.js";
import { clockText } from "./words.js";
import { clamp } from "../base/page.js";
import { missOf } from "../base/freehand.js";
import { memory } from "../base/memory.js";
import { calm, player } from "../base/controls.js";
import { offline } from "../base/widget.js";
import { listen, valuesOf } from "../base/traits.js";

export const SETTINGS = ["axis", "smoothing", "log_loss", "hidden", "ask", "guess"];
export const SENT = ["done", "present", "progress", "state", "problem", "about", "stop_asked"];
const SCENES = 60; // the places of the film, from the beginning of the runs to their end
const LASTS = 12; // seconds
const NEAR = 1; // scenes around a chapter in which time slows

/**
 * {film, a player; stateNow(), what is on show; look(changes) changes the view and draws; goTo(x)
 * moves the playhead; reveal(traits) ends the guess: the true curve is drawn over it}.
 */
export function makeFilm(model, set, signal, paint) {
  // place: of the playhead, in scenes; null: at the end, also while the log grows
  const view = { at: null, layer: null, pencil: null, place: null };
  const unpack = unpacker();
  const once = memory();
  let [version, data, state] = [0, 0, null]; // of the curves; of what smoothing leaves as it is
  const heard = (names, change) => listen(model, names, () => {
    change();
    state = null;
  }, signal);
  heard(["guess"], () => {});
  heard(["smoothing", "log_loss", "ask"], () => version++);
  heard(["axis", "hidden", ...SENT], () => {
    version++;
    data++;
  });

  const look = (changes) => {
    Object.assign(view, changes);
    paint();
  };
  const go = (place) => look({ place: place >= SCENES ? null : Math.max(place, 0) });
  const sceneOf = ({ from, to }, x) => ((x - from) / (to - from)) * SCENES;

  function read() {
    const known = once("runs", [version], () => {
      const runs = unpack({ ...model.get("done"), ...model.get("present") });
      const under = ["running", "stopping"].includes(model.get("state"));
      const s = compute(runs, valuesOf(model, SETTINGS), under && !offline(model));
      return { ...s, version, data, chapters: chaptersOf(s) };
    });
    const s = { ...known, guess: model.get("guess") };
    return { ...s, miss: missOf(s) };
  }

  /** A paused playhead stays where it is while the log grows; a new axis or run shows its end. */
  function hold({ axis, live, from, to }) {
    const [before, length] = [view.span, to - from];
    view.span = { axis, live, length };
    if (!before || view.place === null || film.playing()) return;
    if (before.axis !== axis || (live && !before.live)) view.place = null;
    else if (before.length !== length) view.place *= before.length / length;
  }

  function stateNow() {
    if (!state) hold((state = read()));
    const { from, to } = state;
    const head = view.place === null ? to : from + (view.place / SCENES) * (to - from);
    const { at, layer, pencil } = view;
    return Object.assign(state, { head, at, layer, pencil, playing: film.playing() });
  }

  const film = player({
    last: () => SCENES, at: () => view.place ?? SCENES, go, signal, smooth: true,
    rate(place) {
      const s = stateNow();
      const near = s.chapters.some(({ x }) => Math.abs(sceneOf(s, x) - place) < NEAR);
      return (SCENES / LASTS) * (near ? 0.5 : 1.2);
    },
    text: () => clockText(stateNow()), label: "Playhead",
  });

  function goTo(x) {
    const s = stateNow();
    film.stop();
    go(sceneOf(s, clamp(x, s.from, s.to)));
  }

  function reveal(changes) {
    set({ ask: false, ...changes });
    look({ place: null, pencil: null });
    if (!calm()) film.elements[0].click();
  }

  return { film, view, set, look, goTo, reveal, stateNow };
}
