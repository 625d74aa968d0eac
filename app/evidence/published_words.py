"""What the papers report, in words: the sentences and the table of `app.evidence.published`.
Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from app.evidence.published import Report
from app.page import wording
from app.settings import points
from app.settings.points import Row
from app.settings.views import View
from core.attacks.attackers import OWN_NETWORKS
from core.methods import METHODS
from core.methods.declare import VERIFICATION
from core.published import METRICS, counterparts
from core.published.pairing import Pair

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
# metric -> what an attacker does to {value}, and how well a service does
ATTACKS = {
    "accuracy": "tells {what} in {value} of cases",
    "accuracy_drop": "tells {what} less often by {value}",
    "top1_accuracy": "names the right person in {value} of cases",
    "ms_ssim": "redraws the picture with a likeness of {value} (MS-SSIM; 1 is the same)",
    "ssim": "redraws the picture with a likeness of {value} (SSIM; 1 is the same)",
    "psnr": "redraws the picture with a closeness of {value} (above 30 dB is hard to tell apart)",
    "face_similarity": "redraws a face that a face network finds alike to {value} (1 is the same)",
    "feature_similarity": "guesses a face network's features to {value} (1 is the same)",
    "rank_mean": "finds the right name {value} of the way down the list (0.5 is guessing)",
}
SERVES = {
    "accuracy": "is right in {value}",
    "accuracy_drop": "loses {value}",
    "accuracy_difference": "changes by {value}",
    "mcc": "agrees with the truth to {value} (MCC; 0 is guessing, 1 is perfect)",
}
MEANING = (
    "As the paper: the attacker, or the network of the service, that the paper scores, measured as "
    "the paper does. Strict: trained afterwards on other people's photographs; the strongest of all, "
    "or the very attacker that the paper names."
)
SYNTHETIC = "synthetic"
NEAR = "≈"
NOTHING_ON = {"identity": "who it is", "image": "how well the picture can be redrawn"}


def headline(report: Report, view: View, method: str, chosen: Mapping[str, float]) -> str:
    """What the paper says on what is to be hidden beside what we measured."""
    pair = _first(report.private, method)
    kind, _, name = view.target.partition(":")
    subject = wording.inferred(name) if kind == "attribute" else NOTHING_ON.get(kind, kind)
    if pair is None:
        if not report.utility:
            return f"None of the papers whose numbers are kept here reports any on “{METHODS[method].title}”."
        return f"The paper has no number on {subject}; what it reports on the service is below."
    said = _attack(pair, method, chosen)
    if report.private_exact:
        return wording.capital(said)
    return f"The paper has no number on {subject}. The closest it has: {said}"


def service_line(report: Report, view: View, method: str) -> str:
    """The same for the service, in one or two sentences; empty where there is nothing to say."""
    pair = _first(report.utility, method)
    if pair is None:
        return ""
    said = _service(pair, method)
    if report.utility_exact:
        return wording.capital(said)
    return f"The paper has no number on {wording.service(view.task)}. The closest it has: {said}"


def line(pair: Pair) -> str:
    row = pair.row
    if row["role"] != "utility":
        return wording.capital(_attack(pair, row["paper"], {}))
    at, said = points.knob_label(row["method"], row["knobs"]), _service(pair, row["paper"])
    return wording.capital(f"at {at} {said}" if at else said)


def _first(pairs: Sequence[Pair], method: str) -> Pair | None:
    """The pair to speak of: the nearest of the method's own that is a result."""
    mine = (p for p in pairs if p.row["method"] == method and p.row["protocol"] != "count")
    return next(mine, None)


def _attack(pair: Pair, method: str, chosen: Mapping[str, float]) -> str:
    row = pair.row
    at = points.knob_label(row["method"], row["knobs"])
    same = all(chosen.get(name, value) == value for name, value in row["knobs"].items())
    place = f"at {at} " if at and same else f"at {at}, the nearest it reports, " if at else ""
    name = row["target"].partition(":")[2]
    does = _does(row, ATTACKS, wording.inferred(name) if name else "what is hidden")
    attacker = ATTACKER.get(row["protocol"], "an attacker")
    said = f"{place}{_paper(row, method)} says that {attacker} {does}; "
    if not row["printed"]:
        measured = METRICS[row["metric"]].name
        said = f"{place}{_paper(row, method)} draws what {attacker} reaches ({measured}), not a number; "
    if not pair.ours:
        return f"{said}{_nothing(row)}."
    paper, strict = shown(pair, "as_paper"), shown(pair, "strict")
    reaches = "loses" if row["metric"] == "accuracy_drop" else "reaches"
    strongest = row["attacker"] in ("fresh_head", *OWN_NETWORKS)
    if row["protocol"] in ("trained_along", "unsaid") and strongest:
        ours = f"with us a fresh network, measured as the paper does, {reaches}"
        ours = ours if "stand_in" in pair.remarks else f"our own copy of that attacker {reaches}"
        parts = [f"{ours} {paper}"] * bool(paper)
        fresh = "a fresh attacker" if parts else f"with us a fresh attacker {reaches}"
        parts += [f"{fresh} {strict}"] * bool(strict)
    elif strongest:
        parts = [f"with us one that is measured as the paper does {reaches} {paper}"] * bool(paper)
        fresh = "the strongest" if parts else f"our strongest fresh attacker {reaches}"
        parts += [f"{fresh} {strict}"] * bool(strict)
    elif row["protocol"] == "computed":
        parts = [f"with us it is {strict}"]
    else:
        who = "the same attacker"
        if "redrawn" in pair.remarks:
            who = "one that reads redrawn pictures"
        parts = [f"with us {who} {reaches} {paper} as the paper measures"] * bool(paper)
        same = "" if parts else f"with us {who} {reaches} "
        parts += [f"{same}{strict} under the strict protocol"] * bool(strict)
    return f"{said}{', '.join(parts)}{_where(pair)}."


def _service(pair: Pair, method: str) -> str:
    row = pair.row
    kind, _, name = row["target"].partition(":")
    what = "telling all attributes" if kind == "attributes" else "the service"
    if kind in ("attribute", VERIFICATION):
        what = wording.service(name or kind)
    said = f"{what} {_does(row, SERVES)} in {_paper(row, method)}; "
    if not row["printed"]:
        said = f"{what} is drawn in {_paper(row, method)}, without a number; "
    if not pair.ours:
        return f"{said}{_nothing(row)}."
    paper, strict = shown(pair, "as_paper"), shown(pair, "strict")
    own = "by the method's own network" if row["attacker"] in OWN_NETWORKS else "as the paper asks"
    if "stand_in" in pair.remarks:
        own = "as the paper asks"
    parts = [f"{paper} {own}"] * bool(paper)
    parts += [f"{strict} by a fresh one"] * bool(strict)
    return f"{said}with us {' and '.join(parts)}{_where(pair)}."


def _does(row: Row, words: Mapping[str, str], what: str = "") -> str:
    """What an attacker or a service reaches: "tells the gender in 58.9 % of cases"."""
    other = f"reaches {{value}} ({METRICS[row['metric']].name})"
    return words.get(row["metric"], other).format(what=what, value=tidy(row))


def _paper(row: Row, method: str) -> str:
    return "the paper" if row["paper"] == method else f"the {METHODS[row['paper']].title} paper"


def _where(pair: Pair) -> str:
    other = other_setting(pair)
    unsaid = METHODS[pair.row["method"]].knobs and not pair.row["knobs"]
    also = "; the paper does not say its own" if unsaid else ""
    return f" (ours: {other}{also})" if other else ""


def _nothing(row: Row) -> str:
    if row["protocol"] == "people":
        return "studies of your own stand under Study results"
    return "we have no number of this kind and setting to set beside it"


def differences(pairs: Sequence[Pair], method: str, dataset: str, preset: str) -> str:
    """Why the numbers do not compare, in one sentence; empty where there are none."""
    rows = [pair.row for pair in pairs if pair.row["method"] == method]
    if not rows:
        return ""
    theirs = " and ".join(dict.fromkeys(row["dataset"].split(",")[0] for row in rows))
    there = _pixels(method, "paper")
    looked = [(p.setting["dataset"], p.setting["preset"]) for p in pairs if p.setting is not None]
    ours = " and ".join(
        _ours(method, *where) for where in dict.fromkeys(looked or [(dataset, preset)])
    )
    return (
        f"Compare how far a number moves, not the number: the paper worked on {theirs} at {there} "
        f"with the published networks, we on {ours}."
    )


def _ours(method: str, dataset: str, preset: str) -> str:
    """ "synthetic faces at 64 × 64 pixels with thinner ones"."""
    faces = "synthetic faces" if dataset == SYNTHETIC else f"the photographs of “{dataset}”"
    nets = "thinner ones" if preset == "compact" else "the same ones"
    return f"{faces} at {_pixels(method, preset)} with {nets}"


def _pixels(method: str, preset: str) -> str:
    size = METHODS[method].presets[preset]
    return f"{size['height']} × {size['width']} pixels"


def measures(pairs: Iterable[Pair], hidden: Iterable[Pair]) -> str:
    """What our shares are made of, and what guessing scores in the first number of `hidden`."""
    pairs = [pair for pair in pairs if pair.ours]
    used = {pair.metric for pair in pairs if pair.row["metric"] in ("accuracy", "accuracy_drop")}
    parts = []
    if any(other_setting(pair) for pair in pairs):
        parts.append(f"{NEAR}: at a setting that the paper does not say, or trained another way.")
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
    first = next((pair for pair in hidden if pair.chance is not None), None)
    if first is not None:
        metric = METRICS[first.row["metric"]]
        guess = wording.with_unit(first.chance, metric.unit)
        if first.metric == "accuracy":
            parts.append(f"Always giving the commoner answer is right in {guess} with us.")
        elif first.row["target"] == "image":
            parts.append(f"Drawing blind reaches {guess} with us: {metric.name}.")
    return " ".join(parts)


def table(
    pairs: Iterable[Pair], served: tuple[str, ...] = (), hidden: tuple[str, ...] = ()
) -> pd.DataFrame:
    """One row per published number; what is `served` and `hidden` is not said of every row."""
    rows = [
        {
            "Measured": f"{subject(pair.row)}: {METRICS[pair.row['metric']].name}",
            "Row": pair.row["label"],
            "Protection": METHODS[pair.row["method"]].title,
            "The paper": tidy(pair.row),
            "Ours, as the paper": _near(pair, "as_paper"),
            "Ours, strict": _near(pair, "strict"),
            "Setting": setting(pair.row, served, hidden),
            "Our setting": (other_setting(pair) or _same(pair.row)) if pair.ours else "",
            "Scored in the paper": SCORED[pair.row["protocol"]][pair.row["role"] == "utility"],
            "Photographs": pair.row["dataset"],
            "Our photographs": _photographs(pair),
            "Remark": "; ".join(counterparts.REMARKS[name] for name in pair.remarks),
            "Place": pair.row["place"],
            "Note": pair.row["note"],
        }
        for pair in pairs
    ]
    whole = pd.DataFrame(rows)
    names = [name for name in whole if (whole[name] != "").any()]
    if "Our photographs" in names and whole["Our photographs"].replace("", None).nunique() < 2:
        names.remove("Our photographs")
    if len(whole) and whole["Photographs"].nunique() > 1:  # else they tell no two rows apart
        names.insert(names.index("Protection") + 1, names.pop(names.index("Photographs")))
    return whole[names]


def _photographs(pair: Pair) -> str:
    return f"{pair.setting['dataset']}, {pair.setting['preset']}" if pair.setting else ""


def looked_at(view: View) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(what is served, what is hidden), as published rows name it."""
    hidden = "identity" if view.target == "image" else view.target.rpartition(":")[2]
    return (view.task,), (hidden,)


def _same(row: Row) -> str:
    """What a paper says of a setting in words of its own cannot be checked against ours."""
    return "the same knobs" if row["setting"] else "the same"


def setting(row: Row, served: tuple[str, ...], hidden: tuple[str, ...]) -> str:
    """A published setting; service and what is hidden where they are others than these."""
    parts = [points.knob_label(row["method"], row["knobs"]), row["setting"]]
    if row["tasks"] and row["tasks"] != served:
        parts.append(f"service: {named(row['tasks'])}")
    if row["private"] and row["private"] != hidden:
        parts.append(f"hidden: {named(row['private'])}")
    return "; ".join(filter(None, parts))


def other_setting(pair: Pair) -> str:
    """What our setting has that the paper does not say, and whether its training has since been
    mended."""
    if pair.setting is None:
        return ""
    said = pair.row["knobs"]
    unsaid = {name: v for name, v in pair.setting["knobs"].items() if name not in said}
    parts = [points.knob_label(pair.row["method"], unsaid)]
    if pair.setting["recipe"] is not None:
        parts.append("trained by an earlier recipe")
    return "; ".join(filter(None, parts))


def named(names: Iterable[str]) -> str:
    words = {"all": "all attributes", "identity": "who it is"}
    return ", ".join(words.get(name) or wording.attribute_label(name) for name in names)


def subject(row: Row) -> str:
    return SUBJECTS.get(row["target"]) or wording.target_label(
        f"attribute:{row['target'].partition(':')[2] or row['target']}"
    )


def _near(pair: Pair, side: str) -> str:
    """Our number; with a sign where our setting is not the published one."""
    text = shown(pair, side)
    return f"{NEAR} {text}" if text and other_setting(pair) else text


def shown(pair: Pair, side: str) -> str:
    """Our number with its unit; says where it is another measure than the paper's. "" without
    one."""
    value = getattr(pair, side)
    if value is None:
        return ""
    text = wording.with_unit(value, METRICS[pair.row["metric"]].unit)
    return f"{text} (balanced)" if pair.metric == "balanced_accuracy" else text


def tidy(row: Row) -> str:
    """The number as the paper prints it, the unit after it: "%78.01" -> "78.01 %"."""
    if not row["printed"]:
        return "drawn only"
    printed = row["printed"].strip("()")
    text = printed.replace("%", "").strip()
    if "%" in printed and METRICS[row["metric"]].unit == "points":
        text += " point" if text == "1" else " points"
    elif "%" in printed:
        text += " %"
    elif row["unit"] == "dB" and "dB" not in printed:
        text += " dB"
    if row["metric"] in counterparts.SHARES:
        text += f" ({counterparts.comparable(row):.2f} of all spread)"
    return re.sub(r" {2,}", " ", text)
