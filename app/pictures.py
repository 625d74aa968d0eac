"""Pictures for people: enlarged pixel by pixel, side by side, never stretched. No Streamlit."""

from __future__ import annotations

import io
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
    """Original left, recovered right, each `enlarged` to `width`, with a transparent gap: uint8
    (H, 2 W + gap, 4), the gap GAP pixels wide where the pair is shown at 2 `width` + GAP."""
    left, right = enlarged(original, width), enlarged(recovered, width)
    gap = round(GAP * left.shape[1] / width)
    canvas = np.zeros((left.shape[0], left.shape[1] * 2 + gap, 4), np.uint8)
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


def sprite(photographs: np.ndarray, tile: int) -> tuple[bytes, int]:
    """All of uint8 (n, H, W, 3) in one WebP picture, row by row, each at most `tile` pixels wide; and
    how many stand in a row."""
    count = len(photographs)
    columns = math.ceil(math.sqrt(count))
    width = min(tile, photographs.shape[2])
    height = round(width * photographs.shape[1] / photographs.shape[2])
    sheet = Image.new("RGB", (columns * width, math.ceil(count / columns) * height))
    for number, photograph in enumerate(photographs):
        small = Image.fromarray(photograph).resize((width, height), Image.Resampling.BOX)
        sheet.paste(small, (number % columns * width, number // columns * height))
    packed = io.BytesIO()
    sheet.save(packed, "WEBP", quality=60)
    return packed.getvalue(), columns
