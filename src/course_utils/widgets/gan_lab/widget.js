import { announcer, button, listen, make, percent, select, set, whenNear } from "../kit/kit.js";
import { stepPlayer } from "../kit/play.js";
import { pointField } from "../kit/points.js";
import { presets } from "../kit/presets.js";
import { begin, copied, look, played, pulls, realPoints, stepD, stepG, surface } from "./game.js";

export { begin, look, played, stepD, stepG };

const LAST = 2500, STRIDE = 20; // steps of a game, and of one place of the player
const REACH = 1.2, SIDE = 40; // of the field: its half side, and the cells of D's surface
const LEVELS = [0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9];
const SHOWN = 250, PULLED = 40; // points of each kind, those with an arrow
const LENGTH = 0.04, LONGEST = 0.35; // of an arrow: for a gradient of length 1, and at most

// ---------------------------------------------------------------- words

const whole = (n) => String(n).replace(/(?=(?:...)+$)(?!^)/g, "\u202f"); // 1 500

// Where the game stands: the steps of both, or of each where single ones came in between.
const place = (d, g) => (d === g ? `step ${whole(d)}` : `D ${whole(d)}, G ${whole(g)} steps`);

const says = ({ covered, spots, near, right, mixed }) =>
  `${covered} of ${spots} spots, ${percent(near)} near, D right ${percent(right)}`
  + `${mixed ? "; settings changed on the way" : ""}.`;

// ---------------------------------------------------------------- view

const KEYS = ["data", "loss", "rate_d", "rate_g", "seed", "step"];
const GIVEN = ["data", "loss", "rate_d", "rate_g"];
const DATA = [["ring", "ring of 8 spots"], ["grid", "grid of 9 spots"], ["blobs", "two blobs"]];
const LOSSES = [["non-saturating", "non-saturating"], ["saturating", "saturating"]];

class View {
  constructor(model) {
    this.model = model;
    this.film = []; // the game at each place of the player, as far as it was played
    const put = (key) => (value) => set(model, { [key]: value });
    const rates = model.get("rates").map((rate) => [String(rate), String(rate)]);
    const number = (key) => (value) => set(model, { [key]: Number(value) });
    this.controls = {
      data: select("Data", { options: DATA, put: put("data") }),
      loss: select("G’s loss", { options: LOSSES, put: put("loss") }),
      rate_d: select("D’s rate", { options: rates, put: number("rate_d") }),
      rate_g: select("G’s rate", { options: rates, put: number("rate_g") }),
    };
    this.presets = presets(model.get("presets"), { put: (state) => this.take(state) });
    this.field = pointField("A plane with real points and G’s", { x: [-REACH, REACH], y: [-REACH, REACH] });
    this.voice = announcer();
    this.player = stepPlayer("Training", {
      pace: 50, name: (n) => this.name(n), say: says,
      compute: (n) => this.reached(n), draw: (frame, n) => this.draw(frame, n),
    });
    this.root = this.arrange();
  }

  arrange() {
    const hands = [["D step", () => this.byHand(stepD)], ["G step", () => this.byHand(stepG)],
      ["Both", () => this.byHand(stepD, stepG)], ["Run 500", () => this.run(500)]];
    const other = () => set(this.model, { seed: (this.model.get("seed") + 1) % 1000 });
    this.seed = make("span", { class: "ptp-note" });
    const note = make("p", { class: "ptp-note" },
      "A spot is covered if 10 of G’s 1\u202f000 points are near it, within 3 standard deviations. "
      + `Arrows: where G’s loss pulls ${PULLED} of them, long where the gradient is.`);
    return make("div", { class: "ptp gl", role: "group", "aria-label": "A GAN that trains in the page" },
      this.presets.root,
      make("div", { class: "gl-panels" }, this.field.root,
        make("div", { class: "gl-side" },
          make("div", { class: "ptp-controls" }, ...Object.values(this.controls).map((c) => c.root)),
          this.player.root,
          make("div", { class: "gl-hands", role: "group", "aria-label": "By hand" },
            ...hands.map(([name, act]) => button(name, { put: act }).root)),
          make("div", { class: "gl-hands" }, button("New seed", { put: other }).root, this.seed), note)),
      this.voice.root);
  }

  settings() {
    const [data, loss, rateD, rateG] = GIVEN.map((key) => this.model.get(key));
    return { data, loss, rateD, rateG };
  }

  // A case begins anew, also where the widget stands so already.
  take(state) {
    this.film = [];
    set(this.model, state);
    this.follow();
  }

  // The settings or the seed have changed: other data and another seed begin anew, the rest goes
  // on from where the game stands; what came after is forgotten.
  follow() {
    const { data } = this.settings(), seed = this.model.get("seed");
    const known = this.film.length > 0 && this.data === data && this.film[0].game.seed === seed;
    if (!known) this.restart(seed);
    else this.film.length = Math.min(this.film.length, this.at + 1);
    this.show(this.at);
  }

  restart(seed) {
    this.data = this.model.get("data");
    this.made = JSON.stringify(this.settings());
    this.film = [this.seen(begin(seed), false)];
    this.at = 0;
  }

  show(n) {
    for (const key of GIVEN) this.controls[key].show(String(this.model.get(key)));
    this.made = JSON.stringify(this.settings());
    this.seed.textContent = `Seed ${this.model.get("seed")}.`;
    if (this.started) this.player.show(n, { anew: true, last: this.last() });
  }

  // Single steps have places of their own.
  last() {
    return LAST / STRIDE + this.film.filter(({ single }) => single).length;
  }

  // The steps of D and of G up to a place that was reached or not.
  name(n) {
    const known = Math.min(n, this.film.length - 1), { D, G } = this.film[known].game;
    return place(...[D, G].map(({ memory }) => memory.steps + STRIDE * (n - known)));
  }

  sentence(frame, n) {
    const name = this.name(n);
    return `${name[0].toUpperCase()}${name.slice(1)}: ${says(frame)}`;
  }

  // What stands at a place of the player: from the place before it, once.
  seen(game, mixed, single = false) {
    return { game, mixed, single, made: this.made, ...look(game, this.data) };
  }

  // Whether a game that goes on from place n has been played with more than the settings of now.
  mixed(n) {
    return this.film[n].mixed || (n > 0 && this.film[n].made !== this.made);
  }

  reached(n) {
    this.film[n] ??= this.seen(played(this.film[n - 1].game, this.settings(), STRIDE), this.mixed(n - 1));
    return this.film[n];
  }

  // Single steps go on from where the game stands; what came after is forgotten.
  byHand(...steps) {
    if (!this.started) return;
    const next = copied(this.film[this.at].game), mixed = this.mixed(this.at);
    for (const step of steps) step(next, this.settings());
    this.film.length = this.at + 1;
    this.film.push(this.seen(next, mixed, true));
    this.aloud = this.at + 1;
    this.player.show(this.aloud, { anew: true, last: this.last() });
  }

  run(steps) {
    this.aloud = Math.min(this.at + steps / STRIDE, this.last());
    this.player.show(this.aloud);
  }

  draw(frame, n) {
    this.at = n;
    const { game, fake } = frame, { data, loss } = this.settings();
    const arrows = pulls(game, fake, loss, PULLED).map(([x, y, dx, dy]) => {
      const length = Math.hypot(dx, dy), drawn = Math.min(LONGEST, LENGTH * length) / (length || 1);
      return [x, y, drawn * dx, drawn * dy];
    });
    const bands = { name: "D(x), from 0 to 1", columns: SIDE, rows: SIDE, levels: LEVELS,
      values: surface(game, SIDE, REACH) };
    const groups = [["real points", realPoints(game, data)], ["G’s points", fake]]
      .map(([name, { data: at }]) => ({ name, at: at.subarray(0, 2 * SHOWN), size: 2.5 }));
    this.field.show({ groups, arrows, bands }, this.sentence(frame, n));
    this.presets.show((preset) => !this.mixed(n)
      && GIVEN.every((key) => preset[key] === this.model.get(key)));
    if (this.aloud === n) {
      this.voice.say(this.sentence(frame, n));
      this.aloud = null;
    }
  }

  // Near the view the game begins; one that shall stand further on is played until there.
  start() {
    this.started = true;
    this.show(this.model.get("step") / STRIDE);
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  view.follow();
  let step = model.get("step");
  const stop = listen(model, KEYS, () => {
    if (model.get("step") !== step) view.at = (step = model.get("step")) / STRIDE;
    view.follow();
  });
  const wait = whenNear(view.root, () => view.start());
  return () => { stop(); wait(); view.player.stop(); view.field.stop(); view.voice.stop(); };
}

export default { render };
