// Steps of a slider over powers of ten, such as a temperature or a logit scale.

// Renard's R″20: 20 round numbers a decade, steps of nearly equal factors.
const ROUND = [10, 11, 12, 14, 16, 18, 20, 22, 25, 28, 30, 35, 40, 45, 50, 55, 60, 70, 80, 90];

// The round numbers from `low` to `high`, and others that must be among them, in their order.
export function roundSteps(low, high, ...others) {
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
  const decades = Array.from({ length: last - first + 1 }, (_, n) => 10 ** (first + n - 1));
  const round = decades.flatMap((unit) => ROUND.map((n) => Number((n * unit).toPrecision(2))));
  const all = new Set([...round.filter((v) => v >= low && v <= high), ...others]);
  return [...all].sort((a, b) => a - b);
}

// The step that is nearest by its factor.
export function nearestStep(steps, value) {
  const far = steps.map((v) => Math.abs(Math.log(v / value)));
  return far.indexOf(Math.min(...far));
}
