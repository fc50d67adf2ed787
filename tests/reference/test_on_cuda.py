"""Forward and backward of each reference on a CUDA device, see ``tests/on_device.py``."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from course_utils import reference
from course_utils.reference import (
    cpc,
    gan,
    simclr,
)
from tests.on_device import tensors, x
from tests.reference.device_cases import (
    BY_VALUE,
    CASES,
    NO_GRADIENT,
    NO_TENSOR,
    PART_OF,
    TILED,
    TRANSFORMS,
)


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


@pytest.mark.parametrize("forgets", [lambda x: x + torch.zeros(3), lambda x: x @ torch.ones(3)])
def test_a_tensor_left_on_the_cpu_is_refused(forgets: Callable) -> None:
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    with mode, torch.no_grad(), pytest.raises(RuntimeError, match="device"):
        forgets(x(3))
