// CLIP's two towers of course_utils.reference.clip_towers: ImageTower and WordMean, with weights by
// the names of small_clip()'s state_dict.
import { add, embed } from "../kit/blocks.js";
import { avgPool2d, batchNorm2d, conv2d, linear, map, relu, under, zeros } from "../kit/nn.js";

// ---------------------------------------------------------------- texts

// The words of a text in small letters, without signs between them.
export const splitWords = (text) =>
  text.toLowerCase().match(/medium-light|medium-dark|[\p{L}\p{N}]+/gu) ?? [];

// A text as numbers of words, which begin at 1, and the words that have none, each once.
export function encoded(text, numbers) {
  const words = splitWords(text), known = words.filter((word) => numbers.has(word));
  const unknown = [...new Set(words.filter((word) => !numbers.has(word)))];
  return { ids: known.map((word) => numbers.get(word)), unknown };
}

// The mean of the words' vectors and one layer: [1, 64]. Numbers are added in their own order, so
// that the same words give the same in every order, to the last digit.
export function textFeatures(ids, weights) {
  const rows = embed(weights["vectors.weight"], [...ids].sort((a, b) => a - b));
  const [count, width] = rows.shape, mean = zeros(1, width);
  rows.data.forEach((v, n) => { mean.data[n % width] += v / count; });
  return linear(mean, weights["projection.weight"], weights["projection.bias"]);
}

// Every word of the table alone, but for the first row, which is no word, and the last, which ends
// a text: [words, 64].
export function wordFeatures(weights) {
  const table = weights["vectors.weight"], [rows, width] = table.shape;
  const words = { shape: [rows - 2, width], data: table.data.subarray(width, (rows - 1) * width) };
  return linear(words, weights["projection.weight"], weights["projection.bias"]);
}

// ---------------------------------------------------------------- images

// An image [3, 32, 32] in 0 to 1: [64].
export function imageFeatures(image, weights) {
  const normed = (x, name) => batchNorm2d(x, under(weights, name));
  const conv = (x, name, stride) => conv2d(x, weights[`${name}.weight`], null, { stride, padding: 1 });
  const halved = (x, n) => relu(normed(conv(x, `layers.${n}`, 2), `layers.${n + 1}`));
  const block = (x, name) => {
    const inner = relu(normed(conv(x, `${name}.conv1`, 1), `${name}.bn1`));
    return relu(add(x, normed(conv(inner, `${name}.conv2`, 1), `${name}.bn2`)));
  };
  let x = halved(map(image, (v) => (v - 0.7) * 2), 0); // emoji stand on white
  x = block(halved(x, 3), "layers.6");
  x = avgPool2d(block(halved(x, 7), "layers.10"), 2);
  return linear({ shape: [x.data.length], data: x.data },
    weights["projection.weight"], weights["projection.bias"]);
}

// ---------------------------------------------------------------- comparisons

// Rows [N, d] of length 1; like F.normalize it divides by 1e-12 at least.
export function unit({ shape, data }) {
  const d = shape.at(-1), y = { shape: [data.length / d, d], data: Float64Array.from(data) };
  for (let from = 0; from < data.length; from += d) {
    const row = y.data.subarray(from, from + d);
    const length = Math.max(Math.sqrt(row.reduce((sum, v) => sum + v * v, 0)), 1e-12);
    for (let i = 0; i < d; i++) row[i] /= length;
  }
  return y;
}

// Of rows [N, d] and one row, all 1 long: N cosines.
export const cosines = (rows, one) =>
  Array.from(linear({ shape: [rows.shape[1]], data: one.data }, rows).data);

// A classifier's row for one label: the mean of its texts' features, each 1 long, made 1 long.
export function labelRow(texts, weights) {
  const rows = texts.map((ids) => unit(textFeatures(ids, weights)));
  const total = rows.reduce((sum, row) => add(sum, row));
  return unit(map(total, (v) => v / rows.length));
}
