// What comes next: from a network's logits, a plain array, to one of them. The dice are given.

// The numbers of the k greatest, greatest first; of equals the first. Few are wanted of many, so
// each value finds its place among the best so far, which is faster than to sort them all.
export function topK(values, k) {
  const best = [];
  for (let n = 0; n < values.length; n++) {
    let at = best.length;
    while (at > 0 && values[n] > values[best[at - 1]]) at--;
    if (at < k) best.splice(at, 0, n);
    if (best.length > k) best.pop();
  }
  return best;
}

// The probability of each when only the k most likely may come: softmax(logits / temperature).
// Temperature 0 leaves the most likely alone.
export function shares(logits, { temperature = 1, k = logits.length } = {}) {
  const allowed = topK(logits, temperature === 0 ? 1 : k), most = logits[allowed[0]];
  const powers = new Float64Array(logits.length);
  for (const n of allowed) powers[n] = Math.exp((logits[n] - most) / (temperature || 1));
  const total = powers.reduce((sum, v) => sum + v, 0);
  return powers.map((v) => v / total);
}

// One of them for u in [0, 1): the likely ones lie at the low end of u.
export function sample(logits, { temperature = 1, k = logits.length, u }) {
  const probability = shares(logits, { temperature, k }), order = topK(logits, k);
  let sum = 0;
  for (const n of order) {
    sum += probability[n];
    if (u < sum) return n;
  }
  return order.findLast((n) => probability[n] > 0); // rounding left the sum below u
}
