// All that is computed: what a text finds, what a picture is called, what labels make of it.
import { memo } from "../kit/memo.js";
import { softmax, tensor, under, unpack, zeros } from "../kit/nn.js";
import { topK } from "../kit/sampling.js";
import { album, labelsOf, CHANGES } from "./texts.js";
import { cosines, encoded, imageFeatures, labelRow, textFeatures, unit, wordFeatures } from "./towers.js";

const SHOWN = 12, NEAR = 5;

// parts: { words, names, own, features, pixels, layout, weights, places }, the model's own
export function engine({ words, names, own, features, pixels, layout, weights, places }) {
  const all = unpack(weights, places), text = under(all, "text"), image = under(all, "image");
  const numbers = new Map(words.map((word, n) => [word, n + 1]));
  const count = names.length, stored = unpack(features, { x: { shape: [count, 64], start: 0 } }).x;
  const images = album(pixels, layout);
  const featuresOf = (n) => tensor([1, 64], stored.data.subarray(64 * n, 64 * (n + 1)));
  // A name without a known word cannot be told from another such name.
  const codes = names.map((name) => encoded(name, numbers));
  const able = codes.map((_, n) => n).filter((n) => codes[n].ids.length);
  const nameRows = zeros(able.length, 64);
  able.forEach((n, row) => nameRows.data.set(unit(textFeatures(codes[n].ids, text)).data, 64 * row));
  const wordRows = unit(wordFeatures(text)), pictureRows = unit(stored);

  // The pictures in the order of their cosines with a text; none where no word is known.
  function found(query) {
    const { ids, unknown } = encoded(query, numbers);
    if (!ids.length) return { ids, unknown, cosines: [], order: [], right: [] };
    const values = cosines(pictureRows, unit(textFeatures(ids, text)));
    const right = own.map((has) => ids.every((id) => has.includes(id)));
    return { ids, unknown, cosines: values, order: topK(values, SHOWN), right };
  }

  // A picture's features, 1 long; as drawn they are those that came along.
  const kept = memo(16);
  const seen = (n, change) => kept(`${n} ${change}`, () => unit(change === "as drawn" ? featuresOf(n)
    : imageFeatures(CHANGES[change](images(n)), image)));

  // Its nearest names and words, and the place of its own name among all, 0 where that has no
  // known word. What is as near to 1e-6 goes before it, as in hits_at_k: "polar bear" is "bear" to
  // a tower that does not know the other word.
  function called(n, x) {
    const values = cosines(nameRows, x), mine = able.indexOf(n);
    const near = topK(values, NEAR).map((k) =>
      ({ name: names[able[k]], cosine: values[k], own: able[k] === n }));
    const rank = mine < 0 ? 0 : 1 + values.filter((v, k) => k !== mine && v >= values[mine] - 1e-6).length;
    const ofWords = cosines(wordRows, x);
    const nearWords = topK(ofWords, NEAR).map((k) => ({ name: words[k], cosine: ofWords[k] }));
    return { near, nearWords, rank, of: able.length };
  }

  // Labels of the reader's own: their cosines with a picture's features, and shares at scale s.
  function judged(labels, x, scale) {
    const parsed = labelsOf(labels, numbers);
    if (parsed.labels.length < 2) return { ...parsed, cosines: [], shares: [] };
    const values = parsed.labels.map(({ texts }) => cosines(labelRow(texts, text), x)[0]);
    const shares = softmax(tensor([values.length], values.map((v) => scale * v))).data;
    return { ...parsed, cosines: values, shares: Array.from(shares) };
  }

  return { found, seen, called, judged, images };
}
