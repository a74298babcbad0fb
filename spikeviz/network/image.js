// The reader's image: a test digit by number, the photo, a file, or drawn. Python gets its bytes.

import { button, h } from "../base/page.js";
import { numberControl } from "../base/controls.js";
import { bytesOf, onDrop, readPicture } from "../base/photo.js";
import { PAD, drawingPad } from "./pad.js";

/** The image and all that changes it; show(text) tells the reader. */
export function imagePicker({ model, set, still, walks }, show) {
  let source = null; // the bytes on show
  const own = (pixels) =>
    still || set({ pixels: new DataView(pixels.buffer.slice(0)), source: "own" });
  const erase = h("input", { type: "checkbox", disabled: still });
  const pad = drawingPad({ still, own, erases: () => erase.checked });
  const off = { disabled: still };
  const clear = button("Clear", () => own(new Uint8Array(PAD * PAD)), off);
  const photo = button("Photo", () => set({ source: "photo" }), off);
  const file = h("input", {
    type: "file", accept: "image/*", "aria-label": "Own image from a file", disabled: still,
    onchange: () => file.files[0] && read(file.files[0]),
  });
  const digit = numberControl({
    label: "Test digit", range: model.get("limits").image, whole: true, disabled: still,
    set: (image) => set({ image, source: "digit" }),
  });

  async function read(chosen) {
    const { channels, side } = walks()[0];
    const size = { side: channels === 1 ? PAD : side, channels };
    try {
      const { bytes, said } = await readPicture(chosen, size);
      own(bytes);
      show(said);
    } catch ({ message }) {
      show(message);
    }
  }
  if (!still) onDrop(pad.canvas, read);

  function update(picture) {
    const pixels = model.get("source") === "own" && !still ? model.get("pixels") : null;
    const own = pixels?.byteLength; // what was drawn last is there before its answer
    const shown = own ? pixels : picture.data;
    if (shown === source) return;
    source = shown;
    const channels = own ? (own === PAD * PAD ? 1 : 3) : picture.channels;
    const side = own ? Math.sqrt(own / channels) : picture.side;
    digit.update(model.get("image"));
    pad.show({ side, channels, pixels: bytesOf(source) });
  }
  const note = still ? "Another image needs Python: run the widget's cell in a notebook."
    : "Draw on the image, or take another one.";
  const element = h("div", { class: "sv-nw-image" }, pad.canvas,
    h("div", { class: "sv-row sv-nw-tight" },
      clear, h("label", { class: "sv-row sv-nw-tight" }, erase, "erase"), photo),
    digit.element, file, h("p", { class: "sv-caption" }, note));
  return { element, update };
}
