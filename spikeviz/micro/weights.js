// Opens a network that the page itself runs: its weights come once, whoever asks first.
//
//   canOpen(name, model)        whether the page can have it, without asking anybody
//   openNetwork(name, model) → Promise<{header, run, apart}>
//     header                    what pack.py says of it: title, image [C, H, W], steps, boxes, …
//     run(image) → Promise      of what engine.js gives for a Float32Array [C · H · W], 0 to 1;
//                               rejected with a sentence
//     apart                     whether a worker runs it
//
// model: the widget's. name: a file of data/, such as "micro_digits". The weights stand in the page
// (a saved widget), or in a script beside it, assets/NAME.js (a site, a gallery), or Python sends
// them as a message (a notebook). A worker runs the network, or this thread where none can start.

import { offline } from "../base/life.js";
import { addresses, readHeader, run, unpack } from "./engine.js";

const PATIENCE = 60_000; // ms that Python has for an answer

/** By name, for all widgets of the page, whatever version their modules have. */
const opened = (globalThis[Symbol.for("spikeviz.networks")] ??= new Map());

/** {name: the packed weights, or the address of the script that brings them}. */
const inPage = () => globalThis.spikevizWeights ?? {};

export const canOpen = (name, model) => opened.has(name) || name in inPage() ||
  (!offline(model) && (model.get("networks") ?? []).includes(name));

export function openNetwork(name, model) {
  if (!opened.has(name)) {
    const network = fetchBytes(name, model).then(unzip).then(start);
    opened.set(name, network);
    network.catch(() => opened.delete(name)); // whoever asks again may have more luck
  }
  return opened.get(name);
}

// ---------------------------------------------------------------- the weights

async function fetchBytes(name, model) {
  if (inPage()[name]?.endsWith(".js")) await loadScript(name, inPage()[name]);
  if (inPage()[name]) return Uint8Array.from(atob(inPage()[name]), (byte) => byte.charCodeAt(0));
  if (offline(model))
    throw new Error(`The weights of ${name} are not in this page, and no Python is there to send ` +
      "them: run its cell again, or open the page of the site.");
  return askPython(name, model);
}

/** A classic script, since a page that was opened from a disk may fetch nothing. */
const loadScript = (name, place) => new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = place;
  script.onload = resolve;
  script.onerror = () => reject(new Error(`The weights of ${name} are missing: ${place} has to ` +
    "lie beside this page, as the site has it."));
  document.head.append(script);
}).finally(() => document.querySelector(`script[src="${place}"]`)?.remove());

const askPython = (name, model) => new Promise((resolve, reject) => {
  const late = () => end(() => reject(new Error(`Python has not sent the weights of ${name} ` +
    "within a minute: it may be busy with another cell. Try again when that is done.")));
  const timer = setTimeout(late, PATIENCE);
  const hear = (message, buffers) => {
    if (message?.weights !== name) return;
    end(() => (message.problem ? reject(new Error(message.problem)) : resolve(buffers[0])));
  };
  const end = (then) => {
    clearTimeout(timer);
    model.off("msg:custom", hear);
    then();
  };
  model.on("msg:custom", hear);
  model.send({ weights: name });
});

const unzip = (bytes) => new Response(
  new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

// ---------------------------------------------------------------- the network

async function start(buffer) {
  const { header } = readHeader(buffer);
  const ask = await startWorker(buffer);
  if (ask)
    return { header, apart: true, run: (image) => ask({ image: Float32Array.from(image ?? []) }) };
  const network = unpack(buffer);
  return { header, apart: false, run: async (image) => run(network, image) };
}

/** The engine as one classic script: a page that was opened from a disk starts no other worker. */
async function engineScript() {
  const texts = addresses.map(async (address) => (await fetch(address)).text());
  const classic = (text) => text.replace(/^(\s*import\b[^;]*;)*/, "")
    .replaceAll(/\bexport (?=const|function)/g, "").replaceAll("import.meta.url", "''");
  const script = (await Promise.all(texts)).map(classic).join("\n");
  return URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
}

/** ask(message) → Promise of the worker's answer; null where no worker starts. */
async function startWorker(buffer) {
  const waiting = [];
  let worker;
  try {
    worker = new Worker(await engineScript());
  } catch {
    return null;
  }
  worker.onmessage = ({ data: { done, problem } }) => {
    const [resolve, reject] = waiting.shift();
    if (problem) reject(new Error(problem));
    else resolve(done);
  };
  const ask = (message) => new Promise((...both) => {
    waiting.push(both);
    worker.postMessage(message);
  });
  const failed = new Promise((resolve) => (worker.onerror = () => resolve(null)));
  return Promise.race([ask({ open: buffer }).then(() => ask), failed]);
}
