// Draws the plotly figures of a page; one on a slide gets its size when the slide is shown.
for (const place of document.querySelectorAll(".plotly-figure")) {
  const { data, layout, config } = JSON.parse(place.querySelector("script").textContent);
  if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false; // a finger scrolls
  const plot = place.querySelector("div");
  Plotly.newPlot(plot, data, layout, config).then(() =>
    new ResizeObserver(() => plot.clientWidth && Plotly.Plots.resize(plot)).observe(place));
}
