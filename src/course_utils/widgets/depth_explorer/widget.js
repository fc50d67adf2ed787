import { announcer, button, checkbox, listen, make, set, short, slider, whenNear } from "../kit/kit.js";

// ---------------------------------------------------------------- a random network

export const DEEPEST = 60, WIDTH = 64, BATCH = 32;

// Even numbers from 0 to 1, the same for the same seed: "mulberry32".
function even(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// Normal numbers with mean 0 and variance 1, by Box and Muller.
function normal(next, count) {
  return Float64Array.from({ length: count }, () =>
    Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()));
}

// x (BATCH, WIDTH), labels, and the weights of each layer before their gain.
export function drawn(seed) {
  const next = even(seed);
  const x = normal(next, BATCH * WIDTH);
  const labels = Array.from({ length: BATCH }, () => Math.floor(next() * WIDTH));
  const draws = Array.from({ length: DEEPEST }, () => normal(next, WIDTH * WIDTH));
  return { x, labels, draws };
}

// ---------------------------------------------------------------- arithmetic
// Matrices lie row by row. A signal has a row for each input of the batch.

// a bᵀ: (rows, n) and (outputs, n) -> (rows, outputs). Four outputs at a time: twice as fast.
function product(a, b, n) {
  const rows = a.length / n, outputs = b.length / n, y = new Float64Array(rows * outputs);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o += 4) {
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let i = 0, p = r * n, q = o * n; i < n; i++, p++, q++) {
        const v = a[p];
        s0 += v * b[q];
        s1 += v * b[q + n];
        s2 += v * b[q + 2 * n];
        s3 += v * b[q + 3 * n];
      }
      const at = r * outputs + o;
      y[at] = s0;
      y[at + 1] = s1;
      y[at + 2] = s2;
      y[at + 3] = s3;
    }
  }
  return y;
}

function transposed(a, columns) {
  const rows = a.length / columns, y = new Float64Array(a.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) y[c * rows + r] = a[r * columns + c];
  }
  return y;
}

const EPSILON = 1e-5;

// The mean over the batch of each unit's values.
function means(value) {
  const sums = new Float64Array(WIDTH);
  for (let at = 0; at < BATCH * WIDTH; at++) sums[at % WIDTH] += value(at) / BATCH;
  return sums;
}

// Each unit to mean 0 and variance 1 over the batch; the spreads are kept for the way back.
export function normalise(z) {
  const middle = means((at) => z[at]);
  const spreads = means((at) => (z[at] - middle[at % WIDTH]) ** 2).map((v) => Math.sqrt(v + EPSILON));
  return { y: z.map((v, at) => (v - middle[at % WIDTH]) / spreads[at % WIDTH]), spreads };
}

// dz = (dy - mean(dy) - y mean(dy y)) / spread: mean and variance depend on z too.
export function normaliseBack(dy, { y, spreads }) {
  const level = means((at) => dy[at]), along = means((at) => dy[at] * y[at]);
  return dy.map((v, at) => (v - level[at % WIDTH] - y[at] * along[at % WIDTH]) / spreads[at % WIDTH]);
}

// The gradient of the mean cross entropy: (softmax - one at the label) / BATCH.
function lossBack(logits, labels) {
  return Float64Array.from(labels.flatMap((label, r) => {
    const row = Array.from(logits.subarray(r * WIDTH, (r + 1) * WIDTH)), most = Math.max(...row);
    const powers = row.map((v) => Math.exp(v - most));
    const total = powers.reduce((sum, v) => sum + v, 0);
    return powers.map((v, c) => (v / total - (c === label ? 1 : 0)) / BATCH);
  }));
}

const length = (a) => Math.sqrt(a.reduce((sum, v) => sum + v * v, 0));

// Forward: h = norm(W relu(h)), with a shortcut h = h + norm(W relu(h)). Backward: the same
// from the end. Sizes of h_0 … h_L, of ∂L/∂h_0 … ∂L/∂h_L, and of each layer's ∂L/∂W.
export function measure({ x, labels, draws }, { depth, gain, norm, shortcut }) {
  const scale = Math.sqrt(gain / WIDTH);
  const weights = draws.slice(0, depth).map((draw) => draw.map((v) => scale * v));
  const steps = [];
  let h = x;
  const signal = [length(h) / Math.sqrt(h.length)];
  for (const w of weights) {
    const active = h.map((v) => Math.max(0, v)), z = product(active, w, WIDTH);
    const step = { h, active, normal: norm ? normalise(z) : null };
    const change = step.normal?.y ?? z;
    h = shortcut ? change.map((v, i) => v + h[i]) : change;
    steps.push(step);
    signal.push(length(h) / Math.sqrt(h.length));
  }
  let dh = lossBack(h, labels);
  const gradient = [length(dh)], byWeights = [];
  for (let l = depth - 1; l >= 0; l--) {
    const { h: before, active, normal: kept } = steps[l];
    const dz = kept ? normaliseBack(dh, kept) : dh;
    byWeights.unshift(length(product(transposed(dz, WIDTH), transposed(active, WIDTH), BATCH)));
    const back = product(dz, transposed(weights[l], WIDTH), WIDTH);
    dh = back.map((v, i) => (before[i] > 0 ? v : 0) + (shortcut ? dh[i] : 0));
    gradient.unshift(length(dh));
  }
  return { signal, gradient, weights: byWeights };
}

// ---------------------------------------------------------------- words

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const raised = (n) => [...String(n)].map((c) => RAISED[c]).join("");

// Two digits: 0.46, 12, 1.4 · 10⁻⁸.
export function number(v) {
  if (v === 0 || (v >= 0.01 && v < 1000)) return short(Number(v.toPrecision(2)), 4);
  const [digits, power] = v.toExponential(1).split("e");
  return `${Number(digits)} · 10${raised(Number(power))}`;
}

const factor = (from, to, steps) => number((to / from) ** (1 / steps));

// What the two curves say, in numbers.
export function reading({ signal, gradient }, depth) {
  const rate = (from, to) => (depth > 1 ? `, by × ${factor(from, to, depth)} per layer` : "");
  const [first, last] = [signal[0], signal.at(-1)], [d0, dL] = [gradient[0], gradient.at(-1)];
  return {
    forward: `Signal: from ${number(first)} at the input to ${number(last)} `
      + `after ${depth} layers${rate(first, last)}.`,
    backward: `Gradient ∂L/∂h: from ${number(dL)} at the output back to ${number(d0)} `
      + `at the input${rate(dL, d0)}.`,
  };
}

// ---------------------------------------------------------------- drawing

const LEFT = 44, RIGHT = 12, TOP = 30, HEIGHT = 190, FOOT = 34;
const label = (x, y, words, kind, anchor) =>
  `<text x="${x}" y="${y}" class="${kind}" text-anchor="${anchor}">${words}</text>`;

// Powers of ten around all values, two on each side of one at least.
export function decades(values) {
  const powers = values.filter((v) => v > 0).map(Math.log10);
  const low = Math.floor(Math.min(-2, ...powers)), high = Math.ceil(Math.max(2, ...powers));
  const step = [1, 2, 5, 10].find((s) => (high - low) / s <= 8) ?? 20;
  const first = Math.ceil(low / step) * step;
  const ticks = Array.from({ length: Math.floor((high - first) / step) + 1 }, (_, n) => first + n * step);
  return { low, high, ticks };
}

// One panel: curves over the layers on a logarithmic axis.
function panel(title, curves, depth, width, left) {
  const { low, high, ticks } = decades(curves.flatMap((c) => c.values));
  const x = (l) => left + LEFT + (l / depth) * (width - LEFT - RIGHT);
  const y = (power) => TOP + HEIGHT * (1 - (power - low) / (high - low));
  const line = (x1, y1, x2, y2, kind) =>
    `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
  const rows = ticks.map((p) =>
    line(x(0), y(p), x(depth), y(p), p === 0 ? "dx-one" : "dx-grid")
    + label(x(0) - 6, y(p) + 4, p === 0 ? "1" : `10${raised(p)}`, "dx-tick", "end"));
  const layers = [0, Math.round(depth / 2), depth].map((l) =>
    label(x(l), TOP + HEIGHT + 16, l, "dx-tick", "middle"));
  const paths = curves.map(({ values, from, kind }) => {
    const points = values.map((v, n) =>
      [x(n + from), y(v > 0 ? Math.log10(v) : low)].map((c) => c.toFixed(1)).join(","));
    return `<polyline class="dx-line ${kind}" points="${points.join(" ")}"/>`;
  });
  return label(left + LEFT, 18, title, "dx-title", "start") + rows.join("") + layers.join("")
    + label(x(depth / 2), TOP + HEIGHT + 31, "layer", "dx-tick", "middle") + paths.join("");
}

// ---------------------------------------------------------------- view

const PRESETS = [
  ["plain, gain too small", { gain: 1, norm: false, shortcut: false }],
  ["plain, He’s gain", { gain: 2, norm: false, shortcut: false }],
  ["plain, batch norm", { gain: 2, norm: true, shortcut: false }],
  ["residual without norm", { gain: 2, norm: false, shortcut: true }],
  ["residual, batch norm", { gain: 2, norm: true, shortcut: true }],
];
const KEYS = ["depth", "gain", "norm", "shortcut", "seed"];

class View {
  constructor(model) {
    this.model = model;
    const put = (key) => (value) => set(model, { [key]: value });
    this.depth = slider("Depth", { min: 2, max: DEEPEST, text: (n) => `${n} layers`, put: put("depth") });
    this.gain = slider("Gain g", { min: 0.1, max: 4, step: 0.1, text: (g) => short(g, 1), put: put("gain") });
    this.norm = checkbox("Batch norm after the weights", { put: put("norm") });
    this.shortcut = checkbox("Shortcut: h is added", { put: put("shortcut") });
    this.presets = PRESETS.map(([name, state]) => button(name, { put: () => set(model, { depth: 50, ...state }) }));
    this.figure = make("div", {
      class: "dx-figure", role: "img", "aria-label": "Signal and gradient by depth, not computed yet",
    });
    this.forward = make("p", { class: "dx-signal-word" });
    this.backward = make("p", { class: "dx-gradient-word" });
    this.voice = announcer();
    const roots = (controls) => controls.map((c) => c.root);
    this.root = make("div", { class: "ptp dx", role: "group", "aria-label": "Signal and gradient by depth" },
      make("div", { class: "dx-presets", role: "group", "aria-label": "Cases" }, ...roots(this.presets)),
      make("div", { class: "ptp-controls" }, ...roots([this.depth, this.gain, this.norm, this.shortcut])),
      this.figure, make("div", { class: "dx-reading" }, this.forward, this.backward), this.voice.root);
  }

  state() {
    return Object.fromEntries(KEYS.map((key) => [key, this.model.get(key)]));
  }

  // Weights are drawn once for a seed.
  network(seed) {
    if (this.seed !== seed) [this.seed, this.drawn] = [seed, drawn(seed)];
    return this.drawn;
  }

  draw() {
    const state = this.state(), { depth } = state;
    for (const key of ["depth", "gain", "norm", "shortcut"]) this[key].show(state[key]);
    PRESETS.forEach(([, preset], n) => {
      const on = Object.entries(preset).every(([key, value]) => state[key] === value);
      this.presets[n].root.setAttribute("aria-pressed", String(on));
    });
    this.sizes = measure(this.network(state.seed), state);
    const { forward, backward } = reading(this.sizes, depth);
    this.forward.textContent = forward;
    this.backward.textContent = backward;
    this.figure.setAttribute("aria-label", `A ${state.shortcut ? "residual" : "plain"} network, gain `
      + `${short(state.gain, 1)}, ${state.norm ? "with" : "without"} batch norm. ${forward} ${backward}`);
    this.voice.say(`${forward} ${backward}`);
    this.plot();
  }

  plot() {
    const { signal, gradient, weights } = this.sizes, depth = signal.length - 1;
    const width = this.width = this.figure.clientWidth || 720;
    const beside = width >= 560, each = beside ? width / 2 : width;
    const svg = (content) => `<svg width="${each}" height="${TOP + HEIGHT + FOOT}" aria-hidden="true">${content}</svg>`;
    const signalWord = '<tspan class="dx-signal-word">spread of h</tspan>';
    const gradientWords = '<tspan class="dx-gradient-word">‖∂L/∂h‖</tspan>, <tspan class="dx-weights-word">‖∂L/∂W‖ dashed</tspan>';
    this.figure.innerHTML = svg(panel(`Forward: ${signalWord}`,
      [{ values: signal, from: 0, kind: "dx-signal" }], depth, each, 0))
      + svg(panel(`Backward: ${gradientWords}`, [
        { values: weights, from: 1, kind: "dx-weights" },
        { values: gradient, from: 0, kind: "dx-gradient" },
      ], depth, each, 0));
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  let stop = [];
  const begin = () => {
    const resize = new ResizeObserver(() => {
      if (view.figure.clientWidth !== view.width) view.plot();
    });
    view.draw();
    resize.observe(view.figure);
    stop = [listen(model, KEYS, () => view.draw()), () => resize.disconnect()];
  };
  stop = [whenNear(view.root, begin)];
  return () => { stop.forEach((end) => end()); view.voice.stop(); };
}

export default { render };
