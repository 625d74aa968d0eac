"""Attacks: one family per file, one line here. Importing this package does not import torch.

An attack sees what leaves the device and nothing else of the method.
"""

from core.attacks.attackers import OTHERS
from core.attacks.attributes.learning_curve import DATA_CURVE
from core.attacks.attributes.probes import (
    BOOSTED_TREES,
    CNN,
    KERNEL,
    LOGISTIC,
    MLP,
    NEIGHBOURS,
)
from core.attacks.attributes.repeated import AVERAGING, INFORMED
from core.attacks.declare import Attack, Attacker
from core.attacks.identity.discriminant import DISCRIMINANT
from core.attacks.identity.feature_map import FEATURE_MAP
from core.attacks.identity.lda_score import LDA_SCORE
from core.attacks.identity.log_rank import LOG_RANK
from core.attacks.identity.nearest_neighbour import NEAREST_NEIGHBOUR
from core.attacks.identity.siamese_embedding import EMBEDDING
from core.attacks.identity.verification import SIAMESE
from core.attacks.interface import AttackerView, Result
from core.attacks.reconstruction.decoders import (
    ADVERSARIAL_DECODER,
    MIRRORED_DECODER,
    RESREC,
    UREC1,
    UREC2,
)
from core.attacks.reconstruction.inversion import INVERSION
from core.attacks.reconstruction.kernel_regression import KERNEL_REDRAWER

ATTACKS: dict[str, Attack] = {
    attack.name: attack
    for attack in (
        LOGISTIC,
        NEIGHBOURS,
        BOOSTED_TREES,
        KERNEL,
        MLP,
        CNN,
        INFORMED,
        AVERAGING,
        DATA_CURVE,
        KERNEL_REDRAWER,
        MIRRORED_DECODER,
        UREC1,
        UREC2,
        RESREC,
        ADVERSARIAL_DECODER,
        INVERSION,
        NEAREST_NEIGHBOUR,
        DISCRIMINANT,
        EMBEDDING,
        FEATURE_MAP,
        SIAMESE,
        LDA_SCORE,
        LOG_RANK,
    )
}


def attackers() -> dict[str, Attacker]:
    """Everybody whom a finding may name as its attacker, by name; the attacks first."""
    return {**ATTACKS, **OTHERS}


def default_attack(target: str) -> Attack:
    """The attack that stands for all on a target, "identity" or "image", where no strongest one
    was chosen."""
    return next(a for a in ATTACKS.values() if a.default and a.target == target)


__all__ = [
    "ATTACKS",
    "Attack",
    "Attacker",
    "AttackerView",
    "Result",
    "attackers",
    "default_attack",
]
