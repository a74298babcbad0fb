// Slides: reveal.js without its scaling, which would lead the pointer astray in a widget.
spikevizLive.start();

Reveal.initialize({
  disableLayout: true,
  center: false,
  controls: true,
  hash: true,
  navigationMode: "linear", // an arrow to the right is the next step, wherever that is
  overview: false,
  scrollActivationWidth: null,
  slideNumber: "c/t",
  touch: false, // a finger scrolls a long slide and moves the widgets
  transition: "none",
});

// An answer opens as it comes, and can be folded again; back, it waits for its question.
const answers = ({ fragments }) =>
  fragments.flatMap((fragment) => [...fragment.querySelectorAll(":scope > details")]);
Reveal.on("fragmentshown", (event) => {
  for (const answer of answers(event)) answer.open = true;
  event.fragment.scrollIntoView({ block: "nearest" });
});
Reveal.on("fragmenthidden", (event) => answers(event).forEach((answer) => (answer.open = false)));
