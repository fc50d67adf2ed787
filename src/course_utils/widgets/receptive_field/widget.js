import {
  announcer, button, bytes, clamp, listen, make, OWN_KEYS, paint, pointerAt, select, set, slider,
} from "../kit/kit.js";

// ---------------------------------------------------------------- arithmetic
// A layer is { kind: "conv" or "pool", kernel, stride, channels }; nothing is padded.

// What one output sees and how far neighbours lie apart: r = 1 + Σ (k − 1) Π of earlier strides.
export function receptiveField(layers) {
  let size = 1, jump = 1;
  for (const { kernel, stride } of layers) {
    size += (kernel - 1) * jump;
    jump *= stride;
  }
  return { size, jump };
}

export const outputSize = (n, { kernel, stride }) => Math.floor((n - kernel) / stride) + 1;

// The sides of the input and of the map after each layer; below 1 where a kernel does not fit.
export const sizes = (n, layers) =>
  layers.reduce((found, layer) => [...found, outputSize(found.at(-1), layer)], [n]);

// The numbers that each layer learns: C_out (C_in k² + 1), none for pooling.
export function parameters(layers, channels) {
  let before = channels;
  return layers.map(({ kind, kernel, channels: after }) => {
    if (kind === "pool") return 0;
    const learned = after * (before * kernel * kernel + 1);
    before = after;
    return learned;
  });
}

// In how many ways each input pixel of the field reaches the output, along one axis: what a
// network of ones sends back. In two dimensions rows and columns are multiplied.
export function paths(layers) {
  let counts = [1];
  for (const { kernel, stride } of [...layers].reverse()) {
    const wider = new Array((counts.length - 1) * stride + kernel).fill(0);
    counts.forEach((count, i) => {
      for (let k = 0; k < kernel; k++) wider[i * stride + k] += count;
    });
    counts = wider;
  }
  return counts;
}

// ---------------------------------------------------------------- words

// r = 1 + (5 − 1) · 1 + (2 − 1) · 1 + …, with every layer's own numbers; lines break before +.
export function formula(layers) {
  const jumps = layers.map((_, n) => receptiveField(layers.slice(0, n)).jump);
  const steps = layers.map(({ kernel }, n) => ` +\u00a0(${kernel}\u00a0−\u00a01)\u00a0·\u00a0${jumps[n]}`);
  return `r\u00a0=\u00a01${steps.join("")} =\u00a0${receptiveField(layers).size}`;
}

export const product = (layers) =>
  `distance = ${layers.map((l) => l.stride).join(" · ")} = ${receptiveField(layers).jump}`;

const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const named = ({ kind, kernel, stride }) =>
  `${kind} ${kernel} × ${kernel}${stride > 1 ? `, stride\u00a0${stride}` : ""}`;

// ---------------------------------------------------------------- view

const KINDS = [
  ["conv", 1, 1], ["conv", 3, 1], ["conv", 5, 1], ["conv", 7, 1], ["conv", 3, 2], ["conv", 7, 2],
  ["pool", 2, 2], ["pool", 3, 2],
].map(([kind, kernel, stride]) => ({ kind, kernel, stride }));
const DEEPEST = 6;
const ADDED = { kind: "conv", kernel: 3, stride: 1, channels: 16 };
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const KEYS = ["image", "network", "channels", "layers", "depth", "row", "column"];

function panel(name, title, stage) {
  const note = make("span", { class: "ptp-note" });
  const head = make("p", { class: "ptp-title" }, title, " ", note);
  return { root: make("div", { class: `rf-panel rf-${name}` }, head, stage), note };
}

class View {
  constructor(model) {
    this.model = model;
    this.presets = model.get("networks").map(({ name, channels, layers }) =>
      [name, button(name, {
        put: () => set(model, { network: name, channels, layers, depth: layers.length }),
      })]);
    this.depth = slider("Layers", {
      min: 1, max: DEEPEST, text: (n) => `after ${n}`, spoken: () => this.spoken,
      put: (depth) => this.deepen(depth),
    });
    this.kind = select("The last of them", {
      options: KINDS.map((layer, n) => [n, named(layer)]),
      put: (n) => this.change(KINDS[n]),
    });
    this.channels = slider("Its channels", {
      min: 1, max: 64, put: (channels) => this.change({ channels }),
    });
    this.stages();
    this.formula = make("p", { class: "ptp-value rf-formula" });
    this.product = make("p", { class: "rf-product" });
    this.refusal = make("p", { class: "rf-refusal", role: "alert" });
    this.body = make("tbody");
    this.voice = announcer();
    this.root = this.arrange();
  }

  stages() {
    this.canvas = make("canvas", { role: "img" });
    this.window = make("div", { class: "rf-window" });
    this.input = panel("input", "Input", make("div", { class: "rf-stage" }, this.canvas, this.window));
    this.ways = make("canvas", { role: "img" });
    this.paths = panel("paths", "Paths", make("div", { class: "rf-stage" }, this.ways));
    this.unit = make("div", { class: "rf-unit" });
    this.map = make("div", {
      class: "rf-stage rf-map", tabindex: 0, role: "group", ...OWN_KEYS,
    }, this.unit);
    this.output = panel("output", "Output", this.map);
    this.map.addEventListener("keydown", (event) => {
      if (!(event.key in ARROWS)) return;
      event.preventDefault();
      const [down, right] = ARROWS[event.key], { row, column } = this.state();
      this.goTo(row + down, column + right);
    });
    const point = (event) => {
      const { x, y } = pointerAt(event, this.map), { high, wide } = this.state();
      this.goTo(Math.floor(y * high), Math.floor(x * wide));
    };
    this.map.addEventListener("pointerdown", point);
    this.map.addEventListener("pointermove", point);
  }

  arrange() {
    const head = ["layer", "map", "sees", "distance", "parameters"].map((name) =>
      make("th", { scope: "col" }, name));
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...head)), this.body);
    const controls = [this.depth, this.kind, this.channels].map((c) => c.root);
    return make("div", { class: "ptp rf", role: "group", "aria-label": "What one output sees" },
      make("div", { class: "rf-presets", role: "group", "aria-label": "Networks" },
        ...this.presets.map(([, { root }]) => root)),
      make("div", { class: "ptp-controls" }, ...controls), this.refusal,
      make("div", { class: "rf-panels" }, this.input.root, this.output.root, this.paths.root),
      this.formula, this.product, table, this.voice.root);
  }

  // ---- what the model says

  state() {
    const get = (key) => this.model.get(key);
    const image = get("image"), all = get("layers"), depth = Math.min(get("depth"), all.length);
    const layers = all.slice(0, depth);
    const high = sizes(image.height, layers), wide = sizes(image.width, layers);
    return {
      image, all, depth, layers, rows: high, columns: wide, high: high.at(-1), wide: wide.at(-1),
      row: clamp(get("row"), 0, high.at(-1) - 1), column: clamp(get("column"), 0, wide.at(-1) - 1),
      ...receptiveField(layers), learned: parameters(layers, get("channels")),
    };
  }

  // ---- what the reader does

  goTo(row, column) {
    const { high, wide } = this.state();
    set(this.model, { row: clamp(row, 0, high - 1), column: clamp(column, 0, wide - 1) });
  }

  // One more than there are adds a convolution.
  deepen(depth) {
    const { all } = this.state();
    if (depth <= all.length) set(this.model, { depth });
    else this.offer([...all, ...new Array(depth - all.length).fill(ADDED)], depth);
  }

  change(updates) {
    const { all, depth } = this.state(), old = all[depth - 1];
    const channels = updates.kind === "pool" ? 0 : old.channels || ADDED.channels;
    const layer = { ...old, channels, ...updates };
    this.offer(all.map((other, n) => (n === depth - 1 ? layer : other)), depth);
  }

  // Another stack is taken where every kernel fits into the map before it.
  offer(layers, depth) {
    const { image } = this.state(), found = sizes(Math.min(image.height, image.width), layers);
    const bad = found.findIndex((n) => n < 1);
    if (bad < 0) {
      set(this.model, { layers, depth, network: "" });
      return;
    }
    this.draw();
    const { kernel } = layers[bad - 1], side = found[bad - 1];
    this.refusal.textContent = `Layer ${bad}: a window of ${kernel} × ${kernel} does not fit `
      + `into a map of ${side} × ${side}.`;
  }

  // ---- drawing

  draw() {
    const state = this.state(), last = state.layers.at(-1);
    this.refusal.textContent = "";
    for (const [name, { root }] of this.presets) {
      root.setAttribute("aria-pressed", String(name === this.model.get("network")));
    }
    this.describe(state);
    this.depth.show(state.depth);
    this.kind.show(KINDS.findIndex((k) => named(k) === named(last)));
    const channels = state.layers.reduce((n, l) => l.channels || n, this.model.get("channels"));
    this.channels.show(channels, { disabled: last.kind === "pool" });
    this.formula.textContent = formula(state.layers);
    this.product.textContent = product(state.layers);
    this.fill(state);
    this.paintInput(state);
    this.paintPaths(state);
    this.paintOutput(state);
  }

  describe({ row, column, depth, size, jump, high, wide, learned }) {
    const span = (n) => `${n * jump} to ${n * jump + size - 1}`;
    const total = learned.reduce((sum, n) => sum + n, 0);
    this.field = `Unit ${row}, ${column} sees rows ${span(row)}, columns ${span(column)}.`;
    this.spoken = `after ${depth}: a unit sees ${size} × ${size} pixels, neighbours lie ${jump} `
      + `apart, the map is ${high} × ${wide}, ${total} parameters`;
    this.voice.say(`${this.field} ${this.spoken}.`);
  }

  fill({ all, depth, layers, rows, columns, learned }) {
    const row = (cells, kind) => make("tr", kind ? { class: kind } : {},
      ...cells.map((text, n) => make(n ? "td" : "th", n ? {} : { scope: "row" }, text)));
    const side = (n) => `${rows[n]} × ${columns[n]}`;
    const channels = this.model.get("channels");
    const input = `input, ${channels} channel${channels > 1 ? "s" : ""}`;
    const body = layers.map((layer, n) => {
      const { size, jump } = receptiveField(layers.slice(0, n + 1));
      const name = named(layer) + (layer.channels ? `, ${layer.channels} ch.` : "");
      return row([name, side(n + 1), size, jump, grouped(learned[n])], n === depth - 1 ? "rf-now" : "");
    });
    const total = learned.reduce((sum, n) => sum + n, 0);
    const rest = all.length > depth ? `, ${all.length - depth} more not shown` : "";
    this.body.replaceChildren(row([input, side(0), 1, 1, ""]), ...body,
      row([`together${rest}`, "", "", "", grouped(total)], "rf-total"));
  }

  paintInput({ image, size, jump, row, column }) {
    const { height, width } = image;
    paint(this.canvas, bytes(image.pixels), width, height);
    lay(this.window, [row * jump / height, column * jump / width, size / height, size / width]);
    this.input.note.textContent = `${height} × ${width}`;
    this.canvas.setAttribute("aria-label", `Input, ${height} × ${width} pixels. ${this.field}`);
  }

  // As bright as the number of paths, on the input's own scale.
  paintPaths({ image, layers, jump, row, column }) {
    const { height, width } = image, along = paths(layers), most = Math.max(...along) ** 2;
    const at = (n, first) => along[n - first] ?? 0;
    const greys = Array.from({ length: height * width }, (_, n) =>
      255 * at(Math.floor(n / width), row * jump) * at(n % width, column * jump) / most);
    paint(this.ways, greys.map(Math.round), width, height);
    const corner = along[0] ** 2;
    this.paths.note.textContent = `to the unit: ${grouped(corner)} to ${grouped(most)}`;
    this.ways.setAttribute("aria-label", `From a corner of the field ${corner} paths lead to the `
      + `unit, from its middle ${most}.`);
  }

  paintOutput({ high, wide, row, column, depth }) {
    this.map.style.aspectRatio = `${wide} / ${high}`;
    this.map.style.backgroundSize = `${100 / wide}% ${100 / high}%`;
    lay(this.unit, [row / high, column / wide, 1 / high, 1 / wide]);
    this.output.note.textContent = `${high} × ${wide}`;
    this.map.setAttribute("aria-label", `Output after ${depth} layers, ${high} × ${wide} units; `
      + `the arrow keys choose one. ${this.field}`);
  }
}

// Over a box given in shares of the stage: top, left, height, width.
function lay(element, shares) {
  ["top", "left", "height", "width"].forEach((side, n) => {
    element.style[side] = `${100 * shares[n]}%`;
  });
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  const draw = () => view.draw();
  const stop = listen(model, KEYS, draw);
  draw();
  return () => { stop(); view.voice.stop(); };
}

export default { render };
