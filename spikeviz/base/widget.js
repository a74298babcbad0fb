// What a widget with controls has: its life in a page, the way back, what a reader gives to others.

import { div } from "./page.js";
import { colours, keepDrawn, lasting, offline } from "./life.js";
import { shareRow } from "./share.js";
import { undoer } from "./gestures.js";

export { colours, lasting, offline };

/**
 * keepDrawn, with a row at the foot. `undo`: traits whose gestures Ctrl+Z takes back, `along`: what
 * goes back with them; `film`: {player, stage, fps}: a film shows the boxes, canvases and words in
 * the element `stage` over one pass of the player.
 */
export function mount(props, root, names, draw, { undo = [], along = [], film } = {}) {
  const { model, signal } = props;
  return keepDrawn(props, root, names, draw, (now) => {
    const back = undo.length ? [undoer(model, root, [undo, along], signal)] : [];
    root.append(div("row sv-share", ...back, ...shareRow(model, root, { film, ...now })));
  });
}
