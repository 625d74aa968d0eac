"""What a study's results say in words."""

import math

import pandas as pd
import pytest

from app.study import details_words, verdict
from core.methods import METHODS
from core.results import describe
from core.run import Run
from core.run_validation import checked
from core.study.analysis import results
from tests.study import made_up

RUNS = [
    checked(Run("deep_obfuscator", "synthetic", knobs={"lambda1": value, "lambda2": 1.0}))
    for value in (5.0, 0.0, 1.0)
]
NOISY = checked(Run("dpfe", "synthetic"))
ABOUT = {run.id: describe(run) for run in (*RUNS, NOISY)}


def row(**more):
    """A row of `study_verdict.rows`."""
    usual = {"n": 200, "right": 122, "participants": 20, "people": 24, "chance": 0.25, "p": 1e-9}
    usual |= {"place": "At λ₁ = 0", "label": "λ₁ = 0", "who": "all"}
    usual |= {"share": 0.61, "low": 0.55, "high": 0.67, "milliseconds": 3400.0, "timed_out": 0.0}
    usual |= {"d_prime": 1.2, "d_low": 1.0, "d_high": 1.4}
    usual |= {"clustered_low": 0.55, "clustered_high": 0.68}
    usual |= {"people_low": 0.55, "people_high": 0.67}
    for machine, low, share, high in (("release", 0.9, 0.97, 1.0), ("picture", 0.8, 0.9, 0.95)):
        name = f"machine_{machine}"
        usual |= {name: share, f"{name}_low": low, f"{name}_high": high, f"{name}_n": 24}
    return usual | more


def test_the_verdict_of_one_setting_names_share_interval_guessing_and_machine():
    assert verdict.verdict([row()], same=False) == (
        "People pick the right person in 61 % of cases (55–67; guessing 25 %; a machine that compares "
        "releases 97 % on the same questions)."
    )


def test_the_verdict_of_several_names_the_most_and_the_least_recognised():
    low = row(share=0.27, low=0.22, high=0.33, place="At λ₁ = 5", machine_release=0.88)
    middle = row(share=0.4, place="At λ₁ = 1")
    assert verdict.verdict([row(), middle, low], same=False) == (
        "At λ₁ = 0 people pick the right person in 61 % (55–67) of cases, at λ₁ = 5 in 27 % (22–33) "
        "(guessing 25 %; a machine that compares releases 97 % and 88 % on the same questions)."
    )


def test_fewer_than_ten_answers_are_too_early():
    assert verdict.verdict([row(n=9)], same=False) == "Too early to say: 9 answers so far."
    none = [row(n=0), row(n=0)]  # somebody may have answered and failed an attention check
    assert verdict.verdict(none, same=False) == "Too early to say: no answer that counts so far."
    few = verdict.verdict([row(n=9), row(n=1)], same=False)
    assert few == "Too early to say: 9 answers so far at the setting that has most."
    # settings with too few are not named beside those with enough
    assert "61 %" in verdict.verdict([row(), row(n=3, share=1.0)], same=False)
    assert "100 %" not in verdict.verdict([row(), row(n=3, share=1.0)], same=False)


def test_with_the_very_photograph_the_machine_on_releases_is_not_the_measure():
    assert "a face network 90 %" in verdict.verdict([row()], same=True)
    alone = row(machine_picture=math.nan)
    assert "questions" not in verdict.verdict([alone], same=True)


def test_the_strongest_machine_is_the_one_to_reckon_with():
    weak = row(machine_release=0.6, machine_picture=0.95)
    assert "a face network 95 % on the same questions" in verdict.verdict([weak], same=False)
    unknown = row(machine_picture=math.nan)
    assert verdict.machine([weak, unknown], same=False) == "machine_release"
    assert verdict.machine([], same=False) is None


def test_made_up_answers_are_not_said_of_people():
    said = verdict.verdict([row()], False, "Simulated participants")
    assert said.startswith("Simulated participants pick")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.3, 0.4, "clearly more often than by guessing"),
        (0.1, 0.2, "clearly less often than by guessing"),
        (0.2, 0.33, "up to 33 % cannot be ruled out"),
    ],
)
def test_against_guessing_no_more_is_said_than_the_interval_allows(low, high, words):
    assert words in verdict.against_guessing(row(low=low, high=high, people_low=low))
    assert "too few" in verdict.against_guessing(row(low=low, high=high, n=9))


def test_what_holds_for_these_faces_is_not_said_of_others():
    said = verdict.against_guessing(row(low=0.3, people_low=0.2))
    assert "with these faces, not clearly so with others" in said
    single = verdict.against_guessing(row(low=0.3, people_low=math.nan))
    assert single == "clearly more often than by guessing"


def test_under_the_verdict_stands_who_counts():
    said = verdict.under([row(), row(n=3)], "passed", 21)
    assert said.endswith("203 answers of those who passed the attention checks: 21 participants.")
    assert said.count("guessing") == 1
    many = verdict.under([row(), row(), row(), row(), row(low=0.2)], "all", 21)
    assert many.startswith(
        "More often than by guessing at 4 of 5 settings. 1000 answers of everybody"
    )


def summary(*settings, attackers=("resrec",)):
    tables = [
        made_up.answers(people=20, settings=(setting,), attacker=name)
        for setting in settings
        for name in attackers
    ]
    return results.summary(pd.concat(tables))


def test_settings_stand_from_weak_to_strong_under_their_knobs():
    table = summary(*(run.id for run in RUNS))
    rows = verdict.rows(table, ABOUT, "all")
    assert [entry["label"] for entry in rows] == [f"λ₁ = {v}, λ₂ = 1" for v in (0, 1, 5)]
    assert [entry["place"] for entry in rows] == [f"At λ₁ = {v}, λ₂ = 1" for v in (0, 1, 5)]


def test_several_methods_are_told_apart_and_a_released_value_is_its_knobs():
    table = summary(f"{NOISY.id}@0.5", RUNS[0].id)
    rows = verdict.rows(table, ABOUT, "passed")
    assert rows[0]["label"] == "DeepObfuscator, λ₁ = 5, λ₂ = 1"
    assert rows[1]["label"].startswith(METHODS["dpfe"].title)
    assert "0.5" in rows[1]["label"]
    assert rows[1]["place"].startswith(f"With {METHODS['dpfe'].title} at ")


def test_several_redrawers_are_named():
    table = summary(RUNS[0].id, attackers=("resrec", "urec1"))
    labels = [entry["label"] for entry in verdict.rows(table, ABOUT, "all")]
    assert len(set(labels)) == 2
    assert all("picture redrawer" in label for label in labels)


def test_trainings_that_differ_in_their_seed_are_told_apart():
    again = checked(
        Run("deep_obfuscator", "synthetic", knobs={"lambda1": 5.0, "lambda2": 1.0}, seed=1)
    )
    table = summary(RUNS[0].id, again.id)
    labels = [
        entry["label"] for entry in verdict.rows(table, ABOUT | {again.id: describe(again)}, "all")
    ]
    assert {label.rpartition(", ")[2] for label in labels} == {RUNS[0].id, again.id}


def test_a_run_that_is_gone_keeps_its_numbers_under_its_name():
    table = summary("dpfe-00000000ff", RUNS[0].id)
    rows = verdict.rows(table, ABOUT, "all")
    assert rows[-1]["label"] == "dpfe-00000000ff"
    assert rows[-1]["n"] == 200


def test_deep_obfuscators_study_is_put_in_its_place():
    said = verdict.reference(results.reference())
    numbers = ("28 %", "112 of 400", "24–33 %", ".093", ".166")
    for part in ("40 people 10 questions", *numbers, "cannot tell"):
        assert part in said


def test_probabilities_are_printed_without_false_digits():
    assert verdict.probability(1e-9) == "below .001"
    assert verdict.probability(0.0932) == ".093"
    assert verdict.probability(1.0) == "1"


def test_d_prime_of_all_right_is_a_bound():
    words = details_words.sensitivity
    assert words(row()) == "1.20 (1.00 to 1.40)"
    assert words(row(d_prime=math.inf, d_high=math.inf)) == "above 1.00"
    assert words(row(d_prime=-math.inf, d_high=-0.4)) == "below −0.40"
    assert words(row(d_prime=-0.001)).startswith("0.00")
    assert words(row(n=0)) == "–"


def test_the_table_shows_everybody_and_those_who_passed():
    table = summary(RUNS[0].id)
    both = [r for who in ("all", "passed") for r in verdict.rows(table, ABOUT, who)]
    shown = details_words.numbers(both)
    assert shown["Who counts"].tolist() == ["everybody", "passed the checks"]
    assert shown["Answers"].tolist() == [200, 160]
    assert list(details_words.taken_away(both)["n"]) == [200, 160]


def test_wider_clustered_intervals_are_said():
    quiet = details_words.clustered([row()])
    assert "no interval clearly wider" in quiet
    wide = details_words.clustered([row(clustered_low=0.4, clustered_high=0.8)])
    assert "Where a participant's answers hang together" in wide
    assert "1 of 1 settings; most at λ₁ = 0: 40–80 % instead of 55–67 %" in wide


@pytest.mark.parametrize(
    ("alpha", "words"),
    [
        (0.9, "choose the same"),
        (0.7, "mostly"),
        (0.4, "often"),
        (0.2, "hardly"),
        (-0.1, "drawn lots"),
        (math.nan, "no two people"),
    ],
)
def test_alpha_is_said_in_words(alpha, words):
    said = details_words.alpha_words({"alpha": alpha, "faces": 4, "answers": 20})
    assert words in said


def test_how_many_more_are_needed():
    say = details_words.needed
    assert "is settled; 40 more until the interval is ± 5.0 points" in say(
        row(), {"to_tell": 0, "to_narrow": 40}, 0.1
    )
    near = row(low=0.2, high=0.35)
    assert "about 300 more" in say(near, {"to_tell": 300, "to_narrow": 0}, 0.1)
    assert "narrower than ± 5.0 points already" in say(near, {"to_tell": 300, "to_narrow": 0}, 0.1)
    assert "do not beat guessing" in say(near, {"to_tell": None, "to_narrow": None}, 0.1)
    assert "too few" in say(row(n=9), {"to_tell": None, "to_narrow": None}, 0.1)


def test_the_stopping_rule_says_how_far_it_is():
    study = {
        "state": "open",
        "message": "",
        "finished": 7,
        "design": {"target": 40, "stop_width": 0.1},
    }
    said = details_words.stopping(study, [row()], simulated=False)
    assert "40 participants have finished; 7 have" in said
    assert "narrower than 10.0 points; the widest has 12.0 points now" in said
    assert said.endswith("It is open.")


def test_confidence_is_compared_at_both_ends():
    table = pd.DataFrame(
        {
            "confidence": [1, 5],
            "n": [50, 50],
            "right": [10, 45],
            "share": [0.2, 0.9],
            "low": [0.1, 0.8],
            "high": [0.3, 0.95],
        }
    )
    assert "know when they see something" in details_words.calibration_caption(table)
    assert "All said 1" in details_words.calibration_caption(table.head(1))
    blurred = table.assign(low=0.1, high=0.95)
    assert "does not clearly" in details_words.calibration_caption(blurred)
