"""dlib's fixed crop, and what is refused; the network itself where it is installed."""

import pytest
import torch

from core.embedders import dlib_network
from core.errors import PenumbraError

ALIGNED = {"source": "celeba", "path": "", "options": {}}
INSTALLED = dlib_network.weights_path() is not None


def planes(side):
    """A photograph whose red says how far right a point is and whose green how far down, 0 to 1."""
    places = (torch.arange(side) + 0.5) / side
    across = places.expand(side, side)
    return torch.stack((across, across.T, torch.zeros(side, side)))[None]


@pytest.mark.parametrize("side", [64, 128, 200, 300])
def test_the_crop_shows_the_same_part_of_a_photograph_at_every_size(side):
    chip = dlib_network.chips(planes(side))
    assert chip.shape == (1, 3, 150, 150)
    # Column u shows column (u + 49.1) / 1.9355 of 128: the formula's own words.
    for place in (0, 40, 149):
        right, down = (place + 49.1) / 1.9355, (place + 80.8) / 1.9355
        assert chip[0, 0, 75, place] == pytest.approx((right + 0.5) / 128, abs=2e-3)
        assert chip[0, 1, place, 75] == pytest.approx((down + 0.5) / 128, abs=2e-3)


def test_celeba_s_eyes_come_where_dlib_has_them():
    # CelebA's mean eyes in 178 x 218 pixels, and dlib's own places in a chip with padding .25.
    photograph = torch.zeros(1, 3, 178, 178)
    for number, column in enumerate((69.6, 108.0)):
        photograph[
            0, number, 111 - 20 - 2 : 111 - 20 + 3, round(column) - 2 : round(column) + 3
        ] = 1
    chip = dlib_network.chips(photograph)[0]
    for number, column in enumerate((0.32, 0.68)):
        down, right = divmod(int(chip[number].argmax()), 150)
        assert right / 150 == pytest.approx(column, abs=0.06)
        assert down / 150 == pytest.approx(0.31, abs=0.06)


@pytest.mark.parametrize(
    ("entry", "size", "message"),
    [
        (ALIGNED | {"source": "folder"}, (64, 64), "source 'folder' does not promise"),
        (ALIGNED | {"options": {"crop": 0.8}}, (64, 64), "crop"),
        (ALIGNED, (218, 178), "square"),
    ],
)
def test_photographs_that_do_not_lie_as_expected_are_refused(entry, size, message):
    with pytest.raises(PenumbraError, match=message) as raised:
        dlib_network.check("mine", entry, *size)
    assert "data embedder mine none" in str(raised.value)
    dlib_network.check("mine", ALIGNED, 64, 64)


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(dlib_network.util, "find_spec", lambda name: None)
    with pytest.raises(PenumbraError, match=r"dlib-bin.*requirements-faces\.txt"):
        dlib_network.opened()


def test_weights_that_are_not_the_published_ones_never_reach_dlib(monkeypatch, tmp_path):
    path = tmp_path / "weights.dat"
    monkeypatch.setattr(dlib_network, "weights_path", lambda: path)
    with pytest.raises(PenumbraError, match="cannot be read"):
        dlib_network.opened()
    path.write_bytes(b"hostile")
    with pytest.raises(PenumbraError, match="not the published file"):
        dlib_network.opened()


def test_the_key_follows_the_crop(monkeypatch):
    before = dlib_network.key()
    monkeypatch.setattr(dlib_network, "LEFT", 50.0)
    assert dlib_network.key() != before


@pytest.mark.skipif(not INSTALLED, reason="requirements-faces.txt is not installed")
def test_the_network_itself_answers_the_same_alone_and_in_company():
    coarse = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    x = torch.nn.functional.interpolate(coarse, (64, 64), mode="bilinear")
    embed = dlib_network.opened()
    together = embed(x)
    assert together.shape == (3, 128)
    assert torch.isfinite(together).all()
    torch.testing.assert_close(embed(x[1:2]), together[1:2])
    assert (together[0] - together[1]).norm() > 0.05
