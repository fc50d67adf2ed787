"""What would make the exercises of this chapter trivial."""

from course_utils.checks import twins

BY_HAND = twins.ban(
    "write the sum yourself, it is the exercise", twins.CONVOLUTION, twins.AVERAGE_POOLING
)
