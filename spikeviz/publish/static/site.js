// A page of the site: its widgets, one button for all folded answers, what scrolls by keyboard.
spikevizLive.start({ address: spikevizAddress() });

const button = document.getElementById("unfold");
button?.addEventListener("click", () => {
  const answers = [...document.querySelectorAll("main details")];
  const open = answers.some((answer) => !answer.open);
  for (const answer of answers) answer.open = open;
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
