// Points on the way into noise, or back from it: settings are { data, denoiser, way, steps, seed }.

import { diceFor, normals } from "../kit/dice.js";
import { nearest, nearSpots, ring, scattered } from "../kit/spots.js";
import { added, alphaBar, denoised, noised, noiseIn, stepped, T, times } from "./diffusion.js";

const MOVED = 400, SHOWN = 100; // points that come back from noise; of the data, for its density
export const COPY = 0.02; // so near to a training point lies a copy of it
const LEAST = 0.01; // of the points are near a spot that counts as covered
const STRIDE = 20; // of t, from one place to the next on the way into noise

// ---------------------------------------------------------------- data

const CURVE = 48; // spots on the spiral
const spiral = Array.from({ length: CURVE }, (_, k) => {
  const share = Math.sqrt((k + 0.5) / CURVE), turn = 3 * Math.PI * share; // even along the curve
  return [2 * share * Math.cos(turn), 2 * share * Math.sin(turn)];
});

// Round spots by the name of the data, of about the variance of the noise, 1. They are counted
// in `parts`: those of the spiral four at a time.
export const DATA = {
  ring: { spots: ring(8, 1.4), sigma: 0.1, parts: 8 },
  spiral: { spots: spiral, sigma: 0.08, parts: 12 },
  gaussians: { spots: [[-1.2, -0.6], [1.2, 0.6]], sigma: 0.4, parts: 2 },
};

// How many points the denoiser has been shown; 0: it knows the density instead.
export const TRAINING = { density: 0, "200 points": 200, "10 points": 10 };

const PURPOSES = { start: 0, step: 1, data: 2, fresh: 3 };
const thrown = (seed, purpose, n) => diceFor(seed, PURPOSES[purpose], n);

const pairs = (at) => Array.from({ length: at.length / 2 }, (_, n) => [at[2 * n], at[2 * n + 1]]);

// What stands at every time: the points of the data, what the denoiser knows, the noise at T.
export function setOut({ data, denoiser, seed }) {
  const density = DATA[data], count = TRAINING[denoiser];
  const x0 = scattered(density, thrown(seed, "data"), count || SHOWN), training = pairs(x0);
  const known = count ? { places: training, spread: 0 }
    : { places: density.spots, spread: density.sigma };
  const fresh = scattered(density, thrown(seed, "fresh"), MOVED);
  return { density, x0, training, known, start: normals(thrown(seed, "start"), 2 * MOVED),
    usual: copies(fresh, training).share };
}

// ---------------------------------------------------------------- on the way

// t at each place of the way.
export const clock = ({ way, steps }) => (way === "forward"
  ? Array.from({ length: T / STRIDE + 1 }, (_, n) => n * STRIDE) : times(steps));

// { t, x, guess }: points, and x̂₀, what the denoiser makes of them.
const standing = (x, t, known) => ({ t, x, guess: t ? denoised(x, t, known) : x });

// Place n of the way; what is before it only counts on the way back.
export function reached(settings, { x0, known, start }, n, before) {
  const t = clock(settings)[n];
  if (settings.way === "forward") return standing(noised(x0, start, t), t, known);
  if (n === 0) return standing(start, t, known);
  const noise = settings.way === "DDIM" ? null
    : normals(thrown(settings.seed, "step", n), 2 * MOVED);
  const x = stepped(before.x, before.guess, before.t, t, noise);
  // Wrong: noise of the last step's β, 1 − ᾱ_t, which nothing will take away.
  const spoilt = settings.way === "noise in the last step" && t === 0;
  return standing(spoilt ? added(x, noise, 1 - alphaBar[before.t]) : x, t, known);
}

// The score times √(1 − ᾱ_t), which is −ε̂, on a grid over ±reach: [[x, y, dx, dy], …].
export function arrows({ t }, { known }, side, reach) {
  if (t === 0) return []; // there is no noise to be told
  const middle = (n) => reach * ((2 * n + 1) / side - 1);
  const at = Float64Array.from({ length: 2 * side * side }, (_, n) =>
    middle(n % 2 ? Math.floor((n >> 1) / side) : (n >> 1) % side));
  const noise = noiseIn(at, denoised(at, t, known), t);
  return pairs(at).map(([x, y], n) => [x, y, -noise[2 * n], -noise[2 * n + 1]]);
}

// ---------------------------------------------------------------- what became of them

// How far the points are from the nearest training point: the median, and how many are copies.
function copies(at, training) {
  const far = nearest(at, training).map((one) => one.far).sort((a, b) => a - b);
  const middle = far.length / 2; // an even number
  return { median: (far[middle - 1] + far[middle]) / 2,
    share: far.filter((v) => v < COPY).length / far.length };
}

// Of x̂₀: which share lies in a spot, how many of the spots' parts are covered, how many copy.
export function look({ guess }, { density, training, usual }) {
  const counts = nearSpots(guess, density), { parts } = density, size = counts.length / parts;
  const total = (list) => list.reduce((sum, c) => sum + c, 0), count = guess.length / 2;
  const of = Array.from({ length: parts }, (_, p) => total(counts.slice(p * size, (p + 1) * size)));
  const { share, median } = copies(guess, training);
  return { parts, covered: of.filter((c) => c >= LEAST * count).length,
    near: total(counts) / count, copies: share, median, usual };
}
