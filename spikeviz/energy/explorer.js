// EnergyExplorer: the paper's sum of joules, layer by layer. Python gives the measured tables;
// every sum on show is computed here.

import { price, total, meanRate, breakEven, verdict, stages } from "./energy.js";
import { energyText, pays, drawTotals, drawEnergyBars, drawPlane, drawPaper, drawOurs } from "./draw.js";
import { h, percent, put, clamp, show } from "../base/page.js";
import { numberControl, choice, checkbox, drag } from "../base/controls.js";
import { syncing, mount, lasting, setter } from "../base/widget.js";
import { surface } from "../base/draw.js";

const SETTINGS = ["e_mac", "e_a", "time_steps", "rate_factor", "one_rate", "rates", "membranes"];
const TRAITS = [...SETTINGS, "report", "layer", "by", "log"];
const MEASURED = { e_mac: 4.6, e_a: 0.9, time_steps: null, rate_factor: 1, one_rate: null, rates: {}, membranes: "mac" };
const CONTROLS = {
  e_mac: ["E_MAC", "pJ"],
  e_a: ["E_A", "pJ"],
  time_steps: ["T, time steps", ""],
  rate_factor: ["R × factor", ""],
  one_rate: ["R of all", ""],
};
const NOT_COUNTED = "reading and writing memory, the neurons' membrane updates, softmax, GELU, pooling, residual additions";

function initialize(props) {
  syncing(props, TRAITS);
}

function render({ model, el, signal }) {
  const reports = model.get("reports");
  const find = (name) => reports.find((report) => report.name === name) ?? reports[0];
  const scales = {}; // of the last drawing
  const drawnWith = new Map(); // what each canvas shows
  let hovered = null; // a group of bars or a row under the pointer or the keys
  let points = []; // on the plane
  const set = setter(model);

  // ---- the parts, built once
  const network = choice({ label: "Network", options: reports.map(({ name }) => name), set: (report) => set({ report, rates: {}, layer: "" }) });
  const control = (key) => {
    const [label, unit] = CONTROLS[key];
    const [low, high, step] = model.get("limits")[key];
    const limit = (value) => clamp(key === "time_steps" ? Math.round(value) : value, low, high);
    const asMeasured = (value) => (key === "time_steps" && value === find(model.get("report")).time_steps ? null : value);
    return numberControl({ label, unit, range: [low, key === "time_steps" ? 32 : high, step], limit, set: (value) => set({ [key]: asMeasured(value) }) });
  };
  const controls = Object.fromEntries(Object.keys(CONTROLS).map((key) => [key, control(key)]));
  const oneRate = checkbox({ label: "one R for all layers", set: (on) => set({ one_rate: on ? Number(Math.min(meanRate(find(model.get("report")).rows), 4).toFixed(3)) : null }) });
  const membranes = choice({ label: "Real inputs pay", options: [["mac", "E_MAC"], ["add", "E_A · R, the paper's formula"]], set: (value) => set({ membranes: value }) });
  const by = choice({ label: "Bars", options: [["layer", "by layer"], ["stage", "by stage"]], set: (value) => set({ by: value }) });
  const log = checkbox({ label: "logarithmic bars", set: (value) => set({ log: value }) });
  const reset = h("button", { type: "button", onclick: () => set(MEASURED) }, "Back to what was measured");
  const totals = h("canvas", { class: "sv-totals", role: "img" });
  const bars = h("canvas", { class: "sv-energy-bars", tabindex: 0, role: "application" });
  const plane = h("canvas", { class: "sv-plane", tabindex: 0, role: "application" });
  const [paper, ours] = ["sv-paper", "sv-ours"].map((name) => h("canvas", { class: name, role: "img" }));
  const summary = h("p", { class: "sv-summary", role: "status" });
  const [source, whatIf] = [h("p", { class: "sv-source" }), h("span", { class: "sv-what-if" })];
  const lines = [h("b"), h("div"), h("div")];
  const planeText = h("p", { class: "sv-caption" });
  const title = (text) => h("p", { class: "sv-title" }, text);
  const key = (name, text) => h("span", { class: `sv-key sv-pay sv-${name}` }, text);
  const measured = reports.filter((report) => report.accuracy);
  const root = h("div", { class: "spikeviz sv-energy" },
    h("div", { class: "sv-controls" }, network.element, membranes.element, ...["time_steps", "rate_factor", "e_mac", "e_a"].map((name) => controls[name].element), h("div", {}, oneRate.element, controls.one_rate.element)),
    title("Which needs less energy for one image, the spiking network or its twin? Guess, then look"),
    totals, summary, source,
    h("div", { class: "sv-row sv-changed" }, whatIf, reset),
    h("div", { class: "sv-keys" }, key("snn", "SNN"), key("ann", "its twin: the same layers without spikes, once"), key("mac", "pays E_MAC"), key("sum", "sum of spike trains: E_A · Σ R"), key("add", "spikes: E_A · R")),
    bars,
    h("div", { class: "sv-row sv-how" }, by.element, log.element),
    h("div", { class: "sv-update" }, ...lines),
    h("div", { class: "sv-plots" },
      h("div", {},
        title("Where spikes win: drag a layer up or down to change its R"),
        plane,
        h("div", { class: "sv-keys" }, key("wins", "wins"), key("loses", "loses"), key("alone", "inside an SPK block: the twin has none")),
        planeText),
      h("div", {},
        title("Energy and accuracy"),
        h("div", { class: measured.length ? "sv-pair" : "" }, paper, ...(measured.length ? [ours] : [])),
        h("p", { class: "sv-caption" }, "The paper's Table 4 as far as its text gives it: of two networks only the joules, of two only the accuracy. Networks are counted in different ways. Choose Tiny and let real inputs pay E_A · R: how near does our sum come to the paper's 3.8 mJ?"),
        h("p", { class: "sv-not-counted" }, h("b", {}, "Not counted: "), `${NOT_COUNTED}. On real chips moving data often costs more than computing.`))));

  // ---- what is on show
  const settings = () => Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));

  function compute() {
    const report = find(model.get("report"));
    const now = settings();
    const priced = price(report, now);
    const before = price(report, MEASURED);
    const spans = stages(priced);
    const layer = model.get("layer");
    const wide = bars.clientWidth - 72;
    const single = model.get("by") === "layer" && wide / priced.length >= 4.5; // else bars too thin to point at
    const groups = single ? priced.map((row) => ({ name: row.layer, rows: [row] })) : spans;
    const looked = hovered?.layer ?? layer;
    for (const group of groups) group.chosen = hovered?.group === group.name || (single && group.name === looked);
    const named = single ? spans : spans.map((span, k) => ({ ...span, from: k, to: k + 1 }));
    return {
      report, settings: now, priced, before, groups, single, spans: named, looked, scales, log: model.get("log"),
      snn: total(priced, "snn"), ann: total(priced, "ann"),
      was: { snn: total(before, "snn"), ann: total(before, "ann") },
      changes: changesOf(report, now),
      get changed() {
        return this.changes.length > 0;
      },
    };
  }

  /** What differs from the measurement, in words. */
  function changesOf(report, now) {
    const moved = report.rows.filter(([layer, , , input]) => layer in now.rates && input !== "image").length;
    return [
      now.e_mac !== MEASURED.e_mac && `E_MAC ${show(now.e_mac)} pJ`,
      now.e_a !== MEASURED.e_a && `E_A ${show(now.e_a)} pJ`,
      now.time_steps !== null && now.time_steps !== report.time_steps && `T ${now.time_steps} at the R of T = ${report.time_steps}`,
      now.one_rate === null && now.rate_factor !== 1 && `R × ${show(now.rate_factor)}`,
      now.one_rate !== null && `R ${show(now.one_rate)} everywhere`,
      moved && `R of ${moved} layer${moved === 1 ? "" : "s"} moved by hand`,
      now.membranes === "add" && "membranes priced as if they were spikes",
    ].filter(Boolean);
  }

  const fresh = (canvas, state) => drawnWith.get(canvas) !== state && drawnWith.set(canvas, state) && true;

  function draw(colour) {
    const sizes = [totals, bars, plane, paper, ours].map((canvas) => canvas.clientWidth).join();
    const s = compute();
    const theme = `${sizes}|${colour.fg}|${colour.bg}|${devicePixelRatio}`;
    const prices = JSON.stringify([s.report.name, s.settings]);
    const look = `${theme}|${prices}|${s.looked}`;
    if (fresh(totals, `${theme}|${prices}`)) drawTotals(s, surface(totals), colour);
    if (fresh(bars, `${look}|${hovered?.group}|${model.get("by")}|${s.log}`)) drawEnergyBars(s, surface(bars), colour);
    if (fresh(plane, look)) {
      drawPlane(s, surface(plane), colour);
      points = s.points;
    }
    const tiny = s.report.name.startsWith("Tiny") ? s.snn : null;
    if (fresh(paper, `${theme}|${tiny}`)) {
      const area = surface(paper);
      drawPaper(area.ctx, area, colour, tiny);
    }
    if (measured.length && fresh(ours, `${theme}|${prices}`)) {
      const area = surface(ours);
      drawOurs(area.ctx, area, colour, ourPoints(s));
    }
    if (fresh(root, prices)) writeText(s);
    writeLooked(s);
    return s;
  }

  /** Networks whose accuracy was measured too, at the present prices; layers moved by hand stay out. */
  function ourPoints({ report: now, settings: present }) {
    return measured.flatMap((report) => {
      const priced = price(report, { ...present, rates: report === now ? present.rates : {} });
      const point = { name: report.name.replace("Micro, ", "").replace(", trained", ""), energy: total(priced, "snn"), accuracy: report.accuracy, chosen: report === now };
      return report.twin_accuracy ? [point, { name: "the twin", energy: total(priced, "ann"), accuracy: report.twin_accuracy }] : [point];
    });
  }

  // ---- words
  const times = (ratio) => (ratio >= 1 ? `${show(ratio, 2)} times what` : `${percent(ratio)} of what`);

  function writeText(s) {
    const { report, settings: now } = s;
    const twins = s.priced.filter((row) => row.twin);
    const wins = twins.filter((row) => verdict(row) === "wins").length;
    put(summary, `SNN ${energyText(s.snn)}, its twin ${energyText(s.ann)}: the SNN needs ${s.ann > 0 ? times(s.snn / s.ann) : "more than"} its twin needs; it wins in ${wins} of ${twins.length} layers.`);
    const right = report.accuracy ? `, which it gets ${percent(report.accuracy)} right` : "";
    const data = report.data || "a data set that was not named: EnergyExplorer(report, data=…)";
    put(source, `${report.name}${report.note ? `: ${report.note}` : ""}. R was measured on ${data}${right}, at T = ${report.time_steps}.`);
    source.classList.toggle("sv-warn", report.name.includes("untrained"));
    put(whatIf, s.changed ? `What if, not measured: ${s.changes.join(", ")}.` : "As measured. Move anything to ask: what if?");
    whatIf.classList.toggle("sv-on", s.changed);
    reset.disabled = !s.changed;
    const even = breakEven(now);
    const real = s.priced.filter((row) => row.rate === null && row.input === "real").length;
    put(planeText, `Below the line T · R < ${show(even, 2)} an addition for each spike costs less than one multiplication. A square is fed with real values and pays E_MAC, as much as R = ${show(even, 2)}${real ? ` (${real} layers; drag one: what if it were fed with spikes?)` : ""}. Size: FLOPs.`);
    totals.setAttribute("aria-label", summary.textContent);
    plane.setAttribute("aria-label", `Plane of T and R: left and right choose a layer, up and down change its R, Delete takes it back. ${planeText.textContent}`);
    paper.setAttribute("aria-label", "The paper's Table 4: SpikeAtConv Tiny 3.8 mJ 76.58 %, Base 14.2 mJ 80.53 %, Large 32.0 mJ 81.23 %, RMP-SNN-VGG-16 64.9 mJ, Dspike-VGG-16 80.3 mJ, Meta-SpikeFormer 79.1 %, SpikFormer 74.8 %");
    ours.setAttribute("aria-label", `Ours: ${ourPoints(s).map((point) => `${point.name} ${energyText(point.energy)}, ${percent(point.accuracy)}`).join("; ")}`);
    network.update(report.name);
    membranes.update(now.membranes);
    oneRate.update(now.one_rate !== null);
    controls.one_rate.element.hidden = now.one_rate === null;
    controls.rate_factor.element.classList.toggle("sv-away", now.one_rate !== null);
    for (const name of ["e_mac", "e_a", "rate_factor"]) controls[name].update(now[name]);
    controls.time_steps.update(now.time_steps ?? report.time_steps);
    if (now.one_rate !== null) controls.one_rate.update(now.one_rate);
  }

  /** The formula of what is looked at, with its numbers. */
  function writeLooked(s) {
    by.update(model.get("by"));
    log.update(s.log);
    const group = s.groups.find(({ name }) => name === hovered?.group);
    const row = s.priced.find(({ layer }) => layer === s.looked);
    const rows = group && !s.single ? [`${group.name}: ${group.rows.length} layers`, `SNN ${energyText(total(group.rows, "snn"))}`, `its twin ${energyText(total(group.rows, "ann"))}`] : row ? rowText(s, row) : ["Point at a bar or at a point: its formula with the numbers.", "", ""];
    rows.forEach((text, k) => put(lines[k], text));
    bars.setAttribute("aria-label", `Energy by ${s.single ? "layer" : "stage"}: left and right choose. ${rows.join(" ")}`);
  }

  function rowText({ settings: now, priced, before }, row) {
    const size = (value) => Number(value.toPrecision(4)).toLocaleString("en", { maximumFractionDigits: 9 });
    const work = `${row.passes} × ${row.flops.toLocaleString("en")} FLOPs`;
    const price = { mac: `${show(now.e_mac)} pJ`, sum: `${show(now.e_a)} pJ × Σ R ${size(row.rate ?? 0)}`, add: `${show(now.e_a)} pJ × R ${size(row.rate ?? 0)}` }[pays(row)];
    const input = { image: "the image", binary: "binary spikes", "spike sum": "a sum of spike trains, 0 to n", real: "real values" }[row.input];
    const asIf = row.input === "real" && row.rate !== null ? ", priced as if they were spikes" : "";
    const was = before[priced.indexOf(row)].snn;
    const then = Math.abs(row.snn - was) > 1e-12 * was ? `, ${energyText(was)} as measured` : "";
    const twin = row.twin ? `1 × ${row.flops.toLocaleString("en")} FLOPs × ${show(now.e_mac)} pJ = ${energyText(row.ann)}: the SNN ${verdict(row)}` : "none: the twin has a GELU in place of the SPK block";
    return [`${row.layer} (${row.kind}), fed with ${input}${asIf}`, `SNN: ${work} × ${price} = ${energyText(row.snn)}${then}`, `Twin: ${twin}`];
  }

  // ---- hands
  const point = (at) => {
    hovered = at;
    paint();
  };
  const setRate = (layer, rate) => set({ layer, rates: { ...model.get("rates"), [layer]: Number(clamp(rate, 0, 12).toPrecision(3)) } });

  const groupAt = (s, k) => {
    const group = s.groups[clamp(k, 0, s.groups.length - 1)];
    return { group: group.name, layer: s.single ? group.name : null };
  };
  bars.addEventListener("pointermove", ({ offsetX }) => point(groupAt(compute(), Math.floor(scales.bars.invert(offsetX)))));
  bars.addEventListener("click", ({ offsetX }) => {
    const s = compute();
    const { layer } = groupAt(s, Math.floor(scales.bars.invert(offsetX)));
    if (layer) set({ layer });
  });
  bars.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (!by) return;
    event.preventDefault();
    const s = compute();
    const at = s.groups.findIndex(({ name }) => name === (hovered?.group ?? s.looked));
    point(groupAt(s, at < 0 ? 0 : at + by));
    if (hovered.layer) set({ layer: hovered.layer });
  });
  for (const canvas of [bars, plane]) for (const leave of ["pointerleave", "blur"]) canvas.addEventListener(leave, () => point(null));

  const nearest = ({ offsetX, offsetY }) => {
    const apart = (p) => Math.hypot(p.x - offsetX, p.y - offsetY) - p.size;
    const found = points.reduce((best, p) => (!best || apart(p) < apart(best) ? p : best), null);
    return found && apart(found) < 10 ? found.row : null;
  };
  let held = null; // the row that is dragged
  plane.addEventListener("pointermove", (event) => {
    if (held) return;
    const row = nearest(event);
    point(row && { layer: row.layer });
  });
  drag(plane, (event, down) => {
    if (down) {
      held = nearest(event);
      if (held) set({ layer: held.layer });
    } else if (held && held.input !== "image") setRate(held.layer, scales.plane.invert(event.offsetY));
  }, () => (held = null));
  plane.addEventListener("keydown", (event) => {
    const { priced, looked, settings: now } = compute();
    const at = priced.findIndex(({ layer }) => layer === looked);
    const row = priced[at];
    const [along, up] = [{ ArrowLeft: -1, ArrowRight: 1 }[event.key], { ArrowUp: 1.1, ArrowDown: 1 / 1.1, PageUp: 2, PageDown: 0.5 }[event.key]];
    if (along) set({ layer: priced[clamp(at < 0 ? 0 : at + along, 0, priced.length - 1)].layer });
    else if (up && row && row.input !== "image") setRate(row.layer, Math.max(row.rate ?? breakEven(now), 0.003) * up);
    else if (["Delete", "Backspace"].includes(event.key) && row) set({ rates: Object.fromEntries(Object.entries(now.rates).filter(([layer]) => layer !== row.layer)) });
    else if (!up) return;
    event.preventDefault();
  });
  const paint = mount({ model, el, signal }, root, TRAITS, draw);
}

export default { initialize, render: lasting(render) };
