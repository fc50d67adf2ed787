import { announcer, bytes, checkbox, clamp, listen, make, paint, pointerAt, select, set, whenNear, OWN_KEYS } from "../kit/kit.js";
import { vit } from "../kit/captions.js";
import { memo } from "../kit/memo.js";
import { map, unpack } from "../kit/nn.js";
import { overlay, strongest } from "../kit/overlay.js";
import { presets } from "../kit/presets.js";
import { onScreen, shelf } from "../kit/shelf.js";
import { COUNT, gaze, orderOf, percent, PLACES, readings, rearranged, shuffling, SIDE, where } from "./patches.js";

const TOP = 5;
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const KEYS = ["scene", "patch", "layer", "head", "shuffled", "positions", "seed"];
const PLAIN = { layer: 1, head: 0, shuffled: false, positions: true };
const PRESETS = [
  ["first layer", PLAIN],
  ["last layer", { ...PLAIN, layer: Infinity }],
  ["shuffled", { ...PLAIN, layer: Infinity, shuffled: true }],
  ["shuffled, no codes", { ...PLAIN, layer: Infinity, shuffled: true, positions: false }],
];

// A table of rows of texts under a caption; a row may have a class.
const tableOf = (kind) => {
  const root = make("table", { class: `pg-table ${kind}` });
  const show = (caption, heads, rows) => root.replaceChildren(make("caption", {}, caption),
    make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)))),
    make("tbody", {}, ...rows.map(({ cells, on = false }) =>
      make("tr", on ? { class: "pg-on" } : {}, ...cells.map((text) => make("td", {}, text))))));
  return { root, show };
};

class View {
  constructor(model, encoder, readout) {
    Object.assign(this, { model, parts: { encoder, readout }, kept: memo(12) });
    this.voice = announcer();
    this.canvas = make("canvas");
    this.look = overlay("Attention", { canvas: this.canvas, columns: PLACES });
    this.asks = make("span", { class: "pg-asks", "aria-hidden": "true" });
    this.pad = make("div", { class: "pg-pad", tabindex: "0", role: "group", ...OWN_KEYS,
      "aria-label": "The scene in 64 patches. Arrow keys choose the one that looks." }, this.look.root, this.asks);
    this.takeKeys();
    this.presets = presets(PRESETS, { put: (state) =>
      set(model, { ...state, layer: Math.min(state.layer, this.layers) }) });
    this.scenes = shelf("Scenes", { side: SIDE, put: (scene) =>
      set(model, { scene, patch: model.get("begins")[scene] }) });
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
    this.looksAt = tableOf("pg-looks");
    this.reads = tableOf("pg-reads");
    this.note = make("p", {});
    this.controls = make("div", { class: "ptp-controls" });
    return make("div", { class: "ptp pg", role: "group", "aria-label": "Where a patch looks, not computed yet" },
      this.presets.root, this.scenes.root, this.controls,
      make("div", { class: "pg-panels" },
        make("div", {}, this.pad, make("p", { class: "ptp-note" },
          "The framed patch looks; what it looks at stays bright. Click or use the arrow keys.")),
        make("div", {}, this.looksAt.root, this.note, this.reads.root, make("p", { class: "ptp-note" },
          "A linear readout for each layer, fitted to other scenes, says what most of the patch shows."))),
      this.voice.root);
  }

  // Weights and pixels are unpacked when the widget comes near the view.
  async begin() {
    await this.scenes.open(this.model.get("pixels"));
    const { encoder, readout } = this.parts, own = (part) => unpack(part.get("weights"), part.get("places"));
    Object.assign(this, { encoder: own(encoder), readout: own(readout), truth: bytes(this.model.get("truth")) });
    this.layers = this.readout.bias.shape[0] - 1;
    const numbers = (count, name) => Array.from({ length: count }, (_, n) => [String(n + 1), `${name} ${n + 1}`]);
    const put = (key) => (value) => set(this.model, { [key]: Number(value) });
    this.layer = select("Layer", { options: numbers(this.layers, "layer"), put: put("layer") });
    this.head = select("Head", { put: put("head"),
      options: [["0", "mean of all heads"], ...numbers(this.model.get("heads"), "head")] });
    this.controls.append(this.layer.root, this.head.root, this.shuffled.root, this.positions.root);
    this.draw();
  }

  // The vision transformer over a scene: where each layer looks and what is read from its tokens.
  run({ scene, shuffled, positions, seed }) {
    return this.kept(JSON.stringify([scene, shuffled, positions, seed]), () => {
      const x = map(this.scenes.image(scene), (v) => 2 * v - 1);
      const order = orderOf({ shuffled, seed }), heads = this.model.get("heads");
      const { looks, tokens } = vit(x, this.encoder, { heads, order, positions });
      return { looks, reads: tokens.map((z, layer) => readings(z, layer, this.readout, order)) };
    });
  }

  draw() {
    const state = this.state = Object.fromEntries(KEYS.map((key) => [key, this.model.get(key)]));
    state.layer = Math.min(state.layer, this.layers);
    this.order = orderOf(state);
    this.drawControls(state);
    const found = this.run(state), shares = gaze(found.looks[state.layer - 1], state, this.order);
    const head = state.head ? `head ${state.head}` : "mean of all heads";
    const title = `patch of ${where(state.patch)}, layer ${state.layer}, ${head}`;
    this.drawLook(state, shares, title);
    this.drawTable(shares, title);
    const reading = this.drawReadings(state, found.reads);
    const first = strongest(shares, 3).map((n) => `${percent(shares[n])} to ${where(n)}`).join("; ");
    const said = [`${title}: ${first}.`, this.note.textContent, reading].filter(Boolean).join(" ");
    this.root.setAttribute("aria-label", `Where a patch looks. Scene ${state.scene + 1}, ${said}`);
    if (this.began) this.voice.say(said);
    this.began = true;
  }

  drawControls(state) {
    this.layer.show(String(state.layer));
    this.head.show(String(state.head));
    this.shuffled.show(state.shuffled);
    this.positions.show(state.positions);
    this.scenes.show(state.scene);
    this.presets.show((preset) => Object.entries(preset).every(([key, value]) =>
      state[key] === (key === "layer" ? Math.min(value, this.layers) : value)));
  }

  drawLook(state, shares, title) {
    const image = rearranged(this.scenes.image(state.scene), this.order);
    paint(this.canvas, onScreen(image), SIDE, SIDE);
    this.look.show(this.order.map((patch) => shares[patch]), title);
    const place = this.order.indexOf(state.patch);
    this.asks.style.left = `${100 / PLACES * (place % PLACES)}%`;
    this.asks.style.top = `${100 / PLACES * Math.floor(place / PLACES)}%`;
    const before = state.shuffled
      ? gaze(this.run({ ...state, shuffled: false }).looks[state.layer - 1], state, orderOf({ shuffled: false })) : null;
    this.note.textContent = before ? shuffling(before, shares, state.positions) : "";
  }

  drawTable(shares, title) {
    const { shuffled, patch } = this.state;
    const rows = strongest(shares, TOP).map((n) => ({ cells: [percent(shares[n]),
      where(n) + (n === patch ? " (itself)" : ""), ...(shuffled ? [where(this.order.indexOf(n))] : [])] }));
    this.looksAt.show(title[0].toUpperCase() + title.slice(1),
      ["share", "to the patch of", ...(shuffled ? ["now in"] : [])], rows);
  }

  // What each layer's readout says of the patch, and of how many patches it is right; the sentence
  // of the layer on show.
  drawReadings({ scene, patch, layer }, reads) {
    const names = this.model.get("contents"), truth = this.truth.subarray(COUNT * scene, COUNT * (scene + 1));
    const best = (row) => strongest(row, 1)[0];
    const rows = reads.map((of, n) => {
      const said = best(of[patch]), right = of.filter((row, p) => best(row) === truth[p]).length;
      return { on: n === layer, said, cells: [n ? `after layer ${n}` : "before layer 1",
        `${names[said]}, ${percent(of[patch][said])}`, `${right} of ${COUNT}`] };
    });
    this.reads.show(`In truth: ${names[truth[patch]]}`, ["read", "this patch", "right in the scene"], rows);
    return `Read after layer ${layer}: ${rows[layer].cells[1]}; in truth ${names[truth[patch]]}.`;
  }
}

async function render({ model, el }) {
  const named = (key) => model.widget_manager.get_model(model.get(key).replace("IPY_MODEL_", ""));
  const view = new View(model, await named("encoder"), await named("readout"));
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
