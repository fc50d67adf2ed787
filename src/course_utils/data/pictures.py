"""Pictures with labels: a ``torch`` data set, and batches without Python per picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d
from torch.utils.data import Dataset

Augment = Callable[[Tensor], Tensor]


class Pictures(Dataset):
    """Pictures with one label each, whole in memory.

    As tensors: ``images`` (N, C, H, W) uint8, 0 to 255, and ``labels`` (N,) int64.
    As a data set: ``pictures[i]`` is ((C, H, W) float32 in 0 to 1, int), ready for a
    ``DataLoader``. For training: ``batches``, which indexes whole batches on the device.

    Attributes:
        classes: the name of each label.
        name: what this is, for people.
    """

    def __init__(
        self, name: str, images: Tensor, labels: Tensor, classes: Sequence[str]
    ) -> None:
        if len(images) != len(labels):
            raise ValueError(f"{len(images)} images with {len(labels)} labels")
        self.name = name
        self.images = images
        self.labels = labels
        self.classes = tuple(classes)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.images[index].float() / 255, int(self.labels[index])

    def __getitems__(self, indices: list[int]) -> list[tuple[Tensor, int]]:
        """A whole batch for a ``DataLoader``, converted in one step."""
        chosen = torch.as_tensor(indices)
        images = self.images[chosen].float() / 255
        return list(zip(images, self.labels[chosen].tolist(), strict=True))

    def __repr__(self) -> str:
        shape = "×".join(map(str, self.images.shape[1:]))
        return f"{self.name}: {len(self)} images {shape}, {len(self.classes)} classes"

    def select(self, indices: Tensor) -> Pictures:
        """The pictures at ``indices`` (an index or a bool tensor), in that order."""
        return Pictures(self.name, self.images[indices], self.labels[indices], self.classes)

    def per_class(self, count: int, seed: int = 0) -> Pictures:
        """``count`` pictures of every class, drawn by ``seed``: a small balanced set.

        Raises:
            ValueError: a class has fewer.
        """
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(self), generator=generator)
        chosen = []
        for label, name in enumerate(self.classes):
            members = order[self.labels[order] == label]
            if len(members) < count:
                raise ValueError(f"class {name!r} has {len(members)} images, not {count}")
            chosen.append(members[:count])
        return self.select(torch.cat(chosen))

    def halved(self) -> Pictures:
        """Half as high and wide, the mean of every 2 × 2 pixels: a quarter of the work."""
        images = avg_pool2d(self.images.float(), 2).round().byte()
        return Pictures(f"{self.name}, halved", images, self.labels, self.classes)

    def mean_std(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each channel, (C,) float32 each, of values 0 to 1."""
        count = self.images.numel() / self.images.shape[1]
        # Sums over the 256 possible values are exact; a float copy of the set is not needed.
        values = torch.arange(256, dtype=torch.float64) / 255
        flat = self.images.transpose(0, 1).flatten(1)  # (C, N*H*W)
        counts = torch.stack([torch.bincount(channel, minlength=256) for channel in flat])
        mean = (counts * values).sum(1) / count
        variance = (counts * values.square()).sum(1) / count - mean.square()
        return mean.float(), variance.sqrt().float()

    def batches(
        self,
        size: int,
        *,
        shuffle: bool = True,
        seed: int = 0,
        device: torch.device | str | None = None,
        augment: Augment | None = None,
        drop_last: bool = False,
    ) -> Batches:
        """Batches ((B, C, H, W) float32 in 0 to 1, (B,) int64), made on ``device``.

        Each pass over the result is one epoch with an order of its own.

        Args:
            size: pictures in a batch.
            seed: of the order.
            augment: is given and gives a float batch on the device.
            drop_last: leave out a last batch that is not full.
        """
        return Batches(
            self, size, shuffle, seed, torch.device(device or "cpu"), augment, drop_last
        )


class Batches:
    """Epochs of a data set that lies on the device as uint8: one index per batch."""

    def __init__(
        self,
        pictures: Pictures,
        size: int,
        shuffle: bool,
        seed: int,
        device: torch.device,
        augment: Augment | None,
        drop_last: bool,
    ) -> None:
        if size < 1:
            raise ValueError(f"a batch of {size} images")
        self.images = pictures.images.to(device)
        self.labels = pictures.labels.to(device)
        self.size, self.shuffle, self.augment, self.drop_last = (
            size,
            shuffle,
            augment,
            drop_last,
        )
        self.generator = torch.Generator().manual_seed(seed)  # on the CPU: same order anywhere

    def __len__(self) -> int:
        full, rest = divmod(len(self.labels), self.size)
        return full + bool(rest and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = self._order()
        for start in range(0, len(self) * self.size, self.size):
            chosen = order[start : start + self.size]
            images = self.images[chosen].float().div_(255)
            yield self.augment(images) if self.augment else images, self.labels[chosen]

    def _order(self) -> Tensor:
        count = len(self.labels)
        if not self.shuffle:
            return torch.arange(count, device=self.labels.device)
        return torch.randperm(count, generator=self.generator).to(self.labels.device)
