"""Groups of people in words: for whom does protection fail? Pure pandas."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from app.page import wording
from core.analysis.subgroups import SMALL
from core.data.faces import Faces

# attribute -> (those who have it, those who have not)
NAMES = {
    "Male": ("men", "women"),
    "Young": ("young people", "older people"),
    "Pale_Skin": ("people with pale skin", "people with darker skin"),
    "Eyeglasses": ("people with glasses", "people without glasses"),
    "No_Beard": ("people without a beard", "people with a beard"),
    "Smiling": ("smiling faces", "faces that do not smile"),
}
FIRST = ("Male", "Young", "Pale_Skin")  # shown until the reader chooses others
MOST = 8  # attributes at a time


def name(attribute: str, has: bool) -> str:
    """ "young people"; "Fringe: yes" for attributes without a word for their people."""
    if attribute in NAMES:
        return NAMES[attribute][0 if has else 1]
    return f"{wording.attribute_label(attribute)}: {'yes' if has else 'no'}"


def table(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Rows for the chart and the file from attribute -> `core.analysis.subgroups.groups`' table:
    attribute, label, group, measure, value, low, high, chance, photographs, people, yes, no, small,
    text."""
    rows = []
    for attribute, groups in found.items():
        for row in groups.to_dict("records"):
            title = wording.capital(name(attribute, bool(row["group"])))
            small = row["people"] < SMALL
            label = f"{title} ({row['people']:,.0f})" + " · small" * small
            text = _text(row, title)
            rows.append(
                {"attribute": attribute, "label": label, "small": small, "text": text} | row
            )
    return pd.DataFrame(rows)


def _text(row: Mapping[str, Any], title: str) -> str:
    span = wording.interval(row["low"], row["high"])
    lines = [
        f"<b>{title}</b>",
        wording.with_span(wording.percent(row["value"]), span),
        f"{row['photographs']:,.0f} photographs of {row['people']:,.0f} people",
    ]
    if row["measure"] == "accuracy":
        lines.append("share told rightly: all of them have one answer")
    return "<br>".join(lines)


def sentence(found: Mapping[str, tuple[pd.DataFrame, Mapping[str, float]]], target: str) -> str:
    """For whom protection fails most, from attribute -> (`core.analysis.subgroups.groups`)."""
    told = "names the right person"
    if target != "identity":
        told = f"tells {wording.inferred(target.partition(':')[2])}"
    clear = []
    for attribute, (groups, difference) in found.items():
        low, high = difference.get("low"), difference.get("high")
        known = wording.known(low) and wording.known(high)
        # a handful of people carries no headline
        if known and not low <= 0 <= high and groups["people"].min() >= SMALL:
            worse = difference["value"] > 0
            ends = (low, high) if worse else (-high, -low)
            clear.append((abs(difference["value"]), attribute, worse, ends, groups))
    if not clear:
        return (
            "No group shown is clearly worse protected than its opposite, as far as groups of at "
            f"least {SMALL} people say."
        )
    gap, attribute, worse, ends, groups = max(clear, key=lambda entry: entry[0])
    value = {bool(row["group"]): row["value"] for row in groups.to_dict("records")}
    return (
        f"Protection fails most for {name(attribute, worse)}: there the attacker {told} in "
        f"{wording.percent(value[worse])} of cases, for {name(attribute, not worse)} in "
        f"{wording.percent(value[not worse])} ({wording.points(gap)} apart; "
        f"{wording.interval(*ends, digits=1)})."
    )


def notes(shown: pd.DataFrame) -> list[str]:
    found = [
        f"In brackets: people. Bars: 95 % intervals, people resampled. Hollow: fewer than {SMALL} "
        "people. Where several groups are compared, about one clear difference in twenty is chance."
    ]
    if (shown["measure"] == "accuracy").any():
        found.append(
            "Groups in which everybody has the same answer show the share told rightly. An attacker "
            "who leans to one answer does well there and badly on the opposite group; look at both."
        )
    return found


def person(row: Mapping[str, Any], target: str) -> str:
    did = "named" if target == "identity" else "told"
    span = wording.interval(row["low"], row["high"])
    return (
        f"**{row['right']:.0f} of {row['photographs']:.0f}** {did} rightly  \n"
        f"likely {wording.percent(row['estimate'])} ({span})"
    )


def everybody(people: pd.DataFrame, target: str, chance: float | None) -> str:
    """How many are always told rightly, and how many are by luck."""
    always = int((people["right"] == people["photographs"]).sum())
    did = "named" if target == "identity" else "told"
    text = (
        f"{always} of {len(people):,} people are {did} rightly on every one of their photographs."
    )
    if wording.known(chance):
        luck = float((chance ** people["photographs"]).sum())
        people_by_luck = "none" if luck < 0.5 else f"about {luck:.0f}"
        text += f" Guessing anew for each photograph would do so for {people_by_luck}."
    return text


def alike(people: pd.DataFrame, shown: int) -> str:
    """Whether the people shown stand for more who cannot be told from them."""
    last = people.iloc[:shown]["estimate"].iloc[-1]
    first = people["estimate"].iloc[0]
    count = int((people["estimate"] == first).sum())
    if first != last or count <= shown:
        return ""
    return f"{count:,} people come out alike; {shown} of them are shown."


def offered(names: Sequence[str]) -> list[str]:
    """Attributes to group by, the usual ones first."""
    first = [attribute for attribute in FIRST if attribute in names]
    return [*first, *sorted((n for n in names if n not in first), key=wording.attribute_label)]


def sizes(faces: Faces) -> pd.DataFrame:
    """Attribute, Photographs, Share, People (who have it on any photograph), rarest first."""
    rows = faces.indices("test")
    labels, people = faces.attributes[rows].astype(bool), faces.identities[rows]
    table = pd.DataFrame(
        {
            "Attribute": list(map(wording.attribute_label, faces.attribute_names)),
            "Photographs": labels.sum(0),
            "Share": labels.mean(0),
            "People": [len(np.unique(people[column])) for column in labels.T],
        }
    )
    return table.sort_values("Photographs", kind="stable", ignore_index=True)
