import { announcer, checkbox, listen, make, select, set, short, slider } from "../kit/kit.js";

// ---------------------------------------------------------------- arithmetic

// From a value to a height, 0 at the foot and 1 at the top.
export function scaleOf([low, high], log) {
  const turn = log ? Math.log : (v) => v;
  return (value) => (turn(value) - turn(low)) / (turn(high) - turn(low));
}

// Round numbers around the values: 0, 5, 10, … or 2, 3, 5, 10, …
export function ticksOf(values, log) {
  const low = Math.min(...values), high = Math.max(...values);
  if (!log) {
    const step = [1, 2, 5, 10, 20, 50].find((s) => high / s <= 7) ?? 100;
    return Array.from({ length: Math.ceil(high / step) + 1 }, (_, n) => n * step);
  }
  const round = [-2, -1, 0, 1, 2, 3].flatMap((e) => [1, 2, 3, 5].map((m) => m * 10 ** e));
  const first = round.findLastIndex((t) => t <= low), last = round.findIndex((t) => t >= high);
  return round.slice(Math.max(first, 0), last + 1);
}

// ---------------------------------------------------------------- drawing

const LEFT = 46, RIGHT = 16, TOP = 24, HEIGHT = 270, FOOT = 26;
const escape = (s) => s.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
const text = (x, y, words, kind, anchor) =>
  `<text x="${x}" y="${y}" class="${kind}" text-anchor="${anchor}">${escape(words)}</text>`;

// A disc, a diamond or a square: a kind is told without its colour too.
function dot(x, y, form, r, classes) {
  if (form === 0) return `<circle class="${classes}" cx="${x}" cy="${y}" r="${r}"/>`;
  const turn = form === 1 ? `transform="rotate(45 ${x} ${y})"` : "";
  return `<rect class="${classes}" x="${x - r}" y="${y - r}" width="${2 * r}"
    height="${2 * r}" ${turn}/>`;
}

class View {
  constructor(model) {
    this.model = model;
    this.points = model.get("points");
    this.kinds = [...new Set(this.points.map((p) => p.kind))];
    const put = (key) => (value) => set(model, { [key]: value });
    this.kind = select("Show", {
      options: [["", "all"], ...this.kinds.map((k) => [k, k])], put: put("kind"),
    });
    this.log = checkbox("Logarithmic axis: equal steps are equal factors", { put: put("log") });
    this.entry = slider("Result", {
      min: 0, max: 0, text: (n) => `${n + 1} of ${this.shown().length}`,
      spoken: (n) => this.describe(this.shown()[n]),
      put: (n) => set(model, { position: this.points.indexOf(this.shown()[n]) }),
    });
    this.figure = make("div", { class: "ms-figure", role: "img" });
    this.card = make("div", { class: "ms-card" });
    this.voice = announcer();
    this.root = make("div", { class: "ptp ms", role: "group", "aria-label": "Results over the years" },
      make("div", { class: "ptp-controls" }, this.kind.root, this.log.root),
      this.figure, this.entry.root, this.card, this.voice.root);
    this.figure.addEventListener("click", (event) => {
      const n = event.target.dataset?.n;
      if (n !== undefined) set(model, { position: Number(n) });
    });
  }

  shown() {
    const kind = this.model.get("kind");
    const some = this.points.filter((p) => !kind || p.kind === kind);
    return some.length ? some : this.points;
  }

  // The result on show; when its kind is hidden, the next one in time that is not.
  chosen() {
    const at = Math.min(this.model.get("position"), this.points.length - 1);
    const shown = this.shown();
    return shown.find((p) => this.points.indexOf(p) >= at) ?? shown.at(-1);
  }

  describe(p) {
    const [name, level] = this.model.get("line");
    const side = name ? `, ${p.value < level ? "below" : "not below"} ${name}` : "";
    return `${p.name}, ${Math.floor(p.when)}: ${short(p.value)} ${this.model.get("unit")}${side}`;
  }

  draw() {
    const { model } = this;
    const shown = this.shown(), chosen = this.chosen();
    this.kind.show(model.get("kind"));
    this.log.show(model.get("log"));
    this.entry.show(shown.indexOf(chosen), { max: shown.length - 1, disabled: shown.length < 2 });
    this.plot(shown, chosen);
    this.card.replaceChildren(
      make("p", { class: "ptp-value" }, this.describe(chosen)),
      make("p", {}, `${chosen.kind}: ${chosen.note}`),
      make("p", { class: "ptp-note" }, chosen.source));
    const [name, level] = model.get("line");
    const line = name ? ` A line marks ${name} at ${short(level)} ${model.get("unit")}.` : "";
    this.figure.setAttribute("aria-label", `${model.get("quantity")} over the years, `
      + `${shown.length} results, from ${this.describe(shown[0])} to `
      + `${this.describe(shown.at(-1))}.${line} On show: ${this.describe(chosen)}.`);
    this.voice.say(this.describe(chosen));
  }

  plot(shown, chosen) {
    const { model } = this;
    const width = this.width = this.figure.clientWidth || 720;
    const [name, level] = model.get("line");
    const values = this.points.map((p) => p.value).concat(name ? [level] : []);
    const ticks = ticksOf(values, model.get("log"));
    const height = scaleOf([ticks[0], ticks.at(-1)], model.get("log"));
    const y = (v) => TOP + HEIGHT * (1 - height(v));
    const years = this.points.map((p) => Math.floor(p.when));
    const first = Math.min(...years), last = Math.max(...years) + 1;
    const x = (when) => LEFT + ((when - first) / (last - first)) * (width - LEFT - RIGHT);
    const grid = ticks.map((v) =>
      `<line class="ms-grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${y(v)}" y2="${y(v)}"/>`
      + text(LEFT - 6, y(v) + 4, short(v), "ms-tick", "end"));
    for (let year = first; year <= last; year++) {
      grid.push(`<line class="ms-grid" x1="${x(year)}" x2="${x(year)}" y1="${TOP}"
        y2="${TOP + HEIGHT + 6}"/>`);
      if (year === last) break;
      const words = width < 480 ? `’${String(year).slice(2)}` : String(year);
      grid.push(text(x(year + 0.5), TOP + HEIGHT + 18, words, "ms-tick", "middle"));
    }
    const rule = name ? `<line class="ms-level" x1="${LEFT}" x2="${width - RIGHT}"
      y1="${y(level)}" y2="${y(level)}"/>` + text(LEFT + 4, y(level) - 5, name, "ms-name", "start") : "";
    const onTop = [...shown.filter((p) => p !== chosen), chosen];
    const dots = onTop.map((p) => {
      const form = this.kinds.indexOf(p.kind);
      const now = p === chosen ? " ms-now" : "";
      const mark = dot(x(p.when), y(p.value), form, now ? 7 : 5, `ms-dot ms-kind-${form}${now}`);
      return mark.replace("/>", ` data-n="${this.points.indexOf(p)}"/>`);
    });
    const left = x(chosen.when) > width / 2;
    const label = text(x(chosen.when) + (left ? -12 : 12), y(chosen.value) - 8, chosen.name,
      "ms-label", left ? "end" : "start");
    const key = this.kinds.map((kind, form) => {
      const at = TOP + 8 + 18 * form;
      return dot(width - RIGHT - 8, at - 4, form, 5, `ms-dot ms-kind-${form}`)
        + text(width - RIGHT - 22, at, kind, "ms-name", "end");
    });
    this.figure.innerHTML = `<svg width="${width}" height="${TOP + HEIGHT + FOOT}" aria-hidden="true">`
      + grid.join("") + rule + key.join("") + dots.join("") + label + "</svg>"
      + `<p class="ptp-note">${escape(model.get("quantity"))}, ${escape(model.get("unit"))}</p>`;
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  const draw = () => view.draw();
  const stop = listen(model, ["kind", "log", "position"], draw);
  const resize = new ResizeObserver(() => {
    if (view.figure.clientWidth !== view.width) draw();
  });
  resize.observe(view.figure);
  draw();
  return () => { stop(); resize.disconnect(); view.voice.stop(); };
}

export default { render };
