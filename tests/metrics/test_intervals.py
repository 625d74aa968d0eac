import numpy as np
import pytest

from core.errors import PenumbraError
from core.metrics import METRICS, attributes, intervals


def sample(seed: int, people: int = 40, each: int = 5):
    """Labels and scores of people whose photographs resemble each other."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), each)
    labels = (rng.random(people) < 0.5).astype(int)[who]
    scores = labels + rng.normal(size=people)[who] + rng.normal(size=people * each)
    return labels, scores, who


def explicit(labels, scores, who, draw):
    """Rows of a resample written out one by one: what the weights stand for."""
    rows = np.concatenate([np.repeat(np.flatnonzero(who == i), int(w)) for i, w in enumerate(draw)])
    return labels[rows], scores[rows]


def test_weights_give_the_metrics_of_the_rows_they_stand_for():
    labels, scores, who = sample(0)
    scores = np.round(scores, 1)  # with ties
    resampling = intervals.resample_identities(who, resamples=20)
    counts = intervals.resampled_confusion(labels, scores > 0.5, resampling)
    areas = intervals.resampled_auc(labels, scores, resampling)
    means = intervals.resampled_mean(scores, resampling)
    for b, draw in enumerate(resampling.weights):
        drawn_labels, drawn_scores = explicit(labels, scores, who, draw)
        assert areas[b] == pytest.approx(attributes.auc(drawn_labels, drawn_scores))
        assert means[b] == pytest.approx(drawn_scores.mean())
        expected = attributes.confusion(drawn_labels, drawn_scores > 0.5)
        assert [cell[b] for cell in counts] == list(expected)


def test_every_resample_draws_as_many_identities_as_there_are():
    resampling = intervals.resample_identities(np.array([5, 5, 9, 2]), resamples=50)
    assert resampling.identities == 3
    assert (resampling.weights.sum(1) == 3).all()
    assert (resampling.weights.std(0) > 0).all()


@pytest.mark.parametrize("metric", ["mean", "balanced_accuracy", "auc"])
def test_the_interval_covers_the_truth_about_95_percent_of_the_time(metric):
    def estimate(labels, scores, who, resampling):
        if metric == "mean":
            return scores.mean(), intervals.resampled_mean(scores, resampling)
        if metric == "auc":
            areas = intervals.resampled_auc(labels, scores, resampling)
            return attributes.auc(labels, scores), areas
        said = scores > 0.5
        drawn = intervals.resampled_balanced_accuracy(labels, said, resampling)
        return attributes.balanced_accuracy(labels, said), drawn

    big = sample(10_000, people=40_000)
    truth = {
        "mean": 0.5,
        "auc": attributes.auc(big[0], big[1]),
        "balanced_accuracy": attributes.balanced_accuracy(big[0], big[1] > 0.5),
    }[metric]
    covered = []
    for seed in range(400):
        labels, scores, who = sample(seed, people=60)
        resampling = intervals.resample_identities(who, resamples=300, seed=seed)
        low, high = intervals.percentile_interval(estimate(labels, scores, who, resampling)[1])
        covered.append(low <= truth <= high)
    # 400 trials have a standard error of 1.1 %.
    assert 0.915 <= np.mean(covered) <= 0.985


def test_resampling_photographs_instead_would_be_too_sure():
    _, scores, who = sample(1, people=50, each=20)
    by_person = intervals.mean_interval(scores, intervals.resample_identities(who))
    by_picture = intervals.mean_interval(scores, intervals.resample_identities(np.arange(len(who))))
    assert by_person[1] - by_person[0] > 2 * (by_picture[1] - by_picture[0])


def test_a_paired_difference_is_surer_than_two_intervals():
    labels, scores, who = sample(2)
    better = scores + 0.2 * labels
    resampling = intervals.resample_identities(who)
    first = intervals.resampled_mean(better, resampling)
    second = intervals.resampled_mean(scores, resampling)
    low, high = intervals.paired_interval(first, second)
    assert low <= (better - scores).mean() <= high
    alone = intervals.percentile_interval(first)
    assert high - low < 0.2 * (alone[1] - alone[0])
    assert intervals.paired_interval(first, first) == (0, 0)
    with pytest.raises(PenumbraError, match="same Resampling"):
        intervals.paired_interval(first, second[:-1])


def test_the_difference_of_independent_numbers_has_the_closed_form():
    low, high = intervals.difference((0.90, 0.86, 0.92), (0.60, 0.56, 0.63))
    assert low == pytest.approx(0.3 - np.hypot(0.04, 0.03))
    assert high == pytest.approx(0.3 + np.hypot(0.02, 0.04))
    assert np.isnan(intervals.difference((0.9, np.nan, 0.92), (0.6, 0.56, 0.63))[0])


def test_resamples_without_a_class_are_left_out():
    labels, scores, who = np.array([1, 0, 0, 0]), np.array([2.0, 1, 0, 3]), np.arange(4)
    resampling = intervals.resample_identities(who, resamples=200)
    areas = intervals.resampled_auc(labels, scores, resampling)
    assert 0 < np.isnan(areas).sum() < 200
    low, high = intervals.percentile_interval(areas)
    assert 0 <= low <= high <= 1
    assert np.isnan(intervals.percentile_interval([np.nan, np.nan])).all()


def test_row_order_does_not_matter():
    labels, scores, who = sample(3)
    order = np.random.default_rng(0).permutation(len(who))
    first = intervals.resampled_auc(labels, scores, intervals.resample_identities(who))
    second = intervals.resampled_auc(
        labels[order], scores[order], intervals.resample_identities(who[order])
    )
    assert np.allclose(first, second)


def test_blocks_do_not_change_the_answer(monkeypatch):
    labels, scores, who = sample(4)
    resampling = intervals.resample_identities(who, resamples=30)
    whole = intervals.resampled_auc(labels, scores, resampling)
    monkeypatch.setattr(intervals, "_BLOCK", 1000)
    assert np.allclose(intervals.resampled_auc(labels, scores, resampling), whole)


def test_metrics_come_with_their_values_and_intervals():
    labels, scores, who = sample(6)
    resampling = intervals.resample_identities(who)
    found = intervals.scored(METRICS.values(), labels, scores > 0.5, scores, resampling)
    assert list(found) == ["balanced_accuracy", "auc", "mcc", "accuracy", "advantage"]
    assert found["auc"][0] == attributes.auc(labels, scores)
    assert found["balanced_accuracy"] == (
        attributes.balanced_accuracy(labels, scores > 0.5),
        intervals.percentile_interval(
            intervals.resampled_balanced_accuracy(labels, scores > 0.5, resampling)
        ),
        0.5,
    )
