// Reads the values under the pointer off the drawn lines. Without this script the page lacks nothing else.
for (const plot of document.querySelectorAll("svg[data-labels]")) {
  const labels = plot.dataset.labels.split("|");
  const even = (_, i) => (2000 * i) / Math.max(labels.length - 1, 1);
  const at = plot.dataset.at ? plot.dataset.at.split(",").map(Number) : labels.map(even);
  const [low, high] = plot.dataset.y.split(",").map(Number);
  const digits = Math.min(Math.max(2 - Math.floor(Math.log10(high - low)), 0), 9);
  const words = new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const area = plot.querySelector(".area");
  const hair = area.querySelector("path").cloneNode();
  const said = document.createElement("output");
  plot.parentNode.append(said);

  const found = (kind, x) =>
    [...area.querySelectorAll(kind)]
      .filter((path) => getComputedStyle(path.parentNode).display !== "none")
      .flatMap((path) => [...path.getAttribute("d").matchAll(/(\d+),(\d+)/g)])
      .filter((point) => Math.abs(point[1] - x) <= 1)
      .map((point) => low + (1 - point[2] / 1000) * (high - low));
  const value = (number) => words.format(number).replace("-", "\u2212");

  const read = (event) => {
    const box = plot.getBoundingClientRect();
    const style = getComputedStyle(plot);
    const left = box.left + parseFloat(style.paddingLeft);
    const x = (2000 * (event.clientX - left)) / (box.right - parseFloat(style.paddingRight) - left);
    const i = at.reduce((best, place, j) => (Math.abs(place - x) < Math.abs(at[best] - x) ? j : best), 0);
    const [actual, median, band] = [".actual", ".median", ".band"].map((kind) => found(kind, Math.round(at[i])));
    const parts = [labels[i]];
    if (actual.length) parts.push(`observed ${value(actual[0])}`);
    if (median.length) parts.push(`forecast ${value(median[0])}`);
    if (band.length) parts.push(`${value(Math.min(...band))} to ${value(Math.max(...band))}`);
    said.textContent = parts.join(" \u00b7 ");
    hair.setAttribute("class", "hair");
    hair.setAttribute("d", `M${Math.round(at[i])},0V1000`);
    area.append(hair);
  };
  plot.addEventListener("pointermove", read);
  plot.addEventListener("pointerdown", read);
  plot.addEventListener("pointerleave", () => {
    said.textContent = "";
    hair.remove();
  });
}
