// The module of every widget. The widget's own code comes packed in the trait `_code`; a page loads
// it once, however many widgets use it: what a browser has loaded as a module, it keeps for ever.

const loaded = (globalThis[Symbol.for("spikeviz")] ??= new Map());

function load(packed) {
  if (!loaded.has(packed)) loaded.set(packed, unpack(packed));
  return loaded.get(packed);
}

async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const address = URL.createObjectURL(new Blob([await new Response(stream).text()], { type: "text/javascript" }));
  return (await import(address)).default;
}

export default {
  async initialize(props) {
    const widget = await load(props.model.get("_code"));
    if (!props.signal.aborted) widget.initialize?.(props);
  },
  async render(props) {
    const widget = await load(props.model.get("_code"));
    if (!props.signal.aborted) widget.render(props);
  },
};
