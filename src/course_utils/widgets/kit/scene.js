// An image with boxes, masks and labels over it, and the same as a list.
import { announcer, clamp, make, paint, OWN_KEYS } from "./kit.js";

const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
// Which pixels of a mask are strong: hatched in a direction of its own, not by colour alone.
const HATCHES = [(x, y) => x + y, (x, y) => x - y, (x) => x, (_, y) => y];
const TINTS = [[255, 140, 26], [64, 156, 255], [120, 220, 120], [230, 110, 230]];

// A box [left, top, right, bottom] moved or, with Shift, made larger or smaller by whole pixels;
// it stays in the image and keeps an area.
export function changed([left, top, right, bottom], [dx, dy], resize, width, height) {
  if (resize) {
    return [left, top, clamp(right + dx, left + 1, width), clamp(bottom + dy, top + 1, height)];
  }
  const x = clamp(dx, -left, width - right), y = clamp(dy, -top, height - bottom);
  return [left + x, top + y, right + x, bottom + y];
}

// show({ values, objects, chosen }): values are the image's, one or three a pixel; each object is
//   { name, note, box, line, mask, fixed }: a line is "solid", "dashed" or "dotted", a mask holds
//   1 for its pixels, row by row; a fixed box cannot be moved
// choose(n): the reader looks at object n
// move(n, box): the reader moved or resized it: the chosen box by arrow keys, with Shift by size
export function sceneImage(label, options) {
  const scene = new Scene(label, options);
  return { root: scene.root, show: (what) => scene.show(what), stop: () => scene.voice.stop() };
}

class Scene {
  constructor(label, { width, height, choose = (n) => this.show({ ...this.what, chosen: n }),
    move = null }) {
    Object.assign(this, { label, width, height, choose, move });
    this.canvas = make("canvas", { "aria-hidden": "true" });
    this.masks = make("canvas", { "aria-hidden": "true" });
    this.boxes = make("div", { class: "ptp-scene-boxes", "aria-hidden": "true" });
    this.stage = make("div", { class: "ptp-scene-stage", role: "img", "aria-label": label },
      this.canvas, this.masks, this.boxes);
    this.list = make("ol", { class: "ptp-scene-list", "aria-label": `${label}: objects` });
    this.voice = announcer();
    this.root = make("div", { class: "ptp-scene" }, this.stage, this.list, this.voice.root);
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.takePointer();
  }

  show(what) {
    this.what = what;
    const { values, objects, chosen = -1 } = what;
    paint(this.canvas, values, this.width, this.height);
    this.hatch(objects);
    this.drawBoxes(objects, chosen);
    const names = objects.map((object, n) => `${n + 1} ${this.describe(object)}`);
    this.stage.setAttribute("aria-label", `${this.label}: ${names.join("; ") || "no objects"}.`);
    const focused = [...this.list.children].findIndex((li) => li.contains(document.activeElement));
    this.list.replaceChildren(...objects.map((object, n) => this.entry(object, n, chosen)));
    if (focused >= 0) this.list.children[Math.max(focused, 0)]?.firstChild.focus();
  }

  describe({ name, note = "", box }) {
    const place = box ? `, left ${box[0]}, top ${box[1]}, ${box[2] - box[0]} wide, ${box[3] - box[1]} high` : "";
    return `${name}${note ? `, ${note}` : ""}${place}`;
  }

  entry(object, n, chosen) {
    const keys = this.movable(object) ? " Arrow keys move it, with Shift they change its size." : "";
    const pick = make("button", {
      type: "button", "aria-pressed": n === chosen, ...OWN_KEYS,
      "aria-label": `${this.describe(object)}.${n === chosen ? keys : ""}`,
    }, make("b", {}, String(n + 1)), ` ${object.name} `,
    make("span", { class: "ptp-note" }, object.note ?? ""));
    pick.addEventListener("click", () => this.choose(n));
    return make("li", {}, pick);
  }

  movable(object) {
    return Boolean(this.move && object?.box && !object.fixed);
  }

  // In parts of the image's sides: SVG without distortion of its lines.
  drawBoxes(objects, chosen) {
    const { width, height } = this;
    const rect = ({ box, line = "solid" }, n, kind) => box ? `<rect class="${kind} ptp-scene-${line}${
      n === chosen ? " ptp-scene-chosen" : ""}" data-n="${n}" x="${box[0]}" y="${box[1]}" width="${
      box[2] - box[0]}" height="${box[3] - box[1]}"/>` : "";
    this.boxes.innerHTML = `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">${
      objects.map((o, n) => rect(o, n, "ptp-scene-under") + rect(o, n, "ptp-scene-box")).join("")}</svg>`;
    objects.forEach((object, n) => {
      const [left, top] = this.corner(object);
      if (left === undefined) return;
      const tag = make("span", { class: n === chosen ? "ptp-scene-chosen" : "" }, String(n + 1));
      tag.style.left = `${100 * left / width}%`;
      tag.style.top = `${100 * top / height}%`;
      this.boxes.append(tag);
    });
  }

  // Where an object's number stands: its box's corner, or the first pixel of its mask.
  corner({ box, mask }) {
    const n = box || !mask ? -1 : mask.indexOf(1);
    return box ?? (n < 0 ? [] : [n % this.width, Math.floor(n / this.width)]);
  }

  hatch(objects) {
    const { width, height } = this;
    this.masks.width = width;
    this.masks.height = height;
    const pen = this.masks.getContext("2d"), image = pen.createImageData(width, height);
    objects.forEach(({ mask }, n) => {
      for (let i = 0; mask && i < width * height; i++) {
        if (!mask[i]) continue;
        const turn = HATCHES[n % HATCHES.length](i % width, Math.floor(i / width));
        const strong = (turn % 4 + 4) % 4 < 2;
        image.data.set([...TINTS[n % TINTS.length], strong ? 190 : 90], 4 * i);
      }
    });
    pen.putImageData(image, 0, 0);
  }

  key(event) {
    const { objects, chosen } = this.what, object = objects[chosen];
    if (!(event.key in ARROWS) || !this.movable(object)) return;
    event.preventDefault();
    this.put(chosen, changed(object.box, ARROWS[event.key], event.shiftKey, this.width, this.height));
  }

  put(n, box) {
    this.move(n, box);
    this.voice.say(this.describe({ ...this.what.objects[n], box }));
  }

  takePointer() {
    let held = null;
    const at = (event) => {
      const { left, top, width, height } = this.stage.getBoundingClientRect();
      return [(event.clientX - left) / width * this.width, (event.clientY - top) / height * this.height];
    };
    this.boxes.addEventListener("pointerdown", (event) => {
      const n = Number(event.target.dataset?.n ?? -1);
      if (n < 0) return;
      this.boxes.setPointerCapture(event.pointerId);
      held = { n, from: at(event), box: this.what.objects[n].box };
      this.choose(n);
    });
    this.boxes.addEventListener("pointermove", (event) => {
      if (!held || !this.movable(this.what.objects[held.n])) return;
      const far = at(event).map((v, k) => Math.round(v - held.from[k]));
      this.put(held.n, changed(held.box, far, event.shiftKey, this.width, this.height));
    });
    this.boxes.addEventListener("pointerup", () => { held = null; });
  }
}
