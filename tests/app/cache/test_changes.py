"""The app notices what a training or an attack writes."""

import os
import shutil

import pytest

from app.cache import loaders
from core.run import Run
from core.run_validation import checked
from core.storage import findings_file
from tests.checkpoint_folders import finding, write_attack, write_run


@pytest.fixture
def run(tmp_path):
    folder = write_run(tmp_path, checked(Run("deep_obfuscator", "synthetic")), 0.5)
    for place, _, _ in os.walk(tmp_path):  # long ago, so that every change shows
        os.utime(place, ns=(1, 1))
    return folder


def replace_findings(run):
    place = next((run / "attacks" / "strict").iterdir())
    findings_file.write(place, [finding("identity", "private", "mlp", "top1_accuracy", 0.5)])


CHANGES = {
    "an attack is finished": lambda run: write_attack(
        run, "kernel", [finding("image", "private", "x", "ms_ssim", 0.1)]
    ),
    "an attack is removed": lambda run: shutil.rmtree(next((run / "attacks" / "strict").iterdir())),
    "findings are replaced": replace_findings,
    "a run is removed": shutil.rmtree,
    "run.json is rewritten in place": lambda run: (run / "run.json").write_text("{"),
    "a run loses its mark": lambda run: (run / "done").unlink(),
    "something is explained": lambda run: (run / "explain" / "embedding").mkdir(parents=True),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows(run, change):
    root = str(run.parents[1])
    before = loaders.changed(root)
    assert sorted(loaders.changed(root)) == sorted(before)
    CHANGES[change](run)
    after = loaders.changed(root)
    assert (len(after), sum(after)) != (len(before), sum(before))


def test_a_folder_that_is_not_there_has_no_times(tmp_path):
    assert loaders.changed(str(tmp_path / "nowhere")) == []
