// Widgets in a page without a kernel: the part of a Jupyter widget model that they use. A plain
// script, not a module: a page that is opened from a disk may load no module beside it.

globalThis.spikevizLive = (() => {
  const kinds = {}; // by name: {_esm, _code, _sheet}
  const modules = new Map(); // each is loaded once, however many widgets use it

  /** Bytes stand in the page as {"$bytes": base64}. */
  function revive(value) {
    if (value === null || typeof value !== "object") return value;
    if (typeof value.$bytes === "string")
      return new DataView(Uint8Array.from(atob(value.$bytes), (byte) => byte.charCodeAt(0)).buffer);
    for (const key of Object.keys(value)) value[key] = revive(value[key]);
    return value;
  }

  /** A model that holds `state`; nothing needs saving. changed() hears every change. */
  function makeModel(state, code, changed) {
    const handlers = new Map();
    const heard = (event) => handlers.get(event) ?? [];
    return {
      offline: true,
      get: (key) => code[key] ?? state[key],
      set(key, value) {
        const same = () => JSON.stringify(state[key]) === JSON.stringify(value);
        if (!ArrayBuffer.isView(value) && same()) return;
        state[key] = value;
        for (const handler of heard(`change:${key}`)) handler();
        changed();
      },
      on: (event, handler) => handlers.set(event, [...heard(event), handler]),
      off: (event, handler) => handlers.set(event, heard(event).filter((one) => one !== handler)),
      save_changes() {},
      send() {},
    };
  }

  function load(text) {
    const blob = new Blob([text], { type: "text/javascript" });
    if (!modules.has(text)) modules.set(text, import(URL.createObjectURL(blob)));
    return modules.get(text);
  }

  /**
   * A widget to draw: widget({_esm, _code, …}, state). Its views share one model. With an `address`
   * its state is kept there, under names that begin with `prefix`.
   */
  function widget(code, state, address = null, prefix = "") {
    const { signal } = new AbortController();
    revive(state);
    const back = address?.join(prefix, code._kinds, state) ?? (() => false);
    const model = makeModel(state, code, address ? address.keep : () => {});
    if (address) model.link = address.link;
    const ready = load(code._esm).then(async (module) => {
      if (address && !(await module.default.allows({ model }))) back();
      await module.default.initialize({ model, signal });
      return module.default;
    });
    async function draw(el) {
      const view = new AbortController();
      try {
        await (await ready).render({ model, el, signal: view.signal });
      } catch (error) {
        view.abort();
        if (!back()) throw error;
        await draw(el); // as it was saved
      }
    }
    return {
      async show(el) {
        el.model = model; // for whoever embeds the page
        await draw(el);
      },
    };
  }

  /** One calm line above a widget: what the address says and nothing here understands. */
  function tell(el, { left }) {
    if (!left.size) return;
    const line = document.createElement("p");
    line.setAttribute("role", "status");
    line.className = "sv-address";
    const names = [...left].map((name) => name.slice(0, 40)).slice(0, 8).join(", ");
    line.textContent = `Not understood in the address of this page, and left out: ${names}.`;
    el.prepend(line);
  }

  /** Draws every widget of a page: its places name a model, its states are in #widget-states. */
  async function start({ address = null } = {}) {
    const states = JSON.parse(document.getElementById("widget-states").textContent);
    const [made, count] = [{}, {}];
    for (const place of document.querySelectorAll("[data-model]")) {
      const { model, kind, state } = { model: place.dataset.model, ...states[place.dataset.model] };
      const view = document.createElement("div");
      try {
        if (!made[model]) {
          count[kind] = (count[kind] ?? 0) + 1;
          const prefix = `${kind}${count[kind] > 1 ? count[kind] : ""}.`;
          made[model] = widget(kinds[kind], state, address, prefix);
        }
        place.replaceChildren(view);
        await made[model].show(view);
      } catch (error) {
        place.replaceChildren(`${kind} could not be drawn: ${error}`);
        throw error;
      }
    }
    address?.go();
    const first = document.querySelector("[data-model]");
    if (address && first) tell(first, address);
  }

  /** Draws the widget of a page that holds no other. */
  async function alone(code, state, el) {
    const address = spikevizAddress();
    await widget(code, state, address).show(el);
    tell(el, address);
  }

  return { kinds, widget, start, alone };
})();
