import {
  announcer, fixed, floats, listen, make, onMode, select, set, short, slider,
} from "../kit/kit.js";
import { nearestStep, roundSteps } from "../kit/scales.js";
import { columnOf, crossing, judged, ofColumns, ofRows, rankOf, rowOf } from "./crossing.js";
import { paintCells, scaleBar, shareText, strip, SCALES } from "./heat.js";
import { grid } from "./grid.js";

export { columnOf, crossing, judged, ofColumns, ofRows, rankOf, rowOf };

const KEYS = ["show", "scale", "row", "column"];
const SHOWN = {
  cosines: "cosine similarities",
  "image to text": "shares of each row: image to text",
  "text to image": "shares of each column: text to image",
};
const BEST = 4; // of a row or column are listed

const note = (...words) => make("p", { class: "ptp-note" }, ...words);
const title = (...words) => make("p", { class: "ptp-title" }, ...words);

// The numbers of the greatest, greatest first; of equals the first.
const ordered = (values) => values.map((_, n) => n).sort((a, b) => values[b] - values[a] || a - b);

class View {
  constructor(model) {
    const names = model.get("names"), count = model.get("count");
    Object.assign(this, { model, names, count, pictures: model.get("pictures") });
    this.c = crossing(floats(model.get("images")), count, floats(model.get("texts")), names.length);
    this.steps = roundSteps(1, 100, model.get("learned"));
    this.grid = grid({ count, names, pictures: this.pictures, put: (at) => set(model, at) });
    this.voice = announcer();
    this.controls = this.makeControls();
    this.root = this.arrange();
  }

  makeControls() {
    const { model, names, count } = this, put = (key) => (value) => set(model, { [key]: value });
    const scale = () => `s = ${short(model.get("scale"), 1)}`;
    return {
      show: select("Map shows", { options: Object.entries(SHOWN), put: put("show") }),
      scale: slider("Logit scale s", {
        min: 0, max: this.steps.length - 1, text: scale,
        spoken: () => `${scale()}, ${this.lossSaid()}`,
        put: (step) => set(model, { scale: this.steps[step] }),
      }),
      row: slider("Image", {
        min: 0, max: count - 1, text: (n) => `${n + 1} of ${count}`,
        spoken: () => this.saidOfRow(), put: put("row"),
      }),
      column: slider("Text", {
        min: 0, max: names.length - 1, text: (n) => `${n + 1} of ${names.length}`,
        spoken: () => this.saidOfColumn(), put: put("column"),
      }),
    };
  }

  arrange() {
    const { show, scale, row, column } = this.controls, part = (name) => make("div", { class: name });
    Object.assign(this, { total: part("sm-total"), legend: part("sm-legend"), cell: part("sm-cell"),
      ofRow: part("sm-direction"), ofColumn: part("sm-direction") });
    return make("div", { class: "ptp sm sm-two", role: "group" },
      make("div", { class: "ptp-controls" }, show.root, scale.root, row.root, column.root), this.total,
      make("div", { class: "sm-panels" }, make("div", {}, this.grid.root, this.legend),
        make("div", { class: "sm-side" }, this.cell, this.ofRow, this.ofColumn)),
      this.voice.root);
  }

  compute() {
    const { model, c, names } = this, columns = names.length;
    for (const key of KEYS) this[key] = model.get(key);
    const rows = ofRows(c, columns, this.scale), ofTexts = ofColumns(c, columns, this.scale);
    this.values = { cosines: c, "image to text": rows, "text to image": ofTexts };
    const at = this.row * columns + this.column;
    this.at = { cosine: c[at], ofRow: rows[at], ofColumn: ofTexts[at] };
    this.alongRow = { own: this.row, cosines: rowOf(c, this.row, columns), shares: rowOf(rows, this.row, columns) };
    this.alongColumn = { own: this.column, cosines: columnOf(c, this.column, columns),
      shares: columnOf(ofTexts, this.column, columns) };
    this.judged = judged(c, columns, this.scale);
  }

  draw() {
    this.compute();
    const { controls } = this;
    for (const key of ["show", "row", "column"]) controls[key].show(this[key]);
    controls.scale.show(nearestStep(this.steps, this.scale));
    this.grid.mark(this.row, this.column);
    this.paint();
    this.drawLegend();
    this.drawTotal();
    this.drawCell();
    this.drawLine(this.ofRow, "Image to text", this.imageOf(this.row), "its own text", this.alongRow,
      (n) => [make("span", {}, this.names[n])]);
    this.drawLine(this.ofColumn, "Text to image", this.textOf(this.column), "its own image", this.alongColumn,
      (n) => this.faceOf(n));
    this.describe();
  }

  get colours() { return this.show === "cosines" ? "similarities" : "shares"; }

  paint() {
    paintCells(this.grid.canvas, this.values[this.show], this.names.length, SCALES[this.colours]);
  }

  drawLegend() {
    const key = (kind, words) => make("span", {}, make("i", { class: kind }), words);
    this.legend.replaceChildren(...scaleBar(this.colours), make("p", { class: "ptp-note sm-key" },
      key("sm-key-row", "chosen"), key("sm-key-pair", "a pair: image n and text n")));
  }

  drawTotal() {
    const { imagesFound, textsFound, pairs } = this.judged;
    this.total.replaceChildren(make("p", { class: "ptp-value" }, this.lossSaid()),
      make("p", {}, `${imagesFound} of ${pairs} images find their own text among ${this.names.length}, `
        + `${textsFound} of ${pairs} texts their own image among ${this.count}.`));
  }

  // A loss is one of pairs alone: it has no meaning where a text or an image is nobody's.
  lossSaid() {
    const { loss, images, texts, pairs } = this.judged;
    if (this.count !== this.names.length) return "no loss: not all are pairs";
    return `L = (${fixed(images, 3)} + ${fixed(texts, 3)}) / 2 = ${fixed(loss, 3)} nats; `
      + `equal scores give ${fixed(Math.log(pairs), 3)}`;
  }

  textOf(n) { return `“${this.names[n]}”`; }

  // Of an image without a text of its own there is only its number to be told.
  imageOf(n) { return n < this.names.length ? `image ${n + 1}, ${this.names[n]}` : `image ${n + 1}`; }

  cellSaid() {
    const { cosine, ofRow, ofColumn } = this.at;
    return `cosine ${fixed(cosine, 3)}, share ${shareText(ofRow)} of its row, ${shareText(ofColumn)} of its column`;
  }

  drawCell() {
    const { row, column, at } = this, [, ...shares] = this.cellSaid().split(", ");
    this.cell.replaceChildren(title(`Image ${row + 1} and text ${column + 1}`),
      make("p", { class: "ptp-value" }, `cosine ${fixed(at.cosine, 3)}`),
      make("p", {}, `${shares.join(", ")}. They are ${row === column ? "a" : "no"} pair.`));
  }

  // The best of a row or a column; face(n): what stands for number n.
  drawLine(root, way, name, what, { own, cosines, shares }, face) {
    const rank = own < cosines.length
      ? `${what} is number ${rankOf(cosines, own)} of ${cosines.length}` : `${what} is not here`;
    const items = ordered(cosines).slice(0, BEST).map((n) => {
      const fill = make("span", { class: "ptp-bar-fill" });
      fill.style.width = `${100 * shares[n]}%`;
      return make("li", { class: n === own ? "sm-own" : "" },
        make("span", { class: "sm-face" }, ...face(n)),
        make("span", { class: "ptp-bar-track", "aria-hidden": "true" }, fill),
        make("span", { class: "ptp-bar-value" }, shareText(shares[n])));
    });
    root.replaceChildren(title(`${way}: ${name}`), note(rank),
      make("ol", { class: "sm-best", "aria-label": `${way}: the largest shares` }, ...items));
  }

  faceOf(n) {
    if (!this.pictures.pixels) return [make("span", {}, this.imageOf(n))];
    return [strip(this.pictures, [n], false), make("span", {}, this.names[n] ?? `image ${n + 1}`)];
  }

  saidOfRow() {
    const { cosines, shares } = this.alongRow, best = ordered(cosines)[0];
    return `${this.imageOf(this.row)}: nearest text ${this.textOf(best)}, share ${shareText(shares[best])}`;
  }

  saidOfColumn() {
    const { cosines, shares } = this.alongColumn, best = ordered(cosines)[0];
    return `text ${this.textOf(this.column)}: nearest ${this.imageOf(best)}, share ${shareText(shares[best])}`;
  }

  describe() {
    const { show, row, column } = this, values = this.values[show];
    const text = show === "cosines" ? (v) => fixed(v, 2) : shareText;
    const said = `s = ${short(this.scale, 1)}: ${this.lossSaid()}. Image ${row + 1} and text ${column + 1}: `
      + `${this.cellSaid()}. ${this.saidOfRow()}; ${this.saidOfColumn()}.`;
    this.root.setAttribute("aria-label", `Images and texts. ${said}`);
    this.grid.canvas.setAttribute("aria-label",
      `Map of ${this.count} images down and ${this.names.length} texts across: ${SHOWN[show]}, `
      + `from ${text(Math.min(...values))} to ${text(Math.max(...values))}`);
    this.voice.say(said);
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  const stops = [listen(model, KEYS, () => view.draw()), onMode(() => view.paint())];
  // The colours are known once the widget stands in the page.
  const placed = new ResizeObserver(() => view.paint());
  view.draw();
  placed.observe(view.root);
  return () => { stops.forEach((stop) => stop()); placed.disconnect(); view.voice.stop(); };
}

export default { render };
