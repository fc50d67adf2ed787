"""What the parts of captions refuse, each by its argument's name: words, networks, scores."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from course_utils.reference import caption_metrics as metrics
from course_utils.reference.attention import (
    MultiHeadAttention,
    attention,
    causal_mask,
    padding_mask,
)
from course_utils.reference.captioning import (
    AdditiveAttention,
    Captioner,
    GRUCell,
    GRUDecoder,
    ImageEncoder,
    Residual,
)
from course_utils.reference.search import beam_search, greedy
from course_utils.reference.transformer import DecoderBlock, EncoderBlock, TransformerDecoder
from course_utils.reference.vit import PatchEmbedding, ViT, from_torchvision
from course_utils.reference.vocabulary import Vocabulary

Case = tuple[Callable[[], object], str]


def x(*shape: int) -> Tensor:
    return torch.zeros(*shape)


def ids(*shape: int, word: int = 3) -> Tensor:
    return torch.full(shape, word)


def yes(*shape: int) -> Tensor:
    return torch.ones(*shape, dtype=torch.bool)


def blind(*shape: int) -> Tensor:
    """The last row of the mask leaves nothing to look at."""
    mask = yes(*shape)
    mask[-1] = False
    return mask


def known() -> Vocabulary:
    return Vocabulary([",", "a", "dog"])


WORDS: dict[str, Case] = {
    "no words": (lambda: Vocabulary([]), "words must be a list of at least one"),
    "a string of words": (lambda: Vocabulary("a dog"), "words must be a list"),
    "a word twice": (lambda: Vocabulary(["a", "a"]), "words must hold each word once"),
    "a special word": (lambda: Vocabulary(["a", "<end>"]), "words must hold each word once"),
    "two words as one": (lambda: Vocabulary(["a dog"]), "words must hold .* white space"),
    "an empty word": (lambda: Vocabulary([""]), "words must hold .* white space"),
    "no captions": (lambda: known().encode([]), "captions must be a list of at least one"),
    "one string": (lambda: known().encode("a dog"), "captions must be a list"),
    "no text": (lambda: known().encode(["a", 3]), "captions must be .* a str"),
    "an unknown word": (lambda: known().encode(["a zebra"]), r"captions hold .*\['zebra'\]"),
    "a special word in a caption": (lambda: known().encode(["<end>"]), "captions hold .*<end>"),
    "a number too large": (lambda: known().decode([1, 6]), "ids must be from 0 to 5, not 6"),
    "a number below zero": (lambda: known().decode([-1]), "ids must be from 0 to 5, not -1"),
    "several captions": (lambda: known().decode(ids(2, 3)), "ids must be whole numbers"),
    "fractions": (lambda: known().decode(x(3)), "ids must be whole numbers"),
}


def gru(**options: bool) -> GRUDecoder:
    return GRUDecoder(9, 5, places=6, hidden=4, **options)


def additive(h: Tensor, memory: Tensor, mask: Tensor | None = None) -> object:
    return AdditiveAttention(5, 4, 3)(h, memory, mask=mask)


def stepped(decoder: GRUDecoder | TransformerDecoder, memory: Tensor, words: Tensor) -> object:
    return decoder.step(words, decoder.start(memory))


GRUS: dict[str, Case] = {
    "a grid without channels": (lambda: Residual(0, 4), "channels must be at least 1"),
    "other channels": (lambda: Residual(2, 4)(x(1, 3, 8, 8)), r"x must be \(B, 2, H, W\)"),
    "two channels": (lambda: ImageEncoder((4, 8)), "channels must be three"),  # type: ignore
    "no images": (lambda: ImageEncoder()(x(0, 3, 64, 64)), "images must be"),
    "small images": (lambda: ImageEncoder()(x(1, 3, 32, 32)), "images must be"),
    "one image without a batch": (lambda: ImageEncoder()(x(3, 64, 64)), "images must be"),
    "images of int64": (lambda: ImageEncoder()(ids(1, 3, 64, 64)), "images must be uint8 or"),
    "a cell without a state": (lambda: GRUCell(3, 0), "hidden must be at least 1"),
    "other inputs": (lambda: GRUCell(3, 4)(x(2, 5), x(2, 4)), r"x must be \(B, 3\)"),
    "no inputs": (lambda: GRUCell(3, 4)(x(0, 3), x(0, 4)), r"x must be \(B, 3\)"),
    "another state": (lambda: GRUCell(3, 4)(x(2, 3), x(2, 5)), r"h must be \(B, 4\)"),
    "fewer states": (lambda: GRUCell(3, 4)(x(2, 3), x(1, 4)), r"h must be \(B, 4\)"),
    "attention of no size": (lambda: AdditiveAttention(5, 4, 0), "size must be at least 1"),
    "another h": (lambda: additive(x(1, 3), x(1, 6, 5)), r"h must be \(B, 4\)"),
    "another memory": (lambda: additive(x(1, 4), x(1, 6, 4)), "memory must be"),
    "fewer memories": (lambda: additive(x(2, 4), x(1, 6, 5)), "memory must be"),
    "a memory without places": (lambda: additive(x(1, 4), x(1, 0, 5)), "memory must be"),
    "a mask that hides all": (
        lambda: additive(x(2, 4), x(2, 6, 5), blind(2, 6)),
        "mask must hold at least one True",
    ),
    "a mask of floats": (lambda: additive(x(1, 4), x(1, 6, 5), x(1, 6)), "mask must be bool"),
    "a mask of another size": (
        lambda: additive(x(1, 4), x(1, 6, 5), yes(1, 5)),
        r"mask must be bool \(B, S\) = \(1, 6\)",
    ),
    "three words": (lambda: GRUDecoder(3, 5), "vocabulary must be at least 4"),
    "no features": (lambda: GRUDecoder(9, 0), "features must be at least 1"),
    "places that are missing": (lambda: gru().start(x(1, 5, 5)), "memory must be"),
    "no memory": (lambda: gru().start(x(0, 6, 5)), "memory must be"),
    "no word": (lambda: gru()(x(1, 6, 5), ids(1, 0)), "words must be int64"),
    "words of other images": (lambda: gru()(x(2, 6, 5), ids(1, 3)), "words must have as many"),
    "an unknown number": (
        lambda: gru()(x(1, 6, 5), ids(1, 2, word=9)),
        "words must be numbers",
    ),
    "a number below 0": (
        lambda: stepped(gru(attention=False), x(1, 6, 5), ids(1, word=-1)),
        "words must be numbers",
    ),
    "words in a column": (lambda: stepped(gru(), x(1, 6, 5), ids(1, 1)), r"int64 \(B,\)"),
    "a captioner's images": (
        lambda: Captioner(ImageEncoder((4, 4, 5)), GRUDecoder(9, 5))(
            x(0, 3, 64, 64), ids(0, 2)
        ),
        "images must be",
    ),
}


def plain(**options: int) -> TransformerDecoder:
    return TransformerDecoder(9, 4, 1, 2, 8, 5, **options)  # type: ignore[arg-type]


def heads(**given: Tensor | bool) -> object:
    return MultiHeadAttention(4, 2)(x(2, 3, 4), **given)  # type: ignore[arg-type]


TRANSFORMERS: dict[str, Case] = {
    "other d": (lambda: attention(x(3, 4), x(3, 5), x(3, 4)), "q and k must end"),
    "vectors": (lambda: attention(x(4), x(4), x(4)), "q and k must end"),
    "other S": (lambda: attention(x(3, 4), x(3, 4), x(2, 4)), "k and v must share S"),
    "no keys": (lambda: attention(x(3, 4), x(0, 4), x(0, 4)), "k and v must share S"),
    "no queries": (lambda: attention(x(0, 4), x(3, 4), x(3, 4)), "q, k and v must"),
    "other batches": (lambda: attention(x(2, 3, 4), x(5, 3, 4), x(5, 3, 4)), "q, k and v must"),
    "a row that sees nothing": (
        lambda: attention(x(3, 4), x(3, 4), x(3, 4), blind(3, 3)),
        "mask has a row without any True",
    ),
    "a mask of floats": (
        lambda: attention(x(3, 4), x(3, 4), x(3, 4), x(3, 3)),
        "mask must be bool",
    ),
    "a mask of other sizes": (
        lambda: attention(x(3, 4), x(3, 4), x(3, 4), yes(3, 2)),
        "mask must broadcast",
    ),
    "a mask with more batches": (
        lambda: attention(x(1, 3, 4), x(1, 3, 4), x(1, 3, 4), yes(2, 3, 3)),
        "mask must broadcast",
    ),
    "no length": (lambda: causal_mask(0), "length must be at least 1"),
    "a length of 0": (lambda: padding_mask(torch.tensor([0, 2]), 3), "lengths must be whole"),
    "too long": (lambda: padding_mask(torch.tensor([4, 2]), 3), "lengths must be whole"),
    "no lengths": (lambda: padding_mask(torch.tensor([]), 3), "lengths must be"),
    "lengths in a column": (lambda: padding_mask(ids(2, 1), 3), "lengths must be"),
    "heads that do not divide d": (lambda: MultiHeadAttention(4, 3), "multiple of heads"),
    "no heads": (lambda: MultiHeadAttention(4, 0), "multiple of heads"),
    "no tokens": (lambda: MultiHeadAttention(4, 2)(x(0, 3, 4)), "x must be"),
    "one row of tokens": (lambda: MultiHeadAttention(4, 2)(x(3, 4)), "x must be"),
    "a memory of others": (lambda: heads(memory=x(1, 3, 4)), "memory must be .* B = 2"),
    "a memory of other width": (lambda: heads(memory=x(2, 3, 5)), "memory must be"),
    "heads with a blind row": (lambda: heads(mask=blind(3, 3)), "mask has a row"),
    "a mask beside causal": (lambda: heads(mask=yes(3, 3), causal=True), "mask and causal"),
    "a block's x": (lambda: EncoderBlock(4, 2, 8)(x(2, 3, 5)), "x must be"),
    "a block's mask": (lambda: EncoderBlock(4, 2, 8)(x(2, 3, 4), yes(2, 3)), "mask must"),
    "a decoder block's x": (lambda: DecoderBlock(4, 2, 8)(x(2, 3, 5), x(2, 3, 4)), "x must be"),
    "a decoder block's memory": (
        lambda: DecoderBlock(4, 2, 8)(x(2, 3, 4), x(1, 3, 4)),
        "memory must be",
    ),
    "no layers": (lambda: TransformerDecoder(9, 4, 0, 2, 8, 5), "each other size at least 1"),
    "too few words": (lambda: TransformerDecoder(3, 4, 1, 2, 8, 5), "vocabulary must be"),
    "a sum without features": (lambda: plain(summed=3), "summed needs features"),
    "too many words": (lambda: plain()(x(1, 6, 4), ids(1, 6)), "words must be at most 5"),
    "no words": (lambda: plain()(x(1, 6, 4), ids(1, 0)), "words must be int64"),
    "words of floats": (lambda: plain()(x(1, 6, 4), x(1, 2)), "words must be int64"),
    "an unknown number": (lambda: plain()(x(1, 6, 4), ids(1, 2, word=9)), "from 0 to 8"),
    "words of other images": (
        lambda: plain()(x(2, 6, 4), ids(1, 2)),
        "words must have as many",
    ),
    "another memory": (lambda: plain()(x(1, 6, 5), ids(1, 2)), "memory must be"),
    "places that are missing": (
        lambda: plain(features=5)(x(1, 6, 5), ids(1, 2)),
        "memory must",
    ),
    "no memory": (lambda: plain().start(x(0, 6, 4)), "memory must be"),
    "a step for other images": (
        lambda: stepped(plain(), x(2, 6, 4), ids(1)),
        "words must have as many rows",
    ),
}
small = (16, 8, 12, 1, 2, 24)
VITS: dict[str, Case] = {
    "patches of no size": (lambda: PatchEmbedding(0, 4), "patch, d and channels"),
    "sides that are no multiple": (
        lambda: PatchEmbedding(8, 4)(x(1, 3, 12, 16)),
        "images must have sides",
    ),
    "patches of bytes": (lambda: PatchEmbedding(8, 4)(ids(1, 3, 8, 8)), "images must be of"),
    "a side that is no multiple": (lambda: ViT(20, *small[1:]), "side = 20 must be"),
    "no layers": (lambda: ViT(16, 8, 12, 0, 2, 24), "layers and hidden must be"),
    "no images": (lambda: ViT(*small)(x(0, 3, 16, 16)), "images must be"),
    "one channel": (lambda: ViT(*small)(x(2, 1, 16, 16)), "images must be"),
    "no batch": (lambda: ViT(*small)(x(3, 16, 16)), "images must be"),
    "another side": (lambda: ViT(*small)(x(2, 3, 16, 24)), "images must be"),
    "other weights": (lambda: from_torchvision({"conv1.weight": x(1)}), "weights must be"),
    "no weights": (lambda: from_torchvision({}), "weights must be"),
}
SEARCHES: dict[str, Case] = {
    "no memory": (lambda: greedy(gru(), x(0, 6, 5), 3), "memory must be"),
    "a flat memory": (lambda: greedy(gru(), x(6, 5), 3), "memory must be"),
    "no length": (lambda: greedy(gru(), x(1, 6, 5), 0), "length must be at least 1"),
    "longer than there are places": (
        lambda: greedy(plain(), torch.randn(1, 6, 4), 6),
        "no place after 5 words",
    ),
    "a beam without memory": (lambda: beam_search(gru(), x(0, 6, 5), 2, 3), "memory must be"),
    "a beam without length": (lambda: beam_search(gru(), x(1, 6, 5), 2, 0), "length must be"),
    "no beam": (lambda: beam_search(gru(), x(1, 6, 5), 0, 3), "width must be at least 1"),
}
SCORES: dict[str, Case] = {
    "a caption that is a number": (lambda: metrics.apart(3), "caption is a sentence"),  # type: ignore
    "no gram": (lambda: metrics.ngrams(["a"], 0), "n is 1 or larger"),
    "grams of a string": (lambda: metrics.ngrams("a dog", 1), "words is a list"),
    "clipped by nothing": (lambda: metrics.clipped(["a"], [], 1), "references is a list"),
    "no order": (lambda: metrics.bleu(["a"], [["a"]], 0), "order is 1 or larger, not 0"),
}
JUDGED: dict[str, tuple[object, object, str]] = {
    "no captions": ([], [], "captions is a list with one sentence at least"),
    "a string": ("a dog", [["a dog"]], "captions is a list"),
    "no sentence": (["a", None], [["a"], ["a"]], r"captions\[1\] is a sentence, not None"),
    "more references": (["a dog"], [["a dog"], ["a cat"]], "references has one list for each"),
    "a string of references": (["a dog"], "a", "references has one list"),
    "a string in place of a list": (
        ["a dog"],
        ["a dog"],
        r"references\[0\] is a list .*'a dog'",
    ),
    "an image without references": (["a", "b"], [["a"], []], r"references\[1\] is a list"),
    "a reference that is none": (["a"], [["a", None]], r"references\[0\] is a list"),
}
SCORES |= {
    f"{metric.__name__}: {name}": (lambda m=metric, c=c, r=r: m(c, r), message)
    for metric in (metrics.bleu, metrics.cider_d, metrics.cider_d_each)
    for name, (c, r, message) in JUDGED.items()
}
CASES = {
    f"{group}: {name}": case
    for group, cases in {
        "words": WORDS, "GRU": GRUS, "transformer": TRANSFORMERS, "ViT": VITS,
        "search": SEARCHES, "scores": SCORES,
    }.items()
    for name, case in cases.items()
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_by_its_name(name: str) -> None:
    wrong, message = CASES[name]
    with pytest.raises(ValueError, match=message):
        wrong()


class Endless:
    """A decoder that says one word for ever, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def start(self, memory: Tensor) -> None:
        return None

    def step(self, words: Tensor, state: None) -> tuple[Tensor, None]:
        self.asked += 1
        logits = torch.full((len(words), 5), -1e9)
        logits[:, 3] = 0
        return logits, None

    def reorder(self, state: None, rows: Tensor) -> None:
        return None


@pytest.mark.parametrize("search", [greedy, lambda d, z, n: beam_search(d, z, 3, n)])
def test_a_search_over_a_model_that_never_ends_stops_at_its_length(search: Callable) -> None:
    decoder = Endless()
    assert search(decoder, x(2, 1, 1), 7).tolist() == [[3] * 7] * 2
    assert decoder.asked == 7
