// Places in a generator's noise, what it draws there, and what comes near that.
import { dice, normals } from "../kit/dice.js";
import { run, softmax, tensor } from "../kit/nn.js";

export const SIDE = 28;
export const SIZE = SIDE * SIDE;
const AXES = 1000; // is added to a seed for the dice of its axes

const dot = (a, b) => a.reduce((sum, v, n) => sum + v * b[n], 0);
export const lengthOf = (z) => Math.sqrt(dot(z, z));
const mixed = (a, x, b, y) => a.map((v, n) => x * v + y * b[n]);

// The plane of a seed: its middle, and two directions of length 1 at right angles to it.
export function planeOf(seed, noise) {
  const middle = normals(dice(seed), noise), random = dice(seed + AXES);
  const found = [middle.map((v) => v / lengthOf(middle))];
  while (found.length < 3) {
    let way = normals(random, noise);
    for (const other of found) way = mixed(way, 1, other, -dot(way, other));
    const length = lengthOf(way);
    found.push(way.map((v) => v / length));
  }
  return { middle, right: found[1], up: found[2] };
}

export const zAt = ({ middle, right, up }, { x, y, scale }) =>
  middle.map((v, n) => scale * (v + x * right[n] + y * up[n]));

// `count` places from a to b. On an arc the angle grows evenly, and the length.
export function line(a, b, path, count) {
  const [la, lb] = [lengthOf(a), lengthOf(b)];
  const cosine = la && lb ? Math.max(-1, Math.min(1, dot(a, b) / (la * lb))) : 1;
  const angle = Math.acos(cosine), sine = Math.sin(angle);
  return Array.from({ length: count }, (_, n) => {
    const share = n / (count - 1);
    if (path === "straight" || sine < 1e-9) return mixed(a, 1 - share, b, share);
    const length = la + share * (lb - la);
    return mixed(a, length * Math.sin((1 - share) * angle) / (sine * la),
      b, length * Math.sin(share * angle) / (sine * lb));
  });
}

// 784 greys from 0 to 1: the generator's own go from -1 to 1.
export const drawn = ({ layers, weights }, z) =>
  run(layers, weights, tensor([z.length], z)).at(-1).data.map((v) => (v + 1) / 2);

// What LeNet sees in an image: ten shares of 1.
export const seen = ({ layers, weights }, image) =>
  Array.from(softmax(run(layers, weights, tensor([1, SIDE, SIDE], image)).at(-1)).data);

// Which of the images, bytes one after the other, is nearest, and how far: the root of the mean
// squared difference of their pixels in 0 to 1.
export function nearest(image, pixels) {
  let index = -1, least = Infinity;
  for (let n = 0; n * SIZE < pixels.length; n++) {
    let sum = 0;
    for (let i = 0, at = n * SIZE; i < SIZE && sum < least; i++) sum += (image[i] - pixels[at + i] / 255) ** 2;
    if (sum < least) [index, least] = [n, sum];
  }
  return { index, distance: Math.sqrt(least / SIZE) };
}
