// A plane with points, moving particles, arrows, traced paths and bands of a level.
import { make, onMode } from "./kit.js";

const SIDE = 358; // CSS pixels until the page has given it a size
const COLOURS = ["--ptp-blue", "--ptp-orange", "--ptp-text", "--ptp-muted"];

const polygon = (corners) => (pen, r) => {
  pen.beginPath();
  corners.forEach(([x, y], n) => pen[n ? "lineTo" : "moveTo"](x * r, y * r));
  pen.closePath();
};
const disc = (pen, r) => { pen.beginPath(); pen.arc(0, 0, r, 0, 2 * Math.PI); };
const star = Array.from({ length: 10 }, (_, n) => {
  const far = n % 2 ? 0.55 : 1.35, turn = n * Math.PI / 5;
  return [far * Math.sin(turn), -far * Math.cos(turn)];
});
const plus = [[-1.1, -0.4], [-0.4, -0.4], [-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4],
  [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4]];

// Kinds are told apart by their shapes, not by colour alone.
const SHAPES = {
  disc,
  square: polygon([[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]]),
  triangle: polygon([[0, -1.2], [1.1, 0.8], [-1.1, 0.8]]),
  diamond: polygon([[0, -1.3], [1.1, 0], [0, 1.3], [-1.1, 0]]),
  plus: polygon(plus),
  star: polygon(star),
};
export const SHAPE_NAMES = Object.keys(SHAPES);

// Which band a value is in: how many of the rising levels it has reached.
export const bandOf = (value, levels) => levels.filter((level) => value >= level).length;

// x, y: [least, most] along each axis; y grows upwards
// show({ groups, arrows, paths, bands }, said), all of them optional, `said` a sentence:
//   groups: [{ name, at: [x, y, x, y, …], shape, size, faint, colour }]; a shape is one of
//     SHAPE_NAMES, a colour one of 0 to 3 (paths have 1, arrows 3); else each group has its own
//   arrows: [[x, y, dx, dy], …]; paths: [[x, y, x, y, …], …]
//   bands: { name, columns, rows, values, levels }, row by row from the top
// The canvas may lie elsewhere than in the root: below a pad's cross.
export function pointField(label, { x, y }) {
  const canvas = make("canvas", { class: "ptp-field-canvas", role: "img", "aria-label": "Not drawn yet" });
  const legend = make("ul", { class: "ptp-legend" });
  const root = make("div", { class: "ptp-points" }, canvas, legend);
  let shown = {};
  // Colours are known once the canvas is in the page, its size too.
  const draw = () => {
    const { groups = [], bands } = shown;
    new Drawing(canvas, x, y).all(shown);
    const names = groups.map((group, n) => [group.name, sample(group, n)]);
    if (bands) names.push([bands.name, bandSample(bands.levels.length)]);
    legend.replaceChildren(...names.filter(([name]) => name).map(([name, mark]) =>
      make("li", {}, mark, name)));
  };
  const show = (what, said = "") => {
    shown = what;
    canvas.setAttribute("aria-label", `${label}. ${said}`);
    draw();
  };
  // A mark of the legend is drawn as in the field.
  const sample = (group, n) => {
    const mark = make("canvas", { width: 16, height: 16, "aria-hidden": "true" });
    const pen = mark.getContext("2d");
    pen.translate(8, 8);
    stamp(pen, group, n, colourOf(canvas, group.colour ?? n));
    return mark;
  };
  const bandSample = (count) => make("span", { class: "ptp-bands", "aria-hidden": "true" },
    ...Array.from({ length: count + 1 }, (_, n) => {
      const step = make("span");
      step.style.opacity = strength(n, count);
      return step;
    }));
  const size = new ResizeObserver(draw);
  size.observe(canvas);
  const stopMode = onMode(draw);
  return { root, canvas, show, stop: () => { size.disconnect(); stopMode(); } };
}

const strength = (band, count) => (count ? 0.5 * band / count : 0);
const colourOf = (element, n) =>
  getComputedStyle(element).getPropertyValue(COLOURS[n % COLOURS.length]).trim() || "#555";

function stamp(pen, { shape, size = 5, faint = false }, n, colour) {
  SHAPES[shape ?? SHAPE_NAMES[n % SHAPE_NAMES.length]](pen, size);
  pen.globalAlpha = faint ? 0.55 : 1;
  pen.fillStyle = colour;
  pen.fill();
  pen.globalAlpha = 1;
}

class Drawing {
  constructor(canvas, [left, right], [low, high]) {
    const width = canvas.clientWidth || SIDE, height = canvas.clientHeight || width;
    const dense = devicePixelRatio || 1;
    canvas.width = width * dense;
    canvas.height = height * dense;
    this.pen = canvas.getContext("2d");
    this.pen.scale(dense, dense);
    this.right = (x) => (x - left) / (right - left) * width;
    this.down = (y) => (high - y) / (high - low) * height;
    Object.assign(this, { canvas, width, height });
  }

  all({ groups = [], arrows = [], paths = [], bands = null }) {
    if (bands) this.bands(bands);
    this.pen.strokeStyle = colourOf(this.canvas, 3);
    this.pen.lineWidth = 1.25;
    arrows.forEach((arrow) => this.arrow(...arrow));
    this.pen.strokeStyle = colourOf(this.canvas, 1);
    this.pen.lineWidth = 2;
    paths.forEach((path) => this.path(path));
    groups.forEach((group, n) => this.group(group, n, colourOf(this.canvas, group.colour ?? n)));
  }

  // Tints by band, and a line where one meets another.
  bands({ columns, rows, values, levels }) {
    const { pen } = this, wide = this.width / columns, high = this.height / rows;
    const band = Array.from(values, (value) => bandOf(value, levels));
    pen.fillStyle = colourOf(this.canvas, 0);
    band.forEach((b, n) => {
      const edge = (k, size) => Math.round(k * size); // cells neither overlap nor leave a gap
      const [left, top] = [edge(n % columns, wide), edge(Math.floor(n / columns), high)];
      pen.globalAlpha = strength(b, levels.length);
      pen.fillRect(left, top, edge(n % columns + 1, wide) - left,
        edge(Math.floor(n / columns) + 1, high) - top);
    });
    pen.globalAlpha = 0.8;
    pen.strokeStyle = colourOf(this.canvas, 0);
    pen.beginPath();
    band.forEach((b, n) => {
      const left = (n % columns) * wide, top = Math.floor(n / columns) * high;
      if ((n + 1) % columns && band[n + 1] !== b) this.line(left + wide, top, left + wide, top + high);
      if (n + columns < band.length && band[n + columns] !== b) {
        this.line(left, top + high, left + wide, top + high);
      }
    });
    pen.stroke();
    pen.globalAlpha = 1;
  }

  line(...[x0, y0, x1, y1]) {
    this.pen.moveTo(x0, y0);
    this.pen.lineTo(x1, y1);
  }

  arrow(x, y, dx, dy) {
    const from = [this.right(x), this.down(y)], to = [this.right(x + dx), this.down(y + dy)];
    const turn = Math.atan2(to[1] - from[1], to[0] - from[0]);
    const { pen } = this, head = Math.min(5, Math.hypot(to[0] - from[0], to[1] - from[1]) / 2);
    pen.beginPath();
    this.line(...from, ...to);
    for (const side of [-2.6, 2.6]) {
      this.line(...to, to[0] + head * Math.cos(turn + side), to[1] + head * Math.sin(turn + side));
    }
    pen.stroke();
  }

  path(path) {
    this.pen.beginPath();
    for (let n = 0; n < path.length; n += 2) this.pen.lineTo(this.right(path[n]), this.down(path[n + 1]));
    this.pen.stroke();
  }

  group(group, n, colour) {
    const { pen } = this;
    for (let i = 0; i < group.at.length; i += 2) {
      pen.save();
      pen.translate(this.right(group.at[i]), this.down(group.at[i + 1]));
      stamp(pen, group, n, colour);
      pen.restore();
    }
  }
}
