// Two small networks that train in the page: G turns noise into points of the plane, D tells
// real points from G's. A game is { seed, G, D }, each side { network, memory } of Adam.

import { diceFor, normals } from "../kit/dice.js";
import { nearSpots, ring, scattered } from "../kit/spots.js";
import { backward, crossEntropy, descend, forward, moments, perceptron } from "../kit/train.js";

export const BATCH = 64, WIDTH = 16;
const BETAS = [0.5, 0.999];

// ---------------------------------------------------------------- data

const grid = Array.from({ length: 9 }, (_, k) => [0.65 * (k % 3 - 1), 0.65 * (Math.floor(k / 3) - 1)]);

// Round spots, equally frequent, by the name of the data; a sample is near within three sigma.
export const DATA = {
  ring: { spots: ring(8, 0.75), sigma: 0.05 },
  grid: { spots: grid, sigma: 0.05 },
  blobs: { spots: [[-0.5, 0], [0.5, 0]], sigma: 0.15 },
};

export const points = (data) => ({ shape: [data.length / 2, 2], data });

export const real = (name, random, count) => points(scattered(DATA[name], random, count));

export const noise = (random, count) => points(normals(random, 2 * count));

// ---------------------------------------------------------------- training

const PURPOSES = { start: 0, D: 1, G: 2, real: 3, fake: 4 };
export const thrown = (seed, purpose, n = 0) => diceFor(seed, PURPOSES[purpose], n);

export function begin(seed) {
  const random = thrown(seed, "start");
  const side = (outputs) => {
    const network = perceptron([2, WIDTH, WIDTH, outputs], "leakyRelu", random);
    return { network, memory: moments(network) };
  };
  return { seed, G: side(2), D: side(1) };
}

export function copied({ seed, G, D }) {
  const tensor = ({ shape, data }) => ({ shape, data: data.slice() });
  const side = ({ network: { activation, layers }, memory: { steps, means, squares } }) => ({
    network: { activation,
      layers: layers.map(({ weight, bias }) => ({ weight: tensor(weight), bias: tensor(bias) })) },
    memory: { steps, means: means.map((m) => m.slice()), squares: squares.map((v) => v.slice()) },
  });
  return { seed, G: side(G), D: side(D) };
}

const scaled = (x, factor) => ({ shape: x.shape, data: x.data.map((v) => factor * v) });
const told = (x, value) => ({ shape: x.shape, data: x.data.map(() => value) });

// D's step: down the mean of -log D(x) over a batch of real points plus that of
// -log(1 - D(G(z))) over one of G's.
export function stepD(game, { data, rateD }) {
  const { D, G } = game, random = thrown(game.seed, "D", D.memory.steps);
  const x = real(data, random, BATCH).data, fake = forward(G.network, noise(random, BATCH)).at(-1);
  const values = forward(D.network, points(Float64Array.of(...x, ...fake.data)));
  const target = { data: Float64Array.from({ length: 2 * BATCH }, (_, n) => Number(n < BATCH)) };
  // The mean over both batches is half of the sum of their means.
  const gradient = scaled(crossEntropy(values.at(-1), target).gradient, 2);
  descend(D.network, backward(D.network, values, gradient), D.memory, { lr: rateD, betas: BETAS });
}

// What G goes down, as a gradient of D's logits of its points [B, 1]: the mean of -log D, or
// that of log(1 - D), the loss that saturates.
export const slope = (logits, loss) => (loss === "saturating"
  ? scaled(crossEntropy(logits, told(logits, 0)).gradient, -1)
  : crossEntropy(logits, told(logits, 1)).gradient);

// The gradient of G's loss with respect to each of its points [B, 2].
export function pull(D, fake, loss) {
  const values = forward(D.network, fake);
  return backward(D.network, values, slope(values.at(-1), loss)).input;
}

export function stepG(game, { loss, rateG }) {
  const { D, G } = game, random = thrown(game.seed, "G", G.memory.steps);
  const drawn = forward(G.network, noise(random, BATCH));
  const gradient = pull(D, drawn.at(-1), loss);
  descend(G.network, backward(G.network, drawn, gradient), G.memory, { lr: rateG, betas: BETAS });
}

// `count` times a step of D, then one of G, from a copy of the game.
export function played(game, settings, count) {
  const next = copied(game);
  for (let n = 0; n < count; n++) {
    stepD(next, settings);
    stepG(next, settings);
  }
  return next;
}

// ---------------------------------------------------------------- what became of it

export const LOOK = 1000; // points of each kind
const LEAST = LOOK / 100; // of them near a spot that counts as covered

// The same points each time: real ones, and the noise that becomes G's.
export const realPoints = ({ seed }, name) => real(name, thrown(seed, "real"), LOOK);
const fakePoints = ({ seed, G }) => forward(G.network, noise(thrown(seed, "fake"), LOOK)).at(-1);

// Which share of the points D holds for real, where it stands now.
const heldReal = (D, x) => forward(D.network, x).at(-1).data.filter((v) => v > 0).length / x.shape[0];

// G's points, and what they say: how many spots they cover, which share of them is near one,
// which share of all points, half of them real, D tells rightly.
export function look(game, name) {
  const fake = fakePoints(game), counts = nearSpots(fake.data, DATA[name]);
  const right = (heldReal(game.D, realPoints(game, name)) + 1 - heldReal(game.D, fake)) / 2;
  return { fake, right, spots: counts.length, covered: counts.filter((c) => c >= LEAST).length,
    near: counts.reduce((sum, c) => sum + c, 0) / LOOK };
}

// What D says on a grid over ±reach, row by row from the top.
export function surface({ D }, side, reach) {
  const middle = (n) => reach * ((2 * n + 1) / side - 1);
  const at = Float64Array.from({ length: 2 * side * side }, (_, n) => {
    const cell = n >> 1;
    return n % 2 ? -middle(Math.floor(cell / side)) : middle(cell % side);
  });
  return forward(D.network, points(at)).at(-1).data.map((v) => 1 / (1 + Math.exp(-v)));
}

// Where G's loss pulls the first of its points: [x, y, dx, dy], its steepest way down for each
// point alone.
export function pulls({ D }, fake, loss, count) {
  const first = points(fake.data.subarray(0, 2 * count)), { data } = pull(D, first, loss);
  return Array.from({ length: count }, (_, n) => [first.data[2 * n], first.data[2 * n + 1],
    -count * data[2 * n], -count * data[2 * n + 1]]);
}
