"""What would make the exercises of this chapter trivial."""

from course_utils.checks.convolution.bans import BY_HAND
from course_utils.checks.watch import Ban

GRADIENTS_BY_HAND = Ban(
    "write the three gradients yourself, they are the exercise",
    operators=BY_HAND.operators,
    modules=(
        *BY_HAND.modules,
        "torch.autograd:grad",
        "torch.autograd:backward",
        "torch._functorch.eager_transforms",
    ),
)
POOL_BY_HAND = Ban(
    "take the largest value of each window yourself, it is the exercise",
    operators=r"pool",
    modules=("scipy.ndimage", "skimage.measure", "skimage.morphology"),
)
