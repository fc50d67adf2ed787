// Parts of the networks that a chain of layers cannot express: U-Nets, recurrent networks,
// code books. Weights are named as torch names them, tensors are those of nn.js.

import { conv2d, film, groupNorm, linear, silu, zeros } from "./nn.js";

// ---------------------------------------------------------------- tensors

// A residual connection: two tensors of one shape.
export const add = (x, y) => ({ shape: x.shape, data: x.data.map((v, n) => v + y.data[n]) });

// One after the other along the first axis: channels [C, H, W] of a skip, rows [T, d] of tokens.
export function concat(...parts) {
  const y = zeros(parts.reduce((sum, x) => sum + x.shape[0], 0), ...parts[0].shape.slice(1));
  let from = 0;
  for (const { data } of parts) {
    y.data.set(data, from);
    from += data.length;
  }
  return y;
}

// `count` entries of the first axis, from `first` on: a view, not a copy.
export function part({ shape: [length, ...rest], data }, first, count) {
  const size = data.length / length;
  return { shape: [count, ...rest], data: data.subarray(first * size, (first + count) * size) };
}

// ---------------------------------------------------------------- codes

// Rows of a table [n, d] by their numbers: [ids.length, d].
export const embed = (table, ids) => concat(...ids.map((id) => part(table, id, 1)));

// For each row of x [n, d] the number of the nearest of the codes [k, d]; the first of equals.
export function nearestCode(x, codes) {
  const [n, d] = x.shape, ids = new Array(n).fill(0);
  for (let r = 0; r < n; r++) {
    let least = Infinity;
    for (let c = 0; c < codes.shape[0]; c++) {
      let distance = 0;
      for (let i = 0; i < d; i++) distance += (x.data[r * d + i] - codes.data[c * d + i]) ** 2;
      if (distance < least) [least, ids[r]] = [distance, c];
    }
  }
  return ids;
}

// Sines of the time at d / 2 frequencies from 1 down to 1 / 10000, then the cosines: [1, d].
export function timeEmbedding(time, d) {
  const y = zeros(1, d), half = d / 2;
  for (let i = 0; i < half; i++) {
    const angle = time * 10000 ** (-i / half);
    y.data[i] = Math.sin(angle);
    y.data[half + i] = Math.cos(angle);
  }
  return y;
}

// ---------------------------------------------------------------- blocks

// torch.nn.GRUCell: x [B, I], h [B, H] -> the next h; weight_ih [3H, I], weight_hh [3H, H], in
// the order reset, update, new. The reset gate acts on the product with its bias.
export function gruCell(x, h, { weight_ih, weight_hh, bias_ih, bias_hh }) {
  const [batch, size] = h.shape, y = zeros(batch, size);
  const fromX = linear(x, weight_ih, bias_ih).data, fromH = linear(h, weight_hh, bias_hh).data;
  const gate = (v) => 1 / (1 + Math.exp(-v));
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < size; i++) {
      const at = 3 * n * size + i, old = h.data[n * size + i];
      const reset = gate(fromX[at] + fromH[at]);
      const update = gate(fromX[at + size] + fromH[at + size]);
      const fresh = Math.tanh(fromX[at + 2 * size] + reset * fromH[at + 2 * size]);
      y.data[n * size + i] = (1 - update) * fresh + update * old;
    }
  }
  return y;
}

// The block of a diffusion U-Net: x [C, H, W] -> [O, H, W]. norm1, conv1, norm2, conv2 are 3 × 3
// convolutions behind group norm and SiLU; `time` maps an embedding [1, E] to gain - 1 and shift
// of the second norm [2 O]; `skip` is a 1 × 1 convolution where O is not C. Without `time` or
// `skip` among the weights that step is left out.
export function resBlock(x, weights, { groups, embedding, eps = 1e-5 }) {
  const conv = (z, name, padding) =>
    conv2d(z, weights[`${name}.weight`], weights[`${name}.bias`], { padding });
  const norm = (z, name) =>
    groupNorm(z, groups, weights[`${name}.weight`], weights[`${name}.bias`], eps);
  let y = norm(conv(silu(norm(x, "norm1")), "conv1", 1), "norm2");
  if (weights["time.weight"]) {
    const { data } = linear(silu(embedding), weights["time.weight"], weights["time.bias"]);
    const gain = data.subarray(0, y.shape[0]).map((v) => 1 + v);
    y = film(y, { data: gain }, { data: data.subarray(y.shape[0]) });
  }
  return add(weights["skip.weight"] ? conv(x, "skip", 0) : x, conv(silu(y), "conv2", 1));
}
