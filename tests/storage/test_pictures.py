import numpy as np
import pytest

from core.errors import PenumbraError
from core.storage.pictures import packed, unpacked


def smooth(n=3):
    ramp = np.linspace(0, 255, 40)
    pictures = np.stack([ramp[:, None] * 0.5 + ramp[None] * 0.5] * 3, axis=-1)
    return np.stack([np.roll(pictures, 3 * i, axis=1) for i in range(n)]).astype(np.uint8)


def test_pictures_come_back_nearly_as_they_were_and_smaller():
    pictures = smooth()
    arrays = packed("faces", pictures)
    again = unpacked("faces", arrays)
    assert again.shape == pictures.shape
    assert again.dtype == np.uint8
    assert abs(again.astype(int) - pictures).mean() < 3
    assert arrays["faces_webp"].size < pictures.size / 5


def test_damaged_pictures_are_named():
    arrays = packed("faces", smooth())
    for broken in (
        {},
        arrays | {"faces_webp": arrays["faces_webp"][::-1]},
        arrays | {"faces_webp": arrays["faces_webp"][:-30]},
        arrays | {"faces_ends": arrays["faces_ends"][:0]},
        arrays | {"faces_ends": np.array(["x"])},
    ):
        with pytest.raises(PenumbraError, match="the faces are missing or damaged"):
            unpacked("faces", broken)
    with pytest.raises(PenumbraError, match="larger than"):
        unpacked("faces", packed("faces", np.zeros((1, 2, 1100, 3), np.uint8)))
