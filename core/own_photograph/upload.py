"""A stranger's bytes to one upright photograph: checked before anything is decoded."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.packing.decode import DECODER_ERRORS, MODES, ORIENTATION, UPRIGHT
from core.errors import PenumbraError

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 20 * 2**20
# Checked in the header. A JPEG is shrunk while it is decoded; the others unpack as they are.
MOST_PIXELS = {"JPEG": 100_000_000, "PNG": 30_000_000, "WEBP": 30_000_000}
LEAST_SIDE = 32  # pixels: less holds no face that could be told from another
LONGEST_SIDE = 1280  # pixels that are kept: more than any network sees, enough to find faces
BEHIND = (128, 128, 128)  # what is put behind transparent pixels


def read(data: bytes) -> NDArray[np.uint8]:
    """The photograph in `data` as uint8 (H, W, 3), RGB, upright by its EXIF orientation, its longer
    side at most LONGEST_SIDE pixels.

    Raises PenumbraError, a whole sentence, for what is no JPEG, PNG or WebP, has too many bytes or
    pixels or too few, or is damaged. Nothing is written anywhere.
    """
    if len(data) > MOST_BYTES:
        raise PenumbraError(
            f"The photograph has {len(data) / 2**20:.0f} MB; at most {MOST_BYTES >> 20} MB are "
            "read. Save it smaller and try again."
        )
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return _upright(image)
    except PenumbraError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PenumbraError(
            "The photograph claims more pixels than are read. Save it smaller and try again."
        ) from None
    except (*DECODER_ERRORS, MemoryError):
        raise PenumbraError(
            "This file cannot be read as a photograph: it is no JPEG, PNG or WebP, or it is "
            "damaged. Save it as JPEG and try again."
        ) from None


def _upright(image: Image.Image) -> NDArray[np.uint8]:
    across, down = image.size
    most = MOST_PIXELS[str(image.format)]
    if across * down > most:
        raise PenumbraError(
            f"The photograph has {across} x {down} pixels; of a {image.format} at most "
            f"{most // 10**6} million are read. Save it smaller and try again."
        )
    if min(across, down) < LEAST_SIDE:
        raise PenumbraError(
            f"The photograph has {across} x {down} pixels; each side needs at least {LEAST_SIDE}. "
            "Choose a larger one."
        )
    if image.mode not in MODES:
        raise PenumbraError(
            f"The photograph has {image.mode} pixels. Save it with 8 bits per channel and try again."
        )
    longest = max(across, down)
    if image.format == "JPEG" and longest > 2 * LONGEST_SIDE:
        factor = longest // LONGEST_SIDE  # libjpeg shrinks by 2, 4 or 8 while decoding
        image.draft("RGB", (across // factor, down // factor))
    orientation = image.getexif().get(ORIENTATION, 1)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*BEHIND, 255))
        shown = Image.alpha_composite(ground, layer).convert("RGB")
    else:
        shown = image.convert("RGB")
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if orientation in UPRIGHT:
        shown = shown.transpose(UPRIGHT[orientation])
    return np.array(shown)
