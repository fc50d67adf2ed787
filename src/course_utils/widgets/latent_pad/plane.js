// A map of codes: what is decoded all over it, the codes of test digits as numerals of their
// class, and on them what the widget wants to show.
import { make, onMode } from "../kit/kit.js";
import { pad2d } from "../kit/pad.js";
import { SIDE } from "./numbers.js";

const TILES = 9;
const CLASSES = Array.from({ length: 10 }, (_, n) => n);

// Places of the TILES × TILES previews, row by row from the top, in the middle of each.
export function places({ x: [left, right], y: [low, high] }) {
  const middle = (n, a, b) => a + (n + 0.5) / TILES * (b - a);
  return Array.from({ length: TILES ** 2 }, (_, n) =>
    [middle(n % TILES, left, right), middle(Math.floor(n / TILES), high, low)]);
}

// show({ at, codes, labels, line, ellipse, circle, source, target }, said)
//   at: where the cross is; codes: [x, y, …] with labels
//   line: places from one code to the other; source, target: the codes at its ends
//   ellipse: { mean, radii } of q(z|x), circle: a radius about zero, or null
export function plane(label, range, { put }) {
  const canvas = make("canvas", { class: "lp-canvas", "aria-hidden": "true" });
  const side = range.x[1] - range.x[0], step = Number((side / 80).toPrecision(1));
  const axis = (name, [min, max]) => ({ label: name, min, max });
  const pad = pad2d(label, {
    x: axis("z₁", range.x), y: axis("z₂", range.y), step, leap: 5 * step, under: canvas,
    put: ({ x, y }) => put([x, y]),
  });
  let shown = null, tiles = null;
  const draw = () => { if (shown) new Drawing(canvas, range).all(shown, tiles); };

  // Previews as ink alone: the page's own ground, light or dark, lies below them.
  const preview = (decode) => {
    tiles = new OffscreenCanvas(TILES * SIDE, TILES * SIDE);
    const pen = tiles.getContext("2d");
    places(range).forEach((place, n) => {
      const image = pen.createImageData(SIDE, SIDE);
      decode(place).forEach((grey, i) => { image.data[4 * i + 3] = 255 * grey; });
      pen.putImageData(image, (n % TILES) * SIDE, Math.floor(n / TILES) * SIDE);
    });
  };
  const show = (what, said) => {
    const fresh = what.line !== shown?.line; // the cross alone is no part of the drawing
    shown = what;
    pad.forget(); // a cross that jumps leaves no trail
    pad.show({ x: what.at[0], y: what.at[1] });
    pad.square.setAttribute("aria-label", `${pad.square.getAttribute("aria-label")} ${said}`);
    if (fresh) draw();
  };
  const size = new ResizeObserver(draw);
  size.observe(canvas);
  const stopMode = onMode(draw);
  return { root: pad.square, show, preview, stop: () => { size.disconnect(); stopMode(); } };
}

// Each class's numeral in its colour.
export function legend(words) {
  const numerals = CLASSES.map((k) => make("span", { class: `lp-numeral lp-class-${k}` }, String(k)));
  return make("p", { class: "ptp-note" }, ...numerals, ` ${words}`);
}

class Drawing {
  constructor(canvas, { x: [left, right], y: [low, high] }) {
    const width = canvas.clientWidth || 300, dense = devicePixelRatio || 1;
    canvas.width = canvas.height = Math.round(width * dense);
    this.pen = canvas.getContext("2d");
    this.pen.scale(canvas.width / width, canvas.width / width);
    this.style = getComputedStyle(canvas);
    // A still, which the build takes as if for print, has to be small: it does without previews.
    this.light = matchMedia("print").matches;
    this.unit = width / (right - left); // CSS pixels
    this.at = ([a, b]) => [(a - left) * this.unit, (high - b) * this.unit];
    Object.assign(this, { width, middle: [(left + right) / 2, (low + high) / 2] });
  }

  colour(name) {
    return this.style.getPropertyValue(name).trim() || "#555";
  }

  all({ codes, labels, line, ellipse, circle, source, target }, tiles) {
    if (tiles && !this.light) this.previews(tiles);
    if (circle) this.circle(circle);
    this.codes(codes, labels);
    this.line(line);
    this.end(source, true);
    this.end(target, false);
    if (ellipse) this.ellipse(ellipse);
  }

  previews(tiles) {
    const ink = new OffscreenCanvas(tiles.width, tiles.height), pen = ink.getContext("2d");
    pen.drawImage(tiles, 0, 0);
    pen.globalCompositeOperation = "source-in"; // the ink in the page's colour
    pen.fillStyle = this.colour("--ptp-text");
    pen.fillRect(0, 0, ink.width, ink.height);
    this.pen.globalAlpha = 0.28;
    this.pen.drawImage(ink, 0, 0, this.width, this.width);
    this.pen.globalAlpha = 1;
  }

  codes(codes, labels) {
    const { pen } = this;
    pen.font = `700 ${this.width < 240 ? 9 : 11}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineWidth = 2.5;
    pen.lineJoin = "round";
    pen.strokeStyle = this.colour("--ptp-ground");
    labels.forEach((label, n) => {
      const [x, y] = this.at([codes[2 * n], codes[2 * n + 1]]);
      if (!this.light) pen.strokeText(label, x, y);
      pen.fillStyle = this.colour(`--lp-${label}`);
      pen.fillText(label, x, y);
    });
  }

  stroke(colour, width, dashes = []) {
    Object.assign(this.pen, { strokeStyle: this.colour(colour), lineWidth: width });
    this.pen.setLineDash(dashes);
    this.pen.stroke();
    this.pen.setLineDash([]);
  }

  circle(radius) {
    this.pen.beginPath();
    this.pen.arc(...this.at([0, 0]), radius * this.unit, 0, 2 * Math.PI);
    this.stroke("--ptp-muted", 1.5, [5, 4]);
  }

  // On a band of the ground's colour, so that it is seen over the numerals.
  line(line) {
    this.pen.beginPath();
    line.forEach((place) => this.pen.lineTo(...this.at(place)));
    this.stroke("--ptp-ground", 5);
    this.stroke("--ptp-text", 2);
  }

  ellipse({ mean, radii }) {
    this.pen.beginPath();
    this.pen.ellipse(...this.at(mean), ...radii.map((r) => r * this.unit), 0, 0, 2 * Math.PI);
    this.stroke("--ptp-ground", 4);
    this.stroke("--ptp-blue", 2);
  }

  // The line begins with a full disc and ends with a ring.
  end(place, full) {
    const { pen } = this;
    pen.beginPath();
    pen.arc(...this.at(place), full ? 3 : 4.5, 0, 2 * Math.PI);
    pen.fillStyle = this.colour(full ? "--ptp-text" : "--ptp-ground");
    pen.fill();
    this.stroke(full ? "--ptp-ground" : "--ptp-text", full ? 1.5 : 2);
  }
}
