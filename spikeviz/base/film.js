// A film of a widget: one pass of its player over the pictures in an element, as a looping GIF.

import { GIFEncoder, applyPalette, quantize } from "./gifenc.js";
import { h } from "./page.js";

const PER_SECOND = 25; // frames
const MOST = 250; // of them: what takes longer than 10 s goes faster
const WIDE = 700; // pixels of the page, up to which a film has two for each
const LAST = 1500; // ms that the last frame stays
const [EDGE, FOOT] = [12, 28]; // pixels of the page around the stage, and for the caption
const SAMPLES = 6; // frames that the colours are chosen from
const CLEAR = 255; // the colour of what has not changed since the frame before

/** {place, time} of each frame, time in ms: the player's places in equal times, equal ones once. */
function framesOf(player) {
  const all = [];
  for (const place of player.places(PER_SECOND)) if (all.push(place) > 100 * MOST) break;
  const stride = Math.ceil(all.length / MOST);
  const frames = [];
  for (const [n, place] of all.entries()) {
    if (n % stride && n < all.length - 1) continue;
    if (frames.at(-1)?.place === place) frames.at(-1).time += 1000 / PER_SECOND;
    else frames.push({ place, time: 1000 / PER_SECOND });
  }
  frames.at(-1).time += LAST;
  return frames;
}

/** Run draw() as on a screen of this many pixels a pixel of the page: what it draws is as fine. */
function atRatio(ratio, draw) {
  const screen = Object.getOwnPropertyDescriptor(window, "devicePixelRatio");
  Object.defineProperty(window, "devicePixelRatio", { value: ratio, configurable: true });
  try {
    draw();
  } finally {
    if (screen) Object.defineProperty(window, "devicePixelRatio", screen);
    else delete window.devicePixelRatio;
  }
}

const UNFILMED = "button, select, label, [role=slider], .sv-control, .sv-ask";
const hidden = (element) => !element.checkVisibility({ visibilityProperty: true });

/** Every word in an element, where it stands on the page, but for those on controls. */
function drawWords(ctx, stage, { left, top }) {
  const texts = document.createTreeWalker(stage, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (texts.nextNode()) {
    const [{ currentNode: text }, parent] = [texts, texts.currentNode.parentElement];
    if (hidden(parent) || parent.closest(UNFILMED)) continue;
    const { font, color } = getComputedStyle(parent);
    Object.assign(ctx, { font, fillStyle: color, textAlign: "left", textBaseline: "middle" });
    for (const { index, 0: word } of text.data.matchAll(/\S+/g)) {
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const box = range.getBoundingClientRect();
      ctx.fillText(word, box.left - left, (box.top + box.bottom) / 2 - top);
    }
  }
}

/** A caption no wider than `room`; what is too long ends in an ellipsis. */
function cut(ctx, words, room) {
  let text = words;
  while (ctx.measureText(text).width > room) text = `${text.slice(0, -2)}…`;
  return text;
}

/** A canvas of the stage's size, and what composes it: its pictures, its words, the caption. */
function composer(stage, { colour, caption }) {
  const { width, height } = stage.getBoundingClientRect();
  const all = [width + 2 * EDGE, height + EDGE + FOOT];
  const scale = width > WIDE ? 1 : 2; // whole: what is drawn once stays sharp
  const sides = all.map((side) => Math.round(side * scale));
  const canvas = h("canvas", { width: sides[0], height: sides[1] });
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  function compose() {
    const box = stage.getBoundingClientRect();
    const frame = { left: box.left - EDGE, top: box.top - EDGE };
    ctx.fillStyle = colour.bg;
    ctx.fillRect(0, 0, ...all);
    for (const picture of stage.querySelectorAll("canvas")) {
      if (hidden(picture) || !picture.width || !picture.height) continue;
      const { left, top, ...its } = picture.getBoundingClientRect().toJSON();
      ctx.imageSmoothingEnabled = getComputedStyle(picture).imageRendering !== "pixelated";
      ctx.drawImage(picture, left - frame.left, top - frame.top, its.width, its.height);
    }
    drawWords(ctx, stage, frame);
    Object.assign(ctx, { font: "12px system-ui, sans-serif", fillStyle: colour.muted });
    ctx.fillText(cut(ctx, caption, width), EDGE, EDGE + height + FOOT / 2);
    return ctx.getImageData(0, 0, ...sides).data;
  }
  return { compose, scale, sides };
}

/** Let the page live for a moment. */
const rest = () => new Promise((done) => setTimeout(done));

/**
 * The bytes of a GIF of one pass. draw() draws the widget now; told(share) hears how much is done;
 * `signal` cancels: null, then. At the end the player stands where it stood.
 */
export async function makeFilm({ player, stage }, { draw, told, signal, ...looks }) {
  player.stop();
  player.filming(true);
  const before = player.at();
  const { compose, scale, sides } = composer(stage, looks);
  const frames = framesOf(player);
  const pixelsAt = (place) => {
    let pixels;
    atRatio(scale, () => {
      player.go(place, true);
      draw();
      pixels = compose();
    });
    return pixels;
  };
  try {
    const many = new Uint8ClampedArray(SAMPLES * 4 * sides[0] * sides[1]);
    for (let n = 0; n < SAMPLES; n++) {
      const { place } = frames[Math.round((n * (frames.length - 1)) / (SAMPLES - 1))];
      many.set(pixelsAt(place), (n * many.length) / SAMPLES);
      await rest();
    }
    const palette = quantize(many, CLEAR);
    while (palette.length <= CLEAR) palette.push([0, 0, 0]);
    const gif = GIFEncoder();
    let last = null; // the frame before
    for (const [n, { place, time }] of frames.entries()) {
      if (signal?.aborted) return null;
      const now = applyPalette(pixelsAt(place), palette.slice(0, CLEAR));
      const shown = last ? now.map((value, i) => (value === last[i] ? CLEAR : value)) : now;
      const clear = last ? { transparent: true, transparentIndex: CLEAR } : {};
      gif.writeFrame(shown, ...sides, { palette: last ? null : palette, delay: time, dispose: 1,
        ...clear });
      last = now;
      await told((n + 1) / frames.length);
      await rest();
    }
    gif.finish();
    return gif.bytes();
  } finally {
    player.filming(false);
    player.go(before, true);
    draw();
  }
}
