// The way of one image out of noise: settings are { denoiser, label, guidance, steps, eta, seed,
// changes }. An image is 784 numbers in −1 to 1; label −1 is no class.

import { diceFor, normals } from "../kit/dice.js";
import { levels, noiseIn, stepped, times } from "../point_field/diffusion.js";

export const SIDE = 28;
export const SIZE = SIDE * SIDE;
export const NO_CLASS = "no class";
const BLACK = -1;

const PURPOSES = { start: 0, step: 1, fresh: 2 };
const noise = (seed, purpose, n) => normals(diceFor(seed, PURPOSES[purpose], n), SIZE);

// ---------------------------------------------------------------- denoisers

// ask(x, t, label): the network's v.
export const trained = (ask) => ({ predicts: "v",
  ask: (x, t, label) => ask({ shape: [1, SIDE, SIDE], data: x }, t, label).data });

// E[x₀ | x_t], t > 0, of images [N, 784] in bytes, `each` of every class, class by class. A mean
// of the images, weighted by the probability that they became x_t.
export function perfect(pixels, each) {
  const images = Float64Array.from(pixels, (v) => 2 * v / 255 - 1), all = images.length / SIZE;
  const ask = (x, t, label) => {
    const { signal, sigma } = levels(t), variance = (sigma / signal) ** 2;
    const [first, end] = label < 0 ? [0, all] : [label * each, (label + 1) * each];
    const logits = new Float64Array(end - first), mean = new Float64Array(SIZE);
    for (let n = first; n < end; n++) {
      let far = 0;
      for (let i = 0; i < SIZE; i++) far += (x[i] / signal - images[n * SIZE + i]) ** 2;
      logits[n - first] = -far / (2 * variance);
    }
    const most = logits.reduce((a, b) => Math.max(a, b)), weights = logits.map((v) => Math.exp(v - most));
    const total = weights.reduce((a, b) => a + b);
    weights.forEach((weight, n) => {
      if (weight === 0) return;
      for (let i = 0; i < SIZE; i++) mean[i] += weight / total * images[(first + n) * SIZE + i];
    });
    return mean;
  };
  return { predicts: "x0", ask };
}

// u + s (c − u), with no question whose answer does not count.
export function guided(ask, label, scale) {
  if (label < 0 || scale === 0) return ask(-1);
  const c = ask(label), u = scale === 1 ? c : ask(-1);
  return c.map((v, i) => u[i] + scale * (v - u[i]));
}

// x̂₀, cut to −1 to 1.
function estimate({ predicts, ask }, x, t, label, scale) {
  const { signal, sigma } = levels(t), said = guided((one) => ask(x, t, one), label, scale);
  const x0 = predicts === "v" ? said.map((v, i) => signal * x[i] - sigma * v) : said;
  return x0.map((v) => Math.min(1, Math.max(-1, v)));
}

// ---------------------------------------------------------------- changes by hand

// Which step a change at time t comes before: the nearest, but not the end.
export function stepOf(t, steps) {
  const far = times(steps).slice(0, -1).map((one) => Math.abs(one - t));
  return far.indexOf(Math.min(...far));
}

const mirrored = (x) => x.map((_, i) => x[i - i % SIDE + SIDE - 1 - i % SIDE]);
const erased = (x) => x.map((v, i) => (i < SIZE / 2 ? v : BLACK));

// x_t after a change, mixed of x̂₀ and ε̂ again.
const CHANGES = {
  "new noise": ({ guess }, fresh) => [guess, fresh()],
  "lower half erased": ({ guess, eps }) => [erased(guess), eps],
  mirrored: ({ guess, eps }) => [mirrored(guess), mirrored(eps)],
};

export const changesImage = (what) => what in CHANGES; // or else the class that is told

// ---------------------------------------------------------------- on the way

// { t, x, label, guess, eps, made }: x_t, what is told, x̂₀, ε̂, and the changes made here.
function standing(denoiser, scale, x, t, label, made = []) {
  const guess = t ? estimate(denoiser, x, t, label, scale) : x;
  return { t, x, label, guess, eps: t ? noiseIn(x, guess, t) : new Float64Array(SIZE), made };
}

// Place n of the way, 0 to `steps`, from the one before it. denoisers: by name.
export function reached(settings, { denoisers, classes }, n, before) {
  const { label, guidance, steps, eta, seed, changes } = settings, t = times(steps)[n];
  const stand = (...at) => standing(denoisers[settings.denoiser], guidance, ...at);
  const told = before ? before.label : classes.indexOf(label);
  const fresh = () => noise(seed, "fresh", t);
  const x = before
    ? stepped(before.x, before.guess, before.t, t, eta ? noise(seed, "step", n) : null)
    : noise(seed, "start");
  const mine = t ? changes.filter(([when]) => stepOf(when, steps) === n) : [];
  return mine.reduce((frame, [, what]) => {
    const made = [...frame.made, what];
    if (!changesImage(what)) return stand(frame.x, t, classes.indexOf(what), made);
    const { signal, sigma } = levels(t), [x0, eps] = CHANGES[what](frame, fresh);
    return stand(x0.map((v, i) => signal * v + sigma * eps[i]), t, frame.label, made);
  }, stand(x, t, told));
}

// How many places of the way, from its beginning, are the same with two settings.
export function inCommon(before, now) {
  const others = (settings) => JSON.stringify({ ...settings, changes: [] });
  if (!before || others(before) !== others(now)) return 0;
  const made = ({ changes, steps }, n) =>
    JSON.stringify(changes.filter(([t]) => stepOf(t, steps) === n).map(([, what]) => what));
  let n = 0;
  while (n <= now.steps && made(before, n) === made(now, n)) n++;
  return n;
}
