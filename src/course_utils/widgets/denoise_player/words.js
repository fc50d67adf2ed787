// What the player says of a step.

import { fixed } from "../kit/kit.js";
import { levels } from "../point_field/diffusion.js";
import { changesImage } from "./journey.js";

const COPY = 1 / 510; // half of one grey level of 255

export const changesOf = (made) =>
  made.map((what) => (changesImage(what) ? what : `told ${what}`)).join(", ");

// The nearest training image, below its picture.
export const similar = ({ name, distance }) =>
  `${name}, ${distance < COPY ? "0: a copy" : `${fixed(distance, 3)} away`}`;

// What x_t is made of, what was done to it, what x̂₀ resembles.
export function says({ t, made, near: { name, distance } }, count) {
  const { signal, sigma } = levels(t);
  const mixture = t ? `xₜ = ${fixed(signal)} x̂₀ + ${fixed(sigma)} ε̂.` : "x₀ = x̂₀, the end.";
  const done = made.length ? ` Changed here: ${changesOf(made)}.` : "";
  const like = distance < COPY ? `A copy of a training image: ${name}, distance 0.`
    : `Nearest of ${count} training images: ${name}, distance ${fixed(distance, 3)}.`;
  return `${mixture}${done} ${like}`;
}

export const about = (count, each, usual) =>
  "The network is the chapter’s U-Net, computed in this page; it predicts v. The perfect denoiser "
  + `is the formula x̂₀ = E[x₀\u00a0|\u00a0xₜ] for ${count} training images, the first ${each} of each class. Both begin at `
  + "the same noise, and x̂₀ is cut to −1 to 1. Distance: root mean squared difference of pixels in "
  + `0 to 1, from x̂₀ to the nearest of these ${count}; others of the 60\u00a0000 may be nearer. For a test image `
  + `it is ${fixed(usual, 2)}, for a copy 0.`;
