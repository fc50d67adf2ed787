import {
  announcer, barList, button, bytes, floats, listen, make, set, whenNear, OWN_KEYS,
} from "../kit/kit.js";
import { conv2d, relu, softmax, tensor } from "../kit/nn.js";

const SIDE = 32, SIZE = SIDE * SIDE;
// Where the top of the photograph lies after r quarter turns, counterclockwise.
const EDGES = ["top", "left", "bottom", "right"];
const SIGNS = ["↑", "←", "↓", "→"];
const KEYS = ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight"];

// ---------------------------------------------------------------- arithmetic

// r quarter turns counterclockwise of [C, S, S] values, like torch.rot90.
export function turned(values, r) {
  let from = Float64Array.from(values);
  for (let n = 0; n < r; n++) {
    from = from.map((_, at) => {
      const c = Math.floor(at / SIZE), i = Math.floor(at / SIDE) % SIDE, j = at % SIDE;
      return from[c * SIZE + j * SIDE + SIDE - 1 - i];
    });
  }
  return from;
}

// The layers by name: whole numbers times the scale of their output channel.
export function unpackBytes(places, weights, numbers) {
  const net = {};
  for (const [name, { shape, stride, start, channel }] of Object.entries(places)) {
    const [outputs, , k] = shape, per = shape.slice(1).reduce((a, b) => a * b, 1);
    const scale = numbers.subarray(channel, channel + outputs);
    const bias = numbers.subarray(channel + outputs, channel + 2 * outputs);
    const whole = weights.subarray(start, start + outputs * per);
    const w = tensor(shape, Float64Array.from(whole, (v, n) => v * scale[Math.floor(n / per)]));
    net[name] = { w, b: tensor([outputs], bias), options: { stride, padding: (k - 1) / 2 } };
  }
  return net;
}

const plus = (x, y) => tensor(x.shape, x.data.map((v, n) => v + y.data[n]));

function meanOverPlaces({ shape: [channels, height, width], data }) {
  const size = height * width;
  return tensor([channels, 1, 1], Array.from({ length: channels }, (_, c) =>
    data.subarray(c * size, (c + 1) * size).reduce((sum, v) => sum + v, 0) / size));
}

// The four logits of an image, values of 0 to 1: a ResNet of eight layers.
export function logits(net, values) {
  const layer = (name, x) => conv2d(x, net[name].w, net[name].b, net[name].options);
  let x = relu(layer("conv1", tensor([3, SIDE, SIDE], values)));
  for (const stage of ["layer1", "layer2", "layer3"]) {
    const y = layer(`${stage}.conv2`, relu(layer(`${stage}.conv1`, x)));
    const short = `${stage}.downsample`;
    x = relu(plus(y, short in net ? layer(short, x) : x));
  }
  return layer("head", meanOverPlaces(x)).data;
}

// ---------------------------------------------------------------- words

const best = (shares) => shares.indexOf(Math.max(...shares));
const count = (answers, turns) => answers.filter((r, n) => r === turns[n]).length;
const truth = (r) => (r ? `turned by ${90 * r}° counterclockwise: the top is `
  + `${r % 2 ? "on the" : "at the"} ${EDGES[r]}` : "not turned: the top is where it was");
const verdict = (said, r) => `${EDGES[said]}, which is ${said === r ? "correct" : "wrong"}`;

// ---------------------------------------------------------------- view

function colours(canvas, values) {
  const image = new ImageData(SIDE, SIDE);
  for (let n = 0; n < SIZE; n++) {
    for (let c = 0; c < 3; c++) image.data[4 * n + c] = values[c * SIZE + n];
    image.data[4 * n + 3] = 255;
  }
  canvas.width = canvas.height = SIDE;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

class View {
  constructor(model) {
    this.model = model;
    this.pixels = bytes(model.get("pixels"));
    this.turns = model.get("turns");
    this.names = model.get("names");
    this.known = []; // the network's shares, image by image, once they were asked for
    this.open = model.get("answers").length; // the image on show
    this.voice = announcer();
    this.root = this.arrange();
  }

  // Weights are unpacked near the view: that takes as long as the first answer of the network.
  start() {
    if (this.net) return;
    const { model } = this, whole = new Int8Array(bytes(model.get("weights")).slice().buffer);
    this.net = unpackBytes(model.get("places"), whole, floats(model.get("numbers")));
    if (model.get("answers").length) this.show();
  }

  arrange() {
    this.head = make("p", { class: "ptp-title" });
    this.canvas = make("canvas", { role: "img" });
    this.stage = make("div", { class: "ww-stage", tabindex: "0", role: "group", ...OWN_KEYS,
      "aria-label": "The arrow keys answer: they point to where the top was." }, this.canvas);
    this.stage.addEventListener("keydown", (event) => {
      const r = KEYS.indexOf(event.key);
      if (r < 0) return;
      event.preventDefault();
      this.answer(r);
    });
    this.buttons = EDGES.map((edge, r) => {
      const { root } = button(`${SIGNS[r]} ${edge}`, { put: () => this.answer(r) });
      root.classList.add(`ww-${edge}`);
      return root;
    });
    this.next = button("Next image", { put: () => this.goOn() }).root;
    this.shares = barList("The network's shares", EDGES.map((e, r) => `${SIGNS[r]} ${e}`));
    this.words = make("p", { class: "ww-words" });
    this.upright = make("canvas", { class: "ww-upright", "aria-hidden": "true" });
    this.told = make("div", { class: "ww-told" },
      make("div", { class: "ww-answer" }, this.upright, this.words), this.shares.root, this.next);
    this.waiting = make("p", { class: "ptp-note ww-waiting" },
      "Answer by a button, or by an arrow key on the image. Then the network answers.");
    this.tally = make("div", { class: "ww-tally" });
    const board = make("div", { class: "ww-board" }, this.stage, ...this.buttons);
    return make("div", { class: "ptp ww", role: "group", "aria-label": "Which way was up?" },
      this.head, make("div", { class: "ww-panels" }, board,
        make("div", { class: "ww-side" }, this.waiting, this.told, this.tally)),
      this.voice.root);
  }

  answer(r) {
    const answers = this.model.get("answers");
    if (answers.length !== this.open) return;
    this.start();
    set(this.model, { answers: [...answers, r] });
    this.show();
    this.next.focus();
  }

  goOn() {
    if (this.open + 1 === this.turns.length) set(this.model, { answers: [] });
    this.open = this.model.get("answers").length;
    this.show();
    this.stage.focus();
  }

  image(n) {
    return this.pixels.subarray(3 * n * SIZE, 3 * (n + 1) * SIZE);
  }

  // The network looks at an image when the reader has answered.
  network(n) {
    this.known[n] ??= Array.from(softmax(tensor([4], logits(this.net,
      turned(this.image(n), this.turns[n]).map((v) => v / 255)))).data);
    return this.known[n];
  }

  show() {
    const answers = this.model.get("answers"), { open, turns } = this;
    const done = answers.length > open && Boolean(this.net);
    this.head.textContent = `Where was the top when this was taken? Image ${open + 1} of ${turns.length}`;
    colours(this.canvas, turned(this.image(open), turns[open]));
    this.buttons.forEach((b, r) => {
      b.setAttribute("aria-disabled", done);
      b.classList.toggle("ww-said", done && r === answers[open]);
      b.classList.toggle("ww-true", done && r === turns[open]);
    });
    this.told.hidden = !done;
    this.waiting.hidden = done;
    if (done) this.tell(answers);
    else this.canvas.setAttribute("aria-label", "A photograph, 32 × 32 pixels, turned or not.");
    this.showTally(this.net ? answers : []);
  }

  tell(answers) {
    const n = this.open, r = this.turns[n], shares = this.network(n), said = best(shares);
    this.shares.show(shares);
    colours(this.upright, this.image(n));
    this.words.textContent = `Class ${this.names[n]}, ${truth(r)}. `
      + `You said ${verdict(answers[n], r)}. The network says ${verdict(said, r)}.`;
    this.next.textContent = n + 1 === this.turns.length ? "Start again" : "Next image";
    this.canvas.setAttribute("aria-label", `A photograph: ${this.words.textContent}`);
    this.voice.say(this.words.textContent);
  }

  showTally(answers) {
    const network = answers.map((_, n) => best(this.network(n)));
    const row = (who, said) => make("p", {}, make("span", { class: "ww-who" }, who),
      make("span", { class: "ptp-value" }, `${count(said, this.turns)} of ${said.length}`),
      make("span", { class: "ww-marks", "aria-hidden": "true" },
        said.map((r, n) => (r === this.turns[n] ? "●" : "○")).join("")));
    this.tally.replaceChildren(row("You", answers), row("Network", network));
  }
}

function render({ model, el }) {
  const view = new View(model);
  el.append(view.root);
  view.show();
  const stop = listen(model, ["answers"], () => {
    view.open = Math.min(view.open, model.get("answers").length); // begun anew elsewhere
    view.show();
  });
  const wait = whenNear(view.root, () => view.start());
  return () => { stop(); wait(); view.voice.stop(); };
}

export default { render };
