"""Who redrew the pictures of a setting, and how that is said. Pure pandas."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from app.page import wording
from app.settings import points
from core.attacks import ATTACKS, default_attack
from core.attacks import attackers as known_attackers
from core.attacks.attackers import OWN_DECODERS, OWN_NETWORKS, WORST_CASE, shown_under
from core.attacks.attributes.redrawn import redrawn
from core.attacks.declare import AFTERWARDS, ALONG
from core.metrics import of_pictures
from core.storage.attack_folders import ATTACK, parted

STRONGEST = "strongest"
WEAK = "attack too weak to conclude"
FIRST = default_attack("image").name  # where no strongest attacker was chosen


def measured(findings: pd.DataFrame, run_ids: Collection[str]) -> list[str]:
    """Attackers whose redrawn pictures of any of these runs were scored strictly, and a method's own
    decoder, in the order of `core.attacks.attackers`; those given a second data set last."""
    rows = findings[
        (findings["target"] == "image")
        & (findings["metric"] == "ms_ssim")
        & findings["run_id"].isin(list(run_ids))
    ]
    names = {name for name in _shown(rows)["attacker"].dropna() if ATTACK.fullmatch(name)}
    order = {name: position for position, name in enumerate(known_attackers())}

    def rank(name: str) -> tuple[bool, int, str]:
        plain, extra = parted(name)
        return extra is not None, order.get(plain, len(order)), name

    return sorted(names - {WORST_CASE.name}, key=rank)


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Those findings that are about the pictures that are kept."""
    by_paper = rows["attacker"].isin([n for n in OWN_DECODERS if shown_under(n) == "paper"])
    return rows[(rows["protocol"] == "paper") == by_paper]


def own_decoder(findings: pd.DataFrame, row: points.Row) -> str | None:
    """The decoder that a setting's method trained along with itself, where it was scored."""
    scored = scores(findings, row, "ms_ssim")
    return next((name for name in OWN_DECODERS if name in scored), None)


def label(attacker: str) -> str:
    known = attacker != STRONGEST
    return wording.capital(wording.attacker(attacker)) if known else "Strongest attacker"


def sentence(attacker: str, released: str, strongest: bool | None) -> str:
    """Who drew what stands right of the originals; `released` names what it was drawn from;
    `strongest` says whether it was the strongest of several, None where there was one attacker."""
    plain, extra = parted(attacker)
    name = wording.attacker(plain)
    how = ALONG if plain in OWN_NETWORKS else AFTERWARDS
    how = ATTACKS[plain].says if plain in ATTACKS else how
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


def scores(findings: pd.DataFrame, row: points.Row, metric: str) -> dict[str, points.Row]:
    """Attacker -> what was found of `metric` on the redrawn pictures of one setting (strictly; of a
    method's own decoder as its paper does)."""
    rows = _shown(points.findings_of(findings, row, target="image", metric=metric))
    columns = ["attacker", "value", "low", "high", "chance", "n"]
    return {found["attacker"]: found for found in rows[columns].to_dict("records")}


def beside_sentence(findings: pd.DataFrame, row: points.Row, own: str, who: str) -> str:
    """How far the picture of the decoder inside the training is from what `who` redraws."""
    found = scores(findings, row, "ms_ssim")
    if who not in found:
        return ""
    inside, fresh, name = found[own], found[who], wording.attacker(who)
    return (
        f"Left the original; in the middle the picture by {wording.attacker(own)}, {ALONG}: a "
        f"likeness of {inside['value']:.2f} over all {int(inside['n']):,} test faces. Right, trained "
        f"afterwards, {'' if name.startswith('the ') else 'a '}{name}: {fresh['value']:.2f}."
    )


def range_sentence(ms_ssim: np.ndarray) -> str:
    """How uneven the protection is among the faces shown."""
    best, least = int(np.argmax(ms_ssim)), int(np.argmin(ms_ssim))
    high, low = float(ms_ssim[best]), float(ms_ssim[least])
    return (
        f"Not everybody is protected alike: of these {len(ms_ssim)} faces number {best + 1} is "
        f"recovered best ({wording.likeness(high)}, {high:.2f}), number {least + 1} least "
        f"({wording.likeness(low)}, {low:.2f})."
    )


def recognised_sentence(findings: pd.DataFrame, row: points.Row, who: str) -> str:
    """How many redrawn faces a face network recognises; "" where that was not measured."""
    found = scores(findings, row, "reidentification").get(who)
    if found is None:
        return ""
    share = wording.percent(found["value"])
    faces = f"in {share} of all {int(found['n']):,} redrawn test faces"
    faces = wording.with_span(faces, wording.interval(found["low"], found["high"]))
    chance = found["chance"]
    guess = f", guessing {wording.percent(chance)}" if wording.known(chance) else ""
    return f"A face-verification network recognises the person {faces}{guess}."


def read_sentence(findings: pd.DataFrame, row: points.Row) -> str:
    """What can be seen of each private attribute in redrawn faces, as the attack `redrawn` measured
    it; "" where it was not asked for."""
    rows = points.findings_of(
        findings, row, attacker=redrawn.name, metric="balanced_accuracy", protocol="strict"
    )
    seen, weak = [], []
    for found in rows[rows["role"] == "private"].to_dict("records"):
        secret = wording.inferred(found["target"].partition(":")[2])
        cases = f"{wording.percent(found['value'])} of cases"
        cases = wording.with_span(cases, wording.interval(found["low"], found["high"]))
        guess = f"guessing {wording.percent(found['chance'])}"
        if found["conclusive"]:
            seen.append(f"{secret} in {cases}, {guess}")
        else:
            weak.append(secret)
    network = "a network that knows ordinary photographs alone"
    drawn = f"faces redrawn by a {wording.attacker(FIRST)}"
    said = [f"From {drawn}, {network} tells {'; '.join(seen)}."] * bool(seen)
    said += [f"Whether {network} tells {'; '.join(weak)} from {drawn}: {WEAK}."] * bool(weak)
    return " ".join(said)


def ahead_sentence(findings: pd.DataFrame, row: points.Row) -> str:
    """How much better the strongest attacker does than `FIRST`, the one whose network is kept."""
    found = scores(findings, row, "ms_ssim")
    kept, best = found.get(FIRST), found.get(WORST_CASE.name)
    if kept is None:
        return ""
    said = f"On test faces this attacker reaches a likeness of {kept['value']:.2f}"
    if best is None:
        return f"{said}; no other attacker was measured here."
    if best["value"] - kept["value"] < 0.005:
        return f"{said}; none of those tried here does better."
    return (
        f"{said}, the strongest of those tried here {best['value']:.2f}: a determined attacker "
        "may well recover more of this photograph than is shown."
    )


def measures_table(
    drawn: Sequence[tuple[str, Mapping[str, np.ndarray]]], face: int
) -> pd.DataFrame:
    """One row for each attacker's picture of a face: the verdict in words and all measures."""
    rows = []
    for who, found in drawn:
        likeness = wording.likeness(float(found["ms_ssim"][face]))
        rows.append({"Attacker": label(who), "In words": likeness})
        for metric in of_pictures():
            if metric.name in found:
                title = metric.symbol + (f" ({metric.unit})" if metric.unit else "")
                digits = 1 if metric.unit == "dB" else 3
                rows[-1][title] = round(float(found[metric.name][face]), digits)
    return pd.DataFrame(rows)
