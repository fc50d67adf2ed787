"""What would make the exercises of this chapter trivial."""

from course_utils.checks import twins

GRADIENTS_BY_HAND = twins.ban(
    "write the three gradients yourself, they are the exercise",
    twins.CONVOLUTION,
    twins.AVERAGE_POOLING,
    twins.AUTOGRAD,
)
