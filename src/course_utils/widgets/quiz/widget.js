import { announcer, button, make, set, uid, OWN_KEYS } from "../kit/kit.js";

const HEADS = { predict: "Predict first", quiz: "Question" };

// What is said to a typed number: null for none, else whether it is right.
export function judge(typed, answer, tolerance) {
  const value = Number(String(typed).trim().replace("−", "-").replace(",", "."));
  if (String(typed).trim() === "" || !Number.isFinite(value)) return null;
  return Math.abs(value - answer) <= tolerance + 1e-9;
}

function render({ model, el }) {
  const voice = announcer();
  const verdict = make("p", { class: "qz-verdict" });
  const say = (right, text) => {
    verdict.className = `qz-verdict ${right ? "qz-right" : "qz-wrong"}`;
    verdict.textContent = `${right ? "✓ Right." : "✗ Not quite."} ${text}`;
    voice.say(verdict.textContent);
  };
  const form = model.get("answer") === null ? choices(model, say) : number(model, say, voice);
  el.append(make("div", { class: `ptp qz qz-${model.get("kind")}` }, form, verdict, voice.root));
  return () => voice.stop();
}

function fieldset(model, ...parts) {
  const legend = make("legend", {},
    make("span", { class: "qz-kind" }, HEADS[model.get("kind")]), ` ${model.get("question")}`);
  return make("fieldset", {}, legend, ...parts);
}

function choices(model, say) {
  const name = uid();
  const rows = model.get("choices").map(([text, right, why], n) => {
    const id = uid();
    const input = make("input", { id, type: "radio", name, ...OWN_KEYS });
    input.addEventListener("change", () => { set(model, { chosen: n }); say(right, why); });
    return make("div", { class: "ptp-check" }, input, make("label", { for: id }, text));
  });
  return fieldset(model, ...rows);
}

function number(model, say, voice) {
  const id = uid();
  const input = make("input", { id, type: "text", inputmode: "decimal", size: "8", ...OWN_KEYS });
  const check = () => {
    const right = judge(input.value, model.get("answer"), model.get("tolerance"));
    if (right === null) voice.say("Type a number.");
    else say(right, right ? model.get("explain") : "Try again, or think of the sizes involved.");
  };
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") check(); });
  const label = make("label", { for: id }, "Your answer");
  const row = make("div", { class: "qz-row" }, label, input, model.get("unit"),
    button("Check", { put: check }).root);
  return fieldset(model, row);
}

export default { render };
