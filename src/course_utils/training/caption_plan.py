"""How a captioner is trained, in which amounts: what the recipes of captions share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from course_utils.reference.captioning import Captioner
from course_utils.training.captioning import (
    BATCH,
    Dense,
    captions_row,
    decoder_then_all,
    dense_loss,
    dense_row,
    learn,
    rendered,
)
from course_utils.training.run import Run, Trained

SMALLEST = 256  # images of the smallest trial
TRIAL, TRIED = 0.02, 8  # a trial of so small a share takes batches of 8


@dataclass(frozen=True)
class Plan:
    """Scenes and steps; a trial takes its share of both.

    Attributes:
        dense, frozen, together: steps of the encoder's dense task, of the decoder beside the
            frozen encoder, of both end to end.
        lr: the highest learning rate; end to end it is half of that.
        ships: whether the weights travel in the package.
    """

    scenes: int
    dense: int
    frozen: int
    together: int
    batch: int = BATCH
    lr: float = 3e-3
    ships: bool = True

    def train_encoder(self, run: Run, encoder: nn.Module) -> Trained:
        """The dense task: what lies in each cell, and on what ground."""
        size: Any = encoder.size
        network = _placed(Dense(encoder, size), run)
        steps = run.length(self.dense)
        curve = learn(network, dense_loss, self._train(run), steps, seed=run.seed, lr=self.lr,
                      batch=self._batch(run), watch=run.watch)  # fmt: skip
        parameters = sum(p.numel() for p in encoder.parameters())
        row: dict[str, Any] = {"parameters": parameters, "steps": steps}
        row |= dense_row(network.cpu(), rendered("val", 1000))
        return Trained(encoder.state_dict(), row, curve, self.ships)

    def train_captioner(self, run: Run, network: Captioner) -> Trained:
        """From the given encoder; measured with the float16 weights that are kept."""
        network = _placed(network, run)
        frozen, together = run.length(self.frozen), run.length(self.together)
        curve = decoder_then_all(network, self._train(run), frozen, together, run.seed,
                                 run.watch, lr=self.lr, batch=self._batch(run))  # fmt: skip
        network = network.half().float()
        steps = {"steps frozen": frozen, "steps end to end": together}
        row = steps | captions_row(network, 1000 if run.share == 1 else 50)
        return Trained(network.state_dict(), row, curve, self.ships)

    def train_both(self, run: Run, network: Captioner) -> Trained:
        """The encoder on the dense task, then the captioner with it."""
        dense = self.train_encoder(run, network.encoder)
        trained = self.train_captioner(run, network)
        trained.row["of things, after the dense task"] = dense.row["thing"]
        return trained

    def _batch(self, run: Run) -> int:
        return self.batch if run.share > TRIAL else TRIED

    def _train(self, run: Run) -> dict[str, torch.Tensor]:
        return rendered("train", max(SMALLEST, round(self.scenes * run.share)))


def _placed(network: Any, run: Run) -> Any:
    return network.to(run.device, memory_format=torch.channels_last)
