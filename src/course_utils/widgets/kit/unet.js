// The U-Net of course_utils.reference.unet, which says what a noisy image hides. Weights are named
// as there; images are [1, H, W].

import { add, concat, part, resBlock, timeEmbedding } from "./blocks.js";
import { conv2d, groupNorm, linear, silu, under, upsample, zeros } from "./nn.js";

const GROUPS = 8; // of every group norm; weights do not say it
const PATCH = 2; // pixels a side that become channels

// Calls back with where each number of an image [C, H, W] lies and where it lies in
// [C scale², H / scale, W / scale]: the squares of a channel are its own channels, row by row.
function eachPixel([channels, height, width], scale, visit) {
  const rows = height / scale, columns = width / scale;
  for (let n = 0; n < channels * height * width; n++) {
    const c = Math.floor(n / (height * width)), r = Math.floor(n / width) % height, q = n % width;
    const deep = (c * scale + r % scale) * scale + q % scale;
    visit(n, (deep * rows + Math.floor(r / scale)) * columns + Math.floor(q / scale));
  }
}

// torch.nn.functional.pixel_unshuffle: [C, H, W] -> [C scale², H / scale, W / scale].
export function pixelUnshuffle(x, scale) {
  const [channels, height, width] = x.shape;
  const y = zeros(channels * scale ** 2, height / scale, width / scale);
  eachPixel(x.shape, scale, (n, deep) => { y.data[deep] = x.data[n]; });
  return y;
}

// torch.nn.functional.pixel_shuffle, the way back.
export function pixelShuffle(x, scale) {
  const [channels, height, width] = x.shape;
  const y = zeros(channels / scale ** 2, height * scale, width * scale);
  eachPixel(y.shape, scale, (n, deep) => { y.data[n] = x.data[deep]; });
  return y;
}

// Its blocks are those of blocks.js, where `film` is called time and `around` skip.
const renamed = (weights) => Object.fromEntries(Object.entries(weights).map(([name, value]) =>
  [name.replace("film.", "time.").replace("around.", "skip."), value]));

// What time and class tell the blocks, [1, E], before SiLU. label: 0 to K − 1, or K: no class.
function told(weights, t, label) {
  const size = weights["label.weight"].shape[1];
  const layer = (x, name) => linear(x, weights[`${name}.weight`], weights[`${name}.bias`]);
  const time = layer(silu(layer(timeEmbedding(t, size), "time.0")), "time.2");
  return add(time, part(weights["label.weight"], label, 1));
}

// unet(weights)(x, t, label): what the network says of x [1, H, W], t steps into the noise. label:
// 0 to K − 1, or −1 where no class is told.
export function unet(weights) {
  const names = ["down", "middle.0", "middle.1", "up"];
  const blocks = new Map(names.map((name) => [name, renamed(under(weights, name))]));
  const none = weights["label.weight"].shape[0] - 1;
  const conv = (x, name, stride = 1) =>
    conv2d(x, weights[`${name}.weight`], weights[`${name}.bias`], { stride, padding: 1 });
  return (x, t, label) => {
    const embedding = told(weights, t, label < 0 ? none : label);
    const block = (h, name) => resBlock(h, blocks.get(name), { groups: GROUPS, embedding });
    const skip = block(conv(pixelUnshuffle(x, PATCH), "enter"), "down");
    const deep = ["middle.0", "middle.1"].reduce(block, conv(skip, "halve", 2));
    const h = block(concat(upsample(deep, 2), skip), "up");
    const normed = groupNorm(h, GROUPS, weights["norm.weight"], weights["norm.bias"]);
    return pixelShuffle(conv(silu(normed), "leave"), PATCH);
  };
}
