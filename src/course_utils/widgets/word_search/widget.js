import {
  announcer, barList, fixed, listen, make, percent, select, set, short, slider, whenNear,
} from "../kit/kit.js";
import { presets } from "../kit/presets.js";
import { nearestStep, roundSteps } from "../kit/scales.js";
import { inflated } from "../kit/shelf.js";
import { engine } from "./engine.js";
import { nearest, painted, results, textField } from "./lists.js";
import { completions, labelsOf, CHANGES } from "./texts.js";

export { completions, engine, labelsOf, CHANGES };

const KEYS = ["query", "labels", "picture", "change", "scale"];
const CASE = ["query", "labels", "picture", "change"];
const SUGGESTED = 8;

// ---------------------------------------------------------------- words

const leftOut = (words) => (words.length ? `Unknown, left out: ${words.join(", ")}. ` : "");
const listed = (found) =>
  found.slice(0, 3).map(({ name, cosine }) => `${name} ${fixed(cosine, 2)}`).join(", ");
const capital = (words) => words[0].toUpperCase() + words.slice(1);
const NOTHING = "No known word is left, and nothing is looked up: the tower says the same of all such texts.";

// What was not taken of the labels, and what is missing.
function aboutLabels({ labels, unknown, twice, more }) {
  const again = twice.length ? `Given twice: ${twice.join(", ")}. ` : "";
  const beyond = more.length ? `More than six, left out: ${more.join(", ")}. ` : "";
  const few = labels.length < 2 ? "Give two to six labels with known words, a comma between them." : "";
  return leftOut(unknown) + again + beyond + few;
}

const limits = (words) =>
  `The text tower takes the mean of the vectors of ${words} words, so the order of words is not seen; `
  + "both towers have learned from drawings of emoji alone, and nothing here says anything about people.";

// ---------------------------------------------------------------- view

const part = (name, ...parts) => make("div", { class: name }, ...parts);
const title = () => make("p", { class: "ptp-title" });
const note = (...words) => make("p", { class: "ptp-note" }, ...words);

class View {
  constructor(model, network) {
    const names = model.get("names"), words = model.get("words");
    Object.assign(this, { model, network, names, words, fresh: model.get("new") });
    this.learned = model.get("learned");
    this.steps = roundSteps(1, 100, this.learned);
    this.controls = this.makeControls();
    this.presets = presets(model.get("presets"),
      { put: (state) => set(model, { ...state, scale: this.learned }) });
    this.results = results("Pictures, the nearest first", {
      put: (n) => set(model, { picture: names[n] }), image: (n) => this.engine.images(n),
    });
    this.nearNames = nearest("Nearest names");
    this.nearWords = nearest("Nearest words");
    this.voice = announcer();
    this.root = this.arrange();
  }

  makeControls() {
    const { model } = this, put = (key) => (value) => set(model, { [key]: value });
    const longest = model.get("longest");
    const field = (label, key, hint) => textField(label, {
      longest: longest[key], hint, put: put(key),
      suggest: (text) => completions(text, this.words, SUGGESTED),
    });
    return {
      query: field("Words", "query", "such as: red heart"),
      labels: field("Your labels", "labels", "cat, dog | dog face, bird"),
      change: select("Show the picture", {
        options: Object.keys(CHANGES).map((name) => [name, name]), put: put("change"),
      }),
      scale: slider("Scale s", {
        min: 0, max: this.steps.length - 1, text: () => this.scaleSaid(),
        put: (step) => set(model, { scale: this.steps[step] }),
      }),
    };
  }

  arrange() {
    Object.assign(this, {
      searched: title(), summary: note(), ownName: note(), namesTitle: title(), wordsTitle: title(),
      bars: part("ws-bars"), name: make("p", { class: "ptp-value" }),
      canvas: make("canvas", { role: "img", class: "ws-image", "aria-label": "Not drawn yet" }),
    });
    const chosen = part("ws-chosen",
      part("ws-head", this.canvas, part("ws-title", this.name, this.ownName)),
      part("ws-lists", part("", this.namesTitle, this.nearNames.root),
        part("", this.wordsTitle, this.nearWords.root)),
      this.bars);
    return make("div", { class: "ptp ws", role: "group", "aria-label": "Word search" },
      this.presets.root,
      part("ptp-controls", ...Object.values(this.controls).map((control) => control.root)),
      part("ws-panels", part("ws-found", this.searched, this.results.root, this.summary), chosen),
      note(limits(this.words.length)), this.voice.root);
  }

  // The weights are unpacked when the widget comes near the view.
  async begin() {
    const { model, network, names, words } = this, get = (key) => model.get(key);
    this.engine = engine({
      words, names, own: get("own"), features: get("features"), layout: get("album"),
      pixels: await inflated(get("pixels")),
      weights: network.get("weights"), places: network.get("places"),
    });
    this.show();
  }

  scaleSaid() {
    const scale = this.model.get("scale");
    return `s = ${short(scale, 1)}${scale === this.learned ? " (learned)" : ""}`;
  }

  show() {
    if (!this.engine) return; // not near the view yet
    const state = Object.fromEntries(KEYS.map((key) => [key, this.model.get(key)]));
    const { controls } = this;
    for (const key of ["query", "labels", "change"]) controls[key].show(state[key]);
    controls.scale.show(nearestStep(this.steps, state.scale));
    this.presets.show((preset) => CASE.every((key) => preset[key] === state[key]));
    const n = this.names.indexOf(state.picture), x = this.engine.seen(n, state.change);
    const said = [this.tellFound(state, n), this.tellChosen(state, n, x), this.tellShares(state, x)];
    this.root.setAttribute("aria-label", `Word search. ${said.join(" ")}`);
    if (this.said) this.voice.say(said.filter((sentence, k) => sentence !== this.said[k]).join(" "));
    this.said = said;
  }

  tellFound({ query }, chosen) {
    const { names, fresh } = this, { ids, unknown, cosines, order, right } = this.engine.found(query);
    const found = order.map((n) =>
      ({ n, name: names[n], cosine: cosines[n], right: right[n], fresh: fresh[n] }));
    this.results.show(found, chosen);
    const none = query.trim() ? NOTHING : "Type a word or more.";
    this.controls.query.say(leftOut(unknown) + (ids.length ? "" : none));
    this.searched.textContent = ids.length
      ? `Nearest of ${names.length} pictures to “${query.trim()}”` : "Nothing is looked up";
    const hits = right.filter(Boolean).length, among = found.filter((f) => f.right).length;
    this.summary.textContent = ids.length
      ? "Cosines. ✓ the emoji’s own name and keywords have all your known words: "
        + `${among} of these ${found.length}, ${hits} of all ${names.length}. `
        + "new: a meaning never trained on." : "";
    if (!ids.length) return leftOut(unknown) + none;
    return `${leftOut(unknown)}“${query.trim()}”: ${listed(found)}; `
      + `${among} of the first ${found.length} have all words.`;
  }

  tellChosen({ picture, change }, n, x) {
    const { near, nearWords, rank, of } = this.engine.called(n, x);
    const before = rank && change !== "as drawn" ? ` (as drawn ${this.rankAsDrawn(n)})` : "";
    const own = rank ? `Its own name is number ${rank}${before} of ${of}.`
      : "No word of its own name is known.";
    painted(CHANGES[change](this.engine.images(n)), this.canvas);
    this.canvas.setAttribute("aria-label", `The chosen picture: ${picture}, ${change}`);
    this.name.textContent = picture;
    this.ownName.textContent =
      `${capital(change)}${this.fresh[n] ? "; a meaning never trained on" : ""}. ${own}`;
    this.namesTitle.textContent = `Nearest of ${of} names (✓ its own)`;
    this.wordsTitle.textContent = `Nearest of ${this.words.length} words`;
    this.nearNames.show(near);
    this.nearWords.show(nearWords);
    return `Chosen: ${picture}, ${change}. Nearest names: ${listed(near)}. ${own} `
      + `Nearest words: ${listed(nearWords)}.`;
  }

  rankAsDrawn(n) { return this.engine.called(n, this.engine.seen(n, "as drawn")).rank; }

  tellShares({ labels: text, scale }, x) {
    const judged = this.engine.judged(text, x, scale), { labels, cosines, shares } = judged;
    const about = aboutLabels(judged);
    this.controls.labels.say(about);
    this.bars.replaceChildren();
    if (!shares.length) return about;
    const names = labels.map(({ name }, n) => `${name} (${fixed(cosines[n], 2)})`);
    const list = barList(`Shares of your labels at ${this.scaleSaid()}`, names);
    list.show(shares);
    this.bars.append(list.root);
    return `${about}Shares at s = ${short(scale, 1)}: `
      + `${labels.map(({ name }, n) => `${name} ${percent(shares[n])}`).join(", ")}.`;
  }
}

async function render({ model, el }) {
  const id = model.get("network").replace("IPY_MODEL_", "");
  const view = new View(model, await model.widget_manager.get_model(id));
  el.append(view.root);
  const stop = [
    listen(model, KEYS, () => view.show()), whenNear(view.root, () => view.begin()),
  ];
  return () => { stop.forEach((end) => end()); view.voice.stop(); };
}

export default { render };
