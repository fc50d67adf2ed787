import {
  announcer, button, bytes, clamp, fixed, gaussianFilter, listen, make, select, set, short, slider,
  whenNear,
} from "../kit/kit.js";
import { dice, normals } from "../kit/dice.js";

// ---------------------------------------------------------------- places

// A image is { side, values }: red, green and blue of each pixel, row by row, 0 to 1.

// Along one axis: between which two pixels of a box the middle of each new pixel lies, and how
// near to the second. Nothing outside the box is mixed in.
function placesIn(first, length, side) {
  return Array.from({ length: side }, (_, n) => {
    const place = first + clamp((length / side) * (n + 0.5) - 0.5, 0, length - 1);
    const low = Math.floor(place);
    return { low, high: Math.min(low + 1, side - 1), share: place - low };
  });
}

// A box [top, left, height, width], as large as the image again; bilinear.
export function crop({ side, values }, [top, left, height, width], mirrored = false) {
  const rows = placesIn(top, height, side), columns = placesIn(left, width, side);
  if (mirrored) columns.reverse();
  const out = new Float64Array(values.length);
  rows.forEach((y, i) => columns.forEach((x, j) => {
    for (let c = 0; c < 3; c++) {
      const at = (row, column) => values[3 * (row * side + column) + c];
      const above = at(y.low, x.low) * (1 - x.share) + at(y.low, x.high) * x.share;
      const below = at(y.high, x.low) * (1 - x.share) + at(y.high, x.high) * x.share;
      out[3 * (i * side + j) + c] = above * (1 - y.share) + below * y.share;
    }
  }));
  return { side, values: out };
}

// Counterclockwise, as often as is said.
export function turn(image, quarters) {
  if (quarters === 0) return image;
  const { side, values } = image, out = new Float64Array(values.length);
  for (let i = 0; i < side; i++) for (let j = 0; j < side; j++) {
    const from = 3 * (j * side + side - 1 - i);
    out.set(values.subarray(from, from + 3), 3 * (i * side + j));
  }
  return turn({ side, values: out }, quarters - 1);
}

// Black in a box, which may hang over the edge.
export function cut({ side, values }, [top, left, height, width]) {
  const out = values.slice(), last = Math.min(left + width, side);
  for (let y = Math.max(top, 0); y < Math.min(top + height, side); y++) {
    out.fill(0, 3 * (y * side + Math.max(left, 0)), 3 * (y * side + Math.max(last, 0)));
  }
  return { side, values: out };
}

// ---------------------------------------------------------------- colours

const within = (value) => clamp(value, 0, 1);

// How bright the pixel is whose red is the i-th value.
const greyAt = (values, i) =>
  0.2989 * values[i] + 0.587 * values[i + 1] + 0.114 * values[i + 2];

export const brightness = ({ side, values }, factor) =>
  ({ side, values: values.map((v) => within(v * factor)) });

// Away from the mean grey of the image, or towards it below 1.
export function contrast({ side, values }, factor) {
  let sum = 0;
  for (let i = 0; i < values.length; i += 3) sum += greyAt(values, i);
  const offset = (sum / (side * side)) * (1 - factor);
  return { side, values: values.map((v) => within(offset + v * factor)) };
}

// Away from the grey of each pixel, or towards it below 1.
export function saturation({ side, values }, factor) {
  const changed = (v, i) => within(greyAt(values, i - (i % 3)) * (1 - factor) + v * factor);
  return { side, values: values.map(changed) };
}

// Where a colour lies on the circle, in sixths: red 0, green 2, blue 4.
function sixthOf(red, green, blue, high, range) {
  if (range === 0) return 0;
  if (red === high) return (green - blue) / range;
  if (green === high) return (blue - red) / range + 2;
  return (red - green) / range + 4;
}

// Colours moved along the colour circle by `turns` of it.
export function hue({ side, values }, turns) {
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += 3) {
    const [red, green, blue] = values.subarray(i, i + 3);
    const low = Math.min(red, green, blue), high = Math.max(red, green, blue);
    const h = sixthOf(red, green, blue, high, high - low) + 6 * turns;
    const place = h - 6 * Math.floor(h / 6);
    const near = [Math.abs(place - 3) - 1, 2 - Math.abs(place - 2), 2 - Math.abs(place - 4)];
    near.forEach((v, c) => { out[i + c] = low + within(v) * (high - low); });
  }
  return { side, values: out };
}

export const colourJitter = (image, [bright, strong, vivid, turned]) =>
  hue(saturation(contrast(brightness(image, bright), strong), vivid), turned);

// ---------------------------------------------------------------- filters

// Which pixel stands for one beyond an edge: its mirror image, or the edge itself.
const mirrorImage = (n, side) => (n < 0 ? -n : n < side ? n : 2 * (side - 1) - n);
const edgeAgain = (n, side) => clamp(n, 0, side - 1);

// Sums of neighbours down the columns (axis 0) or along the rows (axis 1), with weights.
function weighted({ side, values }, weights, axis, beyond) {
  const along = axis === 0 ? 3 * side : 3, across = axis === 0 ? 3 : 3 * side;
  const radius = (weights.length - 1) / 2, out = new Float64Array(values.length);
  for (let n = 0; n < side; n++) weights.forEach((weight, k) => {
    const from = beyond(n + k - radius, side) * along;
    for (let m = 0; m < side; m++) for (let c = 0; c < 3; c++) {
      out[n * along + m * across + c] += weight * values[from + m * across + c];
    }
  });
  return { side, values: out };
}

export function blur(image, sigma, size) {
  const weights = gaussianFilter((size - 1) / 2, Math.max(sigma, 1e-3));
  return weighted(weighted(image, weights, 0, mirrorImage), weights, 1, mirrorImage);
}

export const noise = ({ side, values }, sigma, unit) =>
  ({ side, values: values.map((v, i) => within(v + sigma * unit[i])) });

// √((g_x² + g_y²) / 2) of each colour; the slopes are those of Sobel's filters / 4.
export function sobel(image) {
  const slope = (axis) => {
    const smooth = weighted(image, [0.25, 0.5, 0.25], 1 - axis, edgeAgain);
    return weighted(smooth, [-1, 0, 1], axis, edgeAgain).values;
  };
  const down = slope(0), right = slope(1);
  const values = down.map((v, i) => Math.sqrt((v ** 2 + right[i] ** 2) / 2));
  return { side: image.side, values };
}

// ---------------------------------------------------------------- random numbers

// Dice of a card's own: the same for the same seed and letter.
const diceOf = (seed, letter) =>
  dice(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(letter.codePointAt(0), 0x85ebca6b));

// A box of whole pixels. A shape that would not fit gives way, not the area.
function boxOf(random, side, strength) {
  const area = 1 - 0.92 * strength * random();
  const drawn = Math.exp(strength * Math.log(4 / 3) * (2 * random() - 1));
  const shape = clamp(drawn, area, 1 / area); // width / height
  const sides = [Math.sqrt(area / shape), Math.sqrt(area * shape)];
  const size = sides.map((share) => clamp(Math.round(side * share), 1, side));
  return [...size.map((length) => Math.floor(random() * (side - length + 1))), ...size];
}

function factorsOf(random, strength) {
  const [bright, strong, vivid, turned] = Array.from({ length: 4 }, () => 2 * random() - 1);
  const factor = (v) => 1 + 0.8 * strength * v;
  return [factor(bright), factor(strong), factor(vivid), 0.2 * strength * turned];
}

// A square with its middle on any pixel.
function squareOf(random, side, share) {
  const length = Math.round(share * side);
  const first = () => Math.floor(random() * side) - Math.floor(length / 2);
  return [first(), first(), length, length];
}

// Odd, about a tenth of the image.
export const blurSize = (side) => 2 * Math.floor(side / 20) + 1;

// ---------------------------------------------------------------- cards

const signed = (value) => `${value.toFixed(2) > 0 ? "+" : ""}${fixed(value)}`;
const boxWords = ([top, left, height, width]) =>
  `box ${height} × ${width} at row ${top}, column ${left}`;

// What each card draws from its strength, does to a photo with that, and says about it.
const CARDS = {
  a: {
    title: "Original",
    draw: (_, { side }) => ({ side }),
    change: (photo) => photo,
    words: ({ side }) => `${side} × ${side} pixels`,
  },
  b: {
    title: "Crop and resize", key: "crop",
    draw: (random, { side, strength }) => ({ box: boxOf(random, side, strength) }),
    change: (photo, { box }) => crop(photo, box),
    words: ({ box }) => boxWords(box),
  },
  c: {
    title: "Crop, resize (and flip)", key: "crop", luck: "b",
    draw: (random, { side, strength }) => ({ box: boxOf(random, side, strength) }),
    change: (photo, { box }) => crop(photo, box, true),
    words: ({ box }) => `${boxWords(box)}, flipped`,
  },
  d: {
    title: "Color distort. (drop)", key: "drop",
    draw: (_, { strength }) => ({ factor: 1 - strength }),
    change: (photo, { factor }) => saturation(photo, factor),
    words: ({ factor }) => `saturation × ${fixed(factor)}`,
  },
  e: {
    title: "Color distort. (jitter)", key: "jitter",
    draw: (random, { strength }) => ({ factors: factorsOf(random, strength) }),
    change: (photo, { factors }) => colourJitter(photo, factors),
    words: ({ factors: [bright, strong, vivid, turned] }) =>
      `brightness × ${fixed(bright)}, contrast × ${fixed(strong)}, `
      + `saturation × ${fixed(vivid)}, hue ${signed(turned)} turns`,
  },
  f: {
    title: "Rotate {90°, 180°, 270°}", key: "turn",
    draw: (_, { strength }) => ({ quarters: strength }),
    change: (photo, { quarters }) => turn(photo, quarters),
    words: ({ quarters }) => `${90 * quarters}° counterclockwise`,
  },
  g: {
    title: "Cutout", key: "cutout",
    draw: (random, { side, strength }) => ({ box: squareOf(random, side, strength) }),
    change: (photo, { box }) => cut(photo, box),
    words: ({ box: [top, left, length] }) => `square ${length} × ${length} around `
      + `row ${top + Math.floor(length / 2)}, column ${left + Math.floor(length / 2)}`,
  },
  h: {
    title: "Gaussian noise", key: "noise",
    draw: (random, { side, strength }) =>
      ({ sigma: strength, unit: normals(random, 3 * side * side) }),
    change: (photo, { sigma, unit }) => noise(photo, sigma, unit),
    words: ({ sigma }) => `σ = ${short(sigma)}, where white is 1`,
  },
  i: {
    title: "Gaussian blur", key: "blur",
    draw: (_, { side, strength }) => ({ sigma: strength, size: blurSize(side) }),
    change: (photo, { sigma, size }) => blur(photo, sigma, size),
    words: ({ sigma, size }) => `σ = ${short(sigma)} pixels, ${size} × ${size} weights`,
  },
  j: {
    title: "Sobel filtering",
    draw: () => ({}),
    change: (photo) => sobel(photo),
    words: () => "edges in red, green and blue",
  },
};

// All numbers of a card, which follow from the seed, its letter and its strength.
export function numbersOf(letter, { side, strength, seed }) {
  const { draw, luck = letter } = CARDS[letter];
  return draw(diceOf(seed, luck), { side, strength });
}

// The image of a card, and what was done in words. Strength 0 changes nothing, flips nothing.
export function augmented(letter, photo, { strength, seed }) {
  const { change, words, key } = CARDS[letter];
  if (key && strength === 0) return { image: photo, said: "unchanged" };
  const numbers = numbersOf(letter, { side: photo.side, strength, seed });
  return { image: change(photo, numbers), said: words(numbers) };
}

// ---------------------------------------------------------------- view

// A line never breaks before a number or a sign.
const tied = (words) => words.replace(/ (?=[=×+−\d])/g, "\u00a0");

// One slider for each strength; (b) and (c) have one each for the same.
const SLIDERS = {
  crop: ["Crop", { min: 0, max: 1, step: 0.05, text: (v) => short(v, 2) }],
  drop: ["Drop", { min: 0, max: 1, step: 0.05, text: (v) => short(v, 2) }],
  jitter: ["Jitter", { min: 0, max: 1, step: 0.05, text: (v) => `s = ${short(v, 2)}` }],
  turn: ["Turn", { min: 0, max: 3, text: (v) => `${90 * v}°` }],
  cutout: ["Side", { min: 0, max: 0.75, step: 0.05, text: (v) => short(v, 2) }],
  noise: ["Noise", { min: 0, max: 0.5, step: 0.05, text: (v) => `σ = ${short(v, 2)}` }],
  blur: ["Blur", { min: 0, max: 4, step: 0.25, text: (v) => `σ = ${short(v, 2)}` }],
};

function paintColours(canvas, { side, values }) {
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d"), image = context.createImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(255 * values[3 * i + c]);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

class Card {
  constructor(model, letter) {
    const { title, key } = CARDS[letter];
    Object.assign(this, { model, letter, key, title: `(${letter}) ${title}` });
    // Square and named before anything is drawn on it.
    const empty = { role: "img", "aria-label": this.title, width: 1, height: 1 };
    this.canvas = make("canvas", empty);
    this.frame = make("div", { class: "ag-frame", hidden: "" });
    this.note = make("p", { class: "ptp-note" });
    this.root = make("div", { class: "ag-card", role: "group", "aria-label": this.title },
      make("div", { class: "ag-stage" }, this.canvas, this.frame),
      make("p", { class: "ptp-title" }, this.title));
    if (key) {
      const [label, options] = SLIDERS[key];
      const spoken = (v) => `${options.text(v)}: ${this.said}`;
      const put = (v) => set(model, { [key]: v });
      this.strength = slider(label, { ...options, spoken, put });
      this.root.append(this.strength.root);
    }
    this.root.append(this.note);
  }

  draw(photo) {
    const { model, key, letter } = this;
    const strength = key && model.get(key);
    const { image, said } = augmented(letter, photo, { strength, seed: model.get("seed") });
    this.said = said;
    paintColours(this.canvas, image);
    this.note.textContent = tied(said);
    this.strength?.show(strength);
    this.canvas.setAttribute("aria-label",
      `Photo ${model.get("photo_name")}, ${this.title}: ${said}`);
  }

  // Shows on this card which box another one enlarges; the whole image needs no frame.
  mark(box, side) {
    const [top, left, height, width] = box.map((n) => `${(100 * n) / side}%`);
    Object.assign(this.frame.style, { top, left, height, width });
    this.frame.hidden = box[2] === side && box[3] === side;
    const said = this.frame.hidden ? "" : "; the frame is the box of (b) and (c)";
    this.note.textContent = tied(this.said + said);
  }
}

class View {
  constructor(model) {
    this.model = model;
    this.cards = Object.keys(CARDS).map((letter) => new Card(model, letter));
    const names = Object.keys(model.get("photos"));
    this.photo = select("Photo", {
      options: names.map((name) => [name, name]),
      put: (name) => set(model, { photo_name: name }),
    });
    this.again = button("Draw again", { put: () => set(model, { seed: model.get("seed") + 1 }) });
    this.voice = announcer();
    const controls = names.length > 1 ? [this.photo.root, this.again.root] : [this.again.root];
    const marks = { class: "ptp ag", role: "group", "aria-label": "Augmentations of a photo" };
    this.root = make("div", marks,
      make("div", { class: "ptp-controls" }, ...controls),
      make("div", { class: "ag-cards" }, ...this.cards.map((card) => card.root)),
      this.voice.root);
  }

  image() {
    const { side, pixels } = this.model.get("photos")[this.model.get("photo_name")];
    return { side, values: Float64Array.from(bytes(pixels), (v) => v / 255) };
  }

  // The cards that a strength changes; the original bears the frame of the crop.
  draw(key) {
    const photo = this.image();
    for (const card of this.cards) if (card.key === key) card.draw(photo);
    if (key !== "crop") return;
    const strength = this.model.get("crop"), seed = this.model.get("seed");
    const { box } = numbersOf("b", { side: photo.side, strength, seed });
    this.cards[0].mark(box, photo.side);
  }

  drawAll() {
    this.photo.show(this.model.get("photo_name"));
    for (const key of [undefined, ...Object.keys(SLIDERS)]) this.draw(key);
  }

  // A slider speaks for its card; a new draw changes many at once.
  announce() {
    const said = this.cards.filter((card) => card.key).map((card) => `${card.title}: ${card.said}`);
    this.voice.say(`Photo ${this.model.get("photo_name")}. ${said.join(". ")}.`);
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  let stops = [];
  const begin = () => {
    view.drawAll();
    stops = Object.keys(SLIDERS).map((key) => listen(model, [key], () => view.draw(key)));
    stops.push(listen(model, ["photos", "photo_name", "seed"], () => {
      view.drawAll();
      view.announce();
    }));
  };
  stops = [whenNear(view.root, begin)];
  return () => { stops.forEach((stop) => stop()); view.voice.stop(); };
}

export default { render };
