"""`photographs.safetensors`: what a network saw in photographs, which are known again by their
content, whatever their order and split."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import PenumbraError
from core.storage import files

NAME = "photographs.safetensors"
DIGEST = 16  # bytes


def digest(picture: NDArray[np.uint8]) -> bytes:
    """What a photograph is known by."""
    content = np.ascontiguousarray(picture).tobytes()
    return hashlib.blake2b(content, digest_size=DIGEST).digest()


def read(folder: Path) -> dict[bytes, NDArray[np.float32]]:
    """Digest -> vector (d,). Raises PenumbraError where the file is damaged."""
    path = folder / NAME
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
    keys = (each.tobytes() for each in digests.numpy())
    return dict(zip(keys, vectors.numpy(), strict=True))


def write(folder: Path, known: dict[bytes, NDArray[np.float32]]) -> None:
    digests = np.frombuffer(b"".join(known), np.uint8).reshape(-1, DIGEST).copy()
    vectors = np.stack(list(known.values()))
    tensors = {"digests": torch.from_numpy(digests), "vectors": torch.from_numpy(vectors)}
    files.save_tensors(folder / NAME, tensors)
