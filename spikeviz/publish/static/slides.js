// Slides: reveal.js without its scaling; each slide is fitted to the window instead. Key S opens
// the speaker's window.

// What is scaled tells and hears everything in its own pixels, so that a hand hits the widgets.
// plotly looks after this itself.
{
  const scaleOf = (element) => {
    const stage = element?.closest?.(".stage");
    if (!stage || element.closest(".plotly-figure") || element === stage) return 1;
    return stage.offsetWidth ? boxOf.call(stage).width / stage.offsetWidth : 1;
  };
  const boxOf = Element.prototype.getBoundingClientRect;
  Element.prototype.getBoundingClientRect = function getBoundingClientRect() {
    const [box, scale] = [boxOf.call(this), scaleOf(this)];
    return new DOMRect(...["x", "y", "width", "height"].map((name) => box[name] / scale));
  };
  for (const name of ["clientX", "clientY"]) {
    const { get } = Object.getOwnPropertyDescriptor(MouseEvent.prototype, name);
    Object.defineProperty(MouseEvent.prototype, name, {
      get() {
        return get.call(this) / scaleOf(this.target);
      },
    });
  }
  const ratio = Object.getOwnPropertyDescriptor(window, "devicePixelRatio").get;
  Object.defineProperty(window, "devicePixelRatio", { // a canvas that is enlarged stays crisp
    get: () => ratio.call(window) * Math.max(1, 1.5 * spikevizFit.unit()),
  });
}

// On paper stand all slides: before the widgets hear of it and are drawn for it, they need room.
for (const [event, prints] of [["beforeprint", true], ["afterprint", false]])
  addEventListener(event, () => {
    document.querySelector(".reveal").classList.toggle("printed", prints);
    if (!prints) fitNow();
  });

spikevizLive.start();

const PHONE = 700; // pixels: below this slides are as long as they are, and scroll
const speaks = /receiver/.test(location.search); // a small picture of a slide, for the speaker
const fitted = () => innerWidth >= PHONE || speaks;

Reveal.initialize({
  disableLayout: true,
  center: false,
  controls: true,
  hash: true,
  navigationMode: "linear", // an arrow to the right is the next step, wherever that is
  overview: false,
  plugins: [RevealNotes],
  scrollActivationWidth: null,
  slideNumber: "c/t",
  touch: false, // a finger moves the widgets
  transition: "none",
});

const root = document.querySelector(".reveal");
let held = false; // while a hand drags, nothing moves under it

function fitNow() {
  root.classList.toggle("fitted", fitted());
  if (fitted()) spikevizFit.fit(Reveal.getCurrentSlide());
}
function fitAgain() {
  const slide = Reveal.getCurrentSlide();
  if (!held && fitted() && slide && spikevizFit.isCut(slide)) fitNow();
}
// A widget that has loaded or grown, an answer that is opened.
const growth = new ResizeObserver(fitAgain);
function watch() {
  growth.disconnect();
  for (const part of Reveal.getCurrentSlide()?.querySelectorAll(".stage, .words > *") ?? [])
    growth.observe(part);
}
for (const [type, down] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]])
  addEventListener(type, () => {
    held = down;
    if (!down) fitAgain();
  }, { capture: true });
for (const event of ["ready", "slidechanged"])
  Reveal.on(event, () => {
    fitNow();
    watch();
  });
addEventListener("resize", fitNow);

// Of what lies over a slide only one thing is open, and Escape closes it.
document.addEventListener("toggle", ({ target }) => {
  if (!target.open || !target.matches(".folds > details")) return;
  for (const other of document.querySelectorAll(".folds > details[open]"))
    if (other !== target) other.open = false;
}, { capture: true });
addEventListener("keydown", ({ key }) => {
  if (key === "Escape")
    document.querySelectorAll(".folds > details[open]").forEach((one) => (one.open = false));
}, { capture: true });
Reveal.on("slidechanged", ({ previousSlide }) =>
  previousSlide?.querySelectorAll("details[open]").forEach((one) => (one.open = false)));
