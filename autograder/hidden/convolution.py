"""Hidden checks of chapter 2, convolution: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

from course_utils.checks import convolution as visible
from course_utils.checks.core import Draw

# -- 2.1 moving average -------------------------------------------------------------------

moving_average = visible.moving_average.hidden_part()
moving_average.gradients("a", points=0.25)


# -- 2.2 Gaussian filter ------------------------------------------------------------------

gaussian_filter = visible.gaussian_filter.hidden_part()


@gaussian_filter.refuses(
    "refuses a sigma that is not positive",
    0.25,
    {
        "sigma = 0 should raise a ValueError too: it divides by zero": {
            "allowed": lambda sigma: sigma >= 0
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield from ((2, 0.0), (2, -1.0), (3, -0.5), (2, 0), (1, 0.01), (2, 1), (0, 0.5))


# -- 2.3 convolution in one dimension -----------------------------------------------------

conv1d = visible.conv1d.hidden_part()
conv1d.gradients("a, b", points=0.5)


# -- 2.4 output size ----------------------------------------------------------------------

output_size = visible.output_size.hidden_part()


@output_size.refuses(
    "refuses a kernel that does not fit",
    0.25,
    {"a kernel as large as the padded input fits once": {"fits": lambda room: room > 0}},
)
def _(draw: Draw) -> Iterator[tuple]:
    yield from ((2, 7, 2, 2), (4, 5, 3, 0), (3, 5, 1, 1), (7, 7, 1, 0))


# -- 2.5 convolution in two dimensions ----------------------------------------------------

conv2d = visible.conv2d.hidden_part()
conv2d.gradients("x, w, bias", points=0.5)


@conv2d.refuses("refuses kernels made for another number of channels", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for channels, made_for in ((3, 2), (1, 3), (6, 3), (3, 3)):
        yield draw.normal(2, channels, 5, 5), draw.normal(4, made_for, 3, 3)


# -- 2.6 separable filter -----------------------------------------------------------------

separable_filter = visible.separable_filter.hidden_part()
separable_filter.gradients("x, k", points=0.5)


# -- 2.7 edges ----------------------------------------------------------------------------

edge_strength = visible.edge_strength.hidden_part()
edge_strength.gradients("x", points=0.5)
