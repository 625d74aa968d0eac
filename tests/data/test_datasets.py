"""Data sets by name: registering, forgetting, describing."""

import json

import numpy as np
import pytest

from core import data
from core.data import datasets
from core.errors import PenumbraError
from core.run import home
from tests.data import making


@pytest.fixture
def mine(tmp_path):
    return making.folder(tmp_path / "mine")


def test_catalogue_has_the_synthetic_set_and_what_was_added(mine):
    assert data.catalogue()["synthetic"]["source"] == "synthetic"
    entry = data.add("mine", "folder", str(mine), {"split_seed": "4", "crop": "0.9"})
    assert data.catalogue()["mine"] == entry
    assert entry["options"] == {"split_seed": 4, "crop": 0.9}
    assert entry["attributes"] == ["Smiling", "Blond_Hair"]
    assert (entry["images"], entry["identities"]) == (36, 12)
    data.load("mine", 16, 16, progress=False)
    data.remove("mine")
    assert set(data.catalogue()) == {"synthetic"}
    assert not [path for path in (home() / "packed").iterdir() if path.is_dir()]
    assert (mine / "labels.csv").exists()


def test_shipped_attributes_are_known_without_loading(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "SHIPPED", making.synthetic(tmp_path / "shipped"))
    assert data.catalogue()["synthetic"]["attributes"] == ["Male", "Smiling"]
    assert len(data.load("synthetic", 16, 16, progress=False)) == 36


@pytest.mark.parametrize(
    ("name", "source", "options", "pattern"),
    [
        ("../x", "folder", {}, "data set name"),
        ("Mine", "folder", {}, "data set name"),
        ("a" * 41, "folder", {}, "data set name"),
        ("synthetic", "folder", {}, "already a data set 'synthetic'"),
        (
            "mine",
            "flickr",
            {},
            "unknown source 'flickr'; choose one of synthetic, celeba, lfw, folder",
        ),
        ("mine", "folder", {"split": 1}, "unknown option 'split'"),
        ("mine", "folder", {"split_seed": -1}, "split_seed is '-1'"),
        ("mine", "folder", {"split_seed": True}, "split_seed"),
        ("mine", "folder", {"crop": 0}, "crop is '0'"),
        ("mine", "folder", {"crop": "nan"}, "crop is 'nan'"),
        ("mine", "folder", {"labels": 3}, "labels is '3'"),
        ("mine", "folder", {"labels": "absent.csv"}, r"absent\.csv: no such file"),
        ("mine", "folder", {"identities": "guess"}, "can only be 'folders'"),
        ("mine", "folder", ["labels"], "must map names"),
    ],
)
def test_bad_registration(mine, name, source, options, pattern):
    if options == {"identities": "guess"}:
        text = (mine / "labels.csv").read_text().replace("identity", "meta_who", 1)
        (mine / "labels.csv").write_text(text)
    with pytest.raises(PenumbraError, match=pattern):
        data.add(name, source, mine, options)
    assert set(data.catalogue()) == {"synthetic"}


def test_a_name_is_taken_once(mine):
    data.add("mine", "folder", mine)
    with pytest.raises(PenumbraError, match="already a data set 'mine'"):
        data.add("mine", "folder", mine)


def test_unknown_names_are_answered_with_a_guess(mine):
    data.add("mine", "folder", mine)
    for call in (data.describe, data.remove, data.preview, lambda name: data.load(name, 16, 16)):
        with pytest.raises(PenumbraError, match="unknown data set 'mines'; did you mean 'mine'"):
            call("mines")
    with pytest.raises(PenumbraError, match="cannot be removed"):
        data.remove("synthetic")


def test_a_folder_that_went_away_is_said(mine):
    data.add("mine", "folder", mine)
    mine.rename(mine.parent / "moved")
    for call in (data.describe, lambda name: data.load(name, 16, 16)):
        with pytest.raises(PenumbraError, match=r"mine: no such folder; mount it"):
            call("mine")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"../x": {}}',
        '{"x": 3}',
        '{"x": {"source": "s", "path": "/"}}',
        '{"x": {"source": "folder", "path": 3}}',
        '{"synthetic": {"source": "folder", "path": "/"}}',
    ],
)
def test_damaged_registry_is_named(text):
    home().mkdir(parents=True)
    (home() / "datasets.json").write_text(text)
    with pytest.raises(PenumbraError, match=r"datasets\.json"):
        data.catalogue()


@pytest.mark.parametrize("size", [(0, 16), (16, 7), (5000, 16)])
def test_size_out_of_range(mine, size):
    data.add("mine", "folder", mine)
    with pytest.raises(PenumbraError, match="8 to 1024 pixels"):
        data.load("mine", *size)


def test_describe_before_and_after_packing_agree(mine):
    data.add("mine", "folder", mine)
    before = data.describe("mine")
    faces = data.load("mine", 16, 16, progress=False)
    after = data.describe("mine")
    assert (before.pop("packed"), after.pop("packed")) == (False, True)
    assert before == after
    assert after["images"] == 36
    assert after["attributes"] == {"Smiling": 12 / 36, "Blond_Hair": 0.5}
    assert sum(split["images"] for split in after["splits"].values()) == 36
    for name, split in after["splits"].items():
        assert split["images"] == len(faces.indices(name))
    json.dumps(after)


def test_preview_shows_different_people_packed_or_not(mine):
    data.add("mine", "folder", mine)
    (mine / "p0" / "0.png").write_bytes(b"broken")
    raw = data.preview("mine", count=20, size=32)
    assert raw.shape == (11, 32, 32, 3)
    data.load("mine", 16, 16, progress=False)
    data.load("mine", 24, 24, progress=False)
    images = data.preview("mine", count=5)
    assert images.shape == (5, 24, 24, 3)
    people = {round((value - 20) // 15) for value in making.grey(images)}
    assert len(people) == 5
    assert images.dtype == np.uint8
