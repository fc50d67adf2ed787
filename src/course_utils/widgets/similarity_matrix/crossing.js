// N images against M texts: cosines, shares along rows and columns, the loss of CLIP.

// Rows of a flat list, each 1 long; like F.normalize it divides by 1e-12 at least.
export function unitRows(values, count) {
  const d = values.length / count, unit = Float64Array.from(values);
  for (let n = 0; n < count; n++) {
    const row = unit.subarray(n * d, (n + 1) * d);
    const length = Math.max(Math.sqrt(row.reduce((sum, v) => sum + v * v, 0)), 1e-12);
    for (let i = 0; i < d; i++) row[i] /= length;
  }
  return unit;
}

// x_i·y_j / |x_i| |y_j| as a flat list of rows: images × texts.
export function crossing(x, images, y, texts) {
  const d = x.length / images, a = unitRows(x, images), b = unitRows(y, texts);
  return Float64Array.from({ length: images * texts }, (_, n) => {
    const i = Math.floor(n / texts) * d, j = (n % texts) * d;
    let sum = 0;
    for (let k = 0; k < d; k++) sum += a[i + k] * b[j + k];
    return sum;
  });
}

export const rowOf = (values, i, columns) =>
  Array.from(values.slice(i * columns, (i + 1) * columns));
export const columnOf = (values, j, columns) =>
  Array.from(values).filter((_, n) => n % columns === j);

// log softmax(s · cosines) of one row or column. The largest is taken out of the exponent.
export function logShares(cosines, scale) {
  const most = Math.max(...cosines);
  const sum = cosines.reduce((total, v) => total + Math.exp(scale * (v - most)), 0);
  return cosines.map((v) => scale * (v - most) - Math.log(sum));
}

// Of each image the shares of its texts: every row sums to one.
export const ofRows = (c, columns, scale) =>
  Float64Array.from(Array.from({ length: c.length / columns }, (_, i) =>
    logShares(rowOf(c, i, columns), scale).map(Math.exp)).flat());

// Of each text the shares of its images: every column sums to one.
export function ofColumns(c, columns, scale) {
  const shares = new Float64Array(c.length);
  for (let j = 0; j < columns; j++) {
    logShares(columnOf(c, j, columns), scale).forEach((v, i) => {
      shares[i * columns + j] = Math.exp(v);
    });
  }
  return shares;
}

// 1 where `own` is above all others. What is as near to 1e-6 goes before it: such a tie is a
// miss, as in hits_at_k.
export const rankOf = (cosines, own) =>
  1 + cosines.filter((v, n) => n !== own && v >= cosines[own] - 1e-6).length;

const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

// Over the pairs on the diagonal: the mean loss of images, of texts, and of both, in nats; how
// many images find their text first, and how many texts their image.
export function judged(c, columns, scale) {
  const rows = c.length / columns, pairs = Array.from({ length: Math.min(rows, columns) }, (_, n) => n);
  const row = (n) => rowOf(c, n, columns), column = (n) => columnOf(c, n, columns);
  const images = mean(pairs.map((n) => -logShares(row(n), scale)[n] + 0));
  const texts = mean(pairs.map((n) => -logShares(column(n), scale)[n] + 0));
  const found = (line) => pairs.filter((n) => rankOf(line(n), n) === 1).length;
  return {
    pairs: pairs.length, images, texts, loss: (images + texts) / 2,
    imagesFound: found(row), textsFound: found(column),
  };
}
