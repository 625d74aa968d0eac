"""What a study's results say, in words, and its settings in the order of a chart. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from app.page import wording
from app.settings import points
from app.settings.points import Row, setting_label
from core.methods import METHODS
from core.study.analysis.results import ENOUGH, MACHINES

WHO = {"all": "everybody", "passed": "those who passed the attention checks"}
MACHINE_WORDS = {  # in legends, and in sentences
    "machine_release": ("machine, comparing what is released", "a machine that compares releases"),
    "machine_picture": ("face network, looking at the same pictures", "a face network"),
}
TRIVIAL = (
    "In this study the right option is the very photograph that was redrawn. People may match light, "
    "pose or background instead of the face. A machine that compares releases is right by "
    "construction, so it is left out."
)
FEW_SETTINGS = 4  # up to which each is compared with guessing in words


def rows(summary: pd.DataFrame, about: Mapping[str, Row], who: str) -> list[dict[str, Any]]:
    """The rows of `core.study.analysis.results.summary` for `who`, from weak to strong protection
    within each method, with the run's description (`about` it), title, label (unique) and place
    (how a sentence begins); a run that is gone is called by its setting's key."""
    found = []
    for row in summary[summary["who"] == who].to_dict("records"):
        run = dict(about.get(row["run_id"], {"method": None}))
        if run["method"]:
            knobs = METHODS[run["method"]].knobs
            run |= {f"knob:{k.name}": row["release_value"] for k in knobs if k.when == "release"}
        found.append(row | run)
    several = {name: len({row[name] for row in found}) > 1 for name in ("method", "attacker")}
    for row in found:
        row |= _words(row, several)
    labels = [row["label"] for row in found]
    for row in found:
        if labels.count(row["label"]) > 1:  # trainings that differ in nothing but their seed, say
            row["label"] += f", {row['setting']}"
            row["place"] += f" ({row['setting']})"

    def order(row: Row) -> tuple[Any, ...]:
        rank = points.protection(row) if row["method"] in METHODS else (len(METHODS), ())
        return (*rank, str(row["setting"]), str(row["attacker"]))

    return sorted(found, key=order)


def _words(row: Row, several: Mapping[str, bool]) -> dict[str, str]:
    """title, label and place of a row: "At λ₁ = 1", "With DPFE at noise ratio = 0.5"; the method
    and the attacker are named where there are several."""
    known = row["method"] in METHODS
    title = METHODS[row["method"]].title if known else str(row["setting"])
    setting = setting_label(row) if known else ""
    by = wording.attacker(row["attacker"]) if several["attacker"] else ""
    named = title if several["method"] or not setting else ""
    parts = [f"With {title}" * bool(named), f"at {setting}" * bool(setting)]
    place = wording.capital(" ".join(filter(None, parts)))
    label = ", ".join(filter(None, (named, setting, by)))
    return {"title": title, "label": label, "place": place + (f" (redrawn by: {by})" if by else "")}


def machines(same: bool) -> list[str]:
    """`same`: the very photograph is among the options, so comparing releases is no achievement."""
    return [name for name in MACHINES if not (same and name == "machine_release")]


def machine(rows: Sequence[Row], same: bool) -> str | None:
    """The machine that is right most often: a reader has to reckon with the strongest."""
    answered = [
        name for name in machines(same) if rows and all(wording.known(row[name]) for row in rows)
    ]
    return max(answered, key=lambda name: sum(row[name] for row in rows), default=None)


def verdict(rows: Sequence[Row], same: bool, people: str = "People") -> str:
    """Where most, and least, is recognised. `same`: the right option is the photograph itself."""
    answered = [row for row in rows if row["n"] >= ENOUGH]
    if not answered:
        n = max((row["n"] for row in rows), default=0)
        where = " at the setting that has most" if n and len(rows) > 1 else ""
        return f"Too early to say: {_answers(n)} so far{where}."
    most = max(answered, key=lambda row: row["share"])
    least = min(answered, key=lambda row: row["share"])
    chance = f"guessing {wording.percent(most['chance'])}"
    named = [most] if most is least else [most, least]
    by, beside = machine(named, same), ""
    if by:
        shares = " and ".join(wording.percent(row[by]) for row in named)
        beside = f"; {MACHINE_WORDS[by][1]} {shares} on the same questions"
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


def with_interval(row: Row, name: str = "share") -> str:
    """ "61 % (55–67)"; `name`: another share of the row, with its own interval."""
    start = "" if name == "share" else f"{name}_"
    interval = wording.interval(row[f"{start}low"], row[f"{start}high"])
    return f"{wording.percent(row[name])} ({interval})"


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
    """Every setting against guessing, where they are few, and who counts."""
    answered = [row for row in rows if row["n"] >= ENOUGH]
    lines = [f"{row['place']}: {against_guessing(row)}." for row in answered]
    if len(answered) > FEW_SETTINGS:
        beaten = sum(row["low"] > row["chance"] for row in answered)
        lines = [f"More often than by guessing at {beaten} of {len(answered)} settings."]
    counted = (
        f"{_answers(sum(row['n'] for row in rows))} of {WHO[who]}: {participants} "
        f"participant{'s' * (participants != 1)}."
    )
    return " ".join([*lines, wording.capital(counted)])


def reference(found: Row) -> str:
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
    return "below .001" if p < 0.001 else f"{p:.3f}".lstrip("0") if p < 1 else "1"
