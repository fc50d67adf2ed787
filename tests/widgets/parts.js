// Every shared part of the kit once, with something small to compute: the page of test_parts.py.
import { listen, make, set } from "../kit/kit.js";
import { lineup } from "../kit/lineup.js";
import { overlay } from "../kit/overlay.js";
import { pad2d } from "../kit/pad.js";
import { stepPlayer } from "../kit/play.js";
import { pointField } from "../kit/points.js";
import { sceneImage } from "../kit/scene.js";
import { tokenRow } from "../kit/tokens.js";

const SIDE = 24;
// A ramp with a bright square, grey or in colour.
const image = (channels, at = 4) => Uint8Array.from({ length: SIDE * SIDE * channels }, (_, i) => {
  const n = Math.floor(i / channels), x = n % SIDE, y = Math.floor(n / SIDE);
  return x >= at && x < at + 8 && y >= 6 && y < 14 ? 230 : 4 * (x + y + 20 * (i % channels));
});

function player(counts) {
  const text = make("output", { class: "test-drawn", "aria-live": "off" });
  const part = stepPlayer("Halving", {
    last: 20,
    compute: (n, before) => {
      counts.computed++;
      for (const end = performance.now() + counts.slow; performance.now() < end;);
      return n ? before / 2 : counts.first;
    },
    draw: (value) => { text.textContent = String(value); },
    between: () => { counts.between++; },
    say: (value) => `The value is ${value}.`,
    pace: 60,
  });
  part.show(0);
  window.playerOfTest = part;
  return [text, part.root];
}

function pads(model) {
  const field = pointField("Training points", { x: [-2, 2], y: [-2, 2] });
  const ring = (r, turn) => Array.from({ length: 16 }, (_, n) =>
    r * (n % 2 ? Math.sin : Math.cos)(turn + Math.floor(n / 2) * Math.PI / 4));
  const bands = { name: "density", columns: 20, rows: 20, levels: [0.2, 0.5, 0.8] };
  bands.values = Array.from({ length: 400 }, (_, n) =>
    Math.exp(-((n % 20 - 9.5) ** 2 + (Math.floor(n / 20) - 9.5) ** 2) / 40));
  const what = {
    bands, arrows: [[0, 0, 0.6, 0.6], [0, 0, -0.8, 0.2]], paths: [[-1.8, -1.8, -1, -0.4, 0.4, -0.2]],
    groups: ["zeros", "ones", "twos", "threes"].map((name, n) =>
      ({ name, at: ring(0.5 + 0.4 * n, n), faint: n === 3 })),
  };
  field.show(what, "Four rings.");
  const put = (at) => set(model, at);
  const axis = (label) => ({ label, min: -2, max: 2 });
  const pad = pad2d("Code", { x: axis("First number"), y: axis("Second number"), put });
  pad.previews(9, 6, (x, y) => Array(36).fill(60 + 40 * (x + y)));
  const over = pad2d("On points", { x: axis("Right"), y: axis("Up"), put: () => {}, under: field.canvas });
  over.show({ x: 0.5, y: -0.5 });
  const show = () => pad.show({ x: model.get("x"), y: model.get("y") });
  show();
  listen(model, ["x", "y"], show);
  const other = pointField("Alone", { x: [-2, 2], y: [-2, 2] });
  other.show(what, "Four rings again.");
  return [pad.root, over.root, field.root, other.root];
}

function looks() {
  const canvas = make("canvas");
  const weights = Array.from({ length: 16 }, (_, n) => [0, 0.02, 0.3, 0.5, 0.1][n] ?? 0.08 / 11);
  const words = ["a", "dog", "by", "the", "tree", "in", "the", "evening"];
  const attention = overlay("Where it looks", { canvas, columns: 4 });
  const paintIt = lineup("Images", { put: (n) => images.show(all, n) });
  const all = [1, 3, 1, 3, 1, 3, 1].map((channels, n) => ({
    values: image(channels, 2 * n), width: SIDE, height: SIDE, name: `image ${n + 1}`, note: `σ = ${n}`,
  }));
  const images = paintIt;
  images.show(all, 0);
  const plain = lineup("Only to look at");
  plain.show(all.slice(0, 2));
  const tokens = words.map((text, n) => ({
    text, share: 0.9 - 0.1 * n,
    candidates: [text, "cat", "house"].map((t, k) => ({ text: t, share: [0.9 - 0.1 * n, 0.06, 0.04][k] })),
  }));
  const row = tokenRow("The sentence", {
    look: (n) => { row.show(tokens, n); attention.show(weights, tokens[n].text); },
    put: (n, k) => {
      tokens[n] = { ...tokens[n], ...tokens[n].candidates[k] };
      row.show(tokens, n);
    },
  });
  row.show(tokens, 0);
  const context = canvas.getContext("2d");
  canvas.width = canvas.height = SIDE;
  const g = context.createLinearGradient(0, 0, SIDE, SIDE);
  g.addColorStop(0, "#246"); g.addColorStop(1, "#dc8");
  context.fillStyle = g;
  context.fillRect(0, 0, SIDE, SIDE);
  attention.show(weights, "a");
  return [row.root, attention.root, images.root, plain.root];
}

function scenes() {
  const mask = Uint8Array.from({ length: SIDE * SIDE }, (_, n) =>
    Number(n % SIDE >= 14 && n % SIDE < 22 && n > 12 * SIDE && n < 20 * SIDE));
  let objects = [
    { name: "dog", note: "0.81", box: [4, 6, 12, 14] },
    { name: "tree", note: "0.62", box: [13, 2, 23, 20], line: "dashed", fixed: true },
    { name: "lake", mask },
  ];
  const show = (chosen) => { now = chosen; scene.show({ values: image(3), objects, chosen }); };
  let now = -1;
  const scene = sceneImage("A scene", {
    width: SIDE, height: SIDE, choose: show,
    move: (n, box) => { objects = objects.map((o, k) => (k === n ? { ...o, box } : o)); show(now); },
  });
  show(-1);
  return [scene.root];
}

function render({ model, el }) {
  const counts = window.countsOfTest = { computed: 0, between: 0, slow: 0, first: 1024 };
  const parts = [player(counts), pads(model), looks(), scenes()];
  el.append(...parts.map((part) =>
    make("div", { class: "ptp", role: "group", "aria-label": "Parts" }, ...part)));
}

export default { render };
