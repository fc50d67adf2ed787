import { make } from "../kit/kit.js";
import { idOf, onAnswer, recall, rich } from "../kit/predictions.js";

// What is said of the answers that were kept, null where none was.
export function summary(records) {
  const made = records.filter((record) => record && record.answer !== null);
  const right = made.filter((record) => record.right);
  const all = `${records.length} predictions`;
  if (!made.length) return `You have made none of the ${all} of this chapter yet.`;
  return `You made ${made.length} of ${all}, ${right.length} of them right.`;
}

function render({ model, el }) {
  const names = model.get("names");
  const kept = new Map(); // of this visit, for a browser without storage
  const line = make("p");
  const list = make("ul", { class: "ta-wrong" });
  const show = () => {
    const records = names.map((name) => kept.get(name) ?? recall(name));
    line.textContent = summary(records);
    const wrong = names.map((name, n) => [name, records[n]])
      .filter(([, record]) => record && record.answer !== null && !record.right);
    list.replaceChildren(...wrong.map(([name, record]) => back(name, record)));
  };
  show();
  const stop = onAnswer(({ name, record }) => {
    if (name) kept.set(name, record);
    show();
  });
  // Just after a reload the storage may seem empty: it is read again when the reader arrives.
  const watch = new IntersectionObserver(show);
  watch.observe(line);
  el.append(make("div", { class: "ptp ta" },
    make("p", { class: "ptp-title" }, "Your predictions"), line, list));
  return () => { stop(); watch.disconnect(); };
}

function back(name, { question, answer }) {
  const link = make("a", { href: `#${idOf(name)}` }, ...rich(question));
  link.addEventListener("click", (event) => {
    const there = document.getElementById(idOf(name));
    event.preventDefault(); // JupyterLab would take the address for a file's
    there?.scrollIntoView({ block: "center" });
    there?.focus({ preventScroll: true });
  });
  return make("li", {}, link, " You predicted: ", ...rich(answer), ".");
}

export default { render };
