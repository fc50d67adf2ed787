import { button, listen, make, set, slider } from "../kit/kit.js";

const STEP = 350; // milliseconds a frame

// Steps through the frames, from the first again when it stood at the last; stops there.
function player(model, last) {
  let timer = null;
  const control = button("Play", { put: () => (timer === null ? play() : stop()) });
  function stop() {
    clearInterval(timer);
    timer = null;
    control.root.textContent = "Play";
  }
  function play() {
    if (model.get("position") === last) set(model, { position: 0 });
    control.root.textContent = "Pause";
    timer = setInterval(() => {
      set(model, { position: Math.min(last, model.get("position") + 1) });
      if (model.get("position") === last) stop();
    }, STEP);
  }
  return { root: control.root, stop };
}

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
  const play = player(model, names.length - 1);
  const show = () => {
    const n = model.get("position");
    image.src = addresses[n];
    image.alt = model.get("alts")[n];
    control.show(n);
  };
  el.append(make("div", { class: "ptp fs", role: "group", "aria-label": "Frames and their slider" },
    image, control.root, play.root));
  const stop = listen(model, ["position"], show);
  show();
  return () => { stop(); play.stop(); addresses.forEach((address) => URL.revokeObjectURL(address)); };
}

export default { render };
