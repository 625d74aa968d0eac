"""A typed folder: refused with the next step, its problems by line, counted when it is whole."""

import os
import re
from pathlib import Path

import pytest

from core.data import checking
from core.errors import PenumbraError
from core.run import home
from tests.tiny_folder import register_tiny_folder


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))


@pytest.fixture
def folder(tmp_path):
    from core import data

    register_tiny_folder(tmp_path / "photographs")
    data.remove("tiny")
    return tmp_path / "photographs"


def lines(folder):
    return (folder / "labels.csv").read_text().split("\n")


@pytest.mark.parametrize(
    ("text", "next_step"),
    [
        ("", "Type the path"),
        ("   ", "Type the path"),
        ("photographs", "from the start"),
        ("../../etc", "from the start"),
        ("/no/such/folder", "copy the photographs there"),
        ("/etc/passwd", "no folder"),
        ("/tmp/\0", "no path"),
        ("/" + "a/" * 3000, "too long"),
        ("/tmp\n/x", "no path"),
        ("~nobody_of_this_name/x", "whole path|cannot be looked at"),
    ],
)
def test_what_is_no_folder_is_refused_with_the_next_step(text, next_step):
    with pytest.raises(PenumbraError, match=next_step):
        checking.typed_path(text)


def test_quotes_and_spaces_around_a_path_do_not_matter(tmp_path):
    assert checking.typed_path(f'  "{tmp_path}" ') == tmp_path.resolve()


def test_of_what_lies_outside_the_given_folder_nothing_is_told(tmp_path):
    inside = tmp_path / "allowed"
    (inside / "mine").mkdir(parents=True)
    (inside / "link").symlink_to("/etc")
    assert checking.typed_path(str(inside / "mine"), inside) == (inside / "mine").resolve()
    for text in ("/etc", "/no/such", str(inside / "link"), str(inside / ".." / "other")):
        with pytest.raises(PenumbraError, match="Only folders inside"):
            checking.typed_path(text, inside)


def test_a_whole_folder_is_counted_and_nothing_is_written(folder):
    before = sorted(path.name for path in folder.iterdir())
    state = (home() / "datasets.json").read_bytes()
    found = checking.check(folder)
    assert found.problems == ()
    assert (found.images, found.identities) == (72, 24)
    assert found.attributes == {"Male": (36, 36), "Smiling": (36, 36), "Young": (36, 36)}
    assert found.preview.shape == (8, 96, 96, 3)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert (home() / "datasets.json").read_bytes() == state
    assert sorted(path.name for path in home().iterdir()) == ["datasets.json", "datasets.lock"]


def test_every_problem_is_named_with_its_line(folder):
    rows = lines(folder)
    rows[3] = "2.png,person0,2,0,1"
    rows[5] = "nothere.png,person1,1,0,1"
    rows[7] = "../../etc/passwd,,1,0,1"
    rows[9] = rows[8]
    (folder / "labels.csv").write_text("\n".join(rows))
    found = checking.check(folder)
    starts = [problem.split(":")[0] for problem in found.problems]
    assert starts == [f"labels.csv, row {number}" for number in (4, 6, 8, 8, 10)]
    assert "Male is '2'" in found.problems[0]
    assert "add the photograph or delete the row" in found.problems[1]
    assert "leaves photographs" in found.problems[2]
    assert "identity is blank" in found.problems[3]
    assert "already in row 9" in found.problems[4]
    assert found.images == 0


def test_many_problems_are_listed_to_a_bound_and_counted(folder):
    rows = lines(folder)
    (folder / "labels.csv").write_text("\n".join([rows[0], *("no" + row for row in rows[1:-1])]))
    found = checking.check(folder)
    assert len(found.problems) == checking.MOST_PROBLEMS
    assert found.more == 72 - checking.MOST_PROBLEMS


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("image,identity\n0.png,a\n", "no attribute column"),
        ("image,identity,Male\n", "no rows"),
        ("image,identity,Male\n0.png,a\n", "3"),
        ("image,identity,Male,Male\n0.png,a,1,1\n", "twice"),
        ("image,identity,Male\n0.png,a,1\n", "cannot fill 4 splits"),
    ],
)
def test_what_is_wrong_with_the_whole_file_is_one_problem(folder, content, reason):
    (folder / "labels.csv").write_text(content)
    found = checking.check(folder)
    assert len(found.problems) == 1
    assert re.search(reason, found.problems[0])


def test_no_csv_and_binary_rubbish_are_problems(folder):
    (folder / "labels.csv").write_bytes(os.urandom(200) + b"\0")
    assert len(checking.check(folder).problems) == 1
    (folder / "labels.csv").unlink()
    assert "no labels.csv" in checking.check(folder).problems[0]


def test_photographs_that_cannot_be_decoded_are_named(folder):
    (folder / "0.png").write_bytes(b"rubbish")
    found = checking.check(folder)
    assert found.problems == ()
    assert len(found.unreadable) == 1
    assert found.unreadable[0].startswith("0.png: ")
    assert len(found.preview) == 7


def test_people_by_folder(tmp_path):
    place = tmp_path / "people"
    from PIL import Image

    rows = ["image,Smiling"]
    for person in range(40):
        (place / f"p{person}").mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (40, 40)).save(place / f"p{person}" / f"{number}.png")
            rows.append(f"p{person}/{number}.png,{number}")
    Path(place / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    assert checking.check(place, {"identities": "folders"}).identities == 40
    assert checking.check(place).identities == 80
