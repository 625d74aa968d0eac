"""The verdict sentence: one setting's findings in words a person without ML background can act on.
A pure function of the numbers; it never adds one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeGuard

from app.page import wording
from app.settings.points import setting_label
from app.settings.views import STRONGEST, View
from core.attacks.attackers import HUMAN
from core.metrics import METRICS


class Verdict(NamedTuple):
    """`sentence` in large type; `detail` under it; `exposure` in [0, 1] (None when not known): the
    part of what can be gained over guessing that the attacker does gain."""

    sentence: str
    detail: str
    exposure: float | None


def verdict(row: Mapping[str, Any], unprotected: Mapping[str, Any] | None, view: View) -> Verdict:
    """The verdict on one row of `app.settings.points.compared`, beside that of `app.settings.points.reference`."""
    setting = setting_label(row)
    place = f"At {setting}" if setting else f"With {_lower(row['title'])}"
    if not row["conclusive"]:
        return Verdict(
            f"Attack too weak to conclude. {place} nothing can be said about {_subject(view)}.",
            "The same attacker also failed where it must succeed, on unprotected features. "
            "Measure again with more photographs or a stronger attacker.",
            None,
        )
    text = f"{place} {_attack(row, unprotected, view)}"
    cost = "" if _is(row, unprotected) else _cost(row, view)
    return Verdict(
        f"{text}; {cost}." if cost else f"{text}.", _detail(row, unprotected, view), exposure(row)
    )


def exposure(row: Mapping[str, Any]) -> float:
    """Gain over guessing as a part of the largest possible gain, clipped to [0, 1]."""
    chance = row["chance"] if wording.known(row["chance"]) else 0.0
    return float(min(1.0, max(0.0, (row["value"] - chance) / max(1e-9, 1 - chance))))


def _attack(row: Mapping[str, Any], unprotected: Mapping[str, Any] | None, view: View) -> str:
    kind = view.target.partition(":")[0]
    attacker = "the strongest attacker"
    if view.attacker != STRONGEST and view.protocol == "strict":
        attacker = f"one attacker ({wording.attacker(view.attacker)})"
    if view.protocol == "paper":
        attacker = "the attacker the method trained against"
        if row.get("attacker") == STRONGEST:
            attacker = "an attacker with other photographs of the same people"
    if kind == "image":
        span = wording.interval(row["low"], row["high"], 2, 1)
        aside = _aside(
            span,
            wording.known(row["chance"]) and f"drawing blind {row['chance']:.2f}",
            _attacked(unprotected) and f"unprotected {unprotected['value']:.2f}",
        )
        return f"an attacker redraws the picture with a likeness of {row['value']:.2f}{aside}"
    aside = _aside(
        wording.interval(row["low"], row["high"], _digits(row)),
        wording.known(row["chance"])
        and f"chance {wording.percent(row['chance'], _digits(row, 'chance'))}",
        _attacked(unprotected) and f"unprotected {wording.percent(unprotected['value'])}",
    )
    value = wording.percent(row["value"], _digits(row))
    if kind == "recognition":
        who = (
            "people pick"
            if view.attacker in (STRONGEST, HUMAN.name)
            else f"a machine ({wording.attacker(view.attacker)}) picks"
        )
        return f"{who} the person of a redrawn face out of {round(1 / row['chance'])} in {value} of cases{aside}"
    if kind == "identity":
        return f"an attacker with other photographs of the same people names the right person in {value} of cases{aside}"
    told = wording.told(row["target"].partition(":")[2] if "target" in row else _names(view)[0])
    if len(view.targets) > 1:
        told += f", the most exposed of {len(view.targets)} attributes,"
    return f"{attacker} tells {told} in {value} of cases{aside}"


def _names(view: View) -> list[str]:
    return [target.partition(":")[2] for target in view.targets]


def _attacked(unprotected: Mapping[str, Any] | None) -> TypeGuard[Mapping[str, Any]]:
    return unprotected is not None and wording.known(unprotected["value"])


def _is(row: Mapping[str, Any], unprotected: Mapping[str, Any] | None) -> bool:
    """Whether a setting is the unprotected reference itself."""
    return unprotected is not None and (row["method"], setting_label(row)) == (
        unprotected["method"],
        setting_label(unprotected),
    )


def reference_label(unprotected: Mapping[str, Any]) -> str:
    """The unprotected reference by name: “Ten numbers (Simple)”, r = 0."""
    setting = setting_label(unprotected)
    return f"“{unprotected['title']}”" + (f", {setting}" if setting else "")


def _aside(interval: str, *others: str | bool) -> str:
    rest = ", ".join(text for text in others if text)
    inside = "; ".join(part for part in (interval, rest) if part)
    return f" ({inside})" if inside else ""


def _digits(row: Mapping[str, Any], name: str = "value") -> int:
    """Small shares, as with hundreds of identities, need a digit after the point."""
    return 1 if wording.known(row[name]) and 0 < row[name] < 0.095 else 0


def _cost(row: Mapping[str, Any], view: View) -> str:
    """ "smile detection costs 1.2 points"; empty where there is nothing to compare with."""
    if not wording.known(row["cost"]):
        return ""
    service = wording.service(view.task)
    loss = wording.loss(view.service, abs(row["cost"]))
    if loss == wording.loss(view.service, 0.0):
        return f"{service} loses nothing measurable"
    return f"{service} {'gains' if row['cost'] < 0 else 'loses'} {loss}"


def _subject(view: View) -> str:
    kind = view.target.partition(":")[0]
    if kind == "image":
        return "the picture"
    if kind == "identity":
        return "identity"
    if kind == "recognition":
        return "whether people recognise the face"
    return f"how well an attacker tells {', '.join(map(wording.told, _names(view)))}"


def _detail(row: Mapping[str, Any], unprotected: Mapping[str, Any] | None, view: View) -> str:
    service = wording.service(view.task)
    share = wording.in_percent(view.service)
    show = wording.percent if share else (lambda value: f"{value:.2f}")
    span = wording.interval(
        row["utility_low"], row["utility_high"], *((0, 100) if share else (2, 1))
    )
    does = "is right in" if share else f"reaches, in {METRICS[view.service].title},"
    text = f"{service[0].upper()}{service[1:]} {does} {show(row['utility'])}"
    text += f" ({span})" if span else ""
    if unprotected is not None and not _is(row, unprotected):
        bare = show(unprotected["utility"])
        text += f", unprotected ({reference_label(unprotected)}) {'in ' if share else ''}{bare}"
    people = f"{row['n']:,.0f} photographs of {row['identities']:,.0f} people nobody trained on"
    if view.target.startswith("recognition:"):
        people = f"{row['n']:,.0f} answers about {row['identities']:,.0f} people's faces"
    seeds = int(row["seeds"])
    text += f". Measured on {people}, {'one training' if seeds == 1 else f'{seeds} trainings'}."
    return text


# Moon phases, colours of the theme (teal, sand, brick) and words, up to each part of exposure
MARKS = (
    (0.05, "○", "green", "protected"),
    (0.3, "◔", "green", "mostly protected"),
    (0.6, "◑", "yellow", "half exposed"),
    (0.9, "◕", "red", "mostly exposed"),
    (1.0, "●", "red", "exposed"),
)


def mark(exposure: float | None) -> str:
    """Exposure as a shape, a colour and words: a line of Streamlit's Markdown."""
    if exposure is None:
        return ":gray[◌ not known]"
    _, shape, colour, word = next(entry for entry in MARKS if exposure <= entry[0])
    return f":{colour}[{shape} **{word}**: the attacker gets {wording.percent(exposure)} of what there is to gain]"


def _lower(title: str) -> str:
    """A title inside a sentence: the first letter small unless the word is a proper name."""
    return (
        title if any(c.isupper() for c in title[1:].split(" ")[0]) else title[0].lower() + title[1:]
    )
