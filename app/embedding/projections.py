"""Maps of releases: what was computed, checked, and what it says in words. No Streamlit."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.leakage import groups
from app.page import wording
from app.settings import points
from app.settings.points import Row, Rows, setting_label
from core.errors import damaged
from core.methods import UNPROTECTED

IDENTITY = "identity"
Answers = Mapping[str, NDArray[np.bool_]]  # attribute -> who has it, photograph by photograph
MAPS = {"tsne": "t-SNE", "umap": "UMAP", "pca": "PCA"}
FINEST = 65_535  # core.explain.embedding keeps coordinates as 16-bit whole numbers
MOST_POINTS = 5_000  # of a map; ours have some 560
FOLLOWED = 7  # people with a colour of their own
# Steps of the silhouette; our own, for reading.
SILHOUETTE = ((0.5, "stand clearly apart"), (0.25, "stand apart"), (0.1, "overlap widely"))


class Maps(NamedTuple):
    """One setting's maps.

    positions   int (n,) of the photographs in canonical order
    places      map's name -> float (n, 2) in [0, 1]
    apart       "identity" and attributes -> {"silhouette", "purity", "low", "high", "chance"}
    facts       photographs, people, seed, numbers, axes, variance
    """

    positions: NDArray[np.int64]
    places: dict[str, NDArray[np.float64]]
    apart: dict[str, dict[str, float]]
    facts: dict[str, Any]


def maps(arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Maps:
    """What `core.explain.embedding` left. Raises PenumbraError where it is not that."""
    with damaged("the maps are damaged", "delete them and compute them again"):
        positions = arrays["positions"].astype(np.int64)
        places = {name: arrays[name].astype(float) / FINEST for name in MAPS}
        apart = {str(name): _numbers(row) for name, row in facts["apart"].items()}
        sized = all(place.shape == (len(positions), 2) for place in places.values())
        counts = {
            name: int(facts[name]) for name in ("photographs", "people", "seed", "numbers", "axes")
        }
        variance = [float(share) for share in facts["variance"]]
        whole = positions.ndim == 1 and 0 < len(positions) <= MOST_POINTS and positions.min() >= 0
        once = whole and len(set(positions.tolist())) == len(positions)
        if not (sized and once and len(variance) == 2):
            raise ValueError("not a place for each photograph")
    return Maps(positions, places, apart, counts | {"variance": variance})


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: float(row.get(name, math.nan))
        for name in ("silhouette", "purity", "low", "high", "chance")
    }


def turned(here: Maps, bare: Maps | None) -> Maps:
    """Maps turned and mirrored to lie as those of `bare` do (orthogonal Procrustes; PCA mirrored
    alone: its axes mean something), so that the eye compares groups and not directions."""
    if bare is None or not np.array_equal(here.positions, bare.positions):
        return here
    return here._replace(
        places={name: _turned(here.places[name], bare.places[name], name == "pca") for name in MAPS}
    )


def _turned(
    places: NDArray[np.float64], onto: NDArray[np.float64], only_mirror: bool
) -> NDArray[np.float64]:
    ours, theirs = places - places.mean(0), onto - onto.mean(0)
    if only_mirror:
        turn = np.diag(np.where((ours * theirs).sum(0) < 0, -1.0, 1.0))
    else:
        left, _, right = np.linalg.svd(ours.T @ theirs)
        turn = left @ right
    found = ours @ turn
    low, high = found.min(0), found.max(0)
    return (found - (low + high) / 2) / max(1e-9, float((high - low).max())) + 0.5


def before(rows: Rows, row: Row, unprotected: Row | None) -> dict[str, Any] | None:
    """The setting “before protection”: the unprotected reference, else the weakest value of the
    same knob; None where `row` is itself the weakest."""
    if unprotected is not None:
        found = points.nearest(rows, unprotected["method"], points.knob_values(unprotected))
        if found is not None:
            return None if found["key"] == row["key"] else found
    by_key = {setting["key"]: setting for setting in rows}
    for line in points.lines_through(rows, row):
        if line.knob and line.keys[0] != row["key"]:
            return by_key[line.keys[0]]
    return None


def sentence(row: Row, here: Maps, bare: Maps | None, by: str, bare_row: Row | None) -> str:
    """The verdict: whether the nearest release is still of the same person, or has the same
    answer."""
    place = points.place(row)
    found = here.apart.get(by)
    if found is None:
        what = "person" if by == IDENTITY else f"“{wording.attribute_label(by)}”"
        return f"{place} nothing can be said by {what}: all photographs have one answer."
    other = bare.apart.get(by) if bare else None
    chance = found["chance"]
    inside = f"chance {wording.percent(chance, wording.digits_of(chance))}"
    if other and bare_row is not None:
        unprotected = bare_row["method"] == UNPROTECTED
        name = "unprotected" if unprotected else f"at {setting_label(bare_row)}"
        inside += f", {name} {wording.percent(other['purity'])}"
    aside = "; ".join(filter(None, (wording.interval(found["low"], found["high"]), inside)))
    what = "shows the same person"
    if by != IDENTITY:
        what = f"of another person agrees on “{wording.attribute_label(by)}”"
    share = wording.percent(found["purity"])
    text = f"the most similar release {what} in {share} of cases ({aside})."
    answer = mixed(found, other)
    return f"{answer}: {place[0].lower()}{place[1:]} {text}" if answer else f"{place} {text}"


def mixed(found: Mapping[str, float], other: Mapping[str, float] | None) -> str:
    """How much of what was above chance before is gone, in a word; "" where nothing compares."""
    if other is None or not all(map(wording.known, (*found.values(), *other.values()))):
        return ""
    if not other["low"] > other["chance"]:
        return ""
    if not found["low"] > found["chance"]:
        return "Yes"
    kept = (found["purity"] - found["chance"]) / (other["purity"] - other["chance"])
    return "No" if kept > 0.9 else "Partly" if kept > 0.5 else "Mostly"


def grouping(name: str) -> str:
    return "Person" if name == IDENTITY else wording.attribute_label(name)


def silhouette(value: float) -> str:
    if not wording.known(value):
        return "not measured"
    return next((words for limit, words in SILHOUETTE if value >= limit), "lie in each other")


def detail(here: Maps, bare: Maps | None, by: str, lda: Mapping[str, Any] | None) -> str:
    found = here.apart.get(by)
    other = bare.apart.get(by) if bare else None
    parts = []
    if found and wording.known(found["silhouette"]):
        whose = "Photographs of one person" if by == IDENTITY else "The two groups"
        value = found["silhouette"]
        earlier = f", before {_signed(other['silhouette'])}" if other else ""
        parts.append(f"{whose} {silhouette(value)} (silhouette {_signed(value)}{earlier})")
    if lda and wording.known(lda["value"]):
        span = wording.interval(lda["low"], lda["high"], 2, 1)
        text = f"people stand apart by an LDA score of {lda['value']:.2f}"
        text = wording.with_span(text, span)
        if wording.known(lda.get("before")):
            text += f", before {lda['before']:.2f}"
        parts.append(text)
    text = f"{wording.capital('; '.join(parts))}. " if parts else ""
    photographs, people = here.facts["photographs"], here.facts["people"]
    return f"{text}{photographs:,} photographs of {people:,} people nobody trained on."


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def table(here: Maps, bare: Maps | None) -> pd.DataFrame:
    """How far groupings stand apart, in per cent: identity, then what is still most alike."""

    def rank(name: str) -> tuple[bool, float]:
        gain = here.apart[name]["purity"] - here.apart[name]["chance"]
        return name != IDENTITY, -gain if wording.known(gain) else math.inf

    rows = []
    for name in sorted(here.apart, key=rank):
        row, other = here.apart[name], (bare.apart.get(name) if bare else None) or {}
        rows.append(
            {
                "Grouped by": grouping(name),
                "Nearest agrees, before": 100 * other.get("purity", math.nan),
                "Nearest agrees, here": 100 * row["purity"],
                "from": 100 * row["low"],
                "to": 100 * row["high"],
                "Guessing": 100 * row["chance"],
                "Silhouette, before": other.get("silhouette", math.nan),
                "Silhouette, here": row["silhouette"],
                "In words": silhouette(row["silhouette"]),
            }
        )
    return pd.DataFrame(rows)


def followed(people: NDArray[np.int64]) -> list[int]:
    """The people with most photographs on the map."""
    names, sizes = np.unique(people, return_counts=True)
    return names[np.argsort(-sizes, kind="stable")][:FOLLOWED].tolist()


def selection(chosen: Sequence[int], people: NDArray[np.int64], answers: Answers) -> str:
    """A lasso in words; `chosen`: places on the map (in 0 … n - 1), `people` (n,), `answers` of the
    colouring attributes, {} for identity."""
    inside = np.asarray(chosen, dtype=int)
    who = np.unique(people[inside])
    of_theirs = int(np.isin(people, who).sum())
    one = "photograph" if len(inside) == 1 else "photographs"
    persons, whose = ("person", "this person's") if len(who) == 1 else ("people", "these people's")
    share = wording.percent(len(inside) / of_theirs)
    text = f"{len(inside):,} {one} of {len(who):,} {persons}; {share} of {whose} photographs lie inside"
    for by, labels in answers.items():
        text += (
            f"; {groups.name(by, True)}: {wording.percent(float(labels[inside].mean()))} inside, "
            f"{wording.percent(float(labels.mean()))} on the whole map"
        )
    return text + "."


def coordinates(here: Maps, people: NDArray[np.int64], answers: Answers) -> pd.DataFrame:
    """What is drawn, for the file: all three maps, one row per photograph."""
    table = pd.DataFrame({"photograph": here.positions, "person": people})
    for name, labels in answers.items():
        table[f"has_{name}"] = labels
    for name, places in here.places.items():
        table[f"{name}_x"], table[f"{name}_y"] = places[:, 0], places[:, 1]
    return table
