"""The verdict: one setting's findings in words a person without ML background can act on. Pure."""

from typing import NamedTuple

from app.page import tables, wording
from app.settings import points, proofs
from app.settings.points import Row, setting_label
from app.settings.views import STRONGEST, View
from core.attacks.attackers import HUMAN
from core.metrics import METRICS


class Verdict(NamedTuple):
    """`sentence` in large type; `detail` under it; `exposure` in [0, 1] (None when not known): the
    part of what can be gained over guessing that the attacker does gain, or where it is `proven` that no
    attacker gains more of."""

    sentence: str
    detail: str
    exposure: float | None
    proven: bool = False

    @property
    def mark(self) -> str:
        return mark(self.exposure, self.proven)


def verdict(row: Row, unprotected: Row | None, view: View) -> Verdict:
    """The verdict on one row of `app.settings.unprotected.compared`, beside that of
    `app.settings.unprotected.reference`."""
    setting = setting_label(row)
    place = f"At {setting}" if setting else f"With {_lower(row['title'])}"
    if proofs.is_proven(row):
        return _proven(row, unprotected, view, place)
    if not row["conclusive"]:
        return Verdict(
            f"Attack too weak to conclude. {place} nothing can be said about {_subject(view)}.",
            "The same attacker also failed where it must succeed, on unprotected features. "
            "Measure again with more photographs or a stronger attacker.",
            None,
        )
    cost = "" if _is(row, unprotected) else _cost(row, view)
    parts = [f"{place} {_attack(row, unprotected, view)}", cost]
    sentence = "; ".join(filter(None, parts))
    return Verdict(f"{sentence}.", _detail(row, unprotected, view), exposure(row))


NOTHING_PROVEN = "Nothing is proven here: a stronger attacker may learn more."
CONDITIONS = "95 % confidence, one release per person"  # under which a bound holds, in brief


def exposure(row: Row, column: str = "value") -> float:
    """Gain over guessing as a part of the largest possible gain, clipped to [0, 1]; of what was
    measured, or of another `column`."""
    chance = row["chance"] if wording.known(row["chance"]) else 0.0
    return float(min(1.0, max(0.0, (row[column] - chance) / max(1e-9, 1 - chance))))


def _proven(row: Row, unprotected: Row | None, view: View, place: str) -> Verdict:
    """The bound first, then what was measured, then the cost."""
    secret = wording.inferred(row["target"].partition(":")[2])
    if len(view.targets) > 1:
        secret += f", the most exposed of {len(view.targets)} attributes,"
    who = (
        "the strongest we trained"
        if view.attacker == STRONGEST
        else wording.attacker(view.attacker)
    )
    reaches = f"{who} reaches {wording.percent(row['value'])}"
    parts = [
        f"{place} no attacker can tell {secret} in more than {wording.bound(row['proven'])} of cases "
        f"({CONDITIONS}; chance {wording.percent(row['chance'])})",
        reaches if row["conclusive"] else "the attackers we trained are too weak to compare",
        "" if _is(row, unprotected) else _cost(row, view),
    ]
    sentence = "; ".join(filter(None, parts))
    detail = _detail(row, unprotected, view)
    return Verdict(f"{sentence}.", detail, exposure(row, "proven"), proven=True)


def _attack(row: Row, unprotected: Row | None, view: View) -> str:
    kind = view.target.partition(":")[0]
    people = "people pick"
    if view.attacker not in (STRONGEST, HUMAN.name):
        people = f"a machine ({wording.attacker(view.attacker)}) picks"
    if kind == "recognition":
        people += f" the person of a redrawn face out of {round(1 / row['chance'])}"
    secret = wording.inferred(row.get("target", view.targets[0]).partition(":")[2])
    if len(view.targets) > 1:
        secret += f", the most exposed of {len(view.targets)} attributes,"
    tells = f"{_attacker(row, view)} tells {secret}"
    does = reaches(kind, score(row["value"], view), people, tells)
    return does + _aside(row, unprotected, kind == "image")


def score(value: float, view: View) -> str:
    """A value of the view's measure."""
    if not wording.in_percent(view.measure):
        return f"{value:.2f}"
    return wording.percent(value, wording.digits_of(value))


def reaches(kind: str, value: str, people: str, tells: str) -> str:
    """What is found out, by the kind of target; `people` do what, an attacker `tells` what."""
    return {
        "image": f"an attacker redraws the picture with a likeness of {value}",
        "identity": "an attacker with other photographs of the same people names the right person "
        f"in {value} of cases",
        "recognition": f"{people} in {value} of cases",
    }.get(kind, f"{tells} in {value} of cases")


def _attacker(row: Row, view: View) -> str:
    if view.protocol == "paper":
        if row.get("attacker") == STRONGEST:
            return "an attacker with other photographs of the same people"
        return "the attacker the method trained against"
    if view.attacker != STRONGEST:
        return f"one attacker ({wording.attacker(view.attacker)})"
    return "the strongest attacker"


def _is(row: Row, unprotected: Row | None) -> bool:
    """Whether a setting is the unprotected reference itself."""
    return unprotected is not None and points.name(row) == points.name(unprotected)


def reference_label(unprotected: Row) -> str:
    """The unprotected reference by name: “Ten numbers (Simple)”, r = 0."""
    return ", ".join(filter(None, (f"“{unprotected['title']}”", setting_label(unprotected))))


def _aside(row: Row, unprotected: Row | None, likeness: bool) -> str:
    """The interval, what guessing gives and what is reached without protection, in brackets."""

    def show(value: float, digits: int = 0) -> str:
        return f"{value:.2f}" if likeness else wording.percent(value, digits)

    form = (2, 1) if likeness else (wording.digits_of(row["value"]), 100)
    rest, chance = [], row["chance"]
    if wording.known(chance):
        guess = "drawing blind" if likeness else "chance"
        rest.append(f"{guess} {show(chance, wording.digits_of(chance))}")
    if unprotected is not None and wording.known(unprotected["value"]):
        rest.append(f"unprotected {show(unprotected['value'])}")
    parts = wording.interval(row["low"], row["high"], *form), ", ".join(rest)
    return wording.with_span("", "; ".join(filter(None, parts)))


def _cost(row: Row, view: View) -> str:
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
    names = (target.partition(":")[2] for target in view.targets)
    attributes = ", ".join(map(wording.inferred, names))
    return {
        "image": "the picture",
        "identity": "identity",
        "recognition": "whether people recognise the face",
    }.get(kind, f"how well an attacker tells {attributes}")


def _detail(row: Row, unprotected: Row | None, view: View) -> str:
    share = wording.in_percent(view.service)
    show, form = (wording.percent, (0, 100)) if share else ("{:.2f}".format, (2, 1))
    span = wording.interval(row["utility_low"], row["utility_high"], *form)
    does = "is right in" if share else f"reaches, in {METRICS[view.service].title},"
    text = f"{wording.capital(wording.service(view.task))} {does} "
    text += wording.with_span(show(row["utility"]), span)
    if tables.follows_the_labels(view.service) and wording.known(row.get("utility_chance")):
        text += f", always giving the commoner answer in {show(row['utility_chance'])}"
    if unprotected is not None and not _is(row, unprotected):
        bare = show(unprotected["utility"])
        text += f", unprotected ({reference_label(unprotected)}) {'in ' if share else ''}{bare}"
    people = f"{row['n']:,.0f} photographs of {row['identities']:,.0f} people nobody trained on"
    if view.target.startswith("recognition:"):
        people = f"{row['n']:,.0f} answers about {row['identities']:,.0f} people's faces"
    seeds = int(row["seeds"])
    trainings = "one training" if seeds == 1 else f"{seeds} trainings"
    return f"{text}. Measured on {people}, {trainings}."


# Moon phases, colours of the theme (teal, sand, brick) and words, up to each part of exposure
MARKS = (
    (0.05, "○", "green", "protected"),
    (0.3, "◔", "green", "mostly protected"),
    (0.6, "◑", "yellow", "half exposed"),
    (0.9, "◕", "red", "mostly exposed"),
    (1.0, "●", "red", "exposed"),
)


def mark(exposure: float | None, proven: bool = False) -> str:
    """Exposure as a shape, a colour and words: a line of Streamlit's Markdown."""
    if exposure is None:
        return ":gray[◌ not known]"
    _, shape, colour, word = next(entry for entry in MARKS if exposure <= entry[0])
    if proven:
        share = wording.percent(exposure)
        return f":{colour}[{shape} **{word}, proven**: no attacker gets more than {share} of what there is to gain]"
    return f":{colour}[{shape} **{word}**: the attacker gets {wording.percent(exposure)} of what there is to gain]"


def _lower(title: str) -> str:
    """A title inside a sentence: the first letter small unless the word is a proper name."""
    proper = any(letter.isupper() for letter in title[1:].split(" ")[0])
    return title if proper else title[0].lower() + title[1:]
