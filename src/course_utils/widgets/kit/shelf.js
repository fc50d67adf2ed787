// Scenes that a widget brings along: their pixels, and small images of them to choose from.
import { lineup } from "./lineup.js";

// Bytes that Python's zlib made smaller.
export async function inflated(view) {
  const stream = new Blob([view]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Image n of [N, 3, side, side] bytes, 0 to 1, as a tensor [3, side, side].
export function imageOf(pixels, n, side) {
  const size = side * side, own = pixels.subarray(3 * n * size, 3 * (n + 1) * size);
  return { shape: [3, side, side], data: Float64Array.from(own, (v) => v / 255) };
}

// Red, green and blue of each pixel, 0 to 255, as `paint` takes them.
export function onScreen({ shape: [, height, width], data }) {
  const size = height * width;
  return Uint8Array.from({ length: 3 * size }, (_, n) => Math.round(255 * data[(n % 3) * size + Math.floor(n / 3)]));
}

// With a grey box [left, top, right, bottom] over it.
export function covered(image, [left, top, right, bottom], grey = 128 / 255) {
  const [, height, width] = image.shape, data = image.data.slice();
  for (let n = 0; n < data.length; n++) {
    const x = n % width, y = Math.floor(n / width) % height;
    if (x >= left && x < right && y >= top && y < bottom) data[n] = grey;
  }
  return { shape: image.shape, data };
}

// open(view): unpacks [N, 3, side, side] bytes that were made smaller
// image(n): one of them as a tensor; count(): how many there are
// show(chosen): the small images, painted once, one of them chosen
// put(n): the reader chooses one
export function shelf(label, { side, put }) {
  const row = lineup(label, { side: 48, put });
  row.root.classList.add("ptp-shelf");
  let pixels = null;
  const count = () => pixels.length / (3 * side * side);
  const image = (n) => imageOf(pixels, n, side);
  const small = (n) => ({ values: onScreen(image(n)), width: side, height: side, name: `scene ${n + 1}` });
  return {
    root: row.root, count, image,
    async open(view) { pixels = await inflated(view); },
    show(chosen) {
      if (row.root.children.length === 0) row.show(Array.from({ length: count() }, (_, n) => small(n)), chosen);
      [...row.root.querySelectorAll("button")].forEach((pick, n) => pick.setAttribute("aria-pressed", n === chosen));
    },
  };
}
