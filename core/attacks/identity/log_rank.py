"""Rank of the true person: how many people would an attacker have to name before the right one?"""

import numpy as np
from numpy.typing import NDArray

from core.attacks.declare import attack
from core.attacks.interface import AttackerView, Result, rows
from core.metrics import ranks
from core.metrics.identity import split_gallery
from core.metrics.intervals import (
    Measured,
    measured_mean,
    percentile_interval,
    resample_identities,
    resampled_mean,
)
from core.torch_types import Generator

AXES = 128  # principal axes, of the attacker's standardised features, that densities are taken in
SHRINKAGE = 0.1  # share of the mean variance in the estimated covariance within a person
Features = NDArray[np.float64]


@attack(title="list of names (kernel densities)", target="identity")
def log_rank(view: AttackerView, generator: Generator) -> Result:
    """Kernel densities per identity (DPFE section 5) among the test identities.

    Features are standardised, and wider ones turned onto their `AXES` leading principal axes, by
    the attacker's photographs. How much photographs of one person differ there sets the scale of
    the kernels (Silverman's rule), either one for all directions, as in the paper, or by direction,
    chosen on validation. Gallery and probes as for `nearest_neighbour`. Empty result when no test
    identity has two photographs. Arrays: `ranks`, float16 (probes,), normalised.
    """
    from core.attacks import features as flat

    if _most_photographs(view, "test") < 2:
        return Result()
    wide = view.z["test"][0].numel() > AXES
    features = {
        part: values[:, :AXES].double().cpu().numpy()
        for part, values in flat.flat_features(view, "attacker", wide).items()
    }
    within = _within_person(features["train"], view.identities["attacker"])
    scalings = (_alike(within), _by_direction(within))
    chosen = scalings[0]
    if _most_photographs(view, "validation") > 1:
        found = [_ranked(view, "validation", features["validation"] @ s) for s in scalings]
        chosen = scalings[int(found[1][1]["log_rank"].mean() < found[0][1]["log_rank"].mean())]
    people, scores = _ranked(view, "test", features["test"] @ chosen)

    resampling = resample_identities(people)
    mean, square = scores["rank"].mean(), scores["squared_rank"].mean()
    deviation = ranks.deviation(mean, square)
    means, squares = (resampled_mean(scores[n], resampling) for n in ("rank", "squared_rank"))
    deviations = ranks.deviation(means, squares)
    chance = ranks.by_chance(int(scores["identities"]))
    measured = {
        ranks.LOG_RANK_PRIVACY: measured_mean(scores["log_rank"], people, chance["log_rank"]),
        ranks.RANK_MEAN: Measured(float(mean), percentile_interval(means), chance["rank"]),
        ranks.RANK_DEVIATION: Measured(
            float(deviation), percentile_interval(deviations), chance["deviation"]
        ),
    }
    for epsilon, metric in zip(ranks.EPSILONS, ranks.RANK_GUARANTEES, strict=True):
        measured[metric] = Measured(
            float(ranks.rank_guarantee(mean, deviation, epsilon)),
            percentile_interval(ranks.rank_guarantee(means, deviations, epsilon)),
            float(ranks.rank_guarantee(chance["rank"], chance["deviation"], epsilon)),
        )
    named = {metric.name: value for metric, value in measured.items()}
    arrays = {"ranks": scores["rank"].astype(np.float16)}
    return Result(rows(named, people, "identity", "log_rank"), arrays)


def _most_photographs(view: AttackerView, split: str) -> int:
    people = view.identities[split]
    return int(np.unique(people, return_counts=True)[1].max()) if len(people) else 0


def _within_person(features: Features, people: NDArray[np.int64]) -> Features:
    """Covariance (d, d) of photographs around their person's mean; around the mean of all where
    nobody has two."""
    _, codes, counts = np.unique(people, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), features.shape[1]))
    np.add.at(means, codes, features)
    rest = features - (means / counts[:, None])[codes]
    freedom = len(features) - len(counts)
    if not freedom:
        rest, freedom = features - features.mean(0), max(1, len(features) - 1)
    return rest.T @ rest / freedom


def _level(within: Features) -> float:
    return max(np.trace(within) / len(within), 1e-30)


def _alike(within: Features) -> Features:
    """The map (d, d) after which photographs of one person have variance 1 on average."""
    return np.eye(len(within)) / np.sqrt(_level(within))


def _by_direction(within: Features) -> Features:
    """The map (d, d) after which photographs of one person have variance 1 in every direction."""
    level = _level(within)
    values, vectors = np.linalg.eigh(
        (1 - SHRINKAGE) * within + SHRINKAGE * level * np.eye(len(within))
    )
    return vectors / np.sqrt(values)


def _ranked(
    view: AttackerView, split: str, features: Features
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    """The people of a split's probes, and `ranks.rank_privacy` of them."""
    people = view.identities[split]
    gallery, probes = split_gallery(view.x[split].cpu().numpy(), people)
    known = people[gallery]
    bandwidth = ranks.silverman(len(known) / len(np.unique(known)), features.shape[1])
    scores = ranks.rank_privacy(
        features[probes], people[probes], features[gallery], known, bandwidth
    )
    return people[probes], scores
