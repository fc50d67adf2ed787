// A program for sums of products, two at a time: WebAssembly has instructions for pairs of
// doubles, JavaScript has none. It is put together here, byte by byte.
// Source: https://webassembly.github.io/spec/core/binary/

// ---------------------------------------------------------------- instructions

// An instruction is a list of bytes, what it works on first. Numbers are below 64.
const INTEGER = 0x7f, PAIR = 0x7b, ADD_DOUBLES = 0xa0;
const ZEROS = [0xfd, 0x0c, ...Array(16).fill(0)];
const ADD_PAIRS = [0xfd, 0xf0, 1], MULTIPLY_PAIRS = [0xfd, 0xf2, 1];

const number = (n) => [0x41, n];
const get = (local) => [0x20, local];
const set = (local, ...value) => [...value.flat(), 0x21, local];
const add = (a, b) => [...a, ...b, 0x6a];
const times = (a, b) => [...a, ...b, 0x6c];
const load = (address, offset) => [...address, 0xfd, 0, 4, offset];
const store = (address, offset, value) => [...address, ...value, 0x39, 3, offset];
const half = (pair, n) => [...get(pair), 0xfd, 0x21, n];
const moveOn = (local, by) => set(local, add(get(local), by));

// `body` until the local `n` has reached `end`.
const repeat = (body, n, end) =>
  [0x03, 0x40, ...body.flat(), ...get(n), ...get(end), 0x49, 0x0d, 0, 0x0b];

// ---------------------------------------------------------------- program

// What the program needs whole multiples of: rows of a, rows of b, and numbers in a row.
export const UNITS = { rows: 4, columns: 2, width: 4 };

// (M, N, K, a, b, y): y[m, n] = Σ_k a[m, k] b[n, k], all three matrices being at these
// addresses. The 4 × 2 sums of a block stay in the processor's registers, each as a pair of
// which one half sums the even k.
function body() {
  const [M, N, K, a, b, y, m, n, k, row, at] = Array.from({ length: 11 }, (_, local) => local);
  const p = [11, 12, 13, 14], q = [15, 16]; // where rows of a and b are read
  const left = 17, right = [18, 19], sums = p.map((_, i) => q.map((_, j) => 20 + 2 * i + j));
  const products = (offset) => [
    q.flatMap((place, j) => set(right[j], load(get(place), offset))),
    p.flatMap((place, i) => [
      ...set(left, load(get(place), offset)),
      ...sums[i].flatMap((sum, j) =>
        set(sum, get(sum), get(left), get(right[j]), MULTIPLY_PAIRS, ADD_PAIRS)),
    ]),
  ].flat();
  const fourNumbers = [
    products(0), products(16), ...[...p, ...q].map((place) => moveOn(place, number(32))),
    moveOn(k, number(4)),
  ];
  const block = [
    set(p[0], add(get(a), times(get(m), get(row)))),
    ...[1, 2, 3].map((i) => set(p[i], add(get(p[i - 1]), get(row)))),
    set(q[0], add(get(b), times(get(n), get(row)))), set(q[1], add(get(q[0]), get(row))),
    ...sums.flat().map((sum) => set(sum, ZEROS)),
    set(k, number(0)), repeat(fourNumbers, k, K),
    set(at, add(get(y), times(add(times(get(m), get(N)), get(n)), number(8)))),
    ...sums.flatMap((line) => [
      ...line.map((sum, j) =>
        store(get(at), 8 * j, [...half(sum, 0), ...half(sum, 1), ADD_DOUBLES])),
      moveOn(at, times(get(N), number(8))),
    ]),
    moveOn(n, number(UNITS.columns)),
  ];
  const line = [set(n, number(0)), repeat(block, n, N), moveOn(m, number(UNITS.rows))];
  return [...set(row, times(get(K), number(8))), ...repeat(line, m, M), 0x0b];
}

// Unsigned, seven bits a byte.
const length = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...length(n >> 7)]);
const section = (id, ...bytes) => [id, ...length(bytes.length), ...bytes];

// The module: it takes its memory as m.m and gives the program as f.
export function program() {
  const code = [2, 11, INTEGER, 11, PAIR, ...body()]; // its locals come first, by their types
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, 1, 0x60, 6, ...Array(6).fill(INTEGER), 0),
    ...section(2, 1, 1, 0x6d, 1, 0x6d, 2, 0, 1),
    ...section(3, 1, 0),
    ...section(7, 1, 1, 0x66, 0, 0),
    ...section(10, 1, ...length(code.length), ...code),
  ]);
}
