"""The handle's pictures travel in the page, every pixel as it is."""

import base64
import io

import numpy as np
from PIL import Image

from app.page import pictures
from app.page.components import PARTS


def test_a_picture_in_the_page_is_the_picture():
    picture = np.random.default_rng(0).integers(0, 255, (16, 12, 3)).astype(np.uint8)
    kind, _, packed = pictures.data_url(picture).partition(",")
    assert kind == "data:image/png;base64"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(packed)))), picture)


def test_nothing_is_fetched_and_pixels_stay_pixels():
    markup, style, script = (
        (PARTS / f"swipe.{kind}").read_text() for kind in ("html", "css", "js")
    )
    assert "http" not in markup + style + script
    assert "image-rendering: pixelated" in style
    assert 'type="range"' in markup
