"""Two pictures of one face on top of each other, with a handle between them.

The handle is the browser's own range input, so that it works with mouse, finger and keyboard and is
read aloud.
"""

from __future__ import annotations

import numpy as np

from app.page import pictures
from app.page.components import component

WIDTH = 300  # pixels


def swipe(
    original: np.ndarray, recovered: np.ndarray, alt: str, key: str, width: int = WIDTH
) -> None:
    """Original and recovered uint8 (H, W, 3) of one size, one over the other; `alt` says whose face
    it is. The pictures travel inside the page: they are stored nowhere."""
    both = {"original": pictures.data_url(original), "recovered": pictures.data_url(recovered)}
    ratio = f"{original.shape[1]} / {original.shape[0]}"
    more = {"alt": alt, "width": width, "ratio": ratio}
    component("swipe")(key=key, width="stretch", data=both | more)
