import {
  announcer, bytes, checkbox, clamp, floats, listen, make, onMode, pointerAt, select, set, slider,
} from "../kit/kit.js";

const NEIGHBOURS = 5;

// ---------------------------------------------------------------- arithmetic

// Points are flat lists x₀ y₀ x₁ y₁ …
const squared = (points, a, b) =>
  (points[2 * a] - points[2 * b]) ** 2 + (points[2 * a + 1] - points[2 * b + 1]) ** 2;

// The `count` other points nearest to point n, the nearest first; of equals the earlier first.
export function nearest(points, n, count = NEIGHBOURS) {
  const best = [];
  for (let k = 0; k < points.length / 2; k++) {
    if (k === n) continue;
    const far = squared(points, n, k);
    if (best.length === count && far >= best.at(-1).far) continue;
    const place = best.findIndex((other) => far < other.far);
    best.splice(place < 0 ? best.length : place, 0, { k, far });
    if (best.length > count) best.pop();
  }
  return best.map(({ k }) => k);
}

// Which of these images are of the class of image n.
export const alike = (labels, n, others) => others.filter((k) => labels[k] === labels[n]);

// How often, over all points, a neighbour is of the point's class: 0 to 1.
export function agreement(points, labels, count = NEIGHBOURS) {
  let same = 0, all = 0;
  for (let n = 0; n < labels.length; n++) {
    const others = nearest(points, n, count);
    same += alike(labels, n, others).length;
    all += others.length;
  }
  return same / all;
}

// The same for positions that say nothing: how often any other image is of the class.
export function chance(labels) {
  const counts = labels.reduce((sums, k) => sums.set(k, (sums.get(k) ?? 0) + 1), new Map());
  const pairs = [...counts.values()].reduce((sum, n) => sum + n * (n - 1), 0);
  return pairs / (labels.length * (labels.length - 1));
}

// Places in a square of this side, y upwards, with one scale for both directions: what is near
// in the map is near on the screen.
export function placed(points, side, margin) {
  const ends = (axis) => {
    let low = Infinity, high = -Infinity;
    for (let n = axis; n < points.length; n += 2) {
      low = Math.min(low, points[n]);
      high = Math.max(high, points[n]);
    }
    return { middle: (low + high) / 2, extent: high - low };
  };
  const x = ends(0), y = ends(1);
  const scale = (side - 2 * margin) / (Math.max(x.extent, y.extent) || 1);
  return Array.from({ length: points.length / 2 }, (_, n) => ({
    x: side / 2 + scale * (points[2 * n] - x.middle),
    y: side / 2 - scale * (points[2 * n + 1] - y.middle),
  }));
}

// The place nearest to the pointer, or −1 where none is within reach.
export function pick(places, { x, y }, reach) {
  let best = -1, least = reach;
  places.forEach((place, n) => {
    const far = Math.hypot(place.x - x, place.y - y);
    if (far <= least) [best, least] = [n, far];
  });
  return best;
}

// Where image n lies in the sprite.
export const tileAt = (n, { columns, wide, high }) =>
  ({ x: (n % columns) * wide, y: Math.floor(n / columns) * high });

// ---------------------------------------------------------------- forms

const polygon = (points) => `M${points.map(([x, y]) => `${x} ${y}`).join("L")}Z`;
const square = (r) => polygon([[-r, -r], [r, -r], [r, r], [-r, r]]);
const disc = (r) => `M${r} 0A${r} ${r} 0 1 1 ${-r} 0A${r} ${r} 0 1 1 ${r} 0Z`;
const PLUS = [[-0.4, -1.2], [0.4, -1.2], [0.4, -0.4], [1.2, -0.4], [1.2, 0.4], [0.4, 0.4],
  [0.4, 1.2], [-0.4, 1.2], [-0.4, 0.4], [-1.2, 0.4], [-1.2, -0.4], [-0.4, -0.4]];
const TRIANGLE = [[0, -1.2], [1.15, 0.85], [-1.15, 0.85]];
const turned = (points, angle) => points.map(([x, y]) => [
  x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)]);
const STAR = Array.from({ length: 10 }, (_, n) => {
  const r = n % 2 ? 0.58 : 1.4, angle = (Math.PI * n) / 5;
  return [r * Math.sin(angle), -r * Math.cos(angle)];
});

// A class's form, of radius about 1, as the path of an SVG; holes by the even-odd rule.
const FORMS = [
  disc(1), square(0.92), polygon(TRIANGLE), polygon([[0, -1.3], [1.1, 0], [0, 1.3], [-1.1, 0]]),
  polygon(PLUS), polygon(turned(TRIANGLE, Math.PI)), disc(1.1) + disc(0.5),
  polygon(turned(PLUS, Math.PI / 4)), polygon(STAR), square(1) + square(0.45),
];

const glyph = (label) => {
  const root = make("span", { class: "fm-glyph", "aria-hidden": "true" });
  root.innerHTML = '<svg viewBox="-1.6 -1.6 3.2 3.2" width="16" height="16">'
    + `<path d="${FORMS[label]}" fill-rule="evenodd" style="fill: var(--fm-${label})"/></svg>`;
  return root;
};

// ---------------------------------------------------------------- map

const REACH = 24; // of a pointer, in CSS pixels

class Scatter {
  constructor(labels, sprite, tile, onPick) {
    Object.assign(this, { labels, sprite, tile });
    this.canvas = make("canvas", { role: "img", class: "fm-canvas" });
    const point = (event) => {
      const { x, y } = pointerAt(event, this.canvas);
      const n = pick(this.places, { x: x * this.side, y: y * this.side }, REACH);
      if (n >= 0) onPick(n);
    };
    // A finger that scrolls the page passes over dots: it picks by a tap.
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") point(event);
    });
    this.canvas.addEventListener("click", point);
  }

  // state: points, chosen, others (its neighbours), only (a class, or −1), asPictures
  draw(state) {
    const { canvas } = this;
    const ratio = devicePixelRatio || 1;
    this.side = canvas.clientWidth || 420;
    canvas.width = canvas.height = Math.round(ratio * this.side);
    this.size = this.sizeOf(state.asPictures);
    this.places = placed(state.points, this.side, this.ringOf() + 4);
    this.context = canvas.getContext("2d");
    this.context.scale(canvas.width / this.side, canvas.width / this.side);
    this.colours = this.readColours();
    const pale = (n) => state.only >= 0 && this.labels[n] !== state.only;
    const indices = this.places.map((_, n) => n);
    const front = [...state.others].reverse().concat(state.chosen);
    const behind = indices.filter((n) => !front.includes(n));
    const { ground, text } = this.colours;
    for (const n of behind.filter(pale)) this.mark(n, state, { alpha: 0.15 });
    for (const n of behind.filter((k) => !pale(k))) this.mark(n, state, { edge: ground });
    for (const n of state.others) this.connect(state.chosen, n);
    for (const n of front) this.mark(n, state, { edge: text });
    this.ring(state.chosen);
  }

  // Radius of a dot, half the side of a image: the more there are, the smaller.
  sizeOf(asPictures) {
    const room = this.side / Math.sqrt(this.labels.length);
    return asPictures ? clamp(0.45 * room, 7, 16) : clamp(0.22 * room, 3.2, 5.5);
  }

  // Radius of the ring around the chosen one.
  ringOf() { return 1.4 * this.size + 3; }

  readColours() {
    const style = getComputedStyle(this.canvas);
    const read = (name) => style.getPropertyValue(name).trim();
    return { classes: FORMS.map((_, k) => read(`--fm-${k}`)), text: style.color,
      ground: style.outlineColor };
  }

  // A dot or a image, with an edge; pale ones go without.
  mark(n, { asPictures }, { alpha = 1, edge = null }) {
    const { context, places, size, colours } = this, label = this.labels[n];
    context.save();
    context.globalAlpha = alpha;
    context.translate(places[n].x, places[n].y);
    context.fillStyle = colours.classes[label];
    if (asPictures) {
      // The frame tells the class.
      if (edge) context.fillRect(-size - 1.5, -size - 1.5, 2 * size + 3, 2 * size + 3);
      this.copy(context, n, -size, -size, 2 * size);
    } else {
      context.scale(size, size);
      const path = new Path2D(FORMS[label]);
      context.lineWidth = 2 / size;
      context.strokeStyle = edge;
      if (edge) context.stroke(path);
      context.fill(path, "evenodd");
    }
    context.restore();
  }

  // Image n out of the sprite, its longer side so long.
  copy(context, n, left, top, side) {
    const { height, width } = this.tile, { x, y } = tileAt(n, this.tile);
    const scale = side / Math.max(height, width);
    context.drawImage(this.sprite, x, y, width, height, left + (side - scale * width) / 2,
      top + (side - scale * height) / 2, scale * width, scale * height);
  }

  connect(a, b) {
    const { context, places, colours } = this;
    context.beginPath();
    context.moveTo(places[a].x, places[a].y);
    context.lineTo(places[b].x, places[b].y);
    context.strokeStyle = colours.text;
    context.lineWidth = 1.2;
    context.stroke();
  }

  ring(n) {
    const { context, places, colours } = this;
    for (const [colour, width] of [[colours.ground, 5], [colours.text, 2.5]]) {
      context.beginPath();
      context.arc(places[n].x, places[n].y, this.ringOf(), 0, 2 * Math.PI);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }
}

// ---------------------------------------------------------------- view

class View {
  constructor(model, sprite) {
    this.model = model;
    this.classes = model.get("classes");
    this.labels = bytes(model.get("labels"));
    this.maps = Object.fromEntries(Object.entries(model.get("maps"))
      .map(([name, view]) => [name, floats(view)]));
    this.scatter = new Scatter(this.labels, sprite, model.get("tile"),
      (chosen) => set(model, { chosen }));
    this.agreements = {};
    this.card = make("div", { class: "fm-card" });
    this.around = make("div", { class: "fm-around" });
    this.all = make("p", { class: "ptp-note" });
    this.voice = announcer();
    this.controls = this.makeControls();
    this.root = this.arrange();
  }

  makeControls() {
    const { model, classes } = this;
    const count = this.labels.length;
    const put = (key) => (value) => set(model, { [key]: value });
    return {
      map: select("Map", {
        options: Object.keys(this.maps).map((name) => [name, name]), put: put("map_name"),
      }),
      only: select("Class", {
        options: [["", "all"], ...classes.map((name) => [name, name])], put: put("class_name"),
      }),
      chosen: slider("Image", {
        min: 0, max: count - 1, text: (n) => `${n + 1} of ${count}`,
        spoken: () => this.describe(), put: put("chosen"),
      }),
      asPictures: checkbox("Images in place of dots", { put: put("as_pictures") }),
    };
  }

  arrange() {
    const { map, only, chosen, asPictures } = this.controls;
    const several = Object.keys(this.maps).length > 1;
    const root = make("div", { class: "ptp fm", role: "group", "aria-label": "Map of features" });
    root.append(
      make("div", { class: "ptp-controls" },
        ...(several ? [map.root] : []), only.root, chosen.root, asPictures.root),
      make("div", { class: "fm-panels" },
        make("div", { class: "fm-plot" }, this.scatter.canvas, this.all),
        make("div", { class: "fm-side" }, this.card, this.around, this.legend())),
      this.voice.root);
    return root;
  }

  legend() {
    this.names = this.classes.map((name, label) => make("li", {}, glyph(label), name));
    return make("ul", { class: "fm-legend", "aria-label": "Classes" }, ...this.names);
  }

  // What the model says, with the neighbours that follow from it.
  state() {
    const get = (key) => this.model.get(key);
    const points = this.maps[get("map_name")], chosen = get("chosen");
    return { points, chosen, others: nearest(points, chosen), asPictures: get("as_pictures"),
      only: this.classes.indexOf(get("class_name")) };
  }

  className(n) { return this.classes[this.labels[n]]; }

  describe() {
    const { chosen, others } = this.state();
    const same = alike(this.labels, chosen, others).length;
    return `image ${chosen + 1}, ${this.className(chosen)}; of its ${others.length} nearest `
      + `${same} ${same === 1 ? "shares" : "share"} its class`;
  }

  draw() {
    const { model, controls } = this, state = this.state();
    controls.map.show(model.get("map_name"));
    controls.only.show(model.get("class_name"));
    controls.chosen.show(state.chosen);
    controls.asPictures.show(state.asPictures);
    this.scatter.draw(state);
    this.drawCard(state);
    this.drawAll(model.get("map_name"));
    this.names.forEach((li, label) =>
      li.classList.toggle("fm-pale", state.only >= 0 && label !== state.only));
    const only = state.only < 0 ? "" : ` The class ${this.classes[state.only]} stands out.`;
    this.scatter.canvas.setAttribute("aria-label",
      `Map ${model.get("map_name")}: ${this.labels.length} images of ${this.classes.length} `
      + `classes. ${this.all.textContent}${only} Chosen: ${this.describe()}.`);
    this.voice.say(this.describe());
  }

  // A image at its own size; the page enlarges it.
  picture(n, words) {
    const { height, width } = this.model.get("tile");
    const canvas = make("canvas", { role: "img", "aria-label": words });
    canvas.width = width;
    canvas.height = height;
    const long = Math.max(height, width);
    this.scatter.copy(canvas.getContext("2d"), n, (width - long) / 2, (height - long) / 2, long);
    return canvas;
  }

  drawCard({ chosen, others }) {
    const name = this.className(chosen), same = alike(this.labels, chosen, others);
    this.card.replaceChildren(this.picture(chosen, `Image ${chosen + 1}, ${name}`),
      make("div", {},
        make("p", { class: "ptp-value" }, glyph(this.labels[chosen]), name),
        make("p", { class: "ptp-note" }, `image ${chosen + 1}`)));
    const items = others.map((k) => {
      const own = same.includes(k);
      const tick = make("span", { class: "fm-tick", "aria-hidden": "true" }, "✓");
      return make("div", { class: own ? "fm-near fm-same" : "fm-near" },
        make("div", {}, this.picture(k, `Image ${k + 1}, ${this.className(k)}`),
          ...(own ? [tick] : [])),
        make("span", {}, this.className(k)));
    });
    this.around.replaceChildren(
      make("p", { class: "ptp-title" }, `Its ${others.length} nearest in the map`),
      make("div", { class: "fm-row" }, ...items),
      make("p", {}, `${same.length} of ${others.length} share its class.`));
  }

  drawAll(name) {
    const { agreements, maps, labels } = this;
    agreements[name] ??= agreement(maps[name], labels);
    const percent = (share) => `${(100 * share).toFixed(0)} %`;
    const count = Math.min(NEIGHBOURS, labels.length - 1);
    this.all.textContent = `In the whole map, ${percent(agreements[name])} of the ${count} `
      + `nearest share the class; by chance ${percent(chance(labels))} would.`;
  }
}

async function render({ model, el }) {
  const sprite = await createImageBitmap(new Blob([model.get("sprite")], { type: "image/jpeg" }));
  const view = new View(model, sprite);
  el.append(view.root);
  const paint = () => view.scatter.draw(view.state());
  const stops = [
    listen(model, ["map_name", "class_name", "as_pictures", "chosen"], () => view.draw()),
    onMode(paint),
  ];
  const resize = new ResizeObserver(paint);
  resize.observe(view.scatter.canvas);
  view.draw();
  return () => {
    stops.forEach((stop) => stop());
    resize.disconnect();
    view.voice.stop();
    sprite.close();
  };
}

export default { render };
