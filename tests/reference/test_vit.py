"""The vision transformer beside torchvision's."""

import pytest
import torch
from torchvision.models import VisionTransformer

from course_utils.reference.vit import PatchEmbedding, ViT, from_torchvision


@pytest.mark.parametrize(
    ("side", "patch", "d", "layers", "heads", "hidden", "classes"),
    [(32, 8, 24, 2, 3, 48, 5), (224, 16, 768, 12, 12, 3072, 1000)],
    ids=["small", "ViT-B/16"],
)
def test_it_equals_torchvision_with_its_weights(side, patch, d, layers, heads, hidden, classes):
    torch.manual_seed(0)
    theirs = VisionTransformer(
        side, patch, layers, heads, d, hidden, num_classes=classes
    ).eval()
    torch.nn.init.normal_(theirs.heads.head.weight)  # zeros at first: all would be equal
    torch.nn.init.normal_(theirs.class_token)
    ours = ViT(side, patch, d, layers, heads, hidden, classes=classes).eval()
    ours.load_state_dict(from_torchvision(theirs.state_dict()))
    images = torch.randn(2, 3, side, side)
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs(images), rtol=1e-4, atol=1e-4)


def test_the_last_block_for_the_class_token_alone_is_that_for_all():
    """Values and gradients are those of all tokens; only what nobody reads is not computed."""
    torch.manual_seed(0)
    vit, images = (
        ViT(16, 8, 12, 2, 3, 24, classes=4).double(),
        torch.randn(2, 3, 16, 16).double(),
    )
    logits = vit(images)
    logits.square().sum().backward()
    short = {name: weight.grad.clone() for name, weight in vit.named_parameters()}
    vit.zero_grad()
    head, vit.head = vit.head, None
    whole = head(vit(images)[:, 0])
    whole.square().sum().backward()
    vit.head = head
    torch.testing.assert_close(logits, whole)
    for name, weight in vit.named_parameters():
        torch.testing.assert_close(weight.grad, short[name], msg=name)


def test_a_patch_is_multiplied_by_one_shared_matrix():
    torch.manual_seed(0)
    embed, images = PatchEmbedding(4, 6).double(), torch.randn(2, 3, 8, 12).double()
    patch = images[1, :, 4:8, 8:12].flatten()  # the last of 2 × 3
    expected = embed.proj.weight.flatten(1) @ patch + embed.proj.bias
    tokens = embed(images)
    assert tokens.shape == (2, 6, 6)
    torch.testing.assert_close(tokens[1, 5], expected)


def test_without_positions_the_patches_are_a_set():
    torch.manual_seed(0)
    images = torch.randn(2, 3, 16, 16)
    swapped = torch.cat([images[..., 8:], images[..., :8]], -1)
    options = {"class_token": False, "classes": 3}
    plain = ViT(16, 8, 12, 2, 2, 24, positions=False, **options).eval()
    coded = ViT(16, 8, 12, 2, 2, 24, **options).eval()
    with torch.no_grad():
        torch.testing.assert_close(plain(images), plain(swapped), rtol=1e-4, atol=1e-5)
        assert not torch.allclose(coded(images), coded(swapped), rtol=1e-4, atol=1e-5)
