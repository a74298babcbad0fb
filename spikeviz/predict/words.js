// The words of a prediction.

import { show } from "../base/page.js";

export const KEPT = "Kept. Run the cell below.";
export const UNHEARD =
  "Python has not heard it: save the notebook. When this cell runs again, it is told.";
export const SKIPPED = "Skipped. Run the cell below.";
const HINTS = { choice: "Choose one", number: "Set a number", curve: "Draw a curve" };
const HINT = "There is no way back: a wrong prediction teaches most.";
const RAN = "The cells below have run already: predict before you read them.";
export const MARKS = { both: "✓ your prediction, and what comes out", guess: "your prediction",
  result: "✓ what comes out" };
export const PAD = "Draw with the mouse or a finger";
export const PENCIL = "Your curve: arrow keys left and right go along, up and down change its " +
  "height, Page Up and Page Down by a tenth";

const exact = (value) => show(Number(value.toPrecision(4)), 8);
const digits = (value) => show(Number(value.toPrecision(3)), 8);
export const amount = (value, unit) => `${exact(value)} ${unit}`.trim();
export const pointText = ([, , xLabel], [, , yLabel], x, y) =>
  `${xLabel} ${digits(x)}: ${yLabel} ${digits(y)}`;

function numberText({ guess, result, x: [, , unit] }) {
  const apart = Math.abs(guess - result);
  if (Number(apart.toPrecision(4)) === 0) return `${amount(result, unit)}, as you predicted.`;
  const way = guess < result ? "more" : "less";
  return `You predicted ${amount(guess, unit)}; it is ${amount(result, unit)}, ` +
    `${exact(apart)} ${way}.`;
}

/** The picture of a curve, for who does not see it. */
export function pictureText({ result, x: [, , xLabel], y: [, , yLabel] }) {
  const picture = `${yLabel} over ${xLabel}`;
  if (result === null) return picture;
  const { x, values } = result;
  const most = values.indexOf(Math.max(...values));
  return `${picture}: what comes out begins at ${digits(values[0])}, ends at ` +
    `${digits(values.at(-1))}, and is highest at ${digits(x[most])}, with ${digits(values[most])}`;
}

/** The line below the question. miss: of a curve, how far it is from the result. */
export function summaryOf(s, miss) {
  const { kind, guess, result, state, ran } = s;
  if (state === "open") return `${HINTS[kind]}, then commit. ${ran ? RAN : HINT}`;
  const skipped = state === "skipped";
  if (result === null) return skipped ? SKIPPED : KEPT;
  if (kind === "choice") {
    if (skipped) return `It is: ${result}.`;
    return guess === result ? `As you predicted: ${result}.`
      : `You predicted “${guess}”; it is “${result}”.`;
  }
  if (kind === "number") return skipped ? `It is ${amount(result, s.x[2])}.` : numberText(s);
  const [low, high] = s.y;
  return skipped || !miss ? "The curve shows what comes out."
    : `On average your curve is ${digits(miss.apart * (high - low))} off.`;
}
