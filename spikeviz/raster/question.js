// The question how many neurons never fire, and the answer that it hides until a guess is made.

import { GUESSES, QUESTION, RATES, verdictText } from "./words.js";
import { button, div, h, para, put } from "../base/page.js";

/** {element, write(s)}: `answer` are the elements that hold the truth. */
export function makeQuestion(set, ...answer) {
  const guesses = Object.entries(GUESSES).map(([guess, words]) =>
    button(words, () => set({ guess })));
  const again = button("Ask again", () => set({ guess: "", highlight: "" }));
  const verdict = h("span", { role: "status" });
  const asked = div("row", ...guesses);
  const told = div("row", verdict, again);
  const truth = h("div", {}, ...answer);
  const title = para("title");
  const element = h("div", {}, title, asked, told, truth);
  const write = (s) => {
    put(title, s.guess === "none" ? RATES : QUESTION);
    asked.hidden = s.guess !== "";
    told.hidden = truth.hidden = s.guess === "";
    again.hidden = s.guess === "none";
    put(verdict, verdictText(s));
    told.hidden ||= s.guess === "none";
  };
  return { element, write };
}
