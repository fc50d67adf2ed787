"""Visible checks of chapter 7, captioning with transformers: one file an exercise."""

from course_utils.checks.captioning_transformer.attention import attention
from course_utils.checks.captioning_transformer.decode_step import decode_step
from course_utils.checks.captioning_transformer.decoder_block import decoder_block
from course_utils.checks.captioning_transformer.decoder_mask import decoder_mask
from course_utils.checks.captioning_transformer.multi_head import (
    multi_head,
)
from course_utils.checks.captioning_transformer.patch_tokens import patch_tokens

__all__ = [
    "attention",
    "decode_step",
    "decoder_block",
    "decoder_mask",
    "multi_head",
    "patch_tokens",
]
