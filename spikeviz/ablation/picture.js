// The picture: cards in up to three columns (your order, ours seed by seed, the paper's), the lines
// between them, and the paper's claims as arcs. All of it is a function of the playhead's place.

import { accuracyOf, between, inPercent, MARKS, nameOf } from "./words.js";
import { crossing, during, ease, meanAfter, mostSeeds, rowsAt } from "./standing.js";
import { dot, label, scale, stroke, surface, ticks, upright } from "../base/draw.js";
import { clamp, show } from "../base/page.js";

const [TOP, FOOT, PITCH, CARD, ARC] = [26, 38, 50, 42, 21];
const [PLAIN, BOLD] = ["12px system-ui, sans-serif", "600 12px system-ui, sans-serif"];

export const heightOf = (rows) => TOP + rows * PITCH + FOOT;

/** Where things are, for a width and what is on show: columns [left, width] and rows. */
export function layoutOf(width, { yours, theirs, claims }) {
  const narrow = width < 620;
  const arcs = arcsOf(claims, theirs);
  const margin = arcs.length ? ARC * (1 + Math.max(...arcs.map(({ level }) => level))) + 8 : 0;
  const gap = narrow ? 26 : 90;
  const weights = [yours ? 0.85 : 0, narrow ? 2 : 2.4, theirs.length ? 1 : 0];
  const shown = weights.filter(Boolean).length;
  const each = (width - 2 - margin - gap * (shown - 1)) / weights.reduce((a, b) => a + b);
  let left = 1;
  const [mine, ours, paper] = weights.map((weight) => {
    const column = [left, weight * each];
    if (weight) left += weight * each + gap;
    return column;
  });
  return { narrow, mine, ours, paper, arcs, row: (rank) => TOP + (rank + 0.5) * PITCH };
}

/** The paper's claims about cards on show, each with its level: no two on one level overlap. */
function arcsOf(claims, theirs) {
  const rankOf = (value) => theirs.find((card) => card.value === value)?.rank;
  const arcs = claims.map((claim) => ({ ...claim, ends: [claim.better, claim.worse].map(rankOf) }))
    .filter(({ ends }) => !ends.includes(undefined))
    .sort(({ ends: [a, b] }, { ends: [c, d] }) => (b - a) - (d - c));
  arcs.forEach((arc, i) => {
    const taken = arcs.slice(0, i)
      .filter(({ ends: [a, b] }) => a < arc.ends[1] && arc.ends[0] < b).map(({ level }) => level);
    arc.level = 0;
    while (taken.includes(arc.level)) arc.level++;
  });
  return arcs;
}

/** The number of the point whose card, in any column, lies under (px, py); null: none. */
export function pointUnder({ at, places }, { yours, theirs }, px, py) {
  const inside = ([left, width]) => px >= left && px <= left + width;
  const near = (y) => Math.abs(py - y) <= CARD / 2;
  const found = places.find(({ y, rank }) => (inside(at.ours) && near(y)) ||
    (yours && inside(at.mine) && near(at.row(rank))));
  const card = inside(at.paper) && theirs.find(({ rank }) => near(at.row(rank)));
  const own = found ?? (card && places.find(({ point }) => point.value === card.value));
  return own ? own.point.number : null;
}

/** The scale of all seeds of an axis along a column, in percent. */
export function accuracies(points, [left, width]) {
  const all = points.flatMap(({ runs }) => runs.map((run) => 100 * run.accuracy));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const spare = Math.max(0.5, 0.06 * (high - low));
  return scale([Math.max(0, low - spare), Math.min(100, high + spare)],
    [left + 12, left + width - 12]);
}

/** A card's box, with words: [name, more], the second at the right end or below. */
function card(ctx, colour, [left, width], y, name, { more = "", edge, dash = [], top = false }) {
  Object.assign(ctx, { fillStyle: colour.bg, strokeStyle: edge || colour.muted, lineWidth: 1 });
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.roundRect(left, y - CARD / 2, width, CARD, 6);
  ctx.fill();
  if (edge) ctx.lineWidth = 2;
  ctx.stroke();
  ctx.setLineDash([]);
  const room = width - 14;
  if (top) {
    label(ctx, more, left + width - 7, y - 11, colour.muted, "right");
    const rest = room - ctx.measureText(more).width - 6;
    return strong(ctx, name, left + 7, y - 11, colour, rest);
  }
  const cut = more ? [name, more] : split(ctx, name, room);
  cut.forEach((words, i) => {
    const at = y + (cut.length > 1 ? 16 * i - 8 : 0);
    if (i && more) label(ctx, words, left + 7, at, colour.muted, "left", "middle", room);
    else strong(ctx, words, left + 7, at, colour, room);
  });
}

function strong(ctx, words, x, y, colour, room) {
  ctx.font = BOLD;
  label(ctx, words, x, y, colour.fg, "left", "middle", Math.max(room, 10));
  ctx.font = PLAIN;
}

/** A long name in two lines, at a comma or a blank. */
function split(ctx, name, room) {
  if (ctx.measureText(name).width * 1.08 <= room) return [name];
  const [, first, rest] = name.match(/^(.*?,|\S+) (.*)$/) ?? [];
  return rest ? [first, rest] : [name];
}

const wayOf = ([x0, y0], [x1, y1]) => (t) => [x0 + (x1 - x0) * t, y0 + (y1 - y0) * ease(t)];

/** A smooth line from a to b, drawn up to the share `until`. */
function link(ctx, a, b, colour, { until = 1, width = 2, dash = [] } = {}) {
  const way = wayOf(a, b);
  const parts = Math.max(1, Math.ceil(24 * until));
  const points = Array.from({ length: parts + 1 }, (_, i) => way((until * i) / parts));
  stroke(ctx, colour, points, width, dash);
}

/** A mark on a disc, with a ring that grows while `born` goes from 0 to 1. */
function mark(ctx, [x, y], sign, ink, colour, born = 1) {
  if (born <= 0) return;
  if (born < 1) ring(ctx, [x, y], 8 + 16 * born, ink, 1 - born);
  dot(ctx, x, y, 8.5 * Math.min(1, born * 3), ink);
  ctx.font = BOLD;
  if (born > 0.3) label(ctx, sign, x, y + 0.5, colour.bg, "center");
  ctx.font = PLAIN;
}

function ring(ctx, [x, y], radius, ink, strength) {
  ctx.save();
  ctx.globalAlpha *= strength;
  Object.assign(ctx, { strokeStyle: ink, lineWidth: 2 });
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 7);
  ctx.stroke();
  ctx.restore();
}

export const inkOf = (verdict, { green, red, muted }) =>
  ({ agree: green, disagree: red })[verdict] ?? muted;

/**
 * Draws the state s: `shown` (points of the axis), `start` (as they stand before the runs), `yours`
 * (whether that is an order of the reader's), `theirs` ([{value, name, more, rank, note}]),
 * `claims`, `place`, `hover` (a point's number). Returns where things are, for hands and tests.
 */
export function drawPicture(canvas, s, colour) {
  const { ctx, width, height } = surface(canvas);
  const at = layoutOf(width, s);
  const x = accuracies(s.shown, at.ours);
  const rows = s.open ? rowsAt(s.start, s.place) : s.start.map((_, i) => i);
  const seeds = mostSeeds(s.shown);
  const told = s.theirs.length ? clamp(s.place - seeds, 0, 1) : 0;
  const lit = (number) => s.hover === null || s.hover === number;
  const places = s.start.map((point, i) => ({ point, rank: i, y: at.row(rows[i]) }));
  headings(ctx, s, at, colour, told);
  if (!s.open) slots(ctx, s, at, colour);
  else {
    frame(ctx, x, at, height, colour);
    if (s.yours)
      for (const { point, rank, y } of places) {
        ctx.globalAlpha = lit(point.number) ? 1 : 0.35;
        link(ctx, [at.mine[0] + at.mine[1], at.row(rank)], [at.ours[0], y], colour.purple);
      }
    for (const one of places) {
      ctx.globalAlpha = lit(one.point.number) ? 1 : 0.35;
      oursCard(ctx, s, one, at, x, colour);
    }
    ctx.globalAlpha = 1;
    drawTies(ctx, s, places, at, colour);
    if (told) theirSide(ctx, s, places, at, told, lit, colour);
  }
  if (s.yours) yourSide(ctx, s, places, at, lit, colour);
  ctx.globalAlpha = 1;
  return { at, x, places };
}

function headings(ctx, { open, yours, theirs }, { mine, ours, paper, narrow }, colour, told) {
  const head = ([left], words) => {
    ctx.font = BOLD;
    label(ctx, words, left, 10, colour.fg);
  };
  if (yours) head(mine, open || narrow ? "yours" : "your order");
  head(ours, narrow ? "ours, in %" : "ours: each seed, mean ± sd, in %");
  if (!theirs.length) return;
  ctx.globalAlpha = open ? 0.4 + 0.6 * told : 0.4;
  head(paper, narrow ? "paper's" : "the paper's");
  ctx.globalAlpha = 1;
}

/** Where the answer will stand, while it is hidden. */
function slots(ctx, s, at, colour) {
  const rows = s.shown.length;
  const all = [...s.start.map((_, i) => [at.ours, i]), ...s.theirs.map((_, i) => [at.paper, i])];
  ctx.strokeStyle = colour.grid;
  ctx.lineWidth = 1;
  for (const [[left, width], rank] of all) {
    ctx.setLineDash([4, 4]);
    ctx.beginPath();
    ctx.roundRect(left, at.row(rank) - CARD / 2, width, CARD, 6);
    ctx.stroke();
  }
  ctx.setLineDash([]);
  const [left, width] = at.ours;
  ctx.fillStyle = colour.bg;
  ctx.font = PLAIN;
  const y = at.row((rows - 1) / 2);
  ctx.fillRect(left + 6, y - 10, width - 12, 20);
  label(ctx, "hidden until you look", left + width / 2, y, colour.muted, "center");
}

/** The axis of ours: its grid behind the cards, its numbers below. */
function frame(ctx, x, { ours: [left, width], row, narrow }, height, colour) {
  const bottom = height - FOOT + 4;
  ctx.font = PLAIN;
  for (const value of ticks(x, narrow ? 4 : 6)) {
    stroke(ctx, colour.grid, upright(x(value), { range: [bottom, row(-0.5)] }));
    label(ctx, show(value), x(value), bottom + 10, colour.muted, "center");
  }
  if (!narrow) label(ctx, "accuracy in %", left + width, bottom + 26, colour.fg, "right");
}

/** One of our cards: its seeds fall in one after the other, the mean follows. */
function oursCard(ctx, s, { point, y }, at, x, colour) {
  const { runs } = point;
  const done = Math.min(Math.floor(s.place), runs.length);
  const next = s.place - done;
  const landed = Math.min(runs.length, done + (next >= 0.4 ? 1 : 0));
  const mean = landed ? meanAfter(point, landed) : null;
  const more = landed === runs.length && !at.narrow ? accuracyOf(point)
    : mean === null ? "" : inPercent(mean);
  const chosen = s.selected === point.number || s.hover === point.number;
  card(ctx, colour, at.ours, y, nameOf(point), { more, top: true, edge: chosen && colour.blue });
  stroke(ctx, colour.grid, [[x.range[0], y + 8], [x.range[1], y + 8]]);
  const step = Math.min(5, 12 / Math.max(1, runs.length - 1));
  runs.slice(0, done + 1).forEach((run, i) => {
    const fall = i < done ? 1 : during(next, 0, 0.4);
    if (!fall) return;
    const end = y + 8 + (i - (runs.length - 1) / 2) * step;
    const px = x(100 * run.accuracy);
    ctx.save();
    ctx.globalAlpha *= fall;
    dot(ctx, px, end - 26 * (1 - fall), 3.5, colour.blue);
    ctx.restore();
    const since = during(next, 0.4, 0.8);
    if (i === done && since > 0 && since < 1)
      ring(ctx, [px, end], 4 + 10 * since, colour.blue, 1 - since);
  });
  if (mean === null) return;
  const before = done ? meanAfter(point, done) : mean;
  const now = done < runs.length ? before + (mean - before) * during(next, 0.4, 0.7) : mean;
  const px = x(100 * now);
  stroke(ctx, colour.fg, [[px, y], [px, y + 17]], 2);
}

function theirSide(ctx, s, places, at, told, lit, colour) {
  const [left, width] = at.paper;
  const from = at.ours[0] + at.ours[1];
  const grown = during(told, 0, 0.7);
  const ends = new Map(); // of the lines, by value
  for (const { point, y } of places) {
    const card = s.theirs.find(({ value, note }) => value === point.value && !note);
    if (!card || ends.has(point.value)) continue;
    ends.set(point.value, [y, at.row(card.rank)]);
    const own = s.claims.filter((claim) => [claim.better, claim.worse].includes(point.value));
    const sure = own.some(({ verdict }) => verdict === "agree" || verdict === "disagree");
    ctx.globalAlpha = lit(point.number) ? 1 : 0.3;
    link(ctx, [from, y], [left, at.row(card.rank)], lineInk(own, colour),
      { until: grown, width: 2.5, dash: sure ? [] : [5, 4] });
  }
  ctx.globalAlpha = 1;
  for (const one of s.theirs) {
    const owner = places.find(({ point }) => point.value === one.value)?.point.number;
    ctx.globalAlpha = during(told, 0.5, 0.8) * (lit(owner ?? null) ? 1 : 0.35);
    card(ctx, colour, at.paper, at.row(one.rank), one.name,
      { more: one.note && at.narrow ? "" : one.more, dash: one.note ? [4, 4] : [] });
  }
  ctx.globalAlpha = 1;
  for (const arc of at.arcs) {
    const [better, worse] = [arc.better, arc.worse].map((value) => ends.get(value));
    const owners = places.filter(({ point }) => [arc.better, arc.worse].includes(point.value));
    ctx.globalAlpha = owners.some(({ point }) => lit(point.number)) ? 1 : 0.2;
    const met = better && worse ? crossing(better, worse) : null;
    if (met !== null)
      mark(ctx, wayOf([from, better[0]], [left, better[1]])(met), MARKS[arc.verdict],
        inkOf(arc.verdict, colour), colour, clamp((grown - met) * 2.5, 0, 1));
    drawArc(ctx, arc, left + width, at, colour, during(told, 0.75, 1));
    ctx.globalAlpha = 1;
  }
}

/** A line's colour: that of the verdicts on its claims if they are one, else muted. */
function lineInk(claims, colour) {
  const inks = new Set(claims.map(({ verdict }) => inkOf(verdict, colour)));
  return inks.size === 1 ? [...inks][0] : colour.fg;
}

/** A claim of the paper's: an arc from the better to the worse, its verdict on it. */
function drawArc(ctx, { verdict, ends, level }, right, { row }, colour, born) {
  if (!born) return;
  const out = right + ARC * (level + 0.6);
  const [top, bottom] = [row(ends[0]) + 6 - 6 * level, row(ends[1]) - 6 + 6 * level];
  const ink = inkOf(verdict, colour);
  ctx.save();
  ctx.globalAlpha *= born;
  stroke(ctx, ink, [[right, top], [out, top], [out, bottom], [right, bottom]], 2);
  ctx.restore();
  mark(ctx, [out, (top + bottom) / 2], MARKS[verdict], ink, colour, born);
}

/** Between two of our cards that follow each other: that the seeds cannot tell which is better. */
function drawTies(ctx, s, places, { ours: [left, width] }, colour) {
  const born = during(s.place, mostSeeds(s.shown) - 0.3, mostSeeds(s.shown));
  const down = [...places].sort((a, b) => a.y - b.y);
  for (const [i, { point, y }] of down.slice(1).entries())
    if (between(s.pairs, down[i].point.number, point.number) === "cannot tell")
      mark(ctx, [left + width / 2, y - PITCH / 2], "≈", colour.muted, colour, born);
}

/** Your cards; the one in the hand lies on top, where the hand is. */
function yourSide(ctx, s, places, { mine, row }, lit, colour) {
  const held = (place) => place.point.number === s.held?.number;
  for (const place of [...places].sort((a, b) => held(a) - held(b))) {
    const y = held(place) ? s.held.y : row(place.rank);
    ctx.globalAlpha = lit(place.point.number) || !s.open ? 1 : 0.35;
    const edge = (held(place) || s.hover === place.point.number) && colour.purple;
    card(ctx, colour, mine, y, nameOf(place.point), { edge });
    if (!s.open && mine[1] > 90) grip(ctx, mine[0] + mine[1] - 14, y, colour);
  }
}

function grip(ctx, x, y, colour) {
  for (const dy of [-5, 0, 5]) stroke(ctx, colour.muted, [[x, y + dy], [x + 8, y + dy]], 2);
}
