// Two densities on a line, the best D between them, and the gradients of G's two losses.

export const DATA = [[-1.5, 0.5], [1.5, 0.5]]; // peaks, equally frequent: mean, width
const NODES = 401, REACH = 8; // of the integrals; widths beyond the outer peaks

export const peaks = ({ mean, width, gap }) => [[mean - gap, width], [mean + gap, width]];

// Of two peaks at x: the log of their density, and its slope.
function logDensity([[m0, s0], [m1, s1]], x) {
  const log = (m, s) => -0.5 * ((x - m) / s) ** 2 - Math.log(2 * s * Math.sqrt(2 * Math.PI));
  const a = log(m0, s0), b = log(m1, s1), most = Math.max(a, b);
  const value = most + Math.log(Math.exp(a - most) + Math.exp(b - most));
  const share = 1 / (1 + Math.exp(b - a)); // the first peak's
  return { value, slope: share * (m0 - x) / s0 ** 2 + (1 - share) * (m1 - x) / s1 ** 2 };
}

// p, q and D* = p / (p + q) at x, from logs: far out both densities are zero, their ratio is not.
export function at(x, own) {
  const p = logDensity(DATA, x), q = logDensity(own, x), logit = p.value - q.value;
  return { p: Math.exp(p.value), q: Math.exp(q.value), D: 1 / (1 + Math.exp(-logit)),
    logit, slope: p.slope - q.slope };
}

const softplus = (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));

// The value of D*, E_p log D* + E_q log(1 - D*) = -log 4 + 2 JSD, and the gradients with respect
// to G's mean of E log(1 - D*(G(z))) and of -E log D*(G(z)). D* is fixed in them: with the mean
// each G(z) moves alike, so they are means of the slope of log(1 - D*) and of -log D*.
export function measure(state) {
  const own = peaks(state), all = [...DATA, ...own];
  const low = Math.min(...all.map(([m, s]) => m - REACH * s));
  const step = (Math.max(...all.map(([m, s]) => m + REACH * s)) - low) / (NODES - 1);
  let value = 0, saturating = 0, plain = 0;
  for (let n = 0; n < NODES; n++) {
    const { p, q, D, logit, slope } = at(low + n * step, own);
    value -= step * (p * softplus(-logit) + q * softplus(logit));
    saturating -= step * q * D * slope;
    plain -= step * q * slope / (1 + Math.exp(logit));
  }
  return { value, jsd: Math.max(0, (value + Math.log(4)) / 2), saturating, plain };
}
