"""Rows that are read where they are asked for: releases and photographs too many for the memory.

An attack takes `Rows`, a tensor or what reads like one, and uses of them `len`, `shape`, `[…]` and
`split`; the functions below do the rest for both.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import PenumbraError

BLOCK = 256  # rows read at once where all are looked at
# Half precision: its largest number, the share of a number that it rounds away at most, and the
# distance of its smallest numbers. Of a dimension's spread at most a `FINE`th may go.
LARGEST_HALF, ROUNDED, SMALLEST = 65504.0, 2.0**-11, 2.0**-24
FINE = 64


@dataclass(frozen=True, eq=False)
class Held:
    """What a tensor (n, …) would be.

    read    positions int64 (b,) on the host -> their rows (b, …) on `device`
    rows    int64 (n,): positions of these rows in what `read` reads
    device  where rows arrive
    each    shape of one row
    """

    read: Callable[[Tensor], Tensor]
    rows: Tensor
    device: torch.device
    each: tuple[int, ...]

    @property
    def shape(self) -> torch.Size:
        return torch.Size((len(self.rows), *self.each))

    @property
    def ndim(self) -> int:
        return 1 + len(self.each)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> Tensor:
        """Rows at a position, a slice, or positions (b,)."""
        if isinstance(key, Tensor):
            key = key.cpu()
        wanted = self.rows[key]
        return self.read(wanted) if wanted.ndim else self.read(wanted[None])[0]

    def split(self, size: int) -> Iterator[Tensor]:
        """All rows in order, `size` at a time."""
        return (self.read(part) for part in self.rows.split(size))

    def cpu(self) -> Tensor:
        """All of them on the host."""
        return torch.cat([part.cpu() for part in self.split(BLOCK)])


Rows = Tensor | Held


def subset(rows: Rows, positions: NDArray[np.int64]) -> Rows:
    """The rows at `positions` (m,), which may repeat."""
    chosen = torch.from_numpy(positions)
    if isinstance(rows, Held):
        return Held(rows.read, rows.rows[chosen], rows.device, rows.each)
    return rows[chosen]


def mapped(rows: Rows, change: Callable[[Tensor], Tensor]) -> Rows:
    """`change` of every row; of what is held, whenever it is read."""
    if not isinstance(rows, Held):
        return change(rows)
    read = rows.read
    each = tuple(change(rows[:1]).shape[1:])
    return Held(lambda wanted: change(read(wanted)), rows.rows, rows.device, each)


def at_need(rows: Rows, change: Callable[[Tensor], Tensor]) -> Held:
    """`change` of every row whenever it is read, of what is in memory as well."""
    if isinstance(rows, Tensor):
        kept = rows
        positions, each = torch.arange(len(kept)), tuple(kept.shape[1:])
        rows = Held(lambda wanted: kept[wanted.to(kept.device)], positions, kept.device, each)
    each = tuple(change(rows[:1]).shape[1:])
    read = rows.read
    return Held(lambda wanted: change(read(wanted)), rows.rows, rows.device, each)


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of one after those of another, on the device of the first."""
    if not any(isinstance(part, Held) for part in parts):
        return torch.cat([part.to(parts[0].device) for part in parts])  # type: ignore[union-attr]
    ends = np.cumsum([len(part) for part in parts])
    device = parts[0].device

    def read(wanted: Tensor) -> Tensor:
        which = np.searchsorted(ends, wanted.numpy(), side="right")
        found = parts[0][:0].new_zeros(len(wanted), *parts[0].shape[1:])
        for place in np.unique(which):
            mine = torch.from_numpy(np.flatnonzero(which == place))
            begin = ends[place] - len(parts[place])
            found[mine.to(device)] = parts[place][wanted[mine] - begin].to(found)
        return found

    return Held(read, torch.arange(int(ends[-1])), device, tuple(parts[0].shape[1:]))


def together(rows: Rows, change: Callable[[Tensor], Tensor]) -> Tensor:
    """`change` of every row as one tensor, for what is small once it is changed."""
    if not isinstance(rows, Held):
        return change(rows)
    return torch.cat([change(part) for part in rows.split(BLOCK)])


def mean(rows: Rows, of: Callable[[Tensor], Tensor], over: tuple[int, ...] = (0,)) -> Tensor:
    """Mean of `of` of every row over the dimensions `over`, 0 among them, which stay as 1 where
    there are others; of what is held in float32."""
    kept = len(over) > 1
    if not isinstance(rows, Held):
        return of(rows).mean(over, keepdim=kept)
    sums = (of(part).double().mean(over, keepdim=kept) * len(part) for part in rows.split(BLOCK))
    return (sum(sums, torch.zeros((), device=rows.device)) / len(rows)).float()


def in_file(parts: Iterable[Tensor], count: int, device: torch.device, folder: Path) -> Held:
    """`count` rows given in `parts`, in half precision in a file of `folder` that vanishes with the
    process; dimensions that half precision would blur, relative to where the first part lies.
    Raises PenumbraError where the disk has no room for them."""
    store: NDArray[np.float16] | None = None
    start = 0
    for part in parts:
        if store is None:
            store = _file(folder, (count, *part.shape[1:]))
            middle, scale = _lies(part)
        part = (part - middle) / scale
        # What is finite stays finite.
        whole = torch.where(part.isfinite(), part.clamp(-LARGEST_HALF, LARGEST_HALF), part)
        store[start : start + len(part)] = whole.half().cpu().numpy()
        start += len(part)
    if store is None or start != count:
        raise ValueError(f"{start} rows were given in place of {count}")
    kept, middle, scale = store, middle.to(device), scale.to(device)

    def read(wanted: Tensor) -> Tensor:
        return torch.from_numpy(kept[wanted.numpy()]).to(device).float() * scale + middle

    return Held(read, torch.arange(count), device, store.shape[1:])


def _lies(part: Tensor) -> tuple[Tensor, Tensor]:
    """(middle, scale) of each dimension of some rows (n, …), float32: 0 and 1 but where half
    precision would round away what tells rows apart, or ends too early."""
    rows = torch.where(part.isfinite(), part, 0).float()
    middle, most = rows.mean(0), rows.abs().amax(0)
    spread = (rows - middle).square().mean(0).sqrt()
    blurred = (most * ROUNDED > spread / FINE) | (spread / FINE < SMALLEST)
    moved = (spread > 0) & (blurred | (most > LARGEST_HALF / FINE))
    # Rows of later parts may lie far from these: half precision has room for them on this scale.
    scale = torch.maximum(FINE * spread, most / 4096).clamp_min(1e-30)
    scale = torch.exp2(torch.log2(scale).round())  # by a power of two nothing is rounded
    return torch.where(moved, middle, 0.0), torch.where(moved, scale, 1.0)


def _file(folder: Path, shape: tuple[int, ...]) -> NDArray[np.float16]:
    folder.mkdir(parents=True, exist_ok=True)
    needed, free = 2 * int(np.prod(shape)), shutil.disk_usage(folder).free
    if needed > free:
        raise PenumbraError(
            f"the releases of {shape[0]} photographs take {needed / 1e9:.1f} GB, which neither the "
            f"memory nor the disk of {folder} has ({free / 1e9:.1f} GB are free): make room there, "
            "or set PENUMBRA_HOME to another disk"
        )
    with tempfile.TemporaryFile(dir=folder) as file:  # the mapping keeps it open
        if hasattr(os, "posix_fallocate"):  # else a disk that fills up meanwhile ends the process
            os.posix_fallocate(file.fileno(), 0, max(1, needed))
        return np.memmap(file, np.float16, "r+", shape=shape)
