// Layers and small networks of the size that pages run, with plain loops and with the kit, in
// one process and one after the other. benchmarks/kit.py runs this in node and in browsers.

import { add, concat } from "../src/course_utils/widgets/kit/blocks.js";
import { dice } from "../src/course_utils/widgets/kit/dice.js";
import {
  conv2d, gelu, groupNorm, layerNorm, linear, relu, silu, unpack, upsample, zeros,
} from "../src/course_utils/widgets/kit/nn.js";
import { attention } from "../src/course_utils/widgets/kit/transformer.js";
import { plain } from "./plain.js";

const WAYS = { plain, kit: { attention, conv2d, gelu, groupNorm, layerNorm, linear, unpack } };

// ---------------------------------------------------------------- weights

// One pass through a network. Its random tensors are made at the first pass and come again, in
// the order in which they are asked for; products are counted.
class Pass {
  constructor(way, tensors, seed) {
    Object.assign(this, { layers: WAYS[way], tensors, random: dice(seed), at: 0, products: 0 });
    this.weights = 0;
  }

  tensor(...shape) {
    const { at, tensors, random } = this;
    if (!tensors[at]) {
      tensors[at] = zeros(...shape);
      for (let n = 0; n < tensors[at].data.length; n++) tensors[at].data[n] = 0.2 * random() - 0.1;
    }
    this.at += 1;
    return tensors[at];
  }

  weight(...shape) {
    const tensor = this.tensor(...shape);
    this.weights += tensor.data.length;
    return tensor;
  }

  conv(x, outputs, { k = 3, stride = 1 } = {}) {
    const w = this.weight(outputs, x.shape[0], k, k), b = this.weight(outputs);
    const y = this.layers.conv2d(x, w, b, { stride, padding: k >> 1 });
    this.products += y.data.length * x.shape[0] * k * k;
    return y;
  }

  linear(x, outputs) {
    this.products += x.data.length * outputs;
    const w = this.weight(outputs, x.shape.at(-1));
    return this.layers.linear(x, w, this.weight(outputs));
  }

  normConv(x, outputs, stride = 1) {
    const y = this.conv(x, outputs, { stride });
    return silu(this.layers.groupNorm(y, 4, this.weight(outputs), this.weight(outputs)));
  }

  layerNorm(x) {
    return this.layers.layerNorm(x, this.weight(x.shape[1]), this.weight(x.shape[1]));
  }

  // A block of a transformer; `before` places stand in the cache.
  block(x, before = 0) {
    const d = x.shape[1], z = this.layerNorm(x);
    const [q, k, v] = [0, 1, 2].map(() => this.linear(z, d));
    const all = (y) => (before ? concat(this.tensor(before, d), y) : y);
    const { y } = this.layers.attention(q, all(k), all(v), { heads: 4 });
    this.products += 2 * d * x.shape[0] * (before + x.shape[0]);
    x = add(x, this.linear(y, d));
    return add(x, this.linear(this.layers.gelu(this.linear(this.layerNorm(x), 4 * d)), d));
  }
}

// ---------------------------------------------------------------- what is measured

const layer = (channels, outputs, side, options) => (p) =>
  p.conv(p.tensor(channels, side, side), outputs, options);
const rows = (count, inputs, outputs) => (p) => p.linear(p.tensor(count, inputs), outputs);
const heads = (tokens) => (p) => {
  p.products += 2 * tokens * tokens * 64;
  const [q, k, v] = [0, 1, 2].map(() => p.tensor(tokens, 64));
  return p.layers.attention(q, k, v, { heads: 4 }).y;
};

// Weights as they arrive: finite numbers of half precision.
const HALVES = Uint16Array.from({ length: 230000 }, (_, n) => (n * 40503) % 0x7c00);
const halves = ({ layers }) =>
  layers.unpack(new DataView(HALVES.buffer), { all: { shape: [HALVES.length], start: 0 } }).all;

const transformer = (tokens, blocks) => (p) => {
  let x = p.linear(p.tensor(tokens, 192), 64);
  for (let n = 0; n < blocks; n++) x = p.block(x);
  return x;
};

const unet = (channels, side, [a, b, c]) => (p) => {
  const top = p.normConv(p.conv(p.tensor(channels, side, side), a), a);
  const middle = p.normConv(p.normConv(top, b, 2), b);
  const deep = p.normConv(p.normConv(middle, c, 2), c);
  const up = p.normConv(concat(upsample(deep, 2), middle), b);
  return p.conv(p.normConv(concat(upsample(up, 2), top), a), channels);
};

// Convolutions with ReLU one after the other: "2" halves the sides before, "×" doubles them.
function chain(p, x, steps) {
  for (const [outputs, kind] of steps) {
    x = relu(p.conv(kind === "×" ? upsample(x, 2) : x, outputs, { stride: kind === "2" ? 2 : 1 }));
  }
  return x;
}

const image = (x, channels, side) => ({ shape: [channels, side, side], data: x.data });

export const THINGS = {
  "convolution 3 → 16, 96²": layer(3, 16, 96),
  "convolution 32 → 32, 32²": layer(32, 32, 32),
  "convolution 64 → 64, 16²": layer(64, 64, 16),
  "convolution 32 → 64, 48², stride 2": layer(32, 64, 48, { stride: 2 }),
  "convolution 48 → 28, 24², 1 × 1": layer(48, 28, 24, { k: 1 }),
  "linear 64 rows, 64 → 256": rows(64, 64, 256),
  "linear 64 rows, 256 → 64": rows(64, 256, 64),
  "linear 144 rows, 64 → 192": rows(144, 64, 192),
  "linear 1 row, 784 → 256": rows(1, 784, 256),
  "attention, 64 tokens, 4 heads of 16": heads(64),
  "attention, 144 tokens, 4 heads of 16": heads(144),
  "unpacking 230 000 weights": halves,
  "detector 96²": (p) => {
    const steps = [[16, "2"], [32, "2"], [32], [48, "2"], [48], [32, "×"]];
    return p.conv(chain(p, p.tensor(3, 96, 96), steps), 28, { k: 1 });
  },
  "segmenter 64²": (p) => {
    const top = chain(p, p.tensor(3, 64, 64), [[12]]), middle = chain(p, top, [[24, "2"]]);
    const deep = chain(p, middle, [[48, "2"], [48]]);
    const up = chain(p, concat(upsample(deep, 2), middle), [[24]]);
    return p.conv(chain(p, concat(upsample(up, 2), top), [[16]]), 25, { k: 1 });
  },
  "captioner's CNN 96²": (p) =>
    chain(p, p.tensor(3, 96, 96), [[16, "2"], [32, "2"], [64, "2"], [96, "2"]]),
  "GRU with attention, a word": (p) => {
    p.linear(p.tensor(1, 160), 384);
    p.linear(p.tensor(1, 128), 384);
    p.linear(p.tensor(36, 64), 1);
    return p.linear(p.tensor(1, 224), 100);
  },
  "ViT, 64 tokens, 4 blocks": transformer(64, 4),
  "ViT, 144 tokens, 4 blocks": transformer(144, 4),
  "VAE decoder 28²": (p) => {
    const x = relu(p.linear(relu(p.linear(p.tensor(1, 2), 128)), 32 * 49));
    return p.conv(upsample(chain(p, image(x, 32, 7), [[16, "×"]]), 2), 1);
  },
  "GAN generator 28²": (p) => {
    const x = p.linear(p.tensor(1, 32), 48 * 49);
    return p.conv(chain(p, image(x, 48, 7), [[32, "×"], [16, "×"]]), 1);
  },
  "U-Net 28², grey": unet(1, 28, [16, 32, 48]),
  "U-Net 32², colour": unet(3, 32, [24, 48, 64]),
  "CLIP image tower 32²": (p) =>
    chain(p, p.tensor(3, 32, 32), [[32, "2"], [64, "2"], [96, "2"]]),
  "VQ decoder 8² → 32²": (p) =>
    p.conv(chain(p, p.tensor(32, 8, 8), [[48], [32, "×"], [16, "×"]]), 3),
  "token transformer, a token, 4 blocks": (p) => {
    let x = p.tensor(1, 64);
    for (let n = 0; n < 4; n++) x = p.block(x, 71);
    return p.linear(x, 256);
  },
};

// ---------------------------------------------------------------- runs

const kept = {};
const pass = (name, way, seed) => new Pass(way, kept[name] ??= [], seed);

// How far apart the results of both ways are, and the size of a thing.
export function compare(name, seed) {
  const [first, second] = ["kit", "plain"].map((way) => pass(name, way, seed));
  const kit = THINGS[name](first).data, plain = THINGS[name](second).data;
  const apart = kit.reduce((most, v, n) => Math.max(most, Math.abs(v - plain[n])), 0);
  return { apart, products: first.products, weights: first.weights };
}

// Runs a thing so many times; returns the milliseconds that went by.
export function run(name, way, times, seed) {
  const start = performance.now();
  for (let n = 0; n < times; n++) THINGS[name](pass(name, way, seed));
  return performance.now() - start;
}
