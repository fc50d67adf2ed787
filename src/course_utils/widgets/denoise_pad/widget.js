import { announcer, button, bytes, fixed, listen, make, paint, select, set, slider, whenNear } from "../kit/kit.js";
import { inkPad } from "../kit/ink.js";
import { unpack } from "../kit/nn.js";
import { presets } from "../kit/presets.js";
import { denoised, difference, meanSquare, noisy, reading, shown, SIDE, SIZE } from "./numbers.js";

const KEYS = ["pixels", "sigma", "seed"];

const bytesOf = (values) => Uint8Array.from(values, (v) => Math.round(255 * v));
const words = ({ digit, share }) => `${digit} (${Math.round(100 * share)}\u00a0%)`;

// A titled square with a line below it.
function panel(title, square) {
  const note = make("p", { class: "ptp-note" });
  const root = make("div", { class: "dn-panel" }, make("p", { class: "ptp-title" }, title), square, note);
  return { root, note };
}

class View {
  constructor(model, networks) {
    Object.assign(this, { model, networks, examples: bytes(model.get("examples")) });
    this.names = model.get("names");
    this.voice = announcer();
    this.ink = inkPad("x", { draw: (values) => set(model, { pixels: bytesOf(values) }) });
    const canvas = () => make("canvas", { role: "img", class: "dn-image", "aria-label": "Not computed yet" });
    this.images = { noisy: canvas(), restored: canvas(), change: canvas() };
    this.panels = {
      x: panel("x, drawn", this.ink.root),
      noisy: panel("x̃ = x + σ ε", this.images.noisy),
      restored: panel("x̂, restored", this.images.restored),
      change: panel("x̂ − x, the error", this.images.change),
    };
    this.cases = presets(model.get("cases").map(({ name, ...state }) => [name, state]), {
      put: ({ example, ...state }) => set(model, { pixels: this.example(example), ...state }),
    });
    this.controls = this.makeControls();
    this.said = make("p", { class: "dn-said" });
    this.root = this.arrange();
  }

  makeControls() {
    return {
      example: select("Start from", {
        options: [["", "your drawing"], ...this.names.map((name, n) => [String(n), name])],
        put: (n) => { if (n !== "") set(this.model, { pixels: this.example(Number(n)) }); },
      }),
      sigma: slider("Noise σ", {
        min: 0, max: 1, step: 0.05, text: (v) => fixed(v), put: (sigma) => set(this.model, { sigma }),
      }),
      noise: button("New noise", { put: () => set(this.model, { seed: this.model.get("seed") + 1 }) }),
      clear: button("Clear", { put: () => set(this.model, { pixels: new Uint8Array(SIZE) }) }),
    };
  }

  arrange() {
    const { example, sigma, noise, clear } = this.controls;
    return make("div", { class: "ptp dn", role: "group", "aria-label": "A denoiser, not computed yet" },
      this.cases.root,
      make("div", { class: "ptp-controls" }, example.root, sigma.root,
        make("div", { class: "dn-buttons" }, noise.root, clear.root)),
      make("div", { class: "dn-panels" }, ...Object.values(this.panels).map((one) => one.root)),
      this.said, this.voice.root);
  }

  // The weights are unpacked when the pad comes near the view.
  begin() {
    for (const [name, of] of Object.entries(this.networks)) {
      this[name] = { layers: of.get("layers"), weights: unpack(of.get("weights"), of.get("places")) };
    }
    this.show();
  }

  example(n) {
    return this.examples.slice(n * SIZE, (n + 1) * SIZE);
  }

  // Which of the examples is x; −1 for a drawing of one's own.
  which(pixels) {
    return this.names.findIndex((_, n) => pixels.every((v, i) => v === this.examples[n * SIZE + i]));
  }

  show() {
    if (!this.denoiser) return; // not near the view yet
    const { model } = this, pixels = bytes(model.get("pixels"));
    const [sigma, seed] = [model.get("sigma"), model.get("seed")];
    const x = Float64Array.from(pixels, (v) => v / 255);
    const before = noisy(x, sigma, seed), after = denoised(this.denoiser, before);
    this.showControls({ example: this.which(pixels), sigma, seed });
    this.showImages(x, before, after);
    this.say(sigma, [x, before, after].map((image) => words(reading(this.lenet, image))));
  }

  showControls(state) {
    this.controls.example.show(state.example < 0 ? "" : String(state.example));
    this.controls.sigma.show(state.sigma);
    this.cases.show((other) => Object.keys(state).every((key) => other[key] === state[key]));
  }

  showImages(x, before, after) {
    this.ink.show(x);
    paint(this.images.noisy, bytesOf(shown(before)), SIDE, SIDE);
    paint(this.images.restored, bytesOf(shown(after)), SIDE, SIDE);
    paint(this.images.change, difference(after, x), SIDE, SIDE);
    this.errors = [before, after].map((image) => fixed(meanSquare(image, x), 3));
  }

  say(sigma, [x, before, after]) {
    const { panels, images, errors } = this;
    panels.x.note.textContent = `LeNet: ${x}`;
    panels.noisy.note.textContent = `LeNet: ${before}`;
    panels.restored.note.textContent = `LeNet: ${after}`;
    panels.change.note.textContent = "light: too much ink, dark: too little";
    this.ink.canvas.setAttribute("aria-label", `x. LeNet reads ${x}.`);
    images.noisy.setAttribute("aria-label", `x with noise, σ = ${fixed(sigma)}. LeNet reads ${before}.`);
    images.restored.setAttribute("aria-label", `Restored. LeNet reads ${after}.`);
    images.change.setAttribute("aria-label", `Restored minus x. Mean squared error ${errors[1]}.`);
    const said = `σ = ${fixed(sigma)}: LeNet reads ${x} in x, ${before} with noise, ${after} restored. `
      + `Mean squared error of a pixel ${errors[0]} before, ${errors[1]} after.`;
    this.said.textContent = said;
    this.root.setAttribute("aria-label", `A denoiser. ${said}`);
    if (this.began) this.voice.say(said);
    this.began = true;
  }
}

async function render({ model, el }) {
  const named = (key) => model.widget_manager.get_model(model.get(key).replace("IPY_MODEL_", ""));
  const view = new View(model, { denoiser: await named("denoiser"), lenet: await named("lenet") });
  el.append(view.root);
  const stop = [listen(model, KEYS, () => view.show()), whenNear(view.root, () => view.begin())];
  return () => { stop.forEach((end) => end()); view.voice.stop(); };
}

export default { render };
