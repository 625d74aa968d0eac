"""How far people stand apart in a release beside how much photographs of one person differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.attacks.declare import Attack
from core.attacks.interface import Result, check_finite, finding
from core.metrics import scatter

if TYPE_CHECKING:
    from torch import Generator

    from core.attacks.interface import AttackerView


def lda_score(view: AttackerView, generator: Generator) -> Result:
    """Xiao et al., Table 3: variance within and between people and their ratio
    (`core.metrics.scatter`), of the test photographs' releases as they are.

    Only the ratio is free of the release's scale; the variances are given in units of the whole
    variance of the attacker's releases. No attack, hence it competes for nothing. Empty result
    where fewer than two test people have two photographs.
    """
    from core.attacks.identity.gallery import with_two

    check_finite(view)
    people = view.identities["test"]
    if with_two(people) < 2:
        return Result()
    known = view.z["attacker"].flatten(1).float()
    variance = float((known - known.mean(0)).square().sum(1).mean())
    release = view.z["test"].flatten(1).float().cpu().numpy()
    found = scatter.lda_score(release, people)
    unit = {"lda_within": variance, "lda_between": variance, "lda_ratio": 1.0}
    several = np.unique(people, return_inverse=True, return_counts=True)
    counted = int((several[2][several[1]] > 1).sum())
    rows = []
    for metric, (value, (low, high), chance) in found.items():
        scale = max(unit[metric], 1e-30)
        rows.append(
            finding(
                target="identity",
                role="private",
                attacker="lda_score",
                metric=metric,
                value=value / scale,
                interval=(low / scale, high / scale),
                chance=chance,
                n=counted,
                identities=with_two(people),
            )
        )
    return Result(rows)


LDA_SCORE = Attack(
    name="lda_score",
    title="spread of people (LDA score)",
    target="identity",
    run=lda_score,
)
