"""Bounds on every attacker who sees a vector with Gaussian noise of known covariance. Proofs:
docs/certificates.md."""

import math

import numpy as np

from core.certificates.finite import Bound
from core.certificates.histograms import Floats
from core.errors import PenumbraError

SAMPLES = 20_000  # of each estimate
SIMULATION = 0.1  # share of delta that the simulation's own error is given
_AT_ONCE = 2_000_000  # elements of one block of densities


def balanced(
    having: list[Floats],
    without: list[Floats],
    root: Floats,
    delta: float,
    seed: int,
    releases: int = 1,
    samples: int = SAMPLES,
) -> Bound:
    """Balanced accuracy of the best attacker who sees `releases` of one photograph, with confidence
    1 - delta. (1, 1) where a group is empty or there is no noise in some direction.

    having, without  of each person the vectors (photographs, d) before the noise
    root             (d, d), symmetric: the noise's covariance is root @ root
    seed             of the simulation
    """
    if not 0 < delta < 1 or releases < 1:
        raise PenumbraError("delta must lie between 0 and 1, releases must be at least 1")
    if not having or not without or np.linalg.matrix_rank(root) < len(root):
        return Bound(1.0, 1.0)
    whiten: Floats = np.asarray(np.linalg.inv(root) * math.sqrt(releases), np.float64)
    groups = [_white(people, whiten) for people in (having, without)]
    distance = _distance(groups, samples, np.random.default_rng(seed))
    counted = (1 + distance) / 2
    simulated = math.sqrt(math.log(1 / (SIMULATION * delta)) / (2 * samples))
    spread = (1 / len(having) + 1 / len(without)) / 2
    drawn = math.sqrt(spread * math.log(1 / ((1 - SIMULATION) * delta)))
    return Bound(counted, min(1.0, counted + (simulated + drawn) / 2))


def _white(people: list[Floats], whiten: Floats) -> tuple[Floats, Floats]:
    """Centres (n, d) with unit noise around them, and the logarithm of each one's weight (n,): all
    people weigh the same."""
    centres = np.concatenate(people) @ whiten
    weights = np.concatenate([np.full(len(p), 1 / (len(p) * len(people))) for p in people])
    return centres, np.log(weights)


def _distance(
    groups: list[tuple[Floats, Floats]], samples: int, generator: np.random.Generator
) -> float:
    """Total variation of two mixtures: the mean of |p - q| / (p + q) over draws from their halves."""
    side = generator.random(samples) < 0.5
    total = 0.0
    for index, (centres, weights) in enumerate(groups):
        count = int((side == bool(index)).sum())
        rows = generator.choice(len(centres), count, p=np.exp(weights) / np.exp(weights).sum())
        draws = centres[rows] + generator.standard_normal((count, centres.shape[1]))
        size = max(1, _AT_ONCE // max(len(g[0]) for g in groups))
        for part in np.array_split(draws, max(1, math.ceil(count / size))):
            first, second = (_log_density(part, *group) for group in groups)
            total += float(abs(np.tanh((first - second) / 2)).sum())
    return total / samples


def _log_density(points: Floats, centres: Floats, weights: Floats) -> Floats:
    """(p,) up to a constant that all mixtures share."""
    from scipy.special import logsumexp

    squared = (points**2).sum(1)[:, None] - 2 * points @ centres.T + (centres**2).sum(1)[None, :]
    return np.asarray(logsumexp(weights[None, :] - squared / 2, axis=1))
