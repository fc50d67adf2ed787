import {
  announcer, bytes, checkbox, clamp, fixed, gaussianFilter, listen, make, OWN_KEYS, paint,
  pointerAt, select, set, short, slider,
} from "../kit/kit.js";

// ---------------------------------------------------------------- arithmetic

// Kernels are flat lists, row by row. Box and gaussian come in two sizes, the other presets in
// the size that Python sends.
export function kernelOf(name, { size, sigma, presets, custom }) {
  if (name === "custom") return custom.flat();
  if (name === "box") return new Array(size * size).fill(1 / (size * size));
  if (name !== "gaussian") return presets[name].flat();
  const weights = gaussianFilter((size - 1) / 2, sigma);
  return weights.flatMap((v) => weights.map((w) => v * w));
}

export const flipped = (kernel) => [...kernel].reverse(); // turned by half a turn

export const sideOf = (kernel) => Math.round(Math.sqrt(kernel.length));

// The same weights in the middle of a larger kernel, or the middle of a larger one.
export function resized(kernel, size) {
  const old = sideOf(kernel), shift = (size - old) / 2;
  return Array.from({ length: size * size }, (_, n) => {
    const y = Math.floor(n / size) - shift, x = (n % size) - shift;
    return y < 0 || x < 0 || y >= old || x >= old ? 0 : kernel[y * old + x];
  });
}

export const outputSize = (n, k, stride, padding) => Math.floor((n + 2 * padding - k) / stride) + 1;

// A frame of zeros on all four sides.
export function padded({ values, height, width }, padding) {
  const wide = width + 2 * padding, high = height + 2 * padding;
  const out = new Float64Array(high * wide);
  for (let y = 0; y < height; y++) {
    const row = values.subarray(y * width, (y + 1) * width);
    out.set(row, (y + padding) * wide + padding);
  }
  return { values: out, height: high, width: wide };
}

// The k × k values of a padded image whose top left corner is (top, left).
export function patchAt({ values, width }, top, left, k) {
  return Array.from({ length: k * k }, (_, n) =>
    values[(top + Math.floor(n / k)) * width + left + (n % k)]);
}

// y[i, j] = Σ_m,n w[m, n] · x[i·s + m, j·s + n], cross-correlation as in a convolutional layer.
export function conv2d(picture, kernel, stride, padding) {
  const k = sideOf(kernel), x = padded(picture, padding);
  const height = outputSize(picture.height, k, stride, padding);
  const width = outputSize(picture.width, k, stride, padding);
  const values = new Float64Array(height * width);
  for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) {
    let sum = 0;
    for (let m = 0; m < k; m++) {
      const start = (i * stride + m) * x.width + j * stride;
      for (let n = 0; n < k; n++) sum += kernel[m * k + n] * x.values[start + n];
    }
    values[i * width + j] = sum;
  }
  return { values, height, width };
}

// The output pixel whose window has its middle next to this place of the photo.
export function nearestOutput(place, n, k, stride, padding) {
  const index = Math.round((place + padding - (k - 1) / 2) / stride);
  return clamp(index, 0, outputSize(n, k, stride, padding) - 1);
}

// Black and white of an output. An average or a sharpened photo is a photo: 0 to 1. An edge
// filter, whose weights cancel, has its zero in the middle of the greys.
export function greyRange(kernel, values) {
  const cancels = kernel.reduce((sum, w) => sum + w, 0) < 0.5 && kernel.some((w) => w < 0);
  if (!cancels) return [0, 1];
  const most = values.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;
  return [-most, most];
}

export const grey = (value, [low, high]) =>
  Math.round(255 * clamp((value - low) / (high - low), 0, 1));

// ---------------------------------------------------------------- squares of numbers

// Blue below zero, orange above; the strongest of a square has the deepest tint.
function tint(value, most) {
  const colour = value < 0 ? "blue" : "orange";
  const depth = (0.42 * Math.abs(value)) / (most || 1);
  return `rgb(var(--ptp-${colour}-tint) / ${depth.toFixed(3)})`;
}

// Pixels and products are shown to three digits, so that they can be checked by hand.
const number = (value) => fixed(value, 3);

// As a number input wants it.
const typed = (value) => Number(value.toFixed(3));

const strongest = (values) => Math.max(...values.map(Math.abs));

// Numbers in a square, each with the style that it asks for.
function fillSquare(element, values, style, description) {
  const k = sideOf(values);
  const cells = values.map((value) => {
    const cell = make("span", {}, number(value));
    Object.assign(cell.style, style(value));
    return cell;
  });
  element.style.setProperty("--fe2-columns", k);
  element.replaceChildren(...cells);
  element.setAttribute("aria-label", `${description}: ${values.map(number).join(", ")}`);
}

function pixelStyle(value) {
  const level = grey(value, [0, 1]);
  return { background: `rgb(${level} ${level} ${level})`, color: level > 116 ? "#000" : "#fff" };
}

// ---------------------------------------------------------------- images

// A canvas with the window over it. The window is no part of the canvas: every canvas pixel
// is a pixel of the image.
class Picture {
  constructor(name, onPoint) {
    this.size = make("span", { class: "ptp-note" });
    this.canvas = make("canvas", { role: "img" });
    this.edge = make("div", { class: "fe2-edge", hidden: "" });
    this.window = make("div", { class: "fe2-window" });
    this.stage = make("div", { class: "fe2-stage" }, this.canvas, this.edge, this.window);
    const title = make("p", { class: "ptp-title" }, name, " ", this.size);
    this.root = make("div", { class: `fe2-panel fe2-${name.toLowerCase()}` }, title, this.stage);
    const point = (event) => {
      const { x, y } = pointerAt(event, this.canvas);
      onPoint(y * this.canvas.height, x * this.canvas.width);
    };
    this.stage.addEventListener("pointerdown", point);
    this.stage.addEventListener("pointermove", point);
  }

  // Lays an element over a box given in canvas pixels.
  lay(element, top, left, height, width) {
    const { canvas } = this;
    const percent = (part, whole) => `${(100 * part) / whole}%`;
    Object.assign(element.style, {
      top: percent(top, canvas.height), left: percent(left, canvas.width),
      height: percent(height, canvas.height), width: percent(width, canvas.width),
    });
  }
}

// ---------------------------------------------------------------- view

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const FILTER_KEYS = ["photos", "photo_name", "presets", "kernel_name", "size", "sigma", "kernel",
  "stride", "padding", "flip"];
const WINDOW_KEYS = ["row", "column"];

class View {
  constructor(model) {
    this.model = model;
    this.input = new Picture("Input", (y, x) => this.pointInput(y, x));
    this.output = new Picture("Output", (y, x) => this.goTo(Math.floor(y), Math.floor(x)));
    this.takeArrows(this.output.stage);
    this.kernel = make("div", { class: "fe2-square", role: "group", "aria-label": "Weights" });
    this.patch = make("div", { class: "fe2-square", role: "img" });
    this.products = make("div", { class: "fe2-square", role: "img" });
    this.productsTitle = make("p", { class: "ptp-title" });
    this.kernelNote = make("p", { class: "ptp-note" });
    this.sum = make("p", { class: "ptp-value" });
    this.facts = make("p", { class: "ptp-note" });
    this.scale = make("div", { class: "fe2-scale", "aria-hidden": "true" },
      ...Array.from({ length: 3 }, () => make("span")));
    this.voice = announcer();
    this.controls = this.filterControls();
    this.place = this.placeControls();
    this.root = this.arrange();
  }

  takeArrows(stage) {
    stage.tabIndex = 0;
    const marks = { role: "group", "aria-label": "The arrow keys move the window", ...OWN_KEYS };
    for (const [name, value] of Object.entries(marks)) stage.setAttribute(name, value);
    stage.addEventListener("keydown", (event) => {
      if (!(event.key in ARROWS)) return;
      event.preventDefault();
      const [down, right] = ARROWS[event.key], { row, column } = this.layout();
      this.goTo(row + down, column + right);
    });
  }

  filterControls() {
    const { model } = this;
    const put = (key) => (value) => set(model, { [key]: value });
    const reshape = (key) => (value) => this.reshape({ [key]: value });
    const named = (names) => names.map((name) => [name, name]);
    return {
      photo: select("Photo", {
        options: named(Object.keys(model.get("photos"))), put: put("photo_name"),
      }),
      preset: select("Kernel", {
        options: named([...model.get("presets").map(([name]) => name), "custom"]),
        put: (name) => this.choose(name),
      }),
      size: select("Kernel size", {
        options: [[3, "3 × 3"], [5, "5 × 5"]], put: (size) => this.resize(Number(size)),
      }),
      sigma: slider("Width σ", {
        min: 0.3, max: 3, step: 0.05, text: (v) => `σ = ${short(v, 2)}`, put: put("sigma"),
      }),
      stride: slider("Stride s", {
        min: 1, max: 4, text: (v) => `s = ${v}`, put: reshape("stride"),
      }),
      padding: slider("Padding p", {
        min: 0, max: 4, text: (v) => `p = ${v}`, put: reshape("padding"),
      }),
      flip: checkbox("Flip the kernel (true convolution)", { put: put("flip") }),
    };
  }

  placeControls() {
    const place = (label, letter, key) => slider(label, {
      min: 0, max: 1, text: (v) => `${letter} = ${v}`, put: (v) => set(this.model, { [key]: v }),
      spoken: (v) => `${key} ${v}, output ${fixed(this.value, 3)}`,
    });
    return { row: place("Row i", "i", "row"), column: place("Column j", "j", "column") };
  }

  arrange() {
    const { photo, preset, size, sigma, stride, padding, flip } = this.controls;
    const roots = (...controls) => controls.map((c) => c.root);
    const title = (words) => make("p", { class: "ptp-title" }, words);
    const panel = (area, ...parts) => make("div", { class: `fe2-panel fe2-${area}` }, ...parts);
    flip.root.classList.add("fe2-flip");
    this.output.root.append(this.scale);
    return make("div", { class: "ptp fe2", role: "group", "aria-label": "A filter on a photo" },
      make("div", { class: "ptp-controls" },
        ...roots(photo, preset, size, sigma, stride, padding, flip)),
      make("div", { class: "fe2-panels" },
        this.input.root,
        panel("kernel", title("Kernel"), this.kernel, this.kernelNote),
        this.output.root,
        make("div", { class: "fe2-place" }, ...roots(this.place.row, this.place.column)),
        panel("patch", title("Under the window"), this.patch),
        panel("products", this.productsTitle, this.products),
        panel("sum", title("Sum of the products"), this.sum, this.facts)),
      this.voice.root);
  }

  // ---- what the model says

  layout() {
    const get = (key) => this.model.get(key);
    const photo = get("photos")[get("photo_name")], name = get("kernel_name");
    const weights = kernelOf(name, {
      size: get("size"), sigma: get("sigma"), presets: Object.fromEntries(get("presets")), custom: get("kernel"),
    });
    const k = sideOf(weights), stride = get("stride"), padding = get("padding");
    const height = outputSize(photo.height, k, stride, padding);
    const width = outputSize(photo.width, k, stride, padding);
    const row = clamp(get("row"), 0, height - 1), column = clamp(get("column"), 0, width - 1);
    return { photo, name, weights, k, stride, padding, height, width, row, column };
  }

  // ---- what the reader does

  choose(name) {
    // A kernel of one's own starts from the one on show.
    const kernel = name === "custom" ? { kernel: rows(this.layout().weights) } : {};
    this.reshape({ kernel_name: name, ...kernel });
  }

  resize(size) {
    const { name, weights } = this.layout();
    this.reshape(name === "custom" ? { size, kernel: rows(resized(weights, size)) } : { size });
  }

  edit(n, value) {
    const { weights, k } = this.layout();
    const kernel = rows(weights.map((weight, at) => (at === n ? value : weight)));
    set(this.model, { kernel, size: k, kernel_name: "custom" });
  }

  // Another size, stride or padding renumbers the output: stay at the same place of the photo.
  reshape(updates) {
    const { k, stride, padding, row, column } = this.layout();
    const place = (index) => index * stride - padding + (k - 1) / 2;
    set(this.model, updates);
    this.goToPlace(place(row), place(column));
  }

  goToPlace(y, x) {
    const { photo, k, stride, padding } = this.layout();
    this.goTo(nearestOutput(y, photo.height, k, stride, padding),
      nearestOutput(x, photo.width, k, stride, padding));
  }

  // From the canvas, whose pixels begin with the padding, to the middle of a photo's pixel.
  pointInput(y, x) {
    const { padding } = this.layout();
    this.goToPlace(y - 0.5 - padding, x - 0.5 - padding);
  }

  goTo(row, column) {
    const { height, width } = this.layout();
    set(this.model, {
      row: clamp(row, 0, height - 1), column: clamp(column, 0, width - 1),
    });
  }

  // ---- drawing

  // Everything that depends on the photo and the filter.
  drawFilter() {
    const layout = this.layout();
    const { photo, weights, stride, padding } = layout;
    const picture = { ...photo, values: Float64Array.from(bytes(photo.pixels), (v) => v / 255) };
    const applied = this.model.get("flip") ? flipped(weights) : weights;
    const x = padded(picture, padding);
    const result = conv2d(picture, applied, stride, padding);
    const range = greyRange(applied, result.values);
    this.shown = { applied, x, result, range };
    paint(this.input.canvas, x.values.map((v) => grey(v, [0, 1])), x.width, x.height);
    const greys = result.values.map((v) => grey(v, range));
    paint(this.output.canvas, greys, result.width, result.height);
    this.input.lay(this.input.edge, padding, padding, photo.height, photo.width);
    this.input.edge.hidden = padding === 0;
    this.input.size.textContent = `${photo.height} × ${photo.width}`
      + (padding ? `, p = ${padding}` : "");
    this.output.size.textContent = `${result.height} × ${result.width}`;
    this.showControls(layout);
    this.drawKernel(layout);
    this.drawFacts(layout);
    this.drawWindow();
  }

  showControls({ name, k, stride, padding }) {
    const { photo, preset, size, sigma, flip, ...steps } = this.controls;
    photo.show(this.model.get("photo_name"));
    preset.show(name);
    size.show(k, { disabled: !["box", "gaussian", "custom"].includes(name) });
    sigma.show(this.model.get("sigma"), { disabled: name !== "gaussian" });
    steps.stride.show(stride);
    steps.padding.show(padding);
    flip.show(this.model.get("flip"));
  }

  drawKernel({ weights, k }) {
    if (this.kernel.children.length !== weights.length) {
      this.kernel.style.setProperty("--fe2-columns", k);
      this.kernel.replaceChildren(...weights.map((_, n) => this.weightInput(n, k)));
    }
    const most = strongest(weights);
    weights.forEach((weight, n) => {
      const input = this.kernel.children[n];
      input.style.background = tint(weight, most);
      // A number that is being typed is left alone.
      if (input !== document.activeElement) input.value = typed(weight);
    });
    const total = weights.reduce((sum, w) => sum + w, 0);
    this.root.dataset.side = k;
    this.kernelNote.textContent = `The weights sum to ${fixed(total)}.`;
  }

  weightInput(n, k) {
    const label = `Weight, row ${Math.floor(n / k) + 1}, column ${(n % k) + 1}`;
    const input = make("input", { type: "number", step: "any", "aria-label": label, ...OWN_KEYS });
    input.addEventListener("input", () => {
      if (Number.isFinite(input.valueAsNumber)) this.edit(n, input.valueAsNumber);
    });
    input.addEventListener("change", () => { input.value = typed(this.layout().weights[n]); });
    return input;
  }

  drawFacts({ photo, k, stride, padding }) {
    const { result, range } = this.shown;
    const size = (n, out) => `⌊(${n} + 2·${padding} − ${k})/${stride}⌋ + 1 = ${out}`;
    const least = result.values.reduce((a, b) => Math.min(a, b));
    const most = result.values.reduce((a, b) => Math.max(a, b));
    this.extent = `values from ${fixed(least)} to ${fixed(most)}`;
    this.facts.replaceChildren(
      `Height ${size(photo.height, result.height)}`, make("br"),
      `Width ${size(photo.width, result.width)}`, make("br"),
      `Output ${this.extent}`);
    const [black, white] = range;
    [black, (black + white) / 2, white].forEach((value, n) => {
      this.scale.children[n].textContent = fixed(value, 1);
    });
  }

  // Everything that depends on where the window stands.
  drawWindow() {
    const { k, stride, row, column, height, width } = this.layout();
    const { applied, x, result } = this.shown;
    const top = row * stride, left = column * stride;
    const patch = patchAt(x, top, left, k), products = patch.map((v, n) => v * applied[n]);
    this.value = result.values[row * width + column];
    this.input.lay(this.input.window, top, left, k, k);
    this.output.lay(this.output.window, row, column, 1, 1);
    const most = strongest(products);
    fillSquare(this.patch, patch, pixelStyle, "Values under the window");
    fillSquare(this.products, products, (v) => ({ background: tint(v, most) }), "Products");
    this.productsTitle.textContent = `Times the ${this.model.get("flip") ? "flipped " : ""}kernel`;
    this.sum.textContent = `y[${row}, ${column}] = ${number(this.value)}`;
    this.place.row.show(row, { max: height - 1 });
    this.place.column.show(column, { max: width - 1 });
    this.describe({ top, left, k, row, column });
  }

  describe({ top, left, k, row, column }) {
    const { result } = this.shown, padding = this.model.get("padding");
    const span = (start) => `${start - padding} to ${start - padding + k - 1}`;
    this.input.canvas.setAttribute("aria-label",
      `Photo ${this.model.get("photo_name")}, ${this.input.size.textContent}. `
      + `The window covers rows ${span(top)}, columns ${span(left)}.`);
    this.output.canvas.setAttribute("aria-label", `Photo after the filter `
      + `${this.model.get("kernel_name")}, ${result.height} × ${result.width}, ${this.extent}. `
      + `Marked: row ${row}, column ${column}, value ${fixed(this.value, 3)}.`);
    this.voice.say(`Output at row ${row}, column ${column}: ${fixed(this.value, 3)}. `
      + `${result.height} × ${result.width}, ${this.extent}.`);
  }
}

function rows(weights) {
  const k = sideOf(weights);
  return Array.from({ length: k }, (_, y) => weights.slice(y * k, (y + 1) * k));
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  const stops = [
    listen(model, FILTER_KEYS, () => view.drawFilter()),
    listen(model, WINDOW_KEYS, () => view.drawWindow()),
  ];
  view.drawFilter();
  return () => { stops.forEach((stop) => stop()); view.voice.stop(); };
}

export default { render };
