"""Re-identification: whose photograph is this, given one release per known person?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.attacks.declare import attack
from core.attacks.interface import AttackerView, Result, check_finite

if TYPE_CHECKING:
    from torch import Generator


@attack(title="photo matcher (nearest neighbour)", target="identity", default=True)
def nearest_neighbour(view: AttackerView, generator: Generator) -> Result:
    """1-nearest-neighbour among the test identities, on features standardised by the attacker's.

    Half of each identity's photographs, the same for every release of them, are the gallery; the
    rest are probes (`gallery.scored`, with the bound on the Bayes error). Empty result when fewer
    than two test identities have two photographs.
    """
    from core.attacks import features as flat
    from core.attacks.identity import gallery

    check_finite(view)
    standard = flat.standardiser(view.z["attacker"])
    matcher = gallery.Matcher(lambda split: standard(view.z[split]).cpu().numpy())
    return gallery.scored(view, matcher, matcher, "nearest_neighbour", bayes_bound=True)
