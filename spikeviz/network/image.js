// The reader's image: a test digit by number, the photo, a file, or drawn. It goes to Python as bytes.

import { h, clamp } from "../base/page.js";
import { drag, numberControl } from "../base/controls.js";
import { offline } from "../base/widget.js";

const PAD = 28; // pixels on a side

/**
 * The image and all that changes it. `set` writes traits, `wants()` is {side, channels} of the model,
 * `show(text)` tells the reader. Returns {element, update(picture)}.
 */
export function imagePicker({ model, set, wants, show }) {
  const still = offline(model);
  let drawn = null; // {side, channels, pixels} on show
  let pen = { x: 14, y: 14, on: false };
  const canvas = h("canvas", {
    class: "sv-nw-pad", tabindex: 0, role: "application",
    "aria-label": "Drawing pad: drag to draw; arrow keys move the pen, Space draws, Delete erases",
  });
  const erase = h("input", { type: "checkbox", disabled: still });
  const clear = h("button", { type: "button", disabled: still, onclick: () => own(new Uint8Array(PAD * PAD)) }, "Clear");
  const photo = h("button", { type: "button", disabled: still, onclick: () => set({ source: "photo" }) }, "Photo");
  const file = h("input", { type: "file", accept: "image/*", "aria-label": "Own image from a file", disabled: still, onchange: () => read() });
  const digit = numberControl({
    label: "Test digit", range: model.get("limits").image,
    limit: (value) => clamp(Math.round(value), ...model.get("limits").image),
    set: (image) => set({ image, source: "digit" }),
  });
  digit.element.querySelectorAll("input").forEach((input) => (input.disabled = still));

  function own(pixels) {
    if (still) return;
    set({ pixels: new DataView(pixels.buffer.slice(0)), source: "own" });
  }

  // ---- drawing: every stroke starts from what is on show, if that is 28×28
  function stroke(px, py) {
    const pixels = drawn?.channels === 1 && drawn.side === PAD ? drawn.pixels.slice() : new Uint8Array(PAD * PAD);
    for (let y = 0; y < PAD; y++)
      for (let x = 0; x < PAD; x++) {
        const ink = 255 * clamp(1.9 - Math.hypot(x + 0.5 - px, y + 0.5 - py), 0, 1);
        const at = y * PAD + x;
        pixels[at] = erase.checked ? Math.min(pixels[at], 255 - ink) : Math.max(pixels[at], ink);
      }
    drawn = { side: PAD, channels: 1, pixels };
    own(pixels);
  }
  if (!still) {
    let last = null;
    drag(canvas, (event, down) => {
      const box = canvas.getBoundingClientRect();
      const to = [((event.clientX - box.left) / box.width) * PAD, ((event.clientY - box.top) / box.height) * PAD];
      const from = down || !last ? to : last;
      const steps = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])) || 1;
      for (let i = 1; i <= steps; i++) stroke(from[0] + ((to[0] - from[0]) * i) / steps, from[1] + ((to[1] - from[1]) * i) / steps);
      last = to;
    }, () => (last = null));
    canvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      const inks = { " ": false, Enter: false, Delete: true, Backspace: true };
      if (by) pen = { x: clamp(pen.x + by[0], 0, PAD - 1), y: clamp(pen.y + by[1], 0, PAD - 1), on: true };
      else if (event.key in inks) {
        const before = erase.checked;
        erase.checked = inks[event.key];
        stroke(pen.x + 0.5, pen.y + 0.5);
        erase.checked = before;
      } else return;
      event.preventDefault();
      paintPad();
    });
    canvas.addEventListener("blur", () => {
      pen.on = false;
      paintPad();
    });
  }

  // ---- a file, cut to a square and scaled by the page
  async function read() {
    const chosen = file.files[0];
    if (!chosen || still) return;
    let bitmap;
    try {
      bitmap = await createImageBitmap(chosen);
    } catch {
      show(`${chosen.name} cannot be read as an image; choose a PNG, a JPEG or a WebP.`);
      return;
    }
    const grey = wants().channels === 1;
    const side = grey ? PAD : wants().side;
    const square = Math.min(bitmap.width, bitmap.height);
    const ctx = h("canvas", { width: side, height: side }).getContext("2d");
    ctx.imageSmoothingQuality = "high";
    ctx.fillStyle = "#fff";
    ctx.fillRect(0, 0, side, side); // behind what is transparent
    ctx.drawImage(bitmap, (bitmap.width - square) / 2, (bitmap.height - square) / 2, square, square, 0, 0, side, side);
    bitmap.close();
    const pixels = ctx.getImageData(0, 0, side, side).data;
    const rgb = (i) => [pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]];
    const all = Array.from({ length: side * side }, (_, i) => rgb(i));
    if (!grey) return own(Uint8Array.from(all.flat()));
    const greys = all.map(([r, g, b]) => (r + g + b) / 3);
    const paper = greys.reduce((sum, v) => sum + v, 0) / greys.length > 127; // digits are bright on black
    own(Uint8Array.from(greys, (v) => Math.round(paper ? 255 - v : v)));
    show(paper ? "Dark ink on a bright page: turned round, as the digits are bright on black." : "");
  }

  function paintPad() {
    if (!drawn) return;
    const { side, channels, pixels } = drawn;
    if (canvas.width !== side) Object.assign(canvas, { width: side, height: side });
    const image = new ImageData(side, side);
    for (let i = 0; i < side * side; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = pixels[i * channels + (channels === 3 ? c : 0)];
      image.data[4 * i + 3] = 255;
    }
    const ctx = canvas.getContext("2d");
    ctx.putImageData(image, 0, 0);
    if (!pen.on || side !== PAD) return;
    ctx.strokeStyle = "#ff8a3d";
    ctx.strokeRect(pen.x + 0.5, pen.y + 0.5, 1, 1);
  }

  let shown = null;
  function update(picture) {
    const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const pixels = model.get("source") === "own" && !still ? model.get("pixels") : null;
    const source = pixels?.byteLength ? pixels : picture.data; // what was drawn last is there before its answer
    if (source === shown) return;
    shown = source;
    const own = source === pixels;
    const channels = own ? (pixels.byteLength === PAD * PAD ? 1 : 3) : picture.channels;
    drawn = { side: own ? Math.sqrt(pixels.byteLength / channels) : picture.side, channels, pixels: bytes(source) };
    digit.update(model.get("image"));
    paintPad();
  }
  const note = still ? "Another image needs Python: run the widget's cell in a notebook." : "Draw on the image, or take another one.";
  const element = h("div", { class: "sv-nw-image" }, canvas,
    h("div", { class: "sv-row sv-nw-tight" }, clear, h("label", { class: "sv-row sv-nw-tight" }, erase, "erase"), photo),
    digit.element, file, h("p", { class: "sv-caption" }, note));
  return { element, update };
}
