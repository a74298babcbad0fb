// The question before the answer: which of BDSA's maps is its own mirror image?

import { button, h, put, show } from "../base/page.js";
import { asymmetry } from "./attention.js";

const GUESSES = ["both maps", "only the plain product", "only the softmax", "neither"];
const QUESTION = "BDSA has Q = K. Which of its two maps is its own mirror image: " +
  "row i, column j = row j, column i?";

/** answered() is whether there is a guess; a new one asks to `paint`. */
export function mirrorQuestion(models, paint) {
  let guess = null;
  const buttons = GUESSES.map((text) => button(text, () => {
    guess = text;
    paint();
  }, { "aria-pressed": "false" }));
  const reply = h("p", { role: "status" });
  const hidden = !models.includes("bdsa");
  const element = h("div", { class: "sv-ask", hidden }, h("b", {}, "Before you look: "), QUESTION,
    h("div", { class: "sv-row" }, ...buttons), reply);

  /** views: what is computed of each model, by name. */
  function update({ bdsa, sisa }) {
    buttons.forEach((one, n) => (one.ariaPressed = GUESSES[n] === guess));
    if (guess === null || !bdsa) return; // the page may lack BDSA's weights
    const away = ({ plain, softmax, tokens }) =>
      [plain, softmax].map((values) => show(asymmetry(values, tokens)));
    const [plain, softmax] = away(bdsa);
    const other = sisa ? ` In SISA, Q and K differ: ${away(sisa).join(" and ")}.` : "";
    const verdict = guess === GUESSES[1] ? "Right." : "Not quite.";
    put(reply, `${verdict} The spikes that i shares with j, j shares with i: the plain product ` +
      `is its own mirror image (largest difference ${plain}). Softmax divides each row by that ` +
      `row's sum, so its map is not (here ${softmax}).${other} The dashed frame is the mirrored ` +
      "cell. And in BDSA no token shares more spikes with another than with itself.");
  }
  return { element, update, answered: () => guess !== null };
}
