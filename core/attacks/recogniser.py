"""What a face-verification network sees in pictures and photographs."""

from __future__ import annotations

import torch
from torch import Tensor

from core.attacks.interface import Exposed

BATCH = 256


def faces_in(exposed: Exposed, pictures: Tensor) -> Tensor:
    """Unit vectors (n, d), float32, of pictures (n, 3, H, W), uint8 or float in [0, 1]; there must
    be a network."""
    assert exposed.face_features is not None
    with torch.no_grad():
        parts = [
            exposed.face_features(part.float() / 255 if part.dtype == torch.uint8 else part)
            for part in pictures.split(BATCH)
        ]
    return torch.cat(parts).float()


def photographed(exposed: Exposed, split: str) -> Tensor:
    """`faces_in` the photographs of a split, computed once for all attacks."""
    key = f"faces/{split}"
    if key not in exposed.scratch:
        exposed.scratch[key] = faces_in(exposed, exposed.x[split])
    return exposed.scratch[key]
