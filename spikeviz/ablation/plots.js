// The two plots of AblationExplorer, as [traces, layout] for plotly.

import { cpusOf, nameOf, inPercent, secondsOf } from "./words.js";

const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon"];
const MARGIN = { l: 46, r: 14, t: 8, b: 42 };

const lookOf = ({ fg, bg, muted }, more) => ({
  paper_bgcolor: "transparent", plot_bgcolor: "transparent", height: 290, margin: MARGIN,
  font: { color: fg, family: "system-ui, sans-serif", size: 12 }, showlegend: true,
  legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
  hoverlabel: { bgcolor: bg, bordercolor: muted, font: { color: fg } }, ...more,
});
const axisOf = ({ grid, muted }, text, more) => ({
  gridcolor: grid, zeroline: false, linecolor: muted, automargin: true, title: { text }, ...more,
});
const scatter = (name, x, y, marker, says, more) => ({
  name, x, y: y.map((share) => 100 * share), mode: "markers", marker, hovertemplate: says, ...more,
});
const means = (points) => points.map((point) => point.accuracy_mean);
const numbers = (points) => points.map((point) => point.number);

/** The points of an axis: mean and spread, each seed, and the paper's figures on their own axis. */
export function plotValues({ axis, shown, theirs }, colour) {
  const labels = shown.map(nameOf);
  const seeds = shown.flatMap((point) =>
    point.runs.map((run) => ({ ...run, label: nameOf(point), percent: inPercent(run.accuracy) })));
  const error_y = {
    array: shown.map((point) => 100 * (point.accuracy_sd ?? 0)), color: colour.blue, thickness: 1.5,
  };
  const traces = [
    scatter("ours, mean ± sd", labels, means(shown), { color: colour.blue, size: 11 },
      "%{x}: %{y:.1f} %<extra>ours</extra>", { error_y, customdata: numbers(shown) }),
    scatter("each seed", seeds.map((run) => run.label), seeds.map((run) => run.accuracy),
      { color: colour.blue, size: 6, opacity: 0.45, symbol: "line-ew-open" },
      "%{text}<extra></extra>",
      { text: seeds.map((run) => `seed ${run.seed}: ${run.percent} %`) }),
  ];
  const extra = theirs.map(nameOf).filter((label) => !labels.includes(label));
  const order = { type: "category", categoryorder: "array", categoryarray: [...labels, ...extra] };
  const layout = {
    xaxis: axisOf(colour, axis, order), yaxis: axisOf(colour, "accuracy in %"),
  };
  if (theirs.length) {
    const diamond = { color: colour.red, size: 11, symbol: "diamond-open", line: { width: 2 } };
    const accuracies = theirs.map((point) => point.accuracy);
    traces.push(scatter("the paper's, right axis", theirs.map(nameOf), accuracies, diamond,
      "%{text}: %{y:.1f} %<extra>the paper's</extra>",
      { text: theirs.map((point) => point.what), yaxis: "y2" }));
    layout.yaxis2 = axisOf(colour, "the paper's, in %", {
      overlaying: "y", side: "right", showgrid: false, tickmode: "auto", nticks: 5,
      tickformat: ".3~g", color: colour.red,
    });
    layout.margin = { ...MARGIN, r: 52 };
  }
  return [traces, lookOf(colour, layout)];
}

/** All points by the time they took; those of the axis on show are strong. */
export function plotCost({ axis, axes, points }, colour) {
  const inks = [colour.blue, colour.red, colour.green, colour.purple];
  const traces = axes.map((name, i) => {
    const there = points.filter((point) => point.axis === name && secondsOf(point) !== null);
    const opacity = name === axis ? 1 : 0.35;
    const marker = { color: inks[i % 4], symbol: SYMBOLS[i % 8], size: 9, opacity };
    const text = there.map((point) => `${name} ${nameOf(point)}`);
    return scatter(name, there.map(secondsOf), means(there), marker,
      "%{text}: %{y:.1f} % in %{x:.1f} s<extra></extra>", { text, customdata: numbers(there) });
  });
  const several = cpusOf(points).length > 1; // their seconds cannot be compared
  const time = `seconds of one core for a run${several ? ", on several kinds of CPU" : ", mean"}`;
  return [traces, lookOf(colour, {
    showlegend: false, xaxis: axisOf(colour, time, { rangemode: "tozero" }),
    yaxis: axisOf(colour, "accuracy in %"),
  })];
}
