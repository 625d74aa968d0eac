"""Answers as they come out of the database, on both of them, and as findings among the others."""

import pandas as pd
import pytest

from core import results as runs
from core.errors import PenumbraError
from core.run import Run
from core.run_validation import checked
from core.storage import findings_file
from core.study import studies
from core.study.analysis import results, simulate
from core.study.analysis.results import COLUMNS
from core.study.participation import taking
from tests.checkpoint_folders import write_run
from tests.study import sample_study
from tests.study.taken import takes

SMALL = {"questions": 4, "people": 6, "attention": 1, "target": 40}


def fails_checks(item):
    return 1 if item["role"] == "attention" else 0


def test_answers_are_what_was_chosen_in_the_types_they_promise(database):
    study = sample_study.open_study(settings=2, confidence=True, **SMALL)
    takes(study, lambda item: item["person"] % 4, confidence=4)
    takes(study, questions=3)
    table = results.answers(study)
    assert dict(table.dtypes.astype(str)) == {name: kind for name, (kind, *_) in COLUMNS.items()}
    first, second = (table[table["participant"] == number] for number in (1, 2))
    assert len(first) == 6
    assert first["finished"].all()
    assert (first["choice"] == first["person"] % 4).all()
    assert (first["right"] == (first["choice"] == 0)).all()
    assert (first["confidence"] == 4).all()
    assert (first["milliseconds"] == 2000).all()
    assert first["options"].eq(4).all()
    assert sorted(first["role"]) == ["attention", "practice"] + ["question"] * 4
    # who left was shown one question more than they answered, and counts with the answers alone
    assert len(second) == 3
    assert not second["finished"].any()
    assert set(table["place"]) <= {0, 1, 2, 3}


def test_a_question_that_was_shown_and_not_answered_is_neither_right_nor_wrong(database):
    study = sample_study.open_study(settings=1, **SMALL)
    browser = takes(study, questions=2)
    taking.current(study, browser)
    last = results.answers(study).iloc[-1]
    assert pd.isna(last["right"])
    assert pd.isna(last["answered"])
    assert not last["timed_out"]
    assert len(results.counted(results.answers(study))) <= 2


def test_time_that_ran_out_has_no_choice_and_is_not_right(database):
    study = sample_study.open_study(settings=1, time_limit=10, **SMALL)
    takes(study, lambda item: None)
    table = results.answers(study)
    assert table["choice"].isna().all()
    assert table["timed_out"].all()
    assert (table["right"] == False).all()  # noqa: E712 (missing would be neither)
    assert not table["passed"].any()


def test_the_machine_is_right_where_it_takes_the_first_option(database):
    study = sample_study.open_study(settings=1, **SMALL)
    takes(study)
    table = results.answers(study)
    made = {
        (item["role"], item["person"]): item["machine_release"] == 0
        for item in sample_study.material(sample_study.design(1, **SMALL))["items"]
    }
    expected = [
        made[role, person] for role, person in zip(table["role"], table["person"], strict=True)
    ]
    assert table["machine_release_right"].tolist() == expected
    assert table["machine_picture_right"].isna().all()


def test_who_fails_a_check_is_counted_apart(database):
    study = sample_study.open_study(settings=1, **SMALL)
    takes(study)
    takes(study, fails_checks)
    table = results.answers(study)
    assert table.groupby("participant")["passed"].all().tolist() == [True, False]
    summary = results.summary(table).set_index("who")
    assert summary.loc["all", "n"] == 8
    assert summary.loc["passed", "n"] == 4


def test_simulated_participants_and_people_are_never_mixed(database):
    study = sample_study.open_study(settings=1, **SMALL)
    simulate.simulate(study, 1, 1.0, seed=1)
    assert results.answers(study).empty
    assert len(results.answers(study, simulated=True)) == 6
    takes(study)
    assert set(results.answers(study)["participant"]) == {2}
    assert set(results.answers(study, simulated=True)["participant"]) == {1}


def test_who_withdraws_is_gone(database):
    study = sample_study.open_study(settings=1, **SMALL)
    gone, stays = takes(study), takes(study)
    taking.withdraw(study, taking.withdrawal_code(gone))
    assert set(results.answers(study)["participant"]) == {2}
    assert taking.current(study, stays)["stage"] == "finished"


def test_another_studys_answers_stay_out(database):
    one, other = (
        sample_study.open_study(settings=1, **SMALL),
        sample_study.open_study(settings=1, **SMALL),
    )
    takes(one)
    assert results.answers(other).empty
    item = int(results.answers(one)["item"].iloc[0])
    assert len(results.pictures(one, item)["options"]) == 4
    with pytest.raises(PenumbraError, match="question is gone"):
        results.pictures(other, item)


@pytest.mark.parametrize("hostile", ["", "nobody", "' OR 1=1 --", "x" * 5000, "\x00"])
def test_no_study_is_an_error_that_says_so(database, hostile):
    with pytest.raises(PenumbraError, match="no study"):
        results.answers(hostile)


@pytest.fixture
def asked(database, tmp_path):
    """(study of two runs that exist, one of which is a release-time setting, and of one that is gone;
    the two runs)"""
    root = tmp_path / "checkpoints"
    plain = checked(Run("deep_obfuscator", "synthetic", knobs={"lambda1": 1.0, "lambda2": 1.0}))
    noisy = checked(Run("dpfe", "synthetic"))
    for run in (plain, noisy):
        write_run(root, run, 0.5)
    settings = [
        sample_study.setting(run_id=plain.id),
        sample_study.setting(run_id=noisy.id, release_value=0.5),
        sample_study.setting(run_id="dpfe-00000000ff"),
    ]
    wanted = SMALL | {"questions": 6, "people": 6}
    design = sample_study.design(1, **wanted) | {"settings": settings}
    study = studies.create(design)
    studies.store_material(study, sample_study.material(design))
    studies.open_study(study)
    return study, plain, noisy


def test_findings_have_the_columns_of_all_others(asked):
    study, plain, noisy = asked
    for number in range(8):
        takes(study, fails_checks if number == 7 else lambda item: 0)
    found, problems = results.findings([study])
    assert {*findings_file.COLUMNS, *runs.RUN} <= {*found}
    assert set(found["run_id"]) == {plain.id, noisy.id}
    assert any("dpfe-00000000ff" in line for line in problems)
    human = found[found["attacker"] == "human"].set_index("run_id")
    assert (human["target"] == f"recognition:{study}").all()
    assert (human["value"] == 1).all()
    assert (human["chance"] == 0.25).all()
    assert human.loc[plain.id, "n"] == 14  # 7 who passed, 2 of their 6 questions each
    assert human.loc[plain.id, "knob:lambda1"] == 1
    assert human.loc[noisy.id, "release_value"] == 0.5
    assert human["conclusive"].all()
    assert set(found["attacker"]) == {"human", "machine_release"}
    both = pd.concat([runs.findings(), found])
    assert set(both["dataset"]) == {"synthetic"}


def test_findings_of_few_answers_are_not_conclusive_and_of_none_are_none(asked):
    study = asked[0]
    empty, _ = results.findings([study])
    assert empty.empty
    assert {*findings_file.COLUMNS, *runs.RUN} <= {*empty}
    takes(study)
    found, _ = results.findings([study])
    assert not found["conclusive"].any()
    assert results.findings(["nobodys_one_"])[0].empty


def test_simulated_participants_are_no_findings(asked):
    simulate.simulate(asked[0], 1, 1.0, seed=1)
    assert results.findings([asked[0]])[0].empty


def test_with_the_very_photograph_comparing_releases_is_no_finding(database, tmp_path):
    run = checked(Run("deep_obfuscator", "synthetic"))
    write_run(tmp_path / "checkpoints", run, 0.5)
    design = sample_study.design(1, photograph="same", **SMALL)
    design["settings"] = [sample_study.setting(run_id=run.id)]
    study = studies.create(design)
    studies.store_material(study, sample_study.material(design))
    studies.open_study(study)
    takes(study)
    assert set(results.findings([study])[0]["attacker"]) == {"human"}
