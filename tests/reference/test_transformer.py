"""The transformer's blocks beside torch's; decoding with a cache."""

import pytest
import torch
from torch import nn

from course_utils.reference.transformer import (
    DecoderBlock,
    EncoderBlock,
    TransformerDecoder,
    causal_mask,
    padding_mask,
)
from tests.reference.gradients import same_gradients


@pytest.fixture(autouse=True)
def doubles():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_an_encoder_block_is_that_of_torch():
    theirs = nn.TransformerEncoderLayer(12, 3, 24, 0, "gelu", batch_first=True, norm_first=True)
    ours = EncoderBlock(12, 3, 24)
    ours.load_state_dict(theirs.state_dict())
    x, keep = torch.randn(2, 5, 12), padding_mask(torch.tensor([3, 5]), 5)
    y = theirs(x, src_key_padding_mask=~keep)
    torch.testing.assert_close(ours(x, keep[:, None, None]), y)
    ours(x, keep[:, None, None]).square().sum().backward()
    y.square().sum().backward()
    same_gradients(ours, theirs)


def test_a_decoder_block_is_that_of_torch():
    theirs = nn.TransformerDecoderLayer(12, 3, 24, 0, "gelu", batch_first=True, norm_first=True)
    ours = DecoderBlock(12, 3, 24)
    ours.load_state_dict(theirs.state_dict())
    x, memory = torch.randn(2, 5, 12), torch.randn(2, 6, 12)
    y = theirs(x, memory, tgt_mask=~causal_mask(5))
    torch.testing.assert_close(ours(x, memory), y)
    ours(x, memory).square().sum().backward()
    y.square().sum().backward()
    same_gradients(ours, theirs)


def decoder(**options) -> TransformerDecoder:
    return TransformerDecoder(11, 12, 2, 3, 24, 9, **options).eval()


@pytest.mark.parametrize("options", [{}, {"features": 5, "places": 6, "summed": 4}])
@torch.no_grad()
def test_decoding_with_a_cache_equals_decoding_in_full(options):
    ours, words = decoder(**options), torch.randint(0, 11, (3, 9))
    memory = torch.randn(3, 6, options.get("features", 12))
    state, logits = ours.start(memory), []
    for t in range(9):
        step, state = ours.step(words[:, t], state)
        logits.append(step)
    torch.testing.assert_close(torch.stack(logits, 1), ours(memory, words))
    with pytest.raises(ValueError, match="words"):
        ours.step(words[:, 0], state)


@torch.no_grad()
def test_states_follow_their_rows():
    ours, words = decoder(), torch.randint(0, 11, (3, 4))
    memory, rows = torch.randn(1, 6, 12).repeat(3, 1, 1), torch.tensor([2, 0, 2])
    state = ours.start(memory)
    for t in range(3):
        _, state = ours.step(words[:, t], state)
    moved = torch.cat([words[rows, :3], words[:, 3:]], 1)
    logits, _ = ours.step(moved[:, 3], ours.reorder(state, rows))
    torch.testing.assert_close(logits, ours(memory, moved)[:, -1])


@torch.no_grad()
def test_no_word_sees_the_future():
    ours, words, memory = decoder(), torch.randint(0, 11, (1, 6)), torch.randn(1, 6, 12)
    other = words.clone()
    other[:, 4] = (other[:, 4] + 1) % 11
    changed = (ours(memory, words) != ours(memory, other)).any(-1)[0]
    assert changed.tolist() == [False] * 4 + [True] * 2
