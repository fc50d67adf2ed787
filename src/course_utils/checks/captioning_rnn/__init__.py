"""Visible checks of chapter 6, captioning with RNNs: one file an exercise."""

from course_utils.checks.captioning_rnn.additive_attention import additive_attention
from course_utils.checks.captioning_rnn.beam_search import beam_search
from course_utils.checks.captioning_rnn.caption_batch import caption_batch
from course_utils.checks.captioning_rnn.caption_loss import caption_loss
from course_utils.checks.captioning_rnn.corpus_bleu import corpus_bleu
from course_utils.checks.captioning_rnn.gru_step import gru_step

__all__ = [
    "additive_attention",
    "beam_search",
    "caption_batch",
    "caption_loss",
    "corpus_bleu",
    "gru_step",
]
