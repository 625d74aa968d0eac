"""How far people stand apart in a release beside how much photographs of one person differ."""

import numpy as np

from core.attacks.declare import attack
from core.attacks.identity.gallery import with_two
from core.attacks.interface import AttackerView, Result, rows
from core.metrics import scatter
from core.metrics.intervals import Measured
from core.torch_types import Generator


@attack(title="spread of people (LDA score)", target="identity")
def lda_score(view: AttackerView, generator: Generator) -> Result:
    """Xiao et al., Table 3: variance within and between people, in units of the whole variance of the
    attacker's releases, and their ratio (`core.metrics.scatter`), of the test photographs' releases
    as they are. Empty result where fewer than two test people have two photographs.
    """
    people = view.identities["test"]
    if with_two(people) < 2:
        return Result()
    from core.attacks import features as flat

    known = flat.compared(view.z["attacker"], flat.flattened)
    variance = float((known - known.mean(0)).square().sum(1).mean())
    release = flat.compared(view.z["test"], flat.flattened).cpu().numpy()
    found = scatter.lda_score(release, people)
    scaled = {
        name: _divided(measured, variance) if name != "lda_ratio" else measured
        for name, measured in found.items()
    }
    _, codes, counts = np.unique(people, return_inverse=True, return_counts=True)
    return Result(rows(scaled, people[counts[codes] > 1], "identity", "lda_score"))


def _divided(measured: Measured, unit: float) -> Measured:
    low, high = measured.interval
    unit = max(unit, 1e-30)
    return Measured(measured.value / unit, (low / unit, high / unit), measured.chance)
