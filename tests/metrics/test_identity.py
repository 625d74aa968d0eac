import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from core.errors import PenumbraError
from core.metrics import identity


def people(seed: int = 0, count: int = 30, each: int = 5, spread: float = 1.0):
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(count), each)
    return rng.normal(size=(count, 8))[who] + spread * rng.normal(size=(count * each, 8)), who


def reidentified(features, who, seed: int = 0):
    """Probes, the share of them named rightly, and by chance."""
    features, who = np.asarray(features, np.float32), np.asarray(who)
    gallery, probes = identity.split_gallery(features, who, seed)
    right = identity.recognised(features, who, gallery, probes)
    return probes, right.mean(), identity.by_chance(who, gallery, probes)


def test_agrees_with_scikit_learn():
    features, who = people()
    gallery, probes = identity.split_gallery(features.astype(np.float32), who)
    oracle = KNeighborsClassifier(1).fit(features[gallery], who[gallery])
    _, named, chance = reidentified(features, who)
    assert named == oracle.score(features[probes], who[probes])
    assert chance == pytest.approx(1 / 30)


def test_half_of_everybody_is_in_the_gallery_and_loners_only_there():
    who = np.array([7, 7, 7, 3, 5, 5])
    gallery, probes = identity.split_gallery(np.random.default_rng(0).random((6, 2)), who)
    assert sorted(who[gallery]) == [3, 5, 7, 7]
    assert sorted(who[probes]) == [5, 7]
    assert sorted([*gallery, *probes]) == list(range(6))


def test_chance_by_hand():
    # Gallery: two of person 0, one each of 1 and 2; probes: one of 0, one of 1.
    features = np.random.default_rng(0).random((6, 2))
    assert reidentified(features, [0, 0, 0, 1, 1, 2])[2] == pytest.approx((2 / 4 + 1 / 4) / 2)


def test_clear_features_name_everybody_and_constant_ones_nobody():
    features, who = people(spread=0.01)
    assert reidentified(features, who)[1] == 1
    _, named, chance = reidentified(np.zeros_like(features), who)
    assert named == pytest.approx(chance, abs=0.05)


def test_row_order_does_not_matter_and_the_seed_does():
    features, who = people(spread=2)
    order = np.random.default_rng(1).permutation(len(who))
    first, second = reidentified(features, who), reidentified(features[order], who[order])
    assert second[1] == first[1]
    assert sorted(order[second[0]]) == sorted(first[0])
    assert sorted(reidentified(features, who, seed=5)[0]) != sorted(first[0])


def test_blocks_do_not_change_the_answer(monkeypatch):
    features, _ = people()
    whole = identity.nearest(features[:60], features[60:])
    monkeypatch.setattr(identity, "_BLOCK", 100)
    assert (identity.nearest(features[:60], features[60:]) == whole).all()


def test_bad_input_is_named():
    features, who = people()
    with pytest.raises(PenumbraError, match="NaN"):
        reidentified(features * np.nan, who)
    with pytest.raises(PenumbraError, match="do not match"):
        reidentified(features, who[:-1])
