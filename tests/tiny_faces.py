"""Small planted data sets: pictures whose attributes are visible by construction."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.faces import SPLITS, Faces
from core.methods import METHODS

ATTRIBUTES = ("Male", "Smiling", "Young")
SMALL = 32  # pixels: a quarter of the compact presets' work


def small_presets(patch: pytest.MonkeyPatch) -> None:
    """Every method's compact preset takes pictures of `SMALL` x `SMALL`."""
    for method in METHODS.values():
        for side in ("height", "width"):
            patch.setitem(method.presets["compact"], side, SMALL)


def tiny_faces(identities: int = 24, images: int = 3, size: int = 64, seed: int = 0) -> Faces:
    """Male brightens the upper half, Smiling paints a bar below, Young is a coin that shows
    nowhere. Everybody has a colour of their own. Splits go round by identity."""
    rng = np.random.default_rng(seed)
    n = identities * images
    people = np.repeat(np.arange(identities), images)
    attributes = np.stack(
        [
            (people // 4) % 2,
            rng.permutation(n) % 2,
            rng.permutation(n) % 2,
        ],
        axis=1,
    ).astype(np.int8)
    pictures = rng.normal(100, 12, (n, size, size, 3))
    pictures += rng.uniform(-30, 30, (identities, 3))[people][:, None, None, :]
    pictures[attributes[:, 0] == 1, : size // 2] += 70
    pictures[attributes[:, 1] == 1, size * 5 // 8 : size * 6 // 8, size // 4 : size * 3 // 4] -= 80
    return Faces(
        images=np.clip(pictures, 0, 255).astype(np.uint8),
        attributes=attributes,
        attribute_names=ATTRIBUTES,
        identities=people.astype(np.int64),
        split=(people % len(SPLITS)).astype(np.int8),
        names=tuple(f"{i}.png" for i in range(n)),
        fingerprint=f"tiny-{identities}-{images}-{size}-{seed}",
        dataset="tiny",
    )
