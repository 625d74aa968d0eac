"""Building sets: the same bytes whatever the workers, kills survived, bad arguments refused."""

import contextlib
import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import PenumbraError
from core.synthetic.build import SHARD_IDENTITIES, build

ROOT = Path(__file__).parents[2]
PLAN = {"identities": SHARD_IDENTITIES + 1, "images": 1, "size": 32, "seed": 4}
FILES = ("images.zip", "labels.csv", "set.json")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    build(folder, **PLAN, workers=1, progress=False)
    return folder


def contents(folder):
    assert sorted(os.listdir(folder)) == sorted(FILES)
    return [(folder / name).read_bytes() for name in FILES]


def test_a_built_set_is_what_the_format_says(built):
    description = json.loads((built / "set.json").read_text())
    assert {key: description[key] for key in PLAN} == PLAN
    for name in ("images.zip", "labels.csv"):
        digest = hashlib.sha256((built / name).read_bytes()).hexdigest()
        assert description["sha256"][name] == digest
    with open(built / "labels.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["identity"]) for row in rows] == list(range(PLAN["identities"]))
    with zipfile.ZipFile(built / "images.zip") as archive:
        assert archive.namelist() == [row["image"] for row in rows]
        for member in archive.infolist():
            assert member.compress_type == zipfile.ZIP_STORED
            picture = Image.open(io.BytesIO(archive.read(member)))
            assert picture.size == (32, 32)


def test_two_workers_give_the_same_bytes(built, tmp_path):
    build(tmp_path / "two", **PLAN, workers=2, progress=False)
    assert contents(tmp_path / "two") == contents(built)


def test_a_killed_build_is_continued_to_the_same_bytes(built, tmp_path):
    folder = tmp_path / "killed"
    first = folder / "parts" / "000000.zip"
    code = (
        "import sys; from core.synthetic.build import build; "
        f"build(sys.argv[1], **{PLAN!r}, workers=1, progress=False)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], cwd=ROOT)
    while not first.exists():
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert process.wait(timeout=0.02) == 0
    process.kill()
    process.wait()
    if first.exists():
        first.with_name(".000000.zip.1.part").write_bytes(b"half a shard")
    build(folder, **PLAN, workers=1, progress=False)
    assert contents(folder) == contents(built)


def test_finished_shards_are_not_drawn_again(built, tmp_path, monkeypatch):
    from core.synthetic import build as module

    folder = tmp_path / "interrupted"
    drawn = []

    def one_then_stop(parts, start, plan):
        if drawn:
            raise KeyboardInterrupt
        drawn.append(start)
        return original(parts, start, plan)

    original = module.draw_part
    monkeypatch.setattr(module, "draw_part", one_then_stop)
    with pytest.raises(KeyboardInterrupt):
        build(folder, **PLAN, workers=1, progress=False)
    assert not (folder / "set.json").exists()
    later = []
    monkeypatch.setattr(module, "draw_part", lambda p, s, q: later.append(s) or original(p, s, q))
    build(folder, **PLAN, workers=1, progress=False)
    assert later == [SHARD_IDENTITIES]
    assert contents(folder) == contents(built)


def test_another_seed_gives_other_faces(built, tmp_path):
    build(tmp_path, **{**PLAN, "seed": 5, "identities": 1}, workers=1, progress=False)
    pictures = []
    for folder in (built, tmp_path):
        with zipfile.ZipFile(folder / "images.zip") as archive:
            pictures.append(np.asarray(Image.open(io.BytesIO(archive.read("0000_0.webp")))))
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() > 5


def test_a_finished_set_is_left_alone_and_another_is_refused(built):
    before = contents(built)
    build(built, **PLAN, workers=1, progress=False)
    assert contents(built) == before
    with pytest.raises(PenumbraError, match="holds another set"):
        build(built, **{**PLAN, "seed": 99}, workers=1, progress=False)
    with pytest.raises(PenumbraError, match="different correlations"):
        build(built, **PLAN, correlations={"male": 0.9}, workers=1, progress=False)


def test_an_unfinished_build_of_another_set_is_refused(tmp_path):
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "plan.json").write_text('{"seed": 1}')
    with pytest.raises(PenumbraError, match="unfinished build of another set"):
        build(tmp_path, **PLAN, workers=1, progress=False)


def test_damaged_files_are_named(built, tmp_path):
    for name in FILES:
        (tmp_path / name).write_bytes((built / name).read_bytes())
    (tmp_path / "images.zip").write_bytes(b"PK")
    with pytest.raises(PenumbraError, match=r"images\.zip: missing or damaged"):
        build(tmp_path, **PLAN, workers=1, progress=False)
    (tmp_path / "set.json").write_text("{")
    with pytest.raises(PenumbraError, match=r"set\.json cannot be read"):
        build(tmp_path, **PLAN, workers=1, progress=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("identities", 0),
        ("identities", 2.5),
        ("images", -1),
        ("size", 16),
        ("size", 4096),
        ("size", True),
        ("seed", -1),
        ("seed", "x"),
        ("workers", 0),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(tmp_path, name, value):
    with pytest.raises(PenumbraError, match=f"{name} must be a whole number"):
        build(tmp_path / "set", **{**PLAN, "workers": 1, name: value}, progress=False)
    assert not (tmp_path / "set").exists()


def test_a_file_in_the_way_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PenumbraError, match="cannot be made"):
        build(tmp_path / "file" / "set", **PLAN, workers=1, progress=False)


def test_a_full_disk_is_an_error_that_leaves_no_half_file(tmp_path, monkeypatch):
    from core.synthetic import build as module

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(PenumbraError, match="No space left on device"):
        module._write(tmp_path / "labels.csv", b"text")
    assert list(tmp_path.iterdir()) == []
