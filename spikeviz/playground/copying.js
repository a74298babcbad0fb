// "Copy training script": the network of the page in PyTorch, to be run anywhere.

import { script } from "./script.js";
import { button, h, put } from "../base/page.js";

async function unpacked(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/** The button, and where it says what it did; what a clipboard refuses is saved as a file. */
export function makeCopying(model, session) {
  const said = h("output", { class: "sv-told" });
  const press = button("Copy training script", async () => {
    const { settings, steps } = session.trainer;
    const text = script(settings, Math.max(1, steps), await unpacked(model.get("reference")));
    try {
      await navigator.clipboard.writeText(text);
      put(said, "Copied: a Python script that trains this network with spikeatconv.");
    } catch {
      const href = URL.createObjectURL(new Blob([text], { type: "text/x-python" }));
      h("a", { href, download: "playground.py" }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
      put(said, "Saved as playground.py: it trains this network with spikeatconv.");
    }
  }, { title: "Python, with spikeatconv: the same points, weights and steps" });
  return [press, said];
}
