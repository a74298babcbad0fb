// The board of MBPLExplorer: what the block sends at each step, in all the ways of reading it out.

import { across, axes, label, scale, stairs, stroke } from "../base/draw.js";
import { SENDS } from "./words.js";

const [LEFT, RIGHT] = [68, 16];
const OF_M = 160; // pixels: the upper lanes, which are read from M

/** Some trains of spikes, at each step one on the other. */
function pileUp(ctx, x, y, trains, lines) {
  trains[0].forEach((_, t) => trains.filter((train) => train[t]).forEach((train, level) => {
    ctx.fillStyle = lines[trains.indexOf(train)];
    ctx.fillRect(x(t), y(level + 1), x(t + 1) - x(t), y(level) - y(level + 1) - 1);
  }));
}

/** What is sent at each step, in all the ways that it can be read out; the chosen one is framed.
 *  Returns the scale of time. */
export function drawSent({ ctx, width, height }, { p, n, sent, cursor }, { colour, lines }) {
  const x = scale([0, sent.sum.length], [LEFT, width - RIGHT]);
  const lane = (readout, top, bottom, [least, most], drawIt) => {
    const chosen = p.readout === readout;
    const y = scale([least, most], [bottom, top]);
    ctx.fillStyle = colour.grid;
    ctx.fillRect(x(cursor), top, x(1) - x(0), bottom - top);
    axes(ctx, x, y, { colour, yTicks: [least, most] });
    ctx.font = `${chosen ? 600 : 400} 12px system-ui, sans-serif`;
    const words = `${readout}: ${SENDS[readout](sent, cursor, p, n)}`;
    label(ctx, words, LEFT, top - 6, chosen ? colour.blue : colour.fg, "left", "bottom");
    ctx.font = "12px system-ui, sans-serif";
    if (chosen) stroke(ctx, colour.blue, [[2, top - 20], [2, bottom]], 3);
    drawIt(y);
  };
  if (sent.membrane) {
    const ends = [Math.min(0, ...sent.membrane), Math.max(0, ...sent.membrane)];
    if (ends[0] === ends[1]) ends[1] = 1;
    lane("membrane", 24, 92, ends, (y) => {
      stroke(ctx, colour.muted, across(x, y(0)));
      stroke(ctx, colour.green, stairs(sent.membrane, x, y), 2);
    });
    lane("spike", 128, 148, [0, 1], (y) => pileUp(ctx, x, y, [sent.spike], [colour.fg]));
  }
  const up = sent.membrane ? 0 : OF_M;
  lane("sum", 184 - up, 252 - up, [0, n], (y) => {
    pileUp(ctx, x, y, sent.trains, lines);
    stroke(ctx, colour.fg, stairs(sent.sum, x, y));
  });
  const tall = Math.min(14, (height - 276 + up) / n);
  label(ctx, `its ${n} trains`, 4, 262 - up + tall / 2, colour.muted);
  sent.trains.forEach((train, i) => {
    const top = 268 - up + i * tall;
    stroke(ctx, colour.grid, across(x, top + tall - 1));
    ctx.fillStyle = lines[i];
    train.forEach((spike, t) => spike && ctx.fillRect(x(t + 0.5) - 1.5, top, 3, tall - 2));
  });
  return x;
}
