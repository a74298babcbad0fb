// What a reader moves: numbers, choices, what a pointer drags, the play button.

import { button, clamp, h, renew, show, snap } from "./page.js";

/**
 * [update, forget] of a control that shows a value: update(value) writes it if it was not told
 * last, so that what a hand is about to enter stays; forget() before each move of the control.
 */
function teller(write) {
  let told;
  const update = (value) => {
    if (value !== told) write(value);
    told = value;
  };
  return [update, () => (told = undefined)];
}

/**
 * A labelled range with a number field beside it. `limit(value)` gives the nearest value allowed
 * now, by default one in the range, and a whole one if it must be; what lies outside is moved there
 * and marked. set(value) hears every move.
 */
export function numberControl({ label, unit = "", range: [min, max, step], ...more }) {
  const { whole, disabled, set } = more;
  const { limit = (value) => clamp(whole ? Math.round(value) : value, min, max) } = more;
  const input = (type, fine, says) =>
    h("input", { type, min, max, step: fine, disabled, "aria-label": says });
  const range = input("range", step, label);
  const number = input("number", "any", `${label}, exact value`);
  const note = h("span", { class: "sv-note", role: "status" });
  const enter = (text) => {
    const asked = Number(text);
    if (text.trim() === "" || !Number.isFinite(asked)) return;
    const value = limit(asked);
    note.textContent = Math.abs(value - asked) > 1e-9 ? `limited to ${show(value)}` : "";
    forget();
    update(value);
    set(value); // a drawing has the last word
  };
  range.addEventListener("input", () => enter(range.value));
  number.addEventListener("change", () => enter(number.value));
  const element = h("div", { class: "sv-control" },
    h("span", { class: "sv-label", "aria-hidden": "true" }, label), range, number,
    h("span", { class: "sv-unit" }, unit), note);
  const [update, forget] = teller((value) => {
    range.value = value;
    const text = String(Number(value.toFixed(4)));
    if (number.value !== text) number.value = text;
    range.ariaValueText = `${show(value)} ${unit}`.trim();
  });
  return { element, update };
}

/** Controls of a model's traits with their names: number("tau", "τ, in steps") has tau's limits. */
export function traitControls(model, set) {
  const to = (name) => ({ set: (value) => set({ [name]: value }) });
  return {
    number: (name, label, more) =>
      numberControl({ label, range: model.get("limits")[name], ...to(name), ...more }),
    pick: (name, label, options, more) => choice({ label, options, ...to(name), ...more }),
    check: (name, label, more) => checkbox({ label, ...to(name), ...more }),
  };
}

/** Show {name: value} in the controls of these names; one without a value stays as it is. */
export function showValues(controls, values) {
  for (const [name, control] of Object.entries(controls))
    if (values[name] != null) control.update(values[name]);
}

/** Follow a pointer that went down on `element` until it is released. */
export function drag(element, move, end = () => {}) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    element.setPointerCapture(event.pointerId);
    move(event, true);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) move(event, false);
  });
  element.addEventListener("lostpointercapture", end);
  element.addEventListener("mousedown", (event) => { // it would select words, too
    event.preventDefault();
    element.closest("[tabindex]")?.focus({ preventScroll: true, focusVisible: false });
  });
}

/** A hand on a picture that is no handle: a mouse drags, a finger taps, as its drag scrolls. */
export function pointAt(element, move, end = () => {}) {
  drag(element, (event, down) => event.pointerType === "touch" || move(event, down), end);
  element.addEventListener("click", (event) => {
    if (event.pointerType !== "touch") return;
    move(event, true);
    end();
  });
}

/** A double click or tap on a handle: reset() sets back what it moves. */
export const onReset = (element, reset) => element.addEventListener("dblclick", reset);

/** look(at(event)) as a pointer moves over `element`; look(null) when it or the focus leaves. */
export function onPoint(element, at, look) {
  element.addEventListener("pointermove", (event) => look(at(event)));
  for (const name of ["pointerleave", "blur"]) element.addEventListener(name, () => look(null));
}

/**
 * Arrow keys on `element`: move(right, down, event) hears −1, 0 or 1 of each, and ±`page` for Page
 * Up and Down, ±`ends` for Home and End, if there are such. A key is the page's own again where
 * move returns false.
 */
export function onArrows(element, move, page = 0, ends = 0) {
  const ways = {
    ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    PageUp: [0, -page], PageDown: [0, page], Home: [0, -ends], End: [0, ends],
  };
  element.addEventListener("keydown", (event) => {
    const [right, down] = ways[event.key] ?? [0, 0];
    if ((right || down) && move(right, down, event) !== false) event.preventDefault();
  });
}

/**
 * A labelled choice among `options`: texts, or [value, text]. set(value) hears every change. `name`
 * is what a screen reader says, `list` the element without the label; offer(options) changes them.
 */
export function choice({ label, name = label, options, set }) {
  const list = h("select", { "aria-label": name, onchange });
  const [update, forget] = teller((value) => (list.value = value));
  function onchange() {
    forget();
    set(list.value);
  }
  const option = ([value, text = value]) => h("option", { value }, text);
  const offer = (all) => {
    if (renew(list, JSON.stringify(all), () => all.map((one) => option([one].flat())))) forget();
  };
  offer(options);
  const words = h("span", { class: "sv-label" }, label);
  const element = h("label", { class: "sv-control" }, words, list);
  return { element, list, offer, update };
}

/** A labelled checkbox. set(true or false) hears every change. */
export function checkbox({ label, set }) {
  const box = h("input", { type: "checkbox", onchange });
  const [update, forget] = teller((value) => (box.checked = value));
  function onchange() {
    forget();
    set(box.checked);
  }
  return { element: h("label", { class: "sv-control sv-check" }, box, label), update };
}

/** Whether this reader wants nothing to move by itself. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * Where a player stands: the whole number that the trait `name` holds, and between two of them,
 * while it plays, a place that the view alone knows: Python hears whole steps. {at, go} for a
 * player; go(place, true) leaves the trait as it is. Another's change of the trait has the word.
 * keep(place) is what a trait of fractions holds; with `ends` step k is complete at place k + 1.
 */
export function playhead({ model, name = "cursor", last, paint, ends = false, ...more }) {
  const { keep = ends ? (to) => Math.max(0, Math.ceil(to) - 1) : Math.floor } = more;
  let [place, trait] = [null, null]; // the place holds as long as the trait is this
  const at = () => clamp(trait === model.get(name) ? place : model.get(name) + ends, 0, last());
  const go = (to, alone = false) => {
    [place, trait] = [to, alone ? model.get(name) : keep(to)]; // a new trait is drawn at once
    if (!alone) model.set(name, trait);
    paint();
  };
  return { at, go };
}

const NEAR = 0.1; // of a step: a hand that stops so near to a whole one means that one

/**
 * A play button, a scrubber and a clock for the places 0 … last(). at() is the present place,
 * go(place) moves there (`playhead` has both), rate(place) is in places a second; with `smooth`
 * places may be fractions, and a key on the scrubber moves by `stride`. Play goes in slow jumps
 * where motion is unwelcome. Put `elements` into the page, call update() in every drawing;
 * passOnce(picture) plays once by itself when the picture is first in sight; places(fps) are those
 * of a film, and between filming(true) and filming(false) it looks as while it plays. rests()
 * hears when a play ends.
 */
export function player({ last, at, go, rate, signal, smooth = false, ...words }) {
  const { text = (place) => `step ${place}`, label = "Time step", stride = 1 } = words;
  const { rests = () => {} } = words;
  let [stop, filmed] = [null, false];
  const play = button("▶ Play", () => (stop ? stop() : start()), { class: "sv-play" });
  const scrub = h("input", {
    type: "range", min: 0, step: smooth ? 0.001 : 1, class: "sv-grow", "aria-label": label,
    oninput: () => go(rest(Number(scrub.value))),
  });
  onArrows(scrub, (right, down) =>
    go(clamp(snap(at() + (right - down) * stride, stride), 0, last())), 10);
  const clock = h("output", { class: "sv-clock", "aria-live": "off" });
  const rest = (to) => (Math.abs(to - Math.round(to)) < NEAR ? Math.round(to) : to);
  const whole = (place) => Math.min(smooth && !calm() ? place : Math.floor(place), last());
  function start(alone = false) {
    let place = alone || at() >= last() ? 0 : at();
    let before = performance.now();
    let frame = requestAnimationFrame(tick);
    go(whole(place), alone); // before the first frame a hand may stop it, too
    let shown = at();
    function tick(now) {
      if (at() !== shown) return stop(); // another hand moved it
      const speed = calm() ? Math.min(4, rate(place)) : rate(place);
      place += (Math.max(0, now - before) / 1000) * speed;
      before = now;
      go(whole(place), alone);
      shown = at();
      if (place < last()) frame = requestAnimationFrame(tick);
      else stop();
    }
    play.textContent = "❚❚ Pause";
    stop = () => {
      cancelAnimationFrame(frame);
      play.textContent = "▶ Play";
      stop = null;
      rests();
    };
  }
  function passOnce(picture) {
    if (calm()) return;
    let passes = false;
    const sight = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      sight.disconnect();
      start((passes = true));
    }, { threshold: 0.6 });
    sight.observe(picture);
    const end = ({ target }) => {
      sight.disconnect();
      if (passes && target !== play) stop?.();
      passes = false;
    };
    const once = { capture: true, once: true, signal };
    const root = picture.closest(".spikeviz");
    for (const type of ["pointerdown", "keydown"]) root.addEventListener(type, end, once);
    signal.addEventListener("abort", () => sight.disconnect());
  }
  function* places(fps) {
    for (let place = 0; place < last(); place += rate(place) / fps) yield whole(place);
    yield last();
  }
  const update = () => {
    scrub.max = last();
    scrub.value = at();
    clock.textContent = text(at());
    scrub.ariaValueText = clock.textContent;
  };
  signal.addEventListener("abort", () => stop?.());
  return {
    elements: [play, scrub, clock], update, passOnce, places, at, go,
    stop: () => stop?.(), playing: () => filmed || stop !== null, filming: (is) => (filmed = is),
    filmed: () => filmed,
  };
}
