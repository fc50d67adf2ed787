import { announcer, checkbox, fixed, listen, make, select, set, OWN_KEYS } from "../kit/kit.js";
import { stepPlayer } from "../kit/play.js";
import { presets } from "../kit/presets.js";
import { NUMBERS, Numbers } from "./numbers.js";
import { percent, sentence, STAGES, stages, swapping, vector } from "./stages.js";

// ---------------------------------------------------------------- tables

const VALUES = ["", "products", "scores", "masked", "weights"];

// The cells of a stage's table by rows, with their heads.
function cells(found, stage) {
  const { names } = found;
  if (stage === 0) {
    return { heads: ["q", "k", "v"], rows: names.map((_, t) =>
      [found.q, found.k, found.v].map((part) => (part[t].length > 2
        ? { text: vector(part[t], 1), kind: "atg-vector atg-long" } : { text: vector(part[t]), kind: "atg-vector" }))) };
  }
  if (stage === 5) {
    return { heads: ["y"], rows: found.y.map((row) => [{ text: vector(row), kind: "atg-vector" }]) };
  }
  const values = found[VALUES[stage]];
  const most = Math.max(...values.flat().filter(Number.isFinite).map(Math.abs), 1e-9);
  const cell = (v) => (v === -Infinity ? { text: "−∞", kind: "atg-hidden" }
    : { text: stage === 4 ? percent(v) : fixed(v, 2), share: Math.abs(v) / most, kind: v < 0 ? "atg-minus" : "" });
  return { heads: names.map((name) => name), rows: values.map((row) => row.map(cell)) };
}

// ---------------------------------------------------------------- view

const KEYS = [...NUMBERS, "mask", "scaled", "positions", "swapped", "stage", "chosen"];
const MASKS = [["none", "none"], ["causal", "causal"], ["padding", "padding"],
  ["both", "causal + padding"]];

class View {
  constructor(model) {
    this.model = model;
    const put = (key) => (value) => set(model, { [key]: value });
    this.mask = select("Mask", { options: MASKS, put: put("mask") });
    this.scaled = checkbox("Divide by √d", { put: put("scaled") });
    this.positions = checkbox("Add position codes", { put: put("positions") });
    this.swapped = checkbox("Swap the first two words", { put: put("swapped") });
    this.voice = announcer();
    this.numbers = new Numbers({
      put: (name, rows) => set(model, { [name]: rows }), refuse: (text) => this.refuse(text) });
    this.presets = presets(model.get("presets"), { put: (state) => set(model, state) });
    this.player = stepPlayer("Stage", {
      last: STAGES.length - 1, name: (n) => `${n + 1} of ${STAGES.length}`, put: put("stage"),
      draw: (_, n) => this.drawStage(n), say: (_, n) => sentence(this.state, n),
    });
    this.root = this.arrange();
  }

  arrange() {
    this.table = make("table", { class: "atg-table atg-matrix" });
    this.moved = make("p", {});
    this.refused = make("p", {});
    const roots = (parts) => parts.map((p) => p.root);
    return make("div", { class: "ptp atg", role: "group" },
      this.presets.root,
      make("div", { class: "ptp-controls" },
        ...roots([this.mask, this.scaled, this.positions, this.swapped])),
      make("div", { class: "atg-panels" },
        make("div", { class: "atg-stage" }, this.table,
          make("div", { class: "atg-works" }, this.moved), this.player.root),
        make("div", { class: "atg-inputs" }, this.numbers.root, this.refused,
          make("p", { class: "ptp-note" },
            "Arrow keys move, Page Up and Page Down change by 0.5, Enter takes what you type."))),
      this.voice.root);
  }

  // What was typed stays as it was, and both eye and ear are told why.
  refuse(text) {
    this.refused.textContent = text;
    this.voice.say(text);
  }

  read() {
    return Object.fromEntries(["words", ...KEYS].map((key) => [key, this.model.get(key)]));
  }

  draw() {
    const state = this.state = this.read();
    for (const key of ["mask", "scaled", "positions", "swapped"]) this[key].show(state[key]);
    this.numbers.show(state.words, state);
    this.refused.textContent = "";
    this.presets.show((preset) => KEYS.every((key) => key === "stage" || key === "chosen"
      || JSON.stringify(preset[key]) === JSON.stringify(state[key])));
    this.found = stages(state);
    this.moved.textContent = swapping(state);
    this.player.show(state.stage, { anew: true });
    const said = [sentence(state, state.stage), swapping(state)].filter(Boolean).join(" ");
    this.root.setAttribute("aria-label", `Attention, stage ${state.stage + 1}, ${STAGES[state.stage]}: ${said}`);
    if (this.began) this.voice.say(said);
    this.began = true;
  }

  drawStage(stage) {
    const { names } = this.found, { heads, rows } = cells(this.found, stage);
    const focused = this.table.contains(document.activeElement);
    const head = make("tr", {}, make("td", { style: "border: 0" }),
      ...heads.map((name) => make("th", { scope: "col" }, name)));
    const body = rows.map((row, t) => {
      const pick = make("button", { type: "button", "aria-pressed": t === this.state.chosen,
        "aria-label": `${names[t]}: work out its row`, ...OWN_KEYS }, names[t]);
      pick.addEventListener("click", () => set(this.model, { chosen: t }));
      const made = make("tr", { class: t === this.state.chosen ? "atg-chosen" : "" },
        make("th", { scope: "row" }, pick), ...row.map(({ text, share = 0, kind }) => {
          const cell = make("td", { class: kind }, text);
          cell.style.setProperty("--atg-share", share.toFixed(3));
          return cell;
        }));
      return made;
    });
    const asks = stage > 0 && stage < 5 ? "each row asks, each column is asked" : "";
    const caption = make("caption", {}, `${stage + 1}. ${STAGES[stage]}`, make("br"),
      make("span", { class: "ptp-note" }, asks));
    this.table.replaceChildren(caption, make("thead", {}, head), make("tbody", {}, ...body));
    if (focused) this.table.querySelectorAll("button")[this.state.chosen].focus();
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  view.draw();
  const stop = listen(model, KEYS, () => view.draw());
  return () => { stop(); view.player.stop(); view.voice.stop(); };
}

export default { render };
