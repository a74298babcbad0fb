// What a reader gives to others: a link, a line of Python, a film.

import { button, h, put } from "./page.js";
import { makeFilm } from "./film.js";

/** The name of a model's class in Python. */
const nameOf = (model) => model.get("_anywidget_id").split(".").at(-1);

const floatsOf = ({ buffer, byteOffset, byteLength }) =>
  [...new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength))];

/** A value as Python writes it. */
function literal(value, [kind] = [""]) {
  if (value === null) return "None";
  if (kind.startsWith("floats")) return literal(floatsOf(value));
  if (Array.isArray(value)) return `[${value.map((each) => literal(each)).join(", ")}]`;
  if (typeof value === "object") {
    const pairs = Object.entries(value).map((pair) => pair.map((each) => literal(each)).join(": "));
    return `{${pairs.join(", ")}}`;
  }
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** The line of Python that makes this widget: LIFExplorer(tau=5, v_threshold=0.8). */
export function pythonOf(model) {
  const [kinds, defaults] = [model.get("_kinds"), model.get("defaults")];
  const given = Object.keys(kinds).map((name) => {
    const value = literal(model.get(name), kinds[name]);
    const empty = ["None", "{}"].includes(value);
    const same = name in defaults ? value === literal(defaults[name]) : empty;
    return same ? "" : `${name}=${value}`;
  });
  return `${nameOf(model)}(${given.filter(Boolean).join(", ")})`;
}

/** A button that copies a text; where that is refused, the text stands there, selected. */
function copyButton(words, textNow, said) {
  const field = h("input", { type: "text", readonly: true, hidden: true, "aria-label": words });
  const press = async () => {
    const text = textNow();
    try {
      await navigator.clipboard.writeText(text);
      field.hidden = true;
      put(said, `Copied: ${text.length > 60 ? `${text.slice(0, 59)}…` : text}`);
    } catch {
      Object.assign(field, { hidden: false, value: text });
      field.focus();
      field.select();
      put(said, "Copy the selected text: Ctrl+C, or Cmd+C on a Mac.");
    }
  };
  return [button(words, press), field];
}

function download(bytes, name) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "image/gif" }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A button that makes a film and saves it, with its progress; pressed again, it cancels. */
function filmButton(film, name, said) {
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Making the film" });
  const press = button("Save film", start, { title: "A looping animation (GIF) of one pass" });
  let work = null;
  async function start() {
    if (work) return work.abort();
    work = new AbortController();
    bar.hidden = false;
    press.textContent = "Cancel";
    put(said, "");
    try {
      const bytes = await film((share) => (bar.value = share), work.signal);
      if (bytes) download(bytes, `${name}.gif`);
      put(said, bytes ? `${name}.gif, ${(bytes.length / 1e6).toFixed(1)} MB` : "Cancelled.");
    } finally {
      work = null;
      bar.hidden = true;
      press.textContent = "Save film";
    }
  }
  return [press, bar];
}

/**
 * The row at a widget's foot. film: {player, stage, fps}; draw() draws now, colour() gives the
 * colours.
 * `root.film(told, signal, {fps})` makes the film for whoever embeds the page.
 */
export function shareRow(model, root, { film, draw, colour }) {
  const said = h("output", { class: "sv-told" });
  const parts = model.link ? copyButton("Copy link", model.link, said)
    : copyButton("Copy as Python", () => pythonOf(model), said);
  if (film) {
    root.film = (told, signal, more) => {
      const looks = { colour: colour(), caption: pythonOf(model) };
      return makeFilm({ ...film, ...more }, { draw, told, signal, ...looks });
    };
    root.film.stage = film.stage;
    parts.push(...filmButton(root.film, nameOf(model), said));
  }
  return [...parts, said];
}
