import math

import numpy as np
import pytest
from sklearn import metrics as oracle

from core.errors import PenumbraError
from core.metrics import METRICS, attributes


@pytest.fixture
def labelled() -> tuple[np.ndarray, np.ndarray]:
    """300 imbalanced labels and scores that follow them, with many ties."""
    rng = np.random.default_rng(3)
    labels = (rng.random(300) < 0.2).astype(np.int8)
    return labels, np.round(rng.normal(labels * 1.0, 1.0), 1)


def of_decisions(labels, said) -> dict[str, float]:
    counts = attributes.confusion(labels, said)
    return {m.name: float(m.from_counts(*counts)) for m in METRICS.values() if m.of_counts}


def test_decisions_agree_with_scikit_learn(labelled):
    labels, scores = labelled
    said = scores > 0.4
    accuracy = oracle.accuracy_score(labels, said)
    assert of_decisions(labels, said) == pytest.approx(
        {
            "balanced_accuracy": oracle.balanced_accuracy_score(labels, said),
            "mcc": oracle.matthews_corrcoef(labels, said),
            "accuracy": accuracy,
            "advantage": accuracy - max(labels.mean(), 1 - labels.mean()),
        }
    )
    assert attributes.balanced_accuracy(labels, said) == pytest.approx(
        oracle.balanced_accuracy_score(labels, said)
    )


def test_auc_agrees_with_scikit_learn_under_ties(labelled):
    assert attributes.auc(*labelled) == pytest.approx(oracle.roc_auc_score(*labelled))


def test_values_worked_out_by_hand():
    labels, said = [1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 1]
    assert attributes.confusion(labels, said) == (2, 1, 4, 1)
    found = of_decisions(labels, said)
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert found["mcc"] == pytest.approx((8 - 1) / math.sqrt(3 * 3 * 5 * 5))
    assert found["advantage"] == pytest.approx(6 / 8 - 5 / 8)
    assert attributes.auc([0, 1, 1], [0.2, 0.2, 0.9]) == pytest.approx(0.75)


def test_a_single_class_has_a_defined_result():
    ones, said = np.ones(4, np.int8), [1, 0, 1, 1]
    found = of_decisions(ones, said)
    assert math.isnan(found["balanced_accuracy"])
    assert math.isnan(attributes.auc(ones, [0.1, 0.2, 0.3, 0.4]))
    assert (found["mcc"], found["accuracy"], found["advantage"]) == (0, 0.75, -0.25)
    assert attributes.choose_threshold(ones, [0.1, 0.2, 0.3, 0.4]) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1], [0.1, math.nan], "NaN"),
        ([0, 1], [0.1, math.inf], "infinite"),
        ([0, 2], [0.1, 0.2], "0 or 1"),
        ([0, 1], [0.1], "do not match"),
        ([], [], "at least one"),
    ],
)
def test_bad_input_is_named(labels, scores, message):
    with pytest.raises(PenumbraError, match=message):
        attributes.auc(labels, scores)
    with pytest.raises(PenumbraError, match=message):
        attributes.choose_threshold(labels, scores)


def test_threshold_separates_and_sits_mid_gap():
    assert attributes.choose_threshold([0, 0, 1, 1], [0.0, 1.0, 3.0, 4.0]) == pytest.approx(2.0)
    # The class sizes do not matter: the one positive weighs as much as all negatives.
    labels = np.array([1] + [0] * 99)
    scores = np.array([0.5] + [0.0] * 99)
    assert 0 < attributes.choose_threshold(labels, scores) < 0.5


def test_threshold_reaches_the_best_balanced_accuracy(labelled):
    labels, scores = labelled
    best = max(
        oracle.balanced_accuracy_score(labels, scores > cut) for cut in np.unique(scores) - 1e-6
    )
    chosen = attributes.choose_threshold(labels, scores)
    assert attributes.balanced_accuracy(labels, scores > chosen) == pytest.approx(best)


def test_constant_scores_give_chance():
    labels = np.array([0, 1, 1, 0, 1])
    threshold = attributes.choose_threshold(labels, np.zeros(5))
    assert attributes.balanced_accuracy(labels, np.zeros(5) > threshold) == 0.5
    assert attributes.auc(labels, np.zeros(5)) == 0.5


def test_chance_of_every_metric():
    names = ("balanced_accuracy", "auc", "mcc", "accuracy", "advantage")
    for labels in ([1, 0, 0, 0], [0, 1, 1, 1]):
        chances = [attributes.chance(labels, METRICS[name]) for name in names]
        assert chances == [0.5, 0.5, 0, 0.75, 0]


def test_row_order_does_not_matter(labelled):
    labels, scores = labelled
    order = np.random.default_rng(0).permutation(len(labels))
    assert attributes.auc(labels[order], scores[order]) == attributes.auc(labels, scores)
    assert attributes.choose_threshold(labels[order], scores[order]) == pytest.approx(
        attributes.choose_threshold(labels, scores)
    )
