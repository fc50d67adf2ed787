// Goes step by step through what is computed one step after another.
import { announcer, button, make, slider } from "./kit.js";

const SLICE = 12; // milliseconds of computing between two frames
const PACE = 350; // milliseconds a step stays, at least, while it plays

// Whether the reader wants less motion.
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Buttons and a slider through the steps 0 … last; `show(n, { last, anew, aloud })` goes to one of
// them: anew from the first, aloud for who did not ask the player itself.
//
// compute(n, before): a step from the one before it, asked for once, when it is needed; what is
//   many steps away is computed in slices, a frame is drawn in between
// draw(step, n): shows it
// say(step, n): its sentence
// put(n): the reader wants to go to n; who keeps the place elsewhere calls `show` then
// between(from, to, share): shows what lies between two steps while it plays, 0 < share < 1; left
//   out where the reader wants less motion
export function stepPlayer(label, options) {
  const player = new Player(label, options);
  return {
    root: player.root,
    show: (n, change) => player.show(n, change),
    stop: () => { player.pause(); player.cancel(); player.voice.stop(); },
  };
}

class Player {
  constructor(label, { draw, last = 0, compute = (n) => n, say = () => "", name = null,
    put = (n) => this.show(n), between = null, pace = PACE }) {
    Object.assign(this, { draw, last, compute, say, put, between, pace });
    this.name = name ?? ((n) => `step ${n} of ${this.last}`);
    this.steps = [];
    this.at = 0; // on show
    this.goal = 0; // asked for
    this.control = slider(label, {
      min: 0, max: last, text: this.name, spoken: (n) => this.spoken(n), put: (n) => this.go(n),
    });
    const jump = (sign, words, to) => {
      const { root } = button(sign, { put: () => this.go(to(), true) });
      root.setAttribute("aria-label", words);
      return root;
    };
    this.back = [jump("|◀", "First step", () => 0), jump("◀", "Back", () => this.goal - 1)];
    this.onward = [jump("▶", "Next", () => this.goal + 1), jump("▶|", "Last step", () => this.last)];
    this.toggle = button("Play", { put: () => (this.timer ? this.pause() : this.play()) }).root;
    this.sentence = make("p", { class: "ptp-note ptp-player-says" });
    this.voice = announcer();
    this.root = make("div", { class: "ptp-player", role: "group", "aria-label": `${label}: steps` },
      this.control.root,
      make("div", { class: "ptp-player-keys" }, ...this.back, this.toggle, ...this.onward),
      this.sentence, this.voice.root);
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Home" && event.key !== "End") return;
      event.preventDefault();
      this.go(event.key === "Home" ? 0 : this.last, event.target !== this.control.input);
    });
  }

  // What the slider says: it speaks for itself, the other ways need the voice.
  spoken(n) {
    const known = n < this.steps.length ? this.say(this.steps[n], n) : "";
    return known ? `${this.name(n)}: ${known}` : this.name(n);
  }

  go(n, aloud = false) {
    this.pause();
    this.aloud = aloud;
    this.put(Math.min(this.last, Math.max(0, n)));
  }

  show(n, { last = this.last, anew = false, aloud = this.aloud } = {}) {
    if (anew) {
      this.pause();
      this.steps = [];
    }
    Object.assign(this, { last, aloud });
    this.goal = Math.min(n, last);
    this.cancel();
    this.work();
  }

  cancel() {
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.glides);
  }

  // Computes up to the goal, a slice a frame: whatever comes in between can change the goal.
  work() {
    const until = performance.now() + SLICE;
    while (this.steps.length <= this.goal) {
      this.steps.push(this.compute(this.steps.length, this.steps.at(-1)));
      if (performance.now() > until) break;
    }
    this.present(Math.min(this.goal, this.steps.length - 1));
    if (this.at < this.goal) this.frame = requestAnimationFrame(() => this.work());
  }

  present(n) {
    const { goal, last } = this, from = this.at;
    this.at = n;
    if (this.timer && this.between && n === from + 1 && !still()) this.glide(from, n);
    else this.draw(this.steps[n], n);
    this.sentence.textContent = this.say(this.steps[n], n);
    this.control.show(goal, { max: last });
    this.root.setAttribute("aria-busy", n < goal);
    for (const key of this.back) key.setAttribute("aria-disabled", goal === 0);
    for (const key of this.onward) key.setAttribute("aria-disabled", goal === last);
    if (this.aloud && n === goal) this.voice.say(this.spoken(n));
  }

  // From the first again when it stands at the last; stops there.
  play() {
    this.aloud = true; // the voice waits until nothing moves
    this.toggle.textContent = "Pause";
    if (this.goal === this.last) this.put(0);
    this.timer = setInterval(() => {
      if (this.at < this.goal) return;
      if (this.goal === this.last) this.pause();
      else this.put(this.goal + 1);
    }, this.pace);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.toggle.textContent = "Play";
  }

  glide(from, to) {
    const start = performance.now();
    const move = (now) => {
      const share = (now - start) / (0.6 * this.pace);
      if (share >= 1) this.draw(this.steps[to], to);
      else {
        this.between(this.steps[from], this.steps[to], Math.max(0, share));
        this.glides = requestAnimationFrame(move);
      }
    };
    move(start);
  }
}
