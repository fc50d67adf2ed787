import { announcer, button, checkbox, clamp, listen, make, paint, pointerAt, select, set, whenNear, OWN_KEYS } from "../kit/kit.js";
import { decoderOf, END, greedily, imageOf, inflated, onScreen, vit, write } from "../kit/captions.js";
import { dice } from "../kit/dice.js";
import { lineup } from "../kit/lineup.js";
import { map, under, unpack } from "../kit/nn.js";
import { overlay, strongest } from "../kit/overlay.js";

const SIDE = 64, PLACES = 8, COUNT = PLACES * PLACES, TOP = 5;
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// ---------------------------------------------------------------- arithmetic

// Which patch lies at each place: an order drawn by Fisher and Yates.
export function orderOf({ shuffled, seed }) {
  const order = Array.from({ length: COUNT }, (_, n) => n);
  if (!shuffled) return order;
  const random = dice(seed);
  for (let n = COUNT - 1; n > 0; n--) {
    const other = Math.floor(random() * (n + 1));
    [order[n], order[other]] = [order[other], order[n]];
  }
  return order;
}

// What a patch gives to each of the patches, by their numbers in the scene as it was, whatever
// their order. weights [heads, 64, 64] are those of a layer; head 0 is the mean.
export function gaze({ shape: [heads], data }, { patch, head }, order) {
  const chosen = head > 0 ? [head - 1] : Array.from({ length: heads }, (_, h) => h);
  const shares = new Array(COUNT).fill(0), from = order.indexOf(patch);
  for (const h of chosen) {
    order.forEach((to, place) => { shares[to] += data[(h * COUNT + from) * COUNT + place] / chosen.length; });
  }
  return shares;
}

// The image [3, 64, 64] with its patches in an order.
export function rearranged({ shape, data }, order) {
  const size = SIDE / PLACES, y = data.slice();
  for (let n = 0; n < y.length; n++) {
    const c = Math.floor(n / (SIDE * SIDE)), i = Math.floor(n / SIDE) % SIDE, j = n % SIDE;
    const from = order[Math.floor(i / size) * PLACES + Math.floor(j / size)];
    const row = Math.floor(from / PLACES) * size + i % size, column = (from % PLACES) * size + j % size;
    y[n] = data[c * SIDE * SIDE + row * SIDE + column];
  }
  return { shape, data: y };
}

// ---------------------------------------------------------------- words

const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}\u00a0%`;
const where = (n) => `row ${Math.floor(n / PLACES) + 1}, column ${n % PLACES + 1}`;
const sentence = (ids, words) => ids.slice(0, ids.includes(END) ? ids.indexOf(END) : undefined)
  .filter((id) => id > END).map((id) => words[id]).join(" ").replaceAll(" ,", ",");

// How much a shuffle changes where the patch looks.
export function shuffling(before, after, positions) {
  const most = Math.max(...before.map((v, n) => Math.abs(v - after[n])));
  const by = positions ? "with" : "without";
  return `Shuffled, ${by} position codes: ` + (most < 1e-9
    ? "it gives each patch the same share as before, wherever that lies."
    : `its shares change by up to ${percent(most)}.`);
}

// ---------------------------------------------------------------- view

const KEYS = ["scene", "patch", "layer", "head", "shuffled", "positions", "seed"];
const PLAIN = { layer: 1, head: 0, shuffled: false, positions: true };
const PRESETS = [
  ["first layer", PLAIN],
  ["last layer", { ...PLAIN, layer: Infinity }],
  ["shuffled", { ...PLAIN, layer: Infinity, shuffled: true }],
  ["shuffled, no codes", { ...PLAIN, layer: Infinity, shuffled: true, positions: false }],
];

class View {
  constructor(model, network) {
    Object.assign(this, { model, network, known: new Map() });
    this.voice = announcer();
    this.canvas = make("canvas");
    this.look = overlay("Attention", { canvas: this.canvas, columns: PLACES });
    this.asks = make("span", { class: "pg-asks", "aria-hidden": "true" });
    this.pad = make("div", { class: "pg-pad", tabindex: "0", role: "group", ...OWN_KEYS,
      "aria-label": "The scene in 64 patches. Arrow keys choose the one that looks." }, this.look.root, this.asks);
    this.takeKeys();
    this.scenes = lineup("Scenes", { side: 44, put: (scene) =>
      set(model, { scene, patch: model.get("middles")[scene] }) });
    this.shuffled = checkbox("Shuffle the patches", { put: (shuffled) => set(model, { shuffled }) });
    this.positions = checkbox("Add position codes", { put: (positions) => set(model, { positions }) });
    this.root = this.arrange();
  }

  takeKeys() {
    const to = (place) => set(this.model, { patch: this.order[place] });
    this.pad.addEventListener("keydown", (event) => {
      if (!(event.key in ARROWS) || !this.order) return;
      event.preventDefault();
      const place = this.order.indexOf(this.state.patch), [down, right] = ARROWS[event.key];
      const row = clamp(Math.floor(place / PLACES) + down, 0, PLACES - 1);
      to(PLACES * row + clamp(place % PLACES + right, 0, PLACES - 1));
    });
    this.pad.addEventListener("pointerdown", (event) => {
      if (!this.order) return;
      const { x, y } = pointerAt(event, this.canvas), at = (v) => Math.min(PLACES - 1, Math.floor(v * PLACES));
      to(PLACES * at(y) + at(x));
    });
  }

  arrange() {
    this.presets = PRESETS.map(([name, state]) => button(name, {
      put: () => set(this.model, { ...state, layer: Math.min(state.layer, this.layers) }) }).root);
    this.table = make("table", { class: "pg-table" });
    this.note = make("p", {});
    this.lens = make("ul", { class: "pg-lens" });
    this.own = make("p", { class: "ptp-note" },
      "The decoder adds codes of its own to the 64 places: a caption can change although the tokens do not.");
    this.lensTitle = make("p", { class: "ptp-title" }, "The caption, read from each layer");
    this.controls = make("div", { class: "ptp-controls" });
    return make("div", { class: "ptp pg", role: "group", "aria-label": "Where a patch looks, not computed yet" },
      make("div", { class: "pg-presets", role: "group", "aria-label": "Cases" }, ...this.presets),
      this.scenes.root, this.controls,
      make("div", { class: "pg-panels" },
        make("div", {}, this.pad, make("p", { class: "ptp-note" },
          "The framed patch looks; what it looks at stays bright. Click or use the arrow keys.")),
        make("div", {}, this.table, this.note, this.lensTitle, this.lens, this.own)), this.voice.root);
  }

  // Weights and pixels are unpacked when the widget comes near the view.
  async begin() {
    this.pixels = await inflated(this.model.get("pixels"));
    const weights = unpack(this.network.get("weights"), this.network.get("places"));
    this.encoder = under(weights, "encoder");
    this.decoder = decoderOf(weights, this.model.get("heads"));
    this.layers = this.run({ scene: 0, shuffled: false, positions: true, seed: 0 }).looks.length;
    const numbers = (count, name) => Array.from({ length: count }, (_, n) => [String(n + 1), `${name} ${n + 1}`]);
    const put = (key) => (value) => set(this.model, { [key]: Number(value) });
    this.layer = select("Layer", { options: numbers(this.layers, "layer"), put: put("layer") });
    this.head = select("Head", { put: put("head"),
      options: [["0", "mean of all heads"], ...numbers(this.model.get("heads"), "head")] });
    this.controls.append(this.layer.root, this.head.root, this.shuffled.root, this.positions.root);
    this.draw();
  }

  kept(key, compute) {
    if (!this.known.has(key)) this.known.set(key, compute());
    if (this.known.size > 12) this.known.delete(this.known.keys().next().value);
    return this.known.get(key);
  }

  // The vision transformer over a scene, and the caption from each layer's tokens.
  run({ scene, shuffled, positions, seed }) {
    return this.kept(JSON.stringify([scene, shuffled, positions, seed]), () => {
      const x = map(imageOf(this.pixels, scene, SIDE), (v) => 2 * v - 1);
      const order = orderOf({ shuffled, seed }), heads = this.model.get("heads");
      const { looks, tokens } = vit(x, this.encoder, { heads, order, positions });
      return { looks, tokens };
    });
  }

  captions(state) {
    const found = this.run(state), length = this.model.get("longest");
    found.captions ??= found.tokens.map((z) => sentence(
      write(this.decoder, z, { choose: greedily, length }).map(({ word }) => word), this.model.get("words")));
    return found.captions;
  }

  draw() {
    const state = Object.fromEntries(KEYS.map((key) => [key, this.model.get(key)]));
    state.layer = Math.min(state.layer, this.layers);
    this.state = state;
    this.order = orderOf(state);
    this.drawControls(state);
    const shares = gaze(this.run(state).looks[state.layer - 1], state, this.order);
    const head = state.head ? `head ${state.head}` : "mean of all heads";
    const title = `patch of ${where(state.patch)}, layer ${state.layer}, ${head}`;
    this.drawLook(state, shares, title);
    this.drawTable(shares, title);
    const captions = this.captions(state);
    this.own.hidden = !state.shuffled || state.positions;
    this.lens.replaceChildren(...captions.map((text, n) => make("li",
      { class: n === captions.length - 1 ? "pg-last" : "" }, `${n + 1}: “${text}”`)));
    const first = strongest(shares, 3).map((n) => `${percent(shares[n])} to ${where(n)}`).join("; ");
    const said = [`${title}: ${first}.`, this.note.textContent, `Caption: “${captions.at(-1)}”.`].filter(Boolean).join(" ");
    this.root.setAttribute("aria-label", `Where a patch looks. Scene ${state.scene + 1}, ${said}`);
    if (this.began) this.voice.say(said);
    this.began = true;
  }

  drawControls(state) {
    this.layer.show(String(state.layer));
    this.head.show(String(state.head));
    this.shuffled.show(state.shuffled);
    this.positions.show(state.positions);
    const count = this.pixels.length / (3 * SIDE * SIDE);
    this.scenes.show(Array.from({ length: count }, (_, n) => ({ values: onScreen(imageOf(this.pixels, n, SIDE)),
      width: SIDE, height: SIDE, name: `scene ${n + 1}` })), state.scene);
    PRESETS.forEach(([, preset], n) => {
      const on = Object.entries(preset).every(([key, value]) =>
        state[key] === (key === "layer" ? Math.min(value, this.layers) : value));
      this.presets[n].setAttribute("aria-pressed", String(on));
    });
  }

  drawLook(state, shares, title) {
    const image = rearranged(imageOf(this.pixels, state.scene, SIDE), this.order);
    paint(this.canvas, onScreen(image), SIDE, SIDE);
    this.look.show(this.order.map((patch) => shares[patch]), title);
    const place = this.order.indexOf(state.patch);
    this.asks.style.left = `${100 / PLACES * (place % PLACES)}%`;
    this.asks.style.top = `${100 / PLACES * Math.floor(place / PLACES)}%`;
    const before = state.shuffled
      ? gaze(this.run({ ...state, shuffled: false }).looks[state.layer - 1], state, orderOf({ shuffled: false })) : null;
    this.note.textContent = before ? shuffling(before, shares, state.positions)
      : state.positions ? "" : "Without position codes a patch is known by its colours alone.";
  }

  drawTable(shares, title) {
    const { shuffled } = this.state;
    const head = make("tr", {}, ...["share", "to the patch of", ...(shuffled ? ["now in"] : [])]
      .map((text) => make("th", { scope: "col" }, text)));
    const rows = strongest(shares, TOP).map((n) => make("tr", {}, make("td", {}, percent(shares[n])),
      make("td", {}, where(n) + (n === this.state.patch ? " (itself)" : "")),
      ...(shuffled ? [make("td", {}, where(this.order.indexOf(n)))] : [])));
    const caption = title[0].toUpperCase() + title.slice(1);
    this.table.replaceChildren(make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...rows));
  }
}

async function render({ model, el }) {
  const network = await model.widget_manager.get_model(model.get("network").replace("IPY_MODEL_", ""));
  const view = new View(model, network);
  el.append(view.root);
  const stop = [];
  const begin = async () => {
    await view.begin();
    stop.push(listen(model, KEYS, () => view.draw()));
  };
  stop.push(whenNear(view.root, begin));
  return () => { stop.forEach((end) => end()); view.voice.stop(); };
}

export default { render };
