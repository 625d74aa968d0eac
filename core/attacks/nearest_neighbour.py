"""Re-identification: whose photograph is this, given one release per known person?"""

from __future__ import annotations

import numpy as np
from torch import Generator

from core.attacks import features as flat
from core.attacks.interface import Exposed, Result, check_finite, finding
from core.metrics.identity import reidentification
from core.metrics.intervals import mean_interval, resample_identities


def nearest_neighbour(exposed: Exposed, generator: Generator) -> Result:
    """1-nearest-neighbour among the test identities, on features standardised by the attacker's.

    Half of each identity's photographs, the same for every release of them, are the gallery; the
    rest are probes. Empty result when no
    test identity has two photographs. Arrays: `probes`, their positions among the test
    photographs, and `correct`, uint8.
    """
    check_finite(exposed)
    features = flat.standardiser(exposed.z["attacker"])(exposed.z["test"]).cpu().numpy()
    people = exposed.identities["test"]
    if np.unique(people, return_counts=True)[1].max() < 2:
        return Result()
    photographs = exposed.x["test"].cpu().numpy()
    found = reidentification(features, people, photographs=photographs)
    probes, correct = found["probes"], found["correct"]
    resampling = resample_identities(people[probes])
    row = finding(
        target="identity",
        role="private",
        attacker="nearest_neighbour",
        metric="top1_accuracy",
        value=found["top1_accuracy"],
        interval=mean_interval(correct, resampling),
        chance=found["chance"],
        n=len(probes),
        identities=resampling.identities,
    )
    return Result([row], {"probes": probes.astype("int32"), "correct": correct.astype("uint8")})
