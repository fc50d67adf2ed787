"""Captions beside the best-known libraries: searches, training steps, metrics, interleaved.

    python -m benchmarks.captioning [--rounds 9] [--images 5000] [--large]

The peers are in the extra ``bench``: ``make bench NAMES=captioning``. Each comparison first
asks that both give the same, then takes the median of the rounds' ratios. The networks have
the sizes of ``caption_transformer`` and ``caption_vit``; ``--large``: of those meant for a GPU.
Writes ``results/captioning.json``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping

import torch

from benchmarks import caption_networks
from benchmarks.caption_failures import split
from benchmarks.caption_peers import END, VITS, Plain, weights_of
from benchmarks.match import Match, play
from course_utils.data.scenes.judged import target
from course_utils.reference.caption_metrics import apart, bleu, cider_d
from course_utils.reference.captioning import PLACES
from course_utils.reference.search import beam_search, greedy
from course_utils.reference.transformer import TransformerDecoder
from course_utils.reference.vit import ViT
from course_utils.training.captioners import DECODER, DECODER_LARGE, VIT, VIT_LARGE
from course_utils.training.captioning import BATCH, LENGTH, vocabulary
from course_utils.training.fit import device as choose_device

SEED = 188
CLOSE = 1e-6  # of two metrics, relative
CLASSES = 10
Decoding = tuple[int, int, int, int, int]  # d, layers, heads, hidden, length
Seeing = tuple[int, int, int, int, int, int]  # side, patch, d, layers, heads, hidden


def same(ours: float, theirs: float, what: str) -> None:
    if abs(ours - theirs) > CLOSE * abs(theirs):
        raise AssertionError(f"{what}: {ours} here, {theirs} there")


def metrics(images: int) -> list[Match]:
    """BLEU-4 and CIDEr-D of target captions against five references each."""
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from sacrebleu.metrics import BLEU

    scenes = split("train", images)
    captions = [apart(target(scene)) for scene in scenes]
    references = [[apart(caption) for caption in scene.captions] for scene in scenes]
    gts, res = dict(enumerate(references)), {n: [c] for n, c in enumerate(captions)}
    streams = list(zip(*references, strict=True))
    sacre = BLEU(smooth_method="none", tokenize="none", force=True)
    ours = {"BLEU-4": lambda: bleu(captions, references)}
    ours["CIDEr-D"] = lambda: cider_d(captions, references)
    peers: Mapping[tuple[str, str], Callable[[], float]] = {
        ("BLEU-4", "pycocoevalcap"): lambda: Bleu(4).compute_score(gts, res, verbose=0)[0][3],
        ("BLEU-4", "sacrebleu"): lambda: sacre.corpus_score(captions, streams).score / 100,
        ("CIDEr-D", "pycocoevalcap"): lambda: Cider().compute_score(gts, res)[0],
    }
    for (what, name), theirs in peers.items():
        same(ours[what](), theirs(), f"{what} of {name}")
    return [
        Match(f"{what} of {images} captions", name, 1.0, ours[what], theirs)
        for (what, name), theirs in peers.items()
    ]


def decoders(sizes: Decoding, device: torch.device) -> tuple[TransformerDecoder, Plain]:
    """The decoder on a memory of its own width, and torch's, with the same weights."""
    plain = Plain(len(vocabulary()), *sizes).eval()
    for parameter in plain.parameters():
        if parameter.ndim > 1:  # such weights say many different words
            torch.nn.init.normal_(parameter, 0, parameter.shape[-1] ** -0.5)
    ours = TransformerDecoder(len(vocabulary()), *sizes).eval()
    ours.load_state_dict(weights_of(plain))
    return ours.to(device), plain.to(device)


def searches(sizes: Decoding, images: int, device: torch.device) -> list[Match]:
    """Cached beside uncached; greedy and a beam of 3 beside ``transformers``."""
    ours, plain = decoders(sizes, device)
    with torch.no_grad():
        for network in (ours, plain):
            network.output.bias[END] = -1e4  # all captions are as long
    return caption_networks.searches(
        ours,
        lambda z: greedy(ours, z, LENGTH),
        lambda z: beam_search(ours, z, 3, LENGTH),
        plain,
        torch.randn(images, PLACES, sizes[0], device=device),
        LENGTH,
    )


def decoder_step(sizes: Decoding, batch: int, device: torch.device) -> Match:
    """A training step of the decoder beside torch's."""
    ours, plain = decoders(sizes, device)
    memory = torch.randn(batch, PLACES, sizes[0], device=device)
    words = torch.randint(3, len(vocabulary()), (batch, LENGTH), device=device)
    work = f"decoder, training step, {batch} captions"
    return caption_networks.steps(
        work, "torch", ours, plain, memory, words, answers=words.roll(-1, 1)
    )


def vit_steps(sizes: Seeing, batch: int, device: torch.device) -> list[Match]:
    """A training step of the vision transformer, with a class token, beside its peers."""
    images = torch.rand(batch, 3, sizes[0], sizes[0], device=device)
    answers = torch.randint(CLASSES, (batch,), device=device)
    matches = []
    for peer, make in VITS.items():
        theirs, weights = make(*sizes, CLASSES)
        ours = ViT(*sizes, classes=CLASSES)
        ours.load_state_dict(weights)
        work = f"ViT, training step, {batch} images"
        networks = ours.to(device), theirs.to(device)
        matches.append(caption_networks.steps(work, peer, *networks, images, answers=answers))
    return matches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--images", type=int, default=5_000, help="that the metrics score")
    parser.add_argument("--batch", type=int, default=BATCH, help="of a training step")
    parser.add_argument("--captions", type=int, default=250, help="that a search says at once")
    parser.add_argument("--large", action="store_true", help="networks meant for a GPU")
    args = parser.parse_args()
    torch.manual_seed(SEED)
    start, device = time.perf_counter(), choose_device()
    decoder, vit = (DECODER_LARGE, VIT_LARGE) if args.large else (DECODER, VIT)
    matches = [
        *searches(decoder, args.captions, device),
        decoder_step(decoder, args.batch, device),
        *vit_steps(vit, args.batch, device),
        *(metrics(args.images) if args.images else ()),
    ]
    print(play("captioning", matches, args.rounds, seed=SEED, start=start))


if __name__ == "__main__":
    main()
