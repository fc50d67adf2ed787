"""Captions of scenes by larger networks, meant for a GPU."""

from __future__ import annotations

import torch

from course_utils.training.caption_plan import Plan
from course_utils.training.captioners import untrained
from course_utils.training.run import Run, Trained

PLAN = Plan(128_000, 6_000, 10_000, 4_000, batch=256, lr=1e-3, ships=False)


def caption_transformer_large(run: Run) -> Trained:
    """Captions by a transformer of width 256 on a wider CNN, scenes."""
    torch.manual_seed(run.seed)
    return PLAN.train_both(run, untrained("caption_transformer_large"))


def caption_vit_large(run: Run) -> Trained:
    """Captions by a vision transformer and a transformer of width 256, scenes."""
    torch.manual_seed(run.seed)
    return PLAN.train_both(run, untrained("caption_vit_large"))
