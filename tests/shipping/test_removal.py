"""Deleting a run: only a run, only in the checkpoints, never a shipped one by accident, never in use."""

import pytest
from filelock import FileLock

from core.errors import PenumbraError
from core.run import Run
from core.run_validation import checked
from core.shipping import removal, shipped
from tests.checkpoint_folders import write_run


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return tmp_path / "checkpoints"


@pytest.fixture
def own(root):
    run = checked(Run("deep_obfuscator", "mine"))
    write_run(root, run, 0.5)
    return run


def test_a_run_is_deleted_whole_and_its_neighbour_stays(root, own):
    other = checked(Run("deep_obfuscator", "mine", seed=1))
    write_run(root, other, 0.5)
    removal.remove("mine", own.id)
    assert sorted(p.name for p in (root / "mine").iterdir()) == [".locks", other.id]


@pytest.mark.parametrize(
    ("dataset", "run_id"),
    [
        ("mine", ".."),
        ("mine", "../x"),
        ("..", "a-0123456789"),
        ("mine", ""),
        ("", ""),
        ("mine", "_controls"),
        ("mine/../mine", "aia-0123456789"),
    ],
)
def test_what_names_no_run_is_refused(root, own, dataset, run_id):
    with pytest.raises(PenumbraError, match="no name of a trained setting"):
        removal.remove(dataset, run_id)
    assert own.folder.is_dir()


def test_links_are_left_alone(root, own, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    link = root / "mine" / "aia-0123456789"
    link.symlink_to(outside)
    with pytest.raises(PenumbraError, match="is a link"):
        removal.remove("mine", link.name)
    (root / "linked").symlink_to(root / "mine")
    with pytest.raises(PenumbraError, match="is a link"):
        removal.remove("linked", own.id)
    assert (outside / "precious").is_file()
    assert own.folder.is_dir()


def test_a_shipped_run_needs_a_clear_word(root):
    run = shipped.runs()[0]
    write_run(root, run, 0.5)
    assert removal.is_shipped(run.folder)
    with pytest.raises(PenumbraError, match="comes with Penumbra"):
        removal.remove(run.dataset, run.id)
    assert run.folder.is_dir()
    removal.remove(run.dataset, run.id, shipped_too=True)
    assert not run.folder.exists()


def test_the_same_run_on_other_photographs_is_not_shipped(root, own):
    assert not removal.is_shipped(own.folder)


@pytest.mark.parametrize("purpose", ["train", "sweep", "strict-mlp"])
def test_while_somebody_is_at_it_nothing_is_deleted(root, own, purpose):
    with FileLock(own.lock(purpose)), pytest.raises(PenumbraError, match="stop that first"):
        removal.remove("mine", own.id)
    assert (own.folder / "done").is_file()
    removal.remove("mine", own.id)
    assert not own.folder.exists()


def test_what_is_gone_already_is_said(root, own):
    removal.remove("mine", own.id)
    with pytest.raises(PenumbraError, match="not there any more"):
        removal.remove("mine", own.id)
