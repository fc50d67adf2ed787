// How the player shows images: 784 numbers of which −1 is black and 1 white.

import { clamp, make, paint } from "../kit/kit.js";
import { SIDE } from "./journey.js";
import { changesOf } from "./words.js";

const GAP = new Uint8Array(2 * SIDE).fill(128); // between x_t and x̂₀

// As bytes; what is beyond −1 to 1 is cut.
export const greys = (x) => Uint8Array.from(x, (v) => Math.round(127.5 * (clamp(v, -1, 1) + 1)));

// A titled image with a line below it.
export function panel(title, kind = "") {
  const canvas = make("canvas", { role: "img", class: "dpl-image", "aria-label": "Not computed yet" });
  const note = make("p", { class: "ptp-note" });
  const show = (values, name, words) => {
    paint(canvas, values, SIDE, SIDE);
    canvas.setAttribute("aria-label", name);
    note.textContent = words;
  };
  const root = make("div", { class: `dpl-panel ${kind}` }, make("p", { class: "ptp-title" }, title), canvas, note);
  return { root, show };
}

// A step for the line-up of the way: x_t above, x̂₀ below.
export const onTheWay = ({ t, x, guess, made }) => ({
  values: [...greys(x), ...GAP, ...greys(guess)], width: SIDE, height: 2 * SIDE + 2,
  name: `t = ${t}`, note: changesOf(made),
});
