// Trains a small perceptron in the page. A network is { activation, layers: [{ weight, bias }] }
// with weights as in torch.nn.Linear; the activation stands between the layers, not at the end.

import { linear, map, zeros } from "./nn.js";

// By name: the function, and the gradient back through it where its value is y; both in place.
const ACTIVATIONS = {
  relu: {
    apply(x) { for (let n = 0; n < x.length; n++) if (x[n] < 0) x[n] = 0; },
    back(g, y) { for (let n = 0; n < g.length; n++) if (y[n] <= 0) g[n] = 0; },
  },
  leakyRelu: {
    apply(x) { for (let n = 0; n < x.length; n++) if (x[n] < 0) x[n] *= 0.2; },
    back(g, y) { for (let n = 0; n < g.length; n++) if (y[n] <= 0) g[n] *= 0.2; },
  },
  tanh: {
    apply(x) { for (let n = 0; n < x.length; n++) x[n] = Math.tanh(x[n]); },
    back(g, y) { for (let n = 0; n < g.length; n++) g[n] *= 1 - y[n] * y[n]; },
  },
};

// Layers of these sizes with torch.nn.Linear's random start: even within ±1 / √inputs.
export function perceptron(sizes, activation, random) {
  const even = (shape, limit) => map(zeros(...shape), () => limit * (2 * random() - 1));
  const layers = sizes.slice(1).map((outputs, n) => {
    const limit = 1 / Math.sqrt(sizes[n]);
    return { weight: even([outputs, sizes[n]], limit), bias: even([outputs], limit) };
  });
  return { activation, layers };
}

// x [B, inputs] and the output of each layer, the network's [B, outputs] last.
export function forward({ activation, layers }, x) {
  const values = [x];
  layers.forEach(({ weight, bias }, n) => {
    const y = linear(values[n], weight, bias);
    if (n < layers.length - 1) ACTIVATIONS[activation].apply(y.data);
    values.push(y);
  });
  return values;
}

// gradient [B, O] of a linear layer's output -> those of its weight, bias and input x [B, I].
function backLinear({ shape: [batch, outputs], data }, x, { weight, bias }) {
  const inputs = x.shape[1];
  const own = { weight: zeros(...weight.shape), bias: zeros(...bias.shape) };
  const back = zeros(...x.shape);
  // The loops are nearly all the work: they touch plain arrays only.
  const [from, w, to] = [x.data, weight.data, back.data], [dw, db] = [own.weight.data, own.bias.data];
  for (let n = 0; n < batch; n++) {
    const at = n * inputs;
    for (let o = 0; o < outputs; o++) {
      const g = data[n * outputs + o], row = o * inputs;
      db[o] += g;
      for (let i = 0; i < inputs; i++) {
        dw[row + i] += g * from[at + i];
        to[at + i] += g * w[row + i];
      }
    }
  }
  return { own, back };
}

// From what forward returned and the gradient of the output: { layers: the gradients of all
// weights, input: that of x, through which a generator learns }.
export function backward({ activation, layers }, values, gradient) {
  const found = [];
  for (let n = layers.length - 1; n >= 0; n--) {
    const { own, back } = backLinear(gradient, values[n], layers[n]);
    found.unshift(own);
    if (n > 0) ACTIVATIONS[activation].back(back.data, values[n].data);
    gradient = back;
  }
  return { layers: found, input: gradient };
}

// torch.nn.functional.mse_loss(output, target), and its gradient.
export function meanSquares(output, target) {
  const count = output.data.length, far = map(output, (v, n) => v - target.data[n]);
  const value = far.data.reduce((sum, v) => sum + v * v, 0) / count;
  return { value, gradient: map(far, (v) => (2 * v) / count) };
}

// torch.nn.functional.binary_cross_entropy_with_logits(logits, target), and its gradient.
export function crossEntropy(logits, target) {
  const count = logits.data.length;
  let value = 0;
  const gradient = map(logits, (v, n) => {
    value += (Math.max(v, 0) - v * target.data[n] + Math.log1p(Math.exp(-Math.abs(v)))) / count;
    return (1 / (1 + Math.exp(-v)) - target.data[n]) / count;
  });
  return { value, gradient };
}

// What Adam remembers of a network: its steps, and the running means of each gradient and of its
// square. A copy of it, with one of the weights, is a place to go on from.
export function moments({ layers }) {
  const none = () => layers.flatMap(({ weight, bias }) => [weight.data, bias.data])
    .map((w) => new Float64Array(w.length));
  return { steps: 0, means: none(), squares: none() };
}

// One step of torch.optim.Adam: moves the weights and what is remembered, in place.
export function descend(network, gradients, memory, options = {}) {
  const { lr = 1e-3, betas: [b1, b2] = [0.9, 0.999], eps = 1e-8 } = options;
  const flat = ({ layers }) => layers.flatMap(({ weight, bias }) => [weight.data, bias.data]);
  const found = flat(gradients), t = memory.steps += 1;
  const start1 = 1 - b1 ** t, start2 = 1 - b2 ** t; // both means begin at zero
  flat(network).forEach((w, n) => {
    const m = memory.means[n], v = memory.squares[n], g = found[n];
    for (let i = 0; i < w.length; i++) {
      m[i] = b1 * m[i] + (1 - b1) * g[i];
      v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
      w[i] -= (lr * (m[i] / start1)) / (Math.sqrt(v[i] / start2) + eps);
    }
  });
}

// torch.optim.Adam: returns a function that moves the network's weights by one step.
export function adam(network, options) {
  const memory = moments(network);
  return (gradients) => descend(network, gradients, memory, options);
}
