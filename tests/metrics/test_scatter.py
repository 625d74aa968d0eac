import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from core.errors import PenumbraError
from core.metrics.scatter import lda_score


def test_by_hand():
    """Two people at -1 ± 1 and 3 ± 1: within 1, between 2 ** 2."""
    found = lda_score([[-2.0], [0], [2], [4]], [7, 7, 9, 9])
    assert {name: value for name, (value, _, _) in found.items()} == pytest.approx(
        {"lda_within": 1, "lda_between": 4, "lda_ratio": 4}
    )
    assert found["lda_ratio"][2] == 1 / 2  # (2 - 1) / (4 - 2)


def test_scatters_are_those_of_scikit_learns_discriminant_analysis():
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(20), rng.integers(2, 9, 20))
    features = rng.normal(size=(20, 5))[who] + rng.normal(size=(len(who), 5)) * [1, 2, 3, 1, 1]
    found = lda_score(features, who)
    sklearn = LinearDiscriminantAnalysis(store_covariance=True).fit(features, who)
    within = np.trace(sklearn.covariance_)
    whole = np.trace(np.cov(features.T, bias=True))
    assert found["lda_within"][0] == pytest.approx(within)
    assert found["lda_between"][0] == pytest.approx(whole - within)
    assert found["lda_ratio"][0] == pytest.approx((whole - within) / within)
    for value, (low, high), _ in found.values():
        assert low < value < high


def test_features_of_nobody_score_what_chance_says():
    rng = np.random.default_rng(0)
    found = lda_score(rng.normal(size=(1200, 40)), np.repeat(np.arange(300), 4))
    value, _, chance = found["lda_ratio"]
    assert value == pytest.approx(chance, rel=0.05)


def test_scale_row_order_and_loners_change_nothing():
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(10), 4)
    features = rng.normal(size=(10, 3))[who] + rng.normal(size=(40, 3))

    def ratio(features, who):
        value, interval, chance = lda_score(features, who)["lda_ratio"]
        return value, *interval, chance

    expected = pytest.approx(ratio(features, who))
    order = rng.permutation(40)
    assert ratio(5 * features[order], who[order]) == expected
    more = np.vstack((features, 100 * np.ones((2, 3))))
    assert ratio(more, [*who, 77, 78]) == expected


def test_a_constant_release_scores_nothing_and_perfect_copies_have_no_ratio():
    who = np.repeat(np.arange(10), 4)
    found = lda_score(np.full((40, 3), 0.1, np.float32), who)
    assert [found[m][0] for m in ("lda_within", "lda_between", "lda_ratio")] == [0, 0, 0]
    assert np.isnan(lda_score(who[:, None] * 1.0, who)["lda_ratio"][0])


def test_bad_features_are_refused():
    with pytest.raises(PenumbraError, match="finite"):
        lda_score([[np.nan], [1], [2], [3]], [0, 0, 1, 1])
    with pytest.raises(PenumbraError, match="two people"):
        lda_score([[0.0], [1], [2], [3]], [0, 0, 1, 2])


def test_columns_may_come_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    features, who = rng.normal(size=(40, 7)), np.repeat(np.arange(10), 4)
    expected = lda_score(features, who)
    monkeypatch.setattr("core.metrics.scatter._BLOCK", 80)
    for name, (value, interval, _) in lda_score(features, who).items():
        assert (value, *interval) == pytest.approx((expected[name][0], *expected[name][1]))
