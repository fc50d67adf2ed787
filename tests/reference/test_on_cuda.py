"""Forward and backward of each reference on a CUDA device that need not be there.

``FakeTensorMode`` computes shapes, dtypes and devices, no values, and refuses an operator whose
tensors are on two devices: a tensor that was made on the CPU and left there.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_leaves

from course_utils import reference
from course_utils.reference import (
    attention,
    autoencoders,
    captioning,
    clip,
    clip_towers,
    cnn,
    convolution,
    cpc,
    dcgan,
    diffusion,
    frechet,
    gan,
    modes,
    naive_bayes,
    resnet,
    rotation,
    samplers,
    schedules,
    simclr,
    transformer,
    unet,
    vae,
    vit,
)
from course_utils.training import autoencoders as codes
from course_utils.training import captioning as captions
from course_utils.training import optimise, representation, transforms
from course_utils.training.captioners import CAPTIONERS, untrained
from course_utils.training.clip import vary
from course_utils.training.contrastive_tiled import contrastive_loss_tiled
from course_utils.training.fit import classify

_device = "cuda"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the device ``meta``: autograd starts a thread for CUDA, which needs a GPU."""
    monkeypatch.setitem(globals(), "_device", "meta")


def x(*shape: int) -> Tensor:
    """An input; with a gradient where one can be computed."""
    return torch.rand(*shape, device=_device, requires_grad=torch.is_grad_enabled())


def labels(n: int, classes: int) -> Tensor:
    return torch.zeros(n, dtype=torch.int64, device=_device)


def yes(n: int) -> Tensor:
    return torch.ones(n, dtype=torch.bool, device=_device)


def on(x: Tensor, make: Callable[[], nn.Module]) -> Any:
    """The value of a module whose weights are on the device."""
    return made(make)(x)


def made(make: Callable[[], nn.Module]) -> Any:
    """A module whose weights are on the device."""
    with torch.device(_device):  # for its making alone: what it makes later must say where
        return make()


class Fed(nn.Module):
    """A module of two inputs, of which the second is at hand."""

    def __init__(self, module: nn.Module, second: Tensor) -> None:
        super().__init__()
        self.module, self.second = module, second

    def forward(self, first: Tensor) -> Any:
        return self.module(first, self.second)


class Learned(nn.Module):
    """A diffusion model's loss as a module of its weights."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x0: Tensor) -> Tensor:
        return diffusion.loss(
            self.network, x0, *both(len(x0))[:1], x0, SCHEDULE, "v", labels(len(x0), 3)
        )


class Penalised(nn.Module):
    """A critic's gradient penalty as a module of its weights."""

    def __init__(self, critic: nn.Module) -> None:
        super().__init__()
        self.critic = critic

    def forward(self, real: Tensor, fake: Tensor) -> Tensor:
        return gan.gradient_penalty(self.critic, real, fake, real.new_full((len(real),), 0.5))


def running(n: int) -> tuple[Tensor, Tensor]:
    return torch.zeros(n, device=_device), torch.ones(n, device=_device)


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conditions on values are not asked for: there are no values."""
    monkeypatch.setattr(autoencoders, "holds", lambda condition: True)


SCHEDULE = schedules.cosine_schedule(10)


def both(n: int) -> tuple[Tensor, Tensor]:
    return labels(n, 10) + 1, labels(n, 10)


CASES: dict[Callable, Callable[[], Any]] = {
    autoencoders.Autoencoder: lambda: on(x(2, 1, 28, 28), autoencoders.Autoencoder),
    autoencoders.Denoiser: lambda: on(x(2, 1, 12, 16), autoencoders.Denoiser),
    autoencoders.corrupt: lambda: [
        autoencoders.corrupt(x(2, 1, 4, 4), kind, 0.5) for kind in autoencoders.CORRUPTIONS
    ],
    autoencoders.pca: lambda: autoencoders.pca(x(6, 4), 2),
    autoencoders.posterior_mean: lambda: autoencoders.posterior_mean(
        x(2, 3), x(4, 3), 0.5, 0.1, x(4)
    ),
    autoencoders.reconstruct: lambda: autoencoders.reconstruct(x(6, 4), x(4), x(2, 4)),
    vae.MLPVAE: lambda: on(x(2, 1, 28, 28), lambda: vae.MLPVAE(3, 8)),
    vae.VAE: lambda: on(x(2, 1, 28, 28), vae.VAE),
    vae.bernoulli_log_likelihood: lambda: vae.bernoulli_log_likelihood(x(4, 6), x(3, 4, 6)),
    vae.elbo: lambda: vae.elbo(x(4, 6), x(4, 6), x(4, 2), x(4, 2), 0.5),
    vae.gaussian_kl: lambda: vae.gaussian_kl(x(4, 2), x(4, 2)),
    vae.importance_bound: lambda: vae.importance_bound(x(3, 4), x(3, 4, 2), x(4, 2), x(4, 2)),
    vae.kl_terms: lambda: vae.kl_terms(x(4, 2), x(4, 2), x(2), x(2)),
    vae.log_normal: lambda: vae.log_normal(x(4, 2), x(4, 2), x(4, 2)),
    vae.reparameterise: lambda: vae.reparameterise(x(4, 2), x(4, 2), x(4, 2)),
    captioning.AdditiveAttention: lambda: on(
        x(2, 6), lambda: Fed(captioning.AdditiveAttention(5, 6, 4), x(2, 7, 5))
    ),
    captioning.Captioner: lambda: on(
        x(2, 3, 64, 64),
        lambda: Fed(
            captioning.Captioner(
                captioning.ImageEncoder((4, 6, 8)), captioning.GRUDecoder(9, 8)
            ),
            labels(2, 9)[:, None],
        ),
    ),
    captioning.GRUCell: lambda: on(x(2, 5), lambda: Fed(captioning.GRUCell(5, 6), x(2, 6))),
    cnn.LeNet: lambda: on(x(2, 1, 28, 28), cnn.LeNet),
    cnn.conv_backward: lambda: cnn.conv_backward(
        x(2, 4, 4, 4), x(2, 3, 8, 7), x(4, 3, 3, 3), 2, 1
    ),
    cnn.conv_forward: lambda: cnn.conv_forward(x(2, 3, 8, 7), x(4, 3, 3, 3), x(4), 2, 1),
    cnn.max_pool: lambda: cnn.max_pool(x(2, 3, 8, 6), 2),
    cnn.shift: lambda: cnn.shift(x(2, 1, 8, 7), 2, -1),
    cnn.transformed: lambda: cnn.transformed(x(2, 1, 28, 28), 2, -1, 30, 0.8),
    convolution.conv1d: lambda: convolution.conv1d(x(9), x(3)),
    convolution.conv2d: lambda: convolution.conv2d(x(2, 3, 8, 7), x(4, 3, 3, 3), stride=2),
    convolution.edge_strength: lambda: convolution.edge_strength(x(2, 1, 8, 7)),
    convolution.filter2d: lambda: convolution.filter2d(x(2, 3, 8, 7), x(3, 3)),
    convolution.moving_average: lambda: convolution.moving_average(x(9), 2),
    convolution.separable_filter: lambda: convolution.separable_filter(x(2, 3, 8, 7), x(3)),
    convolution.smooth: lambda: convolution.smooth(x(9), x(3)),
    cpc.CPC: lambda: on(x(4, 3, 32, 32), lambda: cpc.CPC(3, 8, 4, 16, 12, 2)),
    cpc.info_nce: lambda: cpc.info_nce(x(6, 5), x(6, 5), 0.2),
    cpc.optimal_critic: lambda: cpc.optimal_critic(x(6, 5), x(6, 5), 0.5),
    cpc.patches: lambda: cpc.patches(x(2, 3, 16, 16), 8, 4),
    dcgan.Discriminator: lambda: on(x(2, 1, 28, 28), dcgan.Discriminator),
    dcgan.Generator: lambda: on(x(2, 32), dcgan.Generator),
    frechet.frechet_distance: lambda: frechet.frechet_distance(x(9, 4), x(7, 4)),
    frechet.gaussian_distance: lambda: frechet.gaussian_distance(
        (x(4), x(4, 4)), (x(4), x(4, 4))
    ),
    frechet.lenet_features: lambda: frechet.lenet_features(made(cnn.LeNet), x(2, 1, 28, 28)),
    frechet.moments: lambda: frechet.moments(x(9, 4)),
    gan.discriminator_loss: lambda: gan.discriminator_loss(x(3), x(3)),
    gan.generator_loss: lambda: gan.generator_loss(x(3), saturating=True),
    gan.gradient_penalty: lambda: on(
        x(2, 1, 28, 28),
        lambda: Fed(Penalised(dcgan.Discriminator(batch_norm=False)), x(2, 1, 28, 28)),
    ),
    gan.optimal_discriminator: lambda: gan.optimal_discriminator(x(3, 4), x(3, 4)),
    diffusion.convert: lambda: [
        diffusion.convert(x(2, 3), x(2, 3), t, SCHEDULE, "v", "eps") for t in (3, both(2)[0])
    ],
    diffusion.gaussian_score: lambda: diffusion.gaussian_score(x(2, 3), 3, SCHEDULE, 0.5, x(3)),
    diffusion.loss: lambda: on(x(2, 1, 28, 28), lambda: Learned(unet.UNet(3, (8, 8), 8))),
    diffusion.posterior: lambda: diffusion.posterior(x(2, 3), x(2, 3), both(2)[0], SCHEDULE)[0],
    diffusion.q_sample: lambda: diffusion.q_sample(x(2, 3), both(2)[0], x(2, 3), SCHEDULE),
    samplers.ancestral_step: lambda: samplers.ancestral_step(
        x(2, 3), 5, x(2, 3), SCHEDULE, x(2, 3)
    ),
    samplers.ddim_step: lambda: samplers.ddim_step(
        x(2, 3), 5, 2, x(2, 3), SCHEDULE, 0.5, x(2, 3)
    ),
    samplers.drop_classes: lambda: samplers.drop_classes(labels(2, 3), 0.5),
    samplers.estimate: lambda: samplers.estimate(
        made(lambda: unet.UNet(3, (8, 8), 8)),
        x(2, 1, 28, 28),
        4,
        SCHEDULE,
        "v",
        labels(2, 3),
        2.0,
    ),
    samplers.guided: lambda: samplers.guided(
        made(lambda: unet.UNet(3, (8, 8), 8)), x(2, 1, 28, 28), *both(2), 2.0
    ),
    samplers.sample: lambda: samplers.sample(
        made(lambda: unet.UNet(3, (8, 8), 8)),
        (2, 1, 28, 28),
        SCHEDULE,
        (10, 5, 0),
        1.0,
        guidance=2.0,
        classes=labels(2, 3),
        device=_device,
    ),
    schedules.levels: lambda: schedules.levels(both(2)[0], SCHEDULE, x(2, 3)),
    unet.UNet: lambda: on(x(2, 1, 28, 28), lambda: Fed(unet.UNet(3, (8, 8), 8), both(2)[0])),
    unet.time_embedding: lambda: unet.time_embedding(both(2)[0], 6),
    clip.LogitScale: lambda: made(clip.LogitScale)(),
    clip.classify: lambda: clip.classify(x(4, 5), x(3, 5)),
    clip.contrastive_loss: lambda: clip.contrastive_loss(x(6, 5), x(6, 5), x(1)),
    clip.gathered_loss: lambda: clip.gathered_loss(x(6, 5), x(6, 5), 14.3),
    clip.multi_positive_loss: lambda: clip.multi_positive_loss(
        x(6, 5), x(6, 5), 14.3, labels(6, 3)
    ),
    clip.unit: lambda: clip.unit(x(6, 5)),
    clip.unit_pairs: lambda: clip.unit_pairs(x(6, 5), x(6, 5), x(1)),
    clip.zero_shot_head: lambda: clip.zero_shot_head(x(3, 2, 5)),
    clip_towers.CLIP: lambda: on(
        x(4, 3, 32, 32),
        lambda: Fed(
            clip_towers.CLIP(clip_towers.ImageTower(), clip_towers.WordMean(6)),
            labels(4, 6)[:, None],
        ),
    ),
    clip_towers.ImageTower: lambda: on(x(2, 3, 32, 32), clip_towers.ImageTower),
    clip_towers.TextTransformer: lambda: made(lambda: clip_towers.TextTransformer(6, 8, 1, 2))(
        labels(2, 6)[:, None].expand(2, 3)
    ),
    clip_towers.WordMean: lambda: made(lambda: clip_towers.WordMean(6))(labels(2, 6)[:, None]),
    clip_towers.end_of_text: lambda: clip_towers.end_of_text(
        x(2, 3, 4), labels(2, 6)[:, None].expand(2, 3), 5
    ),
    gan.value: lambda: gan.value(x(3, 4), x(3, 4)),
    modes.modes: lambda: modes.modes(x(5, 2), x(3, 2), 0.5, 1),
    modes.nearby: lambda: modes.nearby(x(5, 2), x(3, 2), 0.5),
    naive_bayes.binarise: lambda: naive_bayes.binarise(x(2, 1, 4, 4)),
    naive_bayes.evidence: lambda: naive_bayes.evidence(x(2, 6), x(3, 6), x(3, 6), 0, 2),
    naive_bayes.log_joint: lambda: naive_bayes.log_joint(x(2, 6), x(3), x(3, 6), x(3, 6)),
    naive_bayes.log_likelihood: lambda: naive_bayes.log_likelihood(x(4, 6), labels(4, 3), 3),
    naive_bayes.posterior: lambda: naive_bayes.posterior(x(2, 3)),
    resnet.BasicBlock: lambda: on(x(2, 4, 8, 8), lambda: resnet.BasicBlock(4, 8, 2)),
    resnet.Bottleneck: lambda: on(x(2, 4, 8, 8), lambda: resnet.Bottleneck(4, 8, 2)),
    resnet.batch_norm: lambda: resnet.batch_norm(x(4, 3, 5, 5), x(3), x(3), *running(3), True),
    resnet.cifar_resnet: lambda: on(x(2, 3, 32, 32), lambda: resnet.cifar_resnet(20)),
    resnet.resnet: lambda: on(x(2, 3, 64, 64), lambda: resnet.resnet(50)),
    rotation.rotations: lambda: rotation.rotations(x(2, 3, 8, 8)),
    simclr.Projection: lambda: on(x(3, 6), lambda: simclr.Projection(6, 4)),
    simclr.SimCLR: lambda: on(x(3, 3, 4, 4), lambda: simclr.SimCLR(nn.Flatten(), 48, 4)),
    simclr.concatenated: lambda: simclr.concatenated(x(4, 5), x(4, 5)),
    simclr.interleave: lambda: simclr.interleave(x(4, 5), x(4, 5)),
    simclr.nt_xent: lambda: simclr.nt_xent(x(6, 5), x(6, 5), 0.1),
    transformer.EncoderBlock: lambda: on(
        x(2, 5, 12), lambda: transformer.EncoderBlock(12, 3, 24)
    ),
    attention.MultiHeadAttention: lambda: on(
        x(2, 5, 12), lambda: attention.MultiHeadAttention(12, 3)
    ),
    transformer.TransformerDecoder: lambda: on(
        x(2, 6, 8),
        lambda: Fed(
            transformer.TransformerDecoder(9, 12, 1, 3, 24, 4, features=8, places=6, summed=4),
            labels(2, 9)[:, None],
        ),
    ),
    attention.attention: lambda: attention.attention(x(2, 5, 4), x(2, 6, 4), x(2, 6, 3)),
    vit.PatchEmbedding: lambda: on(x(2, 3, 16, 16), lambda: vit.PatchEmbedding(8, 12)),
    vit.ViT: lambda: on(x(2, 3, 16, 16), lambda: vit.ViT(16, 8, 12, 1, 3, 24, classes=5)),
}
TRANSFORMS = {  # through which no gradient need flow
    vary: lambda: vary(x(2, 4, 8, 8), torch.Generator()),
    transforms.blur: lambda: transforms.blur(x(2, 3, 8, 8), x(2), 3),
    transforms.colour_jitter: lambda: transforms.colour_jitter(x(2, 3, 8, 8), x(2, 4)),
    transforms.crop: lambda: transforms.crop(x(2, 3, 8, 8), x(2, 4), (6, 6)),
    transforms.greyscale: lambda: transforms.greyscale(x(2, 3, 8, 8), yes(2)),
    transforms.mirror: lambda: transforms.mirror(x(2, 3, 8, 8), yes(2)),
    transforms.noise: lambda: transforms.noise(x(2, 3, 8, 8), x(2), x(2, 3, 8, 8)),
    transforms.sobel: lambda: transforms.sobel(x(2, 3, 8, 8), yes(2)),
    transforms.turn: lambda: transforms.turn(x(2, 3, 8, 8), labels(2, 4)),
}
NO_GRADIENT = {  # answers with yes or no
    clip.hits_at_k: lambda: clip.hits_at_k(x(4, 3), yes(12).reshape(4, 3), 1),
    vae.active_units: lambda: vae.active_units(x(4, 2)),
}
TILED = {  # their backward pass is by hand; autocast, which they use, knows no device ``meta``
    contrastive_loss_tiled: lambda: contrastive_loss_tiled(x(6, 5), x(6, 5), 14.3),
    simclr.nt_xent_gathered: lambda: simclr.nt_xent_gathered(x(6, 5), x(6, 5), 0.1),
    simclr.nt_xent_tiled: lambda: simclr.nt_xent_tiled(x(6, 5), x(6, 5), 0.1),
}


NO_TENSOR = {  # numbers alone, or what a computation starts from
    "clip.gathered", "clip.recall_at_k", "clip_towers.label_prompts",
    "clip_towers.require_different", "clip_towers.split_words", "schedules.linear_schedule",
    "schedules.cosine_schedule", "schedules.require_times", "samplers.times",
    "samplers.require_order",
    "caption_metrics.apart", "caption_metrics.bleu", "caption_metrics.cider_d",
    "caption_metrics.cider_d_each", "caption_metrics.clipped", "caption_metrics.ngrams",
    "cnn.count_parameters", "cnn.receptive_field", "convolution.box_filter",
    "attention.require_tokens", "vocabulary.require_words", "autoencoders.require_floats",
    "autoencoders.require_sizes",
    "convolution.gaussian_filter", "attention.causal_mask",
    "dcgan.has_batch_norm", "gan.frozen",
    "vit.from_torchvision", "convolution.output_size", "cpc.correlated",
    "cpc.gaussian_information", "cpc.mutual_information_bound", "resnet.count_layers",
    "resnet_depth.random_stack",
}  # fmt: skip
BY_VALUE = {  # what they do next depends on values, which there are none of here
    "gan.step", "search.beam_search", "search.greedy",
    "naive_bayes.fit", "naive_bayes.log_prior",
    "probe.features", "probe.knn", "probe.linear_probe", "resnet.gradient_norms",
    "resnet_depth.sizes", "attention.padding_mask", "autoencoders.holds",
    "autoencoders.require_pixels",
}  # fmt: skip
PART_OF = {
    "schedules.pick": schedules.levels,
    "unet.Block": unet.UNet,
    "autoencoders.Decoder": autoencoders.Autoencoder,
    "autoencoders.Encoder": autoencoders.Autoencoder,
    "captioning.GRUDecoder": captioning.Captioner,
    "captioning.ImageEncoder": captioning.Captioner,
    "captioning.Residual": captioning.Captioner,
    "cpc.PatchEncoder": cpc.CPC,
    "resnet.ResNet": resnet.resnet,
    "transformer.DecoderBlock": transformer.TransformerDecoder,
}


def public() -> Iterator[tuple[str, Callable]]:
    """Functions and modules of the reference; studies are experiments with them."""
    for info in pkgutil.iter_modules(reference.__path__):
        module = importlib.import_module(f"{reference.__name__}.{info.name}")
        for name, value in vars(module).items():
            own = getattr(value, "__module__", "") == module.__name__
            kind = inspect.isfunction(value) or (
                isinstance(value, type) and issubclass(value, nn.Module)
            )
            if own and kind and not name.startswith("_") and not info.name.endswith("_studies"):
                yield f"{info.name}.{name}", value


def tensors(value: Any) -> list[Tensor]:
    return [t for t in tree_leaves(value) if isinstance(t, Tensor)]


def named(case: Callable) -> str:
    return case.__name__


def test_all_of_the_reference_is_tried() -> None:
    left = {name for name, value in public() if value not in {**CASES, **TILED, **NO_GRADIENT}}
    assert left == NO_TENSOR | BY_VALUE | PART_OF.keys()


# A GRU on CUDA asks the driver which of its ways to go; a penalty is a gradient, which there
# takes a thread of the GPU's.
NEEDS_A_GPU = (cpc.CPC, gan.gradient_penalty)


@pytest.mark.parametrize(
    "case",
    [c for c in {**CASES, **TRANSFORMS, **TILED, **NO_GRADIENT} if c not in NEEDS_A_GPU],
    ids=named,
)
def test_forward_on_cuda(case: Callable, unseen: None) -> None:
    cases = {**CASES, **TRANSFORMS, **TILED, **NO_GRADIENT}
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():  # constants: as they are
        made = tensors(cases[case]())
    assert {t.device.type for t in made} == {"cuda"}


@pytest.mark.parametrize("case", CASES, ids=named)
def test_forward_and_backward_off_the_cpu(
    case: Callable, elsewhere: None, unseen: None
) -> None:
    made = tensors(CASES[case]())
    assert {t.device.type for t in made} == {"meta"}
    if learned := [t.sum() for t in made if t.requires_grad]:
        torch.stack(learned).sum().backward()


def test_the_tiled_loss_goes_backward_on_cuda() -> None:
    kept: list[Tensor] = []
    with FakeTensorMode(), torch.no_grad():
        ctx = SimpleNamespace(save_for_backward=lambda *given: kept.extend(given))
        loss = simclr._Tiled.forward(ctx, x(6, 5), 0.1, 4)
        ctx.saved_tensors = kept
        gradient, *_ = simclr._Tiled.backward(ctx, loss)
    assert (gradient.device.type, gradient.shape) == ("cuda", (6, 5))


STEPS = {
    "classify": (classify, cnn.LeNet, (4, 1, 28, 28)),
    "rotation": (
        representation.rotation,
        lambda: resnet.cifar_resnet(8, classes=4),
        (4, 3, 32, 32),
    ),
    "autoencoder": (codes.reconstruction, autoencoders.Autoencoder, (4, 1, 28, 28)),
    "denoiser": (codes.denoising, autoencoders.Denoiser, (4, 2, 1, 12, 16)),
    "vae": (codes.negative_elbo, vae.VAE, (4, 1, 28, 28)),
    "vae, binary": (codes.negative_elbo, lambda: vae.MLPVAE(3, 8), (4, 1, 28, 28)),
    "cpc": (representation.prediction, lambda: cpc.CPC(3, 8, 4, 16, 12, 2), (4, 3, 32, 32)),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_a_training_step_off_the_cpu(
    name: str, optimiser: str, elsewhere: None, unseen: None
) -> None:
    objective, make, shape = STEPS[name]
    with torch.device(_device):
        model = make()
    steps = optimise.optimiser(optimiser, model, lr=0.1, weight_decay=1e-4)
    loss, _ = objective(model, x(*shape), labels(4, 4))
    loss.backward()
    steps.step()
    assert {p.grad.device.type for p in model.parameters() if p.grad is not None} == {"meta"}


def test_a_step_of_two_networks_off_the_cpu(elsewhere: None, unseen: None) -> None:
    networks = made(dcgan.Generator), made(dcgan.Discriminator)
    rules = [torch.optim.Adam(network.parameters()) for network in networks]
    losses = gan.step(*networks, x(4, 1, 28, 28), x(4, 32), (rules[0], rules[1]))
    assert {loss.device.type for loss in losses} == {"meta"}
    for network in networks:
        assert {p.grad.device.type for p in network.parameters()} == {"meta"}


@pytest.mark.parametrize("name", [name for name in STEPS if name != "cpc"])
def test_objectives_on_cuda(name: str, unseen: None) -> None:
    objective, make, shape = STEPS[name]
    with FakeTensorMode(), torch.no_grad():
        with torch.device("cuda"):
            model = make()
        loss, hits = objective(model, x(*shape), labels(4, 4))
    assert {loss.device.type, hits.device.type} == {"cuda"}


def test_two_views_agree_on_cuda() -> None:
    with FakeTensorMode(), torch.no_grad():
        with torch.device("cuda"):
            model = simclr.SimCLR(nn.Flatten(), 48, 4)
        loss, hits = representation.agreement(model, x(3, 2, 3, 4, 4), labels(3, 3))
    assert {loss.device.type, hits.device.type} == {"cuda"}


def scenes_with_words() -> dict[str, Tensor]:
    """A batch as the recipes of captions have it."""
    cells = {name: labels(4, 2)[:, None].expand(4, 64) for name in ("thing", "size", "colour")}
    images = torch.zeros(4, 3, 64, 64, dtype=torch.uint8, device=_device)
    words = torch.ones(4, 7, dtype=torch.uint8, device=_device)
    return {"images": images, "words": words, "ground": labels(4, 2), **cells}


def caption_tasks(name: str) -> list[tuple[nn.Module, Callable]]:
    """A captioner before its encoder's dense task and before its own."""
    with torch.device(_device):
        network = untrained(name)
        dense = captions.Dense(network.encoder, network.encoder.size)
    return [(dense, captions.dense_loss), (network, captions.caption_loss)]


@pytest.mark.parametrize("name", CAPTIONERS)
def test_a_training_step_of_captions_off_the_cpu(name: str, elsewhere: None) -> None:
    for network, objective in caption_tasks(name):
        steps = torch.optim.AdamW(network.parameters(), 1e-3)
        loss, right = objective(network, scenes_with_words())
        loss.backward()
        steps.step()
        assert {t.device.type for t in (loss, right)} == {"meta"}
        assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize("name", CAPTIONERS)
def test_captions_on_cuda(name: str) -> None:
    """Both objectives, and a decoder that goes on word by word from other rows."""
    with FakeTensorMode(), torch.no_grad():
        made = [objective(net, scenes_with_words()) for net, objective in caption_tasks(name)]
        with torch.device("cuda"):
            network = untrained(name).eval()
        decoder: Any = network.decoder
        state = decoder.start(network.encoder(scenes_with_words()["images"]))
        for _ in range(2):
            logits, state = decoder.step(labels(4, 9), state)
            state = decoder.reorder(state, labels(4, 4))
            made += [logits, *tensors(state)]
    assert {t.device.type for t in tensors(made)} == {"cuda"}


@pytest.mark.parametrize("forgets", [lambda x: x + torch.zeros(3), lambda x: x @ torch.ones(3)])
def test_a_tensor_left_on_the_cpu_is_refused(forgets: Callable) -> None:
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    with mode, torch.no_grad(), pytest.raises(RuntimeError, match="device"):
        forgets(x(3))
