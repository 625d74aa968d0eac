"""Another source of photographs is one file and one line: the rest follows from what it declares."""

import importlib.util
from pathlib import Path

import pytest
import streamlit as st

from core import data
from core.__main__ import main
from core.data.sources import SOURCES
from core.embedders import choose
from core.errors import PenumbraError
from tests.data import making
from tests.pages.conftest import open_page, whole

TOY = '''
"""Toy photographs, called person_shot.png; those with an even number wear a hat."""

import numpy as np

from core.data import listing, splits
from core.data.listing import Listing, Source


def list_toy(path, options):
    available = {n: p for n, p in listing.files(path).items() if n.endswith(".png")}
    names = sorted(available)
    people = [name.split("_")[0] for name in names]
    split, notes = splits.seeded(people, options.get("split_seed", 0))
    hats = np.array([[int(name[-5]) % 2 == 0] for name in names], np.int8)
    notes += [(path / options["remark"]).read_text()] if "remark" in options else []
    return Listing(names, [available[n] for n in names], ("Wearing_Hat",), hats, people, split, notes)


SOURCE = Source(
    title="Toy heads",
    help="A folder of photographs called person_shot.png.",
    list=list_toy,
    options={"remark": "a file with a remark on the photographs"},
    file_options=("remark",),
    same_people=lambda first, second: False,
    celeba_aligned=True,
)
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The folder of a toy data set, whose source has got its line."""
    file = tmp_path / "toy.py"
    file.write_text(TOY)
    spec = importlib.util.spec_from_file_location("toy", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(SOURCES, "toy", module.SOURCE)
    return heads(tmp_path / "heads")


def heads(folder: Path) -> Path:
    folder.mkdir()
    for person, shot in making.people():
        (folder / f"p{person}_{shot}.png").write_bytes(
            making.picture(making.value_of(person, shot))
        )
    return folder


def test_help_teaches_it(toy, capsys):
    with pytest.raises(SystemExit):
        main(["data", "add", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "one of synthetic, celeba, lfw, folder, toy" in shown
    assert "toy: Toy heads A folder of photographs called person_shot.png." in shown
    assert "--option remark: a file with a remark on the photographs" in shown


def test_it_is_registered_listed_and_loaded(toy, capsys):
    (toy / "about.txt").write_text("made of clay")
    add = ["data", "add", "clay", "--source", "toy", "--path", str(toy)]
    assert main([*add, "--option", "remark=about.txt", "--option", "crop=0.9"]) == 0
    assert '"made of clay"' in capsys.readouterr().out
    assert main(["data", "list"]) == 0
    assert f"{'clay':24} {'toy':10} {toy}" in capsys.readouterr().out
    assert data.catalogue()["clay"]["attributes"] == ["Wearing_Hat"]
    faces = data.load("clay", 16, 16, progress=False)
    assert (len(faces), faces.attribute_names) == (len(making.people()), ("Wearing_Hat",))
    assert faces.attributes.sum() == 2 * making.PEOPLE
    assert making.value_of(0, 0) in making.grey(faces.images)


def test_a_changed_file_that_an_option_names_makes_a_new_pack(toy, tmp_path):
    remark = tmp_path / "remark.txt"
    remark.write_text("one")
    data.add("clay", "toy", toy, {"remark": str(remark)})
    data.load("clay", 16, 16, progress=False)
    assert data.is_packed("clay", 16, 16)
    remark.write_text("another")
    assert not data.is_packed("clay", 16, 16)


def test_wrong_options_are_answered_in_its_words(toy):
    with pytest.raises(PenumbraError, match="remark is '7'; it must be: a file with a remark"):
        data.add("clay", "toy", toy, {"remark": 7})
    with pytest.raises(PenumbraError, match="choose one of synthetic, celeba, lfw, folder, toy"):
        data.add("clay", "clay", toy)


def test_what_it_declares_of_its_people_and_their_faces_counts(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    data.add("clay", "toy", toy)
    data.add("more", "toy", heads(tmp_path / "more"))
    data.join("both", "clay", "more")  # equal names mean other people here
    assert data.describe("both")["identities"] == 2 * making.PEOPLE
    with pytest.raises(PenumbraError, match="does not promise that"):
        choose("both", "dlib")
    monkeypatch.setattr("core.embedders.dlib_network.weights_path", lambda: None)
    with pytest.raises(PenumbraError, match="needs the packages"):  # the faces lie as they have to
        choose("clay", "dlib")


def test_the_app_offers_it_for_training(toy, tmp_path, monkeypatch):
    (tmp_path / "checkpoints").mkdir()
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_OFFICERS", "anyone")
    st.cache_data.clear()
    data.add("clay", "toy", toy)
    app = whole(open_page("train", train_data="clay"))
    assert app.selectbox(key="train_data").options == ["synthetic", "clay"]
    assert (
        f"{len(making.people())} photographs of {making.PEOPLE} people, 1 attributes."
        in "".join(caption.value for caption in app.caption)
    )
