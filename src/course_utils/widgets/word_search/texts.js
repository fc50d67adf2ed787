// What readers type: labels, changes of a picture, words to go on with.
import { encoded } from "./towers.js";

export const MOST = 6; // labels

// Labels between commas, each of one text or of several between bars: { labels, unknown, twice,
// more }. A label is { name, texts } with the numbers of each text's known words; texts and
// labels without a known word are left out. twice: names that came again; more: those beyond MOST.
export function labelsOf(text, numbers) {
  const clean = (words) => words.trim().replace(/\s+/g, " ");
  const named = text.split(",").map((label) => label.split("|").map(clean).filter(Boolean))
    .filter((texts) => texts.length);
  const found = new Map(), unknown = new Set(), twice = [];
  for (const texts of named) {
    const codes = texts.map((t) => encoded(t, numbers)), name = texts.join(" | ");
    for (const { unknown: words } of codes) for (const word of words) unknown.add(word);
    const known = codes.map(({ ids }) => ids).filter((ids) => ids.length);
    if (found.has(name.toLowerCase())) twice.push(name);
    else if (known.length) found.set(name.toLowerCase(), { name, texts: known });
  }
  const all = [...found.values()], labels = all.slice(0, MOST);
  return { labels, unknown: [...unknown], twice, more: all.slice(MOST).map(({ name }) => name) };
}

// A text with its last word completed, in so many ways at most: short words first.
export function completions(text, words, most) {
  const last = text.toLowerCase().match(/[\p{L}\p{N}-]+$/u)?.[0];
  if (!last) return [];
  const before = text.slice(0, text.length - last.length);
  const fit = words.filter((word) => word.startsWith(last) && word !== last);
  fit.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  return fit.slice(0, most).map((word) => before + word);
}

// ---------------------------------------------------------------- changes of a picture

// From where each pixel of a changed image [3, h, w] comes: (c, row, column) -> the same.
const moved = (from) => ({ shape, data }) => {
  const [, height, width] = shape, size = height * width;
  const place = (n) => [Math.floor(n / size), Math.floor(n / width) % height, n % width];
  return { shape, data: data.map((_, n) => {
    const [c, row, column] = from(...place(n), height, width);
    return data[c * size + row * width + column];
  }) };
};

export const CHANGES = {
  "as drawn": (image) => image,
  grey({ shape, data }) { // the mean of red, green and blue
    const size = data.length / 3;
    const mean = (n) => (data[n] + data[size + n] + data[2 * size + n]) / 3;
    return { shape, data: data.map((_, n) => mean(n % size)) };
  },
  "red and blue exchanged": moved((c, row, column) => [2 - c, row, column]),
  mirrored: moved((c, row, column, _, width) => [c, row, width - 1 - column]),
  "upside down": moved((c, row, column, height) => [c, height - 1 - row, column]),
};

// ---------------------------------------------------------------- pixels

// Colours [N, colours, 3] and, for each pixel of N pictures, which it has: to images(n), a tensor
// [3, side, side] in 0 to 1.
export function album(bytes, { count, side, colours }) {
  const size = side * side, first = 3 * count * colours;
  return (n) => {
    const own = bytes.subarray(3 * n * colours), data = new Float64Array(3 * size);
    const numbers = bytes.subarray(first + n * size, first + (n + 1) * size);
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < 3; c++) data[c * size + i] = own[3 * numbers[i] + c] / 255;
    }
    return { shape: [3, side, side], data };
  };
}
