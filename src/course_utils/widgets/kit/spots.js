// Points in the plane, [x, y, x, y, …], that lie in round spots.
import { normals } from "./dice.js";

// `count` places on a circle, evenly.
export const ring = (count, radius) => Array.from({ length: count }, (_, k) =>
  [radius * Math.cos(2 * Math.PI * k / count), radius * Math.sin(2 * Math.PI * k / count)]);

// `count` points of spots that are equally frequent: { spots: [[x, y], …], sigma }.
export function scattered({ spots, sigma }, random, count) {
  const found = new Float64Array(2 * count);
  for (let n = 0; n < count; n++) {
    const spot = spots[Math.floor(random() * spots.length)], [x, y] = normals(random, 2);
    found.set([spot[0] + sigma * x, spot[1] + sigma * y], 2 * n);
  }
  return found;
}

// For each point the nearest of the places, [[x, y], …], and how far it is; the first of equals.
export function nearest(at, places) {
  return Array.from({ length: at.length / 2 }, (_, n) => {
    let index = 0, least = Infinity;
    for (let k = 0; k < places.length; k++) {
      const square = (at[2 * n] - places[k][0]) ** 2 + (at[2 * n + 1] - places[k][1]) ** 2;
      if (square < least) [index, least] = [k, square];
    }
    return { index, far: Math.sqrt(least) };
  });
}

// How many of the points lie near each spot: it is the nearest, at most three sigma away.
export function nearSpots(at, { spots, sigma }) {
  const counts = spots.map(() => 0);
  for (const { index, far } of nearest(at, spots)) if (far < 3 * sigma) counts[index] += 1;
  return counts;
}
