"""The packed windows of a job as batches of tensors."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch


class Windows(torch.utils.data.Dataset[int]):  # type: ignore[misc]
    """The packed windows of a job, memory-mapped; blank ones at the end share the last step evenly over devices.

    Several devices take a batch each in turn: ``multiple`` is the windows of one turn. Where some had none left, they
    would be given the first windows again. ``flat`` lays a batch end to end as a single row: only there does flash
    attention keep apart what restarts (transformers 5.23; in several rows items would see each other).
    """

    def __init__(self, data: Path, multiple: int, flat: bool = False) -> None:
        self.ids, self.trained, self.positions = (
            np.load(data / f"{name}.npy", mmap_mode="r") for name in ("ids", "trained", "positions")
        )
        self.size = -(-len(self.ids) // multiple) * multiple
        self.flat = flat

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, number: int) -> int:
        return number

    def collate(self, numbers: Sequence[int]) -> dict[str, torch.Tensor]:
        """A batch of windows; no attention mask, as positions that restart are what isolates the items."""
        real = np.array([number for number in numbers if number < len(self.ids)], np.int64)
        blank = len(numbers) - len(real)
        ids = torch.from_numpy(self.ids[real].astype(np.int64))
        labels = ids.masked_fill(torch.from_numpy(~self.trained[real]), -100)
        positions = torch.from_numpy(self.positions[real].astype(np.int64))
        width = self.ids.shape[1]
        batch = {
            "input_ids": torch.cat([ids, torch.zeros(blank, width, dtype=torch.int64)]),
            "labels": torch.cat([labels, torch.full((blank, width), -100)]),
            "position_ids": torch.cat([positions, torch.arange(width).expand(blank, width)]),
        }
        return {name: rows.reshape(1, -1) for name, rows in batch.items()} if self.flat else batch
