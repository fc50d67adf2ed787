// The arithmetic of two autoencoders with codes of two numbers: codes, what is decoded, KL.
import { fixed, percent } from "../kit/kit.js";
import { run, sigmoid, softmax, tensor } from "../kit/nn.js";

export const SIDE = 28; // pixels along an image's side
const LINE = 8; // images from one code to another

// What a chain of layers makes of numbers of this shape.
const through = ({ layers, weights }, shape, values) =>
  run(layers, weights, tensor(shape, values)).at(-1);

// The code of an image, 784 greys from 0 to 1. An encoder of four numbers gives the mean and the
// log variance of q(z|x), one of two the code itself: then the log variance is null.
export function code(encoder, image) {
  const { data } = through(encoder, [1, SIDE, SIDE], image);
  const [mean, rest] = [Array.from(data.slice(0, 2)), Array.from(data.slice(2))];
  return { mean, logVariance: rest.length ? rest : null };
}

// 784 greys: the sigmoid of the decoder's logits.
export const decoded = (decoder, z) => sigmoid(through(decoder, [2], z)).data;

// What LeNet sees in an image: ten shares of 1.
export const seen = (lenet, image) =>
  Array.from(softmax(through(lenet, [1, SIDE, SIDE], image)).data);

// KL of a diagonal Gaussian from the standard normal, in nats (Kingma and Welling, appendix B).
export const gaussianKl = ({ mean, logVariance }) => 0.5 * mean.reduce((sum, m, i) =>
  sum + Math.exp(logVariance[i]) + m ** 2 - 1 - logVariance[i], 0);

// mean + σ · noise
export const sampled = ({ mean, logVariance }, noise) =>
  mean.map((m, i) => m + Math.exp(0.5 * logVariance[i]) * noise[i]);

// `count` places from a to b, both among them.
export const between = (a, b, count = LINE) => Array.from({ length: count }, (_, n) =>
  a.map((v, i) => v + (b[i] - v) * n / (count - 1)));

// ---------------------------------------------------------------- words

export const pair = (values, digits = 1) => `(${values.map((v) => fixed(v, digits)).join(", ")})`;

// What LeNet says: the digit and its share.
export function best(shares) {
  const share = Math.max(...shares);
  return { digit: shares.indexOf(share), share };
}

// Below one half LeNet prefers something else to its own first choice.
export function looksLike(shares) {
  const { digit, share } = best(shares);
  return share < 0.5 ? `looks unclear (LeNet: ${digit}, ${percent(share)})`
    : `looks like ${digit} (LeNet ${percent(share)})`;
}
