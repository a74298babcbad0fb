// Plotly comes once a page from Python: it is too large for a widget's own code.

let loading = null;
let plotly = null; // what it gave

/** Plotly as a module: out of the saved page, else from Python, or as Python gave it last. */
export function loadPlotly(model) {
  if (model.lost && !plotly) loading = null; // a kernel that is gone does not answer any more
  loading ??= fetchPlotly(model).then((loaded) => (plotly = loaded)).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function fetchPlotly(model) {
  const saved = globalThis.spikevizLibrary;
  const packed = saved ? Uint8Array.from(atob(saved), (letter) => letter.charCodeAt(0))
    : await (model.lost ? lastPlotly() : askPlotly(model));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(stream).text();
  const source = `const module = { exports: {} };\n${text}\nexport default module.exports;`;
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return (await import(address)).default;
}

/** The browser's store, for when there is no Python. */
const openStore = async () => globalThis.caches?.open("spikeviz");

async function lastPlotly() {
  const found = await (await openStore())?.match("/plotly");
  if (!found) throw new Error("Python has them: run this cell again");
  return found.arrayBuffer();
}

const askPlotly = (model) => new Promise((resolve) => {
  const answered = (content, buffers) => {
    if (content !== "plotly") return;
    model.off("msg:custom", answered);
    resolve(buffers[0]);
    const keep = async () => (await openStore())?.put("/plotly", new Response(buffers[0]));
    keep().catch(() => {}); // a full disk, a private window
  };
  model.on("msg:custom", answered);
  model.send("plotly");
});
