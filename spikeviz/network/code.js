// The lines of the library that make and run the opened box.

import { button, h, put, renew } from "../base/page.js";

/** A function's source, the lines from … to marked. */
function sourceOf({ name, from, to }, { file, first, text }) {
  const rows = text.split("\n").map((line, i) => {
    const number = first + i;
    const marked = number >= from && number <= to ? "sv-nw-marked" : "";
    const begin = h("span", { class: "sv-nw-number" }, number);
    return h("span", { class: marked }, begin, line, "\n");
  });
  return [
    h("p", { class: "sv-caption" }, `${file}, line ${from}: ${name}`),
    h("pre", { tabindex: 0, "aria-label": `Source of ${name}` }, ...rows),
  ];
}

export function codeView({ model, set }) {
  const open = button("Show code", () => set({ show_code: !model.get("show_code") }));
  const listing = h("div", { class: "sv-nw-code" });

  /** places: {name, from, to}, first where the box is made; code: {name: {file, first, text}}. */
  function update(places, code) {
    const [{ name, from }] = places;
    const shown = model.get("show_code");
    put(open, `${shown ? "Hide" : "Show"} code: ${code[name].file}, line ${from}`);
    open.ariaExpanded = shown;
    listing.hidden = !shown;
    const sources = () => places.flatMap((place) => sourceOf(place, code[place.name]));
    if (shown) renew(listing, JSON.stringify(places), sources);
  }
  return { open, listing, update };
}
