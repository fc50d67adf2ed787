"""What the blocks of 4.3 and 4.5 share: a definition, parameters, and aspects with slips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given

Params = dict[str, Tensor]
Make = Callable[..., Params]  # (draw, c_in, c_out, projects) -> parameters
SHORT = "downsample.0 downsample.1"
OWN = "the batch norms use the batch's own statistics: evaluation uses the running ones"


def path(
    x: Tensor, p: Params, layers: str, strides: Mapping[str, int], own: str = ""
) -> Tensor:
    """x through layers such as "conv1 bn1 relu"; ``own``: norms by the batch's statistics."""
    for layer in layers.split():
        if layer == "relu":
            x = x.relu()
        elif f"{layer}.running_mean" in p:
            names = ("weight", "bias", "running_mean", "running_var")
            w, b, mean, var = (p[f"{layer}.{name}"][:, None, None] for name in names)
            if layer in own.split():
                var, mean = torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True)
            x = w * (x - mean) / (var + 1e-5).sqrt() + b
        else:
            w = p[f"{layer}.weight"]
            x = F.conv2d(x, w, None, strides.get(layer, 1), padding=w.shape[-1] // 2)
    return x


def block(
    x: Tensor,
    p: Params,
    stride: int = 1,
    *,
    main: str,
    takes: str,
    own: str = "",
    projects: Callable = lambda x, p, y: "downsample.0.weight" in p,
    short: str = SHORT,
    passes: Callable = lambda s: s,
    inner: Callable = lambda f: f,
    ends: Callable = lambda f, s: (f + s).relu(),
) -> Tensor:
    """relu(F(x) + shortcut(x)); F's layers are ``main``, the layer ``takes`` has the stride."""
    strides = {takes: stride, "downsample.0": stride}
    y = path(x, p, main, strides, own)
    return ends(inner(y), passes(path(x, p, short, strides, own) if projects(x, p, y) else x))


def params(draw: Draw, layers: Sequence[tuple[str, str, int, int, int]]) -> Params:
    """Of (convolution, norm, c_in, c_out, k)."""
    p: Params = {}
    for conv, norm, c_in, c_out, k in layers:
        p[f"{conv}.weight"] = draw.normal(c_out, c_in, k, k) / (c_in * k * k / 2) ** 0.5
        p |= {f"{norm}.{name}": draw.uniform(c_out) + 0.5 for name in ("weight", "running_var")}
        p |= {f"{norm}.{name}": draw.normal(c_out) / 2 for name in ("bias", "running_mean")}
    return p


def block_params(draw: Draw, sizes: Sequence[tuple[int, int, int]], projects: bool) -> Params:
    """Of a block with convolutions (c_in, c_out, k), and of its projection."""
    layers = [(f"conv{n}", f"bn{n}", *size) for n, size in enumerate(sizes, 1)]
    projection = "downsample.0", "downsample.1", sizes[0][0], sizes[-1][1], 1
    return params(draw, [*layers, projection] if projects else layers)


def constant(p: Params) -> Params:
    """The last convolution is 0, so that F(x) is the same everywhere, whatever else F is."""
    last = max(name for name in p if name.startswith("conv"))
    return p | {last: torch.zeros_like(p[last])}


def level(p: Params) -> Params:
    """Norms shift nothing: one channel alone has values of both signs."""
    return {name: 0 * t if name.endswith(("bias", "mean")) else t for name, t in p.items()}


FURTHER = {"bn1.num_batches_tracked": torch.tensor(3), "fc.weight": torch.ones(2, 3).double()}


def shares(exercise: Exercise, make: Make, join: float, projection: float) -> None:
    """What both blocks have: ordinary inputs and the shortcut."""

    @exercise.whole
    def _(draw: Draw) -> Iterator[tuple | Probe]:
        yield draw.normal(2, 4, 5, 7), make(draw, 4, 4, False)
        yield draw.normal(3, 3, 8, 6), make(draw, 3, 5, True), 2
        yield draw.normal(1, 4, 6, 9), make(draw, 4, 4, True), 2
        yield draw.normal(2, 5, 7, 5), make(draw, 5, 3, True), 1
        yield draw.normal(4, 4, 4, 4), make(draw, 4, 4, True)
        yield draw.normal(9, 5, 1, 1), make(draw, 5, 5, True), 2
        yield draw.normal(5, 1, 1, 6), level(make(draw, 1, 1, False))
        yield draw.normal(5, 1, 8, 1), make(draw, 1, 6, True), 3
        yield given(x=draw.normal(2, 3, 7, 8), p=make(draw, 3, 4, True) | FURTHER, stride=3)
        yield given(draw.normal(1, 3, 6, 4), p=make(draw, 3, 3, False) | FURTHER)

    @exercise.aspect(
        "the shortcut is added, then comes the relu",
        join,
        {
            "the shortcut is missing: relu(F(x) + x)": {"ends": lambda f, s: f.relu()},
            "no relu after the sum": {"ends": lambda f, s: f + s},
            "relu before the sum: it comes after": {"inner": lambda f: f.relu()},
        },
    )
    def _(draw: Draw) -> Iterator[tuple]:
        yield draw.normal(2, 4, 5, 7), constant(make(draw, 4, 4, False))

    @exercise.aspect(
        "the shortcut: the projection that p holds, else x",
        projection,
        {
            "no batch norm after the projection": {"short": "downsample.0"},
            "relu on the shortcut: it is linear": {"passes": lambda s: s.relu()},
            "projected where the shape changes: p says where, whatever the shapes": {
                "projects": lambda x, p, y: x.shape != y.shape
            },
        },
    )
    def _(draw: Draw) -> Iterator[tuple]:
        yield draw.normal(2, 3, 6, 8), constant(make(draw, 3, 8, True))
        yield draw.normal(2, 4, 6, 5), constant(make(draw, 4, 4, True))

    exercise.keeps(0.25)
