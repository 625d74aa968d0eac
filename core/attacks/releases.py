"""From a frozen model and a data set to what an attacker has: the releases, and its own labels."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, overload

import numpy as np
import psutil  # type: ignore[import-untyped]
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from core import device as devices
from core.attacks.interface import AttackerView
from core.data import on_device
from core.data.faces import SPLITS, Faces
from core.data.held import Held, Rows, in_file, joined, subset
from core.data.order import canonical_order, pictured
from core.embedders.embedder import Embedder
from core.methods.declare import VERIFICATION
from core.run import Run, home

# Share of the free memory that releases may take; attacks need as much again for copies.
SHARE_OF_MEMORY = 0.3
# Noise is drawn batch by batch: with batches of another size one seed would give other noise.
NOISY_BATCH = 256
SHARE_FOR_EXTRA = 0.2  # a second source's: decoders copy them twice

Release = Callable[[Tensor, Generator], Tensor]  # (x float (n, 3, H, W), generator) -> z (n, …)


def view_of(
    release: Release,
    faces: Faces,
    run: Run | None,
    device: torch.device,
    seed: int,
    face_features: Callable[[Tensor], Tensor] | None = None,
    embedder: Embedder | None = None,
) -> AttackerView:
    """Release every photograph once, in an order that depends on the photographs alone.

    Without a run (controls) nothing is private, and verification is the only task. Where the
    releases would not fit into memory they are kept in a file, and photographs read when they are
    asked for (`core.data.held`): nothing is left out.
    """
    rows = {split: canonical_order(faces, faces.indices(split)) for split in SPLITS}
    fit = _fit(release, faces, sum(map(len, rows.values())), device, SHARE_OF_MEMORY)
    places = {s: np.searchsorted(faces.indices(s), order) for s, order in rows.items()}
    read = photographs if fit else photographs_at_need
    x: dict[str, Rows] = {split: read(faces, order, device) for split, order in rows.items()}
    return AttackerView(
        release=release,
        z={split: released(release, x[split], seed + i) for i, split in enumerate(SPLITS)},
        x=x,
        attributes={split: faces.attributes[order] for split, order in rows.items()},
        identities={split: faces.identities[order] for split, order in rows.items()},
        attribute_names=tuple(faces.attribute_names),
        tasks=run.tasks if run else (VERIFICATION,),
        private=run.private if run else (),
        device=device,
        face_features=face_features,
        embedder=embedder,
        pictured=pictured(faces, rows["test"]),
        places=places,
    )


def with_extra(
    view: AttackerView, faces: Faces, rows: NDArray[np.int64], seed: int
) -> AttackerView:
    """What the attacker has, and beside it the photographs `rows` of a second data set `faces` with
    their releases, as `extra`."""
    fit = _fit(view.release, faces, len(rows), view.device, SHARE_FOR_EXTRA)
    x = (photographs if fit else photographs_at_need)(
        faces, canonical_order(faces, rows), view.device
    )
    return replace(view, extra={"x": x, "z": released(view.release, x, seed)})


def by_image(view: AttackerView, seed: int) -> AttackerView:
    """The attacker's, the validation and the test photographs shuffled and divided anew, in the
    same numbers: everybody's photographs are on all sides. No pictures are kept for people."""
    parts = ("attacker", "validation", "test")
    sizes = [len(view.z[part]) for part in parts]
    order = np.random.default_rng(seed).permutation(sum(sizes))
    rows = dict(zip(parts, np.split(order, np.cumsum(sizes)[:-1]), strict=True))

    def tensors(values: dict[str, Rows]) -> dict[str, Rows]:
        whole = joined([values[part] for part in parts])
        return values | {part: subset(whole, rows[part]) for part in parts}

    def arrays(values: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        whole = np.concatenate([values[part] for part in parts])
        return values | {part: whole[rows[part]] for part in parts}

    return replace(
        view,
        z=tensors(view.z),
        x=tensors(view.x),
        attributes=arrays(view.attributes),
        identities=arrays(view.identities),
        pictured=np.arange(0),
        places={},
    )


def photographs(faces: Faces, rows: NDArray[np.int64], device: torch.device) -> Tensor:
    """x uint8 (n, 3, H, W) of the photographs `rows`."""
    return on_device.read(faces, rows).contiguous().to(device)


def photographs_at_need(faces: Faces, rows: NDArray[np.int64], device: torch.device) -> Held:
    """The same, read where they are asked for."""
    return Held(
        lambda positions: photographs(faces, positions.numpy(), device),
        torch.from_numpy(rows),
        device,
        (3, faces.height, faces.width),
    )


@overload
def released(release: Release, x: Tensor, seed: int, batch: int | None = None) -> Tensor: ...
@overload
def released(release: Release, x: Rows, seed: int, batch: int | None = None) -> Rows: ...
def released(release: Release, x: Rows, seed: int, batch: int | None = None) -> Rows:
    """Releases (n, …) of photographs x, uint8 (n, 3, H, W), noise following from the seed; in a
    file where the photographs are not in memory."""
    if batch is None:
        batch = NOISY_BATCH if draws_noise(release, x) else devices.batch(x.device)
    return kept(_released(release, x, seed, batch), x)


def averaged(release: Release, z: Rows, x: Rows, seeds: Sequence[int]) -> Rows:
    """The mean of releases z of photographs x and of one more for each of the `seeds`."""
    more = [_released(release, x, seed, NOISY_BATCH) for seed in seeds]

    def means() -> Iterator[Tensor]:
        for first, *others in zip(z.split(NOISY_BATCH), *more, strict=True):
            total = first.double()
            for other in others:
                total += other.to(total)
            yield (total / (1 + len(others))).float()

    return kept(means(), x)


def _released(release: Release, x: Rows, seed: int, batch: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    for part in x.split(batch):
        pixels = (part.float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            found = release(pixels, generator).float()
        yield found


def kept(parts: Iterable[Tensor], x: Rows) -> Rows:
    """`parts` of what is made of photographs x, where these are: in memory, or in a file."""
    if isinstance(x, Held) and len(x):
        return in_file(parts, len(x), x.device, home() / "releases")
    return torch.cat(list(parts))


def draws_noise(release: Release, x: Rows, count: int = 256) -> bool:
    """Whether two releases of the same photographs, the first of x uint8 (n, 3, H, W), differ: of a code
    that is drawn in some cells alone, few do."""
    one, other = (next(_released(release, x[:count], seed, count)) for seed in (1, 2))
    return not torch.equal(one, other)


def _fit(
    release: Release, faces: Faces, count: int, device: torch.device, of_memory: float
) -> bool:
    """Whether `count` photographs and their releases fit into `of_memory` of the free memory."""
    sample = photographs(faces, np.arange(min(2, len(faces))), device)
    each = released(release, sample, 0)[0].numel() * 4 + sample[0].numel()
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
    else:
        free = psutil.virtual_memory().available
    return each * count <= of_memory * free
