// The caption networks of chapters 6 and 7, as course_utils.reference has them: encoders of
// images, decoders of words, searches. Weights are named as there; images are [3, 64, 64], 0 to 1.

import { add, concat, embed, gruCell, part } from "./blocks.js";
import { batchNorm2d, conv2d, layerNorm, linear, map, relu, softmax, tanh, under, zeros } from "./nn.js";
import { topK } from "./sampling.js";
import { decoderBlock, transformerBlock } from "./transformer.js";

// Numbers of words.
export const START = 1;
export const END = 2;
const VIT_EPSILON = 1e-6;

// ---------------------------------------------------------------- encoders

// [C, h, w] to one row a place: [h w, C].
function places({ shape: [channels, height, width], data }) {
  const size = height * width, z = zeros(size, channels);
  for (let n = 0; n < data.length; n++) z.data[(n % size) * channels + Math.floor(n / size)] = data[n];
  return z;
}

// Two convolutions and a shortcut that halve the grid.
function residual(x, weights) {
  const norm = (y, name) => batchNorm2d(y, under(weights, name));
  const conv = (y, name, stride, padding) => conv2d(y, weights[`${name}.weight`], null, { stride, padding });
  const inner = relu(norm(conv(x, "conv1", 2, 1), "bn1"));
  const short = norm(conv(x, "downsample.0", 2, 0), "downsample.1");
  return relu(add(norm(conv(inner, "conv2", 1, 1), "bn2"), short));
}

function cnn(image, weights) {
  let x = conv2d(image, weights["conv1.weight"], null, { stride: 2, padding: 2 });
  x = relu(batchNorm2d(x, under(weights, "bn1")));
  for (const layer of ["layer1", "layer2"]) x = residual(x, under(weights, layer));
  return places(x);
}

// A vision transformer without a class token. order: which patch lies at each place; positions:
// false leaves the codes of the places out. Returns, for each layer, the weights [heads, 64, 64]
// and the tokens as they would go to the decoder [64, d]: first those before any layer, then those
// behind each; the last are the memory z.
export function vit(image, weights, { heads, order = null, positions = true }) {
  const kernel = weights["patches.proj.weight"];
  const cut = places(conv2d(image, kernel, weights["patches.proj.bias"], { stride: kernel.shape[2] }));
  let x = order ? embed(cut, order) : cut;
  const codes = weights.positions;
  if (positions && codes) x = add(x, { shape: x.shape, data: codes.data });
  const normed = (y) => layerNorm(y, weights["norm.weight"], weights["norm.bias"], VIT_EPSILON);
  const looks = [], tokens = [normed(x)];
  for (let n = 0; `layers.${n}.norm1.weight` in weights; n++) {
    const layer = transformerBlock(x, under(weights, `layers.${n}`), { heads, eps: VIT_EPSILON });
    x = layer.x;
    looks.push(layer.shares);
    tokens.push(normed(x));
  }
  return { z: tokens.at(-1), looks, tokens };
}

// The memory of an image that the decoder looks at, [64, C], by the weights of an encoder.
export function encode(image, weights, heads) {
  const x = map(image, (v) => 2 * v - 1);
  return "conv1.weight" in weights ? cnn(x, weights) : vit(x, weights, { heads }).z;
}

// ---------------------------------------------------------------- decoders
// A decoder has start(memory) -> state and step(word, state) -> { logits, looks, state }. A state
// is never changed, so a sentence may go on from it in several ways. looks: what each head gives
// to the places, 64 shares each; there are none where nothing is looked at.

// softmax(vᵀ tanh(W_m m + W_h h)) over the memory: Bahdanau's attention.
function additive(h, { keys }, weights) {
  const query = linear(h, weights["attention.query.weight"]).data;
  const sums = map(keys, (v, n) => Math.tanh(v + query[n % query.length]));
  return softmax({ shape: [1, keys.shape[0]], data: linear(sums, weights["attention.score.weight"]).data });
}

// shares [1, S] of rows [S, C]: [1, C].
function mean(shares, { shape: [S, C], data }) {
  const y = zeros(1, C);
  for (let s = 0; s < S; s++) for (let c = 0; c < C; c++) y.data[c] += shares.data[s] * data[s * C + c];
  return y;
}

const joined = (...rows) => {
  const data = concat(...rows.map((r) => ({ shape: [r.data.length], data: r.data }))).data;
  return { shape: [1, data.length], data };
};
const applied = (x, weights, name) => linear(x, weights[`${name}.weight`], weights[`${name}.bias`]);
const normed = (x, weights, name) => layerNorm(x, weights[`${name}.weight`], weights[`${name}.bias`]);

// [S, C] summed over its rows: [1, C].
function overPlaces({ shape: [S, C], data }) {
  const total = zeros(1, C);
  for (let n = 0; n < S * C; n++) total.data[n % C] += data[n];
  return total;
}

function gru(weights) {
  const attends = "attention.score.weight" in weights, cell = under(weights, "cell");
  return {
    names: attends ? ["attention"] : [],
    start(memory) {
      const z = add(normed(memory, weights, "norm"), weights.places);
      const seen = normed(overPlaces(relu(applied(z, weights, "what"))), weights, "sum_norm");
      const h = tanh(applied(seen, weights, "first"));
      return attends ? { h, z, keys: applied(z, weights, "attention.memory") } : { h, c: h };
    },
    step(word, state) {
      const shares = attends ? additive(state.h, state, weights) : null;
      const c = attends ? mean(shares, state.z) : state.c;
      const h = gruCell(joined(embed(weights["words.weight"], [word]), c), state.h, cell);
      const told = tanh(applied(attends ? joined(h, c) : h, weights, "mix"));
      const looks = attends ? [Array.from(shares.data)] : [];
      return { logits: applied(told, weights, "output").data, looks, state: { ...state, h } };
    },
  };
}

// The sum over the places that is added to each word: [1, d].
function summed(z, weights) {
  const total = overPlaces(relu(applied(z, weights, "what")));
  return applied({ ...total, data: total.data.map((v) => v / 4) }, weights, "count");
}

function transformer(weights, heads) {
  const layers = [];
  while (`layers.${layers.length}.norm1.weight` in weights) layers.push(under(weights, `layers.${layers.length}`));
  const each = Array.from({ length: heads }, (_, h) => h + 1);
  return {
    names: layers.flatMap((_, n) => each.map((h) => `layer ${n + 1}, head ${h}`)),
    start(memory) {
      const z = normed(memory, weights, "memory_norm");
      const seen = add(applied(z, weights, "memory"), weights.memory_places);
      const more = "what.weight" in weights ? summed(z, weights) : null;
      return { t: 0, caches: layers.map(() => ({})), seen, more };
    },
    step(word, { t, caches, seen, more }) {
      let x = add(embed(weights["words.weight"], [word]), part(weights.places, t, 1));
      if (more) x = add(x, more);
      const looks = [], next = caches.map((cache) => ({ ...cache })); // the blocks add to them
      layers.forEach((layer, n) => {
        const { x: y, shares } = decoderBlock(x, seen, layer, { heads, cache: next[n] });
        for (let h = 0; h < heads; h++) looks.push(Array.from(part(shares, h, 1).data));
        x = y;
      });
      const { data } = applied(normed(x, weights, "norm"), weights, "output");
      return { logits: data, looks, state: { t: t + 1, caches: next, seen, more } };
    },
  };
}

// Of its weights alone.
export const decoderOf = (weights, heads) =>
  ("cell.weight_ih" in weights ? gru(weights) : transformer(weights, heads));

// ---------------------------------------------------------------- searches

export function logSoftmax(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const total = logits.reduce((sum, v) => sum + Math.exp(v - most), 0);
  return logits.map((v) => v - most - Math.log(total));
}

// A sentence of at most `length` words: those that are given, then whatever `choose(logits, n)`
// takes, up to the end word. Each word with the log p of all that could have stood there, and
// with what the decoder looked at.
export function write(decoder, memory, { given = [], choose, length }) {
  const said = [];
  let state = decoder.start(memory), before = START;
  while (said.length < length && before !== END) {
    const { logits, looks, state: next } = decoder.step(before, state), n = said.length;
    const word = n < given.length ? given[n] : choose(logits, n);
    said.push({ word, logs: logSoftmax(logits), looks });
    [state, before] = [next, word];
  }
  return said;
}

export const greedily = (logits) => topK(logits, 1)[0];

export const scoreOf = (said) => said.reduce((sum, { word, logs }) => sum + logs[word], 0);

// The hypothesis that holds the given words alone.
function opened(decoder, memory, given) {
  let state = decoder.start(memory), before = START, score = 0;
  const said = [];
  for (const word of given) {
    const { logits, looks, state: next } = decoder.step(before, state), logs = logSoftmax(logits);
    said.push({ word, logs, looks });
    score += logs[word];
    [state, before] = [next, word];
  }
  return { state, before, score, said };
}

// Each hypothesis one word further: the decoder's step and log p of all words.
const stepped = (decoder, beams) => beams.map(({ before, state }) => {
  const { logits, looks, state: next } = decoder.step(before, state);
  return { looks, state: next, logs: logSoftmax(logits) };
});

// The likeliest sentence that a beam of `width` finds, as reference.captioning.beam_search does:
// { said, score, levels }, said as `write` gives it. A level has the hypotheses that go on,
// { word, parent, score }, the likeliest first, and the one that ended there, if it would stand
// among them.
export function beamSearch(decoder, memory, { width, length, given = [] }) {
  let beams = [opened(decoder, memory, given)], best = { said: [], score: -Infinity };
  const levels = [];
  if (given.at(-1) === END) return { ...beams[0], levels };
  for (let t = given.length; t < length; t++) {
    const steps = stepped(decoder, beams), size = steps[0].logs.length;
    const total = steps.flatMap(({ logs }, b) => Array.from(logs, (v) => beams[b].score + v));
    const longer = (parent, word, score) => {
      const { logs, looks, state } = steps[parent];
      return { state, before: word, score, said: [...beams[parent].said, { word, logs, looks }] };
    };
    const ends = beams.map((_, b) => total[b * size + END]), [which] = topK(ends, 1);
    const level = { running: [], ended: null };
    if (ends[which] >= total[topK(total, width)[width - 1]]) {
      level.ended = { word: END, parent: which, score: ends[which] };
      if (ends[which] > best.score) best = longer(which, END, ends[which]);
    }
    beams.forEach((_, b) => { total[b * size + END] = -Infinity; });
    beams = topK(total, width).map((at) => {
      const parent = Math.floor(at / size), word = at % size, score = total[at];
      level.running.push({ word, parent, score });
      return longer(parent, word, score);
    });
    levels.push(level);
    if (best.score >= beams[0].score) break;
  }
  const { said, score } = best.score >= beams[0].score ? best : beams[0];
  return { said, score, levels };
}
