"""Maps of attention laid over faces, as pictures. No Streamlit."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.charts.palette import rgb
from app.page import pictures
from core.explain import maps

# From "does not matter" to "matters": cold and dark to warm and light, each step lighter than the
# one before, so that it reads without colours, too.
SCALE = ("#12333F", "#1F6D72", "#7DA48F", "#DDBF7C", "#FFD98A")
LESS, MORE = "#1F8A8A", "#E08A1E"  # of the difference
COVER = 0.6  # how much of the face's own grey the colours cover


def over(picture: NDArray[np.uint8], lit: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A map uint8 (h, w) over a picture uint8 (H, W, 3): the picture in grey, coloured by `SCALE`
    where the map says how much a place matters, its largest cell the most."""
    height, width = picture.shape[:2]
    share = maps.resized(lit, height, width) / max(1, int(lit.max()))
    return _blend(_grey(picture), _scaled(share), np.full((height, width), COVER))


def apart(
    picture: NDArray[np.uint8], before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Where two maps differ, over a picture: `LESS` attention than before, `MORE` of it, nothing
    where it is the same. Full colour where the shares differ by what a tenth of the largest maps'
    cells hold."""
    height, width = picture.shape[:2]
    change = maps.on_grid(after) - maps.on_grid(before)
    most = max(float(maps.on_grid(before).max()), float(maps.on_grid(after).max()), 1e-9)
    return _changed(_grey(picture), maps.resized(change / most, height, width), 1.6)


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.repeat((picture @ np.array([0.299, 0.587, 0.114]))[..., None], 3, axis=-1)


def _scaled(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares (…) in [0, 1] as colours (…, 3) of `SCALE`."""
    stops = np.stack([_rgb(colour) for colour in SCALE])
    where = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(share, where, stops[:, c]) for c in range(3)], axis=-1)


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array(rgb(colour), dtype=np.float64)


def _blend(
    ground: NDArray[np.float64], colour: NDArray[np.float64], cover: NDArray[np.float64]
) -> NDArray[np.uint8]:
    mixed = ground * (1 - cover[..., None]) + colour * cover[..., None]
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


def _changed(
    ground: NDArray[np.float64], change: NDArray[np.float64], strength: float
) -> NDArray[np.uint8]:
    """Changes (…) in [-1, 1] as `LESS` and `MORE` over a ground (…, 3)."""
    colour = np.where(change[..., None] < 0, _rgb(LESS), _rgb(MORE))
    return _blend(ground, colour, np.clip(strength * abs(change), 0, 0.85))


def legend(kind: str = "attention") -> NDArray[np.uint8]:
    """The scale as a strip uint8 (12, 220, 3): of `over`, or ("difference") of `apart`."""
    share = np.linspace(0, 1, 220)
    if kind == "attention":
        strip = np.round(_scaled(share)).astype(np.uint8)
    else:
        strip = _changed(np.full((220, 3), 150.0), 2 * share - 1, 1.0)
    return np.repeat(strip[None], 12, axis=0)


def png(row: Sequence[NDArray[np.uint8]], width: int) -> bytes:
    return pictures.packed(Image.fromarray(pictures.row(list(row), width)), "PNG")
