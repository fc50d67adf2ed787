import { announcer, fixed, listen, make, set, short, slider } from "../kit/kit.js";
import { powerOfTen } from "../kit/powers.js";
import { presets } from "../kit/presets.js";
import { measure } from "./curves.js";
import { figure } from "./figure.js";

export { measure };

// ---------------------------------------------------------------- words

const NOTHING = 1e-12; // a gradient that only rounding has left

function step(name, gradient) {
  const length = Math.abs(gradient);
  if (length < NOTHING) return `${name}: gradient 0, a step does not move G.`;
  return `${name}: gradient ${powerOfTen(length)} long, a step moves G ${gradient > 0 ? "left" : "right"}.`;
}

// What the curves say, in numbers.
export const reading = (found) => ({
  best: `V(D*) = ${fixed(found.value, 3)}, JSD = (V + log 4) / 2 = ${fixed(found.jsd, 3)} nats; `
    + "0 if q = p, 0.693 if apart.",
  saturating: step("Saturating, E log(1 − D*(G(z)))", found.saturating),
  plain: step("Non-saturating, −E log D*(G(z))", found.plain),
});

// ---------------------------------------------------------------- view

const KEYS = ["mean", "width", "gap"];
const MEANS = Array.from({ length: 121 }, (_, n) => n / 10 - 6);

class View {
  constructor(model) {
    this.model = model;
    const put = (key) => (value) => set(model, { [key]: value });
    const text = (v) => fixed(v, 1);
    this.mean = slider("G’s mean", { min: -6, max: 6, step: 0.1, text, put: put("mean") });
    this.width = slider("G’s width", { min: 0.2, max: 2, step: 0.1, text, put: put("width") });
    this.gap = slider("G’s gap", { min: 0, max: 3, step: 0.1, put: put("gap"),
      text: (v) => (v === 0 ? "one peak" : `peaks ± ${text(v)}`) });
    this.presets = presets(model.get("presets"), { put: (state) => set(model, state) });
    this.figure = make("div", { class: "rc-figure", role: "img" });
    this.best = make("p", {});
    this.saturating = make("p", {});
    this.plain = make("p", {});
    this.voice = announcer();
    const roots = (controls) => controls.map((c) => c.root);
    this.root = make("div", { class: "ptp rc", role: "group", "aria-label": "Data, G and the best D on a line" },
      this.presets.root,
      make("div", { class: "ptp-controls" }, ...roots([this.mean, this.width, this.gap])),
      this.figure, make("div", { class: "rc-reading" }, this.best, this.saturating, this.plain),
      this.voice.root);
  }

  draw() {
    const state = Object.fromEntries(KEYS.map((key) => [key, this.model.get(key)]));
    for (const key of KEYS) this[key].show(state[key]);
    this.presets.show((preset) => KEYS.every((key) => state[key] === preset[key]));
    const found = measure(state), words = reading(found);
    for (const [key, text] of Object.entries(words)) this[key].textContent = text;
    const said = Object.values(words).join(" ");
    const shape = state.gap === 0 ? "one peak" : `two peaks ± ${short(state.gap, 2)} from it`;
    this.figure.setAttribute("aria-label",
      `G: mean ${short(state.mean, 2)}, width ${short(state.width, 2)}, ${shape}. ${said}`);
    if (this.state) this.voice.say(said);
    this.trace(state);
    Object.assign(this, { state, found });
    this.plot();
  }

  // The gradients at all means: they change with G's shape alone.
  trace({ width, gap }) {
    if (this.state && this.state.width === width && this.state.gap === gap) return;
    this.curves = MEANS.map((mean) => ({ mean, ...measure({ mean, width, gap }) }));
  }

  plot() {
    this.room = this.figure.clientWidth || 720;
    this.figure.innerHTML = figure(this.state, this.found, this.curves, this.room);
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  view.draw();
  const resize = new ResizeObserver(() => {
    if (view.figure.clientWidth !== view.room) view.plot();
  });
  resize.observe(view.figure);
  const stop = listen(model, KEYS, () => view.draw());
  return () => { stop(); resize.disconnect(); view.voice.stop(); };
}

export default { render };
