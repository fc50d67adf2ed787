"""What would make the exercises of this chapter trivial."""

from course_utils.checks.watch import Ban

LAYERS = ("batchnorm", "instancenorm", "normalization")
NORM_BY_HAND = Ban(
    "take mean and variance yourself, they are the exercise",
    operators=r"(batch|instance|layer|group|rms)_norm",
    modules=(*(f"torch.nn.modules.{name}" for name in LAYERS), "torch.nn.functional:rms_norm"),
)
DRAW_BY_HAND = Ban("draw the weights yourself, it is the exercise", modules=("torch.nn.init",))
BY_HAND = Ban("write it yourself, it is the exercise", modules=("torchvision",))
