"""Encoder, additive attention, GRU decoders."""

import pytest
import torch
from torch import nn

from course_utils.reference.captioning import (
    AdditiveAttention,
    GRUCell,
    GRUDecoder,
    ImageEncoder,
)


@pytest.fixture(autouse=True)
def doubles():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_a_gru_cell_is_that_of_torch():
    theirs, ours = nn.GRUCell(5, 4), GRUCell(5, 4)
    ours.load_state_dict(theirs.state_dict())
    x, h = torch.randn(3, 5), torch.randn(3, 4)
    torch.testing.assert_close(ours(x, h), theirs(x, h))
    ours(x, h).square().sum().backward()
    theirs(x, h).square().sum().backward()
    for name, weight in theirs.named_parameters():
        torch.testing.assert_close(getattr(ours, name).grad, weight.grad)


def test_additive_attention_from_its_definition():
    attend = AdditiveAttention(5, 4, 3)
    h, memory = torch.randn(2, 4), torch.randn(2, 6, 5)
    mask = torch.tensor([[True] * 6, [True, False, True, False, False, False]])
    context, weights = attend(h, memory, mask=mask)
    for b in range(2):
        scores = torch.stack(
            [
                attend.score(torch.tanh(attend.memory(m) + attend.query(h[b])))[0]
                for m in memory[b]
            ]
        )
        expected = torch.where(mask[b], scores.exp(), 0.0)
        expected = expected / expected.sum()
        torch.testing.assert_close(weights[b], expected)
        torch.testing.assert_close(context[b], expected @ memory[b])


def test_the_encoder_gives_the_grid_row_by_row():
    encoder = ImageEncoder((4, 6, 8)).eval()
    images = torch.rand(1, 3, 64, 64)
    changed = images.clone()
    changed[..., 56:, :8] = 1 - changed[..., 56:, :8]  # the lower left corner
    with torch.no_grad():
        z, other = encoder(images), encoder(changed)
    assert z.shape == (1, 64, 8)
    difference = (z - other).abs().sum(-1).view(8, 8)
    assert difference[7, 0] == difference.max() > 0
    assert difference[0, 7] == 0


def test_bytes_and_shares_are_the_same_images():
    encoder = ImageEncoder((4, 6, 8)).eval()
    images = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    torch.testing.assert_close(encoder.float()(images), encoder.float()(images.float() / 255))


@pytest.mark.parametrize("attention", [True, False])
def test_without_attention_the_context_is_the_first_state(attention):
    decoder, memory = GRUDecoder(9, 5, attention=attention, places=6), torch.randn(2, 6, 5)
    _, state = decoder.step(torch.tensor([1, 1]), decoder.start(memory))
    assert len(state) == (3 if attention else 2)
    if not attention:
        assert torch.equal(state[1], decoder.start(memory)[0])
        assert not torch.equal(state[0], state[1])


def test_teacher_forcing_is_one_step_after_the_other():
    decoder, memory = GRUDecoder(9, 5, places=6), torch.randn(2, 6, 5)
    words = torch.randint(0, 9, (2, 4))
    state = decoder.start(memory)
    for t in range(3):
        logits, state = decoder.step(words[:, t], state)
        torch.testing.assert_close(decoder(memory, words)[:, t], logits)
