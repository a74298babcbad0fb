// The trainer: one network, its points and its optimizer, step by step. Nothing here knows about
// the screen.

import { code, features, makePoints } from "./data.js";
import { count } from "./energy.js";
import * as net from "./network.js";
import { OPTIMIZERS, makeState } from "./optimizer.js";
import { CODING, LOOK, ORDER, shuffled, uniform } from "./random.js";

const NUMBERS = ["noise", "share", "tau", "time_steps", "alpha", "learning_rate", "batch", "seed"];
const OF_POINTS = ["data", "noise", "share", "points", "seed"];

/** Raises RangeError, in a sentence, where a setting is no finite number. */
function check(settings) {
  const { own, points, thresholds, v_reset } = settings;
  const lists = { thresholds: thresholds.flat(), own: Object.values(own).flat(),
    points: points.flat(), v_reset: v_reset === null ? [] : [v_reset] };
  for (const name of NUMBERS) lists[name] = [settings[name]];
  for (const [name, values] of Object.entries(lists))
    for (const value of values)
      if (!Number.isFinite(value))
        throw new RangeError(`${name} has the value ${value}; give a finite number`);
}

/** Copies what two layers have in common: from every neuron to every input that is in both. */
function keep(from, to, copy) {
  if (from.first && from.inputs !== to.inputs) return; // other currents come in
  const { min } = Math;
  for (let o = 0; o < min(from.outputs, to.outputs); o++) {
    for (let i = 0; i < min(from.inputs, to.inputs); i++)
      copy(from.start + o * from.inputs + i, to.start + o * to.inputs + i);
    copy(from.start + from.weights.length + o, to.start + to.weights.length + o);
  }
}

/** The points' own arrays of samples, CHUNK at a time, through the network: each(room, n, from). */
function runAll(network, room, xs, ys, draw, each) {
  const size = features(network.settings.coding) * (network.still ? 1 : network.steps);
  for (let from = 0; from < xs.length; from += room.most) {
    const n = Math.min(room.most, xs.length - from);
    for (let b = 0; b < n; b++)
      code(network.settings, xs[from + b], ys[from + b], draw, room.inputs, b * size);
    net.run(network, room, n);
    each(n, from);
  }
}

class Trainer {
  constructor(settings) {
    check(settings);
    this.steps = 0;
    this.#use(settings);
    this.points = makePoints(settings);
    this.state = makeState(this.network.values.length);
  }

  get layers() {
    return this.network.layers;
  }

  #use(settings) {
    this.settings = settings;
    this.network = net.makeNetwork(settings);
    this.room = net.makeRoom(this.network);
    this.before = this.network.values.slice();
    this.order = null;
  }

  /** Which training point comes k-th of all that were ever taken: each epoch has its own order. */
  #pick(k) {
    const n = this.points.train.length;
    const epoch = Math.floor(k / n);
    if (this.order?.epoch !== epoch || this.order.order.length !== n)
      this.order = { epoch, order: shuffled(n, uniform(this.settings.seed, ORDER, epoch)) };
    return this.points.train[this.order.order[k % n]];
  }

  /** One step of the optimizer on the next batch: {loss}, the batch's before it. */
  step() {
    const { network, room, settings, steps } = this;
    const { train } = this.points;
    if (!train.length) throw new RangeError("there is no point to train on; click some first");
    const batch = Math.min(settings.batch, train.length, room.most);
    const size = features(settings.coding) * (network.still ? 1 : network.steps);
    const draw = uniform(settings.seed, CODING, steps);
    for (let b = 0; b < batch; b++) {
      const { x, y, label } = this.#pick(steps * batch + b);
      code(settings, x, y, draw, room.inputs, b * size);
      room.labels[b] = label;
    }
    net.run(network, room, batch);
    const loss = net.learn(network, room, batch);
    this.before.set(network.values);
    if (Number.isFinite(loss)) {
      const { gradients, values } = network;
      OPTIMIZERS[settings.optimizer](values, gradients, this.state, settings.learning_rate);
    }
    if (!Number.isFinite(loss) || !network.values.every(Number.isFinite)) {
      network.values.set(this.before);
      throw new RangeError(
        `step ${steps + 1} has no finite loss; lower the learning rate, ` +
        `now ${settings.learning_rate}, and reset`);
    }
    this.steps++;
    return { loss };
  }

  /** Other settings: weights and what the optimizer knows stay where they have a place. Another
   *  seed begins anew. */
  change(settings) {
    const { network: was, settings: last, state } = this;
    check(settings);
    if (settings.seed !== last.seed) Object.assign(this, new Trainer(settings));
    this.#use(settings);
    if (OF_POINTS.some((name) => settings[name] !== last[name])) this.points = makePoints(settings);
    if (settings.seed !== last.seed) return;
    this.state = makeState(this.network.values.length);
    const copy = (from, to) => {
      this.network.values[to] = was.values[from];
      if (settings.optimizer !== last.optimizer) return;
      for (const [name, known] of Object.entries(state)) this.state[name][to] = known[from];
    };
    const { layers } = this.network;
    layers.forEach((layer, l) => {
      const isLast = l === layers.length - 1;
      const from = isLast ? was.layers.at(-1) : was.layers.slice(0, -1)[l];
      if (from) keep({ ...from, first: l === 0 }, layer, copy);
    });
  }

  /** Loss and accuracy on all points; rates, additions and energy on those that train. */
  evaluate() {
    const { layers, steps } = this.network;
    const sums = layers.slice(0, -1).map(({ outputs }) => new Float64Array(outputs));
    const { inputs, hidden } = this.room;
    const { train } = this.points;
    const many = train.length || 1;
    let fed = 0;
    const found = {};
    for (const [name, points] of Object.entries(this.points))
      found[name] = this.#judge(points, (n) => {
        if (name !== "train") return;
        if (!this.network.still)
          for (let k = 0; k < n * steps * layers[0].inputs; k++) fed += inputs[k] / many;
        sums.forEach((sum, l) => {
          for (let k = 0; k < n * steps * sum.length; k++)
            sum[k % sum.length] += hidden[l].spikes[k];
        });
      });
    const { spiking } = this.settings;
    const which = (test) => sums.flatMap((sum, l) => [...sum].flatMap((spikes, i) =>
      (train.length && spiking && test(spikes, layers[l], i) ? [`${l}.${i}`] : [])));
    const most = (layer, i) => train.length * steps * layer.thresholds[i].length;
    const each = sums.map((sum) => Array.from(sum, (spikes) => spikes / many));
    return {
      ...found, rates: each.map((layer) => layer.map((spikes) => spikes / steps)),
      dead: which((spikes, layer, i) => spikes === 0 && !layer.silent[i]),
      saturated: which((spikes, layer, i) => spikes === most(layer, i)),
      ...count(this.network, each, fed),
    };
  }

  #judge(points, see) {
    let [loss, right] = [0, 0];
    const [xs, ys] = ["x", "y"].map((axis) => points.map((point) => point[axis]));
    const draw = uniform(this.settings.seed, LOOK);
    runAll(this.network, this.room, xs, ys, draw, (n, from) => {
      for (let b = 0; b < n; b++) {
        const [logit, { label }] = [this.room.logits[b], points[from + b]];
        loss += net.lossOf(logit, label);
        right += net.isRight(logit, label);
      }
      see(n);
    });
    return { loss: loss / points.length, accuracy: right / points.length };
  }

  /** The plane from −1 to 1, row 0 at the top: the probability of class 1, and each neuron's rate
   *  (of the twin: what it sends). */
  surface(side) {
    const { layers, steps } = this.network;
    const probability = new Float32Array(side * side);
    const hidden = layers.slice(0, -1);
    const rates = hidden.map(({ outputs }) =>
      Array.from({ length: outputs }, () => new Float32Array(side * side)));
    const at = (k) => (2 * k + 1) / side - 1; // the middle of a pixel
    const xs = Float64Array.from(probability, (_, k) => at(k % side));
    const ys = Float64Array.from(probability, (_, k) => -at(Math.floor(k / side)));
    const draw = uniform(this.settings.seed, LOOK);
    runAll(this.network, this.room, xs, ys, draw, (n, from) => {
      for (let b = 0; b < n; b++) probability[from + b] = net.probabilityOf(this.room.logits[b]);
      hidden.forEach(({ outputs }, l) => {
        const { spikes } = this.room.hidden[l];
        for (let i = 0; i < outputs; i++)
          for (let b = 0, row = i, map = rates[l][i]; b < n; b++) {
            let sum = 0;
            for (let t = 0; t < steps; t++, row += outputs) sum += spikes[row];
            map[from + b] = sum / steps;
          }
      });
    });
    return { probability, rates };
  }

  /** All that happens at one point: currents, H of the first threshold, spikes, logits by step. */
  probe(x, y) {
    const { layers, steps, still } = this.network;
    const { hidden, inputs, logits } = this.room;
    runAll(this.network, this.room, [x], [y], uniform(this.settings.seed, LOOK), () => {});
    const times = Array.from({ length: steps }, (_, t) => t);
    const rows = (values, n, isStillHere) => times.map((t) =>
      [...values.subarray((isStillHere ? 0 : t) * n, (isStillHere ? 0 : t) * n + n)]);
    return {
      inputs: rows(inputs, layers[0].inputs, still),
      layers: layers.slice(0, -1).map(({ outputs }, l) => {
        const { currents, h, spikes } = hidden[l];
        const fed = rows(currents, outputs, l === 0 && still);
        const membranes = times.map((t) => h.map(([first]) => first[t]));
        return { currents: fed, h: this.settings.spiking ? membranes : fed,
          spikes: rows(spikes, outputs) };
      }),
      logits: rows(hidden.at(-1).currents, 1).map(([logit]) => logit),
      probability: net.probabilityOf(logits[0]),
    };
  }
}

/** A trainer of these settings (the traits of SpikingPlayground), before its first step. */
export const makeTrainer = (settings) => new Trainer(settings);
