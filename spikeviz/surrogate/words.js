// What SurrogateExplorer says below its three pictures, and the question before the third.

import { SURROGATES } from "./functions.js";
import { counted, grouped, percent, show } from "../base/page.js";

export const HEADS = {
  step: ["A slope lent to the step",
    "Drag the orange point; the blue one makes σ' wider. Forward the neuron sends Θ, exactly 0 " +
    "or 1; backward it hands on σ' in place of Θ' = 0. What does a spike do to the gradient of " +
    "earlier steps?"],
  layer: ["Who gets a gradient in a real layer",
    "Drag the orange point: a steep σ' comes close to the step. Who still learns? Green: how " +
    "much of its gradient each neuron hands on."],
  loss: ["A weight, by hand and by descent"],
};
export const QUESTION = "Predict: where on this loss is the slope not 0?";
export const ANSWERS = [
  ["On the left", "No. It is high there, but level: a small change of w changes no spike."],
  ["At the jumps", "No slope there either: the loss leaps, and w is hardly ever just there."],
  ["Nowhere", "Right, 0 on every tread: Play moves nothing. Now switch the surrogate on."],
];

const HILL =
  "Not the gradient of the drawn loss, which is flat: it is the slope of the dashed hill, the " +
  "surrogate's gradient summed up over w. It helps where both fall the same way.";

/** Powers of ten for what is too small or too large to read: 3.8·10⁻⁴. */
export function few(value) {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e5)) return show(value);
  const [digits, power] = value.toExponential(1).split("e");
  const raised = power.replace("+", "").replace(/./g, (sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? "⁻");
  return `${digits.replace("-", "−")}·10${raised}`;
}

const signed = (value) => (value < 0 ? `(${few(value)})` : few(value));

/** Of whom the bars are. */
export function origin({ u, away }, name) {
  const trained = name.startsWith("Trained: ");
  const whose = trained ? ", drawn from a network that has learned digits, on 100 of them" : "";
  const outside = away ? ` ${away} lie outside the picture.` : "";
  return `Bars: ${grouped(u.length)} values of H − V_th${whose}.${outside}`;
}

export const SAYS = {
  step({ p, forward, derivative, survival: { leak, reset } }) {
    const share = Math.abs(leak * reset) ** p.time_steps;
    const little = percent(share, share < 0.1 ? 1 : 0);
    const left = share ? `${little} of that is left` : "nothing is left";
    const further = share > 1 ? `it has grown ${few(share)} times` : left;
    const spike = `${forward ? "a spike" : "no spike"}, Θ = ${forward}`;
    return `u = ${show(p.at)}: ${spike}. The gradient is multiplied by ${few(derivative)}; ` +
      `${p.time_steps} steps further back, ${further}.`;
  },
  layer({ p, reached: { share, mean }, layer: { u } }) {
    const useful = `${percent(share, share < 0.1 ? 1 : 0)} of ${grouped(u.length)} neurons`;
    const outside = `${useful} stand outside the dead zone`;
    return `α = ${show(p.alpha)}: ${outside}. The mean slope is ${few(mean)}.`;
  },
  loss({ p, run: { count, loss }, here: { weight, gradient }, place }) {
    const spikes = `${counted(count, "spike")}, ${p.target} wanted`;
    const got = `w = ${show(weight)}: ${spikes}, loss ${show(loss)}.`;
    const way = gradient < 0 ? "raise" : "lower";
    if (!p.surrogate_on) return `${got} True slope 0: descent does not move it.`;
    if (gradient) return `${got} The surrogate's gradient is ${few(gradient)}: ${way} w.`;
    if (loss) return `${got} The gradient is 0 here.`;
    return `${got} No error, no gradient: it rests${place ? ` after ${place} steps` : ""}.`;
  },
};

/** What the reset leaves of the gradient, as a formula: ∂V[t]/∂H[t]. */
function resetFormula({ v_reset, detach_reset }) {
  if (v_reset === null) return detach_reset ? "1" : "1 − V_th · σ'";
  return detach_reset ? "1 − S" : "1 − S + (V_reset − H) · σ'";
}

/** Below each picture two lines or three: [formula, numbers]. */
export const EXPLAINS = {
  step({ p, derivative, survival: { leak, reset, left } }) {
    const [{ formula }, k] = [SURROGATES[p.surrogate], p.time_steps];
    const slope = few(derivative);
    return [
      [`σ'(u) = ${formula("α", "u")}`, `= ${formula(show(p.alpha), signed(p.at))} = ${slope}`],
      [`∂S[t]/∂H[t−k] = σ' · (leak · reset)ᵏ, leak = 1 − 1/τ, reset = ${resetFormula(p)}`,
        `k = ${k}: ${slope} · (${show(leak)} · ${signed(reset)})^${k} = ${few(left[k])}`],
    ];
  },
  layer: ({ p, edge, reached, layer: { u } }) => [
    [`In reach: σ'(u) ≥ ${show(p.dead_below)} · σ'(0)`,
      `that is |u| ≤ ${few(edge)}: ${grouped(reached.count)} of ${grouped(u.length)}`],
    ["Mean slope: Σ σ'(uᵢ) / N", `= ${few(reached.mean)}`],
  ],
  loss({ p, run, here: { weight, gradient } }) {
    const miss = `2 · ${signed(run.count - p.target)}`;
    const by = `${show(p.learning_rate)} · ${signed(gradient)}`;
    const next = show(weight - p.learning_rate * gradient);
    return [
      ["dL/dw = 2 · (spikes − target) · Σ σ'(u[t]) · dH[t]/dw", p.surrogate_on
        ? `${miss} · ${few(run.dcount)} = ${few(gradient)}`
        : `with the true Θ' = 0 in the place of σ': ${miss} · 0 = 0`],
      ["w ← w − η · dL/dw", `${show(weight)} − ${by} = ${next}`],
      [p.surrogate_on ? HILL : "", ""],
    ];
  },
};
