"""Attacks: one family per file, one line here.

An attack is a function `attack(exposed, generator) -> Result`; it sees what leaves the device and
nothing else of the method.
"""

from core.attacks.critic import adversarial_decoder
from core.attacks.interface import Attack, Exposed, Result
from core.attacks.invert import inversion
from core.attacks.log_rank import log_rank
from core.attacks.nearest_neighbour import nearest_neighbour
from core.attacks.probes import cnn, logistic, mlp
from core.attacks.reconstruct import mirrored_decoder, resrec, urec1, urec2
from core.attacks.verification import siamese
from core.methods.declare import VERIFICATION

ATTACKS: dict[str, Attack] = {
    "logistic": logistic,
    "mlp": mlp,
    "cnn": cnn,
    "mirrored_decoder": mirrored_decoder,
    "urec1": urec1,
    "urec2": urec2,
    "resrec": resrec,
    "adversarial_decoder": adversarial_decoder,
    "inversion": inversion,
    "nearest_neighbour": nearest_neighbour,
    "siamese": siamese,
    "log_rank": log_rank,
}

# Attacks that measure one task: their control, minutes long, is left to runs that have it.
ONLY_FOR = {"siamese": VERIFICATION}

# Attacks that differentiate the released network: their attacker has it, as anybody who has the app
# that runs on the device; the others see only what it releases.
WHITE_BOX = ("inversion",)

__all__ = ["ATTACKS", "ONLY_FOR", "WHITE_BOX", "Attack", "Exposed", "Result"]
