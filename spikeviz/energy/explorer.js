// EnergyExplorer: the paper's sum of joules, layer by layer. Python gives the measured tables;
// every sum on show is computed here.

import { compute, measuredPoints } from "./energy.js";
import { ASK, FIRST, GUESSES, changesOf, summaryText, sourceText, countingText, planeText,
  oursText, lookedText, replyText } from "./words.js";
import { drawTotals, drawEnergyBars, drawPlane, drawPaper, drawOurs } from "./draw.js";
import { makeControls, moveBars, movePlane } from "./controls.js";
import { button, div, h, put } from "../base/page.js";
import { mount, lasting } from "../base/widget.js";
import { syncing, setter, valuesOf } from "../base/traits.js";
import { hide, surface } from "../base/draw.js";
import { memory } from "../base/memory.js";

const SETTINGS = ["e_mac", "e_a", "time_steps", "rate_factor", "one_rate", "rates", "counting"];
const SHOWN = ["guess", "layer", "by", "log"];
const TRAITS = [...SETTINGS, "report", ...SHOWN];
const PAPER = "The paper's Table 4: SpikeAtConv Tiny 3.8 mJ 76.58 %, Base 14.2 mJ 80.53 %, " +
  "Large 32.0 mJ 81.23 %, RMP-SNN-VGG-16 64.9 mJ, Dspike-VGG-16 80.3 mJ, " +
  "Meta-SpikeFormer 79.1 %, SpikFormer 74.8 %";
const NOT_COUNTED = "reading and writing memory, the neurons' membrane updates, softmax, GELU, " +
  "pooling, residual additions";

const INKS = {
  mac: "repeating-linear-gradient(-45deg, var(--sv-fg) 0 2px, transparent 2px 5px)",
  sum: "radial-gradient(var(--sv-fg) 1px, transparent 1.5px) 0 0 / 5px 5px",
};

/** The parts of the page; `measured`: whether networks of ours have a place beside the paper's. */
function build({ controls, plane, handle, question }, measured) {
  const canvas = (name, role, more) => h("canvas", { class: `sv-${name}`, role, ...more });
  const text = (name, ...words) => h("p", { class: `sv-${name}` }, ...words);
  const key = (ink, words) => {
    const style = `--sv-ink: ${INKS[ink] ?? `var(--sv-${ink})`}`;
    return h("span", { class: "sv-key sv-pay", style }, words);
  };
  const parts = {
    totals: canvas("totals", "img"), bars: canvas("energy-bars", "application", { tabindex: 0 }),
    paper: canvas("paper", "img"), ours: canvas("ours", "img"),
    summary: h("p", { class: "sv-summary", role: "status" }), source: text("source"),
    whatIf: h("span", { class: "sv-what-if" }), lines: [h("b"), h("div"), h("div")],
    planeText: text("caption"), counting: text("counting"),
  };
  const { totals, bars, paper, ours, summary, source, whatIf, lines } = parts;
  parts.root = h("div", { class: "spikeviz sv-energy" },
    controls.settings,
    question,
    totals, summary,
    h("div", { class: "sv-row" }, whatIf, controls.reset),
    h("div", { class: "sv-plots" },
      h("div", {},
        h("div", { class: "sv-keys" },
          key("red", "SNN"), key("blue", "its twin: the same layers without spikes, once"),
          key("mac", "pays E_MAC"), key("sum", "sum of spike trains: E_A · Σ R"),
          key("fg", "spikes: E_A · R")),
        bars, controls.how),
      h("div", {},
        text("title", "Where spikes win: drag a layer up or down to change its R"),
        div("stack", plane, handle),
        h("div", { class: "sv-keys" },
          key("green", "wins"), key("red", "loses"),
          key("purple", "inside an SPK block: the twin has none")))),
    h("div", { class: "sv-update" }, ...lines),
    parts.counting, source, parts.planeText,
    text("title", "Energy and accuracy"),
    h("div", { class: "sv-pair" }, paper, ...(measured ? [ours] : [])),
    text("caption", "The paper's Table 4 as far as its text gives it: of two networks only " +
      "the joules, of two only the accuracy. Networks are counted in different ways. Choose " +
      "Tiny, Base and Large, estimated: how near does our sum come to the paper's?"),
    text("not-counted", h("b", {}, "Not counted: "),
      `${NOT_COUNTED}. On real chips moving data often costs more than computing.`));
  return parts;
}

/** Which needs less? {element, write}; before the answer all that shows it is hidden. */
function makeQuestion(set) {
  const answers = GUESSES.map(([guess, words]) => button(words, () => set({ guess })));
  const reply = h("span");
  const again = button("Ask again", () => set({ guess: "" }));
  const element = h("div", { class: "sv-row" }, h("b", {}, ASK), ...answers, reply, again);
  function write(s) {
    for (const one of answers) one.hidden = s.guess !== "";
    reply.hidden = again.hidden = s.guess === "";
    if (s.guess) put(reply, replyText(s));
  }
  return { element, write };
}

function render({ model, el, signal }) {
  const reports = model.get("reports");
  const measured = reports.filter((report) => report.accuracy);
  const report = () => reports.find(({ name }) => name === model.get("report")) ?? reports[0];
  const set = setter(model);
  const controls = makeControls(model.get("limits"), reports, report, set);
  const question = makeQuestion(set);
  const look = (hovered) => {
    view.hovered = hovered;
    paint();
  };
  const view = { model, hovered: null, points: [], set, look, compute: now };
  const plane = h("canvas", { class: "sv-plane", role: "application", tabindex: 0 });
  const hand = movePlane(plane, view);
  const given = { controls, plane, handle: hand.handle, question: question.element };
  const parts = build(given, measured.length);
  const { totals, bars, paper, ours } = parts;
  const once = memory();
  moveBars(bars, view);

  function now() {
    const [settings, shown] = [SETTINGS, SHOWN].map((n) => valuesOf(model, n));
    const s = compute(report(), settings, shown, view.hovered, bars.clientWidth - 72);
    s.changes = changesOf(s);
    s.changed = s.changes.length > 0;
    return s;
  }

  function draw(colour) {
    const sizes = [totals, bars, plane, paper, ours].map((canvas) => canvas.clientWidth);
    const s = now();
    const theme = [...sizes, colour.fg, colour.bg, devicePixelRatio];
    const prices = JSON.stringify([s.report.name, s.settings, s.guess]);
    const keys = [...theme, prices];
    const shown = (canvas, drawn) => { // once there is a guess
      const on = surface(canvas);
      return s.guess ? drawn(on) : hide(on, colour);
    };
    once(totals, keys, () => shown(totals, (on) => drawTotals(s, on, colour)));
    view.x = once(bars, [...keys, s.looked, view.hovered?.group, s.by, s.log],
      () => shown(bars, (on) => drawEnergyBars(s, on, colour)));
    const drawn = once(plane, [...keys, s.looked],
      () => shown(plane, (on) => drawPlane(s, on, colour)));
    Object.assign(view, drawn ?? { points: [] });
    hand.place(s);
    const sum = s.guess && /^(Tiny|Base|Large)/.test(s.report.name) ? s.snn : null;
    once(paper, [...theme, sum], () => drawPaper(surface(paper), colour, sum));
    const drawMeasured = (on) => drawOurs(on, colour, measuredPoints(measured, s));
    if (measured.length) once(ours, keys, () => shown(ours, drawMeasured));
    once("words", [prices, s.by, s.log], () => write(s));
    controls.update(s);
    question.write(s);
    const looked = s.guess ? lookedText(s, view.hovered?.group) : [FIRST, "", ""];
    looked.forEach((words, k) => put(parts.lines[k], words));
    const bar = s.single ? "layer" : "stage";
    bars.ariaLabel = `Energy by ${bar}: left and right choose. ${looked.join(" ")}`;
    return s;
  }

  function write(s) {
    const { summary, source, whatIf } = parts;
    put(summary, s.guess ? summaryText(s) : FIRST);
    put(parts.counting, countingText(s));
    put(source, sourceText(s.report));
    source.classList.toggle("sv-warn", /untrained|estimated/.test(s.report.name));
    put(whatIf, s.changed ? `What if, not measured: ${s.changes.join(", ")}.`
      : "As measured. Move anything to ask: what if?");
    whatIf.classList.toggle("sv-on", s.changed);
    put(parts.planeText, planeText(s));
    totals.ariaLabel = summary.textContent;
    plane.ariaLabel = "Plane of T and R: left and right choose a layer, up and down change " +
      `its R, Delete takes it back. ${parts.planeText.textContent}`;
    paper.ariaLabel = PAPER;
    ours.ariaLabel = s.guess ? oursText(measuredPoints(measured, s)) : FIRST;
  }

  const paint = mount({ model, el, signal }, parts.root, TRAITS, draw, { undo: SETTINGS });
}

export default { initialize: (props) => syncing(props, TRAITS), render: lasting(render) };
