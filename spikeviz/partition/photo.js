// The reader's picture, as bytes in the model and as pixels here.

import { button, h, put } from "../base/page.js";
import { listen, valuesOf } from "../base/traits.js";
import { square } from "../base/photo.js";

const KEPT = 224; // a picture is kept no wider
const small = (blob) => square(blob, (side) => Math.min(side, KEPT));

/** now() is {pixels: of the decoded picture or null, version}; `show` hears of a new one. */
export function photoControl({ model, set }, signal, show) {
  const first = valuesOf(model, ["image", "credit"]);
  let [pixels, version] = [null, 0];
  const problem = h("p", { class: "sv-note", role: "alert" });
  const refuse = (words) => () => put(problem, words);
  const file = h("input", {
    type: "file", accept: "image/*", "aria-label": "Your own picture",
    onchange: () => file.files[0] && take(file.files[0]),
  });
  const back = button("Back to the first picture", () => set(first));
  const credit = h("p", { class: "sv-caption" });

  function take(chosen) {
    put(problem, "");
    const words = `This browser cannot read ${chosen.name} as a picture.`;
    encode(chosen).catch(refuse(`${words} Take a JPEG, PNG or WebP file.`));
  }
  async function encode(chosen) {
    const canvas = await small(chosen);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
    set({ image: new DataView(await blob.arrayBuffer()), credit: "" });
  }
  async function decode() {
    const bytes = model.get("image");
    const canvas = await small(new Blob([bytes]));
    if (signal.aborted || bytes !== model.get("image")) return; // a newer one is on its way
    pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    version++;
    show();
  }
  const read = () =>
    decode().catch(refuse("This browser cannot read the picture. Give another one."));
  function update() {
    back.hidden = model.get("image") === first.image;
    put(credit, model.get("credit"));
  }
  listen(model, ["image"], read, signal);
  const label = h("label", {}, "Your own picture: ", file);
  const elements = [h("div", { class: "sv-row" }, label, back, credit), problem];
  return { elements, update, read, now: () => ({ pixels, version }) };
}
