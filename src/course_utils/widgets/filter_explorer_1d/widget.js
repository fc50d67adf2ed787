import {
  announcer, clamp, fixed, gaussianFilter, listen, make, pointerAt, select, set, short, slider,
} from "../kit/kit.js";

// ---------------------------------------------------------------- arithmetic

// b[-r … r], written from left to right.
export function filterOf(kind, radius, sigma) {
  if (kind === "difference") return [0.5, 0, -0.5];
  if (kind === "gaussian") return gaussianFilter(radius, sigma);
  return new Array(2 * radius + 1).fill(1 / (2 * radius + 1));
}

// The products a[j] · b[i - j] under the window at i. Beyond its ends the signal is zero.
export function terms(a, b, i) {
  const r = (b.length - 1) / 2;
  return b.map((_, n) => {
    const j = i - r + n;
    const value = a[j] ?? 0;
    const weight = b[i - j + r];
    return { j, value, weight, product: value * weight, outside: j < 0 || j >= a.length };
  });
}

export const smoothAt = (a, b, i) => terms(a, b, i).reduce((sum, t) => sum + t.product, 0);

// (a ⋆ b)[i] = Σ_j a[j] b[i - j] at every sample: as long as a.
export const smooth = (a, b) => a.map((_, i) => smoothAt(a, b, i));

// ---------------------------------------------------------------- drawing

const MARGIN = 38; // left and right, for the numbers of the axes
const BEYOND = 8; // samples of zeros shown on both sides: the widest filter's radius
const HEIGHTS = { signal: 130, products: 84, output: 130 };
const TITLE = 26;

const text = (x, y, words, kind, anchor = "start") =>
  `<text x="${x}" y="${y}" class="${kind}" text-anchor="${anchor}">${words}</text>`;
const rule = (x1, y1, x2, y2, kind) =>
  `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" class="${kind}"/>`;

// A strip of the figure: y of a value, the line of zero and the numbers at its left.
function strip(top, height, [low, high], width) {
  const y = (value) => top + height - ((value - low) / (high - low || 1)) * height;
  const apart = (v) => v === 0 || Math.abs(y(v) - y(0)) > 14;
  const ticks = [...new Set([low, 0, high])].filter(apart).map((v) =>
    text(MARGIN - 6, y(v) + 4, fixed(v, Math.abs(v) < 10 ? 1 : 0), "tick", "end"));
  const frame = rule(MARGIN, y(0), width - MARGIN, y(0), "zero") + ticks.join("");
  return { y, top, bottom: top + height, frame };
}

// Tidy ends of an axis that holds these values and zero.
export function domain(values) {
  const tidy = (v) => Math.ceil(v * 10 - 1e-9) / 10;
  const low = -tidy(Math.max(0, ...values.map((v) => -v))) || 0;
  const high = tidy(Math.max(0, ...values));
  return low === high ? [0, 1] : [low, high];
}

function curve(values, x, y, kind) {
  const points = values.map((v, n) => `${x(n).toFixed(1)},${y(v).toFixed(1)}`);
  const path = `<polyline class="${kind} line" points="${points.join(" ")}"/>`;
  if (x(1) - x(0) < 4) return path;
  return path + points.map((p) => {
    const [cx, cy] = p.split(",");
    return `<circle class="${kind} dot" cx="${cx}" cy="${cy}" r="2.2"/>`;
  }).join("");
}

// A bar from zero for every sample under the window.
function bars(items, x, y, kind) {
  const half = Math.max(1, Math.min(7, 0.36 * (x(1) - x(0))));
  return items.map(([j, v]) => {
    const top = Math.min(y(v), y(0));
    const size = Math.max(Math.abs(y(v) - y(0)), 0.8); // a weight of zero stays visible
    return `<rect class="${kind} bar" x="${(x(j) - half).toFixed(1)}" y="${top.toFixed(1)}"
      width="${(2 * half).toFixed(1)}" height="${size.toFixed(1)}"/>`;
  }).join("");
}

// The filter has its own axis, on the right: its weights are far smaller than the signal.
// Both axes share zero; where a weight is negative the strip leaves it room below.
function overlay(a, b) {
  let [low, high] = domain(a);
  const most = Math.max(...b), least = Math.min(...b);
  if (high === 0) high = -low / 2;
  if (least < 0) low = Math.min(low, -high / 2);
  const stretch = Math.min(high / most, least < 0 ? low / least : Infinity);
  return { range: [low, high], stretch: 0.94 * stretch };
}

// ---------------------------------------------------------------- view

const FILTERS = [
  ["box", "box"], ["gaussian", "Gaussian"], ["difference", "difference"],
];
const KEYS = ["signals", "signal_name", "filter", "radius", "sigma", "position"];

class View {
  constructor(model) {
    this.model = model;
    const put = (key) => (value) => set(model, { [key]: value });
    const names = Object.keys(model.get("signals")).map((name) => [name, name]);
    this.signal = select("Signal", { options: names, put: put("signal_name") });
    this.filter = select("Filter b", { options: FILTERS, put: put("filter") });
    this.radius = slider("Radius r", {
      min: 1, max: 8, text: (r) => `r = ${r}`, put: put("radius"),
    });
    this.sigma = slider("Width σ", {
      min: 0.3, max: 5, step: 0.1, text: (s) => `σ = ${short(s, 2)}`, put: put("sigma"),
    });
    this.position = slider("Position of the window i", {
      min: 0, max: 1, text: (i) => `i = ${i}`, put: put("position"),
      spoken: (i) => `i = ${i}, output ${fixed(this.state().sum, 3)}`,
    });
    this.figure = make("div", { class: "fe1-figure", role: "img" });
    this.reading = make("p", { class: "ptp-value fe1-reading" });
    this.flip = make("p", { class: "ptp-note fe1-flip" });
    this.terms = make("p", { class: "ptp-note fe1-terms" });
    this.voice = announcer();
    this.root = this.arrange();
    this.followPointer();
  }

  arrange() {
    this.position.root.classList.add("fe1-position");
    const controls = [this.signal, this.filter, this.radius, this.sigma].map((c) => c.root);
    return make("div", { class: "ptp fe1", role: "group", "aria-label": "Convolution of a signal" },
      make("div", { class: "ptp-controls" }, ...controls),
      this.figure, this.position.root, this.reading, this.terms, this.flip, this.voice.root);
  }

  // What the model says now. A position beyond the end of a shorter signal is its last sample.
  state() {
    const { model } = this;
    const a = model.get("signals")[model.get("signal_name")];
    const kind = model.get("filter");
    const b = filterOf(kind, model.get("radius"), model.get("sigma"));
    const i = Math.min(model.get("position"), a.length - 1);
    const window = terms(a, b, i);
    return { a, b, kind, i, r: (b.length - 1) / 2, window, sum: smoothAt(a, b, i) };
  }

  followPointer() {
    const { figure } = this;
    const move = (event) => {
      const { a } = this.state();
      const across = pointerAt(event, figure).x * this.width;
      const i = Math.round((across - this.x(0)) / (this.x(1) - this.x(0)));
      set(this.model, { position: clamp(i, 0, a.length - 1) });
    };
    figure.addEventListener("pointerdown", (event) => {
      figure.setPointerCapture(event.pointerId);
      move(event);
    });
    figure.addEventListener("pointermove", (event) => {
      if (figure.hasPointerCapture(event.pointerId)) move(event);
    });
  }

  draw() {
    const state = this.state();
    const { a, b, i, kind, window, sum } = state;
    this.signal.show(this.model.get("signal_name"));
    this.filter.show(kind);
    this.radius.show(this.model.get("radius"), { disabled: kind === "difference" });
    this.sigma.show(this.model.get("sigma"), { disabled: kind !== "gaussian" });
    this.position.show(i, { max: a.length - 1 });
    this.plot({ ...state, c: smooth(a, b) });
    this.reading.textContent = `c[${i}] = Σⱼ a[j] · b[${i} − j] = ${fixed(sum, 3)}`;
    this.terms.replaceChildren(...window.flatMap((t, n) => [
      ...(n ? [" + "] : []),
      make("span", t.outside ? { class: "outside", title: "beyond the end: zero" } : {},
        `${fixed(t.value)}·${t.weight < 0 ? `(${fixed(t.weight)})` : fixed(t.weight)}`),
    ]));
    this.flip.textContent = kind === "difference"
      ? "b is written 0.5, 0, −0.5. Flipped, it lies over the signal as −0.5, 0, 0.5."
      : `b has ${b.length} weights and is symmetric: flipped, it looks the same.`;
    this.figure.setAttribute("aria-label", this.describe(state));
    this.voice.say(`${kind} filter, output at ${i}: ${fixed(sum, 3)}.`);
  }

  describe({ b, i, r, kind, window, sum }) {
    const under = window.map((t) => fixed(t.value)).join(", ");
    return `Signal ${this.model.get("signal_name")}; filter ${kind} with ${b.length} weights, `
      + `flipped, on samples ${i - r} to ${i + r}, where the signal is ${under}. `
      + `The products sum to ${fixed(sum, 3)}, the output at ${i}.`;
  }

  plot({ a, b, c, i, r, kind, window }) {
    const width = this.width = this.figure.clientWidth || 720;
    const step = (width - 2 * MARGIN) / (a.length + 2 * BEYOND);
    const x = this.x = (j) => MARGIN + (j + BEYOND + 0.5) * step;
    const { range, stretch } = overlay(a, b);
    const top = TITLE;
    const signal = strip(top, HEIGHTS.signal, range, width);
    const most = Math.max(...a.map(Math.abs)) * Math.max(...b.map(Math.abs));
    const negative = Math.min(...a, ...b) < 0;
    const products = strip(signal.bottom + TITLE + 8, HEIGHTS.products,
      domain(negative ? [-most, most] : [most]), width);
    const output = strip(products.bottom + TITLE + 8, HEIGHTS.output,
      domain(kind === "difference" ? c : [...a, ...c]), width);
    const size = `width="${width}" height="${output.bottom + 26}"`;
    this.figure.innerHTML = `<svg ${size} aria-hidden="true">`
      + this.ground(a, { signal, products, output }, { i, r, width })
      + bars(window.map((t) => [t.j, t.weight * stretch]), x, signal.y, "b")
      + curve(a, x, signal.y, "a")
      + this.weightAxis(b, stretch, signal, width)
      + bars(window.map((t) => [t.j, t.product]), x, products.y, "p")
      + curve(c, x, output.y, "c")
      + `<circle class="now" cx="${x(i)}" cy="${output.y(c[i])}" r="5"/>`
      + text(x(i), output.bottom + 18, `i = ${i}`, "tick now-label", "middle") + "</svg>";
    this.alignSlider(x, a.length);
  }

  // The zeros beyond the ends, the window, the place of i, the axes and the titles.
  ground(a, { signal, products, output }, { i, r, width }) {
    const { x } = this;
    const half = (x(1) - x(0)) / 2;
    const ends = [[MARGIN, x(0) - half], [x(a.length - 1) + half, width - MARGIN]];
    const beyond = [signal, products, output].flatMap(({ top, bottom }) =>
      ends.map(([from, to]) => `<rect class="beyond" x="${from}" y="${top}"
        width="${to - from}" height="${bottom - top}"/>`));
    const left = x(i - r) - half;
    const window = `<rect class="window" x="${left}" y="${signal.top}"
      width="${(2 * r + 1) * 2 * half}" height="${products.bottom - signal.top}"/>`;
    const title = (band, words) => text(MARGIN, band.top - 9, words, "title");
    return beyond.join("") + window
      + rule(x(i), signal.top, x(i), output.bottom, "here")
      + signal.frame + products.frame + output.frame
      + title(signal, `<tspan class="a-word">signal a[j]</tspan>,
          <tspan class="b-word">flipped filter b[i − j]</tspan>`)
      + title(products, "products a[j] · b[i − j]")
      + title(output, "output c[i]: the sum of the products");
  }

  weightAxis(b, stretch, signal, width) {
    const ends = [...new Set([Math.max(...b), Math.min(...b)])].filter((v) => Math.abs(v) > 0.02);
    const most = Math.max(...ends.map(Math.abs));
    return ends.filter((v) => v < 0 || v === most).map((v) =>
      text(width - MARGIN + 5, signal.y(v * stretch) + 4, short(v, 2), "tick b-word")).join("");
  }

  // The thumb of the slider stands under the window.
  alignSlider(x, n) {
    const { style } = this.position.root;
    const thumb = 16;
    style.setProperty("--fe1-left", `${x(0) - thumb / 2}px`);
    style.setProperty("--fe1-width", `${x(n - 1) - x(0) + thumb}px`);
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  const draw = () => view.draw();
  const stop = listen(model, KEYS, draw);
  const resize = new ResizeObserver(() => {
    if (view.figure.clientWidth !== view.width) draw();
  });
  resize.observe(view.figure);
  draw();
  return () => { stop(); resize.disconnect(); view.voice.stop(); };
}

export default { render };
