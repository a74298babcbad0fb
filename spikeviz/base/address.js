// What differs from the saved state of a page's widgets, in its address: page.html#tau=5, or, where
// there are several widgets, #section&LIFExplorer.tau=5. A plain script, as live.js.

globalThis.spikevizAddress = (() => {
  const PATIENCE = 250; // ms after a change: browsers take few new addresses a second
  const MOST = 4000; // letters of a value: what is longer is no address

  const escape = (text) => encodeURIComponent(text)
    .replace(/%20/g, "+").replace(/%(2C|3A)/g, decodeURIComponent);
  const unescape = (text) => decodeURIComponent(text.replace(/\+/g, " "));

  const floats = ({ buffer, byteOffset, byteLength }) =>
    [...new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength))];

  /** A value as a text. */
  function write(value, [kind]) {
    if (value === null) return "none";
    if (kind.startsWith("floats")) return floats(value).join();
    if (typeof value !== "object") return String(value);
    return Array.isArray(value) ? JSON.stringify(value).slice(1, -1) : JSON.stringify(value);
  }

  const number = (text, [low, high]) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (!Number.isFinite(value)) throw new RangeError("no number");
    return Math.min(Math.max(value, low ?? -Infinity), high ?? Infinity);
  };
  const one = (text, options) => {
    const found = options.find((option) => String(option) === text);
    if (found === undefined) throw new RangeError("none of them");
    return found;
  };
  const numbers = (text, [low, high, least = 0, most = Infinity]) => {
    const found = text === "" ? [] : text.split(",").map((each) => number(each, [low, high]));
    if (found.length < least || found.length > most) throw new RangeError("too few or too many");
    return found;
  };
  /** Hexadecimal digits, all of them or none. */
  const hex = (text, [length]) => {
    if (text && (text.length !== length || /[^0-9a-f]/.test(text))) throw new RangeError("no hex");
    return text;
  };
  /** Whether a value is made as the one before, as far as that can be seen. */
  function alike(value, before) {
    if (before === null) return true;
    if (Array.isArray(value) !== Array.isArray(before)) return false;
    if (Array.isArray(value))
      return !before.length || value.every((inside) => alike(inside, before[0]));
    return typeof value === typeof before && (typeof value !== "number" || isFinite(value));
  }
  const like = (value, before) => {
    if (!alike(value, before)) throw new RangeError("of another kind");
    return value;
  };
  const READ = {
    number, "one of": one,
    whole: (text, range) => Math.round(number(text, range)),
    flag: (text) => one(text, [true, false]),
    text: (text) => text.slice(0, MOST),
    list: (text, _, before) => like(JSON.parse(`[${text}]`), before),
    dict: (text, _, before) => like(JSON.parse(text), before),
    numbers, hex,
    wholes: (text, range) => numbers(text, range).map(Math.round),
    floats: (text, range) => new DataView(Float64Array.from(numbers(text, range)).buffer),
  };

  /** The value that a text stands for; it throws for what stands for none. */
  function read(text, [kind, ...more], before) {
    const [name, optional] = kind.split("?");
    return optional === "" && text === "none" ? null : READ[name](text, more, before);
  }

  /** The parts of a hash: its section, and [name, text] of each value. */
  function parse(hash) {
    const parts = hash.replace(/^#/, "").split("&").filter(Boolean);
    const pairs = parts.map((part) => part.split(/=(.*)/s)).filter(({ length }) => length > 1);
    const section = parts.find((part) => !part.includes("=")) ?? "";
    return { section, texts: new Map(pairs.map(([name, text]) => [name, text])) };
  }

  /**
   * The address of this page. join(prefix, kinds, state) puts what it says into the state of a
   * widget, and gives what leads back to the saved one; keep() after each change of a state.
   * left: the names that no widget has, or whose values it does not take; link(): the address now.
   */
  return () => {
    const { section, texts } = parse(location.hash);
    const left = new Set(texts.keys());
    const all = []; // differing() of each widget
    let due = 0;
    let present = location.hash;

    function save() {
      due = 0;
      const parts = [parse(location.hash).section, ...all.flatMap((differing) => differing())];
      const hash = parts.filter(Boolean).join("&");
      present = hash && `#${hash}`;
      try {
        history.replaceState(history.state, "", location.href.split("#")[0] + present);
      } catch {
        // a page without an address of its own: in a frame, or of a text
      }
    }
    const keep = () => (due ||= setTimeout(save, PATIENCE));

    function join(prefix, kinds, state) {
      const names = Object.keys(kinds).filter((name) => name in state);
      const saved = Object.fromEntries(names.map((name) => [name, state[name]]));
      const given = names.filter((name) => texts.has(prefix + name));
      for (const name of given)
        try {
          state[name] = read(unescape(texts.get(prefix + name)), kinds[name], saved[name]);
          left.delete(prefix + name);
        } catch {
          // of no meaning here
        }
      all.push(() => names.flatMap((name) => {
        const [now, before] = [state, saved].map((values) => write(values[name], kinds[name]));
        return now === before || now.length > MOST ? [] : [`${prefix}${name}=${escape(now)}`];
      }));
      /** To the state as it was saved; whether it was another. */
      return () => {
        const moved = given.some((name) => state[name] !== saved[name]);
        given.forEach((name) => left.add(prefix + name));
        Object.assign(state, saved);
        return moved;
      };
    }

    addEventListener("hashchange", () => {
      if (location.hash === present) return;
      if (parse(location.hash).texts.size) location.reload();
      else save(); // a heading of the page: the widgets stay as they are
    });
    const link = () => (save(), location.href);
    /** To the section, which the browser does not find where values stand beside it. */
    const go = () => texts.size &&
      document.querySelector(`[id="${CSS.escape(section)}"]`)?.scrollIntoView();
    return { join, keep, link, go, left };
  };
})();
