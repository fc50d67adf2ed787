import {
  announcer, clamp, fixed, floats, listen, make, onMode, pointerAt, select, set, short, slider,
} from "../kit/kit.js";
import { nearestStep, roundSteps } from "../kit/scales.js";
import { paintCells, scaleBar, shareText, strip, SCALES } from "./heat.js";

// ---------------------------------------------------------------- arithmetic

// s_ij = z_i·z_j / |z_i| |z_j| of all rows of z, a flat list (count × D), as (count × count).
// Zeros stay zeros: like F.normalize, it divides by 1e-12 at least.
export function cosines(z, count) {
  const dim = z.length / count, s = new Float64Array(count * count);
  const dot = (i, j) => {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += z[i * dim + d] * z[j * dim + d];
    return sum;
  };
  const lengths = Array.from({ length: count }, (_, i) => Math.max(Math.sqrt(dot(i, i)), 1e-12));
  for (let i = 0; i < count; i++) {
    for (let j = i; j < count; j++) {
      s[i * count + j] = s[j * count + i] = dot(i, j) / lengths[i] / lengths[j];
    }
  }
  return s;
}

// Which view stands at each place. Given are all first views, then all second ones;
// interleaved they are 1, N + 1, 2, N + 2, …
export function orderOf(count, name) {
  const half = count / 2;
  return Array.from({ length: count }, (_, place) =>
    (name === "interleaved" ? (place % 2) * half + Math.floor(place / 2) : place));
}

// The place of the partner of the view at a place.
export const partnerOf = (place, count, name) =>
  (name === "interleaved" ? place ^ 1 : (place + count / 2) % count);

// Rows and columns in another order.
export function reordered(s, order) {
  const count = order.length;
  return Float64Array.from({ length: count * count }, (_, n) =>
    s[order[Math.floor(n / count)] * count + order[n % count]]);
}

// log(exp(s_ij/τ) / Σ_k≠i exp(s_ik/τ)) for all j, −∞ for i itself. The largest is taken out of
// the exponent: at τ = 0.01 exp(s/τ) reaches 10⁴³, and shares are as small as 10⁻⁸⁷.
export function logShares(s, i, temperature) {
  const count = Math.sqrt(s.length);
  const logits = Array.from(s.slice(i * count, (i + 1) * count), (v, j) =>
    (j === i ? -Infinity : v / temperature));
  const most = Math.max(...logits);
  const sum = logits.reduce((total, v) => total + Math.exp(v - most), 0);
  return logits.map((v) => v - most - Math.log(sum));
}

// Every row, flat: each sums to one.
export const sharesOf = (s, temperature) =>
  Array.from({ length: Math.sqrt(s.length) }, (_, i) =>
    logShares(s, i, temperature).map(Math.exp)).flat();

// ℓ(i, j) of every row i and its partner j, in nats; their mean is the loss L.
export function lossesOf(s, order, temperature) {
  const count = Math.sqrt(s.length);
  return Array.from({ length: count }, (_, i) =>
    -logShares(s, i, temperature)[partnerOf(i, count, order)] + 0);
}

export const meanOf = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

// The columns of row i, the most similar first, without i itself.
export function ranking(s, i) {
  const count = Math.sqrt(s.length);
  const others = Array.from({ length: count }, (_, j) => j).filter((j) => j !== i);
  return others.sort((a, b) => s[i * count + b] - s[i * count + a]);
}

// 1 where the partner is nearer than every other view. What is as near goes before it, so that
// a network that says the same of all images finds no partner.
export function rankOf(s, i, partner) {
  const count = Math.sqrt(s.length), own = s[i * count + partner];
  const before = (v, j) => j !== i && j !== partner && v >= own - 1e-9;
  return 1 + Array.from(s.slice(i * count, (i + 1) * count)).filter(before).length;
}

export const TEMPERATURES = roundSteps(0.01, 2);

export const stepOf = (temperature) => nearestStep(TEMPERATURES, temperature);

// ---------------------------------------------------------------- words

const note = (...words) => make("p", { class: "ptp-note" }, ...words);
const title = (...words) => make("p", { class: "ptp-title" }, ...words);

// ---------------------------------------------------------------- map

const EDGES = 24; // so many views still have room for their images beside the map

class Matrix {
  constructor(count, onRow) {
    this.count = count;
    this.canvas = make("canvas", { role: "img" });
    this.diagonal = make("div", { class: "sm-diagonal", "aria-hidden": "true" });
    this.row = make("div", { class: "sm-row" });
    this.partner = make("div", { class: "sm-partner" });
    this.stage = make("div", { class: "sm-stage" }, this.canvas, this.diagonal, this.row,
      this.partner);
    this.drawDiagonal();
    this.top = make("div", { class: "sm-top" });
    this.left = make("div", { class: "sm-left" });
    this.legend = make("div", { class: "sm-legend" });
    this.map = make("div", { class: "sm-map" }, make("span"), this.top, this.left, this.stage);
    this.root = make("div", { class: "sm-panel" }, this.map, this.legend);
    this.stage.addEventListener("click", (event) => {
      const row = Math.floor(pointerAt(event, this.canvas).y * count);
      onRow(clamp(row, 0, count - 1));
    });
  }

  // Images beside rows and columns where they have room, else the first and last number.
  drawEdges(pictures, views) {
    const { count, map, top, left } = this;
    const room = pictures.pixels && count <= EDGES;
    const numbers = (name) =>
      [1, name, count].map((words) => make("span", { class: "ptp-note" }, String(words)));
    map.style.gridTemplateColumns = room ? `1fr ${count}fr` : "1.6em 1fr";
    map.classList.toggle("sm-pictured", Boolean(room));
    top.replaceChildren(...(room ? [strip(pictures, views, false)] : numbers("column j")));
    left.replaceChildren(...(room ? [strip(pictures, views, true)] : numbers("row i")));
  }

  // The diagonal stays empty.
  paint(values, show) {
    const { canvas, count } = this;
    paintCells(canvas, values, count, SCALES[show], (n) => n % (count + 1) === 0);
  }

  // A view with itself is in no sum: grey cells, crossed out.
  drawDiagonal() {
    const { count } = this;
    const each = Array.from({ length: count }, (_, n) => n);
    const path = (kind, step) => `<path class="${kind}" d="${each.map(step).join("")}"/>`;
    this.diagonal.innerHTML = `<svg viewBox="0 0 ${count} ${count}">`
      + path("sm-self", (n) => `M${n} ${n}h1v1h-1z`)
      + path("sm-slash", (n) => `M${n} ${n + 1}l1 -1`) + "</svg>";
  }

  mark(row, partner) {
    const percent = (part) => `${(100 * part) / this.count}%`;
    const place = { top: percent(row), height: percent(1) };
    Object.assign(this.row.style, { ...place, left: 0, width: "100%" });
    Object.assign(this.partner.style, { ...place, left: percent(partner), width: percent(1) });
  }

  drawLegend(show, order) {
    const half = this.count / 2;
    const pair = order === "interleaved" ? "2k − 1 and 2k" : `k and k + ${half}`;
    const key = (kind, label) => make("span", {}, make("i", { class: kind }), label);
    this.legend.replaceChildren(...scaleBar(show),
      make("p", { class: "ptp-note sm-key" }, key("sm-key-row", "chosen row, partner framed"),
        key("sm-key-self", "a view with itself: left out")),
      note(`Views ${pair} are partners, k = 1 … ${half}.`));
  }
}

// ---------------------------------------------------------------- view

class View {
  constructor(model) {
    this.model = model;
    this.count = model.get("count");
    this.pictures = model.get("pictures");
    this.given = cosines(floats(model.get("views")), this.count);
    this.matrix = new Matrix(this.count, (place) => this.choose(place));
    this.chosen = make("div", { class: "sm-chosen" });
    this.largest = make("div", { class: "sm-largest" });
    this.total = make("div", { class: "sm-total" });
    this.voice = announcer();
    this.controls = this.makeControls();
    this.root = this.arrange();
  }

  makeControls() {
    const { model } = this;
    const put = (key) => (value) => set(model, { [key]: value });
    const loss = () => `loss ${fixed(this.loss, 3)} nats`;
    const temperature = () => `τ = ${short(model.get("temperature"))}`;
    return {
      show: select("Show", {
        options: [["similarities", "cosine similarities"], ["shares", "shares exp(s/τ)/Σ"]],
        put: put("show"),
      }),
      order: select("Order", {
        options: [
          ["interleaved", "partners side by side, as in Algorithm 1"],
          ["concatenated", "partners N apart"],
        ],
        put: put("order"),
      }),
      temperature: slider("Temperature τ", {
        min: 0, max: TEMPERATURES.length - 1, text: temperature,
        spoken: () => `${temperature()}, ${loss()}`,
        put: (step) => set(model, { temperature: TEMPERATURES[step] }),
      }),
      row: slider("View", {
        min: 0, max: this.count - 1, text: (place) => `${place + 1} of ${this.count}`,
        spoken: () => this.said, put: (place) => this.choose(place),
      }),
    };
  }

  arrange() {
    const { show, order, temperature, row } = this.controls;
    const root = make("div", { class: "ptp sm", role: "group",
      "aria-label": "Similarities of views" });
    root.append(
      make("div", { class: "ptp-controls" }, order.root, temperature.root, show.root, row.root),
      this.total,
      make("div", { class: "sm-panels" }, this.matrix.root,
        make("div", { class: "sm-side" }, this.chosen, this.largest)),
      this.voice.root);
    return root;
  }

  // The chosen view stays the same when the order changes: it is kept by its place in Python.
  choose(place) {
    set(this.model, { row: orderOf(this.count, this.model.get("order"))[place] });
  }

  compute() {
    const { model, count } = this;
    const name = model.get("order"), temperature = model.get("temperature");
    this.order = orderOf(count, name);
    this.s = reordered(this.given, this.order);
    this.shares = sharesOf(this.s, temperature);
    this.losses = lossesOf(this.s, name, temperature);
    this.loss = meanOf(this.losses);
    this.i = this.order.indexOf(model.get("row"));
    this.j = partnerOf(this.i, count, name);
    const ranks = this.order.map((_, i) => rankOf(this.s, i, partnerOf(i, count, name)));
    this.rank = ranks[this.i];
    this.found = ranks.filter((rank) => rank === 1).length;
    this.said = `view ${this.i + 1}, its partner is view ${this.j + 1}, `
      + `share ${shareText(this.shareOf(this.j))}, loss ${fixed(this.losses[this.i], 3)} nats, `
      + `rank ${this.rank} of ${count - 1}`;
  }

  shareOf(j) { return this.shares[this.i * this.count + j]; }

  similarityOf(j) { return this.s[this.i * this.count + j]; }

  draw() {
    const { model, controls, matrix } = this;
    this.compute();
    controls.show.show(model.get("show"));
    controls.order.show(model.get("order"));
    controls.temperature.show(stepOf(model.get("temperature")));
    controls.row.show(this.i);
    matrix.drawEdges(this.pictures, this.order);
    matrix.drawLegend(model.get("show"), model.get("order"));
    matrix.mark(this.i, this.j);
    this.paint();
    this.drawChosen();
    this.drawLargest();
    this.drawTotal();
    this.describe();
  }

  paint() {
    const show = this.model.get("show");
    this.matrix.paint(show === "shares" ? this.shares : this.s, show);
  }

  // A image with words below it; without images the words alone.
  picture(place, kind, ...lines) {
    const root = make("div", { class: `sm-picture ${kind}` });
    if (this.pictures.pixels) {
      const canvas = strip(this.pictures, [this.order[place]], false);
      canvas.removeAttribute("aria-hidden");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Image of view ${place + 1}`);
      root.append(canvas);
    }
    root.append(...lines);
    return root;
  }

  drawChosen() {
    const { i, j, count } = this;
    const name = (words) => make("span", {}, words);
    const reading = make("div", { class: "sm-reading" },
      make("p", {}, `s = ${fixed(this.similarityOf(j), 3)}`),
      make("p", {}, `share ${shareText(this.shareOf(j))}`),
      note(`rank ${this.rank} of ${count - 1}`));
    this.chosen.replaceChildren(title("The chosen row"),
      make("div", { class: "sm-pictures" }, this.picture(i, "", name(`view ${i + 1}`)),
        this.picture(j, "sm-is-partner", name(`partner, ${j + 1}`)), reading),
      make("p", { class: "ptp-value" },
        `ℓ(${i + 1}, ${j + 1}) = ${fixed(this.losses[i], 3)} nats`));
  }

  drawLargest() {
    const { i, j } = this;
    const items = ranking(this.s, i).slice(0, 3).map((k) => {
      const own = k === j;
      const words = own ? `partner, ${k + 1}` : `view ${k + 1}`;
      const share = make("span", { class: "ptp-note" }, shareText(this.shareOf(k)));
      return this.picture(k, own ? "sm-is-partner" : "", make("span", {}, words), share);
    });
    this.largest.replaceChildren(title("Largest shares in this row"),
      make("div", { class: "sm-pictures" }, ...items));
  }

  drawTotal() {
    const { count, found } = this;
    this.total.replaceChildren(
      make("p", { class: "ptp-value" }, `L = ${fixed(this.loss, 3)} nats`),
      make("p", {}, `Equal scores would give log ${count - 1} = `
        + `${fixed(Math.log(count - 1), 3)} nats. The partner is the nearest view in ${found} `
        + `of ${count} rows.`));
  }

  describe() {
    const { model, count, matrix } = this;
    const shares = model.get("show") === "shares";
    const values = [...(shares ? this.shares : this.s)].filter((_, n) => n % (count + 1) !== 0);
    const text = shares ? shareText : (v) => fixed(v, 2);
    const range = `${text(Math.min(...values))} to ${text(Math.max(...values))}`;
    const apart = model.get("order") === "interleaved" ? "side by side" : `${count / 2} apart`;
    matrix.canvas.setAttribute("aria-label",
      `${shares ? "Shares" : "Cosine similarities"} of ${count} views, from ${range}, partners `
      + `${apart}. Loss ${fixed(this.loss, 3)} nats at τ = ${short(model.get("temperature"))}. `
      + `Chosen: ${this.said}.`);
    this.voice.say(`Loss ${fixed(this.loss, 3)} nats; ${this.said}.`);
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  const stops = [
    listen(model, ["show", "order", "temperature", "row"], () => view.draw()),
    onMode(() => view.paint()),
  ];
  // The colours are known once the widget stands in the page.
  const placed = new ResizeObserver(() => view.paint());
  placed.observe(view.root);
  view.draw();
  return () => { stops.forEach((stop) => stop()); placed.disconnect(); view.voice.stop(); };
}

export default { render };
