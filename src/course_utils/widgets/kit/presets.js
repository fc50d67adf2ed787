// Named cases, each a button that is pressed while the widget stands as the case has it.
import { button, make } from "./kit.js";

// entries: [name, state]; put(state): the reader wants one
// show(holds): holds(state) says whether the widget stands so
export function presets(entries, { put }) {
  const buttons = entries.map(([name, state]) => ({ state, root: button(name, { put: () => put(state) }).root }));
  const show = (holds) => {
    for (const { state, root } of buttons) root.setAttribute("aria-pressed", String(Boolean(holds(state))));
  };
  const root = make("div", { class: "ptp-presets", role: "group", "aria-label": "Cases" },
    ...buttons.map((b) => b.root));
  return { root, show };
}
