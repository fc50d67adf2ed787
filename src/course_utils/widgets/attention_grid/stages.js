// Attention of a few words, stage by stage, and what happens there in words. Matrices are arrays
// of rows.
import { short } from "../kit/kit.js";

const dot = (a, b) => a.reduce((sum, v, n) => sum + v * b[n], 0);
const plus = (a, b) => a.map((v, n) => v + b[n]);

// The code of a place: sin and cos of place / 10000^(2i / d), one pair after the other.
export const code = (place, d) => Array.from({ length: d }, (_, n) => {
  const angle = place / 10000 ** (2 * Math.floor(n / 2) / d);
  return n % 2 ? Math.cos(angle) : Math.sin(angle);
});

export function softmax(row) {
  const most = Math.max(...row), powers = row.map((v) => Math.exp(v - most));
  const total = powers.reduce((sum, v) => sum + v, 0);
  return powers.map((v) => v / total);
}

// Which word stands at each place.
const orderOf = ({ words, swapped }) => words.map((_, n) => (swapped && n < 2 ? 1 - n : n));

// All stages: q, k, v at their places with codes, the products, the scores, those that are left
// by the mask, the weights, the outputs y.
export function stages(state) {
  const { words, mask, scaled, positions } = state, order = orderOf(state), d = state.q[0].length;
  const coded = (rows) => order.map((n, t) => (positions ? plus(rows[n], code(t, d)) : rows[n]));
  const q = coded(state.q), k = coded(state.k), v = order.map((n) => state.v[n]);
  const names = order.map((n) => words[n]);
  const products = q.map((row) => k.map((key) => dot(row, key)));
  const scores = products.map((row) => row.map((p) => (scaled ? p / Math.sqrt(d) : p)));
  const hidden = (t, s) => ((mask === "causal" || mask === "both") && s > t)
    || ((mask === "padding" || mask === "both") && names[s] === "<pad>");
  const masked = scores.map((row, t) => row.map((p, s) => (hidden(t, s) ? -Infinity : p)));
  const weights = masked.map(softmax);
  const y = weights.map((row) => v[0].map((_, i) => dot(row, v.map((value) => value[i]))));
  return { names, order, q, k, v, products, scores, masked, weights, y };
}

// By how much the outputs of the words differ, at most, from those before the first two words
// changed places. Only words that are no padding are asked.
export function change(state) {
  const now = stages(state), before = stages({ ...state, swapped: false });
  return Math.max(...now.order.map((n, t) => (now.names[t] === "<pad>" ? 0
    : Math.max(...now.y[t].map((v, i) => Math.abs(v - before.y[n][i]))))));
}

// ---------------------------------------------------------------- words

export const percent = (share) => `${(100 * share).toFixed(0)}\u00a0%`;
export const vector = (row, digits = 2) => `(${row.map((v) => short(v, digits)).join(", ")})`;
const signed = (v) => (v < 0 ? `(${short(v, 2)})` : short(v, 2));
export const STAGES = ["q, k and v", "products q kᵀ", "scores: divided by √d", "mask", "weights: softmax", "outputs y"];

// What happens in the row of the word at place t, with its numbers.
const WORK = [
  ({ names, q, k, v }, t) => `${names[t]}: q = ${vector(q[t])}, k = ${vector(k[t])}, v = ${vector(v[t])}.`,
  ({ names, q, k, products }, t) => {
    const s = products[t].indexOf(Math.max(...products[t]));
    const sum = q[t].map((v, n) => `${signed(v)}·${signed(k[s][n])}`).join(" + ");
    return `Greatest for ${names[t]}: q(${names[t]}) · k(${names[s]}) = ${sum} = ${short(products[t][s], 2)}.`;
  },
  ({ names, q, products, scores }, t, { scaled }) => {
    const s = products[t].indexOf(Math.max(...products[t])), d = q[0].length;
    return scaled
      ? `${names[t]} to ${names[s]}: ${short(products[t][s], 2)} / √${d} = ${short(scores[t][s], 2)}.`
      : `Not divided: ${names[t]} to ${names[s]} stays ${short(scores[t][s], 2)}.`;
  },
  ({ names, masked }, t) => {
    const seen = names.filter((_, s) => masked[t][s] > -Infinity);
    const rest = names.filter((_, s) => masked[t][s] === -Infinity);
    return `${names[t]} may look at ${seen.join(", ")}${rest.length ? `; −∞ hides ${rest.join(", ")}` : ""}.`;
  },
  ({ names, weights }, t) => {
    const s = weights[t].indexOf(Math.max(...weights[t]));
    return `${names[t]} looks most at ${names[s]}: ${percent(weights[t][s])}.`;
  },
  ({ names, weights, v, y }, t) => {
    const sum = weights[t].map((w, s) => (w ? `${short(w, 2)}·${vector(v[s])}` : "")).filter(Boolean);
    return `y(${names[t]}) = ${sum.join(" + ")} = ${vector(y[t])}.`;
  },
];

// The sentence of a stage.
export const sentence = (state, stage) => WORK[stage](stages(state), state.chosen, state);

// What has become of the outputs when two words have changed places.
export function swapping(state) {
  if (!state.swapped) return "";
  const most = change(state), by = state.positions ? "with" : "without";
  return `First two words swapped, ${by} position codes: ` + (most < 1e-9
    ? "each word has the same output as before." : `outputs change, by up to ${short(most, 2)}.`);
}
