// Boxes and how detections are judged. A box is [left, top, right, bottom], a plain array.

const area = ([left, top, right, bottom]) =>
  Math.max(0, right - left) * Math.max(0, bottom - top);

// Intersection over union, and both areas; without any area 0.
export function overlap(a, b) {
  const both = area([
    Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3]),
  ]);
  const union = area(a) + area(b) - both;
  return { iou: union > 0 ? both / union : 0, both, union };
}

export const iou = (a, b) => overlap(a, b).iou;

// Numbers of the scores, greatest first; of equals the first.
const byScore = (scores) =>
  Array.from(scores, (_, n) => n).sort((a, b) => scores[b] - scores[a] || a - b);

// Non-maximum suppression: who overlaps a better box by more than the threshold goes; with
// labels only where both have the same. Returns { kept: numbers, best first, by: for each box
// the number of the one that removed it, -1 if it stays }.
export function nms(boxes, scores, threshold, labels = null) {
  const kept = [], by = new Array(boxes.length).fill(-1);
  const rivals = (a, b) =>
    (!labels || labels[a] === labels[b]) && iou(boxes[a], boxes[b]) > threshold;
  for (const n of byScore(scores)) {
    by[n] = kept.find((better) => rivals(better, n)) ?? -1;
    if (by[n] === -1) kept.push(n);
  }
  return { kept, by };
}

// Which true box each detection finds, -1 for none: the best detection chooses first, and takes
// that of its image with which it overlaps most among those still free, if by the threshold at
// least. Detections are { image, box, score }, true boxes { image, box }.
export function matched(detections, truths, threshold) {
  const found = new Array(detections.length).fill(-1), taken = new Set();
  for (const n of byScore(detections.map(({ score }) => score))) {
    let most = -Infinity;
    truths.forEach(({ image, box }, t) => {
      if (image !== detections[n].image || taken.has(t)) return;
      const value = iou(box, detections[n].box);
      if (value >= threshold && value > most) [most, found[n]] = [value, t];
    });
    taken.add(found[n]);
  }
  return found;
}

// Precision and recall after each detection, best first.
export function precisionRecall(detections, truths, threshold) {
  const found = matched(detections, truths, threshold);
  let right = 0;
  return byScore(detections.map(({ score }) => score)).map((n, before) => {
    right += found[n] >= 0;
    return { precision: right / (before + 1), recall: right / truths.length };
  });
}

// The area under precision over recall, where each recall counts with the best precision that
// is reached there or further on.
export function averagePrecision(detections, truths, threshold = 0.5) {
  const curve = precisionRecall(detections, truths, threshold);
  let sum = 0, best = 0;
  for (let n = curve.length - 1; n >= 0; n--) {
    best = Math.max(best, curve[n].precision);
    sum += best * (curve[n].recall - (curve[n - 1]?.recall ?? 0));
  }
  return sum;
}
