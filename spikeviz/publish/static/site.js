// A page of the site: its widgets, one button for all folded answers, what scrolls by keyboard.
spikevizLive.start();

const button = document.getElementById("unfold");
button?.addEventListener("click", () => {
  const folded = [...document.querySelectorAll("main details")].filter((answer) => !answer.open);
  for (const answer of folded.length ? folded : document.querySelectorAll("main details")) answer.open = folded.length > 0;
});

// What is wider than its place can take the focus, and then scrolls with the arrow keys.
const places = [...document.querySelectorAll(".scroll")];
const watch = new ResizeObserver(() => {
  for (const place of places) {
    if (place.scrollWidth > place.clientWidth + 1) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  }
});
watch.observe(document.querySelector("main"));
