// Small images in a row that breaks where the page is narrow.
import { make, paint, OWN_KEYS } from "./kit.js";

// show(images, chosen): each { values, width, height, name, note }, with one grey or three colours
//   a pixel; the name is read and shown, the note shown below it
// put(n): one is chosen; without it they are only looked at
export function lineup(label, { put = null, side = 64 } = {}) {
  const root = make("ul", { class: "ptp-lineup", "aria-label": label });
  root.style.setProperty("--ptp-side", `${side}px`);
  const item = ({ values, width, height, name, note = "" }, n, chosen) => {
    const canvas = make("canvas", put ? { "aria-hidden": "true" } : { role: "img", "aria-label": name });
    paint(canvas, values, width, height);
    const words = [make("span", {}, name), make("span", { class: "ptp-note" }, note)];
    if (!put) return make("li", {}, canvas, ...words.map(hidden));
    const pick = make("button", { type: "button", "aria-pressed": n === chosen, ...OWN_KEYS },
      canvas, ...words);
    pick.addEventListener("click", () => put(n));
    return make("li", {}, pick);
  };
  // The canvas is read with its name already.
  const hidden = (word, n) => { if (n === 0) word.setAttribute("aria-hidden", "true"); return word; };
  const show = (images, chosen = -1) => {
    const focused = [...root.children].findIndex((li) => li.contains(document.activeElement));
    root.replaceChildren(...images.map((image, n) => item(image, n, chosen)));
    root.children[focused]?.querySelector("button")?.focus();
  };
  return { root, show };
}
