"""Explanations as folders: computed once per release value, whole or not at all, read back."""

import numpy as np
import pytest

from core import explain, train
from core.__main__ import main
from core.errors import PenumbraError
from core.run import Run
from core.run_validation import checked
from core.storage import files
from tests.tiny_faces import SMALL, small_presets, tiny_faces


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A finished run of a filter, and a list of the subjects that its explanation was asked for."""
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    small_presets(monkeypatch)
    faces = tiny_faces(size=SMALL)
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: faces)
    run = checked(Run("blur", "tiny"))
    train.train(run, faces, device="cpu", progress=False)
    subjects = []

    def looked(subject, generator):
        subjects.append(subject)
        numbers = np.array([subject.value, generator.initial_seed() % 1000], dtype=np.float32)
        return {"numbers": numbers}, {"released": list(subject.view.z["test"].shape[1:])}

    monkeypatch.setattr(explain, "EXPLANATIONS", {"looked": looked})
    return run, subjects


def attacked(run, *values):
    for value in values:
        done = run.folder / "attacks" / "strict" / f"worst_case@{value}" / "done"
        done.parent.mkdir(parents=True)
        done.write_bytes(b"")


def test_each_release_value_that_was_attacked_is_explained_once(asked):
    run, subjects = asked
    attacked(run, 12, 3)
    for _ in range(2):
        explain.explain(run, device="cpu", progress=False)
    assert [subject.value for subject in subjects] == [3.0, 12.0]
    arrays, facts = explain.read(run.folder, "looked", 12.0)
    assert arrays["numbers"][0] == 12
    assert facts == {"released": [3, SMALL, SMALL]}
    assert arrays["numbers"][1] != explain.read(run.folder, "looked", 3.0)[0]["numbers"][1]
    (run.folder / "explain" / "looked@12" / "done").unlink()  # killed before its last line
    explain.explain(run.folder, ["looked"], device="cpu", progress=False)
    assert [subject.value for subject in subjects] == [3.0, 12.0, 12.0]


def test_a_run_that_was_not_attacked_is_explained_over_its_knobs_grid(asked):
    run, _ = asked
    assert explain.release_values(run.folder) == [3.0, 6.0, 12.0]
    attacked(run, "none")
    with pytest.raises(PenumbraError, match="delete this folder"):
        explain.release_values(run.folder)


def test_what_is_missing_or_damaged_says_which_command_mends_it(asked):
    run, _ = asked
    attacked(run, 6)
    with pytest.raises(PenumbraError, match=f"explain {run.id} --only looked"):
        explain.read(run.folder, "looked", 6.0)
    explain.explain(run, device="cpu", progress=False)
    place = run.folder / "explain" / "looked@6"
    for name in ("facts.json", "arrays.npz"):
        whole = (place / name).read_bytes()
        for damaged in (whole[: len(whole) // 2], b"[]", None):
            if damaged is None:
                (place / name).unlink()
            else:
                (place / name).write_bytes(damaged)
            with pytest.raises(PenumbraError, match=r"is damaged .* delete this folder and run"):
                explain.read(run.folder, "looked", 6.0)
        files.write_bytes(place / name, whole)
    explain.read(run.folder, "looked", 6.0)


def test_an_unknown_explanation_is_refused_before_anything_is_done(asked):
    run, subjects = asked
    with pytest.raises(PenumbraError, match="choose from looked"):
        explain.explain(run, ["look"], device="cpu", progress=False)
    assert subjects == []


def test_the_command_explains_every_finished_run(asked, capsys):
    run, subjects = asked
    attacked(run, 6)
    assert main(["explain", "--device", "cpu"]) == 0
    assert [subject.value for subject in subjects] == [6.0]
    assert main(["explain", "blur-0000000000"]) == 2
    assert "there is no run" in capsys.readouterr().err
