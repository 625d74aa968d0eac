import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from core.errors import PenumbraError
from core.metrics import linking
from core.metrics.identity import split_gallery
from core.metrics.verification import Pairs


def people(count: int = 30, each: int = 5, spread: float = 1.0, seed: int = 0):
    """Embeddings of `count` people around places of their own, and who is who."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(count), each)
    places = rng.normal(size=(count, 4))[who]
    return places + spread * rng.normal(size=places.shape), who


def test_pairs_join_probes_to_the_gallery_and_say_the_truth():
    embeddings, who = people()
    pairs = linking.gallery_pairs(who, embeddings)
    gallery, probes = split_gallery(embeddings, who)
    assert set(pairs.first) <= set(probes)
    assert set(pairs.second) <= set(gallery)
    assert (who[pairs.first] == who[pairs.second]).tolist() == pairs.same.tolist()
    # Everybody: 3 known photographs x 2 to be named, and as many strangers as anybody else.
    assert (np.bincount(who[pairs.first[pairs.same]]) == 6).all()
    assert (np.bincount(who[pairs.first[~pairs.same]]) == linking.IMPOSTORS).all()
    both = np.stack((pairs.first, pairs.second))[:, pairs.same]
    assert len(np.unique(both, axis=1).T) == 180


def test_strangers_are_drawn_from_everybody_else_alike():
    embeddings, who = people(count=4, each=2)
    pairs = linking.gallery_pairs(who, embeddings)
    met = np.zeros((4, 4))
    np.add.at(met, (who[pairs.first[~pairs.same]], who[pairs.second[~pairs.same]]), 1)
    assert (np.diag(met) == 0).all()
    assert met[~np.eye(4, dtype=bool)].min() > 15


def test_row_order_does_not_matter_and_loners_alone_make_no_pairs():
    embeddings, who = people()
    order = np.random.default_rng(1).permutation(len(who))
    first = linking.gallery_pairs(who, embeddings)
    again = linking.gallery_pairs(who[order], embeddings[order])
    assert (order[again.first] == first.first).all()
    assert (order[again.second] == first.second).all()
    assert len(linking.gallery_pairs([0, 0, 1, 2], embeddings[:4]).same) == 0
    # One who has a single photograph is a stranger to others, and never asked for.
    pairs = linking.gallery_pairs([0, 0, 1, 1, 2], embeddings[:5])
    assert 4 in pairs.second
    assert 4 not in pairs.first


@pytest.mark.parametrize("decimals", [6, 1])
@pytest.mark.parametrize("far", [0.01, 0.1])
def test_true_acceptances_are_those_of_scikit_learns_curve(decimals, far):
    """With one decimal many pairs are equally near."""
    embeddings, who = people(spread=1.3)
    pairs = linking.gallery_pairs(who, embeddings)
    near = linking.nearness(embeddings, embeddings, pairs).round(decimals)
    false, true, _ = roc_curve(pairs.same, near, drop_intermediate=False)
    assert linking.tar_at_far(pairs.same, near, far) == pytest.approx(true[false <= far].max())


def test_true_acceptances_by_hand():
    same = np.array([1, 1, 1, 0, 0, 0, 0])
    near = np.array([9, 5, 2, 1, 3, 6, 0.5])
    assert linking.tar_at_far(same, near, 0.0) == pytest.approx(1 / 3)
    assert linking.tar_at_far(same, near, 0.25) == pytest.approx(2 / 3)
    assert linking.tar_at_far(same, near, 0.49) == pytest.approx(2 / 3)
    assert linking.tar_at_far(same, near, 0.5) == 1
    assert linking.tar_at_far(same, np.ones(7), 0.25) == 0
    assert np.isnan(linking.tar_at_far(np.ones(3), np.arange(3.0)))


def test_scores_agree_with_scikit_learn_and_lie_in_their_intervals():
    embeddings, who = people(spread=0.7)
    pairs = linking.gallery_pairs(who, embeddings)
    near = linking.nearness(embeddings, embeddings, pairs)
    found = linking.score(pairs, near, who)
    assert found["verification_auc"][0] == pytest.approx(roc_auc_score(pairs.same, near))
    assert found["tar_at_far_1e-2"][0] == linking.tar_at_far(pairs.same, near)
    for value, (low, high), chance in found.values():
        assert chance < low <= value <= high


def test_the_interval_resamples_people_as_slow_copies_of_their_pairs_would(monkeypatch):
    monkeypatch.setattr(linking, "IMPOSTORS", 12)
    embeddings, who = people(count=6)
    pairs = linking.gallery_pairs(who, embeddings)
    near = linking.nearness(embeddings, embeddings, pairs)
    weights = np.random.default_rng(0).integers(0, 3, (5, len(near))).astype(float)
    rates = linking._weighted_rates(pairs.same, near, weights, 0.1)
    for row, rate in zip(weights.astype(int), rates, strict=True):
        copies = np.repeat(np.arange(len(near)), row)
        assert rate == pytest.approx(linking.tar_at_far(pairs.same[copies], near[copies], 0.1))


def test_features_that_are_not_finite_are_refused():
    embeddings, who = people()
    pairs = linking.gallery_pairs(who, embeddings)
    with pytest.raises(PenumbraError, match="finite"):
        linking.nearness(embeddings * np.nan, embeddings, pairs)


def test_nearness_is_minus_the_distance_whatever_the_block(monkeypatch):
    embeddings, _ = people()
    pairs = Pairs(np.array([0, 1, 2]), np.array([3, 4, 5]), np.ones(3, bool))
    expected = -np.linalg.norm(embeddings[:3] - embeddings[3:6], axis=1)
    monkeypatch.setattr(linking, "_BLOCK", 5)
    assert linking.nearness(embeddings, embeddings, pairs) == pytest.approx(expected)
