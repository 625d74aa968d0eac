"""What the papers report, in words: the sentences and the table of `app.evidence.published`. Pure; every
number in them comes from the pairs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from app.evidence.published import Pair, Report
from app.page import wording
from app.settings import points
from app.settings.views import View
from core.methods import METHODS
from core.methods.declare import VERIFICATION
from core.published import METRICS

SUBJECTS = {
    "attributes": "All attributes",
    "task": "The service",
    "private": "What is hidden",
    "identity": "Identity",
    "image": "Redrawn picture",
}
SCORED = {  # protocol -> who was scored, of the attackers and of the networks that serve
    "trained_along": ("the attacker trained along", "the method's own network"),
    "trained_after": ("a fresh attacker", "a fresh network"),
    "unsaid": ("not said when trained", "not said when trained"),
    "computed": ("computed from the features", "computed from the features"),
    "people": ("people were asked", "people were asked"),
    "device": ("measured on a device", "measured on a device"),
    "count": ("guessing", "a count"),
}
ATTACKER = {
    "trained_along": "its own attacker",
    "trained_after": "a fresh attacker",
    "unsaid": "an attacker",
    "computed": "an attacker",
    "people": "a person who looks",
}
MEANING = (
    "Trained along: the attacker that the method learned to mislead, or the network it learned to "
    "serve. Trained afresh: the strongest attacker, or the best network, of those trained "
    "afterwards on what the method releases."
)
SYNTHETIC = "synthetic"
NEAR = "≈"
NOTHING_ON = {"identity": "who it is", "image": "how well the picture can be redrawn"}


def headline(report: Report, view: View, method: str, chosen: Mapping[str, float]) -> str:
    """What the paper says on what is to be hidden beside what we measured, in one or two
    sentences; plain words where it says nothing."""
    pair = _first(report.private, method)
    kind, _, name = view.target.partition(":")
    subject = wording.inferred(name) if kind == "attribute" else NOTHING_ON.get(kind, kind)
    if pair is None:
        if not report.utility:
            return f"No paper reports numbers on “{METHODS[method].title}”."
        return f"The paper has no number on {subject}; what it reports on the service is below."
    said = f"{_claim(pair, method, chosen)}{_beside(pair, method)}."
    if report.private_exact:
        return wording.capital(said)
    return f"The paper has no number on {subject}. The closest it has: {said}"


def service_line(report: Report, view: View, method: str) -> str:
    """The same for the service, in one or two sentences; empty where there is nothing to say."""
    pair = _first(report.utility, method)
    if pair is None:
        return ""
    row = pair.row
    place = _paper(row, method)
    said = f"{_service(row)} {_performs(row, tidy(row))} in {place}{_ours_serving(pair)}."
    if report.utility_exact:
        return wording.capital(said)
    return f"The paper has no number on {wording.service(view.task)}. The closest it has: {said}"


def line(pair: Pair) -> str:
    """One published number and ours beside it, as a sentence."""
    row = pair.row
    if row["role"] != "utility":
        return wording.capital(f"{_claim(pair, row['paper'], {})}{_beside(pair, row['paper'])}.")
    at = points.knob_label(row["method"], row["knobs"])
    said = f"{_service(row)} {_performs(row, tidy(row))} in the paper{_ours_serving(pair)}."
    return wording.capital(f"at {at} {said}" if at else said)


def _first(pairs: Sequence[Pair], method: str) -> Pair | None:
    """The pair to speak of: the nearest of the method's own that is a result."""
    mine = [p for p in pairs if p.row["method"] == method and p.row["protocol"] != "count"]
    return next(iter(mine), None)


def _claim(pair: Pair, method: str, chosen: Mapping[str, float]) -> str:
    row = pair.row
    at = points.knob_label(row["method"], row["knobs"])
    same = all(chosen.get(name, value) == value for name, value in row["knobs"].items())
    place = f"at {at} " if at and same else f"at {at}, the nearest it reports, " if at else ""
    attacker = ATTACKER.get(row["protocol"], "an attacker")
    return f"{place}{_paper(row, method)} says that {attacker} {_does(row, tidy(row))}"


def _paper(row: Mapping[str, Any], method: str) -> str:
    return "the paper" if row["paper"] == method else f"the {METHODS[row['paper']].title} paper"


def _does(row: Mapping[str, Any], value: str) -> str:
    """What an attacker does to `value`: "tells the gender in 58.9 % of cases"."""
    name = row["target"].partition(":")[2]
    told = wording.inferred(name) if name else "what is hidden"
    return {
        "accuracy": f"tells {told} in {value} of cases",
        "accuracy_drop": f"tells {told} less often by {value}",
        "top1_accuracy": f"names the right person in {value} of cases",
        "ms_ssim": f"redraws the picture with a likeness of {value} (MS-SSIM; 1 is the same)",
        "ssim": f"redraws the picture with a likeness of {value} (SSIM; 1 is the same)",
        "psnr": f"redraws the picture with a closeness of {value} (above 30 dB is hard to tell apart)",
        "face_similarity": f"redraws a face that a face network finds alike to {value} (1 is the same)",
        "feature_similarity": f"guesses a face network's features to {value} (1 is the same)",
        "rank_mean": f"finds the right name {value} of the way down the list (0.5 is guessing)",
    }.get(row["metric"], f"reaches {value} ({METRICS[row['metric']].meaning})")


def _beside(pair: Pair, method: str) -> str:
    row = pair.row
    if not pair.ours:
        return f"; {_nothing(row)}"
    other = other_setting(pair, brief=True)
    where = f" (ours: {other}{_unsaid(row)})" if other else ""
    along, afresh = (shown(pair, side) for side in ("along", "afresh"))
    if row["protocol"] in ("trained_along", "unsaid"):
        parts = [f"our own copy of that attacker reaches {along}"] * (pair.along is not None)
        fresh = "a fresh attacker" if parts else "with us a fresh attacker reaches"
        parts += [f"{fresh} {afresh}"] * (pair.afresh is not None)
    elif row["protocol"] == "trained_after":
        parts = [f"our strongest fresh attacker reaches {afresh}"] * (pair.afresh is not None)
        old = "the one trained along with the method" + ("" if parts else " reaches")
        parts += [f"{old} {along}"] * (pair.along is not None)
    else:
        parts = [f"with us it is {afresh}"]
    return f"; {', '.join(parts)}{where}"


def _unsaid(row: Mapping[str, Any]) -> str:
    without = METHODS[row["method"]].knobs and not row["knobs"]
    return "; the paper does not say its own" if without else ""


def _nothing(row: Mapping[str, Any]) -> str:
    if row["protocol"] == "people":
        return "studies of your own stand under Study results"
    return "we have no number of this kind and setting to set beside it"


def _service(row: Mapping[str, Any]) -> str:
    kind, _, name = row["target"].partition(":")
    if kind == "attribute" or row["target"] == VERIFICATION:
        return wording.service(name or kind)
    return "telling all attributes" if kind == "attributes" else "the service"


def _performs(row: Mapping[str, Any], value: str) -> str:
    return {
        "accuracy": f"is right in {value}",
        "accuracy_drop": f"loses {value}",
        "accuracy_difference": f"changes by {value}",
        "mcc": f"agrees with the truth to {value} (MCC; 0 is guessing, 1 is perfect)",
    }.get(row["metric"], f"reaches {value} ({METRICS[row['metric']].meaning})")


def _ours_serving(pair: Pair) -> str:
    if not pair.ours:
        return f"; {_nothing(pair.row)}"
    other = other_setting(pair, brief=True)
    parts = [f"{shown(pair, 'along')} by the method's own network"] * (pair.along is not None)
    parts += [f"{shown(pair, 'afresh')} by a fresh one"] * (pair.afresh is not None)
    return f"; with us {' and '.join(parts)}" + (
        f" (ours: {other}{_unsaid(pair.row)})" if other else ""
    )


def differences(report: Report, view: View, method: str) -> str:
    """Why the numbers do not compare, in one sentence; empty where there are none."""
    rows = [pair.row for pair in (*report.private, *report.utility) if pair.row["method"] == method]
    if not rows:
        return ""
    theirs = " and ".join(dict.fromkeys(row["dataset"].split(",")[0] for row in rows))
    ours = (
        "synthetic faces" if view.dataset == SYNTHETIC else f"the photographs of “{view.dataset}”"
    )
    paper, here = (METHODS[method].presets[name] for name in ("paper", view.preset))
    sizes = [f"{preset['height']} × {preset['width']} pixels" for preset in (paper, here)]
    nets = (
        "the published networks",
        "thinner ones" if view.preset == "compact" else "the same ones",
    )
    return (
        f"Compare how far a number moves, not the number: the paper worked on {theirs} at {sizes[0]} "
        f"with {nets[0]}, we on {ours} at {sizes[1]} with {nets[1]}."
    )


def measures(report: Report) -> str:
    """What our shares are made of, and what guessing scores in them."""
    pairs = [p for p in (*report.private, *report.utility) if p.ours]
    used = {pair.metric for pair in pairs if pair.row["metric"] in ("accuracy", "accuracy_drop")}
    parts = []
    if any(other_setting(pair) for pair in pairs):
        parts.append(f"{NEAR}: of the nearest setting we have, which is another than the paper's.")
    if "accuracy" in used:
        parts.append(
            "Right answers are plain accuracy here, as the papers count; the trade-off counts both "
            "answers the same (balanced accuracy), so its figures differ a little."
        )
    if "balanced_accuracy" in used:
        parts.append(
            "Where we hold no plain accuracy, ours is the balanced one, which counts both answers "
            "the same; the table says so."
        )
    first = next((pair for pair in report.private if pair.ours and pair.chance is not None), None)
    if first is not None:
        guess = _number(first.row["metric"], first.chance)
        if first.metric == "accuracy":
            parts.append(f"Always giving the commoner answer is right in {guess} with us.")
        elif first.row["target"] == "image":
            parts.append(
                f"Drawing blind reaches {guess} with us: {METRICS[first.row['metric']].name}."
            )
    return " ".join(parts)


def table(pairs: Iterable[Pair], view: View) -> pd.DataFrame:
    """One row per published number, as text; columns that would be empty are left out."""
    rows = [
        {
            "Measured": f"{subject(pair.row)}: {METRICS[pair.row['metric']].name}",
            "Protection": METHODS[pair.row["method"]].title,
            "The paper": tidy(pair.row),
            "Ours, trained along": _near(pair, "along"),
            "Ours, trained afresh": _near(pair, "afresh"),
            "Setting": setting(pair.row, view),
            "Our setting": (other_setting(pair) or _same(pair.row)) if pair.ours else "",
            "Scored in the paper": SCORED[pair.row["protocol"]][pair.row["role"] == "utility"],
            "Photographs": pair.row["dataset"],
            "Place": pair.row["place"],
            "Note": pair.row["note"],
        }
        for pair in pairs
    ]
    whole = pd.DataFrame(rows)
    names = [name for name in whole if (whole[name] != "").any()]
    if len(whole) and whole["Photographs"].nunique() > 1:  # else they tell no two rows apart
        names.insert(2, names.pop(names.index("Photographs")))
    return whole[names]


def _same(row: Mapping[str, Any]) -> str:
    """What a paper says of a setting in words of its own cannot be checked against ours."""
    return "the same knobs" if row["setting"] else "the same"


def setting(row: Mapping[str, Any], view: View) -> str:
    """Knobs and the rest of a published setting; the service and what is hidden where they are
    not those looked at."""
    parts = [points.knob_label(row["method"], row["knobs"]), row["setting"]]
    if row["tasks"] and row["tasks"] != (view.task,):
        parts.append(f"service: {named(row['tasks'])}")
    looked_at = ((view.target.rpartition(":")[2],), ("identity",) * (view.target == "image"))
    if row["private"] and row["private"] not in looked_at:
        parts.append(f"hidden: {named(row['private'])}")
    return "; ".join(filter(None, parts))


def other_setting(pair: Pair, brief: bool = False) -> str:
    """In what our setting is another than the published one, or says what the paper does not; ""
    where it is the same. `brief` leaves out tasks and private attributes that overlap."""
    if pair.setting is None:
        return ""
    row, ours = pair.row, pair.setting
    knobs = {
        name: value for name, value in ours["knobs"].items() if row["knobs"].get(name) != value
    }
    schedule = ours["schedule"].items() - row["schedule"].items()
    parts = [points.knob_label(row["method"], knobs)]
    parts += [f"{name} = {value:g}" for name, value in sorted(schedule)]
    for column, word in (("tasks", "service"), ("private", "hidden")):
        here, there = set(ours[column]), set(row[column])
        if here and there and (not here & there if brief else here != there):
            parts.append(f"{word}: {named(ours[column])}")
    return "; ".join(filter(None, parts))


def named(names: Iterable[str]) -> str:
    words = {"all": "all attributes", "identity": "who it is"}
    return ", ".join(words.get(name) or wording.attribute_label(name) for name in names)


def subject(row: Mapping[str, Any]) -> str:
    return SUBJECTS.get(row["target"]) or wording.target_label(
        f"attribute:{row['target'].partition(':')[2] or row['target']}"
    )


def _near(pair: Pair, side: str) -> str:
    """Our number; with a sign where our setting is not the published one."""
    text = shown(pair, side)
    return f"{NEAR} {text}" if text and other_setting(pair) else text


def shown(pair: Pair, side: str) -> str:
    """Our number with its unit; says where it is another measure than the paper's."""
    value = getattr(pair, side)
    if value is None:
        return ""
    text = _number(pair.row["metric"], value)
    return f"{text} (balanced)" if pair.metric == "balanced_accuracy" else text


def _number(metric: str, value: float) -> str:
    kind = METRICS[metric].kind
    if kind == "share":
        return wording.percent(value, 1)
    if kind == "points":
        return wording.points(value)
    return f"{value:.1f} dB" if kind == "dB" else f"{value:.2f}"


def tidy(row: Mapping[str, Any]) -> str:
    """The number as the paper prints it, the unit after it: "%78.01" -> "78.01 %"."""
    printed = row["printed"].strip("()")
    percent = "%" in printed and METRICS[row["metric"]].kind == "points"
    text = printed.replace("%", "").strip()
    if "%" in printed:
        text += (" point" if text == "1" else " points") if percent else " %"
    elif row["unit"] == "dB" and "dB" not in printed:
        text += " dB"
    return re.sub(r" {2,}", " ", text)
