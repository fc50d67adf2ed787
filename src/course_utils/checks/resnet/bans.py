"""What would make the exercises of this chapter trivial."""

from course_utils.checks.watch import Ban

NORM_BY_HAND = Ban(
    "take mean and variance yourself, they are the exercise",
    operators=r"(batch|instance|layer|group|rms)_norm",
    modules=(
        *(
            f"torch.nn.modules.{name}"
            for name in ("batchnorm", "instancenorm", "normalization")
        ),
        "torch.nn.functional:rms_norm",
        "torchvision",
    ),
)
DRAW_BY_HAND = Ban("draw the weights yourself, it is the exercise", modules=("torch.nn.init",))
BLOCK_BY_HAND = Ban("put the block together yourself, it is the exercise", "", ("torchvision",))
COUNT_BY_HAND = Ban("count it yourself, it is the exercise", modules=("torchvision",))
