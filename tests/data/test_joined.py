"""Two data sets as one: the second is learned from and never tested on."""

import json

import numpy as np
import pytest

from core import data
from core.data import SPLITS, joined, splits
from core.errors import PenumbraError
from core.run import home
from tests.data import making


@pytest.fixture
def two(tmp_path):
    """ "mine", a folder with Smiling and Blond_Hair, and "drawn", synthetic with Male and Smiling."""
    data.add("mine", "folder", making.folder(tmp_path / "mine"))
    data.add("drawn", "synthetic", making.synthetic(tmp_path / "drawn"))
    return tmp_path


def load(name, size=16):
    return data.load(name, size, size, progress=False)


def test_the_second_s_people_are_in_defender_and_attacker_alone(two):
    entry = data.join("both", "mine", "drawn")
    assert data.catalogue()["both"] == entry
    assert (entry["images"], entry["identities"], entry["attributes"]) == (72, 24, ["Smiling"])
    alone, both = load("mine"), load("both")
    known = dict(zip(alone.names, alone.split, strict=True))
    added = {}
    for position, name in enumerate(both.names):
        person = both.identity_names[both.identities[position]]
        if name in known:
            assert both.split[position] == known[name]
            assert not person.startswith("drawn:")
        else:
            assert name.startswith("drawn:")
            added.setdefault(person, set()).add(SPLITS[both.split[position]])
    assert len(added) == 12
    assert {side for sides in added.values() for side in sides} == {"defender", "attacker"}
    assert all(len(sides) == 1 for sides in added.values())
    assert data.load("both", 16, 16).fingerprint not in (
        alone.fingerprint,
        load("drawn").fingerprint,
    )
    assert any("12 people of drawn" in note for note in both.notes)


def test_every_photograph_keeps_its_labels(two):
    data.join("both", "drawn", "mine")
    both = load("both")
    assert both.attribute_names == ("Smiling",)
    for position, value in enumerate(making.grey(both.images)):
        person, shot = divmod(round(value - 20), 15)
        assert both.attributes[position, 0] == (shot // 4) % 2
        name = both.identity_names[both.identities[position]]
        assert name == (f"mine:p{person}" if name.startswith("mine:") else f"{person:04d}")


def test_shared_attributes_stand_in_the_first_s_order(two):
    one = two / "one"
    making.folder(one)
    text = (one / "labels.csv").read_text().replace("Smiling,blond hair", "Smiling,Male", 1)
    (one / "labels.csv").write_text(text)
    data.add("one", "folder", one)
    assert data.join("a", "one", "drawn")["attributes"] == ["Smiling", "Male"]
    assert data.join("b", "drawn", "one")["attributes"] == ["Male", "Smiling"]
    labels = two / "drawn" / "labels.csv"
    labels.write_text(labels.read_text().replace("Male,Smiling", "Chubby,Bald", 1))
    with pytest.raises(PenumbraError, match="drawn has no attribute of the first data set"):
        data.join("c", "mine", "drawn")


def test_who_is_where_follows_from_name_and_seed():
    people = [f"p{number}" for number in range(2000)]
    split = splits.to_learn_from(people, 3)
    assert set(split.tolist()) == {0, 1}
    assert abs((split == 0).mean() - 0.40 / 0.75) < 0.04
    assert (splits.to_learn_from(people[::-1], 3) == split[::-1]).all()
    assert (splits.to_learn_from(people, 4) != split).any()
    # Those who would be the defender's in a set of their own are so here.
    alone = np.array([splits.place(person, 3) < 0.40 for person in people])
    assert (split[alone] == 0).all()


def test_whom_both_have_is_left_out_of_the_second(two):
    for name, count in (("small", 12), ("large", 16)):
        data.add(name, "celeba", making.celeba(two / name, count=count))
    data.join("both", "small", "large")
    both = load("both")
    added = {name for name in both.identity_names if name.startswith("large:")}
    assert added == {f"large:{number}" for number in range(13, 17)}
    assert any("12 people of large are left out" in note for note in both.notes)
    with pytest.raises(PenumbraError, match="everybody in small has the name of somebody"):
        data.join("nobody", "large", "small")


def test_equal_names_in_sources_of_two_kinds_are_two_people(two):
    path = making.folder(two / "numbers")
    text = (path / "labels.csv").read_text()
    for person in reversed(range(12)):
        text = text.replace(f",p{person},", f",{person:04d},")
    (path / "labels.csv").write_text(text)
    data.add("numbers", "folder", path)
    data.join("both", "numbers", "drawn")
    assert len(load("both").identity_names) == 24


def test_what_cannot_be_joined_is_named(two, monkeypatch):
    data.join("both", "mine", "drawn")
    data.add("again", "folder", two / "mine")
    data.add("cut", "folder", making.folder(two / "cut"), {"crop": 0.5})
    for arguments, said in (
        (("Both!", "mine", "drawn"), "data set name"),
        (("both", "mine", "drawn"), "already a data set 'both'"),
        (("more", "mine", "draw"), "unknown data set 'draw'; did you mean 'drawn'"),
        (("more", "both", "drawn"), "'both' is a join itself"),
        (("more", "drawn", "both"), "'both' is a join itself"),
        (("more", "mine", "mine"), "both registered from"),
        (("more", "mine", "again"), "both registered from"),
        (("more", "drawn", "cut"), "crop 1 and cut 0.5"),
    ):
        with pytest.raises(PenumbraError, match=said):
            data.join(*arguments)
    with pytest.raises(PenumbraError, match="unknown source 'join'"):
        data.add("more", "join", two, {"first": "mine", "second": "drawn"})
    assert set(data.catalogue()) == {"synthetic", "mine", "drawn", "both", "again", "cut"}


def test_a_person_of_the_first_may_not_be_called_like_one_of_the_second(two):
    labels = two / "mine" / "labels.csv"
    labels.write_text(labels.read_text().replace(",p3,", ",drawn:0003,"))
    with pytest.raises(PenumbraError, match="has a person 'drawn:0003'"):
        data.join("both", "mine", "drawn")


def test_a_part_stays_while_a_join_needs_it(two):
    data.join("both", "mine", "drawn")
    for name in ("mine", "drawn"):
        with pytest.raises(PenumbraError, match="'both' joins"):
            data.remove(name)
    load("both")
    data.remove("both")
    data.remove("drawn")
    assert set(data.catalogue()) == {"synthetic", "mine"}
    assert not [path for path in (home() / "packed").iterdir() if path.is_dir()]


@pytest.mark.parametrize("changed", ["first", "second"])
def test_a_join_is_packed_anew_when_either_source_changes(two, changed):
    data.join("both", "mine", "drawn")
    before = load("both")
    assert data.describe("both")["packed"]
    assert load("both").fingerprint == before.fingerprint
    if changed == "first":
        (two / "mine" / "p2" / "1.png").write_bytes(making.picture(250))
    else:
        making.edit(two / "drawn" / "labels.csv", 2, "0000,0,0", "0000,0,1")
    assert not data.describe("both")["packed"]
    after = load("both")
    assert after.fingerprint != before.fingerprint
    assert (making.grey(after.images) == 250).any() == (changed == "first")
    assert (after.attributes != before.attributes).any() == (changed == "second")
    packed = [p for p in (home() / "packed").iterdir() if p.is_dir() and p.name.startswith("both-")]
    assert len(packed) == 1


def test_counts_and_faces_without_packing(two):
    data.join("both", "mine", "drawn")
    before = data.describe("both")
    assert len(data.preview("both", count=30, size=16)) == 24
    load("both")
    after = data.describe("both")
    assert (before.pop("packed"), after.pop("packed")) == (False, True)
    assert before == after
    assert before["splits"]["test"] == data.describe("mine")["splits"]["test"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"source": "join"}, "damaged entry"),
        ({"source": "join", "options": {"first": "mine"}}, "damaged entry"),
        ({"source": "join", "options": {"first": "mine", "second": "../x"}}, "damaged entry"),
        ({"source": "join", "options": {"first": "mine", "second": 3}}, "damaged entry"),
    ],
)
def test_a_damaged_entry_is_named(two, entry, said):
    write({"both": entry})
    with pytest.raises(PenumbraError, match=said):
        data.catalogue()


def test_a_part_that_is_gone_is_named(two):
    data.join("both", "mine", "drawn")
    write({"mine": None})
    for call in (load, data.describe, data.preview):
        with pytest.raises(PenumbraError, match="joins 'mine', which is not there"):
            call("both")


def write(changes):
    """Change the registry by hand; None takes an entry out."""
    file = home() / "datasets.json"
    entries = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({n: entry for n, entry in entries.items() if entry}))


def test_nobody_of_a_joined_set_is_in_a_second_source_of_it(two):
    for name, count in (("small", 12), ("large", 16)):
        data.add(name, "celeba", making.celeba(two / name, count=count))
    data.join("both", "mine", "small")
    found = data.second_source("large", load("both"), progress=False)
    assert found.left_out == 12
    names = {found.faces.identity_names[i] for i in found.faces.identities[found.rows]}
    assert names == {"13", "14", "15", "16"}
    with pytest.raises(PenumbraError, match="everybody in small has the name of somebody in both"):
        data.second_source("small", load("both"), progress=False)
    data.join("wide", "drawn", "large")
    found = data.second_source("wide", load("small"), progress=False)
    assert found.left_out == 12
    kept = {found.faces.identity_names[i] for i in found.faces.identities[found.rows]}
    assert len(kept) == 12 + 4
    assert joined.prefixed("large", "1") not in kept
