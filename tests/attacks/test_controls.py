"""Which attackers count, and which of them is the strongest."""

import numpy as np
import pytest

from core.attacks import controls
from core.evaluation import worst_case


def row(metric, low, chance, attacker="a", target="t", value=None):
    return {
        "metric": metric,
        "value": low if value is None else value,
        "low": low,
        "high": low,
        "chance": chance,
        "attacker": attacker,
        "target": target,
    }


@pytest.mark.parametrize(
    ("metric", "chance", "open_low", "closed_low", "conclusive"),
    [
        ("balanced_accuracy", 0.5, 0.56, 0.49, True),
        ("balanced_accuracy", 0.5, 0.54, 0.49, False),
        ("balanced_accuracy", 0.5, 0.56, 0.53, False),
        ("ms_ssim", 0.3, 0.71, 0.34, True),
        ("ms_ssim", 0.3, 0.69, 0.34, False),
        ("ms_ssim", 0.3, 0.71, 0.4, False),
        ("top1_accuracy", 0.01, 0.06, 0.015, True),
        ("top1_accuracy", 0.01, 0.04, 0.015, False),
        ("top1_accuracy", 0.01, 0.06, 0.03, False),
        ("log_rank_privacy", 0.8, 0.6, 0.79, True),
        ("log_rank_privacy", 0.8, 0.65, 0.79, False),
        ("log_rank_privacy", 0.8, 0.6, 0.77, False),
        ("cosine_similarity", 0.2, 0.52, 0.24, True),
        ("cosine_similarity", 0.2, 0.48, 0.24, False),
        ("cosine_similarity", 0.2, 0.52, 0.26, False),
        ("lda_ratio", 0.1, 0.16, 0.0, True),
        ("lda_ratio", 0.1, 0.14, 0.0, False),
        ("lda_ratio", 0.1, 0.16, 0.11, False),
        ("balanced_accuracy", 0.5, None, 0.49, False),
    ],
)
def test_what_makes_an_attacker_conclusive(metric, chance, open_low, closed_low, conclusive):
    positive, negative = [row(metric, open_low, chance)], [row(metric, closed_low, chance)]
    assert controls.verdicts(positive, negative) == {("a", "t"): conclusive}
    assert controls.verdicts(positive, []) == {("a", "t"): False}


def test_the_feature_level_attack_has_to_come_near_and_to_name_people():
    def both(cosine, named):
        return [row("cosine_similarity", cosine, 0.1), row("top1_accuracy", named, 0.01)]

    closed = both(0.1, 0.01)
    assert controls.verdicts(both(0.6, 0.5), closed) == {("a", "t"): True}
    assert controls.verdicts(both(0.6, 0.02), closed) == {("a", "t"): False}
    assert controls.verdicts(both(0.2, 0.5), closed) == {("a", "t"): False}
    assert controls.verdicts(both(0.6, 0.5), both(0.1, 0.5)) == {("a", "t"): False}


def test_an_attacker_far_behind_the_best_one_on_the_photographs_is_not_conclusive():
    negative = [row("balanced_accuracy", 0.49, 0.5, a) for a in "abc"]
    positive = [
        row("balanced_accuracy", low, 0.5, a, value=low + 0.02)
        for a, low in (("a", 0.95), ("b", 0.75), ("c", 0.87))
    ]
    assert controls.verdicts(positive, negative) == {
        ("a", "t"): True,
        ("b", "t"): False,
        ("c", "t"): True,
    }


def about(name, value):
    who = {"target": "attribute:A", "role": "private", "attacker": name}
    return who | {"metric": "balanced_accuracy", "value": value}


def test_the_worst_case_is_conclusive_where_a_competitor_is():
    def attack(name, validation, conclusive):
        return [about(name, 0.6) | {"conclusive": conclusive}], {
            "targets": np.array(["attribute:A"]),
            "validation": np.array([validation], np.float32),
        }

    done = {"one": attack("one", 0.7, False), "other": attack("other", 0.6, True)}
    assert worst_case.strongest(done)[0][0]["conclusive"]
    done = {"one": attack("one", 0.7, False), "other": attack("other", 0.6, False)}
    assert not worst_case.strongest(done)[0][0]["conclusive"]


def test_the_strongest_is_chosen_on_validation_and_scored_on_test():
    def attack(name, validation, test):
        arrays = {
            "targets": np.array(["attribute:A"]),
            "validation": np.array([validation], np.float32),
        }
        return [about(name, test)], arrays

    done = {"x": attack("x", 0.8, 0.6), "y": attack("y", 0.7, 0.9), "z": attack("z", np.nan, 1.0)}
    rows, arrays = worst_case.strongest(done)
    assert [(r["attacker"], r["value"]) for r in rows] == [("worst_case", 0.6)]
    assert arrays["chosen"].tolist() == ["x"]
    assert worst_case.strongest({})[0] == []
