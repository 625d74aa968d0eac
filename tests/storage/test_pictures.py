import numpy as np
import pytest
from PIL import Image

from core.errors import PenumbraError
from core.storage import array_file, attack_folders, dataset_folders
from core.storage.pictures import kept_pictures, packed, unpacked


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


def test_a_picture_that_unpacks_to_too_much_is_refused(monkeypatch):
    arrays = packed("faces", smooth())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(PenumbraError, match="larger than"):
        unpacked("faces", arrays)


@pytest.mark.parametrize(
    "spoiled", [{"originals_webp": None}, {"originals_ends": None}, {"positions": np.array(3)}]
)
def test_damaged_originals_of_a_data_set_are_named(tmp_path, monkeypatch, spoiled):
    run, shared = tmp_path / "run", tmp_path / "_originals"
    task = attack_folders.Task("strict", "resrec", None)
    drawn = packed("reconstructions", smooth()) | {"positions": np.arange(3)}
    attack_folders.save(attack_folders.place(run, task), [], drawn, {})
    whole = packed("originals", smooth()) | {"positions": np.arange(3)}
    monkeypatch.setattr(dataset_folders, "originals", lambda folder: shared)
    array_file.write(shared, whole)
    assert kept_pictures(run, "resrec")["originals"].shape == smooth().shape
    kept = {name: array for name, array in (whole | spoiled).items() if array is not None}
    array_file.write(shared, kept)
    with pytest.raises(PenumbraError, match=r"_originals is damaged .*; evaluate again"):
        kept_pictures(run, "resrec")
