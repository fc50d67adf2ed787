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

const wholeUnits = (n, unit) => unit * Math.ceil(n / unit);

// Rows of K numbers at an address of the memory, each with zeros behind it up to `width`.
function place(address, values, rows, K, width) {
  const there = new Float64Array(memory.buffer, address, rows * width);
  if (width === K) return void there.set(values.subarray(0, rows * K));
  for (let n = 0, from = 0, to = 0; n < rows; n++, from += K, to += width) {
    for (let k = 0; k < width; k++) there[to + k] = k < K ? values[from + k] : 0;
  }
}

function inPairs(a, M, b, N, K, y, from, down, across) {
  const rows = wholeUnits(M, UNITS.rows), columns = wholeUnits(N, UNITS.columns);
  const width = wholeUnits(K, UNITS.width);
  const atB = 8 * rows * width, atY = atB + 8 * columns * width, end = atY + 8 * rows * columns;
  const lacks = end - memory.buffer.byteLength;
  if (lacks > 0) memory.grow(Math.ceil(lacks / 65536));
  place(0, a, M, K, width);
  place(atB, b, N, K, width);
  product(rows, columns, width, 0, atB, atY);
  const sums = new Float64Array(memory.buffer, atY, rows * columns);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) y[from + m * down + n * across] += sums[m * columns + n];
  }
}

// Four sums at a time: the processor need not wait for one addition to begin the next.
function dot(a, p, b, q, K) {
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0, k = 0;
  for (; k + 3 < K; k += 4) {
    s0 += a[p + k] * b[q + k];
    s1 += a[p + k + 1] * b[q + k + 1];
    s2 += a[p + k + 2] * b[q + k + 2];
    s3 += a[p + k + 3] * b[q + k + 3];
  }
  for (; k < K; k++) s0 += a[p + k] * b[q + k];
  return s0 + s1 + s2 + s3;
}

// y[from + m * down + n * across] += Σ_k a[m, k] b[n, k], for a [M, K] and b [N, K]. To copy a
// matrix pays where it is used several times: not for a single row.
export function multiply(a, M, b, N, K, y, from, down, across) {
  if (product === undefined) start();
  if (product && Math.min(M, N) > 2) return inPairs(a, M, b, N, K, y, from, down, across);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) y[from + m * down + n * across] += dot(a, m * K, b, n * K, K);
  }
}
