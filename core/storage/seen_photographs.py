"""`photographs.safetensors`: what a network saw in photographs, each known again by its digest
(`core.data.order.digest`), whatever its order and split."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import PenumbraError
from core.storage import files

NAME = "photographs.safetensors"


def read(folder: Path) -> dict[bytes, NDArray[np.float32]]:
    """Digest -> vector (d,). Raises PenumbraError where the file is damaged."""
    path = folder / NAME
    if not path.is_file():
        return {}
    tensors = files.load_tensors(path)
    empty = torch.empty(0)
    digests, vectors = (tensors.get(name, empty) for name in ("digests", "vectors"))
    kinds = (digests.dtype, digests.ndim, vectors.dtype, vectors.ndim)
    whole = kinds == (torch.uint8, 2, torch.float32, 2) and digests.shape[1] == 16
    if not whole or len(digests) != len(vectors) or not torch.isfinite(vectors).all():
        raise PenumbraError(f"{path} is not what Penumbra wrote; delete it and evaluate again")
    keys = (each.tobytes() for each in digests.numpy())
    return dict(zip(keys, vectors.numpy(), strict=True))


def write(folder: Path, known: dict[bytes, NDArray[np.float32]]) -> None:
    digests = np.stack([np.frombuffer(digest, np.uint8) for digest in known])
    vectors = np.stack(list(known.values()))
    tensors = {"digests": torch.from_numpy(digests), "vectors": torch.from_numpy(vectors)}
    files.save_tensors(folder / NAME, tensors)
