// How a drawing can be changed: { right, down, turn, size }. It is turned clockwise by `turn` degrees
// and resized about its middle, then moved by pixels. The drawing itself stays as it is.

export const SIDE = 28;

// ---------------------------------------------------------------- arithmetic

// From a place of the changed drawing back to where it lies in the drawing, both in pixels.
export function backwards({ right, down, turn, size }) {
  const angle = turn * Math.PI / 180, middle = SIDE / 2;
  const cos = Math.cos(angle) / size, sin = Math.sin(angle) / size;
  return (x, y) => {
    const a = x - middle - right, b = y - middle - down;
    return { x: middle + cos * a + sin * b, y: middle - sin * a + cos * b };
  };
}

// The changed drawing, bilinear between the middles of pixels; black comes in.
export function transformed(values, change) {
  const back = backwards(change), out = new Float64Array(SIDE * SIDE);
  const at = (x, y) => (x < 0 || x >= SIDE || y < 0 || y >= SIDE ? 0 : values[y * SIDE + x]);
  for (let n = 0; n < out.length; n++) {
    const { x, y } = back(n % SIDE + 0.5, Math.floor(n / SIDE) + 0.5);
    const left = Math.floor(x - 0.5), top = Math.floor(y - 0.5);
    const u = x - 0.5 - left, v = y - 0.5 - top;
    out[n] = (1 - v) * ((1 - u) * at(left, top) + u * at(left + 1, top))
      + v * ((1 - u) * at(left, top + 1) + u * at(left + 1, top + 1));
  }
  return out;
}

// ---------------------------------------------------------------- words

const either = (value, unit, more, less) =>
  `${Math.abs(value)}${unit}${value ? ` ${value > 0 ? more : less}` : ""}`;

// Of each its slider, how a value is said, and what is said before it.
export const CHANGES = {
  right: {
    name: "Move right", min: -8, max: 8, verb: "moved", text: (v) => either(v, " px", "right", "left"),
  },
  down: {
    name: "Move down", min: -8, max: 8, verb: "moved", text: (v) => either(v, " px", "down", "up"),
  },
  turn: {
    name: "Turn", min: -180, max: 180, step: 5, verb: "turned",
    text: (v) => either(v, "°", "clockwise", "counterclockwise"),
  },
  // At half the size a pixel is the mean of four; below it bilinear values would skip some.
  size: {
    name: "Resize", min: 0.5, max: 1.5, step: 0.1, verb: "resized to",
    text: (v) => `${Math.round(100 * v)} %`,
  },
};
export const KEYS = Object.keys(CHANGES);
export const AS_IT_IS = { right: 0, down: 0, turn: 0, size: 1 };
export const CASES = Object.entries({
  "as it is": {}, "4 px right": { right: 4 }, "turned by 30°": { turn: 30 },
  "upside down": { turn: 180 }, "half size": { size: 0.5 },
}).map(([name, change]) => [name, { ...AS_IT_IS, ...change }]);

// Which of the four are made.
export const made = (change) => KEYS.filter((key) => change[key] !== AS_IT_IS[key]);
export const inWords = (change) =>
  made(change).map((key) => `${CHANGES[key].verb} ${CHANGES[key].text(change[key])}`).join(", ");
