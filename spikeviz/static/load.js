// The module of every widget. The widget's own code and style come packed in the traits `_code` and
// `_sheet`; a page loads them once, however many widgets use them: what a browser has loaded as a
// module, it keeps for ever.

const loaded = (globalThis[Symbol.for("spikeviz")] ??= new Map());

// JupyterLab keeps the model of a closed widget as long as the kernel lives: these let go.
const LARGE = ["_code", "_sheet", "answer", "bits", "done", "image", "layers", "points", "recorded", "reports", "strip"];

function load(model) {
  const [packed, sheet] = [model.get("_code"), model.get("_sheet")];
  if (!loaded.has(packed)) loaded.set(packed, Promise.all([unpack(packed), unpack(sheet)]).then(adopt));
  return loaded.get(packed);
}

async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function adopt([code, sheet]) {
  const style = document.createElement("style");
  style.textContent = sheet;
  document.head.append(style);
  return (await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })))).default;
}

export default {
  initialize(props) {
    const { model, signal } = props;
    // Not awaited: a model that is not ready after 2 s hears nothing more from Python (anywidget).
    load(model).then((widget) => signal.aborted || widget.initialize?.(props));
    signal.addEventListener("abort", () => LARGE.forEach((name) => model.set(name, null, { silent: true })));
  },
  async render(props) {
    const widget = await load(props.model);
    if (!props.signal.aborted) widget.render(props);
  },
};
