"""One training by several processes, a GPU each: ``torchrun --nproc-per-node 4 …``.

Every process draws the same batches from the same seeds and works on its slice; gradients are
averaged. Without torchrun there is one process, and nothing here does anything. Batch norm sees
the slice of its process alone; the running statistics of the first process are kept.
"""

from __future__ import annotations

import os

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

Batch = tuple[Tensor, Tensor]


def world() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is; 0 writes files and speaks."""
    return dist.get_rank() if dist.is_initialized() else 0


def start(device: torch.device) -> torch.device:
    """Join the other processes where torchrun started several; the device of this one."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return device
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return device


def stop() -> None:
    """Leave the other processes."""
    if dist.is_initialized():
        dist.destroy_process_group()


def wrap(model: nn.Module) -> nn.Module:
    """The model whose backward pass averages gradients over all processes."""
    return DistributedDataParallel(model) if world() > 1 else model


def shard(batch: Batch) -> Batch:
    """This process's slice of a batch; the slices differ by one picture at most.

    Raises:
        ValueError: fewer pictures than processes.
    """
    x, y = batch
    if len(y) < world():
        raise ValueError(f"{len(y)} images for {world()} processes; drop_last may help")
    return x[rank() :: world()], y[rank() :: world()]


def share(part: int, whole: int) -> float:
    """Factor of the mean loss over ``part`` of ``whole`` pictures.

    The processes' gradients, each of its slice's mean, are averaged with equal weights; times
    this the average is the gradient of the whole batch's mean. 1 for one process.
    """
    return world() * part / whole


def total(x: Tensor) -> Tensor:
    """The sum of ``x`` over all processes."""
    if world() > 1:
        x = x.clone()
        dist.all_reduce(x)
    return x
