"""One photograph from bytes to a uint8 array."""

import io
import os
import struct
import zlib
from typing import BinaryIO

import numpy as np
from PIL import Image

from core.data.listing import Photograph
from core.errors import PenumbraError

# What Pillow's decoders raise for hostile or truncated bytes.
DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
)
MAX_PIXELS = 50_000_000  # checked in the header, before anything is decoded
MAX_BYTES = 100 * 2**20  # of one encoded photograph
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "BMP")
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")
ORIENTATION = 0x0112  # EXIF tag
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # of a zip member: signature, name length, extra length
# How a photograph with EXIF orientation 2-8 becomes upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
Image.init()
_READABLE = tuple(name for name in FORMATS if name in Image.OPEN)


def read(photograph: Photograph) -> bytes:
    """The encoded bytes of a photograph. Raises PenumbraError, the reason alone, when they are
    absent, too many or damaged."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(photograph.path, flags)
    except OSError as error:
        raise PenumbraError(f"cannot be opened ({error.strerror})") from None
    try:
        if photograph.offset < 0:
            size = os.fstat(handle).st_size
            if size > MAX_BYTES:
                raise PenumbraError(f"has {size / 2**20:.0f} MB (limit {MAX_BYTES / 2**20:.0f} MB)")
            return os.read(handle, size)
        if max(photograph.size, photograph.stored) > MAX_BYTES:
            raise PenumbraError(
                f"unpacks to {photograph.size / 2**20:.0f} MB (limit {MAX_BYTES / 2**20:.0f} MB)"
            )
        os.lseek(handle, photograph.offset, os.SEEK_SET)
        header = os.read(handle, _LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\3\4":
            raise PenumbraError("is damaged in its zip (no local header)")
        _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        os.lseek(handle, name_length + extra_length, os.SEEK_CUR)
        data = os.read(handle, photograph.stored)
    finally:
        os.close(handle)
    if photograph.method == 8:
        try:
            # Never more than the size the listing promised, whatever the stream holds.
            data = zlib.decompressobj(-15).decompress(data, photograph.size + 1)
        except zlib.error as error:
            raise PenumbraError(f"is damaged in its zip ({error})") from None
    elif photograph.method != 0:
        raise PenumbraError("is compressed in an unusual way; zip it stored or deflated")
    if len(data) != photograph.size or zlib.crc32(data) != photograph.crc:
        raise PenumbraError("is damaged in its zip (checksum)")
    return data


def decode(data: bytes, height: int, width: int, crop: float = 1.0) -> np.ndarray:
    """The photograph in `data` as uint8 (height, width, 3), RGB, upright.

    The largest central part of the target's aspect ratio is kept (`crop` < 1 keeps only that
    fraction of its sides) and resized with an antialiasing Lanczos filter; nothing is stretched.
    Raises PenumbraError, the reason alone, for what is no photograph, truncated or oversized.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_READABLE) as image:
            across, down = image.size
            if across * down > MAX_PIXELS:
                raise PenumbraError(
                    f"has {across} x {down} pixels (limit {MAX_PIXELS // 10**6} million)"
                )
            if image.mode not in MODES:
                raise PenumbraError(f"has {image.mode} pixels; save it with 8 bits per channel")
            orientation = image.getexif().get(ORIENTATION, 1)
            # Cropping and resizing first and turning last touches the fewest pixels; the crop is
            # central, so it commutes with the turn.
            turned = orientation in (5, 6, 7, 8)
            rows, columns = (width, height) if turned else (height, width)
            scale = crop * min(across / columns, down / rows)
            if image.format == "JPEG" and scale >= 4:
                # libjpeg shrinks by 2, 4 or 8 while decoding; twice the target stays for Lanczos.
                factor = int(scale / 2)
                image.draft("RGB", (across // factor, down // factor))
            image.load()
            upright = image if image.mode == "RGB" else image.convert("RGB")
            across, down = upright.size  # smaller than before after a draft
            if (across, down) != (columns, rows) or crop != 1.0:
                scale = crop * min(across / columns, down / rows)
                left, top = (across - scale * columns) / 2, (down - scale * rows) / 2
                right, bottom = left + scale * columns, top + scale * rows
                box = (max(left, 0), max(top, 0), min(right, across), min(bottom, down))
                upright = upright.resize((columns, rows), Image.Resampling.LANCZOS, box)
            if orientation in UPRIGHT:
                upright = upright.transpose(UPRIGHT[orientation])
            return np.asarray(upright)
    except PenumbraError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):  # Pillow's own limit
        raise PenumbraError(f"has too many pixels (limit {MAX_PIXELS // 10**6} million)") from None
    except DECODER_ERRORS as error:
        reason = " ".join(str(error).split())[:120]
        if "cannot identify" in reason:
            reason = f"no {', '.join(_READABLE)} image"
        raise PenumbraError(f"cannot be decoded ({reason})") from None


def decode_chunk(
    photographs: list[Photograph], height: int, width: int, crop: float = 1.0
) -> tuple[np.ndarray, list[int], list[list]]:
    """Photographs as uint8 (n, height, width, 3) with zeros for those that cannot be read, the
    checksum of each one's bytes, and [position, reason] of those that cannot be read."""
    images = np.zeros((len(photographs), height, width, 3), dtype=np.uint8)
    checksums, broken = [], []
    for position, photograph in enumerate(photographs):
        try:
            data = read(photograph)
            images[position] = decode(data, height, width, crop)
            checksums.append(photograph.crc if photograph.offset >= 0 else zlib.crc32(data))
        except PenumbraError as error:
            broken.append([position, str(error)])
            checksums.append(0)
    return images, checksums, broken


def decode_into(
    file: BinaryIO, at: int, photographs: list[Photograph], height: int, width: int, crop: float
) -> tuple[list[int], list[list]]:
    """Decode some photographs into `file` from byte `at` on; returns (checksums, broken ones) of
    `decode_chunk`. Written rather than memory-mapped: a page fault per page costs more."""
    images, checksums, broken = decode_chunk(photographs, height, width, crop)
    file.seek(at)
    file.write(images.data)
    file.flush()
    return checksums, broken
