import { announcer, button, make, set, short, uid, OWN_KEYS } from "../kit/kit.js";
import { idOf, recall, remember, rich } from "../kit/predictions.js";

const HEADS = { predict: "Predict first", quiz: "Question" };

// Which answer is right, and what is said to each; see widget.py.
export function unseal(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

// How a typed number compares: null for none, 0 within the tolerance, else the sign of its error.
export function judge(typed, answer, tolerance) {
  const value = Number(String(typed).trim().replace("−", "-").replace(",", "."));
  if (String(typed).trim() === "" || !Number.isFinite(value)) return null;
  return Math.abs(value - answer) <= tolerance + 1e-9 ? 0 : Math.sign(value - answer);
}

function render({ model, el }) {
  const name = model.get("name"), predict = model.get("kind") === "predict";
  const voice = announcer();
  const form = (model.get("choices").length ? choices : number)(model, put);
  const verdict = make("div", { class: "qz-verdict" });
  const skip = button(predict ? "Skip" : "Show the answer", { put: () => put(null) }).root;
  const again = button("Ask me again", { put: forget }).root;
  for (const quiet of [skip, again]) quiet.classList.add("qz-quiet");
  let final = false;

  // A prediction stands once it is made; a question may be tried until the answer is seen.
  function put(answer) {
    if (final) return;
    const reply = form.judge(answer);
    if (!reply) { voice.say("Type a number."); return; }
    remember(name, { question: model.get("question"), answer, right: reply.right });
    show(answer, reply);
    voice.say(verdict.innerText);
    if (answer === null) again.focus({ preventScroll: true }); // in the place of what is gone
  }

  function forget() {
    remember(name, null);
    show(null, null);
    form.root.focus({ preventScroll: true });
  }

  function show(answer, reply) {
    final = reply !== null && (predict || reply.right || answer === null);
    form.mark(answer, final);
    form.root.classList.toggle("qz-open", predict && !final);
    verdict.replaceChildren(...(reply ? said(form.shown(answer), reply, predict, final) : []));
    skip.hidden = final;
    again.hidden = !final;
  }

  // Of a question that was changed since, an answer says nothing.
  const kept = name ? recall(name) : null;
  const same = kept?.question === model.get("question");
  show(same ? kept.answer : null, same ? form.judge(kept.answer) : null);
  form.root.append(verdict, skip, again);
  if (name) form.root.id = idOf(name);
  el.append(make("div", { class: `ptp qz qz-${model.get("kind")}` }, form.root, voice.root));
  return () => voice.stop();
}

// The verdict in lines; without an answer the solution alone.
function said(answer, { right, why, solution }, predict, final) {
  const lines = [];
  if (predict && answer !== null) lines.push(line("", `You predicted: ${answer}.`));
  if (right) lines.push(line("qz-right", `✓ Right. ${why}`));
  else if (answer !== null) lines.push(line("qz-wrong", `✗ Not quite. ${why}`));
  if (final && !right) lines.push(line("qz-right", `✓ ${solution}`));
  return lines;
}

const line = (kind, text) => make("p", { class: kind }, ...rich(text));

function fieldset(model, ...parts) {
  const kind = make("span", { class: "qz-kind" }, HEADS[model.get("kind")]);
  const legend = make("legend", {}, kind, " ", ...rich(model.get("question")));
  return make("fieldset", { tabindex: "-1" }, legend, ...parts);
}

// Buttons, because arrow keys choose among radio buttons: they would commit to what they pass.
function choices(model, put) {
  const texts = model.get("choices");
  const key = unseal(model.get("sealed"));
  const rows = texts.map((text, n) => {
    const look = { type: "button", class: "qz-choice", "aria-pressed": "false", ...OWN_KEYS };
    const row = make("button", look, ...rich(text));
    row.addEventListener("click", () => { set(model, { chosen: n }); put(text); });
    return row;
  });
  const solution = `${texts[key.right]}: ${key.whys[key.right]}`;
  return {
    root: fieldset(model, make("div", { class: "qz-choices" }, ...rows)),
    shown: (answer) => answer,
    judge(answer) {
      if (answer === null) return { right: false, why: "", solution };
      const n = texts.indexOf(answer);
      return n < 0 ? null : { right: n === key.right, why: key.whys[n], solution };
    },
    mark(answer, final) {
      rows.forEach((row, n) => {
        row.setAttribute("aria-pressed", texts[n] === answer);
        row.setAttribute("aria-disabled", final);
      });
    },
  };
}

function number(model, put) {
  const { answer: truth, tolerance, explain } = unseal(model.get("sealed"));
  const unit = model.get("unit") ? ` ${model.get("unit")}` : "";
  const id = uid();
  const input = make("input", { id, type: "text", inputmode: "decimal", size: "8", ...OWN_KEYS });
  const check = () => put(input.value);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") check(); });
  const label = make("label", { for: id }, "Your answer");
  const solution = `It is ${short(truth)}${unit}. ${explain}`;
  return {
    root: fieldset(model, make("div", { class: "qz-row" }, label, input, unit,
      button(model.get("kind") === "predict" ? "Predict" : "Check", { put: check }).root)),
    shown: (answer) => (answer === null ? null : `${answer}${unit}`),
    judge(answer) {
      if (answer === null) return { right: false, why: "", solution };
      const off = judge(answer, truth, tolerance);
      if (off === null) return null;
      const why = off ? `That is too ${off < 0 ? "low" : "high"}.` : solution;
      return { right: off === 0, why, solution };
    },
    mark(answer, final) {
      if (answer !== null || !final) input.value = answer ?? "";
      input.readOnly = final;
    },
  };
}

export default { render };
