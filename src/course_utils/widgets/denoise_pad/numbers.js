// The arithmetic of denoising: noise, what the network takes away, how far the rest is from x.
import { clamp } from "../kit/kit.js";
import { dice, normals } from "../kit/dice.js";
import { run, softmax, tensor } from "../kit/nn.js";

export const SIDE = 28;
export const SIZE = SIDE * SIDE;

// x̃ = x + σ ε; the dice of a seed throw the same ε for every σ.
export function noisy(x, sigma, seed) {
  const noise = normals(dice(seed), SIZE);
  return Float64Array.from(x, (v, i) => v + sigma * noise[i]);
}

// x̂ = x̃ + f(x̃): the network f is not told σ.
export function denoised({ layers, weights }, x) {
  const change = run(layers, weights, tensor([1, SIDE, SIDE], x)).at(-1).data;
  return Float64Array.from(x, (v, i) => v + change[i]);
}

// As a screen shows it: 0 to 1.
export const shown = (values) => Float64Array.from(values, (v) => clamp(v, 0, 1));

// LeNet's answer to an image as it is shown: the digit and its share.
export function reading({ layers, weights }, values) {
  const logits = run(layers, weights, tensor([1, SIDE, SIDE], shown(values))).at(-1);
  const shares = Array.from(softmax(logits).data), share = Math.max(...shares);
  return { digit: shares.indexOf(share), share };
}

// The mean squared error of each pixel.
export const meanSquare = (a, b) =>
  a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0) / a.length;

// Grey where nothing changed, light where there is more ink, dark where there is less: the
// brightness alone says it. Three colours a pixel.
export function difference(after, before) {
  const ends = { "-1": [0, 26, 77], 0: [128, 128, 128], 1: [255, 205, 140] };
  return Uint8Array.from({ length: 3 * after.length }, (_, n) => {
    const change = clamp(after[Math.floor(n / 3)] - before[Math.floor(n / 3)], -1, 1), c = n % 3;
    const end = ends[Math.sign(change) || 0][c];
    return Math.round(ends[0][c] + Math.abs(change) * (end - ends[0][c]));
  });
}
