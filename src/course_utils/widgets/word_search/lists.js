// A field for words, and the lists that answer it.
import { fixed, make, paint, uid, OWN_KEYS } from "../kit/kit.js";
import { onScreen } from "../kit/shelf.js";

// show(value); suggest(text) -> texts to go on with; put(value): the reader has typed
// say(sentence): stands below the field and is read with it
export function textField(label, { longest, hint, suggest, put }) {
  const id = uid(), options = make("datalist", { id: `${id}-list` });
  const note = make("p", { class: "ptp-note", id: `${id}-note` });
  const input = make("input", {
    id, type: "text", maxlength: longest, placeholder: hint, list: options.id, autocomplete: "off",
    autocapitalize: "none", spellcheck: "false", "aria-describedby": note.id, ...OWN_KEYS,
  });
  input.addEventListener("input", () => {
    options.replaceChildren(...suggest(input.value).map((value) => make("option", { value })));
    put(input.value);
  });
  const head = make("div", { class: "ptp-field-head" }, make("label", { for: id }, label));
  const root = make("div", { class: "ptp-field" }, head, input, options, note);
  return {
    root, input,
    show(value) { if (input.value !== value) input.value = value; },
    say(sentence) { note.textContent = sentence; },
  };
}

// A picture [3, side, side] in 0 to 1 on a canvas.
export function painted(image, canvas = make("canvas", { "aria-hidden": "true" })) {
  paint(canvas, onScreen(image), image.shape[2], image.shape[1]);
  return canvas;
}

// Pictures in the order of their cosines, each a button.
//
// show(found, chosen): each { n, name, cosine, right, fresh }: its number, whether all words are
//   its own, whether its meaning was never trained on
// put(n): one is chosen; image(n): its pixels
export function results(label, { put, image }) {
  const root = make("ol", { class: "ws-results", "aria-label": label });
  let shown = [], key = "";
  const item = ({ n, name, cosine, right, fresh }, place) => {
    const marks = [right ? "✓" : "", fresh ? "new" : ""].filter(Boolean).join(" ");
    const says = [`${place + 1}. ${name}`, `cosine ${fixed(cosine, 2)}`,
      right ? "all words are its own" : "", fresh ? "never trained on" : ""].filter(Boolean).join(", ");
    const made = make("button", { type: "button", "aria-label": says, ...OWN_KEYS }, 
      make("span", { class: "ws-tile" }, painted(image(n)), make("span", { class: "ptp-note" }, String(place + 1))),
      make("span", { class: "ws-name" }, name),
      make("span", { class: "ptp-note" }, `${fixed(cosine, 2)} ${marks}`.trim()));
    made.addEventListener("click", () => put(n));
    return make("li", {}, made);
  };
  const show = (found, chosen) => {
    const now = JSON.stringify(found);
    if (now !== key) root.replaceChildren(...found.map(item));
    [shown, key] = [found, now];
    [...root.children].forEach((li, place) =>
      li.firstChild.setAttribute("aria-pressed", String(shown[place].n === chosen)));
  };
  return { root, show };
}

// Names and cosines, the nearest first. show(found): each { name, cosine, own }
export function nearest(label) {
  const root = make("ol", { class: "ws-near", "aria-label": label });
  const show = (found) => root.replaceChildren(...found.map(({ name, cosine, own = false }) =>
    make("li", { class: own ? "ws-own" : "" }, make("span", {}, own ? `${name} ✓` : name),
      make("span", { class: "ptp-note" }, fixed(cosine, 2)))));
  return { root, show };
}
