import { button, clamp, fixed, listen, make, select, set, slider, whenNear } from "../kit/kit.js";
import { lineup } from "../kit/lineup.js";
import { unpack } from "../kit/nn.js";
import { stepPlayer } from "../kit/play.js";
import { presets } from "../kit/presets.js";
import { inflated } from "../kit/shelf.js";
import { unet } from "../kit/unet.js";
import { nearest } from "../generator_walk/walk.js";
import { times } from "../point_field/diffusion.js";
import { inCommon, NO_CLASS, perfect, reached, SIZE, stepOf, trained } from "./journey.js";
import { greys, onTheWay, panel } from "./panels.js";
import { about, says, similar } from "./words.js";

export { inCommon, nearest, perfect, reached, stepOf, trained, unet };

const PACE = 250, PATH = 10; // milliseconds of a step; steps of the way on show
const GIVEN = ["denoiser", "label", "guidance", "steps", "eta", "changes"];
const TRAINED = "trained network", PERFECT = "perfect denoiser";

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

class View {
  constructor(model, network) {
    Object.assign(this, { model, network, film: [], t: model.get("time"), classes: model.get("classes") });
    this.controls = this.makeControls();
    this.change = this.makeChange();
    this.presets = presets(model.get("presets"), { put: (state) => this.take(state) });
    this.panels = { x: panel("xₜ"), guess: panel("x̂₀, predicted image"), eps: panel("ε̂, predicted noise", "dpl-noisy"),
      near: panel("Nearest in training") };
    this.player = stepPlayer("Way back", {
      pace: PACE, name: (n) => this.name(n), say: (frame) => says(frame, this.count),
      compute: (n) => this.place(n), draw: (frame, n) => this.draw(frame, n),
      put: (n) => { this.goal = null; this.player.show(n); },
    });
    this.path = lineup("The way: xₜ above, x̂₀ below", { put: (n) => this.jump(this.stops()[n]) });
    this.root = this.arrange();
  }

  makeControls() {
    const put = (key) => (value) => set(this.model, { [key]: value });
    const ways = this.model.get("choices").flatMap((n) =>
      [0, 1].map((eta) => [`${n} ${eta}`, `${n} steps, η = ${eta}`]));
    return {
      denoiser: select("Denoiser", { put: put("denoiser"),
        options: [TRAINED, PERFECT].map((name) => [name, name]) }),
      label: select("Class told", { options: [NO_CLASS, ...this.classes].map((c) => [c, c]), put: put("label") }),
      guidance: slider("Guidance s", { min: 0, max: 8, step: 0.5, text: (v) => fixed(v, 1), put: put("guidance") }),
      way: select("Steps", { options: ways, put: (way) => {
        const [steps, eta] = way.split(" ").map(Number);
        set(this.model, { steps, eta });
      } }),
    };
  }

  makeChange() {
    const told = [NO_CLASS, ...this.classes].map((c) => [c, `told: ${c}`]);
    const options = [["", "nothing"], ...this.model.get("kinds").map((kind) => [kind, kind]), ...told];
    return select("Change at this step", { options, put: (what) => this.put(what) });
  }

  arrange() {
    const { model } = this, other = () => set(model, { seed: (model.get("seed") + 1) % 1000 });
    this.seed = make("span", { class: "ptp-note" });
    this.undo = button("Undo changes", { put: () => set(model, { changes: [] }) }).root;
    this.note = make("p", { class: "ptp-note dpl-about" });
    return make("div", { class: "ptp dpl", role: "group", "aria-label": "Images out of noise, not computed yet" },
      this.presets.root,
      make("div", { class: "ptp-controls" }, ...Object.values(this.controls).map((c) => c.root)),
      make("div", { class: "dpl-panels" }, ...Object.values(this.panels).map((one) => one.root)),
      make("div", { class: "dpl-below" }, this.player.root,
        make("div", { class: "dpl-hand" }, this.change.root,
          make("div", { class: "dpl-buttons" }, this.undo, button("New seed", { put: other }).root, this.seed))),
      make("div", { class: "dpl-path" }, make("p", { class: "ptp-title" }, "The way so far: ",
        make("span", { class: "dpl-noisy" }, "xₜ above, "), "x̂₀", make("span", { class: "dpl-noisy" }, " below")),
      this.path.root),
      this.note);
  }

  // Weights and images are unpacked when the widget comes near the view.
  async begin() {
    const { model, network } = this, pixels = await inflated(model.get("pixels"));
    this.count = pixels.length / SIZE;
    this.each = this.count / this.classes.length;
    this.pixels = pixels;
    const ask = unet(unpack(network.get("weights"), network.get("places")));
    this.denoisers = { [TRAINED]: trained(ask), [PERFECT]: perfect(pixels, this.each) };
    this.note.textContent = about(this.count, this.each, model.get("usual"));
    this.follow();
  }

  // A case begins where it begins, also where the widget stands so already.
  take(state) {
    this.t = state.time;
    set(this.model, state);
    this.follow();
  }

  // Something has changed: from the first place that it concerns to where time stood.
  follow() {
    const before = this.settings;
    this.settings = Object.fromEntries([...GIVEN, "seed"].map((key) => [key, this.model.get(key)]));
    this.film.length = Math.min(this.film.length, inCommon(before, this.settings));
    this.showControls();
    if (!this.denoisers) return; // not near the view yet
    this.clock = times(this.settings.steps);
    const far = this.clock.map((t) => Math.abs(t - this.t));
    this.goal = far.indexOf(Math.min(...far));
    this.player.show(this.goal, { anew: true, last: this.settings.steps, aloud: this.begun });
    this.begun = true;
  }

  showControls() {
    const { denoiser, label, guidance, steps, eta, seed, changes } = this.settings;
    const told = [label, ...changes.map(([, what]) => what)].some((one) => this.classes.includes(one));
    this.controls.denoiser.show(denoiser);
    this.controls.label.show(label);
    this.controls.guidance.show(guidance, { disabled: !told });
    this.controls.way.show(`${steps} ${eta}`);
    this.undo.setAttribute("aria-disabled", changes.length === 0);
    this.seed.textContent = `Seed ${seed}.`;
    this.presets.show((preset) => GIVEN.every((key) => same(preset[key], this.settings[key])));
  }

  // The reader changes the step on show.
  put(what) {
    const { steps, changes } = this.settings, n = this.shown;
    const others = changes.filter(([t]) => stepOf(t, steps) !== n);
    this.t = this.clock[n];
    set(this.model, { changes: what ? [...others, [this.clock[n], what]] : others });
  }

  jump(n) {
    this.goal = null;
    this.player.show(n, { aloud: true });
  }

  name(n) {
    return `step ${n} of ${this.settings.steps}, t = ${this.clock?.[n] ?? this.t}`;
  }

  // What stands at a place of the player: from the place before it, once.
  place(n) {
    this.film[n] ??= this.seen(reached(this.settings, this, n, this.film[n - 1]));
    return this.film[n];
  }

  seen(frame) {
    const shown = frame.guess.map((v) => clamp((v + 1) / 2, 0, 1));
    const { index, distance } = nearest(shown, this.pixels);
    return { ...frame, near: { index, distance, name: this.classes[Math.floor(index / this.each)] } };
  }

  draw(frame, n) {
    const { t, x, guess, eps, label, near, made } = frame, { panels } = this;
    if (this.goal === n) this.goal = null; // reached: now time goes where the player does
    if (this.goal === null) this.t = t;
    this.shown = n;
    const told = label < 0 ? "no class told" : `told: ${this.classes[label]}`;
    const copy = this.pixels.subarray(near.index * SIZE, (near.index + 1) * SIZE);
    const far = similar(near);
    panels.x.show(greys(x), `The image at ${this.name(n)}`, `t = ${t}`);
    panels.guess.show(greys(guess), `The predicted image, ${told}`, told);
    panels.eps.show(greys(eps), t ? "The predicted noise" : "No noise is left", t ? "grey is 0" : "none is left");
    panels.near.show(copy, `Nearest training image: ${far}`, far);
    this.change.show(made.at(-1) ?? "", { disabled: t === 0 });
    this.showPath(n);
    this.root.setAttribute("aria-label", `Images out of noise. ${this.name(n)}: ${says(frame, this.count)}`);
  }

  // The steps of which the way shows images: so many, and those that were changed.
  stops() {
    const stride = Math.max(1, this.settings.steps / PATH);
    return [...this.film.keys()].filter((n) => n % stride === 0 || this.film[n].made.length);
  }

  showPath(shown) {
    const stops = this.stops(), images = stops.map((n) => onTheWay(this.film[n]));
    this.path.show(images, stops.indexOf(shown));
  }
}

async function render({ model, el }) {
  const network = await model.widget_manager.get_model(model.get("network").replace("IPY_MODEL_", ""));
  const view = new View(model, network);
  el.append(view.root);
  view.follow();
  let time = model.get("time");
  const stop = listen(model, [...GIVEN, "seed", "time"], () => {
    if (model.get("time") !== time) view.t = time = model.get("time");
    view.follow();
  });
  const wait = whenNear(view.root, () => view.begin());
  return () => { stop(); wait(); view.player.stop(); };
}

export default { render };
