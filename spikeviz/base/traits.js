// The traits of a model: set, read, heard, sent to Python.

/**
 * Send changes to Python as soon as the present event is over. Not within it: saving would bring
 * the value before back. Not later: the echo of an older value could. Jupyter keeps one message
 * under way; what changes meanwhile goes with the next.
 */
function syncer(model) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      model.save_changes();
    });
  };
}

/** set({name: value}) for the traits of a model; `syncing` sends them. */
export const setter = (model) => (changes) => {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
};

/** {name: value} of these traits. */
export const valuesOf = (model, names) =>
  Object.fromEntries(names.map((name) => [name, model.get(name)]));

/** Call `handler` when one of the traits `names` changes, until `signal` ends it. */
export function listen(model, names, handler, signal) {
  const events = names.map((name) => `change:${name}`);
  events.forEach((event) => model.on(event, handler));
  signal.addEventListener("abort", () => events.forEach((event) => model.off(event, handler)));
}

/** Once a model, from `initialize`: send every change of the traits `names` to Python. */
export const syncing = ({ model, signal }, names) =>
  listen(model, names, syncer(model), signal);
