// A map of images down and texts across, whose cells are chosen by a click.
import { clamp, make, pointerAt } from "../kit/kit.js";
import { strip } from "./heat.js";

// put({ row, column }): a cell is chosen
// mark(row, column): the chosen ones; canvas: one pixel a cell, to be painted
export function grid({ count, names, pictures, put }) {
  const columns = names.length, canvas = make("canvas", { role: "img" });
  const ring = (name) => make("div", { class: name });
  const [chosenRow, chosenColumn] = [ring("sm-row"), ring("sm-column")];
  const pairs = make("div", { class: "sm-diagonal", "aria-hidden": "true" });
  pairs.innerHTML = `<svg viewBox="0 0 ${columns} ${count}" preserveAspectRatio="none">`
    + Array.from({ length: Math.min(columns, count) }, (_, n) =>
      `<rect class="sm-pair" x="${n + 0.06}" y="${n + 0.06}" width="0.88" height="0.88"/>`).join("") + "</svg>";
  const stage = make("div", { class: "sm-stage" }, canvas, pairs, chosenRow, chosenColumn);
  stage.style.aspectRatio = `${columns} / ${count}`;
  const each = Array.from({ length: count }, (_, n) => n);
  const left = pictures.pixels ? [strip(pictures, each, true)]
    : each.map((n) => make("span", { class: "ptp-note" }, String(n + 1)));
  const top = names.map((name, n) => {
    const head = make("div", { title: name }, make("span", {}, name));
    head.addEventListener("click", () => put({ column: n }));
    return head;
  });
  const heads = make("div", { class: "sm-heads", "aria-hidden": "true" }, ...top);
  const root = make("div", { class: "sm-map" }, make("span"), heads,
    make("div", { class: "sm-left", "aria-hidden": "true" }, ...left), stage);
  root.style.gridTemplateColumns = pictures.pixels ? `1fr ${columns}fr` : "1.6em 1fr";
  stage.addEventListener("click", (event) => {
    const { x, y } = pointerAt(event, canvas);
    put({ row: clamp(Math.floor(y * count), 0, count - 1),
      column: clamp(Math.floor(x * columns), 0, columns - 1) });
  });
  const part = (n, of) => `${(100 * n) / of}%`;
  const mark = (row, column) => {
    Object.assign(chosenRow.style, { left: 0, width: "100%", top: part(row, count), height: part(1, count) });
    Object.assign(chosenColumn.style,
      { top: 0, height: "100%", left: part(column, columns), width: part(1, columns) });
    top.forEach((head, n) => head.classList.toggle("sm-chosen-head", n === column));
  };
  return { root, canvas, mark };
}
