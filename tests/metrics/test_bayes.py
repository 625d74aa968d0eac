import numpy as np
import pytest
from scipy.stats import norm
from sklearn.neighbors import KNeighborsClassifier

from core.errors import PenumbraError
from core.metrics.identity import cover_hart


def test_by_hand_and_at_its_ends():
    assert cover_hart(0, 10) == 0
    assert cover_hart(0.9, 10) == pytest.approx(0.9)  # who guesses cannot be told to do better
    assert cover_hart(0.5, 2) == 0.5
    # Two classes: e = 2 R (1 - R), so R = .1 gives e = .18.
    assert cover_hart(0.18, 2) == pytest.approx(0.1)
    assert cover_hart(0.97, 10) == pytest.approx(0.9)  # worse than guessing is taken for guessing


def test_it_is_below_the_error_it_bounds_and_above_half_of_it():
    for classes in (2, 3, 206):
        errors = np.linspace(0, (classes - 1) / classes, 50)
        bounds = np.array([cover_hart(e, classes) for e in errors])
        assert (bounds <= errors + 1e-12).all()
        assert (bounds >= errors / 2 - 1e-12).all()
        assert (np.diff(bounds) > 0).all()


def test_on_many_points_it_holds_for_a_bayes_error_that_is_known():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 20000)
    points = (rng.normal(size=20000) + 2 * labels)[:, None]
    fitted = KNeighborsClassifier(1).fit(points[:10000], labels[:10000])
    error = 1 - fitted.score(points[10000:], labels[10000:])
    truth = norm.sf(1)  # half-way between two normals two standard deviations apart
    assert cover_hart(error, 2) <= truth + 0.01
    assert cover_hart(error, 2) > 0.7 * truth


@pytest.mark.parametrize(("error", "classes"), [(-0.1, 3), (1.1, 3), (0.5, 1), (float("nan"), 3)])
def test_what_is_no_error_is_refused(error, classes):
    with pytest.raises(PenumbraError, match="give one in"):
        cover_hart(error, classes)
