// What need not be computed or drawn again.

/** once(name, keys, make) gives what make() gave under this name, until one of `keys` is new. */
export function memory() {
  const made = new Map();
  return (name, keys, make) => {
    const last = made.get(name);
    const same = last?.keys.length === keys.length && keys.every((key, i) => key === last.keys[i]);
    if (!same) made.set(name, { keys, value: make() });
    return made.get(name).value;
  };
}
