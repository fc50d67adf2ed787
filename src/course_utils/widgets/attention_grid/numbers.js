// The numbers of q, k and v as a table of fields.
import { clamp, make, short, OWN_KEYS } from "../kit/kit.js";

export const NUMBERS = ["q", "k", "v"];
const LARGEST = 9; // of a number that is typed

// One table of number fields for q, k and v, with one tab stop: arrow keys move, Page Up and Page
// Down change by 0.5, Enter takes what was typed.
//
// put(name, rows): a number was changed; refuse(text): what was typed cannot be one
export class Numbers {
  constructor({ put, refuse }) {
    Object.assign(this, { put, refuse, at: [0, 0], fields: [], columns: [] });
    this.root = make("table", { class: "atg-table atg-numbers" });
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
    const first = (c) => (columns[c][1] === 0 && c > 0 ? { class: "atg-first" } : {});
    const heads = NUMBERS.map((name) => make("th", { scope: "colgroup",
      colspan: this.known[name][0].length }, name));
    this.root.classList.toggle("atg-many", columns.length > 6);
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
