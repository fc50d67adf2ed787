import { announcer, bytes, fixed, listen, make, paint, percent, select, set, slider, whenNear } from "../kit/kit.js";
import { lineup } from "../kit/lineup.js";
import { unpack } from "../kit/nn.js";
import { pad2d } from "../kit/pad.js";
import { presets } from "../kit/presets.js";
import { inflated } from "../kit/shelf.js";
import { drawn, lengthOf, line, nearest, planeOf, seen, zAt, SIDE, SIZE } from "./walk.js";

export { drawn, line, nearest, planeOf, seen, zAt };

const REACH = 3, GRID = 7, LINE = 8, SLICE = 12; // milliseconds of drawing between two frames
const KEYS = ["seed", "other", "x", "y", "scale", "path"];
const CASE = ["x", "y", "scale", "path"];

const bytesOf = (image) => Uint8Array.from(image, (v) => Math.round(255 * v));

// What can wait: a slice a frame, until other jobs take its place.
function idleJobs() {
  let jobs = [], frame;
  const work = (until) => {
    while (jobs.length && performance.now() < until) jobs.shift()();
    if (jobs.length) frame = requestAnimationFrame(() => work(performance.now() + SLICE));
  };
  const stop = () => { cancelAnimationFrame(frame); jobs = []; };
  return { stop, finish: () => work(Infinity),
    replace(list) { stop(); jobs = list; frame = requestAnimationFrame(() => work(performance.now() + SLICE)); } };
}

class View {
  constructor(model, networks) {
    Object.assign(this, { model, networks, classes: model.get("classes"), tiles: [] });
    const put = (key) => (value) => set(model, { [key]: value });
    const number = (key) => (value) => set(model, { [key]: Number(value) });
    const seeds = model.get("seeds").map((n) => [String(n), `z of seed ${n}`]);
    this.controls = {
      seed: select("Plane through", { options: seeds, put: number("seed") }),
      other: select("Line to", { options: seeds, put: number("other") }),
      path: select("Line", { options: [["straight", "straight"], ["arc", "along an arc"]], put: put("path") }),
      scale: slider("z times", { min: 0, max: 2, step: 0.1, text: (v) => fixed(v, 1), put: put("scale") }),
    };
    const axis = (label) => ({ label, min: -REACH, max: REACH });
    this.pad = pad2d("Place in the plane", { x: axis("To the right"), y: axis("Up"),
      put: (at) => set(model, at) });
    this.presets = presets(model.get("presets"), { put: (state) => set(model, state) });
    this.row = lineup("What G draws on the line");
    this.jobs = idleJobs();
    this.voice = announcer();
    this.root = this.arrange();
  }

  arrange() {
    const image = () => make("canvas", { role: "img", class: "gw-image", "aria-label": "Not drawn yet" });
    const titled = (words, ...parts) => make("div", { class: "gw-shown" }, make("p", { class: "ptp-title" }, words), ...parts);
    this.image = image();
    this.copy = image();
    this.name = make("p", { class: "gw-name" });
    this.far = make("p", { class: "gw-name" });
    this.length = make("p", { class: "ptp-note" });
    return make("div", { class: "ptp gw", role: "group", "aria-label": "A walk through a generator’s noise" },
      this.presets.root,
      make("div", { class: "ptp-controls" }, ...Object.values(this.controls).map((c) => c.root)),
      make("div", { class: "gw-panels" }, this.pad.root, make("div", { class: "gw-side" },
        make("div", { class: "gw-pair" }, titled("G(z)", this.image, this.name),
          titled("Nearest training image", this.copy, this.far)), this.length)),
      make("div", { class: "gw-line" }, make("p", { class: "ptp-title" }, "From here to the other z"), this.row.root),
      this.voice.root);
  }

  // Weights and images are unpacked when the widget comes near the view.
  async begin() {
    const network = (name) => {
      const of = this.networks[name];
      return { layers: of.get("layers"), weights: unpack(of.get("weights"), of.get("places")) };
    };
    [this.generator, this.lenet] = ["generator", "lenet"].map(network);
    this.labels = bytes(this.model.get("labels"));
    this.pixels = await inflated(this.model.get("pixels"));
    this.show();
  }

  read() {
    return Object.fromEntries(KEYS.map((key) => [key, this.model.get(key)]));
  }

  named(image) {
    const shares = seen(this.lenet, image), share = Math.max(...shares);
    return { name: this.classes[shares.indexOf(share)], share: percent(share) };
  }

  show() {
    if (!this.pixels) return; // not near the view yet
    const state = this.state = this.read(), { noise } = this;
    for (const key of ["seed", "other"]) this.controls[key].show(String(state[key]));
    for (const key of ["path", "scale"]) this.controls[key].show(state[key]);
    this.presets.show((preset) => CASE.every((key) => preset[key] === state[key]));
    this.plane = planeOf(state.seed, noise);
    const z = zAt(this.plane, state), image = drawn(this.generator, z);
    this.tell(image, z);
    this.pad.show(state);
    this.jobs.replace([...this.lineJobs(z), ...this.tileJobs()]);
  }

  get noise() {
    return this.model.get("noise");
  }

  tell(image, z) {
    const { name, share } = this.named(image), { index, distance } = nearest(image, this.pixels);
    const copy = this.pixels.subarray(index * SIZE, (index + 1) * SIZE), label = this.classes[this.labels[index]];
    const usual = fixed(this.model.get("usual"), 2), count = this.labels.length;
    paint(this.image, bytesOf(image), SIDE, SIDE);
    paint(this.copy, copy, SIDE, SIDE);
    this.name.textContent = `${name} (LeNet ${share})`;
    this.far.textContent = `${label}, ${fixed(distance, 2)} away`;
    this.length.textContent = `Length of z: ${fixed(lengthOf(z), 1)}; √${this.noise} = `
      + `${fixed(Math.sqrt(this.noise), 1)} is typical. Distance: root mean squared difference of pixels in `
      + `0 to 1, to the nearest of ${count} training images that were nearest of all at 7 × 7 places of each `
      + `plane. A test image has its nearest at ${usual}, a copy at 0.`;
    this.image.setAttribute("aria-label", `G draws: ${this.name.textContent}`);
    this.copy.setAttribute("aria-label", `Nearest training image: ${this.far.textContent}`);
    const { seed, x, y, scale } = this.state;
    const said = `z of seed ${seed}, place (${fixed(x, 1)}, ${fixed(y, 1)}), times ${fixed(scale, 1)}: `
      + `${this.name.textContent}. Nearest training image: ${this.far.textContent}.`;
    this.root.setAttribute("aria-label", `A walk through a generator’s noise. ${said}`);
    if (this.began) this.voice.say(said);
    this.began = true;
  }

  lineJobs(z) {
    const { other, scale, path } = this.state;
    const end = zAt(planeOf(other, this.noise), { x: 0, y: 0, scale });
    const images = [];
    const draw = (place) => () => {
      const image = drawn(this.generator, place), { name, share } = this.named(image);
      images.push({ values: bytesOf(image), width: SIDE, height: SIDE, name, note: share });
    };
    return [...line(z, end, path, LINE).map(draw), () => this.row.show(images)];
  }

  // The pad's ground: what G draws at GRID × GRID places, for one seed and scale.
  tileJobs() {
    const { seed, scale } = this.state, key = `${seed} ${scale}`, { plane } = this;
    if (this.ground === key) return [];
    if (this.tilesOf !== key) [this.tiles, this.tilesOf] = [new Map(), key];
    const { tiles } = this, side = Array.from({ length: GRID }, (_, n) => REACH * ((2 * n + 1) / GRID - 1));
    const place = (x, y) => `${Math.round(1000 * x)} ${Math.round(1000 * y)}`;
    const missing = side.flatMap((y) => side.map((x) => [x, y])).filter(([x, y]) => !tiles.has(place(x, y)));
    const draw = ([x, y]) => () =>
      tiles.set(place(x, y), bytesOf(drawn(this.generator, zAt(plane, { x, y, scale }))));
    return [...missing.map(draw), () => {
      this.pad.previews(GRID, SIDE, (x, y) => tiles.get(place(x, y)));
      this.ground = key;
    }];
  }
}

async function render({ model, el }) {
  const networks = {};
  for (const name of ["generator", "lenet"]) {
    networks[name] = await model.widget_manager.get_model(model.get(name).replace("IPY_MODEL_", ""));
  }
  const view = new View(model, networks);
  el.append(view.root);
  const finish = () => view.jobs.finish(); // what is printed is whole
  const stop = [listen(model, KEYS, () => view.show()), whenNear(view.root, () => view.begin())];
  addEventListener("beforeprint", finish);
  return () => {
    stop.forEach((end) => end());
    removeEventListener("beforeprint", finish);
    view.jobs.stop();
    view.voice.stop();
  };
}

export default { render };
