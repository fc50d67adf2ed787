"""A call of each function and module of the reference, on the device of ``on_device``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

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
from course_utils.training import transforms
from course_utils.training.clip import vary
from course_utils.training.contrastive_tiled import contrastive_loss_tiled
from tests import on_device
from tests.on_device import labels, made, on, running, x, yes


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
        device=on_device.DEVICE,
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
