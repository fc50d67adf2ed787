// Runs the book's widgets in a static page: no kernel, no network, no RequireJS.
//
// ipywidgets' embedding format, which myst-nb writes, puts the state of all widgets of a page
// into one script block and a second kind of block wherever one is to be shown. This script
// gives every anywidget in them the model it expects and starts its own ES module.
//
// Until a widget lives, the still and the sentence that the build put in its place stand there;
// they stay when it cannot start.
//
// It is a classic script and imports the modules from blobs: browsers refuse
// <script type="module" src> and fetch() in a page that was opened from a folder (file://).
(() => {
  "use strict";

  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const NEEDS_PYTHON = "This control needs Python: download the notebook to use it.";

  const decode = (base64) =>
    new DataView(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);

  // A network's weights are decoded when a widget first asks for them.
  function decodeLater(holder, key, base64) {
    const keep = (value) =>
      Object.defineProperty(holder, key, { value, writable: true, enumerable: true });
    Object.defineProperty(holder, key, {
      configurable: true, enumerable: true, set: keep,
      get() { keep(decode(base64)); return holder[key]; },
    });
  }

  // The part of the Backbone model that anywidget promises to a module.
  class Model {
    constructor({ state, buffers = [] }, manager) {
      this.values = structuredClone(state);
      this.callbacks = new Map();
      this.widget_manager = manager;
      for (const { path, data } of buffers) {
        const holder = path.slice(0, -1).reduce((at, key) => at[key], this.values);
        decodeLater(holder, path.at(-1), data);
      }
    }

    get(key) {
      return this.values[key];
    }

    set(key, value) {
      const updates = typeof key === "string" ? { [key]: value } : key;
      const changed = Object.keys(updates).filter((name) => this.values[name] !== updates[name]);
      Object.assign(this.values, updates);
      for (const name of changed) this.emit(`change:${name}`, this, updates[name]);
      if (changed.length) this.emit("change", this);
    }

    on(events, callback) {
      for (const event of events.split(" ")) {
        this.callbacks.set(event, [...(this.callbacks.get(event) ?? []), callback]);
      }
    }

    // As in Backbone: no event means every event, no callback means every callback.
    off(events, callback) {
      for (const event of events ? events.split(" ") : [...this.callbacks.keys()]) {
        const kept = (this.callbacks.get(event) ?? []).filter((c) => callback && c !== callback);
        this.callbacks.set(event, kept);
      }
    }

    emit(event, ...details) {
      for (const callback of this.callbacks.get(event) ?? []) callback(...details);
    }

    // There is no kernel to tell.
    save_changes() {}
    send() {}
  }

  const modules = new Map();

  // Widgets with the same source share one module.
  function load(source) {
    if (!modules.has(source)) {
      const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const widget = import(address).then(({ default: start }) => {
        URL.revokeObjectURL(address);
        return typeof start === "function" ? start() : start;
      });
      modules.set(source, widget);
    }
    return modules.get(source);
  }

  function addStyle(model) {
    const id = `style-of-${model.get("_anywidget_id")}`;
    if (!model.get("_css") || document.getElementById(id)) return;
    const style = Object.assign(document.createElement("style"), { id });
    style.textContent = model.get("_css");
    document.head.append(style);
  }

  const read = (script) => JSON.parse(script.textContent);
  const idOf = (reference) => reference.replace("IPY_MODEL_", "");

  function readModels() {
    const states = [...document.querySelectorAll(STATE)].map((script) => read(script).state);
    const records = Object.assign({}, ...states);
    const models = {};
    const manager = { get_model: async (reference) => models[idOf(reference)] };
    for (const [id, record] of Object.entries(records)) {
      if (record.model_module === "anywidget") models[id] = new Model(record, manager);
    }
    for (const record of Object.values(records)) connect(record, models);
    return models;
  }

  // jslink keeps two values equal, jsdlink lets the second follow the first.
  function connect({ model_name: kind, state }, models) {
    if (kind !== "LinkModel" && kind !== "DirectionalLinkModel") return;
    const [[sourceId, sourceKey], [targetId, targetKey]] = [state.source, state.target];
    const source = models[idOf(sourceId)], target = models[idOf(targetId)];
    if (!source || !target) return;
    const follow = () => target.set(targetKey, source.get(sourceKey));
    follow();
    source.on(`change:${sourceKey}`, follow);
    if (kind === "LinkModel") {
      target.on(`change:${targetKey}`, () => source.set(sourceKey, target.get(targetKey)));
    }
  }

  const initialized = new Map();

  async function start(model, el) {
    addStyle(model);
    const widget = await load(model.get("_esm"));
    const { signal } = new AbortController(); // the page keeps its widgets until it is left
    if (!initialized.has(model)) {
      initialized.set(model, Promise.resolve(widget.initialize?.({ model, signal })));
    }
    await initialized.get(model);
    await widget.render?.({ model, el, signal });
  }

  // What the build put in the place of a model's next view.
  function stillOf(id) {
    const still = document.querySelector(`.widget-still[data-model="${id}"]`);
    still?.removeAttribute("data-model");
    return still;
  }

  async function show(script, models) {
    const id = read(script).model_id, model = models[id], still = stillOf(id);
    const el = document.createElement(model ? "div" : "p");
    el.className = model ? "static-widget" : "static-widget-notice";
    script.after(el);
    if (!model) {
      el.textContent = NEEDS_PYTHON;
      return;
    }
    try {
      await start(model, el);
      still?.remove();
      el.dataset.ready = "true";
    } catch (error) {
      console.error(error);
      el.dataset.failed = "true";
      el.textContent = `The widget could not start: ${error.message}`;
    }
  }

  function main() {
    const models = readModels();
    for (const script of document.querySelectorAll(VIEW)) show(script, models);
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", main);
  else main();
})();
