// The products of matrices that all layers of nn.js are made of, as fast as plain JavaScript
// does them. A matrix is a typed array, row by row.

// Four sums at a time: the processor need not wait for one addition to begin the next.
function dot(a, p, b, q, K) {
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0, k = 0;
  for (; k + 3 < K; k += 4) {
    s0 += a[p + k] * b[q + k];
    s1 += a[p + k + 1] * b[q + k + 1];
    s2 += a[p + k + 2] * b[q + k + 2];
    s3 += a[p + k + 3] * b[q + k + 3];
  }
  for (; k < K; k++) s0 += a[p + k] * b[q + k];
  return s0 + s1 + s2 + s3;
}

// Four rows of a [.., K] times four rows of b [.., K]: eight numbers are read for 16 products.
// Written out, since an engine keeps variables in registers but not the elements of an array.
function block(a, p, b, q, K, y, at, down, across) {
  const p1 = p + K, p2 = p1 + K, p3 = p2 + K, q1 = q + K, q2 = q1 + K, q3 = q2 + K;
  let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  let s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
  for (let k = 0; k < K; k++) {
    const a0 = a[p + k], a1 = a[p1 + k], a2 = a[p2 + k], a3 = a[p3 + k];
    const b0 = b[q + k], b1 = b[q1 + k], b2 = b[q2 + k], b3 = b[q3 + k];
    s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
    s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
    s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
    s30 += a3 * b0; s31 += a3 * b1; s32 += a3 * b2; s33 += a3 * b3;
  }
  const sums = [s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33];
  for (let n = 0; n < 16; n++) y[at + (n >> 2) * down + (n & 3) * across] += sums[n];
}

// y[from + m * down + n * across] += Σ_k a[m, k] b[n, k], for a [M, K] and b [N, K].
export function multiply(a, M, b, N, K, y, from, down, across) {
  for (let m = 0; m < M; m += 4) {
    for (let n = 0; n < N; n += 4) {
      const at = from + m * down + n * across;
      if (m + 4 <= M && n + 4 <= N) block(a, m * K, b, n * K, K, y, at, down, across);
      else {
        for (let i = m; i < Math.min(m + 4, M); i++) {
          for (let j = n; j < Math.min(n + 4, N); j++) {
            y[from + i * down + j * across] += dot(a, i * K, b, j * K, K);
          }
        }
      }
    }
  }
}
