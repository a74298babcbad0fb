// A film of a widget: one pass of its player over the pictures in an element, as a looping GIF.

import { GIFEncoder, applyPalette, quantize } from "./gifenc.js";
import { h } from "./page.js";

const MOST = 250; // frames: what takes longer than 10 s goes faster
const FINE = 350_000; // pixels of the page, up to which a film has two by two for each
const LAST = 1500; // ms that the last frame stays
const [EDGE, FOOT] = [12, 28]; // pixels of the page around the stage, and for the caption
const SAMPLES = 6; // frames that the colours are chosen from
const CLEAR = 255; // the colour of what has not changed since the frame before

/** {place, time} of each frame, time in ms: places in equal times, equal ones once. */
function framesOf(player, fps) {
  const all = [];
  for (const place of player.places(fps)) if (all.push(place) > 100 * MOST) break;
  const stride = Math.ceil((all.length - 1) / MOST);
  const frames = [];
  for (const [n, place] of all.entries()) {
    if (n % stride && n < all.length - 1) continue;
    if (frames.at(-1)?.place === place) frames.at(-1).time += 1000 / fps;
    else frames.push({ place, time: 1000 / fps });
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

// What a hand takes hold of. A button that holds more than words is a part of the picture.
const UNFILMED = "button:not(:has(*)), select, input, label, [role=slider], .sv-control, .sv-ask";
const SIDES = ["Top", "Right", "Bottom", "Left"];
const CORNERS = ["TopLeft", "TopRight", "BottomRight", "BottomLeft"];
const number = (text) => parseFloat(text) || 0;

/** The part of a box between its edge and `inner` lines of these widths, as a path. */
function ring(box, radii, widths) {
  const [top, right, bottom, left] = widths;
  const path = new Path2D();
  path.roundRect(box.x, box.y, box.width, box.height, radii);
  const inside = [box.width - left - right, box.height - top - bottom];
  const less = radii.map((radius) => Math.max(0, radius - Math.max(...widths)));
  path.roundRect(box.x + left, box.y + top, ...inside.map((side) => Math.max(0, side)), less);
  return path;
}

/** What CSS draws of a box: a shadow that is not blurred, its ground, its border. */
function drawBox(ctx, { x, y, width, height }, style) {
  if (!width || !height) return;
  const box = { x, y, width, height };
  const most = Math.min(width, height) / 2;
  const radii = CORNERS.map((corner) => {
    const radius = style[`border${corner}Radius`];
    return Math.min(most, (number(radius) * (radius.includes("%") ? width : 100)) / 100);
  });
  const [, shadow, spread] =
    style.boxShadow.match(/(\w+\([^)]*\)) 0px 0px 0px ([\d.]+)px(?! inset)/) ?? [];
  if (number(spread)) {
    const [grow, wide] = [number(spread), width + 2 * spread];
    const outer = { x: x - grow, y: y - grow, width: wide, height: height + 2 * grow };
    ctx.fillStyle = shadow;
    const round = radii.map((radius) => radius + grow);
    ctx.fill(ring(outer, round, SIDES.map(() => grow)), "evenodd");
  }
  ctx.fillStyle = style.backgroundColor;
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, radii);
  ctx.fill();
  const widths = SIDES.map((side) => number(style[`border${side}Width`]));
  const border = ring(box, radii, widths);
  const [top, right, bottom, left] = widths.map((its) => (its * most) / Math.max(...widths));
  const [east, south] = [x + width, y + height];
  const corners = [[x, y], [east, y], [east, south], [x, south]];
  const inner = [[x + left, y + top], [east - right, y + top], [east - right, south - bottom],
    [x + left, south - bottom]]; // sides meet on the lines from the corners to these
  SIDES.forEach((side, i) => {
    if (!widths[i]) return;
    const next = (i + 1) % 4;
    ctx.save();
    ctx.beginPath();
    for (const point of [corners[i], corners[next], inner[next], inner[i]]) ctx.lineTo(...point);
    ctx.clip();
    ctx.fillStyle = style[`border${side}Color`];
    ctx.fill(border, "evenodd");
    ctx.restore();
  });
}

/** The box of what stands before or after an element's content, if it is placed by its edges. */
function drawPseudo(ctx, kind, element, style, box) {
  const its = getComputedStyle(element, kind);
  if (its.content === "none" || its.position !== "absolute") return;
  ctx.save();
  ctx.globalAlpha *= its.opacity;
  drawBox(ctx, {
    x: box.x + number(style.borderLeftWidth) + number(its.left),
    y: box.y + number(style.borderTopWidth) + number(its.top),
    width: number(its.width), height: number(its.height),
  }, its);
  ctx.restore();
}

/** The words of a text, each where it stands. */
function drawWords(ctx, text, style, { left, top }) {
  const { fontStyle, fontWeight, fontSize, fontFamily, letterSpacing, color } = style;
  Object.assign(ctx, {
    font: `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`, fillStyle: color,
    letterSpacing: letterSpacing === "normal" ? "0px" : letterSpacing,
  });
  const range = document.createRange();
  const boxesOf = (start, end) => {
    range.setStart(text, start);
    range.setEnd(text, end);
    return range.getClientRects();
  };
  for (const { index, 0: word } of text.data.matchAll(/\S+/g)) {
    const whole = boxesOf(index, index + word.length);
    const parts = whole.length > 1 ? [...word] : [word]; // one that breaks goes letter by letter
    let at = index;
    for (const part of parts) {
      const box = boxesOf(at, (at += part.length))[0];
      const { fontBoundingBoxAscent: ascent } = ctx.measureText(part);
      if (box) ctx.fillText(part, box.left - left, Math.round(box.top + ascent) - top);
    }
  }
}

/** An element as it stands on the page, and all within: boxes, canvases, words. */
function drawElement(ctx, element, from) {
  const style = getComputedStyle(element);
  if (style.display === "none" || element.matches(UNFILMED)) return;
  const edges = element.getBoundingClientRect();
  const [left, top, right, bottom] = // whole pixels, as on the page
    ["left", "top", "right", "bottom"].map((edge) => Math.round(edges[edge]));
  const [width, height] = [right - left, bottom - top];
  const box = { x: left - from.left, y: top - from.top, width, height };
  const seen = style.visibility === "visible";
  ctx.save();
  ctx.globalAlpha *= style.opacity;
  if (seen) drawBox(ctx, box, style);
  if (seen && element.width && element.tagName === "CANVAS") {
    const around = SIDES.map((side) =>
      number(style[`border${side}Width`]) + number(style[`padding${side}`]));
    ctx.imageSmoothingEnabled = style.imageRendering !== "pixelated";
    ctx.drawImage(element, box.x + around[3], box.y + around[0],
      width - around[1] - around[3], height - around[0] - around[2]);
  }
  if (style.overflowX !== "visible") {
    ctx.beginPath();
    ctx.rect(box.x, box.y, width, height);
    ctx.clip();
  }
  if (seen) drawPseudo(ctx, "::before", element, style, box);
  for (const child of element.childNodes) {
    if (child.nodeType === Node.ELEMENT_NODE) drawElement(ctx, child, from);
    else if (seen && child.nodeType === Node.TEXT_NODE) drawWords(ctx, child, style, from);
  }
  if (seen) drawPseudo(ctx, "::after", element, style, box);
  ctx.restore();
}

/** A caption no wider than `room`; what is too long ends in an ellipsis. */
function cut(ctx, words, room) {
  if (ctx.measureText(words).width <= room) return words;
  let [fits, wide] = [0, words.length]; // a drawn current alone has thousands of characters
  while (wide - fits > 1) {
    const middle = (fits + wide) >> 1;
    if (ctx.measureText(`${words.slice(0, middle)}…`).width <= room) fits = middle;
    else wide = middle;
  }
  return `${words.slice(0, fits)}…`;
}

/** A canvas of the stage's size, and what composes it: what stands in it, and the caption. */
function composer(stage, { colour, caption }) {
  const { width, height } = stage.getBoundingClientRect();
  const all = [width + 2 * EDGE, height + EDGE + FOOT];
  const scale = width * height > FINE ? 1 : 2; // whole: what is drawn once stays sharp
  const sides = all.map((side) => Math.round(side * scale));
  const canvas = h("canvas", { width: sides[0], height: sides[1] });
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  const font = "12px system-ui, sans-serif";
  ctx.font = font;
  const said = cut(ctx, caption, width);
  function compose() {
    const box = stage.getBoundingClientRect();
    const frame = { left: Math.floor(box.left) - EDGE, top: Math.floor(box.top) - EDGE };
    ctx.fillStyle = colour.bg;
    ctx.fillRect(0, 0, ...all);
    Object.assign(ctx, { textAlign: "left", textBaseline: "alphabetic" });
    drawElement(ctx, stage, frame);
    Object.assign(ctx, { font, fillStyle: colour.muted, letterSpacing: "0px" });
    ctx.fillText(said, EDGE, EDGE + height + FOOT - 10);
    return ctx.getImageData(0, 0, ...sides).data;
  }
  return { compose, scale, sides };
}

/** Let the page live for a moment. */
const rest = () => new Promise((done) => setTimeout(done));

/**
 * The bytes of a GIF of one pass, `fps` frames a second. draw() draws the widget now; told(share)
 * hears how much is done; `signal` cancels: null, then. At the end the player stands where it
 * stood.
 */
export async function makeFilm({ player, stage, fps = 25 }, { draw, told, signal, ...looks }) {
  player.stop();
  player.filming(true);
  const before = player.at();
  const { compose, scale, sides } = composer(stage, looks);
  const frames = framesOf(player, fps);
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
    let [last, held] = [null, null]; // the frame before, and what of it is yet to be written
    const write = ({ shown, ...more }) => gif.writeFrame(shown, ...sides, { dispose: 1, ...more });
    for (const [n, { place, time }] of frames.entries()) {
      if (signal?.aborted) return null;
      const now = applyPalette(pixelsAt(place), palette.slice(0, CLEAR));
      const shown = last ? now.map((value, i) => (value === last[i] ? CLEAR : value)) : now;
      const clear = { transparent: true, transparentIndex: CLEAR };
      if (last && shown.every((value) => value === CLEAR)) held.delay += time;
      else {
        if (held) write(held);
        held = { shown, delay: time, ...(last ? clear : { palette }) };
      }
      last = now;
      await told((n + 1) / frames.length);
      await rest();
    }
    write(held);
    gif.finish();
    return gif.bytes();
  } finally {
    player.filming(false);
    player.go(before, true);
    draw();
  }
}
