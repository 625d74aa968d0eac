"""People as one more attacker: what closed studies found stands among the findings."""

import json

import pandas as pd
import pytest

from app.page import verdict, wording
from app.settings import outcomes, points, unprotected, views
from app.settings.views import View
from app.study import findings as study_findings
from core import results
from core.study import studies
from core.study.participation import taking
from core.study.storage import database
from tests.checkpoint_folders import populate
from tests.study.participating import answered


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_DATABASE", f"sqlite:///{tmp_path}/studies.sqlite")
    monkeypatch.setattr(study_findings, "FRESH", 0.0)
    populate(tmp_path / "checkpoints")
    yield tmp_path / "checkpoints"
    database.close()


def made(place, **more):
    """An open study of one setting: (id, token, run id, knobs)."""
    run = min((place / "synthetic").glob("deep_obfuscator-*"))
    knobs = json.loads((run / "run.json").read_text())["run"]["knobs"]
    return *answered(run.name, **more), run.name, knobs


def test_a_closed_study_counts_and_an_open_one_does_not(place):
    assert study_findings.version() == ""
    name, token, run_id, _ = made(place)
    before = study_findings.version()
    assert study_findings.findings()[0].empty
    studies.close_study(name)
    assert study_findings.version() != before
    found, problems = study_findings.findings()
    assert not problems
    people = found[found["attacker"] == "human"].iloc[0]
    assert (people["run_id"], people["target"]) == (run_id, "recognition:Who?")
    assert (people["value"], people["n"], people["chance"]) == (0.75, 12, 0.25)

    code = taking.withdrawal_code(token)
    before = study_findings.version()
    assert taking.withdraw(name, code)
    assert study_findings.version() != before
    assert study_findings.findings()[0].empty


def test_people_stand_on_the_trade_off_beside_the_service(place):
    name, _, run_id, knobs = made(place)
    studies.close_study(name)
    findings = pd.concat([results.findings(), study_findings.findings()[0]], ignore_index=True)
    offered = views.targets(findings, "synthetic", "compact", "Smiling")
    assert offered[-1] == "recognition:Who?"
    assert wording.target_label(offered[-1]) == "Recognised by people: Who?"
    view = View("synthetic", "compact", "Smiling", offered[-1], "strict")
    table = unprotected.compared(outcomes.settings(findings, view), None)
    (row,) = points.records(table)
    assert (row["run_id"], row["knob:lambda1"]) == (run_id, knobs["lambda1"])
    assert row["gain"] == pytest.approx(0.5)
    said = verdict.verdict(row, None, view)
    assert "people pick the person of a redrawn face out of 4 in 75 % of cases" in said.sentence
    assert "12 answers" in said.detail
    assert views.attackers(findings, view)[:2] == ["worst_case", "human"]


def test_two_studies_of_one_name_stay_two(place):
    names = [made(place, right=right)[0] for right in (3, 9)]
    for name in names:
        studies.close_study(name)
    targets = set(study_findings.findings()[0]["target"])
    assert targets == {f"recognition:Who? ({name})" for name in names}


def test_a_database_that_is_away_leaves_the_rest(place, monkeypatch):
    monkeypatch.setenv("PENUMBRA_DATABASE", "postgresql://anna:secret@127.0.0.1:1/none")
    assert study_findings.version() == study_findings.AWAY
    found, problems = study_findings.findings()
    assert found.empty
    assert "secret" not in problems[0]


def test_looking_for_studies_makes_no_database(place, tmp_path):
    assert study_findings.version() == ""
    assert not (tmp_path / "studies.sqlite").exists()
