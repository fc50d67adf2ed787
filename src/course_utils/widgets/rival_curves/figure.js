// Densities above, lengths of gradients below, both over the axis at the foot.
import { powerOfTen, raised } from "../kit/powers.js";
import { at, peaks } from "./curves.js";

export const SPAN = 8; // the axis reaches from -8 to 8
const LEFT = 40, RIGHT = 34, TOP = 30, HIGH = 150, BETWEEN = 44, LOW = 150, FOOT = 38;
const SECOND = TOP + HIGH + BETWEEN, DEEP = -8, TALL = 2; // powers of ten of the lower axis
const ARROW = 26, NUMBER = 75; // how long, how wide at most

const label = (x, y, words, kind, anchor) =>
  `<text x="${x}" y="${y}" class="${kind}" text-anchor="${anchor}">${words}</text>`;
const line = (kind, x0, y0, x1, y1) =>
  `<line class="${kind}" x1="${x0}" y1="${y0}" x2="${x1}" y2="${y1}"/>`;
const points = (places) => places.map((place) => place.map((v) => v.toFixed(1)).join()).join(" ");

function densities(state, x, width) {
  const own = peaks(state), places = Array.from({ length: 321 }, (_, n) => SPAN * (n / 160 - 1));
  const found = places.map((place) => at(place, own));
  const most = Math.max(0.5, ...found.flatMap(({ p, q }) => [p, q]));
  const y = (share) => TOP + HIGH * (1 - share);
  const curve = (kind, share) => `<polyline class="rc-line ${kind}" points="`
    + `${points(found.map((f, n) => [x(places[n]), y(share(f))]))}"/>`;
  const ticks = [0, 0.5, 1].map((v) => label(width - RIGHT + 7, y(v) + 4, v, "rc-tick", "start"));
  const title = '<tspan class="rc-data">■ data p</tspan>, <tspan class="rc-own">– – G’s q</tspan>, '
    + "··· best D* (right)";
  const area = `<polygon class="rc-area" points="${x(-SPAN)},${y(0)} `
    + `${points(found.map((f, n) => [x(places[n]), y(f.p / most)]))} ${x(SPAN)},${y(0)}"/>`;
  return label(2, 18, title, "rc-title", "start") + area
    + line("rc-grid", x(-SPAN), y(0), x(SPAN), y(0)) + ticks.join("")
    + curve("rc-data", (f) => f.p / most) + curve("rc-own", (f) => f.q / most)
    + curve("rc-best", (f) => f.D);
}

// A mark at the gradient's length with its number, and an arrow to where a step moves G.
function marked(x, y, gradient, square, edge) {
  const number = Math.abs(gradient) < 10 ** DEEP ? "" : powerOfTen(Math.abs(gradient));
  const shape = square ? `<rect x="${x - 4.5}" y="${y - 4.5}" width="9" height="9"/>`
    : `<circle cx="${x}" cy="${y}" r="5"/>`;
  const mark = shape + (x + NUMBER < edge
    ? label(x + 9, y + (square ? -4 : 14), number, "rc-number", "start")
    : label(x + 6, y + (square ? -8 : 20), number, "rc-number", "end"));
  if (Math.abs(gradient) < 10 ** DEEP) return mark;
  const side = -Math.sign(gradient), tip = x + side * ARROW;
  return mark + line("rc-arrow", x, y, tip, y)
    + `<polyline class="rc-arrow" points="${tip - side * 6},${y - 5} ${tip},${y} ${tip - side * 6},${y + 5}"/>`;
}

function lengths(state, found, curves, x, edge) {
  const depth = (v) => Math.min(TALL, Math.max(DEEP, Math.log10(Math.abs(v) || 1e-300)));
  const y = (v) => SECOND + LOW * (TALL - depth(v)) / (TALL - DEEP);
  const ticks = [2, 0, -2, -4, -6, -8].map((p) => line("rc-grid", x(-SPAN), y(10 ** p), x(SPAN), y(10 ** p))
    + label(x(-SPAN) - 7, y(10 ** p) + 4, p === 0 ? "1" : `10${raised(p)}`, "rc-tick", "end"));
  const curve = (key) => `<polyline class="rc-line rc-${key}" points="`
    + `${points(curves.map((c) => [x(c.mean), y(c[key])]))}"/>`;
  const title = "|Gradient|: ● saturating, ■ non-saturating";
  return label(2, SECOND - 14, title, "rc-title", "start") + ticks.join("")
    + curve("saturating") + curve("plain")
    + marked(x(state.mean), y(found.saturating), found.saturating, false, edge)
    + marked(x(state.mean), y(found.plain), found.plain, true, edge);
}

// state { mean, width, gap }, what `measure` found of it, and of other means: [{ mean, … }, …].
export function figure(state, found, curves, width) {
  const x = (v) => LEFT + (v + SPAN) / (2 * SPAN) * (width - LEFT - RIGHT);
  const foot = SECOND + LOW;
  const ticks = [-6, -3, 0, 3, 6].map((v) => label(x(v), foot + 17, String(v).replace("-", "−"), "rc-tick", "middle"));
  return `<svg width="${width}" height="${foot + FOOT}" aria-hidden="true">`
    + line("rc-here", x(state.mean), TOP, x(state.mean), foot)
    + densities(state, x, width) + lengths(state, found, curves, x, width) + ticks.join("")
    + label(x(0), foot + 33, "G’s mean; arrows: where a step moves it", "rc-tick", "middle") + "</svg>";
}
