import { listen, make, set, slider } from "../kit/kit.js";

function render({ model, el }) {
  const addresses = model.get("frames").map((view) =>
    URL.createObjectURL(new Blob([view], { type: "image/png" })));
  const image = make("img", { class: "fs-frame" });
  image.style.width = `${model.get("width")}px`;
  const names = model.get("names");
  const control = slider(model.get("label"), {
    min: 0, max: names.length - 1, text: (n) => names[n],
    spoken: (n) => `${names[n]}: ${model.get("alts")[n]}`,
    put: (position) => set(model, { position }),
  });
  const show = () => {
    const n = model.get("position");
    image.src = addresses[n];
    image.alt = model.get("alts")[n];
    control.show(n);
  };
  el.append(make("div", { class: "ptp fs", role: "group", "aria-label": "Frames and their slider" },
    image, control.root));
  const stop = listen(model, ["position"], show);
  show();
  return () => { stop(); addresses.forEach((address) => URL.revokeObjectURL(address)); };
}

export default { render };
