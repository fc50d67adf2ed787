import { announcer, button, bytes, floats, fixed, listen, make, paint, percent, select, set, whenNear } from "../kit/kit.js";
import { dice, normals } from "../kit/dice.js";
import { inkPad } from "../kit/ink.js";
import { lineup } from "../kit/lineup.js";
import { unpack } from "../kit/nn.js";
import { presets } from "../kit/presets.js";
import { best, between, code, decoded, gaussianKl, looksLike, pair, sampled, seen, SIDE } from "./numbers.js";
import { legend, plane } from "./plane.js";

const SIZE = SIDE * SIDE;
const PARTS = ["encoder", "decoder"], KINDS = ["ae", "vae"];
const NAMES = { ae: "AE", vae: "VAE" };
const TITLES = { ae: "AE (autoencoder)", vae: "VAE (variational)" };
const KEYS = ["pixels", "other", ...KINDS];

const bytesOf = (values) => Uint8Array.from(values, (v) => Math.round(255 * v));
const greysOf = (pixels) => Float64Array.from(pixels, (v) => v / 255);
const same = (a, b) => a === b || Boolean(a && b && a.every((v, i) => Math.abs(v - b[i]) < 1e-9));

// One autoencoder's map, below it what is decoded at the cross, and its line of images.
class Side {
  constructor(kind, view) {
    Object.assign(this, { kind, view, name: NAMES[kind] });
    const { model } = view, [left, right, low, high] = model.get("ranges")[kind];
    this.map = plane(`${this.name}'s plane`, { x: [left, right], y: [low, high] }, {
      put: (z) => set(model, { [kind]: z }),
    });
    this.codes = floats(model.get("codes")[kind]);
    this.image = make("canvas", { role: "img", class: "lp-image", "aria-label": "Not computed yet" });
    this.said = make("p", { class: "lp-said" });
    this.about = make("p", { class: "ptp-note" });
    this.line = lineup(`Decoded along the line, ${this.name}`);
    const axis = (name, a, b) => `${name}: ${fixed(a, 0)} to ${fixed(b, 0)}`;
    this.root = make("div", { class: "lp-side" }, make("p", { class: "ptp-title" }, TITLES[kind]),
      this.map.root, make("p", { class: "ptp-note" }, `${axis("z₁", left, right)}; ${axis("z₂", low, high)}`),
      make("div", { class: "lp-decoded" }, this.image, make("div", {}, this.said, this.about)));
  }

  begin(networks) {
    Object.assign(this, networks);
    this.map.preview((z) => decoded(this.decoder, z));
  }

  // The codes of the digit and of the one at the line's other end.
  encode(image, other) {
    this.own = code(this.encoder, image);
    this.target = code(this.encoder, other).mean;
    this.path = between(this.own.mean, this.target);
    this.shown = null;
  }

  showLine() {
    this.line.show(this.path.map((z) => {
      const image = decoded(this.decoder, z), { digit, share } = best(seen(this.view.lenet, image));
      return { values: bytesOf(image), width: SIDE, height: SIDE, name: String(digit), note: percent(share) };
    }));
  }

  at() {
    return this.view.model.get(this.kind) ?? this.own.mean;
  }

  show(labels) {
    const z = this.at();
    if (this.shown === String(z)) return; // the other cross has moved
    this.shown = String(z);
    const image = decoded(this.decoder, z);
    const { mean, logVariance } = this.own, looks = looksLike(seen(this.view.lenet, image));
    this.words = `z = ${pair(z)}: ${looks}`;
    this.said.textContent = this.words;
    this.about.textContent = this.aboutCode();
    paint(this.image, bytesOf(image), SIDE, SIDE);
    this.image.setAttribute("aria-label", `The ${this.name} draws, at ${this.words}`);
    const radii = logVariance?.map((v) => 2 * Math.exp(0.5 * v));
    this.map.show({
      at: z, codes: this.codes, labels, line: this.path, source: mean, target: this.target,
      ellipse: radii && { mean, radii }, circle: radii ? 2 : 0,
    }, `Here it ${looks}.`);
  }

  aboutCode() {
    const { mean, logVariance } = this.own;
    if (!logVariance) return `Code of x: ${pair(mean)}.`;
    const sigma = logVariance.map((v) => Math.exp(0.5 * v));
    return `q(z|x): mean ${pair(mean)}, σ ${pair(sigma, 2)}, KL ${fixed(gaussianKl(this.own), 1)} nats.`;
  }
}

class View {
  constructor(model, networks) {
    Object.assign(this, { model, networks, examples: bytes(model.get("examples")) });
    this.names = model.get("names");
    this.sides = KINDS.map((kind) => new Side(kind, this));
    this.voice = announcer();
    this.ink = inkPad("x", { draw: (values) => this.take(bytesOf(values)) });
    this.cases = presets(model.get("cases").map(({ name, ...state }) => [name, state]), {
      put: ({ example, ...state }) => set(model, { pixels: this.example(example), ...state }),
    });
    this.controls = this.makeControls();
    this.root = this.arrange();
  }

  makeControls() {
    const named = this.names.map((name, n) => [String(n), name]);
    return {
      digit: select("x", {
        options: [["", "your drawing"], ...named],
        put: (n) => { if (n !== "") this.take(this.example(Number(n))); },
      }),
      other: select("Line to", {
        options: named.slice(0, 10), put: (n) => set(this.model, { other: Number(n) }),
      }),
      posterior: button("Draw z from q(z|x)", { put: () => this.draw((noise) =>
        ({ vae: sampled(this.sides[1].own, noise) })) }),
      prior: button("Draw z from N(0, I)", { put: () => this.draw((noise) =>
        ({ ae: noise, vae: noise })) }),
      clear: button("Clear", { put: () => this.take(new Uint8Array(SIZE)) }),
    };
  }

  arrange() {
    const { digit, other, posterior, prior, clear } = this.controls;
    this.reading = make("p", { class: "ptp-note" });
    this.lines = this.sides.map((side) => make("div", { class: "lp-line" }, make("p", { class: "ptp-title" }), side.line.root));
    return make("div", { class: "ptp lp", role: "group", "aria-label": "Two planes of codes, not computed yet" },
      this.cases.root,
      make("div", { class: "lp-top" },
        make("div", { class: "lp-x" }, this.ink.root, clear.root),
        make("div", { class: "lp-controls" },
          make("div", { class: "ptp-controls" }, digit.root, other.root),
          make("div", { class: "lp-buttons" }, posterior.root, prior.root), this.reading)),
      make("div", { class: "lp-maps" }, ...this.sides.map((side) => side.root)),
      legend("codes of test digits; grey: what is decoded there. ● code of x, ○ the line's other end. "
        + "Blue: q(z|x), two σ. Dashed: the prior, two σ."),
      ...this.lines, this.voice.root);
  }

  // The weights are unpacked, the previews painted when the widget comes near the view.
  begin() {
    const network = (name) => {
      const of = this.networks[name];
      return { layers: of.get("layers"), weights: unpack(of.get("weights"), of.get("places")) };
    };
    this.lenet = network("lenet");
    this.sides.forEach((side) => side.begin(Object.fromEntries(
      PARTS.map((part) => [part, network(`${side.kind}_${part}`)]))));
    this.labels = [...bytes(this.model.get("labels"))].map(String);
    this.show();
  }

  example(n) {
    return this.examples.slice(n * SIZE, (n + 1) * SIZE);
  }

  // Another digit: both crosses go to its codes.
  take(pixels) {
    set(this.model, { pixels, ae: null, vae: null });
  }

  // The next two numbers of the dice.
  draw(places) {
    if (!this.lenet) return;
    const seed = this.model.get("seed") + 1;
    set(this.model, { seed, ...places([...normals(dice(seed), 2)]) });
  }

  // Which of the examples is x; −1 for a drawing of one's own.
  which(pixels) {
    return this.names.findIndex((_, n) => pixels.every((v, i) => v === this.examples[n * SIZE + i]));
  }

  encode(pixels, other) {
    const key = `${pixels.join()} ${other}`;
    if (key === this.encoded) return;
    this.encoded = key;
    const image = greysOf(pixels), target = greysOf(this.example(other));
    this.sides.forEach((side) => side.encode(image, target));
    this.showLines();
    const shares = seen(this.lenet, image), drawn = this.which(pixels);
    this.ink.show(image, `LeNet reads it as ${best(shares).digit}.`);
    this.reading.textContent = `LeNet reads x as ${best(shares).digit} (${percent(best(shares).share)}).`;
    this.controls.digit.show(drawn < 0 ? "" : String(drawn));
    this.controls.other.show(String(other));
    this.lines.forEach(({ firstChild }, n) => {
      firstChild.textContent = `${this.sides[n].name}: from x to ${this.names[other]}, and what LeNet reads`;
    });
    this.drawn = drawn;
  }

  // Sixteen images come after what the reader waits for, those of one side at a time.
  showLines() {
    const next = (n) => {
      this.sides[n].showLine();
      this.lines[n].removeAttribute("aria-busy");
      if (n + 1 < this.sides.length) this.later = setTimeout(next, 0, n + 1);
    };
    clearTimeout(this.later);
    if (!this.began) return this.sides.forEach((side) => side.showLine());
    this.lines.forEach((line) => line.setAttribute("aria-busy", "true"));
    this.later = setTimeout(next, 0, 0);
  }

  show() {
    if (!this.lenet) return; // not near the view yet
    const { model } = this, other = model.get("other");
    this.encode(bytes(model.get("pixels")), other);
    this.sides.forEach((side) => side.show(this.labels));
    this.cases.show((state) => state.example === this.drawn && state.other === other
      && KINDS.every((kind) => same(state[kind], model.get(kind))));
    const said = this.sides.map((side) => `${side.name}: ${side.words}.`).join(" ");
    this.root.setAttribute("aria-label", `Two planes of codes. ${said}`);
    if (this.began) this.voice.say(said);
    this.began = true;
  }
}

async function render({ model, el }) {
  const names = ["lenet", ...KINDS.flatMap((kind) => PARTS.map((part) => `${kind}_${part}`))];
  const networks = {};
  for (const name of names) {
    networks[name] = await model.widget_manager.get_model(model.get(name).replace("IPY_MODEL_", ""));
  }
  const view = new View(model, networks);
  el.append(view.root);
  const stop = [listen(model, KEYS, () => view.show()), whenNear(view.root, () => view.begin())];
  return () => {
    stop.forEach((end) => end());
    clearTimeout(view.later);
    view.sides.forEach((side) => side.map.stop());
    view.voice.stop();
  };
}

export default { render };
