"""Attacks: one family per file, one line here. Importing this package does not import torch.

An attack sees what leaves the device and nothing else of the method.
"""

from importlib import import_module

from core.attacks.attackers import OTHERS
from core.attacks.declare import Attack, Attacker
from core.attacks.interface import AttackerView, Result

FILES = (
    "attributes.probes",
    "attributes.retrained",
    "attributes.repeated",
    "attributes.augmented",
    "attributes.redrawn",
    "attributes.learning_curve",
    "reconstruction.kernel_regression",
    "reconstruction.decoders",
    "reconstruction.inversion",
    "identity.matchers",
    "identity.feature_map",
    "identity.verification",
    "identity.lda_score",
    "identity.log_rank",
)


def declared(file: str) -> list[Attack]:
    """The attacks that a file declares; not those that it imports from another."""
    module = import_module(f"{__name__}.{file}")
    found = [entry for entry in vars(module).values() if isinstance(entry, Attack)]
    return [attack for attack in found if attack.run.__module__ == module.__name__]


ATTACKS: dict[str, Attack] = {attack.name: attack for file in FILES for attack in declared(file)}


def attackers() -> dict[str, Attacker]:
    """Everybody whom a finding may name as its attacker, by name; the attacks first."""
    return {**ATTACKS, **OTHERS}


def default_attack(target: str) -> Attack:
    """The attack that stands for all on a target, "identity" or "image", where no strongest one
    was chosen."""
    return next(a for a in ATTACKS.values() if a.default and a.target == target)
