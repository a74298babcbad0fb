// "Copy as Python": reference.py, which trains the network of the page, followed by its settings.

/** The Python literal of a setting. */
const literal = (value) =>
  JSON.stringify(value).replace(/\b(null|true|false)\b/g, (word) =>
    ({ null: "None", true: "True", false: "False" })[word]);

/** A script that trains the network of these settings. reference: the text of reference.py. */
export function script(settings, steps, reference) {
  const lines = Object.entries(settings).map(([name, value]) =>
    `    "${name}": ${literal(value)},`);
  return `${reference.trimEnd()}


# ---------------------------------------------------------------- this network

SETTINGS = {
${lines.join("\n")}
}
STEPS = ${steps}

network, losses = train(SETTINGS, STEPS)
trained, tested = make_points(SETTINGS)
print(network)
print(f"loss of the last batch: {losses[-1]:.6f}")
print("training points: loss {:.6f}, accuracy {:.3f}".format(*evaluate(network, trained, SETTINGS)))
print("test points: loss {:.6f}, accuracy {:.3f}".format(*evaluate(network, tested, SETTINGS)))
`;
}
