"""Packing: once, safely, in parallel, anew when the source changes."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from core import data
from core.data import listing
from core.data.packing import decode, pack, parallel
from core.errors import PenumbraError
from core.run import ROOT, home
from tests.data import making


@pytest.fixture
def mine(tmp_path):
    path = making.folder(tmp_path / "mine")
    data.add("mine", "folder", path)
    return path


def load(size=16, **more):
    return data.load("mine", size, size, progress=False, **more)


def packed():
    return sorted(path.name for path in (home() / "packed").iterdir() if path.is_dir())


def test_packed_once_and_read_only(mine, monkeypatch):
    first = load()
    monkeypatch.setattr(decode, "read", None)  # any decoding would now fail
    second = load()
    assert first.fingerprint == second.fingerprint
    assert isinstance(second.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        second.images[0] = 0
    assert data.describe("mine")["packed"]


def test_fingerprint_is_of_the_content_not_of_place_or_time(mine, tmp_path):
    first = load()
    other = making.folder(tmp_path / "elsewhere")
    for file in other.rglob("*.png"):
        os.utime(file, (1, 1))
    data.add("other", "folder", other)
    assert data.load("other", 16, 16, progress=False).fingerprint == first.fingerprint
    assert load(24).fingerprint != first.fingerprint
    (mine / "p2" / "1.png").write_bytes(making.picture(77))
    assert load().fingerprint != first.fingerprint


@pytest.mark.parametrize("change", ["photograph", "label", "seed"])
def test_a_changed_source_is_packed_anew(mine, change):
    before, name = load(), packed()
    if change == "photograph":
        (mine / "p2" / "1.png").write_bytes(making.picture(250))
    elif change == "label":
        making.edit(mine / "labels.csv", 2, "p0,0", "p0,1")
    else:
        data.remove("mine")
        data.add("mine", "folder", mine, {"split_seed": 5})
    after = load()
    assert packed() != name
    assert len(packed()) == 1, "the stale pack is deleted"
    position = after.names.index("p2/1.png")
    assert (making.grey(after.images)[position] == 250) == (change == "photograph")
    assert (after.attributes != before.attributes).any() == (change == "label")
    assert (after.split != before.split).any() == (change == "seed")


def test_a_folder_left_half_way_is_redone(mine):
    target = pack.folder("mine", 16, 16, pack.stamp(data.catalogue()["mine"]))
    for rubbish in (target, target.with_suffix(".partial")):
        rubbish.mkdir(parents=True)
        np.save(rubbish / "images.npy", np.zeros((36, 16, 16, 3), dtype=np.uint8))
        (rubbish / "labels.json").write_text("{")
    assert not data.describe("mine")["packed"]
    faces = load()
    assert making.grey(faces.images).min() >= 15
    assert packed() == [target.name]


LOADER = """
import sys
from core import data
faces = data.load("mine", 16, 16, progress=False, processes=2)
print(len(faces), faces.fingerprint, float(faces.images.mean()))
"""


def start(code):
    environment = dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1")
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)


def test_two_processes_packing_at_once_both_succeed(mine):
    both = [start(LOADER), start(LOADER)]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0] == said[1]
    assert said[0].startswith(b"36 ")
    assert len(packed()) == 1


def test_killed_while_packing(mine):
    """SIGKILL once the first chunk is decoded; the next load starts over and is whole."""
    killed = start(
        "import os, signal\n"
        "from core import data\n"
        "from core.data.packing import parallel\n"
        "parallel.MOST, whole = 10, parallel.decode_into\n"
        "def once(file, at, *rest):\n"
        "    if at > 5000: os.kill(os.getpid(), signal.SIGKILL)  # 10 photographs of 768 bytes\n"
        "    return whole(file, at, *rest)\n"
        "parallel.decode_into = once\n"
        "data.load('mine', 16, 16, progress=False, processes=1)\n"
    )
    assert killed.wait(timeout=60) == -signal.SIGKILL
    assert packed()[0].endswith(".partial")
    assert len(load()) == 36
    assert len(packed()) == 1


@pytest.fixture
def worker_first(monkeypatch):
    """Small pieces of work, and this process takes none before a worker has answered or died."""
    answered, here, there = threading.Event(), parallel.decode_into, parallel._ask

    def decode_here(*arguments):
        assert answered.wait(timeout=30)
        return here(*arguments)

    def ask(*arguments):
        try:
            return there(*arguments)
        finally:
            answered.set()

    monkeypatch.setattr(parallel, "LEAST", 5)
    monkeypatch.setattr(parallel, "MOST", 5)
    monkeypatch.setattr(parallel, "decode_into", decode_here)
    monkeypatch.setattr(parallel, "_ask", ask)
    return answered


def test_worker_processes_give_what_one_process_gives(mine, worker_first):
    worker_first.set()
    (mine / "p4" / "1.png").write_bytes(b"broken")
    alone = load(processes=1)
    pixels = np.array(alone.images)
    data.remove("mine")
    data.add("mine", "folder", mine)
    worker_first.clear()
    several = load(processes=2)
    assert (several.images == pixels).all()
    assert several.fingerprint == alone.fingerprint
    assert several.skipped == alone.skipped
    assert len(several.skipped) == 1


def test_a_worker_that_dies_is_an_error_not_a_hang(mine, worker_first, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(PenumbraError, match="a decoding process ended with status 1"):
        load(processes=2)
    assert packed() == []


def test_full_disk_is_said_before_it_is_filled(mine, monkeypatch):
    usage = type(pack.shutil.disk_usage("/"))(100, 90, 10)
    monkeypatch.setattr(pack.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(PenumbraError, match="make room or set PENUMBRA_HOME"):
        load()


def test_home_that_cannot_be_written(mine, monkeypatch, tmp_path):
    load()
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(pack, "home", lambda: tmp_path / "file" / "home")
    with pytest.raises(PenumbraError, match="set PENUMBRA_HOME"):
        load()


@pytest.mark.parametrize("damage", ["labels.json", "split.npy", "images.npy"])
def test_damaged_pack_is_named(mine, damage):
    load()
    target = home() / "packed" / packed()[0]
    (target / damage).write_bytes(b"{}")
    with pytest.raises(PenumbraError, match=r"damaged pack .*; delete this folder"):
        load()


def test_damaged_summary_is_named(mine):
    load()
    (home() / "packed" / packed()[0] / "summary.json").write_bytes(b"{")
    with pytest.raises(PenumbraError, match=r"damaged pack .*; delete this folder"):
        data.describe("mine")


def test_pickled_pack_is_refused(mine):
    load()
    target = home() / "packed" / packed()[0]
    np.save(target / "split.npy", np.array([{"a": 1}] * 36, dtype=object), allow_pickle=True)
    with pytest.raises(PenumbraError, match="damaged pack"):
        load()


def test_constant_attribute_is_noted(mine):
    text = (mine / "labels.csv").read_text()
    rows = [row.split(",") for row in text.strip().split("\n")]
    for row in rows[1:]:
        row[2] = "1"
    (mine / "labels.csv").write_text("\n".join(",".join(row) for row in rows))
    notes = load().notes
    assert any(
        note.startswith("Smiling never varies in defender, attacker, validation, test")
        for note in notes
    )
    assert list(notes) == data.describe("mine")["notes"]


def test_zip_and_folder_listings_agree(tmp_path):
    import zipfile

    path = making.celeba(tmp_path / "a")
    making.celeba(tmp_path / "b", zipfile.ZIP_DEFLATED)
    folder = listing.files(path / "img_align_celeba")
    zipped = listing.files(tmp_path / "b" / "img_align_celeba.zip")
    assert {f"img_align_celeba/{name}" for name in folder} == set(zipped)
    for name, photograph in folder.items():
        assert decode.read(photograph) == decode.read(zipped[f"img_align_celeba/{name}"])


def test_labels_are_json_and_arrays_without_pickle(mine):
    load()
    target = home() / "packed" / packed()[0]
    assert {path.suffix for path in Path(target).iterdir()} == {".npy", ".json", ""}
    assert json.loads((target / "labels.json").read_text())["attribute_names"][0] == "Smiling"


def test_an_old_pack_that_another_process_is_about_to_take_is_left_to_it(tmp_path):
    stale = tmp_path / "faces-64x64-0123456789ab"
    stale.mkdir()
    (stale / "images.npy").write_bytes(b"x")
    with FileLock(stale.with_suffix(".lock")):
        pack._delete_unless_wanted(stale)
        assert (stale / "images.npy").is_file()
    pack._delete_unless_wanted(stale)
    assert not stale.exists()
