"""Attackers that are no attacks of their own: chosen from others, brought along by a method, or
asked in a study."""

from core.attacks.declare import Attacker
from core.attacks.method_networks import OWN_NETWORKS

WORST_CASE = Attacker(name="worst_case", title="strongest attacker")
BEST_HEAD = Attacker(name="best_head", title="best fresh task network", serves=True)
ENSEMBLE = Attacker(name="ensemble", title="all attackers together")

# Of studies: participants, and machines that are asked the same questions.
HUMAN = Attacker(name="human", title="people")
MACHINE_RELEASE = Attacker(
    name="machine_release", title="nearest neighbour on what is released, asked the same"
)
MACHINE_PICTURE = Attacker(name="machine_picture", title="face network that sees the same pictures")

OTHERS: dict[str, Attacker] = {
    attacker.name: attacker
    for attacker in (
        WORST_CASE,
        BEST_HEAD,
        ENSEMBLE,
        *OWN_NETWORKS.values(),
        HUMAN,
        MACHINE_RELEASE,
        MACHINE_PICTURE,
    )
}
