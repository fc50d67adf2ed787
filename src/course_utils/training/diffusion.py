"""A diffusion model of clothes: how it learns, what it draws, how two classifiers judge it."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Generator as Dice
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from course_utils.course import CourseError
from course_utils.data import Batches
from course_utils.reference.diffusion import Schedule, loss
from course_utils.reference.samplers import drop_classes, sample, times
from course_utils.reference.unet import UNet
from course_utils.training import resume as state
from course_utils.training.ema import follow
from course_utils.training.fit import Epoch
from course_utils.training.gan import DICE

LONGEST = 1.0  # to which the gradient of all weights together is cut


@dataclass(frozen=True)
class Round(Epoch):
    """What one pass over the data gave; loss is that of the weights while they learned.

    Of images that the average of the weights draws with guidance, ``accuracy`` is the share
    that the second judge names as the class they were asked for; ``distance`` is Fréchet's.
    """

    distance: float


def spread_times(number: int, steps: int) -> Tensor:
    """t of each image of a batch, (number,): each uniform on 1 to T, all together spread out.

    One is drawn from each ``number``-th part of the schedule, which makes the mean loss of a
    batch less of a lottery (D. Kingma et al., "Variational diffusion models", NeurIPS 2021,
    appendix I.1).
    """
    share = (torch.arange(number, dtype=torch.float64) + torch.rand(number)) / number
    return (share * steps).long().clamp(max=steps - 1) + 1


def rate(at: int, steps: int) -> float:
    """The share of the learning rate: up in 2 % of all steps, down by a cosine from 40 % on."""
    done = at / steps
    down = 0.5 * (1 + math.cos(math.pi * max(0.0, done - 0.4) / 0.6))
    return min(1.0, (at + 1) / max(1, 0.02 * steps), down + 0.003)


def quick_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 by itself: GPUs do, and some CPUs.

    On other CPUs training in it is slower; torch has no public question for that.
    """
    asked = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return device.type == "cuda" or (device.type == "cpu" and bool(asked()))


def learn(
    network: UNet,
    batches: Batches,
    epochs: int,
    schedule: Schedule,
    judge: Callable[[UNet], tuple[float, float]],
    *,
    lr: float = 2e-3,
    drop: float = 0.1,
    decay: float = 0.999,
    prediction: str = "v",
    bfloat16: bool | None = None,
    resume: Path | None = None,
    watch: Callable[[Epoch], None] = lambda _: None,
) -> tuple[UNet, list[Round]]:
    """Train in place; the weights' moving average, and the curve.

    AdamW, a warm-up and a cosine, gradients cut to length 1.

    Args:
        batches: full ones alone, of images made ``gan.symmetric``.
        judge: gives the average's share of images named rightly and its distance, after each
            epoch.
        lr: the highest learning rate.
        drop: the share of labels that are not told.
        decay: of the moving average.
        prediction: what the network is to say, "v", "eps" or "x0".
        bfloat16: the network in mixed precision; None: where that is quicker.
        resume: a file that holds the state after each epoch, see ``fit``.
        watch: is told each epoch.

    Raises:
        CourseError: the loss is not finite. The state before that epoch is kept.
    """
    device = next(network.parameters()).device
    settings: dict[str, Any] = {
        "epochs": epochs, "batches": len(batches), "lr": lr, "drop": drop, "decay": decay,
        "prediction": prediction,
        "bfloat16": quick_bfloat16(device) if bfloat16 is None else bfloat16,
        "steps": schedule.steps, "last": schedule.alpha_bar[-1].item(),
    }  # fmt: skip
    lesson = _Lesson(network, schedule, epochs * len(batches), settings)

    def learned(number: int) -> Round:
        bar = tqdm(batches, f"epoch {number}", leave=False, disable=None)
        error = torch.stack([lesson.learn(x, y) for x, y in bar]).mean().item()
        if not math.isfinite(error):
            raise CourseError(f"the loss is {error} in epoch {number}: try a lower lr")
        return Round(number, error, *judge(lesson.mean))

    parts = lesson.parts()
    curve = state.epochs(epochs, learned, Round, resume, parts, batches, settings, watch)
    return lesson.mean, curve


class _Lesson:
    """A network with what moves it, and the moving average of its weights."""

    def __init__(
        self, network: UNet, schedule: Schedule, steps: int, settings: dict[str, Any]
    ) -> None:
        self.network, self.schedule, self.settings = network, schedule, settings
        self.rule = AdamW(network.parameters(), settings["lr"], weight_decay=0.01, fused=True)
        self.rate = LambdaLR(self.rule, partial(rate, steps=steps))
        self.mean = copy.deepcopy(network).eval()

    def learn(self, x0: Tensor, classes: Tensor) -> Tensor:
        """One batch: its loss."""
        t = spread_times(len(x0), self.schedule.steps).to(x0.device)
        noise = torch.randn(x0.shape).to(x0.device)
        told = drop_classes(classes, self.settings["drop"])
        with torch.autocast(x0.device.type, torch.bfloat16, enabled=self.settings["bfloat16"]):
            error = loss(
                self.network, x0, t, noise, self.schedule, self.settings["prediction"], told
            )
        self.rule.zero_grad(set_to_none=True)
        error.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), LONGEST)
        self.rule.step()
        self.rate.step()
        follow(self.mean, self.network, self.settings["decay"], self.rate.last_epoch)
        return error.detach()

    def parts(self) -> dict[str, Any]:
        """All that has a state."""
        names = ("network", "rule", "rate", "mean")
        return {name: getattr(self, name) for name in names}


def gallery(
    network: UNet,
    schedule: Schedule,
    number: int,
    guidance: float | None = None,
    steps: int = 20,
    told: bool = True,
    eta: float = 0.0,
    prediction: str = "v",
) -> tuple[Tensor, Tensor]:
    """What a network draws, in 0 to 1, (number, 1, 28, 28), and the classes asked for.

    The classes come in turn; always from the same noise.

    Args:
        guidance: the scale; None: none.
        steps: of the sampler.
        told: whether the network is told the classes, (number,).
        eta: 0 for DDIM, 1 for as much new noise as DDPM adds.
        prediction: what the network says.
    """
    device = next(network.parameters()).device
    classes = torch.arange(number) % network.classes
    dice = Dice().manual_seed(DICE)
    starts = torch.randn(number, 1, 28, 28, generator=dice)
    path, parts = times(schedule.steps, steps), []
    for start, which in zip(starts.split(250), classes.split(250), strict=True):
        asked = which.to(device) if told else None
        added = torch.randn((steps - 1) if eta else 0, *start.shape, generator=dice)
        noise = torch.cat([start[None], added]).to(device)
        parts.append(
            sample(
                network, start.shape, schedule, path, eta, noise,
                guidance=guidance, classes=asked, prediction=prediction,
            )
        )  # fmt: skip
    return ((torch.cat(parts) + 1) / 2).clamp(0, 1), classes.to(device)
