// Runs a folded network on one image, driven by events: pack.py writes it, weights.js opens it.
//
//   const network = unpack(buffer)      what pack.py wrote, an ArrayBuffer
//   const found = run(network, image)   image: Float32Array [C · H · W], 0 to 1
//
// found = {
//   logits      [T][classes], of each step, before the mean
//   outputs     {box: {shape: [T, C, H, W], values: Float32Array}}, what leaves each box
//   neurons     {name of the LIF or LIFSum: {shape, spikes: Uint8Array, membrane: Float32Array}},
//               how many of its neurons fire, 0 to n, and H, before the reset, of the first
//   layers      rows as of energy_report: {layer, flops, input, rate, passes, additions,
//               multiplications, snn_mj, ann_mj}. Additions are those that were done: fewer than
//               FLOPs · R where a kernel looks over the border, else as many
//   milliseconds }
//
// As a worker it answers {open: buffer} and {image} with {done}, or {problem: a sentence}.

import { attend, convolve, fire, here, measure, planes, pool, repeat, sum } from "./layers.js";

/** Where these modules came from: a page starts them again as a worker. */
export const addresses = [here, import.meta.url];

const MJ = 1e-9; // of a pJ

// ---------------------------------------------------------------- what pack.py wrote

/** The words of a packed network, and where its numbers begin. */
export function readHeader(buffer) {
  try {
    const length = new DataView(buffer).getUint32(0, true);
    const text = new TextDecoder().decode(new Uint8Array(buffer, 4, length));
    return { header: JSON.parse(text), begin: 4 + length };
  } catch (error) {
    throw new Error(`The weights cannot be read, they are cut off or damaged (${error.message}).`, {
      cause: error,
    });
  }
}

/** float16 → float32. */
function widen(halves) {
  const powers = Array.from({ length: 32 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));
  powers[31] = NaN; // or infinite
  const found = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const exponent = (halves[i] >> 10) & 31;
    const size = ((halves[i] & 1023) + (exponent ? 1024 : 0)) * powers[exponent];
    found[i] = halves[i] & 32768 ? -size : size;
  }
  return found;
}

/** Every step of a run with weights, in the order of the file. */
const weighted = (steps) => steps.flatMap((step) => [
  ...(step.sizes ? [step] : []),
  ...[step.run, step.q, step.k, step.v, step.out].flatMap((run) => (Array.isArray(run)
    ? weighted(run) : [])),
]);

/** A network that runs. Error with a sentence for one that is broken. */
export function unpack(buffer) {
  const { header, begin } = readHeader(buffer);
  const layers = weighted(header.boxes.flatMap(({ run: steps }) => steps));
  const needed = layers.reduce((all, { sizes: [w, b] }) => all + w + b, 0);
  if (buffer.byteLength - begin !== 2 * needed)
    throw new Error(`The weights of ${header.name} are ${buffer.byteLength - begin} bytes and ` +
      `its layers need ${2 * needed}: write them again with spikeviz.micro.pack.`);
  const numbers = widen(new Uint16Array(buffer.slice(begin)));
  let at = 0;
  const take = (count) => numbers.subarray(at, (at += count));
  for (const layer of layers) {
    [layer.weights, layer.bias] = layer.sizes.map(take);
    if (![layer.weights, layer.bias].every((part) => part.every(Number.isFinite)))
      throw new Error(`${layer.name} of ${header.name} has weights that are NaN or infinite: ` +
        "train it again, or load weights that are whole.");
  }
  return header;
}

// ---------------------------------------------------------------- a run

/** A row of energy_report: what a layer was fed says what a product costs. */
function price({ name, kind, flops }, x, { mac, addition }, additions, image = false) {
  const { sum: spikes, most, whole } = measure(x);
  const input = image ? "image" : !whole ? "real" : most <= 1 ? "binary" : "spike sum";
  const [rate, passes] = [spikes / x.values.length, x.steps];
  const driven = whole && !image;
  return {
    layer: name, kind, flops, input, rate: driven ? rate : NaN, passes,
    additions: driven ? additions : 0, multiplications: driven ? 0 : passes * flops,
    snn_mj: passes * flops * MJ * (driven ? addition * rate : mac), ann_mj: flops * mac * MJ,
  };
}

const STEPS = {
  conv(x, step, log) {
    const { given, additions } = convolve(x, step);
    log.layers.push(price(step, x, log.joules, additions, !log.layers.length));
    return given;
  },
  neurons(x, step, log) {
    const { given, membrane } = fire(x, step);
    log.neurons[step.name] = {
      shape: [given.steps, given.channels, given.height, given.width],
      spikes: planes(given, given.values, Uint8Array), membrane: planes(given, membrane),
    };
    return given;
  },
  attention(x, step, log) {
    const q = follow(x, step.q, log);
    const [k, v] = [step.k, step.v].map((steps) => (steps ? follow(x, steps, log) : q));
    const { given, qk, av } = attend([q, k, v], step);
    const { name, flops } = step;
    log.layers.push(price({ name: `${name} QK`, kind: "attention QK", flops }, q, log.joules,
      qk));
    log.layers.push(price({ name: `${name} AV`, kind: "attention AV", flops }, v, log.joules,
      av));
    return follow(given, step.out, log);
  },
  residual: (x, step, log) => sum(x, follow(x, step.run, log)),
  mean: pool,
};
STEPS.linear = STEPS.conv; // of one pixel

function follow(x, steps, log) {
  let now = x;
  for (const step of steps) {
    if (!STEPS[step.kind])
      throw new Error(`The page cannot run ${step.name ?? "a part"} of this network, of the kind ` +
        `"${step.kind}": it knows ${Object.keys(STEPS).join(", ")}.`);
    now = STEPS[step.kind](now, step, log);
  }
  return now;
}

/** The image as what flows: one step. */
function take({ image: [channels, height, width] }, image) {
  const wanted = channels * height * width;
  if (image?.length !== wanted)
    throw new Error(`The image has ${image?.length ?? "no"} values; this network takes ` +
      `${channels} × ${height} × ${width} = ${wanted}, from 0 to 1.`);
  if (!image.every(Number.isFinite))
    throw new Error("The image has values that are not finite: give numbers from 0 to 1.");
  const turned = { steps: 1, height: channels, width: 1, channels: height * width };
  return { steps: 1, height, width, channels, values: planes(turned, Float32Array.from(image)) };
}

export function run(network, image) {
  const begin = performance.now();
  const log = { outputs: {}, neurons: {}, layers: [], joules: network.joules };
  let x = take(network, image);
  for (const box of network.boxes) {
    if (log.layers.length && x.steps < network.steps) x = repeat(x, network.steps);
    x = follow(x, box.run, log);
    log.outputs[box.box] = {
      shape: [x.steps, x.channels, x.height, x.width], values: planes(x, x.values),
    };
  }
  const logits = Array.from({ length: x.steps }, (_, t) =>
    Array.from(x.values.subarray(t * x.channels, (t + 1) * x.channels)));
  if (!logits.flat().every(Number.isFinite))
    throw new Error("The scores of this network are not finite: its weights are too large.");
  const { outputs, neurons, layers } = log;
  return { logits, outputs, neurons, layers, milliseconds: performance.now() - begin };
}

// ---------------------------------------------------------------- in a worker

if (globalThis.WorkerGlobalScope && globalThis instanceof globalThis.WorkerGlobalScope) {
  let network;
  globalThis.onmessage = ({ data: { open, image } }) => {
    try {
      if (open) network = unpack(open);
      const done = image ? run(network, image) : true;
      const large = image ? [...Object.values(done.outputs).map(({ values }) => values.buffer),
        ...Object.values(done.neurons).flatMap((one) => [one.spikes.buffer, one.membrane.buffer])]
        : [];
      globalThis.postMessage({ done }, large);
    } catch (error) {
      globalThis.postMessage({ problem: error.message });
    }
  };
}
