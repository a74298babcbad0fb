// The guided tour: steps are data, {on, out, complete}. The box in question is framed, nothing is
// blocked; a step is complete when its condition holds for the traits.

import { h } from "../base/page.js";

/** place(name) is the element that a step is about, or null; set(changes) writes traits. Returns {start, card, update}. */
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
  const start = h("button", { type: "button", class: "sv-nw-start", onclick: () => set({ tour_step: 0 }) }, "Start the tour");
  const progress = h("b");
  const text = h("span", { class: "sv-nw-out" });
  const state = h("span", { class: "sv-nw-state" });
  const back = h("button", { type: "button", onclick: () => go(at() - 1) }, "Back");
  const forth = h("button", { type: "button", onclick: next }, "Next");
  const close = h("button", { type: "button", onclick: () => go(-1) }, "Close");
  const card = h("div", { class: "sv-nw-tour", role: "region", "aria-label": "Guided tour", tabindex: -1, hidden: true },
    h("p", { "aria-live": "polite" }, progress, " ", text, " ", state), h("div", { class: "sv-row sv-nw-tight" }, back, forth, close));
  card.addEventListener("keydown", (event) => {
    if (event.key === "Escape") go(-1);
    if (event.key === "ArrowRight") next();
    if (event.key === "ArrowLeft" && at() > 0) go(at() - 1);
  });

  const holds = ([[condition, value]]) => condition !== "next" && (value === true && condition === "opened" ? model.get("opened") !== "" : model.get(condition) === value);
  const finish = (step) => {
    const done = model.get("tour_done");
    if (!done.includes(step)) set({ tour_done: [...done, step].sort((a, b) => a - b) });
  };

  function update() {
    const count = steps().length;
    const step = at();
    const open = step >= 0 && count > 0;
    start.textContent = `Start the tour, ${count} step${count === 1 ? "" : "s"}`;
    start.hidden = open || count === 0;
    card.hidden = !open;
    const target = open ? place(steps()[step].on) : null;
    if (framed !== target) {
      framed?.classList.remove("sv-nw-framed");
      target?.classList.add("sv-nw-framed");
      framed = target;
    }
    if (!open) {
      seen = "";
      return;
    }
    const { on, out, complete } = steps()[step];
    if (holds(Object.entries(complete))) finish(step);
    const done = model.get("tour_done").includes(step);
    progress.textContent = `Step ${step + 1} of ${count}.`;
    text.textContent = out;
    state.textContent = done ? "✓ done" : target ? "" : "(This network has no such box.)";
    forth.textContent = step + 1 === count ? "Finish" : done || "next" in complete ? "Next" : "Skip";
    forth.classList.toggle("sv-nw-strong", done || "next" in complete);
    back.disabled = step === 0;
    const now = `${step} ${on}`;
    if (seen !== null && seen !== now) reveal(target ?? card);
    seen = now;
  }
  return { start, card, update };
}
