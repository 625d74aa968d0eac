"""Attention of a run, from its folder to the folders that pages read."""

import shutil

import numpy as np
import pytest

from core import explain, train
from core.attacks.attributes import classifiers
from core.errors import PenumbraError
from core.explain import photographs, reader
from core.explain.attention import targets
from core.run import Run
from core.run_validation import checked
from core.storage import dataset_folders, files, run_folder
from tests.tiny_faces import SMALL, small_presets, tiny_faces

RUN = checked(Run("blur", "tiny", tasks=("Smiling",), private=("Male",)))


def settle(patch, root):
    faces = tiny_faces(size=SMALL)
    small_presets(patch)
    patch.setenv("PENUMBRA_CHECKPOINTS", str(root / "checkpoints"))
    patch.setenv("PENUMBRA_HOME", str(root / "home"))
    patch.setattr(reader, "LEAST_STEPS", 0)
    patch.setattr(classifiers, "MOST_EPOCHS", 1)
    patch.setattr(classifiers, "BATCH", 16)
    patch.setattr("core.data.load", lambda *arguments, **options: faces)
    patch.setattr(explain, "release_values", lambda folder: [3.0])
    return faces


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """A folder with a run, whose release is a filtered picture, trained and explained."""
    root = tmp_path_factory.mktemp("explained")
    with pytest.MonkeyPatch.context() as patch:
        train.train(RUN, settle(patch, root), device="cpu", progress=False)
        explain.explain(RUN, ["attention"], device="cpu", progress=False)
    return root


@pytest.fixture
def explained(computed, tmp_path, monkeypatch):
    """The run, in a copy of that folder."""
    shutil.copytree(computed, tmp_path, dirs_exist_ok=True)
    settle(monkeypatch, tmp_path)
    return RUN


def test_maps_facts_and_what_is_shared_by_all_runs(explained):
    run = explained
    arrays, facts = explain.read(run.folder, "attention", 3.0)
    count = len(arrays["positions"])
    assert facts["groups"] == ["all", "Male=0", "Male=1", "Smiling=0", "Smiling=1"]
    for side, name in (("attacker", "Male"), ("service", "Smiling")):
        told = facts[side]
        assert told["target"] == name
        assert told["declared"] == (side == "attacker")
        assert told["cells"] == [8, 8]
        assert arrays[f"{side}_release"].shape == (count, 8, 8)
        assert arrays[f"{side}_release_groups"].shape == (5, 8, 8)
        assert set(np.unique(arrays[f"{side}_said"])) <= {0, 1}
        assert f"{side}_redrawn" not in arrays  # nobody redrew anything
        assert 0 <= told["overlap_low"] <= told["overlap"] <= told["overlap_high"] <= 1
        assert sum(told["thirds"]) == pytest.approx(1, abs=1e-3)
        known, clear = photographs.read(run.folder, name)
        assert clear["target"] == name
        assert 0 < clear["again_overlap"] <= 1
        assert np.array_equal(known["positions"], arrays["positions"])
        assert known["maps"].shape == (count, 8, 8)
    size = sum(path.stat().st_size for path in (run.folder / "explain").rglob("*"))
    assert size < 15_000


def test_the_photographs_are_looked_at_once(explained, monkeypatch):
    run = explained
    before = (run.folder / "explain" / "attention@3" / "arrays.npz").read_bytes()
    shutil.rmtree(run.folder / "explain")
    monkeypatch.setattr(photographs, "_find_out", lambda *arguments: pytest.fail("again"))
    explain.explain(run, ["attention"], device="cpu", progress=False)
    assert (run.folder / "explain" / "attention@3" / "arrays.npz").read_bytes() == before


def test_what_is_missing_or_damaged_is_said(explained):
    run = explained
    with pytest.raises(PenumbraError, match="is not finished: run python -m core explain"):
        photographs.read(run.folder, "Young")
    (place,) = run.folder.parent.glob("_explain/*/Male")
    facts = files.read_json(place / "facts.json")
    files.write_json(place / "facts.json", facts | {"target": "Young"})
    with pytest.raises(PenumbraError, match="is about 'Young'"):
        photographs.read(run.folder, "Male")
    (place / "facts.json").write_text("{")
    with pytest.raises(PenumbraError, match="is damaged"):
        photographs.read(run.folder, "Male")
    record = files.read_json(run.folder / "run.json")
    for fingerprint in (None, "../../..", 7):
        record["data"]["fingerprint"] = fingerprint
        files.write_json(run.folder / "run.json", record)
        with pytest.raises(PenumbraError, match="does not say which photographs"):
            photographs.read(run.folder, "Male")


def test_targets_of_runs_that_declare_no_attribute():
    names = ("Young", "Male", "Smiling")
    run = checked(Run("dpfe", "tiny", tasks=("Male",), private=("identity",)))
    assert targets(run, names) == {"attacker": "Male", "service": "Male"}
    run = checked(Run("aia", "tiny", tasks=("verification",), private=("Young",)))
    assert targets(run, names) == {"attacker": "Young"}
    run = checked(Run("original", "tiny", tasks=("Smiling",), private=()))
    assert targets(run, names)["attacker"] == "Male"
    assert targets(run, ("Smiling", "Young"))["attacker"] == "Young"
    with pytest.raises(PenumbraError, match="no attribute"):
        targets(run, ("Smiling",))


def test_every_name_of_an_attribute_is_a_folder_of_its_own(tmp_path):
    place = dataset_folders.explained(tmp_path, (64, 64), "ab" * 32, "../../etc")
    assert place.parent.parent.parent == tmp_path
    assert run_folder.all_folders(tmp_path) == []
