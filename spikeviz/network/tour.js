// The guided tour: steps are data, {on, out, complete}. The box in question is framed, nothing is
// blocked; a step is complete when its condition holds for the traits.

import { button, counted, h } from "../base/page.js";

/** place(name) is the element that a step is about, or null; reveal(element) shows it. */
export function guidedTour({ model, set, place, reveal }) {
  let framed = null;
  let seen = null; // the step on show: a page that opens on a step does not scroll
  const steps = () => model.get("tour");
  const at = () => Math.min(model.get("tour_step"), steps().length - 1);
  const go = (step) => set({ tour_step: step >= steps().length ? -1 : Math.max(step, -1) });
  const next = () => {
    if ("next" in (steps()[at()]?.complete ?? {})) finish(at());
    go(at() + 1);
  };
  const start = button("Start the tour", () => set({ tour_step: 0 }), { class: "sv-nw-start" });
  const progress = h("b");
  const text = h("span", { class: "sv-nw-out" });
  const state = h("span", { class: "sv-nw-state" });
  const back = button("Back", () => go(at() - 1));
  const forth = button("Next", next);
  const close = button("Close", () => go(-1));
  const card = h("div", {
    class: "sv-nw-tour", role: "region", "aria-label": "Guided tour", tabindex: -1, hidden: true,
  },
  h("p", { "aria-live": "polite" }, progress, " ", text, " ", state),
  h("div", { class: "sv-row sv-nw-tight" }, back, forth, close));
  card.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") go(-1);
    if (key === "ArrowRight") next();
    if (key === "ArrowLeft" && at() > 0) go(at() - 1);
  });

  const holds = (complete) => Object.entries(complete).every(([condition, value]) => {
    const now = model.get(condition); // of no trait for "next"
    return condition === "opened" && value === true ? now !== "" : now === value;
  });
  const finish = (step) => {
    const done = model.get("tour_done");
    if (!done.includes(step)) set({ tour_done: [...done, step].sort((a, b) => a - b) });
  };

  function frame(target) {
    if (framed === target) return;
    framed?.classList.remove("sv-nw-framed");
    target?.classList.add("sv-nw-framed");
    framed = target;
  }

  function update() {
    const count = steps().length;
    const step = at();
    const open = step >= 0 && count > 0;
    start.textContent = `Start the tour, ${counted(count, "step")}`;
    start.hidden = open || count === 0;
    card.hidden = !open;
    frame(open ? place(steps()[step].on) : null);
    if (open) writeStep(step, count, steps()[step]);
    else seen = "";
  }

  function writeStep(step, count, { on, out, complete }) {
    if (holds(complete)) finish(step);
    const done = model.get("tour_done").includes(step);
    const ready = done || "next" in complete;
    progress.textContent = `Step ${step + 1} of ${count}.`;
    text.textContent = out;
    state.textContent = done ? "✓ done" : framed ? "" : "(This network has no such box.)";
    forth.textContent = step + 1 === count ? "Finish" : ready ? "Next" : "Skip";
    forth.classList.toggle("sv-nw-strong", ready);
    back.disabled = step === 0;
    const now = `${step} ${on}`;
    if (seen !== null && seen !== now) reveal(framed ?? card);
    seen = now;
  }
  return { start, card, update };
}
