import { announcer, button, checkbox, listen, make, paint, select, set, short, slider, whenNear } from "../kit/kit.js";
import { beamSearch, decoderOf, encode, END, greedily, scoreOf, write } from "../kit/captions.js";
import { dice } from "../kit/dice.js";
import { memo } from "../kit/memo.js";
import { unpack } from "../kit/nn.js";
import { overlay } from "../kit/overlay.js";
import { presets } from "../kit/presets.js";
import { sample, topK } from "../kit/sampling.js";
import { sceneImage } from "../kit/scene.js";
import { covered, onScreen, shelf } from "../kit/shelf.js";
import { tokenRow } from "../kit/tokens.js";
import { beamTree, pathOf } from "./tree.js";

const SIDE = 64, PLACES = 8, WIDTH = 3, CANDIDATES = 5;
const UNSAID = 2; // <pad> and <start> are never offered
const SPLITS = {
  style: "Its drawings have a style that training lacks.",
  combinations: "It has a shape in a colour that this shape never has in training.",
};
const SEARCHES = [["greedy", "greedy"], ["beam", `beam of ${WIDTH}`], ["sample", "drawn words"]];

// ---------------------------------------------------------------- captions

// What a network says, as `write` gives it, and the levels of a beam search: { said, levels }.
export function caption(decoder, memory, { search, given, temperature, seed, longest: length }) {
  if (search === "beam") {
    return beamSearch(decoder, memory, { width: WIDTH, length, given });
  }
  const random = dice(seed);
  const choose = search === "greedy" ? greedily
    : (logits) => sample(logits, { temperature, u: random() });
  return { said: write(decoder, memory, { given, choose, length }), levels: [] };
}

// Numbers to a sentence, as Vocabulary.decode does it.
export const sentence = (ids, words) => ids.slice(0, ids.includes(END) ? ids.indexOf(END) : undefined)
  .filter((id) => id > END).map((id) => words[id]).join(" ").replaceAll(" ,", ",");

// The likeliest words of a place, with their shares.
const candidates = (logs) => topK(logs.map((v, n) => (n < UNSAID ? -Infinity : v)), CANDIDATES);

// The shares that a head, or the mean over all of them (0), gives to the places.
export function lookOf(looks, head) {
  if (head > 0) return looks[head - 1];
  return looks[0].map((_, n) => looks.reduce((sum, one) => sum + one[n], 0) / looks.length);
}

// ---------------------------------------------------------------- view

const KEYS = ["network", "scene", "search", "temperature", "seed", "given", "covered", "cover", "place", "head"];
// A preset holds whatever word and head are looked at, and wherever a box lies that is not there.
const holds = (preset, state) => Object.entries(preset).every(([key, value]) => key === "place"
  || (key === "cover" && !preset.covered) || JSON.stringify(value) === JSON.stringify(state[key]));
const logp = (v) => `log p = ${v.toFixed(2).replace("-", "−")}`;

class View {
  constructor(model, encoders, decoders) {
    Object.assign(this, { model, encoders, decoders, kept: memo(24) });
    this.words = model.get("words").map((word, n) => (n === END ? "(end)" : word));
    this.voice = announcer();
    this.controls = this.makeControls();
    this.parts();
    this.root = this.arrange();
  }

  makeControls() {
    const { model } = this, put = (key) => (value) => set(model, { [key]: value });
    const anew = (key) => (value) => set(model, { [key]: value, given: [], place: 0 });
    const names = model.get("names").map((name, n) => [String(n), name]);
    return {
      network: select("Network", { options: names,
        put: (n) => set(model, { network: Number(n), given: [], place: 0, head: 0 }) }),
      search: select("Search", { options: SEARCHES, put: anew("search") }),
      temperature: slider("Temperature", { min: 0.1, max: 2, step: 0.1, text: (v) => short(v, 1), put: put("temperature") }),
      again: button("Draw again", { put: () => set(model, { seed: model.get("seed") + 1 }) }),
      cover: checkbox("Cover a part", { put: put("covered") }),
    };
  }

  parts() {
    const { model } = this, state = (change) => set(model, change);
    this.presets = presets(model.get("presets"), { put: state });
    this.scenes = shelf("Scenes", { side: SIDE, put: (scene) => state({ scene, given: [], place: 0 }) });
    this.scene = sceneImage("Scene", { width: SIDE, height: SIDE, choose: () => {},
      move: (_, cover) => state({ cover }) });
    this.canvas = make("canvas");
    this.look = overlay("Attention", { canvas: this.canvas, columns: PLACES });
    this.row = tokenRow("Words of the caption", {
      look: (place) => state({ place }), put: (place, k) => this.replace(place, k) });
    this.tree = beamTree(`Beam of ${WIDTH}, with log p`);
    this.heads = make("div");
  }

  arrange() {
    this.says = make("p", { class: "cp-says" });
    this.notes = make("div", { class: "cp-notes ptp-note" });
    this.lookTitle = make("p", { class: "ptp-title" });
    this.givenWords = make("span");
    const free = button("Let it begin itself", { put: () => set(this.model, { given: [], place: 0 }) });
    this.given = make("div", { class: "cp-given" }, this.givenWords, free.root);
    const { network, search, temperature, again, cover } = this.controls;
    const several = this.encoders.length > 1 ? [network.root] : [];
    return make("div", { class: "ptp cp", role: "group", "aria-label": "Captions of scenes, not computed yet" },
      this.presets.root, this.scenes.root,
      make("div", { class: "ptp-controls" }, ...several, search.root, temperature.root, again.root,
        this.heads, cover.root),
      make("div", { class: "cp-panels" },
        make("div", {}, make("p", { class: "ptp-title" }, "The network sees"), this.scene.root),
        make("div", {}, this.lookTitle, this.look.root)),
      make("div", {}, this.says, this.notes), this.given, this.row.root, this.tree.root, this.voice.root);
  }

  // Weights and pixels are unpacked when the widget comes near the view.
  async begin() {
    await this.scenes.open(this.model.get("pixels"));
    this.draw();
  }

  // The encoder's weights and the decoder of network n.
  network(n) {
    const own = (part) => unpack(part.get("weights"), part.get("places"));
    return this.kept(`network ${n}`, () => ({ encoder: own(this.encoders[n]),
      decoder: decoderOf(own(this.decoders[n]), this.model.get("heads")) }));
  }

  image({ scene, covered: hidden, cover }) {
    const image = this.scenes.image(scene);
    return hidden ? covered(image, cover) : image;
  }

  // What the network on show says in a state, whatever its place and head.
  captioned(state) {
    const { network, scene, covered: hidden, cover, search, given, temperature, seed } = state;
    const seen = JSON.stringify([network, scene, hidden ? cover : 0]);
    const { encoder, decoder } = this.network(network);
    const memory = this.kept(`memory ${seen}`, () =>
      encode(this.image(state), encoder, this.model.get("heads")));
    const how = JSON.stringify([seen, search, given, search === "sample" ? [temperature, seed] : 0]);
    return this.kept(`caption ${how}`, () =>
      caption(decoder, memory, { ...state, longest: this.model.get("longest") }));
  }

  // Candidate k stands at a place; the network writes on from there.
  replace(place, k) {
    const { said } = this.captioned(this.state);
    const given = [...said.slice(0, place).map(({ word }) => word), candidates(said[place].logs)[k]];
    set(this.model, { given, place });
  }

  draw() {
    const state = this.state = Object.fromEntries(KEYS.map((key) => [key, this.model.get(key)]));
    const { said, levels } = this.captioned(state);
    const place = Math.min(state.place, said.length - 1), ids = said.map(({ word }) => word);
    const text = sentence(ids, this.words);
    this.drawControls(state);
    this.drawImages(state, said[place]);
    this.row.show(said.map(({ word, logs }) => ({
      text: this.words[word], share: Math.exp(logs[word]),
      candidates: candidates(logs).map((id) => ({ text: this.words[id], share: Math.exp(logs[id]) })),
    })), place);
    this.says.textContent = `“${text}”`;
    this.drawNotes(state, said);
    this.tree.root.hidden = levels.length === 0;
    const path = levels.length ? pathOf(levels, ids.length, state.given.length, ids.at(-1) === END) : [];
    this.tree.show({ levels, path, names: this.words });
    const name = SEARCHES.find(([key]) => key === state.search)[1];
    this.root.setAttribute("aria-label", `Captions of scenes. ${this.model.get("names")[state.network]}, `
      + `scene ${state.scene + 1} of ${this.scenes.count()}${state.covered ? ", a part covered" : ""}, ${name}: “${text}”.`);
    if (this.began && text !== this.text) this.voice.say(`The network says: ${text}.`);
    Object.assign(this, { began: true, text });
  }

  drawControls(state) {
    const { network, search, temperature, again, cover } = this.controls;
    network.show(String(state.network));
    search.show(state.search);
    temperature.show(state.temperature);
    cover.show(state.covered);
    temperature.root.hidden = again.root.hidden = state.search !== "sample";
    this.drawHeads(state);
    this.scenes.show(state.scene);
    this.presets.show((preset) => holds(preset, state));
    const given = sentence(state.given, this.words);
    this.given.hidden = state.given.length === 0;
    this.givenWords.textContent = `Given: “${given}”. The network wrote the rest.`;
  }

  // Which head is looked at: a choice where there are several.
  drawHeads({ network, head }) {
    const { names } = this.network(network).decoder;
    this.heads.hidden = names.length < 2;
    if (this.headsOf !== network) {
      this.headsOf = network;
      const options = [["0", "mean of all heads"], ...names.map((name, n) => [String(n + 1), name])];
      this.headSelect = select("Attention", { options, put: (n) => set(this.model, { head: Number(n) }) });
      this.heads.replaceChildren(this.headSelect.root);
    }
    this.headSelect.show(String(Math.min(head, names.length)));
  }

  drawImages(state, { word, looks }) {
    const values = onScreen(this.image(state));
    const box = { name: "grey box", note: "arrows move it, Shift + arrows resize it", box: state.cover };
    this.scene.show({ values, objects: state.covered ? [box] : [], chosen: 0 });
    paint(this.canvas, values, SIDE, SIDE);
    this.look.root.hidden = looks.length === 0;
    if (looks.length === 0) {
      this.lookTitle.textContent = "This decoder has h₀ alone: it looks nowhere.";
      return;
    }
    this.lookTitle.textContent = `It looks here for “${this.words[word]}”`;
    this.look.show(lookOf(looks, Math.min(state.head, looks.length)), `for “${this.words[word]}”`);
  }

  drawNotes(state, said) {
    const score = scoreOf(said), lines = [`${logp(score)}. Right is: “${this.model.get("right")[state.scene]}”.`];
    const { [this.model.get("splits")[state.scene]]: unseen } = SPLITS;
    if (unseen) lines.push(unseen);
    if (state.search === "beam") {
      const { said: greedy } = this.captioned({ ...state, search: "greedy" });
      const text = sentence(greedy.map(({ word }) => word), this.words);
      const same = greedy.length === said.length && greedy.every(({ word }, n) => word === said[n].word);
      lines.push(same ? "Greedy says the same." : `Greedy says “${text}”, ${logp(scoreOf(greedy))}.`);
    }
    this.notes.replaceChildren(...lines.map((line) => make("p", {}, line)));
  }
}

async function render({ model, el }) {
  const named = (reference) => model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
  const all = (key) => Promise.all(model.get(key).map(named));
  const view = new View(model, await all("encoders"), await all("decoders"));
  el.append(view.root);
  let stop = [];
  const resize = new ResizeObserver(() => view.tree.draw());
  const begin = async () => {
    await view.begin();
    resize.observe(view.root);
    stop.push(listen(model, KEYS, () => view.draw()));
  };
  stop = [whenNear(view.root, begin), () => resize.disconnect()];
  return () => { stop.forEach((end) => end()); view.scene.stop(); view.voice.stop(); };
}

export default { render };
