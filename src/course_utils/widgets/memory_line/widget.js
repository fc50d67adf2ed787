import { announcer, checkbox, listen, make, set, short, slider } from "../kit/kit.js";
import { presets } from "../kit/presets.js";

// ---------------------------------------------------------------- arithmetic

export const LIMIT = 5; // what |∂h_T/∂b| is clipped to

// ∂h_T/∂h_t for t = 0 … T, when each step multiplies by `factor`.
const powers = (factor, T) => Array.from({ length: T + 1 }, (_, t) => factor ** (T - t));

// One unit: the factor of a step, the gradients of h_0 … h_T, that of b, and by what they are
// multiplied. b enters each of the steps 1 … T, in the gated unit with the share 1 − u.
function unit(factor, share, T, clip) {
  const gradients = powers(factor, T);
  const bias = share * gradients.slice(1).reduce((sum, v) => sum + v, 0);
  const scale = clip && bias > LIMIT ? LIMIT / bias : 1;
  return { factor, bias, scale, gradients: gradients.map((v) => scale * v) };
}

// The plain unit h_t = w h_{t−1} + x_t + b, and the gated one, which keeps the share u of h_{t−1}.
export const measure = ({ weight: w, gate: u, length: T, clip }) => ({
  plain: unit(w, 1, T, clip),
  gated: unit(u + (1 - u) * w, 1 - u, T, clip),
});

// ---------------------------------------------------------------- words

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const raised = (n) => [...String(n)].map((c) => RAISED[c]).join("");

// Two digits: 0.46, 12, 1.4 · 10⁻⁸.
export function number(v) {
  if (v === 0 || (v >= 0.01 && v < 1000)) return short(Number(v.toPrecision(2)), 4);
  const [digits, power] = v.toExponential(1).split("e");
  return `${Number(digits)} · 10${raised(Number(power))}`;
}

// How much of the last step's gradient reaches the first: 12 %, 38 times as much. Clipping scales
// both, and leaves that.
export function left({ factor }, T) {
  const share = factor ** T;
  if (share > 1 + 1e-12) return `${number(share)} times as much`;
  if (share > 1 - 1e-12) return "all of it is left";
  return `${number(100 * share)}\u00a0% is left`;
}

// What the curves say, in numbers.
export function reading(state) {
  const { plain, gated } = measure(state), T = state.length;
  const one = (name, u) =>
    `${name}: each step × ${short(u.factor, 3)}; after ${T} steps ${left(u, T)}.`;
  const cut = (u) => (u.scale < 1 ? `divided by ${number(1 / u.scale)}` : "unchanged");
  const clipped = state.clip ? `Clipping |∂h_T/∂b| to ${LIMIT}: plain ${cut(plain)}, gated `
    + `${cut(gated)}. The ratio of first to last step stays.` : "";
  return { plain: one("Plain unit", plain), gated: one("Gated unit", gated), clipped };
}

// ---------------------------------------------------------------- drawing

const LEFT = 46, RIGHT = 14, TOP = 30, HEIGHT = 190, FOOT = 36;
const DEEP = -12; // powers of ten below which nothing is drawn
const label = (x, y, words, kind, anchor) =>
  `<text x="${x}" y="${y}" class="${kind}" text-anchor="${anchor}">${words}</text>`;

// Powers of ten around all values, with ticks at whole ones.
export function decades(values) {
  const found = values.map((v) => (v > 0 ? Math.max(DEEP, Math.log10(v)) : DEEP));
  const low = Math.floor(Math.min(-2, ...found)), high = Math.ceil(Math.max(1, ...found));
  const step = [1, 2, 5].find((s) => (high - low) / s <= 8);
  const first = Math.ceil(low / step) * step;
  return { low, high,
    ticks: Array.from({ length: Math.floor((high - first) / step) + 1 }, (_, n) => first + n * step) };
}

function plot({ plain, gated }, T, width) {
  const { low, high, ticks } = decades([...plain.gradients, ...gated.gradients]);
  const x = (t) => LEFT + (t / T) * (width - LEFT - RIGHT);
  const y = (v) => TOP + HEIGHT * (1 - ((v > 0 ? Math.max(low, Math.log10(v)) : low) - low) / (high - low));
  const rows = ticks.map((p) => `<line class="${p === 0 ? "ml-one" : "ml-grid"}" x1="${x(0)}" `
    + `x2="${x(T)}" y1="${y(10 ** p)}" y2="${y(10 ** p)}"/>`
    + label(x(0) - 8, y(10 ** p) + 4, p === 0 ? "1" : `10${raised(p)}`, "ml-tick", "end"));
  const steps = [0, Math.round(T / 2), T].map((t) => label(x(t), TOP + HEIGHT + 16, t, "ml-tick", "middle"));
  const line = ({ gradients }, kind) => `<polyline class="ml-line ${kind}" points="`
    + `${gradients.map((v, t) => `${x(t).toFixed(1)},${y(v).toFixed(1)}`).join(" ")}"/>`;
  const dots = plain.gradients.map((v, t) => `<circle cx="${x(t)}" cy="${y(v)}" r="3"/>`);
  const squares = gated.gradients.map((v, t) =>
    `<rect x="${x(t) - 3}" y="${y(v) - 3}" width="6" height="6"/>`);
  const scaled = plain.scale < 1 || gated.scale < 1 ? ", clipped" : "";
  const title = `Gradient ∂h_T/∂h_t${scaled}: ` + '<tspan class="ml-plain-word">● plain</tspan>, '
    + '<tspan class="ml-gated-word">■ gated</tspan>';
  return `<svg width="${width}" height="${TOP + HEIGHT + FOOT}" aria-hidden="true">`
    + label(2, 18, title, "ml-title", "start") + rows.join("") + steps.join("")
    + label(x(T / 2), TOP + HEIGHT + 32, "step t (the first word is 0)", "ml-tick", "middle")
    + line(plain, "ml-plain") + line(gated, "ml-gated") + dots.join("") + squares.join("") + "</svg>";
}

// ---------------------------------------------------------------- view

const PRESETS = [
  ["w a little below 1", { weight: 0.9, gate: 0.5, length: 20, clip: false }],
  ["w far below 1", { weight: 0.5, gate: 0.5, length: 20, clip: false }],
  ["gate keeps almost all", { weight: 0.5, gate: 0.98, length: 20, clip: false }],
  ["w above 1", { weight: 1.2, gate: 0.5, length: 50, clip: false }],
  ["w above 1, clipped", { weight: 1.2, gate: 0.5, length: 50, clip: true }],
];
const KEYS = ["weight", "gate", "length", "clip"];

class View {
  constructor(model) {
    this.model = model;
    const put = (key) => (value) => set(model, { [key]: value });
    this.weight = slider("Weight w", { min: 0, max: 1.3, step: 0.01, text: (v) => short(v, 2), put: put("weight") });
    this.gate = slider("Gate u keeps", { min: 0, max: 1, step: 0.01, text: (v) => short(v, 2), put: put("gate") });
    this.length = slider("Steps T", { min: 2, max: 50, put: put("length") });
    this.clip = checkbox(`Clip the gradient of b to ${LIMIT}`, { put: put("clip") });
    this.presets = presets(PRESETS, { put: (state) => set(model, state) });
    this.figure = make("div", { class: "ml-figure", role: "img" });
    this.plain = make("p", { class: "ml-plain-word" });
    this.gated = make("p", { class: "ml-gated-word" });
    this.clipped = make("p", {});
    this.voice = announcer();
    const roots = (controls) => controls.map((c) => c.root);
    this.root = make("div", { class: "ptp ml", role: "group", "aria-label": "Gradient through a recurrent unit" },
      this.presets.root,
      make("div", { class: "ptp-controls" }, ...roots([this.weight, this.gate, this.length, this.clip])),
      this.figure, make("div", { class: "ml-reading" }, this.plain, this.gated, this.clipped), this.voice.root);
  }

  draw() {
    const state = Object.fromEntries(KEYS.map((key) => [key, this.model.get(key)]));
    for (const key of KEYS) this[key].show(state[key]);
    this.presets.show((preset) => KEYS.every((key) => state[key] === preset[key]));
    const words = reading(state);
    for (const [key, text] of Object.entries(words)) this[key].textContent = text;
    const said = `${words.plain} ${words.gated} ${words.clipped}`.trim();
    this.figure.setAttribute("aria-label",
      `w = ${short(state.weight, 2)}, u = ${short(state.gate, 2)}. ${said}`);
    this.voice.say(said);
    this.state = state;
    this.plot();
  }

  plot() {
    this.width = this.figure.clientWidth || 720;
    this.figure.innerHTML = plot(measure(this.state), this.state.length, this.width);
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  view.draw();
  const resize = new ResizeObserver(() => {
    if (view.figure.clientWidth !== view.width) view.plot();
  });
  resize.observe(view.figure);
  const stop = listen(model, KEYS, () => view.draw());
  return () => { stop(); resize.disconnect(); view.voice.stop(); };
}

export default { render };
