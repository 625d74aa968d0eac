"""Re-identification by a network that learned on other people what makes two photographs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.attacks.declare import attack
from core.attacks.identity.verification import drawn
from core.attacks.interface import AttackerView, Result, check_finite

if TYPE_CHECKING:
    from torch import Generator


@attack(title="photo matcher with its own network (Siamese network)", target="identity")
def embedding(view: AttackerView, generator: Generator) -> Result:
    """A Siamese network (`core.attacks.identity.pair_network`) trained on the attacker's people until
    pairs of validation people are told apart no better; then the photograph, or the person, with
    the nearest embedding, whichever names more of the validation people (`gallery.scored`).

    Empty result where fewer than two of the attacker's, validation's or test people have two
    photographs.
    """
    from core.attacks.identity import gallery
    from core.attacks.identity.gallery import Matcher, with_two
    from core.attacks.identity.pair_network import embedded

    check_finite(view)
    splits = ("attacker", "validation", "test")
    if min(with_two(view.identities[split]) for split in splits) < 2:
        return Result()
    _, embeddings = embedded(view, "attacker", drawn(view)["validation"], generator)
    matchers = (Matcher(embeddings.__getitem__, mean, unit=True) for mean in (False, True))
    return gallery.scored(view, *gallery.best(view, matchers), "embedding")
