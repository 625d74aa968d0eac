"""One photograph: nothing is stretched, everything upright, RGB."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.data.packing import decode
from core.errors import PenumbraError
from tests.data import making
from tests.examples import examples


def encoded(array, form="PNG", **save):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, form, **save)
    return buffer.getvalue()


def disc(width, height, radius):
    """A white disc in the middle of a black picture."""
    y, x = np.mgrid[:height, :width]
    inside = (x - (width - 1) / 2) ** 2 + (y - (height - 1) / 2) ** 2 < radius**2
    return np.repeat((inside * 255).astype(np.uint8)[..., None], 3, axis=2)


@examples(0.6)
@given(
    st.integers(40, 400),
    st.integers(40, 400),
    st.integers(16, 80),
    st.integers(16, 80),
    st.sampled_from(["PNG", "JPEG"]),
    st.sampled_from([1.0, 0.8]),
)
def test_a_disc_stays_a_disc(width, height, target_height, target_width, form, crop):
    scale = crop * min(width / target_width, height / target_height)
    radius = 0.35 * scale * min(target_height, target_width)
    image = decode.decode(
        encoded(disc(width, height, radius), form), target_height, target_width, crop
    )
    assert image.shape == (target_height, target_width, 3)
    bright = image[..., 0] > 127
    across, down = bright.any(axis=0).sum(), bright.any(axis=1).sum()
    expected = 0.7 * min(target_height, target_width)
    slack = 2 + 2 / scale  # a pixel of the source on each side, and one of the result
    assert abs(across - expected) <= slack
    assert abs(down - expected) <= slack
    centre = np.argwhere(bright).mean(axis=0)
    assert np.allclose(
        centre, [(target_height - 1) / 2, (target_width - 1) / 2], atol=1 + 1 / scale
    )


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("height", "width"), [(24, 24), (24, 36)])
def test_exif_orientation_is_honoured(orientation, height, width):
    upright = np.zeros((60, 80, 3), dtype=np.uint8)
    upright[:30, :40, 0] = 250  # red top left, green top right, blue bottom left
    upright[:30, 40:, 1] = 250
    upright[30:, :40, 2] = 250
    # How a camera stores it: the inverse of what the tag asks a viewer to do.
    turns, mirrored = {
        1: (0, False),
        2: (0, True),
        3: (2, False),
        4: (2, True),
        5: (-1, True),
        6: (1, False),
        7: (1, True),
        8: (-1, False),
    }[orientation]
    turned = np.rot90(upright, turns)
    stored = np.fliplr(turned) if mirrored else turned
    exif = Image.Exif()
    exif[0x0112] = orientation
    for form in ("JPEG", "PNG", "WEBP"):
        data = encoded(np.ascontiguousarray(stored), form, exif=exif)
        image = decode.decode(data, height, width)
        assert image.shape == (height, width, 3)
        corners = [image[4, 4], image[4, -5], image[-5, 4], image[-5, -5]]
        brightest = [int(np.argmax(c)) if c.max() > 128 else None for c in corners]
        assert brightest == [0, 1, 2, None], form


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_other_pixel_formats_become_rgb(mode):
    form = "JPEG" if mode == "CMYK" else "PNG"
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), (255, 255, 255)).convert(mode).save(buffer, form)
    image = decode.decode(buffer.getvalue(), 10, 10)
    assert image.shape == (10, 10, 3)
    assert image.min() >= 250


def test_the_size_it_has_is_left_as_it_is():
    array = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert (decode.decode(encoded(array), 32, 32) == array).all()


def test_shrinking_averages():
    """A fine checkerboard becomes grey, not a moire of black and white."""
    board = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    image = decode.decode(encoded(np.repeat(board[..., None], 3, axis=2)), 30, 30)
    assert abs(image.astype(float) - 127.5).max() < 12


def test_a_large_jpeg_shrunk_while_decoding_looks_the_same():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    large = np.asarray(Image.fromarray(small).resize((1200, 900), Image.Resampling.BICUBIC))
    data = encoded(large, "JPEG", quality=95)
    plain = Image.open(io.BytesIO(data)).crop((150, 0, 1050, 900)).resize((64, 64), 1)
    difference = np.asarray(plain).astype(float) - decode.decode(data, 64, 64)
    assert np.abs(difference).mean() < 1


@given(st.data())
def test_hostile_bytes_give_one_line(data):
    form = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "BMP"]))
    raw = bytearray(making.picture(99, (24, 24), form))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    message = ""
    try:
        image = decode.decode(bytes(raw), 8, 8)
    except PenumbraError as error:  # nothing else may come out
        image, message = np.zeros((8, 8, 3)), str(error)
    assert image.shape == (8, 8, 3)
    assert "\n" not in message
