"""What earlier versions wrote opens unchanged.

`version_1.zip` was written at commit 6c4f6a0: a registered data set of 48 small photographs with its
packed array, a run of `aia_random` that was trained, attacked, explained, timed and trimmed, a job,
and a closed study with 9 of 12 answers right; beside them `findings.csv`, as `python -m core results
--format csv` printed it then. Paths in it are relative to its root.
"""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
import torch
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from core import data, explain, jobs, results, train
from core.data.packing import pack
from core.evaluate import evaluate
from core.own_photograph import redraw
from core.storage import cost_file, run_folder
from core.storage.pictures import kept_pictures
from core.study import studies
from core.study.analysis import results as study_results
from core.study.storage import database
from core.study.storage.tables import metadata

ARCHIVE = Path(__file__).with_name("version_1.zip")
WRITTEN = 1_700_000_000_000_000_000  # ns: when its photographs were changed, by the pack's stamp


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The unpacked folder, in use."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(tmp_path)
    for photograph in (tmp_path / "photographs").iterdir():
        os.utime(photograph, ns=(WRITTEN, WRITTEN))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PENUMBRA_DATABASE", raising=False)
    yield tmp_path
    database.close()


@pytest.fixture
def folder(kept):
    (found,) = run_folder.all_folders()
    return found


def test_findings_are_the_same_to_the_last_digit(kept):
    table = results.findings()
    assert results.problems() == []
    # it is of the first recipe, which now stands beside its schedule
    table["schedule"] = table["schedule"].str.removesuffix(", recipe=1")
    assert table.to_csv(index=False) == (kept / "findings.csv").read_text()


def test_the_run_is_finished_and_its_networks_release(folder):
    (row,) = results.runs().to_dict("records")
    assert (row["state"], row["evaluated"], row["seconds"]) == ("finished", 14, 1.36)
    run, record, model = train.load(folder)
    assert run.id == folder.name
    assert model.networks.keys().isdisjoint(record["left_out"])
    faces = data.load("mine", 64, 64, progress=False)
    pixels = torch.from_numpy(np.array(faces.images[:2])).permute(0, 3, 1, 2) / 255
    assert model.release(pixels, torch.Generator(), 0.5).isfinite().all()


def test_nothing_that_is_done_is_done_again(folder):
    before = {path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}
    evaluate(
        folder, ["logistic", "mirrored_decoder"], release_values=[0.5], device="cpu", progress=False
    )
    evaluate(folder, ["logistic"], release_values=[0.5], protocol="paper", progress=False)
    explain.explain(folder, ["noise"], device="cpu", progress=False)
    assert {path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))} == before


def test_pictures_and_who_was_strongest_are_there(folder):
    """The photographs beside them lie with the data set."""
    found = kept_pictures(folder, "mirrored_decoder", 0.5)
    assert found["originals"].shape == found["reconstructions"].shape == (12, 64, 64, 3)
    assert results.strongest(folder, 0.5).get("attribute:Male") == "logistic"
    assert results.strongest(folder, 0.5).get("image") == "mirrored_decoder"


def test_the_kept_attacker_redraws_again(folder):
    assert redraw.kept(folder, 0.0)
    restored = redraw.restore(folder, 0.0, device="cpu")
    faces = data.load("mine", 64, 64, progress=False)
    assert redraw.redraw(restored, faces.images[:1])["ms_ssim"].shape == (1,)


def test_explanations_and_costs_are_read(folder):
    arrays, facts = explain.read(folder, "noise")
    assert (facts["kind"], arrays["maps"].dtype) == ("map", np.uint8)
    assert {row["release_value"] for row in cost_file.rows(folder)} == {0.25, 0.5, 0.75, 0.9}


def test_packed_photographs_are_opened_and_not_decoded_again(kept, monkeypatch):
    monkeypatch.setattr(pack, "_build", lambda *arguments: pytest.fail("packed again"))
    assert list(data.catalogue()) == ["synthetic", "mine"]
    faces = data.load("mine", 64, 64, progress=False)
    assert faces.images.shape == (48, 64, 64, 3)
    assert data.describe("mine")["packed"]


def test_a_job_that_ended_is_listed_with_its_last_words(kept):
    (job,) = jobs.list_jobs()
    assert (job["state"], job["step"], job["steps"]) == ("failed", 12, 12)
    assert job["message"].endswith("remove and add the data set again")


def test_a_study_keeps_its_answers(kept):
    (study,) = studies.list_studies()
    assert (study["title"], study["state"], study["answers"]) == ("Kept", "closed", 12)
    summary = study_results.summary(study_results.answers(study["id"]))
    assert set(summary["right"]) == {9}


def test_revisions_make_of_its_database_the_tables_that_are_described(kept):
    with database.reading() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        found = sa.inspect(connection)
        for table in metadata.sorted_tables:
            named = {entry["name"] for entry in found.get_foreign_keys(table.name)}
            assert named == {key.name for key in table.foreign_key_constraints}
            assert found.get_pk_constraint(table.name)["name"] == table.primary_key.name
