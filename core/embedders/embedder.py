"""A face-verification network that is asked only, and what it saw in photographs, kept on disk."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from core.data.held import Rows
from core.data.order import digest
from core.errors import PenumbraError
from core.storage import seen_photographs

BATCH = 32
OFTEN = 512  # photographs after which what was seen is written: such networks may be slow


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


def faces_in(embedder: Embedder, pictures: Rows) -> Tensor:
    """Unit vectors (n, d), float32, of pictures (n, 3, H, W), uint8 or float in [0, 1]; on their
    device, without gradients. Raises PenumbraError where the network answers with NaN."""
    parts = []
    hidden = not embedder.progress or len(pictures) <= BATCH
    bar = tqdm(total=len(pictures), desc=embedder.name, unit="face", leave=False, disable=hidden)
    with torch.no_grad(), bar:
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
    return torch.cat(parts).to(pictures.device)


def photographed(embedder: Embedder, photographs: Rows) -> Tensor:
    """`faces_in` photographs uint8 (n, 3, H, W) of the data set, each asked for once and kept. A
    second process waits for the first and finds its work done; one that was killed goes on near
    where it was. Raises PenumbraError where the file is damaged."""
    wanted = [digest(picture) for picture in photographs.cpu().numpy()]
    embedder.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(embedder.folder / ".lock"):
        known = seen_photographs.read(embedder.folder)
        places = {key: place for place, key in enumerate(wanted) if key not in known}
        missing = list(places.items())
        for start in range(0, len(missing), OFTEN):
            some = missing[start : start + OFTEN]
            found = faces_in(embedder, photographs[[place for _, place in some]])
            known |= dict(zip((key for key, _ in some), found.cpu().numpy(), strict=True))
            seen_photographs.write(embedder.folder, known)
    seen = torch.from_numpy(np.stack([known[key] for key in wanted]))
    return seen.to(photographs.device)
