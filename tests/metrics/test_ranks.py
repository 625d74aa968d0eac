import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from sklearn.neighbors import KernelDensity

from core.errors import PenumbraError
from core.metrics import ranks


def people(seed=0, count=12, each=6, spread=1.0, dimensions=3):
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(count), each)
    centres = rng.normal(size=(count, dimensions))[who]
    features = centres + spread * rng.normal(size=centres.shape)
    gallery = np.arange(len(who)) % 2 == 0
    return features[~gallery], who[~gallery], features[gallery], who[gallery]


def test_silverman_by_hand():
    # One dimension: (4 / 3n) ** (1 / 5), Silverman's 1.06 n ** -.2.
    assert ranks.silverman(100, 1) == pytest.approx((4 / 300) ** 0.2)
    assert ranks.silverman(1, 1) == pytest.approx(1.0592, abs=1e-4)
    assert ranks.silverman(5, 10) == pytest.approx((4 / 60) ** (1 / 14))


def log_densities(*given):
    return np.concatenate(list(ranks.log_densities(*given)))


def test_log_densities_are_those_of_a_mixture_of_gaussians():
    probes, _, gallery, known = people(count=4)
    found = log_densities(probes, gallery, known, 0.7)
    for column, person in enumerate(np.unique(known)):
        kernels = [
            multivariate_normal(mean, 0.49 * np.eye(3)).pdf(probes)
            for mean in gallery[known == person]
        ]
        oracle = np.log(np.mean(kernels, axis=0)) + 1.5 * np.log(2 * np.pi * 0.49)
        np.testing.assert_allclose(found[:, column], oracle)


def test_densities_stay_finite_far_away_and_in_blocks(monkeypatch):
    probes, _, gallery, known = people()
    far = log_densities(probes + 1e4, gallery, known, 0.1)
    assert np.isfinite(far).all()
    whole = log_densities(probes, gallery, known, 0.5)
    order = np.random.default_rng(0).permutation(len(known))
    ranked = ranks.rank_privacy(probes, known[:1].repeat(len(probes)), gallery, known, 0.5)
    monkeypatch.setattr(ranks, "_BLOCK", 50)
    again = ranks.rank_privacy(probes, known[:1].repeat(len(probes)), gallery, known, 0.5)
    assert again["rank"].tolist() == ranked["rank"].tolist()
    np.testing.assert_allclose(log_densities(probes, gallery[order], known[order], 0.5), whole)


def test_people_with_few_and_many_photographs_score_as_in_scikit_learn():
    rng = np.random.default_rng(0)
    known = rng.permutation(np.repeat([3, 5, 8, 9], [1, 7, 4, 4]))
    gallery, probes = rng.normal(size=(16, 5)), rng.normal(size=(30, 5))
    truth = rng.choice([3, 5, 8, 9], 30)
    oracle = np.stack(
        [
            KernelDensity(bandwidth=0.8).fit(gallery[known == person]).score_samples(probes)
            for person in (3, 5, 8, 9)
        ],
        axis=1,
    )
    found = log_densities(probes, gallery, known, 0.8)
    constant = 2.5 * np.log(2 * np.pi * 0.64)
    np.testing.assert_allclose(found, oracle + constant)
    own = oracle[np.arange(30), np.searchsorted([3, 5, 8, 9], truth)][:, None]
    expected = (1 + (oracle > own).sum(1)) / 4
    found = ranks.rank_privacy(probes, truth, gallery, known, 0.8)
    np.testing.assert_allclose(found["rank"], expected)


def test_ranks_agree_with_sorting():
    probes, truth, gallery, known = people()
    found = ranks.rank_privacy(probes, truth, gallery, known, 0.6)
    densities = log_densities(probes, gallery, known, 0.6)
    expected = [list(np.argsort(-d)).index(t) + 1 for d, t in zip(densities, truth, strict=True)]
    np.testing.assert_allclose(found["rank"] * 12, expected)
    np.testing.assert_allclose(found["squared_rank"] * 144, np.square(expected))
    np.testing.assert_allclose(found["log_rank"], np.log(expected) / np.log(12), atol=1e-12)
    assert 0 < found["log_rank"].mean() < ranks.by_chance(12)["log_rank"]


def test_by_hand():
    # Known: 0 at 0, 1 at 1, 2 at 10. A probe of person 2 at .2 finds 0, 1, 2: third of three.
    found = ranks.rank_privacy([[0.2], [10.0]], [2, 2], [[0.0], [1.0], [10.0]], [0, 1, 2], 1.0)
    assert found["log_rank"].tolist() == pytest.approx([1, 0])
    assert found["rank"].tolist() == pytest.approx([1, 1 / 3])
    assert found["identities"] == 3


def test_ties_are_averaged_over_the_places_they_share():
    # 0 and 1 stand at the same place, 2 is nearer: places 2 and 3 of 3.
    found = ranks.rank_privacy([[0.0]], [0], [[1.0], [1.0], [0.0]], [0, 1, 2], 1.0)
    assert found["rank"][0] == pytest.approx(2.5 / 3)
    assert found["squared_rank"][0] == pytest.approx((4 + 9) / 2 / 9)
    assert found["log_rank"][0] == pytest.approx((math.log(2) + math.log(3)) / 2 / math.log(3))


@pytest.mark.parametrize("identities", [2, 9, 160])
def test_a_constant_scores_what_random_order_does(identities):
    who = np.arange(identities)
    found = ranks.rank_privacy(np.zeros((identities, 4)), who, np.zeros((identities, 4)), who, 1.0)
    places = np.arange(1, identities + 1)
    expected = ranks.by_chance(identities)
    assert expected["log_rank"] == pytest.approx(np.log(places).mean() / math.log(identities))
    assert expected["rank"] == pytest.approx(places.mean() / identities)
    assert expected["deviation"] == pytest.approx(places.std() / identities)
    assert found["log_rank"].mean() == pytest.approx(expected["log_rank"])
    assert found["rank"].mean() == pytest.approx(expected["rank"])
    deviation = ranks.deviation(found["rank"].mean(), found["squared_rank"].mean())
    assert deviation == pytest.approx(expected["deviation"])


def test_the_uniform_distribution_has_the_papers_mean_and_deviation():
    """Section 6.2: .5 and .28."""
    expected = ranks.by_chance(608)
    assert expected["rank"] == pytest.approx(0.5, abs=1e-3)
    assert expected["deviation"] == pytest.approx(math.sqrt(1 / 12), abs=1e-3)


def test_more_noise_hides_more_and_random_features_hide_everything():
    values = [
        ranks.rank_privacy(*people(spread=spread, count=40, each=10), 0.8)["log_rank"].mean()
        for spread in (0.05, 0.5, 2.0)
    ]
    assert values[0] < 0.05 < values[1] < values[2]
    rng = np.random.default_rng(1)
    who = np.arange(400) % 40
    blind = ranks.rank_privacy(rng.normal(size=(400, 3)), who, rng.normal(size=(400, 3)), who, 1.0)
    assert blind["log_rank"].mean() == pytest.approx(ranks.by_chance(40)["log_rank"], abs=0.03)


def test_the_guarantee_is_the_normal_tail():
    assert ranks.rank_guarantee(0.3, 0.25, 0.1) == pytest.approx(norm.cdf(0.8))
    assert ranks.rank_guarantee(0.5, 0.28, 0.5) == pytest.approx(0.5)
    assert ranks.rank_guarantee(0.3, 0.0, 0.1) == 1
    assert ranks.rank_guarantee(0.05, 0.0, 0.1) == 0


def test_bad_input_is_named():
    probes, truth, gallery, known = people()
    with pytest.raises(PenumbraError, match="NaN"):
        ranks.rank_privacy(probes * np.nan, truth, gallery, known, 1.0)
    with pytest.raises(PenumbraError, match="at least two identities"):
        ranks.rank_privacy(probes, truth * 0, gallery, known * 0, 1.0)
    with pytest.raises(PenumbraError, match="among the known"):
        ranks.rank_privacy(probes, truth + 1, gallery, known, 1.0)


def test_superiority_is_over_the_accuracies_that_both_reach():
    upper = [(0.9, 0.5), (0.7, 0.8), (0.5, 0.9)]
    lower = [(0.95, 0.1), (0.8, 0.6), (0.6, 0.7)]
    assert ranks.superiority(upper, lower) == (0.6, 0.9, 1)
    assert ranks.superiority(lower, upper) == (0.6, 0.9, -1)
    # above at their own points, below where the other one bends
    crossing = [(0.9, 0.6), (0.8, 0.6), (0.6, 0.9)]
    assert ranks.superiority(upper, crossing) == (0.6, 0.9, 0)
    assert ranks.superiority(upper, upper) == (0.5, 0.9, 0)
    assert ranks.superiority(upper, [(0.4, 0.9), (0.45, 0.8)]) is None
    assert ranks.superiority(upper, []) is None
