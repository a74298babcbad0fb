// The pad that shows the image and on which a digit is drawn, by hand or with a pen that keys move.

import { clamp, h } from "../base/page.js";
import { drag, onArrows } from "../base/controls.js";
import { pictureOf } from "../base/photo.js";
import { fit } from "./maps.js";

export const PAD = 28; // pixels on a side
const LABEL = "Drawing pad: drag to draw; arrow keys move the pen, Space draws, Delete erases";
const INKS = { " ": false, Enter: false, Delete: true, Backspace: true }; // whether a key erases

/** own(pixels) hears what is drawn; erases() says whether a stroke erases. */
export function drawingPad({ still, own, erases }) {
  const canvas = h("canvas", {
    class: "sv-nw-pad", tabindex: 0, role: "application", "aria-label": LABEL,
  });
  canvas.classList.toggle("sv-handle", !still); // where it can be drawn on, a finger draws
  let drawn = null; // {side, channels, pixels} on show
  const pen = { x: 14, y: 14, on: false };

  function paint() {
    if (!drawn) return;
    const { side, pixels } = drawn;
    const ctx = fit(canvas, { width: side, height: side });
    ctx.drawImage(pictureOf(pixels, side, side), 0, 0);
    if (!pen.on || side !== PAD) return;
    ctx.strokeStyle = "#ff8a3d";
    ctx.strokeRect(pen.x + 0.5, pen.y + 0.5, 1, 1);
  }

  /** Every stroke starts from what is on show, if that is 28×28. */
  function stroke(px, py, erase = erases()) {
    const grey = drawn?.channels === 1 && drawn.side === PAD;
    const pixels = grey ? drawn.pixels.slice() : new Uint8Array(PAD * PAD);
    pixels.forEach((before, at) => {
      const away = Math.hypot((at % PAD) + 0.5 - px, Math.floor(at / PAD) + 0.5 - py);
      const ink = 255 * clamp(1.9 - away, 0, 1);
      pixels[at] = erase ? Math.min(before, 255 - ink) : Math.max(before, ink);
    });
    drawn = { side: PAD, channels: 1, pixels };
    own(pixels);
  }

  function hear() {
    let last = null;
    drag(canvas, (event, down) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const [x, y] = [(event.clientX - left) / width, (event.clientY - top) / height];
      const to = [x * PAD, y * PAD];
      const from = down || !last ? to : last;
      const way = to.map((end, i) => end - from[i]);
      const steps = Math.ceil(Math.hypot(...way)) || 1;
      for (let i = 1; i <= steps; i++)
        stroke(...from.map((begin, k) => begin + (way[k] * i) / steps));
      last = to;
    }, () => (last = null));
    onArrows(canvas, (right, down) => {
      const [x, y] = [pen.x + right, pen.y + down].map((at) => clamp(at, 0, PAD - 1));
      Object.assign(pen, { x, y, on: true });
      paint();
    });
    canvas.addEventListener("keydown", (event) => {
      if (!(event.key in INKS)) return;
      event.preventDefault();
      stroke(pen.x + 0.5, pen.y + 0.5, INKS[event.key]);
      paint();
    });
    canvas.addEventListener("blur", () => {
      pen.on = false;
      paint();
    });
  }
  if (!still) hear();

  const show = (image) => {
    drawn = image;
    paint();
  };
  return { canvas, show };
}
