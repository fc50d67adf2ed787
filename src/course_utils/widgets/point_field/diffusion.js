// Diffusion in the plane: a schedule, the perfect denoiser, one step back. Points are
// [x, y, x, y, …]; t counts from 0, the data, to T, noise.

export const T = 1000;

// ᾱ_t for t = 0 … T: cos², with β of at most 0.999 (Nichol and Dhariwal, equation 17).
export const alphaBar = (() => {
  const f = (t) => Math.cos((t / T + 0.008) / 1.008 * Math.PI / 2) ** 2;
  const bar = Float64Array.of(1, ...new Float64Array(T));
  for (let t = 1; t <= T; t++) bar[t] = bar[t - 1] * (1 - Math.min(0.999, 1 - f(t) / f(t - 1)));
  return bar;
})();

// √ᾱ_t and √(1 − ᾱ_t): how much of the data is left, and how much noise there is.
export const levels = (t) => ({ signal: Math.sqrt(alphaBar[t]), sigma: Math.sqrt(1 - alphaBar[t]) });

// T = τ_0 > … > τ_steps = 0, in parts as equal as whole numbers allow.
export const times = (steps) =>
  Array.from({ length: steps + 1 }, (_, n) => Math.floor(T * (steps - n) / steps));

// x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε (DDPM, equation 4)
export function noised(x0, noise, t) {
  const { signal, sigma } = levels(t);
  return x0.map((v, i) => signal * v + sigma * noise[i]);
}

// x̂₀ = E[x₀ | x_t], t > 0, for data that lie about each of the places, [[x, y], …], alike often,
// N(place, spread² I): for spread = 0 at the places. A mean of what each place says, weighted by
// the probability that it became x_t.
export function denoised(x, t, { places, spread }) {
  const { signal, sigma } = levels(t), noise = (sigma / signal) ** 2, variance = noise + spread ** 2;
  const found = new Float64Array(x.length), logits = new Float64Array(places.length);
  for (let i = 0; i < x.length; i += 2) {
    const right = x[i] / signal, up = x[i + 1] / signal;
    let most = -Infinity, total = 0, a = 0, b = 0;
    for (let k = 0; k < places.length; k++) {
      logits[k] = -((right - places[k][0]) ** 2 + (up - places[k][1]) ** 2) / (2 * variance);
      if (logits[k] > most) most = logits[k];
    }
    for (let k = 0; k < places.length; k++) {
      const weight = Math.exp(logits[k] - most);
      total += weight;
      a += weight * places[k][0];
      b += weight * places[k][1];
    }
    found[i] = (noise * a / total + spread ** 2 * right) / variance;
    found[i + 1] = (noise * b / total + spread ** 2 * up) / variance;
  }
  return found;
}

// ε̂ = (x_t − √ᾱ_t x̂₀) / √(1 − ᾱ_t), t > 0. The score of x_t is −ε̂ / √(1 − ᾱ_t).
export function noiseIn(x, x0, t) {
  const { signal, sigma } = levels(t);
  return x.map((v, i) => (v - signal * x0[i]) / sigma);
}

// x_s for an earlier s (DDIM, equation 12, with σ of equation 16): with noise η = 1, as DDPM, and
// without, null, η = 0. At s = 0 it is x̂₀.
export function stepped(x, x0, t, s, noise) {
  const now = alphaBar[t], then = alphaBar[s], eps = noiseIn(x, x0, t);
  const square = noise ? (1 - then) / (1 - now) * (1 - now / then) : 0;
  const signal = Math.sqrt(then), towards = Math.sqrt(Math.max(0, 1 - then - square));
  const found = x0.map((v, i) => signal * v + towards * eps[i]);
  return noise ? added(found, noise, square) : found;
}

// Points with noise of a variance.
export const added = (x, noise, variance) => x.map((v, i) => v + Math.sqrt(variance) * noise[i]);
