"""What a study's results say, in words, and its settings in the order of a chart. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from app.page import wording
from app.settings import points
from app.settings.points import setting_label
from core.methods import METHODS
from core.study.analysis.results import ENOUGH, MACHINES

Row = Mapping[str, Any]
WHO = {"all": "everybody", "passed": "those who passed the attention checks"}
MACHINE_WORDS = {  # in legends
    "machine_release": "machine, comparing what is released",
    "machine_picture": "face network, looking at the same pictures",
}
MACHINE_NAMES = {  # in sentences
    "machine_release": "a machine that compares releases",
    "machine_picture": "a face network",
}
FEW_SETTINGS = 4  # up to which each is compared with guessing in words


def rows(summary: pd.DataFrame, about: Mapping[str, Row], who: str) -> list[dict[str, Any]]:
    """The rows of `core.study.analysis.results.summary` for `who`, from weak to strong protection within each
    method, with the run's description, title, label (unique) and place (how a sentence begins).

    about  run id -> `core.results.describe`; a run that is gone is called by its setting's key
    """
    found = []
    for row in summary[summary["who"] == who].to_dict("records"):
        run = dict(about.get(row["run_id"], {}))
        for knob in points.knobs_of(run["method"]) if run else ():
            if knob.when == "release":
                run[f"knob:{knob.name}"] = row["release_value"]
        found.append(row | run | {"method": run.get("method")})
    several = {
        "method": len({row["method"] for row in found}) > 1,
        "attacker": len({(row["attacker"]) for row in found}) > 1,
    }
    for row in found:
        row["title"] = _title(row)
        row |= {"place": _place(row, several), "label": _label(row, several)}
    labels = [row["label"] for row in found]
    for row in found:
        if labels.count(row["label"]) > 1:  # trainings that differ in nothing but their seed, say
            row["label"] += f", {row['setting']}"
            row["place"] += f" ({row['setting']})"
    return sorted(found, key=_order)


def _title(row: Row) -> str:
    return METHODS[row["method"]].title if row["method"] in METHODS else str(row["setting"])


def _setting(row: Row) -> str:
    return setting_label(row) if row["method"] in METHODS else ""


def _label(row: Row, several: Mapping[str, bool]) -> str:
    setting = _setting(row)
    parts = [row["title"]] if several["method"] or not setting else []
    parts += [setting] if setting else []
    parts += [wording.attacker(row["attacker"])] if several["attacker"] else []
    return ", ".join(parts)


def _place(row: Row, several: Mapping[str, bool]) -> str:
    """How a sentence begins: "At λ₁ = 1", "With DPFE at noise ratio = 0.5"."""
    setting = _setting(row)
    start = f"With {row['title']}" if several["method"] or not setting else ""
    if setting:
        start = f"{start} at {setting}" if start else f"At {setting}"
    by = f" (redrawn by: {wording.attacker(row['attacker'])})" if several["attacker"] else ""
    return start + by


def _order(row: Row) -> tuple[Any, ...]:
    if row["method"] not in METHODS:
        return (len(METHODS), (), str(row["setting"]), str(row["attacker"]))
    strength = tuple(
        points.strength(knob, row[f"knob:{knob.name}"])
        for knob in points.knobs_of(row["method"])
        if wording.known(row.get(f"knob:{knob.name}"))
    )
    return (list(METHODS).index(row["method"]), strength, str(row["setting"]), str(row["attacker"]))


def machine(rows: Sequence[Row], same: bool) -> str | None:
    """The machine that people are compared with: the one that is right most often, since a reader
    has to reckon with the strongest. With the very photograph among the options, comparing releases
    is no achievement and does not count."""
    shares = {}
    for name in MACHINES:
        known = [row[name] for row in rows if wording.known(row[name])]
        if len(known) == len(rows) > 0 and not (same and name == "machine_release"):
            shares[name] = sum(known)
    return max(shares, key=lambda name: shares[name], default=None)


def verdict(rows: Sequence[Row], same: bool, people: str = "People") -> str:
    """The sentence that answers the page's question: the setting at which most is recognised, and
    the one at which least is.

    rows    of `rows`
    same    whether the right option is the very photograph that was redrawn
    people  who answered
    """
    told = [row for row in rows if row["n"] >= ENOUGH]
    if not told:
        n = max((row["n"] for row in rows), default=0)
        return (
            f"Too early to say: {_answers(n)} so far"
            + (" at the setting that has most." if n and len(rows) > 1 else ".")
        )  # fmt: skip
    most, least = max(told, key=lambda row: row["share"]), min(told, key=lambda row: row["share"])
    chance = f"guessing {wording.percent(most['chance'])}"
    named = [most] if most is least else [most, least]
    by, beside = machine(named, same), ""
    if by:
        shares = " and ".join(wording.percent(row[by]) for row in named)
        beside = f"; {MACHINE_NAMES[by]} {shares} on the same questions"
    if most is least:
        start = f"{most['place']} {people.lower()}" if len(rows) > 1 else people
        return (
            f"{start} pick the right person in {wording.percent(most['share'])} of cases "
            f"({wording.interval(most['low'], most['high'])}; {chance}{beside})."
        )
    place = least["place"][0].lower() + least["place"][1:]
    return (
        f"{most['place']} {people.lower()} pick the right person in {with_interval(most)} of cases, "
        f"{place} in {with_interval(least)} ({chance}{beside})."
    )


def with_interval(row: Row) -> str:
    """ "61 % (55–67)"."""
    return f"{wording.percent(row['share'])} ({wording.interval(row['low'], row['high'])})"


def _answers(n: int) -> str:
    return "no answer that counts" if not n else f"{n} answer{'s' * (n != 1)}"


def against_guessing(row: Row) -> str:
    """Whether people do better than guessing, and what is not ruled out."""
    if row["n"] < ENOUGH:
        return "too few answers to say"
    if row["low"] > row["chance"]:
        if row["people_low"] <= row["chance"]:
            return "more often than by guessing with these faces, not clearly so with others"
        return "clearly more often than by guessing"
    if row["high"] < row["chance"]:
        return "clearly less often than by guessing"
    return (
        "not clearly more often than by guessing, but up to "
        f"{wording.percent(row['high'])} cannot be ruled out"
    )


def under(rows: Sequence[Row], who: str, participants: int) -> str:
    """What stands under the verdict: every setting against guessing, where they are few, and who
    counts."""
    told = [row for row in rows if row["n"] >= ENOUGH]
    lines = [f"{row['place']}: {against_guessing(row)}." for row in told]
    if len(told) > FEW_SETTINGS:
        beaten = sum(row["low"] > row["chance"] for row in told)
        lines = [f"More often than by guessing at {beaten} of {len(told)} settings."]
    counted = (
        f"{_answers(sum(row['n'] for row in rows))} of {WHO[who]}: {participants} "
        f"participant{'s' * (participants != 1)}."
    )
    return " ".join([*lines, counted[0].upper() + counted[1:]])


def trivial(same: bool) -> str:
    """What to mind where the right option is the very photograph that was redrawn."""
    if not same:
        return ""
    return (
        "In this study the right option is the very photograph that was redrawn. People may match "
        "light, pose or background instead of the face. A machine that compares releases is right "
        "by construction, so it is left out."
    )


def reference(found: Row) -> str:
    """DeepObfuscator's own study and what it does and does not show."""
    return (
        f"DeepObfuscator's authors asked {found['responses']} people {found['questions']} questions "
        f"({found['place']}): {wording.percent(found['share'])} were right, about {found['right']} of "
        f"{found['answers']} answers, where guessing gives {wording.percent(found['chance'])}. The "
        f"95 % interval of that, which the paper does not give, is "
        f"{wording.interval(found['low'], found['high'])} %, and guessers reach as much with "
        f"probability {probability(found['p'])} ({probability(found['p_two_sided'])} counting both "
        "directions): their study cannot tell whether people recognised anybody. Both take the "
        "answers as independent."
    )


def probability(p: float) -> str:
    """A p-value as it is printed."""
    return "below .001" if p < 0.001 else f"{p:.3f}".lstrip("0") if p < 1 else "1"
