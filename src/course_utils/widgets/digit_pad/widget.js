import {
  announcer, barList, button, bytes, listen, make, paint, pointerAt, select, set, slider, whenNear,
  OWN_KEYS,
} from "../kit/kit.js";
import { run, softmax, tensor, unpack } from "../kit/nn.js";
import { presets } from "../kit/presets.js";
import { backwards, inWords, made, transformed, AS_IT_IS, CASES, CHANGES, KEYS, SIDE } from "./changes.js";

const SIZE = SIDE * SIDE;
const DIGITS = Array.from({ length: 10 }, (_, n) => String(n));
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

// ---------------------------------------------------------------- arithmetic

// p(y | x) of Bernoulli naive Bayes on pixels brighter than one half.
export function posterior({ log_prior, log_on, log_off }, values) {
  const joint = Array.from(log_prior.data, (prior, k) => {
    let sum = prior;
    for (let d = 0; d < SIZE; d++) {
      sum += (values[d] > 0.5 ? log_on : log_off).data[k * SIZE + d];
    }
    return sum;
  });
  return Array.from(softmax(tensor([joint.length], joint)).data);
}

// A round brush with a soft edge, as wide as a stroke in MNIST.
export function stroke(values, x, y) {
  for (let row = Math.floor(y) - 2; row <= y + 2; row++) {
    for (let column = Math.floor(x) - 2; column <= x + 2; column++) {
      if (row < 0 || row >= SIDE || column < 0 || column >= SIDE) continue;
      const far = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      const ink = Math.min(1, Math.max(0, 1.9 - far));
      values[row * SIDE + column] = Math.max(values[row * SIDE + column], ink);
    }
  }
}

// ---------------------------------------------------------------- view

const best = (shares) => shares.indexOf(Math.max(...shares));
const percent = (share) => `${(100 * share).toFixed(0)} %`;

class View {
  constructor(model, network, bayes) {
    this.model = model;
    this.models = { network, bayes };
    this.values = Float64Array.from(bytes(model.get("pixels")), (v) => v / 255);
    this.pen = { x: 14.5, y: 14.5, down: false };
    this.canvas = make("canvas", { role: "img", "aria-label": "The drawing, 28 × 28 pixels." });
    this.paper = make("span", { class: "dp-paper", hidden: "", "aria-hidden": "true" });
    this.cross = make("span", { class: "dp-cross", "aria-hidden": "true" });
    this.pad = make("div", {
      class: "dp-pad", tabindex: "0", role: "group", ...OWN_KEYS,
      "aria-label": "Drawing pad. The arrow keys move the pen, space puts it down or up.",
    }, this.canvas, this.paper, this.cross);
    this.maps = [this.gallery(6), this.gallery(16)];
    this.cnn = barList("CNN (LeNet)", DIGITS);
    this.naive = barList("Naive Bayes", DIGITS);
    this.voice = announcer();
    this.controls = this.makeControls();
    this.sliders = this.makeSliders();
    this.knob = make("div", { class: "dp-knob" }); // holds one of the sliders
    this.cases = presets(CASES, { put: (change) => this.put(change) });
    this.note = make("p", { class: "ptp-note dp-changed" });
    this.takePointer();
    this.takeKeys();
    this.root = this.arrange();
  }

  // The weights are unpacked when the pad comes near the view.
  start() {
    const { network, bayes } = this.models;
    this.layers = network.get("layers");
    this.weights = unpack(network.get("weights"), network.get("places"));
    this.counts = unpack(bayes.get("weights"), bayes.get("places"));
    this.show();
  }

  gallery(count) {
    return Array.from({ length: count }, () => make("canvas", { "aria-hidden": "true" }));
  }

  makeControls() {
    const examples = [["", "your drawing"], ...DIGITS.map((d) => [d, `a ${d} of MNIST`])];
    return {
      example: select("Start from", { options: examples, put: (digit) => this.take(digit) }),
      change: select("Change", {
        options: KEYS.map((key) => [key, CHANGES[key].name.toLowerCase()]),
        put: (key) => this.choose(key),
      }),
      clear: button("Clear", {
        put: () => { this.put(AS_IT_IS); this.replace(new Float64Array(SIZE)); },
      }),
    };
  }

  makeSliders() {
    return Object.fromEntries(KEYS.map((key) => {
      const { name, ...rest } = CHANGES[key];
      return [key, slider(name, { ...rest, put: (value) => set(this.model, { [key]: value }) })];
    }));
  }

  // Which of the changes the one slider makes.
  choose(key) {
    this.knob.replaceChildren(this.sliders[key].root);
    this.controls.change.show(key);
  }

  put(change) {
    set(this.model, change);
    if (made(change).length) this.choose(made(change)[0]);
  }

  change() {
    return Object.fromEntries(KEYS.map((key) => [key, this.model.get(key)]));
  }

  arrange() {
    const { example, change, clear } = this.controls;
    const note = (words) => make("p", { class: "ptp-note" }, words);
    const row = (words, maps) => make("div", { class: "dp-row" }, note(words),
      make("div", { class: `dp-maps dp-maps-${maps.length}`, role: "img", "aria-label": words },
        ...maps));
    return make("div", { class: "ptp dp", role: "group", "aria-label": "Draw a digit" },
      make("div", { class: "dp-top" },
        make("div", {}, make("p", { class: "ptp-title" }, "Draw a digit"), this.pad, clear.root),
        this.cnn.root, this.naive.root),
      this.cases.root,
      make("div", { class: "ptp-controls" }, example.root, change.root, this.knob), this.note,
      row("What the CNN's first layer finds: 6 maps of 28 × 28", this.maps[0]),
      row("What its second layer finds: 16 maps of 10 × 10", this.maps[1]),
      this.voice.root);
  }

  takePointer() {
    const draw = (event) => {
      const at = pointerAt(event, this.canvas);
      this.draw(at.x * SIDE, at.y * SIDE);
    };
    this.pad.addEventListener("pointerdown", (event) => {
      this.pad.setPointerCapture(event.pointerId);
      this.pen.down = false;
      draw(event);
    });
    this.pad.addEventListener("pointermove", (event) => { if (event.buttons & 1) draw(event); });
    this.pad.addEventListener("pointerup", () => this.keep());
  }

  takeKeys() {
    this.pad.addEventListener("keydown", (event) => {
      const { pen } = this;
      if (event.key === " ") pen.down = !pen.down;
      else if (event.key in ARROWS) {
        const [right, down] = ARROWS[event.key];
        pen.x = Math.min(SIDE - 0.5, Math.max(0.5, pen.x + right));
        pen.y = Math.min(SIDE - 0.5, Math.max(0.5, pen.y + down));
      } else return;
      event.preventDefault();
      if (pen.down) { this.draw(pen.x, pen.y); this.keep(); }
      this.showPen();
    });
  }

  // The pad shows the changed drawing and the pen draws there: the ink goes back to the drawing.
  draw(x, y) {
    const from = this.last ?? { x, y };
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(x - from.x, y - from.y)));
    const back = backwards(this.change());
    for (let n = 1; n <= steps; n++) {
      const at = (a, b) => a + (b - a) * n / steps;
      const ink = back(at(from.x, x), at(from.y, y));
      stroke(this.values, ink.x, ink.y);
    }
    this.last = { x, y };
    this.controls.example.show("");
    this.show();
  }

  keep() {
    this.last = null;
    const data = Uint8Array.from(this.values, (v) => Math.round(255 * v));
    set(this.model, { pixels: data });
  }

  take(digit) {
    if (digit === "") return;
    const from = Number(digit) * SIZE;
    const all = bytes(this.model.get("examples"));
    this.replace(Float64Array.from(all.subarray(from, from + SIZE), (v) => v / 255));
  }

  // The digit whose example lies on the pad; nothing for a drawing of one's own.
  exampleOnShow() {
    const all = bytes(this.model.get("examples")), now = bytes(this.model.get("pixels"));
    return DIGITS.find((_, n) => now.every((v, i) => v === all[n * SIZE + i])) ?? "";
  }

  replace(values) {
    this.values = values;
    this.keep();
    this.show();
  }

  showPen() {
    this.cross.style.left = `${100 * this.pen.x / SIDE}%`;
    this.cross.style.top = `${100 * this.pen.y / SIDE}%`;
    this.cross.classList.toggle("dp-down", this.pen.down);
  }

  // Where the drawing's own 28 × 28 pixels lie.
  showPaper({ right, down, turn, size }, words) {
    const { style } = this.paper, side = 100 * size;
    style.left = `${50 + 100 * right / SIDE - side / 2}%`;
    style.top = `${50 + 100 * down / SIDE - side / 2}%`;
    style.width = style.height = `${side}%`;
    style.transform = `rotate(${turn}deg)`;
    this.paper.hidden = words === "";
  }

  showChange(change, words) {
    for (const key of KEYS) this.sliders[key].show(change[key]);
    this.cases.show((other) => KEYS.every((key) => other[key] === change[key]));
    this.showPaper(change, words);
    this.note.textContent = words && `The drawing is ${words}.`;
  }

  show() {
    if (!this.weights) return; // not near the view yet
    const change = this.change(), words = inWords(change);
    const values = transformed(this.values, change);
    paint(this.canvas, Array.from(values, (v) => Math.round(255 * v)), SIDE, SIDE);
    const outputs = run(this.layers, this.weights, tensor([1, SIDE, SIDE], values));
    const cnn = Array.from(softmax(outputs.at(-1)).data);
    const naive = posterior(this.counts, values);
    this.cnn.show(cnn);
    this.naive.show(naive);
    this.showChange(change, words);
    [1, 4].forEach((layer, n) => showMaps(this.maps[n], outputs[layer]));
    const said = `The CNN says ${best(cnn)}, ${percent(Math.max(...cnn))}; `
      + `naive Bayes says ${best(naive)}, ${percent(Math.max(...naive))}${words && ` (${words})`}.`;
    this.canvas.setAttribute("aria-label", `The drawing, 28 × 28 pixels. ${said}`);
    this.voice.say(said);
  }
}

// Each map in its own greys, white where it is strongest in all of them.
function showMaps(canvases, { shape: [, height, width], data }) {
  const most = data.reduce((a, b) => Math.max(a, b), 1e-9), size = height * width;
  canvases.forEach((canvas, n) => {
    const map = data.subarray(n * size, (n + 1) * size);
    paint(canvas, Array.from(map, (v) => Math.round(255 * v / most)), width, height);
  });
}

async function render({ model, el }) {
  const named = (key) => model.widget_manager.get_model(model.get(key).replace("IPY_MODEL_", ""));
  const view = new View(model, await named("network"), await named("bayes"));
  el.append(view.root);
  const stop = listen(model, KEYS, () => view.show());
  view.controls.example.show(view.exampleOnShow());
  view.choose(made(view.change())[0] ?? "right");
  view.showPen();
  const wait = whenNear(view.root, () => view.start());
  return () => { stop(); wait(); view.voice.stop(); };
}

export default { render };
