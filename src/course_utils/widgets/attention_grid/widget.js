import { announcer, button, checkbox, clamp, fixed, listen, make, select, set, short, OWN_KEYS } from "../kit/kit.js";
import { stepPlayer } from "../kit/play.js";

const LARGEST = 9; // of a number that is typed
const NUMBERS = ["q", "k", "v"];

// ---------------------------------------------------------------- arithmetic
// Matrices are arrays of rows.

const dot = (a, b) => a.reduce((sum, v, n) => sum + v * b[n], 0);
const plus = (a, b) => a.map((v, n) => v + b[n]);

// The code of a place: sin and cos of place / 10000^(2i / d), one pair after the other.
export const code = (place, d) => Array.from({ length: d }, (_, n) => {
  const angle = place / 10000 ** (2 * Math.floor(n / 2) / d);
  return n % 2 ? Math.cos(angle) : Math.sin(angle);
});

export function softmax(row) {
  const most = Math.max(...row), powers = row.map((v) => Math.exp(v - most));
  const total = powers.reduce((sum, v) => sum + v, 0);
  return powers.map((v) => v / total);
}

// Which word stands at each place.
const orderOf = ({ words, swapped }) => words.map((_, n) => (swapped && n < 2 ? 1 - n : n));

// All stages: q, k, v at their places with codes, the products, the scores, those that are left
// by the mask, the weights, the outputs y.
export function stages(state) {
  const { words, mask, scaled, positions } = state, order = orderOf(state), d = state.q[0].length;
  const coded = (rows) => order.map((n, t) => (positions ? plus(rows[n], code(t, d)) : rows[n]));
  const q = coded(state.q), k = coded(state.k), v = order.map((n) => state.v[n]);
  const names = order.map((n) => words[n]);
  const products = q.map((row) => k.map((key) => dot(row, key)));
  const scores = products.map((row) => row.map((p) => (scaled ? p / Math.sqrt(d) : p)));
  const hidden = (t, s) => ((mask === "causal" || mask === "both") && s > t)
    || ((mask === "padding" || mask === "both") && names[s] === "<pad>");
  const masked = scores.map((row, t) => row.map((p, s) => (hidden(t, s) ? -Infinity : p)));
  const weights = masked.map(softmax);
  const y = weights.map((row) => v[0].map((_, i) => dot(row, v.map((value) => value[i]))));
  return { names, order, q, k, v, products, scores, masked, weights, y };
}

// By how much the outputs of the words differ, at most, from those before the first two words
// changed places. Only words that are no padding are asked.
export function change(state) {
  const now = stages(state), before = stages({ ...state, swapped: false });
  return Math.max(...now.order.map((n, t) => (now.names[t] === "<pad>" ? 0
    : Math.max(...now.y[t].map((v, i) => Math.abs(v - before.y[n][i]))))));
}

// ---------------------------------------------------------------- words

const percent = (share) => `${(100 * share).toFixed(0)}\u00a0%`;
const vector = (row, digits = 2) => `(${row.map((v) => short(v, digits)).join(", ")})`;
const signed = (v) => (v < 0 ? `(${short(v, 2)})` : short(v, 2));
const STAGES = ["q, k and v", "products q kᵀ", "scores: divided by √d", "mask", "weights: softmax", "outputs y"];

// What happens in the row of the word at place t, with its numbers.
const WORK = [
  ({ names, q, k, v }, t) => `${names[t]}: q = ${vector(q[t])}, k = ${vector(k[t])}, v = ${vector(v[t])}.`,
  ({ names, q, k, products }, t) => {
    const s = products[t].indexOf(Math.max(...products[t]));
    const sum = q[t].map((v, n) => `${signed(v)}·${signed(k[s][n])}`).join(" + ");
    return `Greatest for ${names[t]}: q(${names[t]}) · k(${names[s]}) = ${sum} = ${short(products[t][s], 2)}.`;
  },
  ({ names, q, products, scores }, t, { scaled }) => {
    const s = products[t].indexOf(Math.max(...products[t])), d = q[0].length;
    return scaled
      ? `${names[t]} to ${names[s]}: ${short(products[t][s], 2)} / √${d} = ${short(scores[t][s], 2)}.`
      : `Not divided: ${names[t]} to ${names[s]} stays ${short(scores[t][s], 2)}.`;
  },
  ({ names, masked }, t) => {
    const seen = names.filter((_, s) => masked[t][s] > -Infinity);
    const rest = names.filter((_, s) => masked[t][s] === -Infinity);
    return `${names[t]} may look at ${seen.join(", ")}${rest.length ? `; −∞ hides ${rest.join(", ")}` : ""}.`;
  },
  ({ names, weights }, t) => {
    const s = weights[t].indexOf(Math.max(...weights[t]));
    return `${names[t]} looks most at ${names[s]}: ${percent(weights[t][s])}.`;
  },
  ({ names, weights, v, y }, t) => {
    const sum = weights[t].map((w, s) => (w ? `${short(w, 2)}·${vector(v[s])}` : "")).filter(Boolean);
    return `y(${names[t]}) = ${sum.join(" + ")} = ${vector(y[t])}.`;
  },
];

// The sentence of a stage.
export const sentence = (state, stage) => WORK[stage](stages(state), state.chosen, state);

// What has become of the outputs when two words have changed places.
export function swapping(state) {
  if (!state.swapped) return "";
  const most = change(state), by = state.positions ? "with" : "without";
  return `First two words swapped, ${by} position codes: ` + (most < 1e-9
    ? "each word has the same output as before." : `outputs change, by up to ${short(most, 2)}.`);
}

// ---------------------------------------------------------------- tables

const VALUES = ["", "products", "scores", "masked", "weights"];

// The cells of a stage's table by rows, with their heads.
function cells(found, stage) {
  const { names } = found;
  if (stage === 0) {
    return { heads: ["q", "k", "v"], rows: names.map((_, t) =>
      [found.q, found.k, found.v].map((part) => (part[t].length > 2
        ? { text: vector(part[t], 1), kind: "ag-vector ag-long" } : { text: vector(part[t]), kind: "ag-vector" }))) };
  }
  if (stage === 5) {
    return { heads: ["y"], rows: found.y.map((row) => [{ text: vector(row), kind: "ag-vector" }]) };
  }
  const values = found[VALUES[stage]];
  const most = Math.max(...values.flat().filter(Number.isFinite).map(Math.abs), 1e-9);
  const cell = (v) => (v === -Infinity ? { text: "−∞", kind: "ag-hidden" }
    : { text: stage === 4 ? percent(v) : fixed(v, 2), share: Math.abs(v) / most, kind: v < 0 ? "ag-minus" : "" });
  return { heads: names.map((name) => name), rows: values.map((row) => row.map(cell)) };
}

// One table of number fields for q, k and v, with one tab stop: arrow keys move, Page Up and Page
// Down change by 0.5, Enter takes what was typed.
//
// put(name, rows): a number was changed; refuse(text): what was typed cannot be one
class Numbers {
  constructor({ put, refuse }) {
    Object.assign(this, { put, refuse, at: [0, 0], fields: [], columns: [] });
    this.root = make("table", { class: "ag-table ag-numbers" });
  }

  // known: { q, k, v }, the rows of each.
  show(words, known) {
    this.known = known;
    const columns = NUMBERS.flatMap((name) => known[name][0].map((_, n) => [name, n]));
    if (columns.length !== this.columns.length) this.build(words, columns);
    this.each((field, r, c) => { field.value = short(this.value(r, c), 2); });
  }

  value(r, c) {
    const [name, n] = this.columns[c];
    return this.known[name][r][n];
  }

  each(visit) {
    this.fields.forEach((row, r) => row.forEach((field, c) => visit(field, r, c)));
  }

  build(words, columns) {
    Object.assign(this, { columns, at: [0, 0] });
    this.fields = words.map((word, r) => columns.map((_, c) => this.field(word, r, c)));
    const first = (c) => (columns[c][1] === 0 && c > 0 ? { class: "ag-first" } : {});
    const heads = NUMBERS.map((name) => make("th", { scope: "colgroup",
      colspan: this.known[name][0].length }, name));
    this.root.classList.toggle("ag-many", columns.length > 6);
    this.root.replaceChildren(make("caption", {}, "Numbers to change"),
      make("thead", {}, make("tr", {}, make("td"), ...heads)),
      make("tbody", {}, ...this.fields.map((row, r) => make("tr", {},
        make("th", { scope: "row" }, words[r]), ...row.map((f, c) => make("td", first(c), f))))));
  }

  field(word, r, c) {
    const [name, n] = this.columns[c];
    const input = make("input", { type: "text", inputmode: "decimal", autocomplete: "off",
      "aria-label": `${name} of ${word}, number ${n + 1}`, ...OWN_KEYS });
    input.tabIndex = r + c === 0 ? 0 : -1;
    input.addEventListener("keydown", (event) => this.key(event, r, c));
    input.addEventListener("focus", () => this.each((f) => { f.tabIndex = f === input ? 0 : -1; }));
    input.addEventListener("change", () => this.take(r, c, input.value));
    return input;
  }

  take(r, c, text) {
    const value = Number(text.trim().replace("−", "-").replace(",", "."));
    this.fields[r][c].value = short(this.value(r, c), 2);
    if (text.trim() === "" || !Number.isFinite(value)) this.refuse(`“${text}” is no number.`);
    else if (Math.abs(value) > LARGEST) this.refuse(`Numbers go from −${LARGEST} to ${LARGEST}.`);
    else if (value !== this.value(r, c)) {
      const [name, n] = this.columns[c];
      const rows = this.known[name].map((row, i) => row.map((v, j) => (i === r && j === n ? value : v)));
      this.put(name, rows);
    }
  }

  key(event, r, c) {
    const moves = { ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1] };
    const steps = { PageUp: 0.5, PageDown: -0.5 };
    if (event.key in moves) {
      const [to, across] = moves[event.key];
      const field = this.fields[clamp(to, 0, this.fields.length - 1)][clamp(across, 0, this.columns.length - 1)];
      field.focus();
      field.select();
    } else if (event.key in steps) {
      this.take(r, c, String(clamp(this.value(r, c) + steps[event.key], -LARGEST, LARGEST)));
    } else if (event.key === "Enter") this.take(r, c, event.target.value);
    else return;
    event.preventDefault();
  }
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
    this.presets = Object.entries(model.get("presets")).map(([name, state]) =>
      ({ state, root: button(name, { put: () => set(model, state) }).root }));
    this.player = stepPlayer("Stage", {
      last: STAGES.length - 1, name: (n) => `${n + 1} of ${STAGES.length}`, put: put("stage"),
      draw: (_, n) => this.drawStage(n), say: (_, n) => sentence(this.state, n),
    });
    this.root = this.arrange();
  }

  arrange() {
    this.table = make("table", { class: "ag-table ag-matrix" });
    this.moved = make("p", {});
    this.refused = make("p", {});
    const roots = (parts) => parts.map((p) => p.root);
    return make("div", { class: "ptp ag", role: "group" },
      make("div", { class: "ag-presets", role: "group", "aria-label": "Cases" }, ...roots(this.presets)),
      make("div", { class: "ptp-controls" },
        ...roots([this.mask, this.scaled, this.positions, this.swapped])),
      make("div", { class: "ag-panels" },
        make("div", { class: "ag-stage" }, this.table,
          make("div", { class: "ag-works" }, this.moved), this.player.root),
        make("div", { class: "ag-inputs" }, this.numbers.root, this.refused,
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
    for (const { state: preset, root } of this.presets) {
      const on = KEYS.every((key) => key === "stage" || key === "chosen"
        || JSON.stringify(preset[key]) === JSON.stringify(state[key]));
      root.setAttribute("aria-pressed", String(on));
    }
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
      const made = make("tr", { class: t === this.state.chosen ? "ag-chosen" : "" },
        make("th", { scope: "row" }, pick), ...row.map(({ text, share = 0, kind }) => {
          const cell = make("td", { class: kind }, text);
          cell.style.setProperty("--ag-share", share.toFixed(3));
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
