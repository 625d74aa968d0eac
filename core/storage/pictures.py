"""Pictures as WebP inside an array, so that a grid of runs stays small. Needs no torch.

What is scored is never read back from here: the numbers beside the pictures were measured before
packing.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import PenumbraError

QUALITY = 90
LARGEST_SIDE = 1024


def packed(name: str, pictures: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Arrays `<name>_webp` uint8 (m,), one file behind the other, and `<name>_ends` int64 (n,),
    where each ends, of pictures uint8 (n, H, W, 3)."""
    files = []
    for picture in pictures:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "WEBP", quality=QUALITY, method=6)
        files.append(file.getvalue())
    return {
        f"{name}_webp": np.frombuffer(b"".join(files), dtype=np.uint8),
        f"{name}_ends": np.cumsum([len(file) for file in files], dtype=np.int64),
    }


def unpacked(name: str, arrays: dict[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """The pictures uint8 (n, H, W, 3) again. Raises PenumbraError when they are absent, empty or
    damaged."""
    try:
        whole = np.asarray(arrays[f"{name}_webp"], dtype=np.uint8).tobytes()
        pictures, start = [], 0
        for end in arrays[f"{name}_ends"].tolist():
            with Image.open(io.BytesIO(whole[start:end]), formats=["WEBP"]) as picture:
                if max(picture.size) > LARGEST_SIDE:
                    raise PenumbraError(f"a packed picture is larger than {LARGEST_SIDE} pixels")
                pictures.append(np.asarray(picture.convert("RGB")))
            start = end
        return np.stack(pictures)
    except PenumbraError:
        raise
    except (KeyError, OSError, ValueError, TypeError, AttributeError, SyntaxError) as error:
        raise PenumbraError(
            f"the {name} are missing or damaged ({error}); evaluate again"
        ) from error
