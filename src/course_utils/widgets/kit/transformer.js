// Transformers: attention with several heads, masks and weights to look at, and the two blocks
// of torch with a cache of keys and values. Weights are named as torch names them; tokens are
// the rows of a tensor [T, d].

import { multiply } from "./matrix.js";
import { gelu, layerNorm, linear, softmax, under, zeros } from "./nn.js";
import { add, concat, part } from "./blocks.js";

// ---------------------------------------------------------------- attention

const cuts = new WeakMap(); // what was cut from a tensor: the memory's keys stay from word to word

function columns(x, first, count, turned = false) {
  if (!cuts.has(x)) cuts.set(x, new Map());
  const own = cuts.get(x), key = `${first} ${count} ${turned}`;
  if (!own.has(key)) own.set(key, cut(x, first, count, turned));
  return own.get(key);
}

// Columns first … first + count of x [T, d] as a [T, count] or, turned, as a [count, T].
function cut({ shape: [T, d], data }, first, count, turned) {
  const y = new Float64Array(T * count);
  for (let t = 0; t < T; t++) {
    for (let i = 0; i < count; i++) y[turned ? i * T + t : t * count + i] = data[t * d + first + i];
  }
  return y;
}

// softmax(q kᵀ / √(d / heads)) v, head by head: q [T, d], k [S, d], v [S, e]. Returns
// { y [T, e], weights [heads, T, S] }. causal: the queries are the last T of S places, and each
// sees itself and what stands before. padding: for each of S keys whether nobody may see it.
export function attention(q, k, v, { heads = 1, causal = false, padding = [] } = {}) {
  const [T, d] = q.shape, [S, e] = v.shape, own = d / heads, out = e / heads;
  const y = zeros(T, e), scores = zeros(heads, T, S), scale = 1 / Math.sqrt(own);
  for (let h = 0; h < heads; h++) {
    const queries = columns(q, h * own, own), keys = columns(k, h * own, own);
    multiply(queries, T, keys, S, own, scores.data, h * T * S, S, 1);
  }
  for (let n = 0; n < scores.data.length; n++) {
    const s = n % S, t = Math.floor(n / S) % T;
    const hidden = padding[s] || (causal && s > t + S - T);
    scores.data[n] = hidden ? -Infinity : scale * scores.data[n];
  }
  const weights = softmax(scores);
  for (let h = 0; h < heads; h++) {
    const shares = part(weights, h, 1).data, values = columns(v, h * out, out, true);
    multiply(shares, T, values, out, S, y.data, h * out, e, 1);
  }
  return { y, weights };
}

// Keys and values of tokens for torch.nn.MultiheadAttention; in_proj holds q, k and v.
function keysAndValues(x, weights) {
  const d = x.shape[1], { in_proj_weight, in_proj_bias } = weights;
  const [k, v] = [d, 2 * d].map((first) =>
    linear(x, part(in_proj_weight, first, d), part(in_proj_bias, first, d)));
  return { k, v };
}

// torch.nn.MultiheadAttention from tokens x [T, d] to keys and values that are there already.
function attend(x, { k, v }, weights, options) {
  const d = x.shape[1], { in_proj_weight, in_proj_bias } = weights;
  const q = linear(x, part(in_proj_weight, 0, d), part(in_proj_bias, 0, d));
  const { y, weights: shares } = attention(q, k, v, options);
  return { y: linear(y, weights["out_proj.weight"], weights["out_proj.bias"]), shares };
}

// torch.nn.MultiheadAttention: x [T, d] asks memory [S, d]. Returns { y, shares [heads, T, S] }.
export const multiHeadAttention = (x, memory, weights, options) =>
  attend(x, keysAndValues(memory, weights), weights, options);

// ---------------------------------------------------------------- blocks

const normed = (x, weights, name, eps) =>
  layerNorm(x, weights[`${name}.weight`], weights[`${name}.bias`], eps);

// Self-attention behind `norm1`. What the tokens before left in the cache is seen, too, and
// theirs is left for those that follow.
function lookBack(x, weights, { cache = {}, eps, ...options }) {
  const own = under(weights, "self_attn"), z = normed(x, weights, "norm1", eps);
  const { k, v } = keysAndValues(z, own);
  cache.k = cache.k ? concat(cache.k, k) : k;
  cache.v = cache.v ? concat(cache.v, v) : v;
  return attend(z, cache, own, options);
}

function feedForward(x, weights, norm, activation, eps) {
  const { "linear1.weight": w1, "linear1.bias": b1 } = weights;
  const { "linear2.weight": w2, "linear2.bias": b2 } = weights;
  return linear(activation(linear(normed(x, weights, norm, eps), w1, b1)), w2, b2);
}

// torch.nn.TransformerEncoderLayer(norm_first=True), in evaluation: x [T, d]. With `causal` and
// a cache, an object that starts empty and is the layer's own, tokens may come one by one; so
// it is also the block of a model without an encoder. padding speaks of all keys, also those in
// the cache. eps is that of the layer norms. Returns { x [T, d], shares [heads, T, S] }.
export function transformerBlock(x, weights, { activation = gelu, ...options }) {
  const { y, shares } = lookBack(x, weights, options);
  const z = add(x, y);
  return { x: add(z, feedForward(z, weights, "norm2", activation, options.eps)), shares };
}

// torch.nn.TransformerDecoderLayer(norm_first=True), in evaluation: tokens x [T, d] see those
// before them and all of memory [S, d] but its `padding`. The cache keeps memory's keys, too.
// Returns { x [T, d], shares [heads, T, S] of memory, own [heads, T, all tokens] }.
export function decoderBlock(x, memory, weights, options) {
  const { heads, padding, cache = {}, activation = gelu } = options;
  const cross = under(weights, "multihead_attn");
  const { y, shares: own } = lookBack(x, weights, { heads, cache, causal: true });
  let z = add(x, y);
  cache.memory ??= keysAndValues(memory, cross);
  const seen = attend(normed(z, weights, "norm2"), cache.memory, cross, { heads, padding });
  z = add(z, seen.y);
  return { x: add(z, feedForward(z, weights, "norm3", activation)), shares: seen.shares, own };
}
