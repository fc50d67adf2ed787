// The arithmetic of the 64 patches of a scene: their order, whom they look at, what they hold.
import { part } from "../kit/blocks.js";
import { dice } from "../kit/dice.js";
import { linear, softmax } from "../kit/nn.js";

export const SIDE = 64; // pixels
export const PLACES = 8; // patches along a side
export const COUNT = PLACES * PLACES;

// Which patch lies at each place: an order drawn by Fisher and Yates.
export function orderOf({ shuffled, seed }) {
  const order = Array.from({ length: COUNT }, (_, n) => n);
  if (!shuffled) return order;
  const random = dice(seed);
  for (let n = COUNT - 1; n > 0; n--) {
    const other = Math.floor(random() * (n + 1));
    [order[n], order[other]] = [order[other], order[n]];
  }
  return order;
}

// What a patch gives to each of the patches, by their numbers in the scene as it was, whatever
// their order. weights [heads, 64, 64] are those of a layer; head 0 is the mean.
export function gaze({ shape: [heads], data }, { patch, head }, order) {
  const chosen = head > 0 ? [head - 1] : Array.from({ length: heads }, (_, h) => h);
  const shares = new Array(COUNT).fill(0), from = order.indexOf(patch);
  for (const h of chosen) {
    order.forEach((to, place) => { shares[to] += data[(h * COUNT + from) * COUNT + place] / chosen.length; });
  }
  return shares;
}

// What the readout of a layer gives to all that a patch could hold: one row of shares for each
// patch, by its number. tokens [64, d] are those at the places.
export function readings(tokens, layer, { weight, bias }, order) {
  const [, classes, d] = weight.shape, own = part(weight, layer, 1);
  const logits = linear(tokens, { shape: [classes, d], data: own.data }, part(bias, layer, 1));
  const { data } = softmax(logits), rows = [];
  order.forEach((patch, place) => { rows[patch] = data.subarray(place * classes, (place + 1) * classes); });
  return rows;
}

// The image [3, 64, 64] with its patches in an order.
export function rearranged({ shape, data }, order) {
  const size = SIDE / PLACES, y = data.slice();
  for (let n = 0; n < y.length; n++) {
    const c = Math.floor(n / (SIDE * SIDE)), i = Math.floor(n / SIDE) % SIDE, j = n % SIDE;
    const from = order[Math.floor(i / size) * PLACES + Math.floor(j / size)];
    const row = Math.floor(from / PLACES) * size + i % size, column = (from % PLACES) * size + j % size;
    y[n] = data[c * SIDE * SIDE + row * SIDE + column];
  }
  return { shape, data: y };
}

// ---------------------------------------------------------------- words

export const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}\u00a0%`;
export const where = (n) => `row ${Math.floor(n / PLACES) + 1}, column ${n % PLACES + 1}`;

// How much a shuffle changes where the patch looks.
export function shuffling(before, after, positions) {
  const most = Math.max(...before.map((v, n) => Math.abs(v - after[n])));
  const by = positions ? "with" : "without";
  return `Shuffled, ${by} position codes: ` + (most < 1e-9
    ? "it gives each patch the same share as before, wherever that lies."
    : `its shares change by up to ${percent(most)}.`);
}
