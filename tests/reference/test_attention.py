"""Attention, masks and heads beside torch's."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_utils.reference.attention import (
    MultiHeadAttention,
    attention,
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


@pytest.mark.parametrize("masked", [False, True])
def test_attention_is_that_of_torch(masked):
    q, k, v = torch.randn(2, 3, 5, 4), torch.randn(2, 3, 7, 4), torch.randn(2, 3, 7, 6)
    mask = (torch.rand(2, 1, 5, 7) < 0.5) | (torch.arange(7) == 2) if masked else None
    y, weights = attention(q, k, v, mask)
    torch.testing.assert_close(y, F.scaled_dot_product_attention(q, k, v, mask))
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, 5))
    if mask is not None:
        assert (weights.masked_select(~mask) == 0).all()


def test_masks():
    assert causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True] * 3]
    assert padding_mask(torch.tensor([1, 3]), 3).tolist() == [[True, False, False], [True] * 3]


def test_multi_head_attention_is_that_of_torch():
    theirs, ours = nn.MultiheadAttention(12, 3, batch_first=True), MultiHeadAttention(12, 3)
    ours.load_state_dict(theirs.state_dict())
    x, memory = torch.randn(2, 4, 12), torch.randn(2, 5, 12)
    y, weights = theirs(x, memory, memory, average_attn_weights=False)
    torch.testing.assert_close(ours(x, memory), y)
    torch.testing.assert_close(ours.weights(x, memory), weights)
    ours(x, memory).square().sum().backward()
    y.square().sum().backward()
    same_gradients(ours, theirs)
