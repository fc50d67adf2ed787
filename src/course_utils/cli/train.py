"""Train a network: checkpoint and result."""

from __future__ import annotations

import click

from course_utils.cli.command import command
from course_utils.cli.terminal import say
from course_utils.course import Course


@command("train lenet --device cuda")
@click.argument("name")
@click.option("--device", help="cuda, mps or cpu; default: the fastest available")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    help="trial run with this fraction of images and epochs; nothing is saved",
)
def train(name: str, device: str | None, seed: int, share: float) -> int:
    """Train a network and save its checkpoint and results.

    NAME is a recipe in course_utils.training.recipes.
    """
    import torch

    from course_utils import results
    from course_utils.training import checkpoints, distributed, recipes
    from course_utils.training.fit import Epoch
    from course_utils.training.fit import device as best

    def watch(epoch: Epoch) -> None:
        if distributed.rank() == 0:
            say(
                f"epoch {epoch.number:3d}  loss {epoch.loss:.4f}  accuracy {epoch.accuracy:.4f}"
            )

    course = Course.find()
    chosen = distributed.start(torch.device(device) if device else best())
    state = course.cache / "training" / f"{name}-{seed}.pt"
    resume = state if share == 1 else None
    trained, record = recipes.train(name, recipes.Run(chosen, seed, watch, resume, share))
    first = distributed.rank() == 0
    distributed.stop()
    if first and resume is None:
        print(trained.row)
    elif first:
        folder = checkpoints.FOLDER if trained.ships else course.cache / "checkpoints"
        path = checkpoints.save_checkpoint(
            name, trained.tensors, record, folder, ships=trained.ships
        )
        result = results.save(name, record, course.root / "results")
        note = "" if trained.ships else "  (does not ship)"
        state.unlink(missing_ok=True)
        print(f"checkpoint {path}{note}\nresult     {result}\n{trained.row}")
    return 0
