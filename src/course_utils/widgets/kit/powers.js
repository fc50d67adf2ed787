// Numbers over many powers of ten: how they are written, and an axis for them.
import { short } from "./kit.js";

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
export const raised = (n) => [...String(n)].map((c) => RAISED[c]).join("");

// Two digits of a number that is not negative: 0.46, 12, 1.4 · 10⁻⁸.
export function powerOfTen(v) {
  if (v === 0 || (v >= 0.01 && v < 1000)) return short(Number(v.toPrecision(2)), 4);
  const [digits, power] = v.toExponential(1).split("e");
  return `${Number(digits)} · 10${raised(Number(power))}`;
}
