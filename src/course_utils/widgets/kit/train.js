// Trains a small perceptron in the page. A network is { activation, layers: [{ weight, bias }] }
// with weights as in torch.nn.Linear; the activation stands between the layers, not at the end.

import { linear, map, zeros } from "./nn.js";

// By name: the function, and its slope where its value is y.
const ACTIVATIONS = {
  relu: { of: (v) => Math.max(0, v), slope: (y) => (y > 0 ? 1 : 0) },
  leakyRelu: { of: (v) => (v > 0 ? v : 0.2 * v), slope: (y) => (y > 0 ? 1 : 0.2) },
  tanh: { of: Math.tanh, slope: (y) => 1 - y * y },
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
    values.push(n < layers.length - 1 ? map(y, ACTIVATIONS[activation].of) : y);
  });
  return values;
}

// gradient [B, O] of a linear layer's output -> those of its weight, bias and input x [B, I].
function backLinear({ shape: [batch, outputs], data }, x, { weight, bias }) {
  const inputs = x.shape[1];
  const own = { weight: zeros(...weight.shape), bias: zeros(...bias.shape) };
  const back = zeros(...x.shape);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      const g = data[n * outputs + o];
      own.bias.data[o] += g;
      for (let i = 0; i < inputs; i++) {
        own.weight.data[o * inputs + i] += g * x.data[n * inputs + i];
        back.data[n * inputs + i] += g * weight.data[o * inputs + i];
      }
    }
  }
  return { own, back };
}

// From what forward returned and the gradient of the output: { layers: the gradients of all
// weights, input: that of x, through which a generator learns }.
export function backward({ activation, layers }, values, gradient) {
  const { slope } = ACTIVATIONS[activation], found = [];
  for (let n = layers.length - 1; n >= 0; n--) {
    const { own, back } = backLinear(gradient, values[n], layers[n]);
    found.unshift(own);
    gradient = n === 0 ? back : map(back, (v, i) => v * slope(values[n].data[i]));
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

// torch.optim.Adam: returns a function that moves the network's weights by one step.
export function adam(network, { lr = 1e-3, betas: [b1, b2] = [0.9, 0.999], eps = 1e-8 } = {}) {
  const weights = network.layers.flatMap(({ weight, bias }) => [weight.data, bias.data]);
  const means = weights.map((w) => new Float64Array(w.length));
  const squares = weights.map((w) => new Float64Array(w.length));
  let t = 0;
  return (gradients) => {
    t += 1;
    const flat = gradients.layers.flatMap(({ weight, bias }) => [weight.data, bias.data]);
    weights.forEach((w, n) => {
      const m = means[n], v = squares[n], g = flat[n];
      for (let i = 0; i < w.length; i++) {
        m[i] = b1 * m[i] + (1 - b1) * g[i];
        v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
        const scale = Math.sqrt(v[i] / (1 - b2 ** t)) + eps;
        w[i] -= (lr * (m[i] / (1 - b1 ** t))) / scale;
      }
    });
  };
}
