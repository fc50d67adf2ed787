// What the book's widgets share: controls, images, numbers. A plain module without
// dependencies; base.py puts its text in front of each widget's own.

// ---------------------------------------------------------------- numbers

// Weights exp(-x² / 2σ²) at x = -radius … radius, scaled to sum to one.
export function gaussianFilter(radius, sigma) {
  const raw = Array.from({ length: 2 * radius + 1 }, (_, n) =>
    Math.exp(-((n - radius) ** 2) / (2 * sigma ** 2)));
  const total = raw.reduce((sum, v) => sum + v, 0);
  return raw.map((v) => v / total);
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// A number as it is printed: fixed digits, a real minus sign, never "−0.00".
export function fixed(value, digits = 2) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

// Without the zeros that say nothing: 0.25, −1, 0.111.
export const short = (value, digits = 3) =>
  String(Number(value.toFixed(digits)) || 0).replace("-", "−");

// A share of 1, with a space that does not break.
export const percent = (share) => `${Math.round(100 * share)}\u00a0%`;

// Bytes arrive as a DataView, from a live kernel as from the static page.
export const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

// A copy: float32 must begin at a multiple of four bytes.
export const floats = (view) => new Float32Array(bytes(view).slice().buffer);

// ---------------------------------------------------------------- model

export function set(model, updates) {
  for (const [key, value] of Object.entries(updates)) model.set(key, value);
  model.save_changes();
}

// Calls back once for any number of keys that change together; returns how to stop it.
export function listen(model, keys, callback) {
  let waiting = false;
  const changed = () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => { waiting = false; callback(); });
  };
  for (const key of keys) model.on(`change:${key}`, changed);
  return () => { for (const key of keys) model.off(`change:${key}`, changed); };
}

// ---------------------------------------------------------------- elements

// Distinct in a page that may hold the same module twice.
export const uid = () => `ptp-${Math.random().toString(36).slice(2, 10)}`;

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// JupyterLab binds the arrow keys. It leaves them to a focused element that bears this mark
// itself; on a parent the mark has no effect.
export const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

// The three controls have a root to place and a `show` that brings them up to date.

export function slider(label, { min, max, step = 1, text = String, spoken = text, put }) {
  const id = uid();
  const input = make("input", { id, type: "range", min, max, step, ...OWN_KEYS });
  // The slider speaks for itself through aria-valuetext: a second voice would only interrupt.
  const output = make("output", { for: id, "aria-live": "off" });
  input.addEventListener("input", () => put(Number(input.value)));
  const head = make("div", { class: "ptp-field-head" }, make("label", { for: id }, label), output);
  const root = make("div", { class: "ptp-field" }, head, input);
  const show = (value, { max: last = max, disabled = false } = {}) => {
    input.max = last;
    if (Number(input.value) !== value) input.value = value;
    input.disabled = disabled;
    output.value = text(value);
    input.setAttribute("aria-valuetext", spoken(value));
  };
  return { root, input, show };
}

export function select(label, { options, put }) {
  const id = uid();
  const input = make("select", { id, ...OWN_KEYS });
  for (const [value, name] of options) input.append(make("option", { value }, name));
  input.addEventListener("change", () => put(input.value));
  const head = make("div", { class: "ptp-field-head" }, make("label", { for: id }, label));
  const root = make("div", { class: "ptp-field" }, head, input);
  const show = (value, { disabled = false } = {}) => {
    input.value = value;
    input.disabled = disabled;
  };
  return { root, input, show };
}

export function checkbox(label, { put }) {
  const id = uid();
  const input = make("input", { id, type: "checkbox", ...OWN_KEYS });
  input.addEventListener("change", () => put(input.checked));
  const root = make("div", { class: "ptp-check" }, input, make("label", { for: id }, label));
  const show = (value) => { input.checked = value; };
  return { root, input, show };
}

export function button(label, { put }) {
  const root = make("button", { type: "button", class: "ptp-button", ...OWN_KEYS }, label);
  root.addEventListener("click", () => put());
  return { root };
}

// Shares of 1 as bars, one row a name; the numbers are there as text.
export function barList(label, names) {
  const rows = names.map((name) => {
    const fill = make("span", { class: "ptp-bar-fill" });
    const value = make("span", { class: "ptp-bar-value" });
    const track = make("span", { class: "ptp-bar-track", "aria-hidden": "true" }, fill);
    const root = make("li", { class: "ptp-bar" }, make("span", {}, name), track, value);
    return { root, fill, value };
  });
  const title = make("p", { class: "ptp-title" }, label);
  const list = make("ul", { class: "ptp-bars", "aria-label": label }, ...rows.map((r) => r.root));
  const show = (shares) => {
    const best = shares.indexOf(Math.max(...shares));
    rows.forEach(({ root, fill, value }, n) => {
      root.classList.toggle("ptp-best", n === best);
      fill.style.width = `${100 * shares[n]}%`;
      value.textContent = `${(100 * shares[n]).toFixed(1)} %`;
    });
  };
  return { root: make("div", { class: "ptp-bars-box" }, title, list), show };
}

// A region that a screen reader reads out once the hand rests.
export function announcer() {
  const root = make("div", { class: "ptp-unseen", role: "status", "aria-live": "polite" });
  let timer;
  const say = (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => { root.textContent = text; }, 500);
  };
  return { root, say, stop: () => clearTimeout(timer) };
}

// Where on an element, from 0 to 1 along each side, the pointer is.
export function pointerAt(event, element) {
  const box = element.getBoundingClientRect();
  return {
    x: clamp((event.clientX - box.left) / box.width, 0, 1),
    y: clamp((event.clientY - box.top) / box.height, 0, 1),
  };
}

// Begins what computes long once `element` comes within a screen of the view, before the page is
// printed, or at once where nobody can tell. Returns how to stop waiting.
export function whenNear(element, begin) {
  if (typeof IntersectionObserver === "undefined") {
    begin();
    return () => {};
  }
  const start = () => { stop(); begin(); };
  const observer = new IntersectionObserver(
    (entries) => { if (entries.some((entry) => entry.isIntersecting)) start(); },
    { rootMargin: "100%" });
  const stop = () => { observer.disconnect(); removeEventListener("beforeprint", start); };
  addEventListener("beforeprint", start);
  observer.observe(element);
  return stop;
}

// Canvases hold the colours of the page's mode: they are painted anew when it changes.
export function onMode(callback) {
  const observer = new MutationObserver(callback);
  const options = { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light"] };
  for (const el of [document.documentElement, document.body]) observer.observe(el, options);
  return () => observer.disconnect();
}

// One canvas pixel for each grey, or for each three of red, green, blue; the page enlarges it.
export function paint(canvas, values, width, height) {
  const channels = values.length / (width * height);
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = values[channels * i + c % channels];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
