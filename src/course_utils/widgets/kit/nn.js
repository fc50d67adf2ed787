// Runs small trained networks in the page: forward passes of torch's layers on plain arrays.
// A tensor is { shape, data }: one picture, no batch, e.g. [C, H, W]. Weights arrive in
// float16; sums are taken in double precision. base.py puts this text in front of a widget
// that imports it.

export const tensor = (shape, data) => ({ shape, data: Float64Array.from(data) });
const zeros = (...shape) => ({ shape, data: new Float64Array(shape.reduce((a, b) => a * b, 1)) });

// ---------------------------------------------------------------- weights

// IEEE 754 half precision: 1 sign, 5 exponent and 10 fraction bits.
export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
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

// ---------------------------------------------------------------- layers

// Planes of numbers that begin at the bias of their channel.
function planes(outputs, rows, columns, b) {
  const y = zeros(outputs, rows, columns);
  if (b) b.data.forEach((v, o) => y.data.fill(v, o * rows * columns, (o + 1) * rows * columns));
  return y;
}

// Calls back for each number of a [a, b, kh, kw] kernel: its value and its four indices.
function eachWeight({ shape: [A, B, kh, kw], data }, visit) {
  for (let n = 0; n < data.length; n++) {
    const j = n % kw, i = Math.floor(n / kw) % kh, b = Math.floor(n / (kw * kh)) % B;
    visit(data[n], Math.floor(n / (kw * kh * B)), b, i, j);
  }
}

// torch.nn.functional.conv2d; w is [O, C, kh, kw].
export function conv2d(x, w, b, { stride = 1, padding = 0 } = {}) {
  const [, height, width] = x.shape, [outputs, , kh, kw] = w.shape;
  const rows = Math.floor((height + 2 * padding - kh) / stride) + 1;
  const columns = Math.floor((width + 2 * padding - kw) / stride) + 1;
  const y = planes(outputs, rows, columns, b);
  eachWeight(w, (weight, o, c, i, j) => {
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

// torch.nn.functional.conv_transpose2d; w is [C, O, kh, kw].
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

// torch.nn.functional.linear on the last axis; w is [O, I].
export function linear(x, w, b) {
  const [outputs, inputs] = w.shape, rows = x.data.length / inputs;
  const y = zeros(...x.shape.slice(0, -1), outputs);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      let sum = b ? b.data[o] : 0;
      for (let i = 0; i < inputs; i++) sum += w.data[o * inputs + i] * x.data[r * inputs + i];
      y.data[r * outputs + o] = sum;
    }
  }
  return y;
}

// Batch normalisation in evaluation mode: one scale and shift a channel.
export function batchNorm2d(x, { weight, bias, running_mean, running_var, eps = 1e-5 }) {
  const size = x.data.length / x.shape[0];
  return { shape: x.shape, data: x.data.map((v, n) => {
    const c = Math.floor(n / size);
    const scale = weight.data[c] / Math.sqrt(running_var.data[c] + eps);
    return (v - running_mean.data[c]) * scale + bias.data[c];
  }) };
}

// Groups of channels share mean and variance; one group is layer normalisation of a picture.
export function groupNorm(x, groups, weight, bias, eps = 1e-5) {
  const channels = x.shape[0], size = x.data.length / channels, part = x.data.length / groups;
  const y = { shape: x.shape, data: new Float64Array(x.data.length) };
  for (let g = 0; g < groups; g++) {
    const piece = x.data.subarray(g * part, (g + 1) * part);
    const normal = standardised(piece, eps);
    for (let i = 0; i < part; i++) {
      const c = Math.floor((g * part + i) / size);
      y.data[g * part + i] = normal[i] * weight.data[c] + bias.data[c];
    }
  }
  return y;
}

// torch.nn.functional.layer_norm over the last axis.
export function layerNorm(x, weight, bias, eps = 1e-5) {
  const n = x.shape.at(-1), y = { shape: x.shape, data: new Float64Array(x.data.length) };
  for (let from = 0; from < x.data.length; from += n) {
    const normal = standardised(x.data.subarray(from, from + n), eps);
    normal.forEach((v, i) => { y.data[from + i] = v * weight.data[i] + bias.data[i]; });
  }
  return y;
}

function standardised(values, eps) {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  return values.map((v) => (v - mean) / Math.sqrt(variance + eps));
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

// Scaled dot-product attention of one head: softmax(q kᵀ / √d) v; q is [T, d], k and v [S, d].
export function attention(q, k, v, { causal = false } = {}) {
  const [T, d] = q.shape, S = k.shape[0], e = v.shape[1], y = zeros(T, e);
  for (let t = 0; t < T; t++) {
    const scores = Array.from({ length: S }, (_, s) => {
      if (causal && s > t) return -Infinity;
      let sum = 0;
      for (let i = 0; i < d; i++) sum += q.data[t * d + i] * k.data[s * d + i];
      return sum / Math.sqrt(d);
    });
    softmax({ shape: [S], data: Float64Array.from(scores) }).data.forEach((p, s) => {
      for (let i = 0; i < e; i++) y.data[t * e + i] += p * v.data[s * e + i];
    });
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

// Abramowitz and Stegun 7.1.26: within 1.5e-7.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const poly = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t
    + 0.254829592) * t;
  return Math.sign(x) * (1 - poly * Math.exp(-x * x));
}

// Over the last axis.
export function softmax(x) {
  const n = x.shape.at(-1), y = { shape: x.shape, data: new Float64Array(x.data.length) };
  for (let from = 0; from < x.data.length; from += n) {
    const row = x.data.subarray(from, from + n), most = row.reduce((a, b) => Math.max(a, b));
    const powers = row.map((v) => Math.exp(v - most));
    const total = powers.reduce((sum, v) => sum + v, 0);
    powers.forEach((v, i) => { y.data[from + i] = v / total; });
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
  Upsample: (x, _, { scale }) => upsample(x, scale),
  Flatten: (x) => ({ shape: [x.data.length], data: x.data }),
  Unflatten: (x, _, { shape }) => ({ shape, data: x.data }),
  ReLU: relu, LeakyReLU: (x, _, { slope }) => leakyRelu(x, slope),
  Sigmoid: sigmoid, Tanh: tanh, SiLU: silu, GELU: gelu, Softmax: softmax,
};

// The output of every layer, the last one's last: what network.py packed, run on one picture.
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
