"""What would make the exercises of this chapter trivial."""

from course_utils.checks.watch import Ban

BY_HAND = Ban(
    "write the sum yourself, it is the exercise",
    operators=r"conv(?!ert)|avg_pool",
    modules=(
        "scipy.signal",
        "scipy.ndimage",
        "skimage.filters",
        "numpy:convolve",
        "numpy:correlate",
    ),
)
