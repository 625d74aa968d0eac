"""Photographs with a known face: synthetic faces pasted into larger scenes."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image

from core import data
from core.data import datasets
from core.data.faces import SPLITS
from core.data.packing import decode


@functools.cache
def known_faces(count: int = 40) -> tuple[np.ndarray, ...]:
    """Synthetic faces of test people as they are stored, each of another person."""
    found = datasets.listed(data.catalogue()["synthetic"])
    rows = np.flatnonzero(found.split == SPLITS.index("test"))
    people = np.array(found.identities)[rows]
    first = rows[np.unique(people, return_index=True)[1]][:count]
    pictures, _, broken = decode.decode_chunk([found.photographs[i] for i in first], 128, 128)
    assert not broken
    return tuple(pictures)


def scene(
    face: np.ndarray | None, side: int, left: int, top: int, size: tuple[int, int] = (600, 800)
) -> np.ndarray:
    """A calm background, uint8 (*size, 3), with a picture of a face pasted into it."""
    height, width = size
    down, across = np.mgrid[0:height, 0:width]
    shades = [110 + 70 * across / width, 140 + 50 * down / height, 170 - 40 * across / width]
    canvas = np.stack(shades, axis=2).astype(np.uint8)
    canvas[height // 2 :, : width // 8] = [90, 70, 60]
    if face is not None:
        large = Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC)
        canvas[top : top + side, left : left + side] = np.asarray(large)
    return canvas
