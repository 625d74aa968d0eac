"""A stranger's photograph: what is read, what is refused, and that it comes out upright."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.errors import PenumbraError
from core.own_photograph import upload


def encoded(picture, kind="PNG", **options):
    packed = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(packed, kind, **options)
    return packed.getvalue()


@pytest.fixture
def quarters():
    """Four colours, so that every turn shows."""
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[:30, :40], picture[:30, 40:] = [250, 0, 0], [0, 250, 0]
    picture[30:, :40], picture[30:, 40:] = [0, 0, 250], [250, 250, 0]
    return picture


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_the_three_formats_are_read(quarters, kind):
    options = {"lossless": True} if kind == "WEBP" else {"quality": 98} if kind == "JPEG" else {}
    found = upload.read(encoded(quarters, kind, **options))
    assert found.shape == quarters.shape
    assert found.dtype == np.uint8
    assert np.abs(found[10, 10].astype(int) - quarters[10, 10]).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(quarters, orientation):
    # how a camera stores it -> the inverse of how it is to be shown
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = Image.fromarray(quarters)
    if undo[orientation] is not None:
        stored = stored.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = upload.read(encoded(stored, "PNG", exif=exif))
    assert np.array_equal(found, quarters)


def test_a_large_photograph_is_shrunk_and_not_stretched():
    found = upload.read(encoded(np.full((1500, 4000, 3), 90, np.uint8), "JPEG"))
    assert found.shape == (480, upload.LONGEST_SIDE, 3)


@pytest.mark.parametrize("mode", ["L", "P", "LA", "RGBA", "CMYK", "1"])
def test_other_modes_become_rgb(quarters, mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    found = upload.read(encoded(Image.fromarray(quarters).convert(mode), kind))
    assert found.shape == quarters.shape


def test_transparent_pixels_show_a_grey_ground_and_not_what_is_hidden(quarters):
    hidden = np.dstack([quarters, np.zeros((60, 80), np.uint8)])
    assert (upload.read(encoded(hidden)) == upload.BEHIND).all()


def test_too_many_bytes_are_refused_before_anything_is_looked_at():
    with pytest.raises(PenumbraError, match="at most 20 MB"):
        upload.read(b"\xff\xd8" + bytes(upload.MOST_BYTES))


def bomb(across, down):
    """A PNG of a few bytes that claims these pixels."""

    def chunk(kind, content):
        crc = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", across, down, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [6000, 12_000, 60_000])
def test_a_bomb_is_refused_from_its_header(side, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(PenumbraError, match="pixels"):
        upload.read(bomb(side, side))


def test_a_tiny_picture_is_refused():
    with pytest.raises(PenumbraError, match="at least 32"):
        upload.read(encoded(np.zeros((400, 20, 3), np.uint8)))


def test_sixteen_bits_are_refused_with_the_mend():
    with pytest.raises(PenumbraError, match="8 bits"):
        upload.read(encoded(Image.fromarray(np.zeros((64, 64), np.uint16))))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_refused(quarters, kind):
    with pytest.raises(PenumbraError, match="no JPEG, PNG or WebP"):
        upload.read(encoded(quarters, kind))


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<svg/>", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"]
)
def test_what_is_no_photograph_is_refused(data):
    with pytest.raises(PenumbraError, match="cannot be read as a photograph"):
        upload.read(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_photograph_cut_short_is_refused(kind):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3)).astype(np.uint8)
    whole = encoded(noise, kind)
    with pytest.raises(PenumbraError, match="damaged"):
        upload.read(whole[: len(whole) // 2])


def test_damaged_bytes_never_raise_anything_else(quarters):
    rng = np.random.default_rng(1)
    for kind in ("PNG", "JPEG", "WEBP"):
        whole = np.frombuffer(encoded(quarters, kind), np.uint8)
        for _ in range(60):
            broken = whole.copy()
            places = rng.integers(0, len(whole), 6)
            broken[places] = rng.integers(0, 256, 6)
            try:
                found = upload.read(broken.tobytes())
            except PenumbraError:
                continue
            assert found.ndim == 3
