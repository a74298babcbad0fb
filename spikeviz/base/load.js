// The module of every widget. The widget's own modules and its style sheet come packed in the
// traits `_code` and `_sheet`; a page loads each once, however many widgets use it: what a browser
// has loaded as a module, it keeps for ever.

const loaded = (globalThis[Symbol.for("spikeviz")] ??= new Map());

const once = (key, load) => loaded.get(key) ?? loaded.set(key, load()).get(key);

const load = (model) => {
  const [code, sheet] = [model.get("_code"), model.get("_sheet")];
  return once(code, () => Promise.all([unpack(code), unpack(sheet)]).then(adopt));
};

async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/** Load {file: text}, each after those that it imports: a blob's module cannot name its neighbours,
 *  so their addresses are written into the imports, with which each text begins. */
function adopt([code, sheet]) {
  // What all widgets share comes once, and first: it would outdo what an earlier one says itself.
  sheet.split("\f").forEach((part) => once(part, () => dress(part)));
  const addresses = {};
  let address;
  for (const [file, text] of Object.entries(JSON.parse(code))) {
    const place = (path) => addresses[new URL(path, `file:///${file}`).pathname];
    const linked = text.replace(/^(\s*import\b[^;]*;)*/, (imports) =>
      imports.replace(/"(\..*?)"/g, (_, path) => `"${place(path)}"`));
    const blob = () => new Blob([linked], { type: "text/javascript" });
    address = addresses[`/${file}`] = once(linked, () => URL.createObjectURL(blob()));
  }
  return import(address).then((module) => module.default);
}

function dress(text) {
  const style = document.createElement("style");
  style.textContent = text;
  return document.head.appendChild(style);
}

export default {
  initialize(props) {
    const { model, signal } = props;
    // Not awaited: a model that is not ready after 2 s hears nothing more from Python (anywidget).
    load(model).then((widget) => signal.aborted || widget.initialize?.(props));
    // JupyterLab keeps the model of a closed widget as long as the kernel lives: it lets go.
    signal.addEventListener("abort", () =>
      model.get("_large").forEach((name) => model.set(name, null, { silent: true })));
  },
  /** Whether the values of a model go together: what came with an address may not. */
  async allows({ model }) {
    return (await load(model)).allows?.(model) ?? true;
  },
  async render(props) {
    const widget = await load(props.model);
    if (!props.signal.aborted) widget.render(props);
  },
};
