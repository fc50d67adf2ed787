// The error function, of which GELU is made.

const STEP = 1 / 128;
const slope = (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
let nodes; // the values at 0, 1/128, 2/128 … 6

// The slope summed by Simpson's rule.
function makeNodes() {
  nodes = new Float64Array(6 / STEP + 1);
  for (let n = 1, x = 0; n < nodes.length; n++, x += STEP) {
    const slopes = slope(x) + 4 * slope(x + STEP / 2) + slope(x + STEP);
    nodes[n] = nodes[n - 1] + (STEP / 6) * slopes;
  }
}

// Between two nodes the Taylor series of the nearer one, to the fourth order: within 1e-12.
export function erf(x) {
  const size = Math.abs(x);
  if (size > 5.9) return Math.sign(x);
  if (!nodes) makeNodes();
  const n = Math.round(size / STEP), a = n * STEP, d = size - a;
  const curve = 1 + d * (-a + d * ((2 * a * a - 1) / 3 + (d * a * (3 - 2 * a * a)) / 6));
  return Math.sign(x) * (nodes[n] + slope(a) * d * curve);
}
