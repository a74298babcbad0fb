// The neuron under a stimulus: the same arithmetic in the same order as spikeatconv/simulate.py,
// so that the picture and Python agree to the bit. Nothing here knows about the screen.

export const STIMULI = ["constant", "step", "pulses", "ramp", "sine", "noise"];

export const steps = (duration, dt) => Math.max(1, Math.floor(duration / dt + 0.5));

/** mulberry32: a function that gives the next of the uniform numbers in [0, 1) of a seed. */
export function mulberry(seed) {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** n near-Gaussian numbers (sums of twelve uniform ones). */
export function gaussian(n, seed) {
  const uniform = mulberry(seed);
  return Float64Array.from({ length: n }, () => {
    let total = 0;
    for (let k = 0; k < 12; k++) total += uniform();
    return total - 6;
  });
}

/** The input current I for the parameters p, one value a time step. */
export function stimulus(p) {
  const n = steps(p.duration, p.dt);
  const g = p.stimulus === "noise" ? gaussian(n, p.seed) : null;
  return Float64Array.from({ length: n }, (_, i) => {
    const t = i * p.dt;
    const phase = t / p.period - Math.floor(t / p.period);
    const shape = {
      constant: () => 1,
      step: () => (t >= p.duration * 0.2 && t < p.duration * 0.8 ? 1 : 0),
      pulses: () => (phase < 0.25 ? 1 : 0),
      ramp: () => t / p.duration,
      sine: () => (1 + Math.sin(2 * Math.PI * phase)) / 2,
      noise: () => 1 + g[i] / 2,
    };
    return p.amplitude * shape[p.stimulus]();
  });
}

const [REAL, FLAG] = [Float64Array, Uint8Array];
const KEPT = { x: REAL, h: REAL, v: REAL, s: FLAG, silent: FLAG };

/**
 * Run the neuron over `current`: its spike count and, as far as to keep, x, H, V, S and where it is
 * refractory. The currents of several neurons, and what is kept, are [step][neuron].
 */
export function simulate(p, current, { keep = Object.keys(KEPT), neurons = 1 } = {}) {
  const { v_threshold, v_rest = 0, v_reset = 0, t_ref = 0, resistance = 1, dt = 1 } = p;
  const out = { count: 0 };
  for (const name of keep) out[name] = new KEPT[name](current.length);
  const { x, h, v, s, silent } = out;
  const tau = p.tau / dt;
  const silence = Math.floor(t_ref / dt + 0.5);
  for (let neuron = 0; neuron < neurons; neuron++) {
    let potential = v_rest;
    let refractory = 0;
    for (let t = neuron; t < current.length; t += neurons) {
      const waits = refractory > 0;
      const input = waits ? 0 : resistance * current[t];
      const charged = potential + (input - (potential - v_rest)) / tau; // charge
      const fires = !waits && charged >= v_threshold; // fire
      potential = !fires ? charged : v_reset === null ? charged - v_threshold : v_reset; // reset
      if (waits) refractory--;
      else if (fires) refractory = silence;
      if (fires) out.count++;
      if (x) x[t] = input;
      if (h) h[t] = charged;
      if (v) v[t] = potential;
      if (s) s[t] = fires;
      if (silent) silent[t] = waits;
    }
  }
  return out;
}
