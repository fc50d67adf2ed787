// Weights over the cells of an image, such as those of attention.
import { make } from "./kit.js";

const NAMED = 3; // cells that get a number

const percent = (share) => `${(100 * share).toFixed(0)} %`;

// The indices of the largest values, the largest first; of equal ones the first.
export const strongest = (values, count = NAMED) => Array.from(values, (_, n) => n)
  .sort((a, b) => values[b] - values[a] || a - b).slice(0, count);

// The strongest cells are tinted, numbered and named in words; a table holds all of them.
//
// canvas: the image, which the caller paints
// show(weights, what): one weight a cell, row by row, that sum to 1; what they belong to
export function overlay(label, { canvas, columns, rows = columns }) {
  const place = (n) => `row ${Math.floor(n / columns) + 1}, column ${n % columns + 1}`;
  const cells = Array.from({ length: rows * columns }, () => make("span"));
  const grid = make("div", { class: "ptp-overlay-grid", "aria-hidden": "true" }, ...cells);
  grid.style.setProperty("--ptp-columns", columns);
  const stage = make("div", { class: "ptp-overlay", role: "img", "aria-label": label }, canvas, grid);
  canvas.setAttribute("aria-hidden", "true");
  const words = make("ol", { class: "ptp-overlay-words" });
  const table = make("table", { class: "ptp-unseen" });
  const show = (weights, what) => {
    const most = Math.max(...weights), first = strongest(weights);
    cells.forEach((cell, n) => {
      const rank = first.indexOf(n);
      cell.style.setProperty("--ptp-share", most ? weights[n] / most : 0);
      cell.classList.toggle("ptp-overlay-top", rank >= 0);
      cell.textContent = rank < 0 ? "" : rank + 1;
    });
    const said = first.map((n) => `${percent(weights[n])} in ${place(n)}`);
    words.replaceChildren(...said.map((text) => make("li", {}, text)));
    stage.setAttribute("aria-label", `${label}, ${what}: ${said.join("; ")}.`);
    fill(table, weights, `${label}, ${what}`);
  };
  const fill = (table, weights, title) => {
    const head = make("tr", {}, make("td"));
    for (let c = 1; c <= columns; c++) head.append(make("th", { scope: "col" }, `column ${c}`));
    const body = Array.from({ length: rows }, (_, r) =>
      make("tr", {}, make("th", { scope: "row" }, `row ${r + 1}`),
        ...Array.from(weights.slice(r * columns, (r + 1) * columns), (w) => make("td", {}, percent(w)))));
    table.replaceChildren(make("caption", {}, title), head, ...body);
  };
  return { root: make("div", { class: "ptp-overlay-box" }, stage, words, table), show };
}
