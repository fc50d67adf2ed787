// Runs small trained networks in the page: forward passes of torch's layers on plain arrays.
// A tensor is { shape, data }: one image, no batch, e.g. [C, H, W]. Weights arrive in float16;
// sums are taken in double precision. bundle.py puts this text in front of a widget that
// imports it.

import { erf } from "./erf.js";
import { CACHED, multiply } from "./matrix.js";

export const tensor = (shape, data) => ({ shape, data: Float64Array.from(data) });
export const zeros = (...shape) =>
  ({ shape, data: new Float64Array(shape.reduce((a, b) => a * b, 1)) });

// ---------------------------------------------------------------- weights

// IEEE 754 half precision: 1 sign, 5 exponent and 10 fraction bits. By sign and exponent: the
// place value of the fraction's last bit, and what stands before it (nothing if subnormal).
const HALF = Array.from({ length: 64 }, (_, n) =>
  ({ unit: (n & 32 ? -1 : 1) * 2 ** (Math.max(n & 31, 1) - 25), lead: n & 31 ? 1024 : 0 }));

export function half(bits) {
  const { unit, lead } = HALF[bits >> 10], fraction = bits & 1023;
  if ((bits & 0x7c00) === 0x7c00) return fraction ? NaN : unit * Infinity;
  return unit * (lead + fraction);
}

// A DataView of half-precision numbers and where each tensor lies in it, by name.
export function unpack(view, places) {
  const weights = {};
  for (const [name, { shape, start }] of Object.entries(places)) {
    weights[name] = zeros(...shape);
    const { data } = weights[name];
    for (let i = 0; i < data.length; i++) data[i] = half(view.getUint16(2 * (start + i), true));
  }
  return weights;
}

// The tensors of one part of a network, as state_dict names them: under(weights, "layers.0").
export function under(weights, name) {
  const own = Object.entries(weights).filter(([key]) => key.startsWith(`${name}.`));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value]));
}

// ---------------------------------------------------------------- layers

// Planes of numbers that begin at the bias of their channel.
function planes(outputs, rows, columns, b) {
  const y = zeros(outputs, rows, columns);
  if (b) b.data.forEach((v, o) => y.data.fill(v, o * rows * columns, (o + 1) * rows * columns));
  return y;
}

// The image [C, H, W] with a frame of zeros.
function padded(x, padding) {
  if (padding === 0) return x;
  const [channels, height, width] = x.shape;
  const y = zeros(channels, height + 2 * padding, width + 2 * padding), [, rows, columns] = y.shape;
  for (let c = 0; c < channels; c++) {
    for (let r = 0; r < height; r++) {
      const line = (c * height + r) * width;
      y.data.set(x.data.subarray(line, line + width),
        (c * rows + r + padding) * columns + padding);
    }
  }
  return y;
}

// The windows of `count` rows of a convolution's output, one under the other: x [C, H, W] is
// padded already, a window is [C, kh, kw].
function windowsOf({ shape: [channels, height, width], data }, [kh, kw], stride, first, count) {
  const columns = Math.floor((width - kw) / stride) + 1, size = channels * kh * kw;
  const windows = new Float64Array(count * columns * size);
  for (let r = 0; r < count; r++) {
    let k = r * columns * size; // where the first window has this number
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < kh; i++) {
        const line = (c * height + (first + r) * stride + i) * width;
        for (let j = 0; j < kw; j++, k++) {
          for (let q = 0, to = k, from = line + j; q < columns; q++, to += size, from += stride) {
            windows[to] = data[from];
          }
        }
      }
    }
  }
  return windows;
}

// torch.nn.functional.conv2d: x [C, H, W], w [O, C, kh, kw], b [O] or none. It is a product of
// windows and kernels, done for so many rows at once as a processor's cache holds.
export function conv2d(x, w, b, { stride = 1, padding = 0 } = {}) {
  const [outputs, channels, kh, kw] = w.shape, size = channels * kh * kw;
  const whole = padded(x, padding), [, height, width] = whole.shape;
  const rows = Math.floor((height - kh) / stride) + 1;
  const columns = Math.floor((width - kw) / stride) + 1;
  const y = planes(outputs, rows, columns, b), most = Math.ceil(CACHED / (columns * size));
  for (let r = 0; r < rows; r += most) {
    const count = Math.min(most, rows - r);
    const windows = windowsOf(whole, [kh, kw], stride, r, count);
    multiply(w.data, outputs, windows, count * columns, size,
      y.data, r * columns, rows * columns, 1);
  }
  return y;
}

// Calls back for each number of a [A, B, kh, kw] kernel: its value and its four indices.
function eachWeight({ shape: [, B, kh, kw], data }, visit) {
  for (let n = 0; n < data.length; n++) {
    const j = n % kw, i = Math.floor(n / kw) % kh, b = Math.floor(n / (kw * kh)) % B;
    visit(data[n], Math.floor(n / (kw * kh * B)), b, i, j);
  }
}

// torch.nn.functional.conv_transpose2d: x [C, H, W], w [C, O, kh, kw].
export function convTranspose2d(x, w, b, { stride = 1, padding = 0, output_padding = 0 } = {}) {
  const [, height, width] = x.shape, [, outputs, kh, kw] = w.shape;
  const size = (n, k) => (n - 1) * stride - 2 * padding + k + output_padding;
  const rows = size(height, kh), columns = size(width, kw);
  const y = planes(outputs, rows, columns, b);
  eachWeight(w, (weight, c, o, i, j) => {
    for (let r = 0; r < height; r++) {
      const to = r * stride + i - padding;
      if (to < 0 || to >= rows) continue;
      const line = (o * rows + to) * columns, from = (c * height + r) * width;
      for (let q = 0; q < width; q++) {
        const at = q * stride + j - padding;
        if (at >= 0 && at < columns) y.data[line + at] += weight * x.data[from + q];
      }
    }
  });
  return y;
}

// Windows of k × k, reduced to one number each.
function pool(x, k, stride, reduce, begin) {
  const [channels, height, width] = x.shape;
  const rows = Math.floor((height - k) / stride) + 1, columns = Math.floor((width - k) / stride) + 1;
  const y = zeros(channels, rows, columns);
  for (let c = 0, n = 0; c < channels; c++) {
    for (let r = 0; r < rows; r++) {
      for (let q = 0; q < columns; q++, n++) {
        let value = begin;
        for (let i = 0; i < k; i++) {
          for (let j = 0; j < k; j++) {
            value = reduce(value, x.data[(c * height + r * stride + i) * width + q * stride + j]);
          }
        }
        y.data[n] = value;
      }
    }
  }
  return y;
}

export const maxPool2d = (x, k, stride = k) => pool(x, k, stride, Math.max, -Infinity);
export const avgPool2d = (x, k, stride = k) =>
  map(pool(x, k, stride, (sum, v) => sum + v, 0), (v) => v / (k * k));

// torch.nn.functional.linear on the last axis: x [..., I], w [O, I], b [O] or none.
export function linear(x, w, b) {
  const [outputs, inputs] = w.shape, rows = x.data.length / inputs;
  const y = zeros(...x.shape.slice(0, -1), outputs);
  if (b) for (let r = 0; r < rows; r++) y.data.set(b.data, r * outputs);
  multiply(x.data, rows, w.data, outputs, inputs, y.data, 0, outputs, 1);
  return y;
}

// One factor and one summand for each channel: x [C, ...], gain and shift [C].
export function film(x, gain, shift) {
  const size = x.data.length / x.shape[0], y = { shape: x.shape, data: x.data.slice() };
  for (let c = 0; c < x.shape[0]; c++) {
    const factor = gain.data[c], summand = shift.data[c];
    for (let n = c * size; n < (c + 1) * size; n++) y.data[n] = factor * y.data[n] + summand;
  }
  return y;
}

// Batch normalisation in evaluation mode: x [C, ...], all weights [C].
export function batchNorm2d(x, { weight, bias, running_mean, running_var, eps = 1e-5 }) {
  const gain = map(weight, (v, c) => v / Math.sqrt(running_var.data[c] + eps));
  return film(x, gain, map(bias, (v, c) => v - running_mean.data[c] * gain.data[c]));
}

// Groups of channels share mean and variance: x [C, ...], weight and bias [C]. One group is
// layer normalisation of an image.
export const groupNorm = (x, groups, weight, bias, eps = 1e-5) =>
  film(standardised(x, x.data.length / groups, eps), weight, bias);

// torch.nn.functional.layer_norm over the last axis: x [..., d], weight and bias [d].
export function layerNorm(x, weight, bias, eps = 1e-5) {
  const d = x.shape.at(-1), y = standardised(x, d, eps);
  for (let n = 0; n < y.data.length; n++) {
    y.data[n] = y.data[n] * weight.data[n % d] + bias.data[n % d];
  }
  return y;
}

// Each run of `size` numbers with mean 0 and variance 1.
function standardised(x, size, eps) {
  const y = { shape: x.shape, data: x.data.slice() };
  for (let from = 0; from < y.data.length; from += size) {
    const run = y.data.subarray(from, from + size);
    let sum = 0, squares = 0;
    for (let i = 0; i < size; i++) sum += run[i];
    for (let i = 0; i < size; i++) squares += (run[i] -= sum / size) ** 2;
    const scale = 1 / Math.sqrt(squares / size + eps);
    for (let i = 0; i < size; i++) run[i] *= scale;
  }
  return y;
}

// Nearest neighbour: every pixel becomes a square of `scale` × `scale`.
export function upsample(x, scale) {
  const [channels, height, width] = x.shape, y = zeros(channels, height * scale, width * scale);
  const columns = width * scale, rows = height * scale;
  for (let n = 0; n < y.data.length; n++) {
    const c = Math.floor(n / (rows * columns)), r = Math.floor(n / columns) % rows;
    const from = (c * height + Math.floor(r / scale)) * width;
    y.data[n] = x.data[from + Math.floor((n % columns) / scale)];
  }
  return y;
}

// Between which two of n numbers the k-th of n · scale lies, and how near to the second.
function between(k, n, scale) {
  const place = Math.max((k + 0.5) / scale - 0.5, 0), low = Math.floor(place);
  return { low, high: Math.min(low + 1, n - 1), share: place - low };
}

// torch.nn.functional.interpolate(mode="bilinear", align_corners=False): x [C, H, W].
export function upsampleBilinear(x, scale) {
  const [channels, height, width] = x.shape, y = zeros(channels, height * scale, width * scale);
  const columns = Array.from({ length: width * scale }, (_, k) => between(k, width, scale));
  let n = 0;
  for (let c = 0; c < channels; c++) {
    for (let r = 0; r < height * scale; r++) {
      const { low, high, share } = between(r, height, scale);
      const top = (c * height + low) * width, bottom = (c * height + high) * width;
      for (const q of columns) {
        const above = x.data[top + q.low] * (1 - q.share) + x.data[top + q.high] * q.share;
        const below = x.data[bottom + q.low] * (1 - q.share) + x.data[bottom + q.high] * q.share;
        y.data[n++] = above * (1 - share) + below * share;
      }
    }
  }
  return y;
}

// ---------------------------------------------------------------- activations

export const map = (x, f) => ({ shape: x.shape, data: x.data.map(f) });
export const relu = (x) => map(x, (v) => Math.max(0, v));
export const leakyRelu = (x, slope = 0.01) => map(x, (v) => (v > 0 ? v : slope * v));
export const sigmoid = (x) => map(x, (v) => 1 / (1 + Math.exp(-v)));
export const tanh = (x) => map(x, Math.tanh);
export const silu = (x) => map(x, (v) => v / (1 + Math.exp(-v)));
export const gelu = (x) => map(x, (v) => 0.5 * v * (1 + erf(v / Math.SQRT2)));

// Over the last axis.
export function softmax(x) {
  const size = x.shape.at(-1), y = { shape: x.shape, data: x.data.slice() };
  for (let from = 0; from < y.data.length; from += size) {
    const row = y.data.subarray(from, from + size);
    let most = -Infinity, total = 0;
    for (let i = 0; i < size; i++) most = Math.max(most, row[i]);
    for (let i = 0; i < size; i++) total += row[i] = Math.exp(row[i] - most);
    for (let i = 0; i < size; i++) row[i] /= total;
  }
  return y;
}

// ---------------------------------------------------------------- networks

const LAYERS = {
  Conv2d: (x, { weight, bias }, options) => conv2d(x, weight, bias, options),
  ConvTranspose2d: (x, { weight, bias }, options) => convTranspose2d(x, weight, bias, options),
  Linear: (x, { weight, bias }) => linear(x, weight, bias),
  BatchNorm2d: (x, weights, { eps }) => batchNorm2d(x, { ...weights, eps }),
  GroupNorm: (x, { weight, bias }, { groups, eps }) => groupNorm(x, groups, weight, bias, eps),
  LayerNorm: (x, { weight, bias }, { eps }) => layerNorm(x, weight, bias, eps),
  MaxPool2d: (x, _, { kernel, stride }) => maxPool2d(x, kernel, stride),
  AvgPool2d: (x, _, { kernel, stride }) => avgPool2d(x, kernel, stride),
  Upsample: (x, _, { scale, mode }) =>
    (mode === "bilinear" ? upsampleBilinear : upsample)(x, scale),
  Flatten: (x) => ({ shape: [x.data.length], data: x.data }),
  Unflatten: (x, _, { shape }) => ({ shape, data: x.data }),
  ReLU: relu, LeakyReLU: (x, _, { slope }) => leakyRelu(x, slope),
  Sigmoid: sigmoid, Tanh: tanh, SiLU: silu, GELU: gelu, Softmax: softmax,
};

// The output of every layer, the last one's last: what network.py packed, run on one image.
export function run(layers, weights, x) {
  const outputs = [];
  for (const { kind, name, options } of layers) {
    const own = {};
    for (const key of ["weight", "bias", "running_mean", "running_var"]) {
      own[key] = weights[`${name}.${key}`];
    }
    x = LAYERS[kind](x, own, options);
    outputs.push(x);
  }
  return outputs;
}
