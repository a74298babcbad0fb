// The reader's image: drawn, a file, a test digit, the photo. Who answers gets its bytes.

import { button, h, put } from "../base/page.js";
import { numberControl } from "../base/controls.js";
import { bytesOf, onDrop, pictureOf, readPicture } from "../base/photo.js";
import { fit } from "./maps.js";
import { PAD, drawingPad } from "./pad.js";

const EMPTY = "The drawing is empty: draw a digit with the mouse or a finger, or pick one.";

/** Small test digits to pick from, one of each class; samples: [{image, pixels}]. */
function digitStrip(samples, choose, off) {
  const buttons = samples.map(({ image, pixels }, digit) => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    fit(canvas, { width: PAD, height: PAD }).drawImage(pictureOf(bytesOf(pixels), PAD, PAD), 0, 0);
    const one = button("", () => choose(image), { "aria-label": `A test digit: ${digit}`, ...off });
    one.append(canvas);
    return one;
  });
  const element = h("div", { class: "sv-nw-strip" }, ...buttons);
  const press = (shown) =>
    buttons.forEach((one, i) => (one.ariaPressed = samples[i].image === shown));
  return { element, press };
}

/** The image and all that changes it. deaf: nobody answers. */
export function imagePicker({ model, set, still, deaf, walks }) {
  let source = null; // the bytes on show
  const note = h("p", { class: "sv-note", role: "alert" }); // below, where it moves no pad
  const own = (pixels) => {
    if (deaf) return;
    set({ pixels: new DataView(pixels.buffer.slice(0)), source: "own" });
    put(note, pixels.some(Boolean) ? "" : EMPTY);
  };
  const erase = h("input", { type: "checkbox", disabled: deaf });
  const pad = drawingPad({ still: deaf, own, erases: () => erase.checked });
  const off = { disabled: deaf };
  const clear = button("Clear", () => own(new Uint8Array(PAD * PAD)), off);
  const photo = button("Photo", () => set({ source: "photo" }), { disabled: still });
  const file = h("input", {
    type: "file", accept: "image/*", "aria-label": "Own image from a file", ...off,
    onchange: () => file.files[0] && read(file.files[0]),
  });
  const choose = (image) => set({ image, source: "digit" });
  const strip = digitStrip(model.get("samples"), choose, off);
  const digit = numberControl({
    label: "Test digit", range: model.get("limits").image, whole: true, disabled: still,
    set: choose,
  });

  async function read(chosen) {
    const { channels, side } = walks()[0];
    const size = { side: channels === 1 ? PAD : side, channels };
    try {
      const { bytes, said } = await readPicture(chosen, size);
      own(bytes);
      put(note, said);
    } catch ({ message }) {
      put(note, message);
    }
  }
  if (!deaf) onDrop(pad.canvas, read);

  function update(picture) {
    const pixels = model.get("source") === "own" && !deaf ? model.get("pixels") : null;
    const own = pixels?.byteLength; // what was drawn last is there before its answer
    const shown = own ? pixels : picture.data;
    if (shown === source) return;
    source = shown;
    const channels = own ? (own === PAD * PAD ? 1 : 3) : picture.channels;
    const side = own ? Math.sqrt(own / channels) : picture.side;
    if (model.get("source") !== "own") put(note, "");
    digit.update(model.get("image"));
    strip.press(model.get("source") === "digit" ? model.get("image") : null);
    pad.show({ side, channels, pixels: bytesOf(source) });
  }
  const help = deaf ? "Another image needs Python: run the widget's cell in a notebook."
    : `Draw, drop a picture, or pick.${still ? " The photo and more digits need Python." : ""}`;
  const element = h("div", { class: "sv-nw-image" }, pad.canvas,
    h("div", { class: "sv-row sv-nw-tight" },
      clear, h("label", { class: "sv-row sv-nw-tight" }, erase, "erase")),
    strip.element, h("div", { class: "sv-row sv-nw-tight sv-nw-files" }, file, photo),
    digit.element, note, h("p", { class: "sv-caption" }, help));
  return { element, canvas: pad.canvas, update };
}
