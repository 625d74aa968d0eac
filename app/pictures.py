"""Pictures for people: enlarged pixel by pixel, side by side, never stretched. No Streamlit."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

GAP = 6  # pixels between two pictures of a pair


def enlarged(picture: np.ndarray, width: int) -> np.ndarray:
    """uint8 (H, W, 3) -> the smallest whole multiple of it that is at least `width` wide: every
    pixel stays a square, no detail is made up, and shown at `width` nothing is blown up."""
    times = max(1, math.ceil(width / picture.shape[1]))
    size = (picture.shape[1] * times, picture.shape[0] * times)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.NEAREST))


def pair(original: np.ndarray, recovered: np.ndarray, width: int) -> np.ndarray:
    """Original left, recovered right: `row` of two."""
    return row([original, recovered], width)


def row(pictures: list[np.ndarray], width: int) -> np.ndarray:
    """Pictures of one size beside each other, each `enlarged` to `width`, with transparent gaps:
    uint8 (H, n W + (n - 1) gap, 4), the gap GAP pixels wide where each is shown at `width`."""
    large = [enlarged(picture, width) for picture in pictures]
    height, wide = large[0].shape[:2]
    gap = round(GAP * wide / width)
    canvas = np.zeros((height, len(large) * (wide + gap) - gap, 4), np.uint8)
    for place, picture in enumerate(large):
        left = place * (wide + gap)
        canvas[:, left : left + wide, :3], canvas[:, left : left + wide, 3] = picture, 255
    return canvas


def order(likeness: np.ndarray, how: str) -> list[int]:
    """Positions of pictures: "mixed" as measured, "most" or "least" recovered first."""
    positions = np.arange(len(likeness))
    if how == "mixed":
        return positions.tolist()
    ranked = np.argsort(likeness, kind="stable")
    return (ranked[::-1] if how == "most" else ranked).tolist()
