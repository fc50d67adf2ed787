// A small black square to draw in with white ink: greys from 0 to 1.
import { clamp, make, paint, pointerAt, OWN_KEYS } from "./kit.js";

const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

// A round brush with a soft edge, as wide as a stroke in MNIST; x, y in pixels.
export function dab(values, side, x, y) {
  for (let row = Math.floor(y) - 2; row <= y + 2; row++) {
    for (let column = Math.floor(x) - 2; column <= x + 2; column++) {
      if (row < 0 || row >= side || column < 0 || column >= side) continue;
      const ink = clamp(1.9 - Math.hypot(column + 0.5 - x, row + 0.5 - y), 0, 1);
      values[row * side + column] = Math.max(values[row * side + column], ink);
    }
  }
}

// By pointer, or by arrow keys and the space bar, which puts the pen down or up.
//
// draw(values): there is new ink; keep(): the stroke has ended
// show(values, said): `said` is what the canvas says of the drawing
export function inkPad(label, { side = 28, draw, keep = () => {} }) {
  const pen = { x: side / 2 + 0.5, y: side / 2 + 0.5, down: false };
  let values = new Float64Array(side * side), last = null;
  const canvas = make("canvas", { role: "img", "aria-label": `${label}.` });
  const cross = make("span", { class: "ptp-ink-pen", "aria-hidden": "true" });
  const root = make("div", { class: "ptp-ink", tabindex: "0", role: "group", ...OWN_KEYS,
    "aria-label": `${label}: a drawing pad. The arrow keys move the pen, space puts it down or up.`,
  }, canvas, cross);

  // From where the pen was, without gaps.
  const line = (x, y) => {
    const from = last ?? { x, y }, inked = values.slice();
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(x - from.x, y - from.y)));
    for (let n = 1; n <= steps; n++) {
      dab(inked, side, from.x + (x - from.x) * n / steps, from.y + (y - from.y) * n / steps);
    }
    last = { x, y };
    draw(inked);
  };
  const end = () => { last = null; keep(); };
  const follow = (event) => {
    const at = pointerAt(event, canvas);
    line(at.x * side, at.y * side);
  };
  root.addEventListener("pointerdown", (event) => {
    root.setPointerCapture(event.pointerId);
    pen.down = false;
    showPen();
    follow(event);
  });
  root.addEventListener("pointermove", (event) => { if (event.buttons & 1) follow(event); });
  root.addEventListener("pointerup", end);

  root.addEventListener("keydown", (event) => {
    if (event.key === " ") pen.down = !pen.down;
    else if (event.key in ARROWS) {
      const [right, down] = ARROWS[event.key];
      pen.x = clamp(pen.x + right, 0.5, side - 0.5);
      pen.y = clamp(pen.y + down, 0.5, side - 0.5);
    } else return;
    event.preventDefault();
    if (pen.down) { line(pen.x, pen.y); end(); }
    showPen();
  });

  const showPen = () => {
    cross.style.left = `${100 * pen.x / side}%`;
    cross.style.top = `${100 * pen.y / side}%`;
    cross.classList.toggle("ptp-ink-down", pen.down);
  };
  const show = (now, said = "") => {
    values = now;
    paint(canvas, Array.from(now, (v) => Math.round(255 * v)), side, side);
    canvas.setAttribute("aria-label", `${label}. ${said}`);
  };
  showPen();
  return { root, canvas, show };
}
