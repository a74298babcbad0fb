// One training as a reader sees it: its network, what became of the loss, where it failed.

import { makeTrainer } from "./training.js";
import { memory } from "../base/memory.js";

const MOST_ROWS = 400; // of the history; more are thinned out
export const SIDE = 40; // places of the plane's maps along x and y

const same = (list, values) =>
  list.length === values.length && list.every((value, i) => value === values[i]);

/** The losses with those of this step: [step, training, test], −1 where there is no such point. */
function withRow(history, steps, numbers) {
  if (history.length && history.at(-1)[0] >= steps) return history;
  const losses = ["train", "test"].map((name) => numbers()[name].loss);
  const more = [...history, [steps, ...losses.map((loss) => (Number.isFinite(loss) ? loss : -1))]];
  return more.length > MOST_ROWS ? more.filter((_, i) => i % 2 === 0) : more;
}

/** A session of these settings. `version` is new whenever its network or its points are. */
export function makeSession(settings) {
  let key = JSON.stringify(settings);
  let trainer = makeTrainer(settings);
  let [version, history, problem, touched, telling] = [0, [], "", false, false];
  const once = memory();

  function begin(of = trainer.settings) {
    trainer = makeTrainer(of);
    [history, problem, touched] = [[], "", false];
    version++;
  }
  /** Other settings, if they are others. */
  function follow(next) {
    const now = JSON.stringify(next);
    if (now === key) return false;
    key = now;
    if (fresh() || next.seed !== trainer.settings.seed) begin(next);
    else trainer.change(next);
    problem = "";
    version++;
    return true;
  }
  const fresh = () => trainer.steps === 0 && !touched;
  const numbers = () => once("numbers", [version], () => trainer.evaluate());

  /** Up to `most` steps, until it is `end` by the page's clock; false if one failed. */
  function learn(most, end) {
    try {
      for (let done = 0; done < most && performance.now() < end; done++) {
        if (!trainer.steps) note(); // where the loss began
        trainer.step();
        version++;
      }
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problem = error.message;
      return false;
    }
  }
  const note = () => (history = withRow(history, trainer.steps, numbers));
  /** Takes up settings and what was learned elsewhere: by Python, in a page, before an undo. */
  function adopt(learned, its) {
    if (telling) return;
    follow(its);
    const { values } = trainer.network;
    if (!learned.weights.length) return fresh() ? undefined : begin();
    if (learned.weights.length !== values.length) return;
    history = learned.history;
    if (same(learned.weights, values) && learned.steps === trainer.steps) return;
    values.set(learned.weights);
    trainer.steps = learned.steps;
    touched = true;
    version++;
  }
  const learned = () => (fresh() ? { weights: [], steps: 0, history: [] }
    : { weights: [...trainer.network.values], steps: trainer.steps, history });
  /** Sets the traits of what was learned, one after the other: half of them is nothing to adopt. */
  function tell(set) {
    if (trainer.steps) note();
    telling = true;
    set(learned());
    telling = false;
  }

  function setWeight(at, value) {
    trainer.network.values[at] = value;
    touched = true;
    version++;
  }
  return {
    begin, follow, learn, note, adopt, learned, tell, setWeight, numbers,
    maps: () => once("maps", [version], () => trainer.surface(SIDE)),
    probe: ([x, y]) => once("probe", [version, x, y], () => trainer.probe(x, y)),
    get trainer() { return trainer; },
    get version() { return version; },
    get history() { return history; },
    get problem() { return problem; },
  };
}
