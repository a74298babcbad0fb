// A picture of the reader's own for AttentionExplorer: drawn, chosen from a file, or dropped.

import { button, div, h, para, put } from "../base/page.js";
import { bytesOf, onDrop, readPicture } from "../base/photo.js";
import { titleOf } from "./column.js";
import { PAD, drawingPad } from "../network/pad.js";

const STILL = "A picture of your own needs Python: run the widget's cell in a notebook.";
const EMPTY = "This picture is black: what the networks say of it means nothing.";
const DIGITS = "Draw on it, choose a file, or drop one on this widget.";
const PHOTOGRAPHS = "Choose a photograph, or drop one on this widget: its middle square is " +
  "scaled to 32×32 pixels, which is all that this network sees. It knows ten classes, ";

/** The pixels of the pad, inside the border of a digit as the networks take it. */
function inside({ side: [height, width], pixels }) {
  const edge = (width - PAD) / 2;
  const bytes = bytesOf(pixels);
  if (edge < 0 || bytes.length !== height * width) return null;
  return Uint8Array.from({ length: PAD * PAD }, (_, n) =>
    bytes[(Math.floor(n / PAD) + edge) * width + (n % PAD) + edge]);
}

/** Its controls, and update(answer) with the picture on show; files are dropped on the root. */
export function ownPicture({ model, set, still, lacks, root }) {
  const { own: size, classes } = model.get("strip");
  const note = para("caption", "");
  const own = (bytes, said = "") => {
    set({ pixels: new DataView(bytes.buffer.slice(0)) });
    put(note, said || (bytes.some(Boolean) ? "" : EMPTY));
  };
  const read = (file) => readPicture(file, size)
    .then(({ bytes, said }) => own(bytes, said), ({ message }) => put(note, message));
  const file = h("input", {
    type: "file", accept: "image/*", "aria-label": "Your own picture from a file", disabled: still,
    onchange: () => file.files[0] && read(file.files[0]),
  });
  if (!still) onDrop(root, read);
  const drawn = size.channels === 1;
  const pad = drawingPad({ still, own, erases: () => false });
  const clear = button("Clear", () => own(new Uint8Array(PAD * PAD)), { disabled: still });
  const words = still ? STILL : drawn ? DIGITS
    : `${PHOTOGRAPHS}${classes.slice(0, -1).join(", ")} and ${classes.at(-1)}. For what is none ` +
      "of them it has no answer: the shares of the ten always add up to 100 %.";
  const missing = lacks.length ? ` In this page ${lacks.map(titleOf).join(" and ")} cannot ` +
    "answer: its weights are not in it." : "";
  const element = div("own", ...(drawn ? [pad.canvas] : []), h("div", {},
    div("row", ...(drawn ? [clear] : []), file), para("caption", words + missing), note));
  note.role = "status";

  let shown = null;
  function update(answer) {
    const pixels = model.get("pixels");
    const source = pixels.byteLength === PAD * PAD ? pixels : answer;
    if (!drawn || source === shown) return;
    shown = source;
    if (source === answer && !pixels.byteLength) put(note, "");
    const bytes = source === pixels ? bytesOf(pixels) : inside(answer);
    if (bytes) pad.show({ side: PAD, channels: 1, pixels: bytes });
  }
  return { element, update };
}
