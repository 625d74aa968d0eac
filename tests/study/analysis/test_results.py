"""What answers come to: per setting, by face, by participant."""

import math

import numpy as np
import pandas as pd
import pytest

from core.study.analysis import breakdown, results, statistics
from tests.study.made_up import SETTINGS, answers


def test_a_summary_says_all_and_those_who_passed_for_each_setting():
    given = answers()
    table = results.summary(given)
    assert list(table["who"]) == ["all", "passed"] * 2
    assert set(table["setting"]) == set(SETTINGS)
    asked = given[given["role"] == "question"]
    for row in table.to_dict("records"):
        mine = asked[
            (asked["setting"] == row["setting"]) & (asked["passed"] | (row["who"] == "all"))
        ]
        assert row["n"] == len(mine)
        assert row["right"] == mine["right"].sum()
        assert row["share"] == row["right"] / row["n"]
        assert (row["low"], row["high"]) == statistics.wilson(row["right"], row["n"])
        assert row["chance"] == 0.25
        assert row["p"] == statistics.binomial_p(row["right"], row["n"], 0.25)
        assert row["d_low"] < row["d_prime"] < row["d_high"]
        assert row["milliseconds"] == mine["milliseconds"].median()
        assert row["people"] == mine["person"].nunique()
    passed = table[table["who"] == "passed"]
    assert (passed["participants"] <= 32).all()
    assert (passed["n"].to_numpy() < table.loc[table["who"] == "all", "n"].to_numpy()).all()


def test_attention_practice_and_unanswered_questions_count_for_nothing():
    given = answers(people=4)
    given.loc[given.index[:3], "role"] = "practice"
    waiting = given.index[-1]
    given.loc[waiting, ["choice", "right", "place"]] = pd.NA
    given.loc[waiting, "answered"] = np.nan
    table = results.summary(given)
    proper = (given["role"] == "question").sum()
    assert table.loc[table["who"] == "all", "n"].sum() == proper - 1


def test_time_that_ran_out_is_a_wrong_answer():
    given = answers(people=4, share=1.0, settings=SETTINGS[:1])
    late = given.index[given["role"] == "question"][:5]
    given.loc[late, ["choice", "place"]] = pd.NA
    given.loc[late, "right"] = False
    given.loc[late, "timed_out"] = True
    row = results.summary(given).iloc[0]
    assert row["right"] == row["n"] - 5
    assert row["timed_out"] == 5 / row["n"]


def test_answers_of_one_person_that_hang_together_widen_the_interval():
    given = answers(people=30, settings=SETTINGS[:1])
    right = given["participant"] % 2 == 0
    given["right"] = right
    given["choice"] = np.where(right, 0, 1)
    row = results.summary(given).iloc[0]
    assert row["clustered_high"] - row["clustered_low"] > 1.5 * (row["high"] - row["low"])
    alone = results.summary(given[given["participant"] == 1]).iloc[0]
    assert math.isnan(alone["clustered_low"])


def test_the_machine_answers_the_same_questions_and_knows_no_more_than_there_are():
    given = answers(people=200, settings=SETTINGS[:1])
    row = results.summary(given).iloc[0]
    asked = given[given["role"] == "question"]
    assert row["machine_release"] == asked["machine_release_right"].astype(float).mean()
    assert row["machine_release_n"] == 24
    # 2,000 answers of people, but 24 of the machine: its interval is that of about 24
    low, high = statistics.wilson(18, 24)
    assert row["machine_release_high"] - row["machine_release_low"] == pytest.approx(
        high - low, rel=0.1
    )
    assert row["machine_picture_n"] == 0
    assert math.isnan(row["machine_picture"])


def test_without_answers_a_summary_is_empty_and_keeps_its_columns():
    given = answers(people=1)
    table = results.summary(given.iloc[:0])
    assert table.empty
    assert list(table) == list(results.SUMMARY)
    assert breakdown.faces(given.iloc[:0]).empty
    assert breakdown.participants(given.iloc[:0]).empty
    assert breakdown.agreement(given.iloc[:0]).empty


def test_a_setting_in_which_everybody_failed_the_check_says_so():
    given = answers(people=3, passed=False)
    row = results.summary(given)[lambda table: table["who"] == "passed"].iloc[0]
    assert row["n"] == 0
    assert (row["low"], row["high"]) == (0, 1)
    assert math.isnan(row["share"])


def test_deep_obfuscators_study_is_read_from_the_published_numbers():
    found = results.reference()
    assert (found["right"], found["answers"]) == (112, 400)
    assert (found["questions"], found["responses"]) == (10, 40)
    assert found["share"] == pytest.approx(0.28)
    assert found["low"] < found["chance"] == 0.25 < found["high"]
    assert 0.05 < found["p"] < found["p_two_sided"]
    assert "4.4" in found["place"]


def test_faces_are_sorted_from_least_to_best_recognised():
    given = answers(people=60)
    table = breakdown.faces(given)
    assert table["share"].is_monotonic_increasing
    assert len(table) == 48
    assert table["n"].sum() == 600
    for row in table.to_dict("records"):
        assert sum(row["choices"]) + row["timed_out"] == row["n"]
        assert row["choices"][0] == row["right"]
        assert len(row["choices"]) == 4


def test_participants_are_counted_with_their_checks():
    table = breakdown.participants(answers())
    assert len(table) == 40
    assert (table["n"] == 10).all()
    assert (~table["passed"]).sum() == 8
    assert table["low"].le(table["share"]).all()


def test_if_all_were_alike_the_spread_is_the_binomial_one():
    people = breakdown.participants(answers(people=400, share=0.5))
    edges = np.linspace(0, 1, 11)
    expected = breakdown.if_all_alike(people, edges)
    assert expected.sum() == pytest.approx(400)
    found = np.bincount(np.searchsorted(edges[1:-1], people["share"] - 1e-9), minlength=10)
    assert np.abs(found - expected).max() < 4 * np.sqrt(expected.max())


def test_calibration_is_empty_where_nobody_was_asked():
    asked = answers()
    assert breakdown.calibration(asked)["n"].sum() == 400
    asked["confidence"] = pd.NA
    assert breakdown.calibration(asked).empty


def one_setting(choices, **columns):
    """Answers with these choices, a list for each face."""
    rows = [
        {
            "participant": number,
            "item": face,
            "person": face,
            "choice": choice,
            "right": choice == 0,
        }
        for face, row in enumerate(choices)
        for number, choice in enumerate(row)
    ]
    start = answers(people=1, settings=SETTINGS[:1]).iloc[[1] * len(rows)].reset_index(drop=True)
    for name in rows[0]:
        start[name] = pd.array([row[name] for row in rows], dtype=start[name].dtype)
    return start.assign(**columns)


def test_people_who_are_always_right_agree():
    table = breakdown.agreement(one_setting([[0, 0, 0]] * 8))
    assert table["alpha"].item() == 1
    assert table["faces"].item() == 8
    # and those who all take the same wrong photograph as well
    assert breakdown.agreement(one_setting([[2, 2, 2]] * 8))["alpha"].item() == 1


def test_people_who_guess_do_not_agree():
    drawn = np.random.default_rng(0).integers(0, 4, (200, 5)).tolist()
    assert abs(breakdown.agreement(one_setting(drawn))["alpha"].item()) < 0.05


def test_nobody_who_saw_the_same_face_has_no_agreement():
    table = breakdown.agreement(one_setting([[0], [1], [2]]))
    assert math.isnan(table["alpha"].item())
    assert table["faces"].item() == 0


def test_more_answers_are_needed_the_nearer_to_guessing():
    near, far = (
        {"n": 100, "share": share, "chance": 0.25, "right": round(100 * share)}
        for share in (0.3, 0.6)
    )
    assert breakdown.more(near)["to_tell"] == statistics.needed(0.3, 0.25) - 100
    assert breakdown.more(far)["to_tell"] == 0
    assert breakdown.more(near | {"share": 0.2})["to_tell"] is None
    assert breakdown.more(near)["to_narrow"] > 0
    assert breakdown.more(near | {"n": 0}) == {"to_tell": None, "to_narrow": None}
