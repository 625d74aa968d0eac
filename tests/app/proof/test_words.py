"""What is proven, in words: never less than it is, and nothing that is not."""

import pytest

from app.page import verdict, wording
from app.proof import words
from app.proof.counted import Counted
from app.settings.proofs import Bound
from app.settings.views import View

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")
ROW = {
    "method": "certified_code",
    "title": "Certified answers",
    "knob:tau": 0.1,
    "schedule": "",
    "preset": "compact",
    "release_value": 0.1,
    "key": "a@0.1",
    "target": "attribute:Male",
    "attacker": "worst_case",
    "value": 0.52,
    "low": 0.5,
    "high": 0.54,
    "chance": 0.5,
    "utility": 0.88,
    "utility_low": 0.87,
    "utility_high": 0.89,
    "cost": 0.01,
    "n": 400,
    "identities": 50,
    "seeds": 1,
    "conclusive": True,
    "proven": 0.5437,
}
NOISY = ROW | {"method": "dpfe", "knob:noise_ratio": 0.1}


def bound(metric="proven_accuracy", value=0.5437, target="attribute:Male", chance=0.5):
    return Bound(target, metric, value, 0.52, 631, chance)


def test_the_verdict_is_the_bound_then_what_was_reached_then_the_cost():
    found = verdict.verdict(ROW, None, VIEW)
    assert found.sentence == (
        "At τ = 0.1 no attacker can tell the gender in more than 54.4 % of cases (95 % confidence, one "
        "release per person; chance 50 %); the strongest we trained reaches 52 %; smile detection "
        "loses 1.0 point."
    )
    assert found.proven
    assert "proven**: no attacker gets more than 9 %" in found.mark


def test_a_proof_stands_where_the_attack_was_too_weak():
    found = verdict.verdict(ROW | {"conclusive": False}, None, VIEW)
    assert "no attacker can tell the gender in more than 54.4 %" in found.sentence
    assert "too weak to compare" in found.sentence
    unproven = verdict.verdict(ROW | {"conclusive": False, "proven": float("nan")}, None, VIEW)
    assert unproven.sentence.startswith("Attack too weak to conclude")


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.54301, "54.4 %"),
        (0.543, "54.3 %"),
        (0.5, "50.0 %"),
        (0.99999, "100.0 %"),
        (1.0, "100.0 %"),
    ],
)
def test_a_bound_is_rounded_up(share, shown):
    assert wording.bound(share) == shown


def test_a_bound_is_shown_as_one():
    assert wording.measured("proven_accuracy", 0.54301, 0.52, 0.54301) == "at most 54.4 %"
    assert wording.measured("capacity", 2.0, None, 2.0) == "at most 2"
    assert wording.measured("balanced_accuracy", 0.54, 0.52, 0.56) == "54.0 % (52.0–56.0)"


def test_no_protocol_of_proofs_is_offered_to_attack_by():
    assert "proof" not in wording.PROTOCOLS
    assert wording.PROTOCOL_WORDS["proof"] == "Proven"


def test_several_secrets_are_all_named():
    said = words.sentence(ROW, [bound(), bound(value=0.6, target="attribute:Young")])
    assert (
        "the gender in more than 54.4 % of cases, nor whether a person is young in more than 60.0 %"
        in said
    )
    assert "nothing is proven" in words.sentence(ROW, [bound("capacity", 2.0, "identity", 1.0)])


def test_the_advantage_holds_for_any_prior_and_is_rounded_up():
    assert "differ by at most 8.8 points" in words.one_release(bound())


def test_without_chance_in_the_answers_asking_again_tells_nothing_more():
    said = " ".join(words.more_releases([bound()], ROW))
    assert "gives the same answer and tells nothing more" in said
    assert words.more_releases([bound()], NOISY) == []
    repeated = bound("proven_accuracy_repeated", 0.9)
    assert "16 releases of one photograph" in words.more_releases([repeated], NOISY)[0]


def test_of_a_mixture_nothing_is_said_of_more_releases():
    said = words.more_releases([bound()], ROW | {"between": ("a@0.2", "a@0.1")})
    assert len(said) == 1
    assert "between two measured settings nothing is proven" in said[0]


def test_assumptions_are_those_of_the_kind_of_release():
    who = Counted(631, "synthetic", 0.05, 21)
    finite = " ".join(words.assumptions(ROW, who))
    assert "estimates the secret in order to hide it" in finite
    assert "631 people" in finite
    assert "among 21 bounds" in finite
    noisy = " ".join(words.assumptions(NOISY, who))
    assert "estimates the secret" not in noisy
    assert "its size is known to everybody" in noisy
    assert len(words.breakers(ROW)) == len(words.breakers(NOISY)) + 1


def test_where_the_device_scores_no_secret_none_is_said_to_be_estimated():
    who = Counted(631, "synthetic,others", 0.05, 21)
    blind = " ".join(words.assumptions(ROW | {"schedule": "secret_cells=1"}, who))
    assert "estimates the secret" not in blind
    assert "631 people of “synthetic” and “others”" in blind


def test_naming_people_is_said_beside_guessing():
    found = [
        bound("proven_identification", 0.0098, "identity", 0.0049),
        bound("capacity", 2.0, "identity", 1.0),
    ]
    said = words.of_anything(found)
    assert "in more than 0.98 % of cases" in said[0]
    assert "is right in 0.49 %" in said[0]
    assert "by at most 2." in said[1]
