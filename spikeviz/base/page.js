// Elements, numbers and words in a page.

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

/** div("row", …), para("title", …): a div or p of the class sv-row, sv-title, with children. */
const tagged = (tag) => (kind, ...inside) => h(tag, { class: `sv-${kind}` }, ...inside);
export const [div, para] = ["div", "p"].map(tagged);

/** Write a text where another one stands: a screen reader tells only what is new. */
export const put = (element, text) => element.textContent !== text && (element.textContent = text);

/** New children, by children(), for an element whose key is new; returns whether it was. */
export function renew(element, key, children) {
  if (element.dataset.key === key) return false;
  element.dataset.key = key;
  element.replaceChildren(...children());
  return true;
}

/** The bytes of a text in hexadecimal. */
export const unhex = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The nearest multiple of a step, without the noise of 0.9400000000000001. */
export const snap = (value, step) =>
  Number((Math.round(value / step) * step).toPrecision(12));

/** 3 significant decimals, no trailing noise, a true minus sign. */
export const show = (value, digits = 3) =>
  String(Number(value.toFixed(digits))).replace("-", "−");

/** 1,234; and with its word: "1 spike", "1,234 spikes". */
export const grouped = (count) => count.toLocaleString("en");
export const counted = (count, what) => `${grouped(count)} ${what}${count === 1 ? "" : "s"}`;

export const button = (text, press, attributes = {}) =>
  h("button", { type: "button", onclick: press, ...attributes }, text);

/** A share of 1 in percent; what is little but not nothing says so. */
export const percent = (share, digits = 1) => {
  const [value, least] = [100 * share, 10 ** -digits];
  return `${value > 0 && value < least ? `under ${least}` : show(value, digits)}\u00a0%`;
};

const JOULES = [[1, "mJ"], [1e3, "µJ"], [1e6, "nJ"]];

/** [factor, name] of the unit that shows an energy in mJ with digits in front of the point. */
export const unitOf = (mj) => JOULES.find(([factor]) => Math.abs(mj) * factor >= 1) ?? JOULES[2];

/** An energy in mJ with three digits, as "70.7 µJ". */
export function joules(mj) {
  const [factor, unit] = Math.abs(mj) >= 0.1 ? JOULES[0] : unitOf(mj);
  const number = Number((mj * factor).toPrecision(3));
  return `${number.toLocaleString("en", { maximumFractionDigits: 6 }).replace("-", "−")} ${unit}`;
}

/** A line of a plot's key: `sv-key-NAME` says what its line looks like. */
export const key = (name, words) => h("span", { class: `sv-key sv-key-${name}` }, words);

/** n rows of a name, a formula, its numbers; update([[name, formula, numbers], …]) writes them. */
export function formulaRows(n, name = "") {
  const row = () =>
    h("div", { class: "sv-line" }, h("b"), h("span", { class: "sv-formula" }), h("span"));
  const rows = Array.from({ length: n }, row);
  const element = h("div", { class: `sv-update ${name}`, "aria-live": "off" }, ...rows);
  const update = (texts) => texts.forEach((words, i) =>
    words.forEach((text, j) => put(rows[i].children[j], text)));
  return { element, update };
}
