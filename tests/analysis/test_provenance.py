"""Hashes that somebody else can make, too."""

import hashlib
import json
import shlex
import shutil

import pytest

from core.__main__ import _parser
from core.analysis.provenance import commands, provenance
from core.cli.options import described_runs
from core.errors import PenumbraError
from core.run import Run
from core.run_validation import checked
from tests.checkpoint_folders import write_run


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path, checked(Run("image_noise", "synthetic")), 0.5, 0.2)


def test_hashes_are_those_of_the_files(folder):
    found = provenance(folder, 0.2)
    by_hand = {
        f"strict/{place.name.partition('@')[0]}": hashlib.sha256(
            (place / "findings.jsonl.gz").read_bytes()
        ).hexdigest()
        for place in (folder / "attacks" / "strict").iterdir()
    }
    assert {f"{p['protocol']}/{p['attack']}": p["sha256"] for p in found["findings"]} == by_hand
    assert by_hand
    lines = "".join(f"{name} {by_hand[name]}\n" for name in sorted(by_hand))
    assert found["findings_sha256"] == hashlib.sha256(lines.encode()).hexdigest()
    assert found["run_id"] == folder.name


def test_other_findings_have_another_hash(folder):
    before = provenance(folder, 0.2)["findings_sha256"]
    assert provenance(folder, 0.2)["findings_sha256"] == before
    shutil.rmtree(folder / "attacks" / "strict" / "mirrored_decoder@0.2")
    assert provenance(folder, 0.2)["findings_sha256"] != before
    assert provenance(folder, 0.4)["findings"] == []  # nothing was attacked at that value


def test_replaced_weights_are_noticed(folder):
    record = json.loads((folder / "run.json").read_text())
    record["weights_sha256"] = hashlib.sha256(
        (folder / "weights.safetensors").read_bytes()
    ).hexdigest()
    (folder / "run.json").write_text(json.dumps(record))
    assert provenance(folder, 0.2)["weights_match"]
    (folder / "weights.safetensors").write_bytes(b"others")
    assert not provenance(folder, 0.2)["weights_match"]


def test_damaged_folders_are_refused(folder):
    attack = folder / "attacks" / "strict" / "mirrored_decoder@0.2"
    (attack / "findings.jsonl.gz").unlink()
    with pytest.raises(PenumbraError, match=r"is damaged .* delete this folder and evaluate again"):
        provenance(folder, 0.2)
    (folder / "run.json").write_text("{")
    with pytest.raises(PenumbraError, match="cannot be read"):
        provenance(folder)


@pytest.mark.parametrize(
    "run",
    [
        Run("deep_obfuscator", "synthetic", knobs={"lambda1": 2.0, "lambda2": 1.0}, seed=3),
        Run("adversarial_reconstruction", "synthetic", private=(), schedule={"layer": 3}),
        Run("aia", "synthetic", tasks=("verification",)),
    ],
)
def test_the_command_trains_the_very_run(run):
    words = shlex.split(commands(checked(run))[0])
    assert words[:3] == ["python", "-m", "core"]
    assert described_runs(_parser().parse_args(words[3:])) == [checked(run)]
