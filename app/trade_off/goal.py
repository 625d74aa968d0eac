"""Which settings keep the officer's limits, and what the nearest one violates. Pure."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from app.page import wording
from app.settings import points, proofs
from app.settings.points import Row
from app.settings.views import View
from app.trade_off import possible as line
from app.trade_off.possible import Possible

SHOWN = 3  # settings that are named


class Limits(NamedTuple):
    """The highest value of the attack, the highest loss of the service (shares; None: no limit),
    and whether the ends of the 95 % intervals have to keep them, too."""

    attack: float | None
    loss: float | None
    confident: bool


class Found(NamedTuple):
    """`kept`: settings that keep the limits, those that cost the service least first; `nearest`: of
    the others, the one that violates them least (None where nothing can be said about any)."""

    kept: list[Row]
    nearest: Row | None


def seek(rows: Sequence[Row], limits: Limits) -> Found:
    """Search the measured settings of a view (rows of `app.settings.unprotected.compared`). A
    setting whose attack was too weak to conclude never counts as keeping anything."""
    known = [row for row in rows if row["conclusive"]]
    over = {row["key"]: sum(excess(row, limits)) for row in known}
    kept = [row for row in known if over[row["key"]] == 0]
    kept.sort(key=lambda row: (-row["utility"], row["gain"]))
    rest = [row for row in known if 0 < over[row["key"]] < math.inf]
    return Found(kept, min(rest, key=lambda row: over[row["key"]], default=None))


def excess(row: Row, limits: Limits) -> tuple[float, float]:
    """How far a setting goes beyond each limit: (attack, loss), 0 where it is kept; infinite where
    the number is not known."""

    def beyond(value: float, limit: float | None) -> float:
        if limit is None:
            return 0.0
        return max(0.0, value - limit) if wording.known(value) else math.inf

    value, cost = ("high", "cost_high") if limits.confident else ("value", "cost")
    return beyond(row[value], limits.attack), beyond(row[cost], limits.loss)


def sentence(found: Found, limits: Limits, view: View, count: int) -> str:
    """The answer to "is there a setting that keeps my limits?"."""
    sure = ", with 95 % confidence" if limits.confident else ""
    if len(found.kept) == 1:
        return f"One of {count} measured settings keeps your limits{sure}."
    if found.kept:
        return f"{len(found.kept)} of {count} measured settings keep your limits{sure}."
    text = f"No trained setting keeps your limits{sure}."
    if found.nearest is None:
        return text
    return f"{text} The nearest is {points.name(found.nearest)}: {violation(found.nearest, limits, view)}."


def violation(row: Row, limits: Limits, view: View) -> str:
    attack, loss = excess(row, limits)
    value, cost, reaches, loses = (
        ("high", "cost_high", "may reach", "may lose")
        if limits.confident
        else ("value", "cost", "reaches", "loses")
    )
    parts = []
    if attack:
        reached, allowed = (wording.score(view.measure, v) for v in (row[value], limits.attack))
        parts.append(f"the attack {reaches} {reached} where you allow {allowed}")
    if loss:
        lost, allowed = (wording.loss(view.service, v) for v in (row[cost], limits.loss or 0.0))
        parts.append(f"the service {loses} {lost} where you allow {allowed}")
    return " and ".join(parts)


def verdict(row: Row, limits: Limits, view: View) -> tuple[bool, str]:
    """Whether one setting keeps the limits, and the line that says so."""
    if not row["conclusive"]:
        return False, "The attack is too weak to say whether your limits are kept."
    if limits.attack is not None and not wording.known(row["value"]):
        return False, "The attack on this setting was not measured."
    if limits.loss is not None and not wording.known(row["cost"]):
        return False, "The loss is not known: there is no unprotected run to compare with."
    if excess(row, limits) == (0.0, 0.0):
        return True, "This setting keeps your limits."
    return False, f"This setting is outside your limits: {violation(row, limits, view)}."


def out_of_reach(possible: Possible | None, row: Row, limits: Limits, view: View) -> str:
    """Why no method whatever can keep the limits, or what it has to lose; "" where nothing stands in
    the way. `row` is any setting of the view: with it the reference is known."""
    if possible is None or limits.attack is None or not wording.known(row["cost"]):
        return ""
    bare = row["utility"] + row["cost"]
    lost = bare - possible.best(limits.attack)
    if round(lost, 4) <= 0:
        return ""
    service, secret = wording.service(view.task), wording.inferred(view.target.partition(":")[2])
    allowed = wording.score(view.measure, limits.attack)
    why = (
        f"the true answers of {service} alone tell {secret} in {wording.percent(possible.floor, 1)} of "
        f"cases. Where nobody may be right in more than {allowed}, {service} loses at least "
        f"{wording.points(lost)}, whatever the method"
    )
    if limits.loss is not None and lost > limits.loss:
        return f"Impossible: {why}; you allow {wording.points(limits.loss)}."
    return f"{wording.capital(why)}."


class Proven(NamedTuple):
    """`sentence` about the limits with proof; `row`: the setting it names, if any, which `kept` the
    limits or is the nearest."""

    sentence: str
    row: Row | None
    kept: bool


def with_proof(rows: Sequence[Row], limits: Limits, view: View) -> Proven:
    """The best setting, mixtures included, of which it is proven that it keeps the limits; says nothing
    where what is looked at has no bounds."""
    if view.protocol != "strict" or view.measure != proofs.MEASURED_BY:
        return Proven("", None, False)
    known = proofs.proven_rows([dict(row) for row in rows])
    if not known:
        return Proven("Nothing is proven here: a stronger attacker may learn more.", None, False)
    cost = "cost_high" if limits.confident else "cost"
    loses = "may lose" if limits.confident else "loses"
    best = line.within(known, limits.attack, limits.loss, cost)
    lowest = min(known, key=lambda row: (row["proven"], -row["utility"]))
    row = lowest if best is None else best
    lost = ""
    if wording.known(row[cost]):
        amount = wording.loss(view.service, row[cost])
        lost = f", and the service {loses} {amount}" if row[cost] > 0 else ", and nothing is lost"
    said = f"no attacker exceeds {wording.bound(row['proven'])}{lost}"
    if best is None:
        text = f"No setting is proven to keep your limits. The lowest bound is that of {points.name(row)}"
        return Proven(f"{text}: {said}.", row, False)
    what = "best proven setting" if limits.attack is not None else "lowest bound within your limits"
    return Proven(f"With proof: the {what} is {points.name(row)}: {said}.", row, True)
