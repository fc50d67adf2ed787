"""What would make the exercises of this chapter trivial."""

from course_utils.checks import twins

FINISHED = (
    "torch._C._nn:scaled_dot_product_attention",
    "torch.nn.functional:multi_head_attention_forward",
    "torch.nn.modules.transformer",
    "torch.nn.attention",
)
ATTENTION = twins.Family("attention|_transformer_encoder", FINISHED)
HEADS = twins.Family("multi_head_attention|_transformer_encoder", FINISHED[1:3])
LAYERS = twins.Family("", ("torch.nn.modules.transformer", "torchvision", "timm"))

ATTENTION_BY_HAND = twins.ban("write the products and the softmax yourself", ATTENTION)
HEADS_BY_HAND = twins.ban("split and merge the heads yourself", HEADS)
BLOCK_BY_HAND = twins.ban("put the block together yourself", LAYERS)
STEP_BY_HAND = twins.ban("put the step together yourself", LAYERS)
MASK_BY_HAND = twins.ban(
    "build the mask yourself, of True and False",
    twins.Family("causal_lower_right|causal_upper_left", ("torch.nn.attention.bias",)),
)
PATCHES_BY_HAND = twins.ban(
    "cut the patches yourself and multiply by the weights", twins.CONVOLUTION, LAYERS
)
