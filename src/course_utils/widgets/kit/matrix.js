// The product of two matrices, which nearly all work of a network is. A matrix is a typed array
// of doubles, row by row.

import { program, UNITS } from "./simd.js";

let memory, product; // of the program; product is null where an engine has no pairs

function start() {
  try {
    memory = new WebAssembly.Memory({ initial: 1 });
    const module = new WebAssembly.Module(program());
    product = new WebAssembly.Instance(module, { m: { m: memory } }).exports.f;
  } catch {
    product = null;
  }
}

// So many numbers of b lie in the memory at a time.
export const CACHED = 32768;

const wholeUnits = (n, unit) => unit * Math.ceil(n / unit);

// Rows of K numbers at an address of the memory, each with zeros behind it up to `width`.
function place(address, values, rows, K, width) {
  const there = new Float64Array(memory.buffer, address, rows * width);
  if (width === K) return void there.set(values.subarray(0, rows * K));
  for (let n = 0, from = 0, to = 0; n < rows; n++, from += K, to += width) {
    for (let k = 0; k < K; k++) there[to + k] = values[from + k];
    for (let k = K; k < width; k++) there[to + k] = 0;
  }
}

// Rows first … last of b, which are placed behind all of a.
function inPairs(a, M, b, first, last, K, y, from, down, across) {
  const rows = wholeUnits(M, UNITS.rows), columns = wholeUnits(last - first, UNITS.columns);
  const width = wholeUnits(K, UNITS.width);
  const atB = 8 * rows * width, atY = atB + 8 * columns * width, end = atY + 8 * rows * columns;
  const lacks = end - memory.buffer.byteLength;
  if (lacks > 0) memory.grow(Math.ceil(lacks / 65536));
  if (first === 0) place(0, a, M, K, width);
  place(atB, b.subarray(first * K), last - first, K, width);
  product(rows, columns, width, 0, atB, atY);
  const sums = new Float64Array(memory.buffer, atY, rows * columns);
  for (let m = 0; m < M; m++) {
    let at = from + m * down + first * across;
    for (let n = 0; n < last - first; n++, at += across) y[at] += sums[m * columns + n];
  }
}

function oneByOne(a, M, b, N, K, y, from, down, across) {
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += a[m * K + k] * b[n * K + k];
      y[from + m * down + n * across] += sum;
    }
  }
}

// y[from + m * down + n * across] += Σ_k a[m, k] b[n, k], for a [M, K] and b [N, K], with as
// many rows of b at once as a processor's cache holds.
export function multiply(a, M, b, N, K, y, from, down, across) {
  if (product === undefined) start();
  if (!product) return oneByOne(a, M, b, N, K, y, from, down, across);
  const most = UNITS.columns * Math.ceil(CACHED / K / UNITS.columns);
  for (let n = 0; n < N; n += most) {
    inPairs(a, M, b, n, Math.min(n + most, N), K, y, from, down, across);
  }
}
