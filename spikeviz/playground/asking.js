// The experiments: a question, the reader's guess, a training that answers, the way back.

import { BASE, EXPERIMENTS } from "./experiments.js";
import { SETTINGS, settingsOf } from "./state.js";
import { makeTrainer } from "./training.js";
import { button, div, h, para, renew } from "../base/page.js";
import { valuesOf } from "../base/traits.js";

/** The trainer's numbers after these steps. */
function train(settings, steps) {
  const trainer = makeTrainer(settings);
  for (let k = 0; k < steps; k++) trainer.step();
  return trainer.evaluate();
}

/** {chips, panel, update, rests}; rests() hears that a training has ended. */
export function makeAsking({ model, set, session, runner, reset }) {
  let own = null; // the reader's settings, from before the first experiment
  let asked = null; // {id, guess, says}
  const chips = EXPERIMENTS.map(({ id, title }) => ({ id, press: button(title, () => {
    asked = { id };
    set({ experiment: id });
    update();
  }) }));
  const panel = div("pg-panel-ask");
  const now = () => EXPERIMENTS.find(({ id }) => id === model.get("experiment"));
  function run(settings, steps) {
    set({ ...BASE, ...settings });
    session.follow(settingsOf(model));
    reset();
    runner().start(steps);
  }
  function guess(i) {
    if (!now()) return; // closed in this very moment
    const { settings, steps } = now();
    own ??= { ...valuesOf(model, SETTINGS), ...session.learned() };
    asked = { id: now().id, guess: i };
    run(settings, steps);
  }
  function back() {
    runner().stop();
    set({ experiment: "", ...own });
    [own, asked] = [null, null];
  }
  function rests() {
    const one = now();
    if (!one || asked?.guess === undefined || asked.says) return;
    const mine = { ...BASE, ...one.settings };
    const changed = JSON.stringify(valuesOf(model, Object.keys(mine))) !== JSON.stringify(mine);
    if (changed || session.trainer.steps !== one.steps) return;
    const against = train({ ...BASE, ...one.against }, one.steps);
    asked.says = one.says({ tried: session.numbers(), against });
  }
  const said = h("div", { role: "status" });
  function answer({ choices, right, answer: words, more, against, steps }) {
    const hit = asked.guess === right ? "Yes." : `No: “${choices[right]}”.`;
    return [para("title", `${hit} ${asked.says}`), h("p", {}, words), h("p", {}, more),
      div("row", button("Watch the other one", () => run(against, steps)),
        button("Back to my own settings", back))];
  }
  function update() {
    const one = now();
    for (const { id, press } of chips) press.ariaPressed = String(id === one?.id);
    panel.hidden = !one;
    if (!one) return;
    if (asked?.id !== one.id) asked = { id: one.id };
    const waits = asked.guess !== undefined && !asked.says;
    renew(panel, one.id, () => [h("p", { class: "sv-title" }, one.question),
      div("row", ...one.choices.map((text, i) => button(text, () => guess(i)))), said]);
    [...panel.children[1].children].forEach((press, i) =>
      (press.ariaPressed = String(i === asked.guess)));
    renew(said, `${one.id} ${asked.guess} ${asked.says}`, () => (asked.says ? answer(one)
      : [div("row", waits ? `Training ${one.steps} steps; then the answer.` : "Guess first.",
        button(own ? "Back to my own settings" : "Close", back))]));
  }
  return { chips: chips.map(({ press }) => press), panel, update, rests };
}
