import { listen, make, set } from "../kit/kit.js";
import { stepPlayer } from "../kit/play.js";

function render({ model, el }) {
  const addresses = model.get("frames").map((view) =>
    URL.createObjectURL(new Blob([view], { type: "image/png" })));
  const names = model.get("names"), alts = model.get("alts");
  const image = make("img", { class: "fs-frame" });
  image.style.width = `${model.get("width")}px`;
  const player = stepPlayer(model.get("label"), {
    last: names.length - 1,
    name: (n) => names[n],
    say: (_, n) => alts[n],
    draw: (_, n) => { image.src = addresses[n]; image.alt = alts[n]; },
    put: (position) => set(model, { position }),
  });
  el.append(make("div", { class: "ptp fs", role: "group", "aria-label": "Frames and their slider" },
    image, player.root));
  const show = () => player.show(model.get("position"));
  const stop = listen(model, ["position"], show);
  show();
  return () => { stop(); player.stop(); addresses.forEach((address) => URL.revokeObjectURL(address)); };
}

export default { render };
