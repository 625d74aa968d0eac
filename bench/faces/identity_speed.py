"""Naming people and ranking them, against the scikit-learn estimators that do the same.

    python -m bench.faces.identity_speed [--features 20000] [--dimensions 128] [--identities 1000]
        [--rounds 3]

Half of everybody's features are known, the other half are probes. Ours is
`core.metrics.identity.recognised` (1-nearest-neighbour) and `core.metrics.ranks.rank_privacy` (log
rank by kernel densities). Theirs is `KNeighborsClassifier(1)` and one `KernelDensity` per person, of
which the ranks follow. Both get float32 features, as attacks have them. Prints seconds, the ratio
and what each needs in memory above what is there before (peak resident size, sampled in another
thread); stops with an error where the two disagree in more than rounding explains. The goal is a
ratio of at least 5.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil  # type: ignore[import-untyped]
from numpy.typing import NDArray
from sklearn.neighbors import KernelDensity, KNeighborsClassifier

from core.metrics import identity, ranks

Array = NDArray[Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=int, default=20000)
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--identities", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    features, people = drawn(options.features, options.dimensions, options.identities)
    gallery, probes = np.arange(0, len(people), 2), np.arange(1, len(people), 2)
    bandwidth = ranks.silverman(len(gallery) / options.identities, options.dimensions)
    print(
        f"{len(people)} features x {options.dimensions} dimensions x {options.identities} people, "
        f"{len(probes)} to be named"
    )
    arguments = features, people, gallery, probes, bandwidth
    ratios = []
    for number in range(options.rounds):
        (named, order), seconds, memory = measured(ours, arguments)
        (their_named, their_order), their_seconds, their_memory = measured(theirs, arguments)
        ratios.append(their_seconds / seconds)
        print(
            f"round {number}: scikit-learn {their_seconds:.1f} s, {their_memory:.0f} MB; "
            f"ours {seconds:.2f} s, {memory:.0f} MB; ratio {ratios[-1]:.1f}"
        )
        if np.mean(named != their_named) > 1e-3 or np.mean(order != their_order) > 1e-3:
            raise SystemExit("the two disagree")
    print(f"median ratio {statistics.median(ratios):.1f} (goal: at least 5)")


def drawn(count: int, dimensions: int, identities: int) -> tuple[Array, Array]:
    """Features of people who overlap, so that ranks are neither all first nor at random."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(identities), -(-count // identities))[:count]
    places = rng.normal(0, 0.25, (identities, dimensions))
    return (places[people] + rng.normal(size=(count, dimensions))).astype(np.float32), people


def ours(
    features: Array, people: Array, gallery: Array, probes: Array, bandwidth: float
) -> tuple[Array, Array]:
    """Whether each probe is named rightly, and its normalised rank."""
    named = identity.recognised(features, people, gallery, probes)
    found = ranks.rank_privacy(
        features[probes], people[probes], features[gallery], people[gallery], bandwidth
    )
    return named, found["rank"]


def theirs(
    features: Array, people: Array, gallery: Array, probes: Array, bandwidth: float
) -> tuple[Array, Array]:
    neighbour = KNeighborsClassifier(1).fit(features[gallery], people[gallery])
    named = neighbour.predict(features[probes]) == people[probes]
    names = np.unique(people[gallery])
    densities = np.empty((len(probes), len(names)))
    for place, name in enumerate(names):
        known = features[gallery[people[gallery] == name]]
        fitted = KernelDensity(bandwidth=bandwidth).fit(known)
        densities[:, place] = fitted.score_samples(features[probes])
    own = densities[np.arange(len(probes)), np.searchsorted(names, people[probes])][:, None]
    return named, (1 + (densities > own).sum(1)) / len(names)


def measured(
    function: Callable[..., tuple[Array, Array]], arguments: tuple[Any, ...]
) -> tuple[tuple[Array, Array], float, float]:
    """What a function returns, its seconds, and the megabytes by which the process grew."""
    process, over = psutil.Process(), threading.Event()
    before = process.memory_info().rss
    most = [before]

    def watch() -> None:
        while not over.wait(0.005):
            most[0] = max(most[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    try:
        found = function(*arguments)
        seconds = time.perf_counter() - began
    finally:
        over.set()
        watcher.join()
    return found, seconds, (most[0] - before) / 1e6


if __name__ == "__main__":
    main()
