import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.errors import PenumbraError
from core.metrics import intervals, verification
from core.metrics.attributes import ACCURACY
from core.metrics.verification import Pairs


def people(count: int = 30, each: int = 5, spread: float = 1.0, seed: int = 0):
    """Embeddings of `count` people around places of their own, and who is who."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(count), each)
    places = rng.normal(size=(count, 4))[who]
    return places + spread * rng.normal(size=places.shape), who


def test_pairs_are_even_and_say_the_truth():
    embeddings, who = people()
    pairs = verification.draw_pairs(who, embeddings)
    assert (who[pairs.first] == who[pairs.second]).tolist() == pairs.same.tolist()
    assert pairs.same.sum() == (~pairs.same).sum() == 30 * 10
    assert (pairs.first != pairs.second).all()
    # Everybody equally often; every pair of one person once.
    assert (np.bincount(who[pairs.first]) == 20).all()
    same = np.sort(np.stack((pairs.first, pairs.second))[:, pairs.same], axis=0)
    assert len(np.unique(same, axis=1).T) == 300


def test_the_most_pairs_are_spread_over_everybody():
    embeddings, who = people()
    pairs = verification.draw_pairs(who, embeddings, most=60)
    assert pairs.same.sum() == (~pairs.same).sum() == 60
    assert (np.bincount(who[pairs.first]) == 4).all()


def test_people_with_one_photograph_are_in_no_pair_and_loners_alone_make_none():
    embeddings = np.random.default_rng(0).normal(size=(7, 2))
    pairs = verification.draw_pairs([1, 1, 2, 3, 3, 3, 4], embeddings)
    assert set(pairs.first) | set(pairs.second) == {0, 1, 3, 4, 5}
    assert pairs.same.sum() == 1 + 3
    assert len(verification.draw_pairs([1, 1, 2, 3, 4, 5, 6], embeddings).same) == 0


def test_row_order_does_not_matter_and_the_seed_does():
    embeddings, who = people()
    order = np.random.default_rng(1).permutation(len(who))
    first = verification.draw_pairs(who, embeddings)
    again = verification.draw_pairs(who[order], embeddings[order])
    assert (order[again.first] == first.first).all()
    assert (order[again.second] == first.second).all()
    other = verification.draw_pairs(who, embeddings, seed=1)
    assert (other.second != first.second).any()


def by_hand():
    """Two pairs of one person at distances 1 and 3, two of different people at 2 and 4."""
    pairs = Pairs(np.array([0, 2, 0, 2]), np.array([1, 3, 2, 1]), np.array([1, 1, 0, 0], bool))
    return pairs, np.array([1.0, 3.0, 2.0, 4.0]), np.array([7, 7, 8, 8])


def test_scores_by_hand():
    pairs, apart, who = by_hand()
    found = verification.score(pairs, apart, 2.5, who)
    # Right: 1 is below 2.5, 4 is above it. AUC: 1 < 2, 1 < 4, 3 < 4, but not 3 < 2.
    assert found["accuracy"][0] == found["balanced_accuracy"][0] == 0.5
    assert found["auc"][0] == 0.75
    assert verification.score(pairs, apart, 3.5, who)["accuracy"][0] == 0.75
    assert verification.score(pairs, apart, 1.5, who)["accuracy"][0] == 0.75


def test_the_chosen_threshold_is_the_best_one():
    pairs, apart, _ = by_hand()
    apart = np.array([1.0, 3.0, 3.5, 4.0])
    assert verification.choose_threshold(pairs, apart) == pytest.approx(3.25)


def test_distances_are_euclidean():
    pairs, _, _ = by_hand()
    embeddings = np.array([[0, 0], [3, 4], [0, 1], [0, 3]])
    assert verification.distances(embeddings, pairs).tolist() == [5, 2, 1, pytest.approx(18**0.5)]


def test_auc_agrees_with_scikit_learn_and_lies_in_its_interval():
    embeddings, who = people()
    pairs = verification.draw_pairs(who, embeddings)
    apart = verification.distances(embeddings, pairs)
    value, (low, high), chance = verification.score(pairs, apart, 2.0, who)["auc"]
    assert value == pytest.approx(roc_auc_score(pairs.same, -apart))
    assert chance < low < value < high


def test_clear_places_are_verified_and_a_constant_is_at_chance():
    embeddings, who = people(spread=0.01)
    pairs = verification.draw_pairs(who, embeddings)
    apart = verification.distances(embeddings, pairs)
    found = verification.score(pairs, apart, verification.choose_threshold(pairs, apart), who)
    assert found["accuracy"][0] > 0.99
    assert found["auc"][0] > 0.99
    blind = verification.score(pairs, np.ones(len(apart)), 2.0, who)
    assert blind["accuracy"][0] == 0.5
    assert blind["balanced_accuracy"] == (0.5, (0.5, 0.5), 0.5)
    assert blind["auc"] == (0.5, (0.5, 0.5), 0.5)


def test_a_pair_weighs_as_often_as_its_people_were_drawn():
    pairs, _, who = by_hand()
    resampling = verification.pair_resampling(pairs, who, resamples=200)
    same_seven, same_eight, *different = resampling.weights.T
    assert set(same_seven + same_eight) == {2}  # two draws among two people
    for weights in different:
        assert (weights == same_seven * same_eight).all()
    assert set(different[0]) == {0, 1}


def test_the_interval_covers_the_truth_in_about_95_of_100_cases():
    """The truth: the accuracy over very many people, at the same threshold."""
    embeddings, who = people(count=1500, each=3, seed=1)
    pairs = verification.draw_pairs(who, embeddings, most=4500)
    truth = verification.score(pairs, verification.distances(embeddings, pairs), 2.2, who)
    covered = 0
    for seed in range(60):
        embeddings, who = people(count=40, each=4, seed=10 + seed)
        pairs = verification.draw_pairs(who, embeddings)
        decided = verification.distances(embeddings, pairs) < 2.2
        resampling = verification.pair_resampling(pairs, who, resamples=200)
        counts = intervals.resampled_confusion(pairs.same, decided, resampling)
        drawn = ACCURACY.from_counts(*counts)
        low, high = intervals.percentile_interval(drawn)
        covered += low <= truth["accuracy"][0] <= high
    assert 52 <= covered <= 60


def test_bad_input_is_named():
    embeddings, who = people()
    with pytest.raises(PenumbraError, match="one identity per photograph"):
        verification.draw_pairs(who[:-1], embeddings)
    pairs = verification.draw_pairs(who, embeddings)
    with pytest.raises(PenumbraError, match="finite"):
        verification.distances(embeddings * np.nan, pairs)
    with pytest.raises(PenumbraError, match="must be"):
        verification.distances(embeddings[:, 0], pairs)
