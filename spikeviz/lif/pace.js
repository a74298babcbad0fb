// Where the playhead of LIFExplorer stands between two steps, and how fast it goes: slowly towards
// a spike, then as long as the reset takes to fall. All of it follows from the playhead's place,
// which is a fraction; the arithmetic stays on whole steps.

export const FALL = 0.12; // seconds that a reset takes to fall
const SHARE = 0.4; // of the step after a spike: the fall; then the next charge
const SLOW = [1.6, 3]; // times as long: the step before the last one to a spike, and the last one
const FEW = 25; // spikes; where there are more, each of them takes less time

const mix = (from, to, share) => from + (to - from) * share;

/**
 * Of a run at `speed` steps a second: seconds(place) since the start, and rate(place), in steps a
 * second; crossings: {step, x, at} of each spike: where the drawn line meets the threshold, in
 * steps, and after how many seconds.
 */
export function paceOf({ run: { s, h, v, count }, p, speed }) {
  const weight = Math.min(1, FEW / count);
  const fall = FALL * weight;
  const slow = (step) => 1 + (s[step + 1] ? SLOW[1] - 1 : s[step + 2] ? SLOW[0] - 1 : 0) * weight;
  const begins = new Float64Array(s.length + 1);
  const moves = (step) => (slow(step) / speed) * (s[step] ? 1 - SHARE : 1);
  for (let t = 0; t < s.length; t++) begins[t + 1] = begins[t] + moves(t) + (s[t] ? fall : 0);
  const seconds = (place) => {
    const step = Math.min(Math.floor(place), s.length - 1);
    const u = place - step;
    if (!s[step]) return begins[step] + u * moves(step);
    const fell = Math.min(u / SHARE, 1) * fall;
    return begins[step] + fell + (Math.max(0, u - SHARE) / (1 - SHARE)) * moves(step);
  };
  const rate = (place) => {
    const step = Math.min(Math.floor(place), s.length - 1);
    if (s[step] && place - step < SHARE) return SHARE / fall;
    return (s[step] ? 1 - SHARE : 1) / moves(step);
  };
  const crossings = [];
  s.forEach((spike, step) => {
    if (!spike) return;
    const from = v[step - 1];
    const met = Math.min(1, Math.max(0, (p.v_threshold - from) / (h[step] - from)));
    const before = s[step - 1] ? SHARE : 0;
    crossings.push({
      step, x: step - 1 + met, at: seconds(step - 1 + before + met * (1 - before)),
    });
  });
  return { seconds, rate, crossings };
}

/**
 * What is drawn at a place: the whole step before it, where the point stands (x in steps, v),
 * whether that lies between two steps, how far the reset has fallen (null: it does not), what flows
 * in, and since(crossing), the seconds since one. `still`: motion is unwelcome.
 */
export function momentAt({ run: { s, h, v, x }, pace }, place, still) {
  const step = Math.floor(place);
  const [u, next] = [place - step, Math.min(step + 1, s.length - 1)];
  const now = { place, step, x: step, v: h[step], between: u > 0, fallen: null, input: x[step] };
  const time = pace.seconds(place);
  now.since = ({ at }) => (still ? (time >= at ? Infinity : -1) : time - at);
  if (s[step] && u < SHARE) {
    now.fallen = (u / SHARE) ** 2;
    return { ...now, v: mix(h[step], v[step], now.fallen) };
  }
  if (!u) return now;
  const share = s[step] ? (u - SHARE) / (1 - SHARE) : u;
  return { ...now, x: step + share, v: mix(v[step], h[next], share), input: x[next] };
}
