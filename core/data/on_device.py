"""Photographs on the device and batches of them, with no worker processes.

A batch is a gather from one tensor, and which photographs it holds is a pure function of (number of
photographs, batch size, step, seed, stage): a resumed training needs no loader state.
"""

import functools
from dataclasses import dataclass

import numpy as np
import psutil  # type: ignore[import-untyped]
import torch

from core.data.faces import Faces
from core.errors import PenumbraError
from core.seeding import seed_of

# Share of the free memory the photographs may take; the rest is for networks and activations.
SHARE_OF_DEVICE = 0.5
SHARE_OF_HOST = 0.6
CHUNK = 4096  # photographs moved at a time


@dataclass(frozen=True, eq=False)
class OnDevice:
    """Some of a data set's photographs, ready to draw batches from.

    images      uint8 (n, 3, H, W) on `device`; on the host where the device is too small; None
                where the host is, too: then batches are read from the packed file
    attributes  float32 (n, A) of 0 and 1, on `device`
    identities  int64 (n,), on `device`
    indices     int64 (n,) numpy: positions in `faces`
    device      where batches arrive
    """

    images: torch.Tensor | None
    attributes: torch.Tensor
    identities: torch.Tensor
    indices: np.ndarray
    faces: Faces
    device: torch.device

    def __len__(self) -> int:
        return len(self.indices)


def to_device(
    faces: Faces, which: str | np.ndarray, device: str | torch.device, channels_last: bool = False
) -> OnDevice:
    """Photographs of a split (by name) or at positions int64 (n,) on `device`, in the memory format
    that batches drawn from them will have."""
    device = torch.device(device)
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", torch.cuda.current_device())
    indices = faces.indices(which) if isinstance(which, str) else np.asarray(which, dtype=np.int64)
    return OnDevice(
        images=_images(faces, indices, device, channels_last),
        attributes=torch.from_numpy(faces.attributes[indices].astype(np.float32)).to(device),
        identities=torch.from_numpy(faces.identities[indices].astype(np.int64)).to(device),
        indices=indices,
        faces=faces,
        device=device,
    )


def _images(
    faces: Faces, indices: np.ndarray, device: torch.device, channels_last: bool
) -> torch.Tensor | None:
    size = len(indices) * 3 * faces.height * faces.width
    if device.type == "cuda" and size <= SHARE_OF_DEVICE * torch.cuda.mem_get_info(device)[0]:
        place = device
    elif size <= SHARE_OF_HOST * psutil.virtual_memory().available:
        place = torch.device("cpu")
    else:
        return None
    images = torch.empty(
        (len(indices), 3, faces.height, faces.width),
        dtype=torch.uint8,
        device=place,
        memory_format=torch.channels_last if channels_last else torch.contiguous_format,
    )
    for start in range(0, len(indices), CHUNK):
        images[start : start + CHUNK] = read(faces, indices[start : start + CHUNK]).to(place)
    return images


def read(faces: Faces, indices: np.ndarray) -> torch.Tensor:
    """Photographs from the packed file, uint8 (n, 3, H, W), in the memory format channels_last."""
    return torch.from_numpy(np.ascontiguousarray(faces.images[indices])).permute(0, 3, 1, 2)


def draw(on_device: OnDevice, positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The batch at `positions` (int64 (b,), on any device): x float32 (b, 3, H, W) in [0, 1] and
    attributes float32 (b, A), both on the device."""
    images, device = on_device.images, on_device.device
    here = positions.to(device, non_blocking=True)
    if images is None:
        pixels = read(on_device.faces, on_device.indices[positions.cpu().numpy()]).to(device)
    elif images.device == device:
        pixels = _gather(images, here)
    else:
        # A pinned batch is copied beside the computation; torch's allocator reuses its memory only
        # after the copy has ended.
        pixels = _gather(images, positions.cpu()).pin_memory().to(device, non_blocking=True)
    # One kernel turns bytes into floats and divides, and keeps the memory format.
    return torch.div(pixels, 255.0), on_device.attributes.index_select(0, here)


def _gather(images: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """images[positions] in the memory format of `images`, which `index_select` alone would lose."""
    if images.is_contiguous():
        return images.index_select(0, positions)
    return images.permute(0, 2, 3, 1).index_select(0, positions).permute(0, 3, 1, 2)


def steps_for(n: int, batch_size: int, epochs: float) -> int:
    """Steps after which every one of `n` photographs has been drawn `epochs` times (at least 1)."""
    return max(1, -(-round(n * epochs) // batch_size))


def batch_positions(
    n: int,
    batch_size: int,
    step: int,
    seed: int,
    stage: str | int,
    device: str | torch.device = "cpu",
) -> torch.Tensor:
    """Positions, int64 (batch_size,), of the batch of a step (from 0) among `n` photographs.

    Each epoch is a permutation seeded by (seed, stage, epoch); the epochs follow one another
    without a gap, and a step takes the next `batch_size` places: every batch is full.
    """
    if n < 1 or batch_size < 1 or step < 0:
        raise ValueError(f"no batch {step} of {batch_size} among {n} photographs")
    start, end = step * batch_size, (step + 1) * batch_size
    device = torch.device(device)
    parts = []
    for epoch in range(start // n, (end - 1) // n + 1):
        order = _permutation(n, seed, stage, epoch, device)
        parts.append(order[max(0, start - epoch * n) : end - epoch * n])
    return parts[0] if len(parts) == 1 else torch.cat(parts)


@functools.lru_cache(maxsize=8)  # the epochs in use, of a few trainings in one process
def _permutation(
    n: int, seed: int, stage: str | int, epoch: int, device: torch.device
) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed_of(f"{seed}\0{stage}\0{epoch}", 8) >> 1)
    # Drawn on the CPU whatever the device, so that the order is the same everywhere.
    return torch.randperm(n, generator=generator).to(device)


def pair_positions(
    identities: np.ndarray, batch_size: int, step: int, seed: int, stage: str | int
) -> torch.Tensor:
    """Positions, int64 (b,), of a batch in which rows 2i and 2i + 1 show one person twice.

    identities is int64 (n,). b is `batch_size`, made even, and at most two per person who has two
    photographs. People come in random order, each once before any comes again; which two
    photographs is drawn anew at every step. Raises PenumbraError below two such people.
    """
    order, starts, counts = _people(identities.astype(np.int64).tobytes())
    if len(starts) < 2:
        raise PenumbraError(
            "this stage needs two photographs of each of at least two people; the defender's split "
            "has not: choose a data set with more photographs per person"
        )
    people = min(batch_size // 2, len(starts))
    chosen = batch_positions(len(starts), people, step, seed, f"pairs/{stage}").numpy()
    rng = np.random.default_rng([seed, step, len(starts)])
    first = rng.integers(counts[chosen])
    second = (first + rng.integers(1, counts[chosen])) % counts[chosen]
    both = np.stack((starts[chosen] + first, starts[chosen] + second), axis=1)
    return torch.from_numpy(order[both.reshape(-1)])


@functools.lru_cache(maxsize=4)
def _people(identities: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Photographs sorted by person, and where each person with two or more begins and how many
    there are."""
    values = np.frombuffer(identities, dtype=np.int64)
    order = np.argsort(values, kind="stable")
    _, starts, counts = np.unique(values[order], return_index=True, return_counts=True)
    several = counts > 1
    return order, starts[several], counts[several]


def part_indices(faces: Faces, part: str) -> np.ndarray:
    """Positions in `faces`, int64 (n,), of a part of the defender's photographs: "all", or
    "protector" (four fifths of the people) and "adversary" (the others). Who belongs where follows
    from the identity's name alone."""
    indices = faces.indices("defender")
    if part == "all":
        return indices
    people, codes = np.unique(faces.identities[indices], return_inverse=True)
    theirs = np.array([seed_of(f"part/{person}", 4) % 5 == 0 for person in people], bool)[codes]
    chosen = indices[theirs if part == "adversary" else ~theirs]
    if not len(chosen):
        raise PenumbraError(
            f"the defender's split has too few people to set some apart as the {part}'s"
        )
    return chosen
