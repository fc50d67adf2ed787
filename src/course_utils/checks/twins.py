"""Families of functions that do the same thing in torch and beside it.

An exercise bans a family, so that ``scipy.special.softmax`` is no way round a ban of torch's:

    BY_HAND = twins.ban("write the sum yourself, it is the exercise", twins.CONVOLUTION)
"""

from __future__ import annotations

from dataclasses import dataclass

from course_utils.checks.ban import Ban


@dataclass(frozen=True)
class Family:
    """Torch operators as a regular expression, and modules or functions as ``Ban`` has them."""

    operators: str = ""
    modules: tuple[str, ...] = ()


# numpy:correlate2 is what numpy.correlate calls.
CONVOLUTION = Family(
    r"conv(?!ert)",
    (
        "scipy.signal", "scipy.ndimage", "skimage.filters", "skimage.restoration",
        "scipy.linalg:convolution_matrix", "numpy:convolve", "numpy:correlate",
        "numpy:correlate2", "PIL", "cv2",
    ),
)  # fmt: skip
# One output per axis is computed as a plain mean: only the function's name tells.
ADAPTIVE = tuple(f"torch:adaptive_avg_pool{n}d" for n in (1, 2, 3))
AVERAGE_POOLING = Family(r"avg_pool", (*ADAPTIVE, "scipy.ndimage", "skimage.measure", "cv2"))
POOLING = Family(
    r"pool",
    (
        *ADAPTIVE,
        "scipy.ndimage", "skimage.measure", "skimage.morphology", "skimage.filters", "cv2",
    ),
)  # fmt: skip
SOFTMAX = Family(
    r"softmax|log(cum)?sumexp|attention",
    (
        "scipy.special:softmax", "scipy.special:log_softmax", "scipy.special:logsumexp",
        "sklearn.utils.extmath",
    ),
)  # fmt: skip
INITIALISATION = Family("", ("torch.nn.init",))
NETWORKS = Family("", ("torchvision", "timm"))
AUTOGRAD = Family(
    "",
    (
        "torch.autograd:grad",
        "torch.autograd:backward",
        "torch.autograd.forward_ad",
        "torch.autograd.functional",
        "torch.autograd.graph:_engine_run_backward",
        "torch._functorch.eager_transforms",
    ),
)


def ban(why: str, *families: Family) -> Ban:
    """A ban of all that these families hold."""
    operators = "|".join(f"(?:{f.operators})" for f in families if f.operators)
    modules = dict.fromkeys(name for f in families for name in f.modules)
    return Ban(why, operators, tuple(modules))
