"""Attacks: one family per file, one line here.

An attack is a function `attack(exposed, generator) -> Result`; it sees what leaves the device and
nothing else of the method.
"""

from core.attacks.critic import adversarial_decoder
from core.attacks.data_curve import data_curve
from core.attacks.discriminant import discriminant
from core.attacks.embedding import embedding
from core.attacks.feature_map import feature_map
from core.attacks.interface import Attack, Exposed, Result
from core.attacks.invert import inversion
from core.attacks.kernel_redrawer import kernel_redrawer
from core.attacks.kernels import kernel
from core.attacks.lda_score import lda_score
from core.attacks.log_rank import log_rank
from core.attacks.nearest_neighbour import nearest_neighbour
from core.attacks.neighbours import neighbours
from core.attacks.probes import cnn, logistic, mlp
from core.attacks.reconstruct import mirrored_decoder, resrec, urec1, urec2
from core.attacks.repeated import averaging, informed
from core.attacks.trees import boosted_trees
from core.attacks.verification import siamese
from core.methods.declare import VERIFICATION

ATTACKS: dict[str, Attack] = {
    "logistic": logistic,
    "neighbours": neighbours,
    "boosted_trees": boosted_trees,
    "kernel": kernel,
    "mlp": mlp,
    "cnn": cnn,
    "informed": informed,
    "averaging": averaging,
    "data_curve": data_curve,
    "kernel_redrawer": kernel_redrawer,
    "mirrored_decoder": mirrored_decoder,
    "urec1": urec1,
    "urec2": urec2,
    "resrec": resrec,
    "adversarial_decoder": adversarial_decoder,
    "inversion": inversion,
    "nearest_neighbour": nearest_neighbour,
    "discriminant": discriminant,
    "embedding": embedding,
    "feature_map": feature_map,
    "siamese": siamese,
    "lda_score": lda_score,
    "log_rank": log_rank,
}

# Attacks that measure one task: their control, minutes long, is left to runs that have it.
ONLY_FOR = {"siamese": VERIFICATION}

# Attacks that consist of others and stand and fall with their controls.
MADE_OF = {
    "informed": ("logistic", "mlp"),
    "averaging": ("logistic", "kernel", "mlp", "nearest_neighbour", "discriminant"),
    "data_curve": ("logistic", "kernel", "mlp"),
}

# Attacks that differentiate the released network: their attacker has it, as anybody who has the app
# that runs on the device; the others see only what it releases.
WHITE_BOX = ("inversion",)

# Attacks that can be given a second source of photographs (`Exposed.extra`): those by
# `core.attacks.decoding.by_decoder`.
REDRAWERS = ("mirrored_decoder", "urec1", "urec2", "resrec", "adversarial_decoder")

__all__ = [
    "ATTACKS",
    "MADE_OF",
    "ONLY_FOR",
    "REDRAWERS",
    "WHITE_BOX",
    "Attack",
    "Exposed",
    "Result",
]
