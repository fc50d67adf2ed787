// A beam search as a tree: one row a step, the hypotheses that go on from left to right, the
// likeliest first, and in the last column what ended.
import { make } from "../kit/kit.js";

const ROW = 44, HEAD = 22, LABEL = 22;
const escaped = (text) => (text === "," ? "“,”" : text).replace(/&/g, "&amp;").replace(/</g, "&lt;");
const score = (v) => v.toFixed(2).replace("-", "−");

// The nodes of the sentence that was found, as { level, column }, from its end back to its start.
export function pathOf(levels, words, given, ended) {
  const path = [], width = levels[0]?.running.length ?? 0;
  for (let l = words - given - 1, column = ended ? width : 0; l >= 0; l--) {
    path.push({ level: l, column });
    const node = column === width ? levels[l].ended : levels[l].running[column];
    column = node.parent;
  }
  return path;
}

// show({ levels, path, names }): names are the words of the vocabulary
export function beamTree(label) {
  const drawing = make("div", { class: "cp-tree", "aria-hidden": "true" });
  const list = make("ol", { class: "ptp-unseen" });
  const title = make("p", { class: "ptp-title" }, label);
  const root = make("div", { class: "cp-tree-box" }, title, drawing, list);
  let what = null;

  function draw() {
    if (!what || root.hidden) return;
    const { levels, path, names } = what, width = drawing.clientWidth || 600;
    const columns = levels[0].running.length + 1, step = (width - LABEL) / columns;
    const x = (column) => LABEL + step * (column + 0.5), y = (level) => HEAD + ROW * level + 12;
    const on = (level, column) => path.some((p) => p.level === level && p.column === column);
    const marks = [], lines = [];
    const node = (found, level, column) => {
      const kind = on(level, column) ? "cp-best" : "";
      if (level > 0) {
        lines.push(`<line class="${kind}" x1="${x(found.parent)}" y1="${y(level - 1) + 17}" `
          + `x2="${x(column)}" y2="${y(level) - 14}"/>`);
      }
      marks.push(`<text class="${kind}" x="${x(column)}" y="${y(level)}">${escaped(names[found.word])}`
        + `<tspan class="cp-score" x="${x(column)}" dy="12">${score(found.score)}</tspan></text>`);
    };
    levels.forEach(({ running, ended }, level) => {
      marks.push(`<text class="cp-score" x="8" y="${y(level)}">${level + 1}</text>`);
      running.forEach((found, column) => node(found, level, column));
      if (ended) node(ended, level, columns - 1);
    });
    const heads = Array.from({ length: columns }, (_, c) =>
      `<text class="cp-score" x="${x(c)}" y="12">${c === columns - 1 ? "ended" : `beam ${c + 1}`}</text>`);
    const height = HEAD + ROW * levels.length;
    drawing.innerHTML = `<svg width="${width}" height="${height}">${heads.join("")}`
      + `${lines.join("")}${marks.join("")}</svg>`;
  }

  function show(next) {
    what = next.levels.length ? next : null;
    const { levels, names } = next;
    const said = ({ word, score: v, parent }) => `${names[word]} after beam ${parent + 1}, log p ${score(v)}`;
    list.replaceChildren(...levels.map(({ running, ended }, n) => make("li", {},
      `Step ${n + 1}: ${running.map(said).join("; ")}${ended ? `; ended: ${said(ended)}` : ""}.`)));
    if (what) draw();
    else drawing.replaceChildren();
  }
  return { root, show, draw };
}
