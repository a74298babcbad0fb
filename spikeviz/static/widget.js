// What every widget shares: DOM building, frame scheduling, syncing with Python, number
// controls, theme colours and canvas drawing. No state of its own and no global ids.

/** h("div", {class: "a", onclick: f}, "text", child): an element with attributes and children. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** At most one drawing a frame: the first request draws at once, later ones when the frame is out. */
export function painter(draw, signal) {
  let frame = 0;
  let again = false;
  const request = () => {
    if (signal.aborted) return;
    if (frame) {
      again = true;
      return;
    }
    draw();
    frame = requestAnimationFrame(() => {
      frame = 0;
      if (again) {
        again = false;
        request();
      }
    });
  };
  signal.addEventListener("abort", () => cancelAnimationFrame(frame));
  return request;
}

/** Send changes to Python at most every 50 ms; the last one always arrives. */
export function syncer(model, signal) {
  let timer = 0;
  let sent = 0;
  const send = () => {
    timer = 0;
    sent = performance.now();
    model.save_changes();
  };
  signal.addEventListener("abort", () => {
    if (timer) {
      clearTimeout(timer);
      send();
    }
  });
  // Always later, never inside a change event: there, saving would bring the value before back.
  return () => {
    timer ||= setTimeout(send, Math.max(0, sent + 50 - performance.now()));
  };
}

/**
 * Call `change` when the page's theme or the system's colour scheme changes: a frame later, since
 * JupyterLab announces a theme while the page has no layout.
 */
export function onTheme(change, signal) {
  const later = () => requestAnimationFrame(change);
  const observer = new MutationObserver(later);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  signal.addEventListener("abort", () => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later, { signal });
}

/** The colours that base.css sets as --sv-NAME on the root. */
export function colours(root) {
  const style = getComputedStyle(root);
  const names = ["fg", "muted", "grid", "bg", "blue", "red", "green", "purple"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--sv-${name}`).trim()]));
}

/** JupyterLab takes keys (arrows, letters) for its own commands: keep what is typed here. */
export function keepKeys(root) {
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !(event.shiftKey && event.key === "Enter")) event.stopPropagation();
  });
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** 3 significant decimals, no trailing noise, a true minus sign. */
export const show = (value, digits = 3) => String(Number(value.toFixed(digits))).replace("-", "−");

/**
 * A labelled range with a number field beside it. `limit(value)` gives the nearest value allowed
 * now; what lies outside is moved there and marked. set(value) hears every move.
 */
export function numberControl({ label, unit = "", range: [min, max, step], limit, set }) {
  const range = h("input", { type: "range", min, max, step, "aria-label": label });
  const number = h("input", { type: "number", min, max, step: "any", "aria-label": `${label}, exact value` });
  const note = h("span", { class: "sv-note", role: "status" });
  const enter = (text) => {
    const asked = Number(text);
    if (text.trim() === "" || !Number.isFinite(asked)) return;
    const value = limit(asked);
    note.textContent = Math.abs(value - asked) > 1e-9 ? `limited to ${show(value)}` : "";
    set(value);
    update(value);
  };
  range.addEventListener("input", () => enter(range.value));
  number.addEventListener("change", () => enter(number.value));
  const element = h("div", { class: "sv-control" }, h("span", { class: "sv-label", "aria-hidden": "true" }, label), range, number, h("span", { class: "sv-unit" }, unit), note);
  const update = (value) => {
    range.value = value;
    const text = String(Number(value.toFixed(4)));
    if (number.value !== text) number.value = text;
    range.setAttribute("aria-valuetext", `${show(value)} ${unit}`.trim());
  };
  return { element, update };
}

/** Match a canvas to its box on the screen; returns a context in CSS pixels, cleared. */
export function surface(canvas) {
  const ratio = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  const [w, hgt] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== hgt) Object.assign(canvas, { width: w, height: hgt });
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  ctx.font = "12px system-ui, sans-serif";
  return { ctx, width, height };
}

/** A linear (or logarithmic) map from data to pixels, with its inverse. */
export function scale([d0, d1], [r0, r1], log = false) {
  const f = log ? Math.log : (v) => v;
  const g = log ? Math.exp : (v) => v;
  const k = (r1 - r0) / (f(d1) - f(d0) || 1);
  const map = (value) => r0 + (f(value) - f(d0)) * k;
  return Object.assign(map, { invert: (pixel) => g(f(d0) + (pixel - r0) / k), domain: [d0, d1], range: [r0, r1], log });
}

/** About `count` round numbers inside a scale's domain. */
export function ticks({ domain: [low, high], log }, count = 5) {
  if (log) return [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].filter((v) => v >= low * 0.999 && v <= high * 1.001);
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Axes at the left and bottom of the box that x and y span: grid lines, numbers, titles. */
export function axes(ctx, x, y, { colour, xTitle = "", yTitle = "", xTicks = ticks(x), yTicks = ticks(y, 3) }) {
  const [left, right] = x.range;
  const [bottom, top] = y.range;
  ctx.lineWidth = 1;
  ctx.strokeStyle = colour.grid;
  ctx.fillStyle = colour.muted;
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  for (const value of yTicks) {
    const py = Math.round(y(value)) + 0.5;
    line(ctx, [[left, py], [right, py]]);
    ctx.fillText(show(value), left - 6, py);
  }
  ctx.textBaseline = "top";
  ctx.textAlign = "center";
  if (xTitle)
    for (const value of xTicks) {
      line(ctx, [[x(value), bottom], [x(value), bottom + 4]]);
      ctx.fillText(show(value), x(value), bottom + 6);
    }
  ctx.fillStyle = colour.fg;
  ctx.textAlign = "right";
  ctx.fillText(xTitle, right, bottom + 21);
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  ctx.fillText(yTitle, left, top - 4);
}

export function line(ctx, points, dash = []) {
  ctx.setLineDash(dash);
  ctx.beginPath();
  points.forEach(([px, py], i) => (i ? ctx.lineTo(px, py) : ctx.moveTo(px, py)));
  ctx.stroke();
  ctx.setLineDash([]);
}

/** Follow a pointer that went down on `element` until it is released. */
export function drag(element, move, end = () => {}) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    element.setPointerCapture(event.pointerId);
    move(event, true);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) move(event, false);
  });
  element.addEventListener("lostpointercapture", end);
}

const CIVIDIS = [[0, 34, 78], [53, 69, 108], [102, 105, 112], [148, 142, 119], [200, 184, 102], [254, 232, 56]];

/** A colour between 0 (dark) and 1 (light) that colour-blind readers order alike. */
export function cividis(share) {
  const at = clamp(share, 0, 1) * (CIVIDIS.length - 1);
  const i = Math.min(Math.floor(at), CIVIDIS.length - 2);
  return CIVIDIS[i].map((low, c) => Math.round(low + (CIVIDIS[i + 1][c] - low) * (at - i)));
}

/** Colours, row by row from the top, as a small canvas with one pixel each, to be drawn enlarged. */
export function picture(pixels, width) {
  const data = Uint8ClampedArray.from(pixels.flatMap((pixel) => [...pixel, 255]));
  const canvas = h("canvas", { width, height: pixels.length / width });
  canvas.getContext("2d").putImageData(new ImageData(data, width), 0, 0);
  return canvas;
}
