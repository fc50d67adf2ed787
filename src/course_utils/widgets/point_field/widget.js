import { button, fixed, listen, make, percent, select, set, whenNear } from "../kit/kit.js";
import { stepPlayer } from "../kit/play.js";
import { pointField } from "../kit/points.js";
import { presets } from "../kit/presets.js";
import { alphaBar, levels, times } from "./diffusion.js";
import { arrows, clock, COPY, look, reached, setOut } from "./journey.js";

export { alphaBar, arrows, clock, look, reached, setOut };

const REACH = 2.6; // the field's half side
const side = () => (matchMedia("print").matches ? 9 : 13); // arrows along a side: a still is light
const LENGTH = 0.2, LONGEST = 0.38; // of an arrow: for an ε̂ of length 1, and at most
const TRACED = 5, PACE = 120; // points whose way is drawn; milliseconds of a step

// ---------------------------------------------------------------- words

const DATA = [["ring", "ring of 8 spots"], ["spiral", "spiral"], ["gaussians", "two Gaussians"]];
const DENOISERS = [["density", "the density"], ["200 points", "200 training points"],
  ["10 points", "10 training points"]];
const WAYS = [["forward", "into noise"], ["DDIM", "back, η = 0 (DDIM)"],
  ["ancestral", "back, η = 1 (DDPM)"], ["noise in the last step", "back, noisy end"]];

// What x_t is made of; at the end of the way back, what x₀ is.
function mixture(t, { way, steps }) {
  const { signal, sigma } = levels(t);
  if (t || way === "forward") return `xₜ = ${fixed(signal)} x₀ + ${fixed(sigma)} ε.`;
  const { sigma: last } = levels(times(steps).at(-2));
  return way === "noise in the last step"
    ? `x₀ = x̂₀ + ${fixed(last)} ε: noise that nothing takes away.` : "x₀ = x̂₀, the end.";
}

// What stands on show, in three lines of numbers.
export function says({ t, parts, covered, near, copies, median, usual }, settings) {
  const of = settings.data === "spiral" ? "parts" : "spots";
  const copied = settings.denoiser === "density" ? "The denoiser knows no points."
    : `Copies: ${percent(copies)} (new data ${percent(usual)}), distance ${fixed(median, 3)}.`;
  return `${mixture(t, settings)}\n${t ? "x̂₀" : "x₀"}: ${percent(near)} near, `
    + `${covered} of ${parts} ${of} covered.\n${copied}`;
}

// ---------------------------------------------------------------- view

const GIVEN = ["data", "denoiser", "way", "steps"];

class View {
  constructor(model) {
    Object.assign(this, { model, film: [], t: model.get("time") });
    const put = (key) => (value) => set(model, { [key]: value });
    const steps = model.get("choices").map((n) => [String(n), String(n)]);
    this.controls = {
      way: select("Way", { options: WAYS, put: put("way") }),
      steps: select("Steps back", { options: steps, put: (n) => set(model, { steps: Number(n) }) }),
      data: select("Data", { options: DATA, put: put("data") }),
      denoiser: select("Denoiser knows", { options: DENOISERS, put: put("denoiser") }),
    };
    this.presets = presets(model.get("presets"), { put: (state) => this.take(state) });
    this.field = pointField("A plane with points and arrows", { x: [-REACH, REACH], y: [-REACH, REACH] });
    this.field.canvas.setAttribute("aria-label", "Points and arrows, not computed yet");
    this.player = stepPlayer("Time", {
      pace: PACE, name: (n) => this.name(n), say: (frame) => says(frame, this.settings),
      compute: (n) => this.place(n), draw: (frame, n) => this.draw(frame, n),
      put: (n) => { this.goal = null; this.player.show(n); },
    });
    this.root = this.arrange();
  }

  arrange() {
    const other = () => set(this.model, { seed: (this.model.get("seed") + 1) % 1000 });
    this.seed = make("span", { class: "ptp-note" });
    const note = make("p", { class: "ptp-note" },
      "The denoiser is the formula x̂₀ = E[x₀ | xₜ]; nothing is trained. Arrows: −ε̂, the score times "
      + "√(1 − ᾱ). Every way back begins at the same noise. Near: within 3 standard deviations of a spot, "
      + "which is covered if 1\u00a0% of all are. "
      + `Copies: within ${COPY} of a training point; the distance to the nearest one is a median.`);
    return make("div", { class: "ptp pf", role: "group", "aria-label": "Diffusion of points in the plane" },
      this.presets.root,
      make("div", { class: "pf-panels" }, this.field.root,
        make("div", { class: "pf-side" },
          make("div", { class: "ptp-controls" }, ...Object.values(this.controls).map((c) => c.root)),
          this.player.root,
          make("div", { class: "pf-seed" }, button("New seed", { put: other }).root, this.seed), note)));
  }

  // A case begins where it begins, also where the widget stands so already.
  take(state) {
    this.t = state.time;
    set(this.model, state);
    this.follow();
  }

  // Something has changed: from the start again to where time stood.
  follow() {
    this.settings = Object.fromEntries([...GIVEN, "seed"].map((key) => [key, this.model.get(key)]));
    const forward = this.settings.way === "forward";
    for (const key of GIVEN) {
      this.controls[key].show(String(this.settings[key]), { disabled: forward && key === "steps" });
    }
    this.seed.textContent = `Seed ${this.settings.seed}.`;
    this.presets.show((preset) => GIVEN.every((key) => preset[key] === this.settings[key]));
    if (!this.started) return;
    this.film = [];
    this.given = setOut(this.settings);
    this.clock = clock(this.settings);
    const far = this.clock.map((t) => Math.abs(t - this.t));
    this.goal = far.indexOf(Math.min(...far));
    this.player.show(this.goal, { anew: true, last: this.clock.length - 1, aloud: this.begun });
    this.begun = true;
  }

  name(n) {
    const t = `t = ${this.clock?.[n] ?? this.t}`;
    return this.settings.way === "forward" ? t : `step ${n} of ${this.settings.steps}, ${t}`;
  }

  // What stands at a place of the player: from the place before it, once.
  place(n) {
    const frame = reached(this.settings, this.given, n, this.film[n - 1]);
    this.film[n] = { ...frame, ...look(frame, this.given) };
    return this.film[n];
  }

  draw(frame, n) {
    const { t, x } = frame, { x0 } = this.given, { signal } = levels(t);
    if (this.goal === n) this.goal = null; // reached: now time goes where the player does
    if (this.goal === null) this.t = t;
    const heads = arrows(frame, this.given, side(), REACH).map(([a, b, dx, dy]) => {
      const length = Math.hypot(dx, dy), drawn = Math.min(LONGEST, LENGTH * length) / (length || 1);
      return [a, b, drawn * dx, drawn * dy];
    });
    const paths = Array.from({ length: TRACED }, (_, k) =>
      this.film.slice(0, n + 1).flatMap((one) => [one.x[2 * k], one.x[2 * k + 1]]));
    const { denoiser } = this.settings, few = denoiser === "10 points";
    const groups = [
      { name: `√ᾱ x₀, ${denoiser === "density" ? "data" : "training points"}`,
        at: x0.map((v) => signal * v), shape: "plus", colour: 2, size: few ? 7 : 2.8, faint: !few },
      { name: "xₜ", at: x, shape: "disc", colour: 0, size: 2.2 },
      { name: `${TRACED} of them and their way`, at: x.subarray(0, 2 * TRACED),
        shape: "square", colour: 1, size: 4 },
    ];
    const said = `At ${this.name(n)}: ${says(frame, this.settings).replaceAll("\n", " ")}`;
    this.field.show({ groups, arrows: heads, paths }, said);
  }

  start() {
    this.started = true;
    this.follow();
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  view.follow();
  let time = model.get("time");
  const stop = listen(model, [...GIVEN, "seed", "time"], () => {
    if (model.get("time") !== time) view.t = time = model.get("time");
    view.follow();
  });
  const wait = whenNear(view.root, () => view.start());
  return () => { stop(); wait(); view.player.stop(); view.field.stop(); };
}

export default { render };
