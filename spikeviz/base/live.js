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

  /** A model that holds `state`; nothing needs saving. */
  function makeModel(state, code) {
    revive(state);
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

  /** A widget to draw: widget({_esm, _code, _sheet}, state). Its views share one model. */
  function widget(code, state) {
    const { signal } = new AbortController();
    const model = makeModel(state, code);
    const ready = load(code._esm).then(async (module) => {
      await module.default.initialize({ model, signal });
      return module.default;
    });
    return {
      async show(el) {
        el.model = model; // for whoever embeds the page
        await (await ready).render({ model, el, signal });
      },
    };
  }

  /** Draws every widget of a page: its places name a model, its states are in #widget-states. */
  async function start() {
    const states = JSON.parse(document.getElementById("widget-states").textContent);
    const made = {};
    for (const place of document.querySelectorAll("[data-model]")) {
      const { kind, state } = states[place.dataset.model];
      const view = document.createElement("div");
      try {
        made[place.dataset.model] ??= widget(kinds[kind], state);
        place.replaceChildren(view);
        await made[place.dataset.model].show(view);
      } catch (error) {
        place.replaceChildren(`${kind} could not be drawn: ${error}`);
        throw error;
      }
    }
  }

  return { kinds, widget, start };
})();
