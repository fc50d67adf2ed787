// The kit's slow layers as plain loops, as they were at first: what benchmarks/kit.py compares
// the kit with.

import { map, zeros } from "../src/course_utils/widgets/kit/nn.js";

function conv2d(x, w, b, { stride = 1, padding = 0 } = {}) {
  const [, height, width] = x.shape, [outputs, channels, kh, kw] = w.shape;
  const rows = Math.floor((height + 2 * padding - kh) / stride) + 1;
  const columns = Math.floor((width + 2 * padding - kw) / stride) + 1;
  const y = zeros(outputs, rows, columns);
  b.data.forEach((v, o) => y.data.fill(v, o * rows * columns, (o + 1) * rows * columns));
  w.data.forEach((weight, n) => {
    const j = n % kw, i = Math.floor(n / kw) % kh, c = Math.floor(n / (kw * kh)) % channels;
    const o = Math.floor(n / (kw * kh * channels));
    for (let r = 0; r < rows; r++) {
      const from = r * stride + i - padding;
      if (from < 0 || from >= height) continue;
      const line = (c * height + from) * width, to = (o * rows + r) * columns;
      for (let q = 0; q < columns; q++) {
        const at = q * stride + j - padding;
        if (at >= 0 && at < width) y.data[to + q] += weight * x.data[line + at];
      }
    }
  });
  return y;
}

function linear(x, w, b) {
  const [outputs, inputs] = w.shape, rows = x.data.length / inputs;
  const y = zeros(...x.shape.slice(0, -1), outputs);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      let sum = b.data[o];
      for (let i = 0; i < inputs; i++) sum += w.data[o * inputs + i] * x.data[r * inputs + i];
      y.data[r * outputs + o] = sum;
    }
  }
  return y;
}

function standardised(values) {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  return values.map((v) => (v - mean) / Math.sqrt(variance + 1e-5));
}

function groupNorm(x, groups, weight, bias) {
  const y = zeros(...x.shape), size = y.data.length / x.shape[0], part = y.data.length / groups;
  for (let g = 0; g < groups; g++) {
    standardised(x.data.subarray(g * part, (g + 1) * part)).forEach((v, i) => {
      const c = Math.floor((g * part + i) / size);
      y.data[g * part + i] = v * weight.data[c] + bias.data[c];
    });
  }
  return y;
}

function layerNorm(x, weight, bias) {
  const n = x.shape.at(-1), y = zeros(...x.shape);
  for (let from = 0; from < y.data.length; from += n) {
    const normal = standardised(x.data.subarray(from, from + n));
    normal.forEach((v, i) => { y.data[from + i] = v * weight.data[i] + bias.data[i]; });
  }
  return y;
}

const columns = ({ shape: [T, d], data }, first, count) =>
  Array.from({ length: T }, (_, t) => data.subarray(t * d + first, t * d + first + count));

// Head by head, row by row.
function attention(q, k, v, { heads }) {
  const [T, d] = q.shape, own = d / heads, y = zeros(T, d);
  for (let h = 0; h < heads; h++) {
    const [queries, keys, values] = [q, k, v].map((x) => columns(x, h * own, own));
    queries.forEach((query, t) => {
      const scores = keys.map((key) =>
        key.reduce((sum, value, i) => sum + value * query[i], 0) / Math.sqrt(own));
      const most = scores.reduce((a, b) => Math.max(a, b));
      const powers = scores.map((score) => Math.exp(score - most));
      const total = powers.reduce((sum, power) => sum + power, 0);
      powers.forEach((power, s) => values[s].forEach((value, i) => {
        y.data[t * d + h * own + i] += (power / total) * value;
      }));
    });
  }
  return { y };
}

// Abramowitz and Stegun 7.1.26: within 1.5e-7.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const poly = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t
    + 0.254829592) * t;
  return Math.sign(x) * (1 - poly * Math.exp(-x * x));
}

const gelu = (x) => map(x, (v) => 0.5 * v * (1 + erf(v / Math.SQRT2)));

function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

const unpack = (view, { all: { shape } }) =>
  ({ all: { shape, data: zeros(...shape).data.map((_, n) => half(view.getUint16(2 * n, true))) } });

export const plain = { attention, conv2d, gelu, groupNorm, layerNorm, linear, unpack };
