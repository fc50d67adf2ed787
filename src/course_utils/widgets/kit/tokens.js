// A sentence of words or codes, written one by one, each with what could stand there instead.
import { make, OWN_KEYS } from "./kit.js";

const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
const SIDEWAYS = { ArrowLeft: -1, ArrowRight: 1 };
const UPDOWN = { ArrowUp: -1, ArrowDown: 1 };

// Left and right move along the row, down goes to the candidates of a place, Enter takes one.
//
// show(tokens, at): each { text, share, candidates: [{ text, share }] }; the place looked at
// look(n): another place is looked at
// put(n, k): candidate k is wanted at place n
// face(text): an element in place of the text, such as a patch of an image
export function tokenRow(label, { put, look = (n) => show(tokens, n), face = String }) {
  let tokens = [], at = 0;
  const row = make("div", { class: "ptp-tokens", role: "toolbar", "aria-label": label });
  const list = make("div", { class: "ptp-candidates", role: "group" });
  const root = make("div", { class: "ptp-token-row" }, row, list);
  const bar = (share) => {
    const fill = make("span", { class: "ptp-bar-fill" });
    fill.style.width = `${100 * share}%`;
    return make("span", { class: "ptp-bar-track", "aria-hidden": "true" }, fill);
  };
  const key = (says, ...parts) => make("button",
    { type: "button", "aria-label": says, ...OWN_KEYS }, ...parts);

  const token = ({ text, share }, n) => {
    const says = `${text}, ${percent(share)}, place ${n + 1} of ${tokens.length}`;
    const made = key(says, face(text), bar(share));
    made.tabIndex = n === at ? 0 : -1;
    if (n === at) made.setAttribute("aria-current", "true");
    made.addEventListener("click", () => look(n));
    return made;
  };
  const candidate = ({ text, share }, k) => {
    const made = key(`${text}, ${percent(share)}`, make("span", {}, face(text)), bar(share),
      make("span", { class: "ptp-bar-value" }, percent(share)));
    made.setAttribute("aria-pressed", text === tokens[at].text);
    made.addEventListener("click", () => put(at, k));
    return made;
  };

  row.addEventListener("keydown", (event) => {
    const ends = { Home: 0, End: tokens.length - 1 };
    const to = event.key in SIDEWAYS ? at + SIDEWAYS[event.key] : ends[event.key];
    if (event.key === "ArrowDown") list.firstElementChild?.focus();
    else if (to !== undefined) look(Math.min(tokens.length - 1, Math.max(0, to)));
    else return;
    event.preventDefault();
  });
  list.addEventListener("keydown", (event) => {
    const all = [...list.children], n = all.indexOf(document.activeElement);
    const up = event.key === "Escape" ? -all.length : UPDOWN[event.key];
    if (up === undefined) return;
    event.preventDefault();
    (all[n + up] ?? (up < 0 ? row.children[at] : all[n])).focus();
  });

  // The focus stays where it was, although all buttons are new.
  const refill = (box, children) => {
    const n = [...box.children].indexOf(document.activeElement);
    box.replaceChildren(...children);
    if (n >= 0) (box === row ? row.children[at] : box.children[n] ?? row.children[at])?.focus();
  };
  function show(next, place = at) {
    tokens = next;
    at = Math.min(place, Math.max(0, tokens.length - 1));
    refill(row, tokens.map(token));
    refill(list, tokens[at]?.candidates.map(candidate) ?? []);
    list.setAttribute("aria-label", `Instead of ${tokens[at]?.text ?? "nothing"}`);
  }
  return { root, show };
}
