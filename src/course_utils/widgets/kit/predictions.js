// What a reader answered. It stays in this browser, in a page as in JupyterLab: an entry for each
// question, written whole and never read first, because what is read may be old (see reader.js).

const KEPT = "pixels-to-prompts:question:";
const ANSWERED = "ptp-answered";

// The id of a question's element.
export const idOf = (name) => `question-${name}`;

// A record of question, answer and whether it is right; null forgets.
export function remember(name, record) {
  if (!name) return;
  try {
    if (record) localStorage.setItem(KEPT + name, JSON.stringify(record));
    else localStorage.removeItem(KEPT + name);
  } catch { /* a private window, or no room */ }
  dispatchEvent(new CustomEvent(ANSWERED, { detail: { name, record } }));
}

export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(KEPT + name));
  } catch { return null; }
}

// Calls back for every answer in this page, and without a name for one in another tab.
export function onAnswer(callback) {
  const here = ({ detail }) => callback(detail), elsewhere = () => callback({});
  addEventListener(ANSWERED, here);
  addEventListener("storage", elsewhere);
  return () => {
    removeEventListener(ANSWERED, here);
    removeEventListener("storage", elsewhere);
  };
}

// A text with `code` and *emphasis* as elements.
export function rich(text) {
  return text.split(/(`[^`]+`|\*[^\s*][^*]*\*)/).map((part) => {
    const tag = /^`.+`$/.test(part) ? "code" : /^\*.+\*$/.test(part) ? "em" : "";
    if (!tag) return part;
    return Object.assign(document.createElement(tag), { textContent: part.slice(1, -1) });
  });
}
