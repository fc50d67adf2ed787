// What both matrices are drawn with: cells of colour, the colours' scale, images along an edge.
import { bytes, fixed, make, short } from "../kit/kit.js";

const DEPTH = 0.95; // of the strongest colour

// Similarities reach from −1 to 1; shares are drawn by their roots, so that small ones are seen.
export const SCALES = {
  similarities: {
    low: "blue", depth: (v) => v, ticks: [-1, -0.5, 0, 0.5, 1], at: (v) => (v + 1) / 2,
    words: "cosine similarity",
  },
  shares: {
    low: null, depth: Math.sqrt, ticks: [0, 0.04, 0.25, 0.5, 1], at: Math.sqrt,
    words: "share, from 0 to 1 by its square root",
  },
};

// Three digits; below 0.001 as a power of ten.
export function shareText(share) {
  if (share >= 0.0005 || share === 0) return fixed(share, 3);
  const [digits, power] = share.toExponential(1).split("e-");
  return `${digits} · 10⁻${[...power].map((d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]).join("")}`;
}

// One canvas pixel a value, row by row: a tint over the page's own ground. empty(n): no colour.
export function paintCells(canvas, values, columns, { low, depth }, empty = () => false) {
  const style = getComputedStyle(canvas), rows = values.length / columns;
  const tint = (name) => style.getPropertyValue(`--ptp-${name}-tint`).split(" ").map(Number);
  const above = tint("orange"), below = low ? tint(low) : above;
  const image = new ImageData(columns, rows);
  values.forEach((value, n) => {
    const alpha = empty(n) ? 0 : Math.abs(depth(value));
    image.data.set([...(value < 0 ? below : above), Math.round(255 * DEPTH * alpha)], 4 * n);
  });
  Object.assign(canvas, { width: columns, height: rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// What the colours mean: a sentence, the colours in a row and numbers below them.
export function scaleBar(name) {
  const { ticks, at, words } = SCALES[name];
  const numbers = ticks.map((v) => {
    const tick = make("span", {}, short(v));
    tick.style.left = `${100 * at(v)}%`;
    return tick;
  });
  return [make("p", { class: "ptp-note" }, `Colour: ${words}`),
    make("div", { class: `sm-bar sm-bar-${name}`, "aria-hidden": "true" }),
    make("div", { class: "sm-ticks ptp-note" }, ...numbers)];
}

// One of the images as pixels of a canvas.
function pixelsOf({ channels, height, width, pixels }, n) {
  const size = height * width, image = new ImageData(width, height);
  const values = bytes(pixels).subarray(n * channels * size, (n + 1) * channels * size);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = values[(c % channels) * size + i];
    image.data[4 * i + 3] = 255;
  }
  return image;
}

// Images, by their numbers, in a line across or down.
export function strip(pictures, numbers, down) {
  const { height, width } = pictures, last = numbers.length;
  const canvas = make("canvas", { "aria-hidden": "true" });
  canvas.width = down ? width : width * last;
  canvas.height = down ? height * last : height;
  const context = canvas.getContext("2d");
  numbers.forEach((image, n) =>
    context.putImageData(pixelsOf(pictures, image), down ? 0 : n * width, down ? n * height : 0));
  return canvas;
}
