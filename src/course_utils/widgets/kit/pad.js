// A square in which a place is chosen: two numbers at once.
import { clamp, fixed, make, paint, pointerAt, slider, OWN_KEYS } from "./kit.js";

const TRAIL = 40; // places that are remembered
const ARROWS = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

// By pointer, by arrow keys (with Shift in leaps), or by the two sliders, which do without aim.
//
// x, y: { label, min, max } of each axis; y grows upwards
// put({ x, y }): the reader wants to go there; who keeps the place calls `show` then
// under: an element to lie below the cross, such as a field of points
export function pad2d(label, { x, y, put, step = 0.1, leap = 0.5, under = null }) {
  const axes = { x, y }, digits = 2, trail = [];
  let at = { x: x.min, y: y.min };
  const canvas = make("canvas", { class: "ptp-pad-ground", "aria-hidden": "true" });
  const line = make("div", { class: "ptp-pad-trail", "aria-hidden": "true" });
  const cross = make("span", { class: "ptp-pad-cross", "aria-hidden": "true" });
  const square = make("div", { class: "ptp-pad", tabindex: "0", role: "group", ...OWN_KEYS },
    canvas, ...(under ? [under] : []), line, cross);
  const go = (change) => put(Object.fromEntries(Object.entries({ ...at, ...change })
    .map(([key, value]) => [key, clamp(value, axes[key].min, axes[key].max)])));
  const twins = ["x", "y"].map((key) => slider(axes[key].label, {
    min: axes[key].min, max: axes[key].max, step, text: (v) => fixed(v, digits),
    put: (value) => go({ [key]: value }),
  }));

  const point = (event) => {
    const { x: right, y: down } = pointerAt(event, square);
    go({ x: x.min + right * (x.max - x.min), y: y.max - down * (y.max - y.min) });
  };
  square.addEventListener("pointerdown", (event) => {
    square.setPointerCapture(event.pointerId);
    point(event);
  });
  square.addEventListener("pointermove", (event) => { if (event.buttons & 1) point(event); });
  square.addEventListener("keydown", (event) => {
    if (!(event.key in ARROWS)) return;
    event.preventDefault();
    const [right, up] = ARROWS[event.key], far = event.shiftKey ? leap : step;
    const round = (v) => Number(v.toFixed(10)); // 0.1 + 0.2 is 0.3 here
    go({ x: round(at.x + right * far), y: round(at.y + up * far) });
  });

  const share = (place) => [
    100 * (place.x - x.min) / (x.max - x.min), 100 * (y.max - place.y) / (y.max - y.min)];
  const show = (place) => {
    at = { x: place.x, y: place.y };
    trail.push(at);
    if (trail.length > TRAIL) trail.shift();
    const [left, top] = share(at);
    cross.style.left = `${left}%`;
    cross.style.top = `${top}%`;
    line.innerHTML = `<svg viewBox="0 0 100 100" preserveAspectRatio="none"><polyline points="${
      trail.map((p) => share(p).join()).join(" ")}"/></svg>`;
    twins.forEach((twin, n) => twin.show(n ? at.y : at.x));
    const now = `${x.label} ${fixed(at.x, digits)}, ${y.label} ${fixed(at.y, digits)}`;
    square.setAttribute("aria-label", `${label}: ${now}. Arrow keys move by ${step}, with Shift by ${leap}.`);
  };
  // A grid of previews below the cross: greysOf gets the place in the middle of each tile.
  const previews = (count, side, greysOf) => {
    const whole = new Uint8ClampedArray((count * side) ** 2);
    for (let tile = 0; tile < count * count; tile++) {
      const row = Math.floor(tile / count), column = tile % count;
      const middle = (n, low, high) => low + (n + 0.5) / count * (high - low);
      const greys = greysOf(middle(column, x.min, x.max), middle(row, y.max, y.min));
      for (let r = 0; r < side; r++) {
        const start = ((row * side + r) * count + column) * side;
        whole.set(greys.slice(r * side, (r + 1) * side), start);
      }
    }
    paint(canvas, whole, count * side, count * side);
  };
  const root = make("div", { class: "ptp-pad-box" }, square,
    make("div", { class: "ptp-pad-twins" }, ...twins.map((twin) => twin.root)));
  return { root, square, show, previews, forget: () => { trail.length = 0; } };
}
