// Random numbers that follow from a seed. course_utils.widgets.dice throws the same in Python.

// Even numbers from 0 to 1 by "mulberry32"; the seed is a whole number of 32 bits.
export function dice(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Normal numbers with mean 0 and standard deviation 1, by Box and Muller's method.
export const normals = (random, count) => Float64Array.from({ length: count }, () =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));

// Dice of their own for each purpose, a small whole number, and each step of it: whatever was
// tried before, a step from the same place throws the same.
export const diceFor = (seed, purpose, step = 0) =>
  dice(Math.imul(seed + 1, 0x9e3779b1) + Math.imul(purpose, 0x85ebca6b) + step);
