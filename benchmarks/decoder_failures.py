"""What a caption transformer says when a part of it is left out, chapter 7's failures.

    python -m benchmarks.decoder_failures [--seeds 3] [--steps 400]

Equal but for what the row says: a decoder learns from features of the shipped encoder, which
stays as it is, of 16 000 scenes. Judged are 400 greedy captions of the validation split;
``many``: of the groups of two or three that they name, the share with the right number.
``results/decoder_failures.json``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import record
from course_utils import training
from course_utils.data.scenes import scenes
from course_utils.data.scenes.judged import judge, rates
from course_utils.reference.captioning import Captioner, ImageEncoder
from course_utils.reference.transformer import TransformerDecoder
from course_utils.training.captioning import (
    caption_loss,
    features,
    learn,
    rendered,
    said,
    vocabulary,
)

IMAGES, JUDGED = 16_000, 400
KEYS = ("loss", "full", "found", "false", "many")


class Leaky(TransformerDecoder):
    """Its words see the later ones while it learns; when it speaks there are none."""

    def forward(self, memory: Tensor, words: Tensor) -> Tensor:
        seen, more = self.prepare(memory)
        x = self.words(words) + self.places[: words.shape[1]]
        x = x if more is None else x + more
        for layer in self.layers:
            x = x + layer.self_attn(layer.norm1(x))
            x = x + layer.multihead_attn(layer.norm2(x), seen)
            x = x + layer.linear2(F.gelu(layer.linear1(layer.norm3(x))))
        return self.output(self.norm(x))


def decoder(what: str, encoder: ImageEncoder) -> TransformerDecoder:
    """As the shipped one, but for what the row says."""
    kind = Leaky if what == "no causal mask" else TransformerDecoder
    summed = 0 if what == "no sum vector" else 48
    made = kind(len(vocabulary()), 56, 2, 4, 112, 32, features=encoder.size, summed=summed)
    without = {
        "no positions of words": made.places,
        "no positions of the grid": made.memory_places,
    }
    if what in without:
        without[what].requires_grad_(False).zero_()
    return made


TRIES = ("as it should be", "no sum vector", "no positions of words",
         "no positions of the grid", "no causal mask")  # fmt: skip


def measured(what: str, data: dict[str, Tensor], encoder: ImageEncoder, steps: int, seed: int):
    torch.manual_seed(seed)
    made = decoder(what, encoder)
    curve = learn(made, caption_loss, data, steps, seed=seed)
    source = scenes("val", size=64, length=JUDGED)
    seen = [source[i] for i in range(JUDGED)]
    captions = said(Captioner(encoder, made), torch.stack([s.image for s in seen]))
    found = rates(judge(c, s) for c, s in zip(captions, seen, strict=True))
    nothing = dict.fromkeys(KEYS, 0.0)  # of captions outside of the grammar
    return nothing | {"loss": curve[-1].loss, "example": captions[0]} | found


def row_of(what: str, data: dict, encoder: ImageEncoder, steps: int, seeds: int) -> dict:
    found = [measured(what, data, encoder, steps, seed) for seed in range(seeds)]
    row: dict[str, Any] = {"what was done": what}
    row |= {key: round(statistics.mean(f[key] for f in found), 4) for key in KEYS}
    row |= {f"seeds of {key}": [round(f[key], 4) for f in found] for key in KEYS}
    row["examples"] = [f["example"] for f in found]
    print(row, flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=400)
    args = parser.parse_args()
    start, encoder = time.perf_counter(), ImageEncoder()
    encoder.load_state_dict(training.load("caption_encoder"))
    train = rendered("train", IMAGES)
    memory = features(encoder, train["images"], torch.device("cpu"))
    data = {"memory": memory, "words": train["words"]}
    rows = [row_of(what, data, encoder, args.steps, args.seeds) for what in TRIES]
    caption = (
        f"A caption transformer with parts left out, {args.steps} steps, {args.seeds} seeds"
    )
    seconds = time.perf_counter() - start
    print(record.write("decoder_failures", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
