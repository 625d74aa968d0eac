"""A face-verification network that is asked only, and what it saw in photographs, kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from core.errors import PenumbraError
from core.storage import files

BATCH = 32
OFTEN = 512  # photographs after which what was seen is written: such networks may be slow
DIGEST = 16  # bytes


@dataclass(frozen=True)
class Embedder:
    """A network and where its answers are kept.

    name      what the names of metrics measured through it end in: letters, digits, _
    key       SHA-256 of its weights and of how photographs are brought before it
    embed     float (n, 3, H, W) in [0, 1] on the CPU -> (n, d), finite, of any length
    folder    of one data set at one size and of this key
    progress  whether to show a bar where it takes long
    """

    name: str
    key: str
    embed: Callable[[Tensor], Tensor]
    folder: Path
    progress: bool = False


def faces_in(embedder: Embedder, pictures: Tensor) -> Tensor:
    """Unit vectors (n, d), float32, of pictures (n, 3, H, W), uint8 or float in [0, 1]; on their
    device, without gradients. Raises PenumbraError where the network answers with NaN."""
    parts = []
    bar = tqdm(
        total=len(pictures), desc=embedder.name, unit="face", leave=False,
        disable=not embedder.progress or len(pictures) <= BATCH,
    )  # fmt: skip
    with torch.no_grad():
        for part in pictures.split(BATCH):
            pixels = part.cpu()
            pixels = pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels.float()
            found = embedder.embed(pixels).float()
            if not torch.isfinite(found).all():
                raise PenumbraError(
                    f"{embedder.name} answers with NaN or infinite numbers; choose another network"
                )
            parts.append(functional.normalize(found))
            bar.update(len(part))
    bar.close()
    return torch.cat(parts).to(pictures.device)


def photographed(embedder: Embedder, photographs: Tensor) -> Tensor:
    """`faces_in` photographs uint8 (n, 3, H, W) of the data set, each asked for once and kept.

    They are known again by their content, whatever their order and split. A second process waits
    for the first and finds its work done; one that was killed goes on near where it was. Raises
    PenumbraError where the file is damaged.
    """
    wanted = [_digest(picture) for picture in photographs.cpu().numpy()]
    path = embedder.folder / "photographs.safetensors"
    embedder.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(embedder.folder / ".lock"):
        known = _read(path)
        places = {digest: place for place, digest in enumerate(wanted) if digest not in known}
        missing = list(places.items())
        for start in range(0, len(missing), OFTEN):
            some = missing[start : start + OFTEN]
            found = faces_in(embedder, photographs[[place for _, place in some]])
            known |= dict(zip((digest for digest, _ in some), found.cpu().numpy(), strict=True))
            _write(path, known)
    seen = torch.from_numpy(np.stack([known[digest] for digest in wanted]))
    return seen.to(photographs.device)


def _digest(picture: NDArray[np.uint8]) -> bytes:
    content = np.ascontiguousarray(picture).tobytes()
    return hashlib.blake2b(content, digest_size=DIGEST).digest()


def _read(path: Path) -> dict[bytes, NDArray[np.float32]]:
    if not path.is_file():
        return {}
    tensors = files.load_tensors(path)
    digests, vectors = tensors.get("digests"), tensors.get("vectors")
    if (
        digests is None
        or vectors is None
        or digests.dtype != torch.uint8
        or vectors.dtype != torch.float32
        or digests.shape[1:] != (DIGEST,)
        or vectors.ndim != 2
        or len(digests) != len(vectors)
        or not torch.isfinite(vectors).all()
    ):
        raise PenumbraError(f"{path} is not what Penumbra wrote; delete it and evaluate again")
    keys = (digest.tobytes() for digest in digests.numpy())
    return dict(zip(keys, vectors.numpy(), strict=True))


def _write(path: Path, known: dict[bytes, NDArray[np.float32]]) -> None:
    digests = np.frombuffer(b"".join(known), np.uint8).reshape(-1, DIGEST).copy()
    vectors = np.stack(list(known.values()))
    files.save_tensors(
        path, {"digests": torch.from_numpy(digests), "vectors": torch.from_numpy(vectors)}
    )
