// Fits a slide to the window: the size of its words, the scale of what is seen, the place of both.

globalThis.spikevizFit = (() => {
  const LEAST = { words: 15, sight: 9 }; // pixels of letters, in a window of 1280 × 720
  const FULL = { words: 22, sight: 13 }; // those of words, and of a picture or widget, as they are
  const SMALLEST = { words: 0.4, sight: 0.2 };
  const MOST = { widget: 1.15, other: 1.6 }; // how much larger what is seen may become
  const GOOD = 1.1; // as `rate` says
  const GAIN = 0.02; // for less a place is not changed
  const SHARES = [0.5, 0.6, 0.68, 0.74]; // of the width, for what is seen
  const SIZES = [1, 0.9, 0.8, 0.7, 0.6]; // of words above it
  const unit = () => Math.min(innerWidth / 1280, innerHeight / 720);

  const wide = (element) => element.scrollWidth > element.clientWidth + 1;
  const tooWide = (element) => wide(element) || [...element.querySelectorAll(".scroll")]
    .some((one) => one.offsetParent && wide(one));
  const partsOf = (slide) => [".words", ".stage"].map((name) => slide.querySelector(name));

  /** The largest number between two for which it fits, `low` where none does. */
  function largest(low, high, fits) {
    if (fits(high)) return high;
    let [good, bad] = [low, high];
    for (let i = 0; i < 6; i += 1) {
      const middle = (good + bad) / 2;
      if (fits(middle)) good = middle;
      else bad = middle;
    }
    return good;
  }

  const wordsFit = (words) => words.scrollHeight <= words.clientHeight + 1 && !tooWide(words);
  const sightFits = (stage, s) => !tooWide(stage) &&
    stage.offsetHeight * s * unit() <= stage.parentElement.clientHeight + 1;

  /** How good a place is: up to 1.3 by its smallest letters, of which 1 is enough, and a little
   *  more for a large picture. */
  const rate = (k, s) => Math.min(1.3, k * FULL.words / LEAST.words, s * FULL.sight / LEAST.sight) +
    0.15 * Math.min(s, MOST.other);

  /** Lay the slide out. way: beside, below or alone; share: of the width for what is seen;
   *  double: a high widget in two columns. */
  function lay(body, { way, share = 1, double = false, k = 1, s = 1 }) {
    body.className = body.className.replace(/\b(alone|beside|below|double)\b/g, "").trim();
    body.classList.add(way, ...(double ? ["double"] : []));
    for (const [name, value] of [["share", share], ["k", k], ["s", s * unit()]])
      body.style.setProperty(`--${name}`, value);
  }

  /** A place with the sizes that fit into it; null if it is not better than `least`. */
  function measure(body, place, least) {
    const [words, stage] = partsOf(body);
    const most = stage?.querySelector(".widget") && !body.matches(".asks") ? "widget" : "other";
    let { k } = place;
    lay(body, place);
    const sized = (size) => {
      body.style.setProperty("--k", size);
      return wordsFit(words);
    };
    if (!words) k = 1;
    else if (!k) k = largest(SMALLEST.words, 1, sized);
    if (words) body.style.setProperty("--k", k);
    if (words && tooWide(words)) return null;
    if (!stage) return { ...place, k, score: rate(k, 1) };
    const scaled = (size) => {
      body.style.setProperty("--s", size * unit());
      return sightFits(stage, size);
    };
    let low = SMALLEST.sight; // a step that beats the best so far, or there is nothing to search
    while (low < MOST[most] && rate(k, low) <= least + GAIN) low += GAIN;
    if (rate(k, low) <= least + GAIN || (least > 0 && !scaled(low))) return null;
    const s = largest(low, MOST[most], scaled);
    return { ...place, k, s, score: rate(k, s) };
  }

  /** Where the parts of a slide may stand. */
  function places(body, double) {
    const [words, stage] = partsOf(body);
    if (!stage || !words) return [{ way: "alone", double }];
    const beside = SHARES.map((share) => ({ way: "beside", share, double }));
    if (double) beside.reverse(); // two columns want room
    const below = SIZES.map((k) => ({ way: "below", k, double }));
    return body.matches(".asks") ? [...below, ...beside] : [...beside, ...below];
  }

  /** Place the parts of a slide in the best way; where none is good, an Explain says only what is
   *  bold in it. */
  function fit(slide) {
    const body = slide?.querySelector(".body");
    if (!body) return;
    const told = [...body.querySelectorAll(".whole, .brief")];
    const tell = (name) => told.forEach((one) => (one.hidden = !one.matches(name)));
    const better = (best, place) => measure(body, place, best.score) ?? best;
    const search = () => {
      const one = places(body, false).reduce(better, { way: "alone", score: -1 });
      const high = one.score < GOOD && body.querySelector(".stage .widget");
      return high ? places(body, true).reduce(better, one) : one;
    };
    tell(".whole");
    let best = search();
    if (best.score < GOOD && told.length) {
      tell(".brief");
      best = search();
    }
    lay(body, best);
  }

  /** Whether something on the slide is cut off. */
  function isCut(slide) {
    const [words, stage] = partsOf(slide);
    const scale = Number(slide.querySelector(".body")?.style.getPropertyValue("--s")) / unit();
    return Boolean(words && !wordsFit(words)) || Boolean(stage && !sightFits(stage, scale));
  }

  return { fit, isCut, unit };
})();
