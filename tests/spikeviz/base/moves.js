// 120 random moves on a widget, with a picture and a look at it after every third: values in
// every field and choice, clicks on every button, pointer and keys on what takes them. Returns the
// texts on show that are no numbers.
async () => { // oxlint-disable-line no-unused-expressions
  let state = 1;
  const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
  const pick = (list) => list[Math.floor(random() * list.length)];
  const TEXTS = ["", "1 2 3", "abc", "-1e9", "[0.5, 1]"];
  const KEYS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Enter", "Escape", "PageUp",
    "PageDown"];
  const fire = (element, ...types) =>
    types.forEach((type) => element.dispatchEvent(new Event(type, { bubbles: true })));
  const press = (element) =>
    element.dispatchEvent(new KeyboardEvent("keydown", { key: pick(KEYS), bubbles: true }));
  const write = (element, value) => {
    element.value = value;
    fire(element, "input", "change");
  };
  const moves = {
    input(element) {
      if (element.disabled || element.type === "file") return;
      if (["checkbox", "radio"].includes(element.type)) element.click();
      else if (["range", "number"].includes(element.type)) {
        const [low, high] = [Number(element.min) || 0, Number(element.max) || 1];
        write(element, low - 1 + random() * (high - low + 2));
      } else write(element, pick(TEXTS));
    },
    textarea: (element) => write(element, pick(TEXTS)),
    select(element) {
      element.selectedIndex = Math.floor(random() * element.length);
      fire(element, "change");
    },
    button: (element) => element.click(),
    canvas(element) {
      const box = element.getBoundingClientRect();
      const [clientX, clientY] = [box.left + random() * box.width, box.top + random() * box.height];
      const options = { clientX, clientY, pointerId: 1, bubbles: true };
      for (const type of ["pointermove", "pointerdown", "pointermove", "pointerup"])
        element.dispatchEvent(new PointerEvent(type, options));
      element.dispatchEvent(new MouseEvent("click", options));
    },
  };
  Element.prototype.setPointerCapture = () => {}; // a made-up pointer cannot be captured
  const root = document.querySelector(".spikeviz");
  const bad = [];
  for (let move = 0; move < 120; move++) {
    const all = [...root.querySelectorAll("input, textarea, select, button, canvas, [tabindex]")];
    const element = pick(all.filter((one) => one.getClientRects().length));
    (moves[element.localName] ?? press)(element);
    if (random() < 0.2) press(element);
    if (move % 3) continue;
    await new Promise(requestAnimationFrame);
    const labels = [...root.querySelectorAll("[aria-label]")].map((one) => one.ariaLabel);
    const found = [root.innerText, ...labels].join("\n")
      .match(/.{0,40}(NaN|Infinity|undefined|\bnull\b|\[object).{0,40}/);
    if (found) bad.push(found[0]);
  }
  return bad;
}
