// What LIFExplorer says of its neuron: a summary, the map, one step with its numbers.

import { rateOf } from "./rates.js";
import { show } from "../base/page.js";

export const SOUND = { off: "Sound: off", on: "Sound: a click a spike" };
export const spikes = (count) => `${count} spike${count === 1 ? "" : "s"}`;

export function summaryText({ p, current, run }) {
  const first = run.s.indexOf(1);
  const found = first < 0
    ? `none: V stays below the threshold, at most ${show(Math.max(...run.h))}`
    : `first at ${show(first * p.dt)} ms`;
  const rate = show(rateOf(run.count, current.length, p.dt), 1);
  return `${spikes(run.count)} in ${show(current.length * p.dt)} ms, ${rate} Hz, ${found}.`;
}

/** `most`: spikes of any neuron on the map. */
export function mapText({ other, otherRun }, most) {
  if (other)
    return `Under the pointer: τ ${show(other.tau, 2)} ms, V_th ${show(other.v_threshold, 2)}, ` +
      `${otherRun.count} spikes`;
  return `Dark: 0 spikes, bright: ${most}. The dot is your neuron.`;
}

/** Keeps a piece of a formula on one line. */
const whole = (text) => text.replaceAll(" ", "\u00a0").replaceAll("τ/Δt", "τ\u2060/\u2060Δt");
const pieces = (...texts) => texts.map(whole).join(" ");

/** The three lines of step t with its numbers: [name, formula, numbers]; at 0 the start. */
export function explain({ p, run, cursor: t }) {
  if (!t) return [["Charge", "V = V_rest", show(p.v_rest)], ["Fire?", "", ""], ["Reset", "", ""]];
  const before = run.v[t - 1];
  const [h0, x, h1, v] = [before, run.x[t], run.h[t], run.v[t]].map((value) => show(value));
  const [threshold, rest] = [show(p.v_threshold), show(p.v_rest)];
  const ratio = p.dt === 1 ? show(p.tau) : `(${show(p.tau)} / ${show(p.dt)})`;
  const charge = ["Charge",
    pieces("H = V +", "(R·I − (V − V_rest))", "/ (τ/Δt)"),
    pieces(`${h0} +`, `(${x} − (${h0} − ${p.v_rest < 0 ? `(${rest})` : rest}))`, `/ ${ratio}`,
      `= ${h1}`)];
  if (run.silent[t]) {
    const ignored = `input ignored, no spike for ${show(p.t_ref)} ms after the last one`;
    return [charge, ["Fire?", "refractory", ignored], ["Reset", "V = H", v]];
  }
  const spike = run.s[t];
  const reaches = `${h1} ${spike ? "≥" : "<"} ${threshold}, so S = ${spike}`;
  const fire = ["Fire?", "S = 1 if H ≥ V_th", reaches];
  const reset = !spike ? ["V = H", `no spike, V stays ${v}`]
    : p.v_reset === null ? ["V = H − V_th (soft)", `${h1} − ${threshold} = ${v}`]
    : ["V = V_reset (hard)", v];
  return [charge, fire, ["Reset", ...reset]];
}
