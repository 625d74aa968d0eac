"""Pictures for people: enlarged pixel by pixel, side by side, never stretched. No Streamlit."""

from __future__ import annotations

import numpy as np
from PIL import Image

GAP = 6  # pixels between two pictures of a pair


def enlarged(picture: np.ndarray, width: int) -> np.ndarray:
    """uint8 (H, W, 3) -> the largest whole multiple of it that is at most `width` wide (at least
    the picture itself): every pixel stays a square, no detail is made up."""
    times = max(1, width // picture.shape[1])
    size = (picture.shape[1] * times, picture.shape[0] * times)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.NEAREST))


def pair(original: np.ndarray, recovered: np.ndarray, width: int) -> np.ndarray:
    """Original left, recovered right, each `enlarged` to `width`, on a transparent ground: uint8
    (H, 2 W + GAP, 4)."""
    left, right = enlarged(original, width), enlarged(recovered, width)
    canvas = np.zeros((left.shape[0], left.shape[1] * 2 + GAP, 4), np.uint8)
    canvas[:, : left.shape[1], :3], canvas[:, : left.shape[1], 3] = left, 255
    canvas[:, -right.shape[1] :, :3], canvas[:, -right.shape[1] :, 3] = right, 255
    return canvas


def order(likeness: np.ndarray, how: str) -> list[int]:
    """Positions of pictures: "mixed" as measured, "most" or "least" recovered first."""
    positions = np.arange(len(likeness))
    if how == "mixed":
        return positions.tolist()
    ranked = np.argsort(likeness, kind="stable")
    return (ranked[::-1] if how == "most" else ranked).tolist()
