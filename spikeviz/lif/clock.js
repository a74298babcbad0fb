// The clock of LIFExplorer, the one of the whole course: step k lasts from (k − 1) · Δt to k · Δt,
// and what happens in it, a spike or a reset, is dated at its end.

/** A run whose values stand at k for step k, so at k · Δt; at 0 stands where the neuron starts. */
export function onClock({ count, ...found }, { v_rest }) {
  const start = { h: v_rest, v: v_rest, s: 0, silent: 0, x: found.x?.[0] };
  const begun = ([name, values]) => [name, values.constructor.from([start[name], ...values])];
  return { count, ...Object.fromEntries(Object.entries(found).map(begun)) };
}
