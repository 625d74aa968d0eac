"""Who redrew the pictures of a setting, and how that is said. Pure pandas."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from app import wording
from core.results import ATTACK, parted

STRONGEST = "strongest"
FIRST = "mirrored_decoder"  # where no strongest attacker was chosen: runs measured with this one
KNOWS_NETWORK = ("inversion",)  # core.attacks.WHITE_BOX, without importing torch


def measured(findings: pd.DataFrame, run_ids: Collection[str]) -> list[str]:
    """Attackers whose redrawn pictures of any of these runs were scored strictly, in the order of
    `wording.ATTACKERS`; those who were given a second data set last."""
    rows = findings[
        (findings["target"] == "image")
        & (findings["protocol"] == "strict")
        & (findings["metric"] == "ms_ssim")
        & findings["run_id"].isin(list(run_ids))
    ]
    found = {name for name in rows["attacker"].dropna() if ATTACK.fullmatch(name)} - {"worst_case"}
    order = {name: position for position, name in enumerate(wording.ATTACKERS)}

    def rank(name: str) -> tuple[bool, int, str]:
        plain, extra = parted(name)
        return extra is not None, order.get(plain, len(order)), name

    return sorted(found, key=rank)


def label(attacker: str) -> str:
    """For the picker."""
    if attacker == STRONGEST:
        return "Strongest attacker"
    name = wording.attacker(attacker)
    return name[0].upper() + name[1:]


def sentence(attacker: str, released: str, strongest: bool | None) -> str:
    """Who drew what stands right of the originals; `released` names what it was drawn from;
    `strongest` says whether it was the strongest of several, None where there was one attacker."""
    plain, extra = parted(attacker)
    name = wording.ATTACKERS.get(plain, plain)
    how = (
        "who knows the network on the device and searches, pixel by pixel, for the picture that "
        "would release the same"
        if attacker in KNOWS_NETWORK
        else "trained afterwards on other people's photographs"
    )
    if extra:
        how += (
            f", those of “{extra}” among them: more than the others had, so not counted with them"
        )
    rank = ", the strongest of those tried" if strongest else ""
    aside = " The figures above are the strongest attacker's." if strongest is False else ""
    article = "a " if not name.startswith("the ") else ""
    return (
        f"Left the original, right what the attacker recovers from what {released}: {article}{name}"
        f"{rank}, {how}. A likeness of 1 is the same picture.{aside}"
    )
