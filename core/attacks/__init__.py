"""Attacks: one family per file, one line here.

An attack is a function `attack(view, generator) -> Result`; it sees what leaves the device and
nothing else of the method.
"""

from core.attacks.attributes.kernels import kernel
from core.attacks.attributes.learning_curve import data_curve
from core.attacks.attributes.neighbours import neighbours
from core.attacks.attributes.probes import cnn, logistic, mlp
from core.attacks.attributes.repeated import averaging, informed
from core.attacks.attributes.trees import boosted_trees
from core.attacks.identity.discriminant import discriminant
from core.attacks.identity.feature_map import feature_map
from core.attacks.identity.lda_score import lda_score
from core.attacks.identity.log_rank import log_rank
from core.attacks.identity.nearest_neighbour import nearest_neighbour
from core.attacks.identity.siamese_embedding import embedding
from core.attacks.identity.verification import siamese
from core.attacks.interface import Attack, AttackerView, Result
from core.attacks.reconstruction.adversarial import adversarial_decoder
from core.attacks.reconstruction.decoders import mirrored_decoder, resrec, urec1, urec2
from core.attacks.reconstruction.inversion import inversion
from core.attacks.reconstruction.kernel_regression import kernel_redrawer
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

# Attacks that can be given a second source of photographs (`AttackerView.extra`): those by
# `core.attacks.reconstruction.training.by_decoder`.
REDRAWERS = ("mirrored_decoder", "urec1", "urec2", "resrec", "adversarial_decoder")

__all__ = [
    "ATTACKS",
    "MADE_OF",
    "ONLY_FOR",
    "REDRAWERS",
    "WHITE_BOX",
    "Attack",
    "AttackerView",
    "Result",
]
