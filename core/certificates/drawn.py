"""Drawing an answer once for each photograph: whoever asks again is told the same."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Generator, Tensor


def uniform(picture: np.ndarray, key: bytes) -> float:
    """A number in [0, 1) that follows from a photograph (uint8) and a device's key alone; without the
    key nobody can tell it from a random one (keyed BLAKE2b, RFC 7693)."""
    kept = hashlib.blake2b(np.ascontiguousarray(picture).tobytes(), key=key, digest_size=8)
    return (int.from_bytes(kept.digest(), "big") >> 11) / 2**53


def keyed(x: "Tensor", generator: "Generator") -> "Tensor":
    """(B,) `uniform` numbers of photographs x (B, 3, H, W) in [0, 1], float64, by a key that is drawn
    from `generator`: another call stands for another device, or for one that has forgotten."""
    import torch

    key = torch.randint(0, 256, (32,), generator=generator, dtype=torch.uint8).numpy().tobytes()
    pictures = (255 * x.detach().float()).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
    found = [uniform(picture, key) for picture in pictures]
    return torch.tensor(found, dtype=torch.float64, device=x.device)


def drawn(distributions: "Tensor", numbers: "Tensor") -> "Tensor":
    """One answer for each row of `distributions` (B, K), by its number in [0, 1): float32 (B, K) of
    a single 1 in each row."""
    import torch

    total = distributions.double().cumsum(1)
    place = (numbers[:, None] >= total / total[:, -1:]).sum(1).clamp(max=total.shape[1] - 1)
    return torch.nn.functional.one_hot(place, total.shape[1]).float()
