"""For whom does protection fail? What the strongest attackers told, group by group and person by
person. Reads what attacks kept; no torch."""

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analysis.compare import Setting, decided, named
from core.data.faces import Faces
from core.errors import PenumbraError, damaged
from core.metrics import attributes, deciding, intervals

FEWEST = 3  # people for each answer: below, a group gets no number
SMALL = 20  # people: below, a group is marked as small


class Told(NamedTuple):
    """What the strongest attacker said about the test photographs that it was asked about.

    target      `attribute:<Name>` or `identity`
    right       bool (n,): whether it was right
    truth       bool (n,): the attribute's true answer; None for identity
    people      int64 (n,): whom each photograph shows
    labels      int8 (n, A): all attributes of each photograph
    names       the A attributes
    rows        int64 (n,): the photographs' places in the data set
    """

    target: str
    right: NDArray[np.bool_]
    truth: NDArray[np.bool_] | None
    people: NDArray[np.int64]
    labels: NDArray[np.int8]
    names: tuple[str, ...]
    rows: NDArray[np.int64]


def told(setting: Setting, target: str, faces: Faces, order: NDArray[np.int64]) -> Told:
    """What the strongest attacker of `target` (an attribute, or identity) told at a setting; `order`:
    `core.data.order.canonical_order` of the test photographs. Raises PenumbraError where it kept no
    decisions, or about other photographs than there are."""
    what = f"{setting.folder.name}: what was kept about {target} is damaged"
    again = "delete the folder of its attacks and evaluate it again with python -m core evaluate"
    with damaged(what, again):
        return _told(setting, target, faces, order)


def _told(setting: Setting, target: str, faces: Faces, order: NDArray[np.int64]) -> Told:
    truth = None
    if target == "identity":
        found = named(setting)
        if found is None:
            raise PenumbraError(
                f"{setting.folder.name} kept no names: evaluate it again with python -m core "
                "evaluate"
            )
        asked, right = found
        if asked.ndim != 1 or asked.shape != right.shape or not len(asked) or asked.min() < 0:
            raise ValueError("not one answer for each probe")
        if int(asked.max()) >= len(order):
            raise _other_photographs(setting)
        order = order[asked]
    else:
        said = decided(setting, target).get(target)
        name = target.partition(":")[2]
        if said is None or name not in faces.attribute_names:
            raise PenumbraError(
                f"{setting.folder.name} kept no decisions about {target}: "
                "evaluate it again with python -m core evaluate"
            )
        if len(said) > len(order):
            raise _other_photographs(setting)
        order = order[: len(said)]
        truth = faces.attributes[order, faces.columns([name])[0]].astype(bool)
        right = said == truth
    people, labels = faces.identities[order], faces.attributes[order]
    return Told(target, right, truth, people, labels, tuple(faces.attribute_names), order)


def _other_photographs(setting: Setting) -> PenumbraError:
    return PenumbraError(
        f"{setting.folder.name} was attacked on other photographs than the data set holds now: "
        "evaluate it again with python -m core evaluate"
    )


def groups(
    said: Told, attribute: str, resampling: intervals.Resampling
) -> tuple[pd.DataFrame, dict[str, float]]:
    """The attacker's success with photographs that have `attribute` and with those that have not;
    and the difference, first - second, in the same resamples, as {"value", "low", "high"}, empty
    where the two have no common measure.

    A row for each of the two: `group` True or False, its photographs and people, how many people
    answer the target with yes and with no (NaN for identity), and a `value` with its 95 % interval
    and chance. `measure` says which:

    balanced_accuracy  where both answers occur among at least FEWEST people each
    accuracy           share told rightly, where the group's photographs have one answer only
    top1_accuracy      for identity
    too_few            no value
    """
    member = said.labels[:, said.names.index(attribute)].astype(bool)
    rows, drawn = [], []
    for group in (True, False):
        row, values = _group(said, member == group, resampling)
        rows.append({"group": group} | row)
        drawn.append(values)
    table = pd.DataFrame(rows)
    first, second = rows
    if first["measure"] != second["measure"] or first["measure"] == "too_few":
        return table, {}
    low, high = intervals.paired_interval(drawn[0], drawn[1])
    return table, {"value": first["value"] - second["value"], "low": low, "high": high}


def _group(
    said: Told, inside: NDArray[np.bool_], resampling: intervals.Resampling
) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """One row of `groups` and its value in each resample."""
    people = said.people[inside]
    truth = np.ones_like(said.right) if said.truth is None else said.truth
    answers = truth[inside]
    both = answers.any() and not answers.all()
    metric = attributes.BALANCED_ACCURACY if both else attributes.ACCURACY
    yes, no = len(np.unique(people[answers])), len(np.unique(people[~answers]))
    row: dict[str, Any] = {
        "photographs": int(inside.sum()),
        "people": len(np.unique(people)),
        "yes": math.nan if said.truth is None else yes,
        "no": math.nan if said.truth is None else no,
    }
    if (min(yes, no) if both else row["people"]) < FEWEST:
        nothing = dict.fromkeys(("value", "low", "high", "chance"), math.nan)
        none = np.full(len(resampling.weights), np.nan)
        return row | {"measure": "too_few"} | nothing, none
    decided = (said.right == truth)[inside]
    mine = intervals.Resampling(resampling.codes[inside], resampling.weights)
    drawn = metric.from_counts(*intervals.resampled_confusion(answers, decided, mine))
    low, high = intervals.percentile_interval(drawn)
    row |= {
        "measure": deciding()["identity"] if said.truth is None else metric.name,
        "value": float(metric.from_counts(*attributes.confusion(answers, decided))),
        "low": low,
        "high": high,
        "chance": math.nan if metric.chance is None else metric.chance,
    }
    return row, drawn


def persons(said: Told) -> pd.DataFrame:
    """Everybody, those told rightly most reliably first.

    person      as in `Faces.identities`
    share       of the person's `photographs` that were told rightly, `right` of them
    low, high   its Wilson interval
    estimate    the share, `shrunken`; people are ordered by it
    example     place in the data set of the person's first photograph that was told rightly, or of
                the first one
    """
    names, codes = np.unique(said.people, return_inverse=True)
    sizes = np.bincount(codes)
    right = np.bincount(codes, said.right.astype(float)).astype(np.int64)
    low, high = intervals.wilson(right, sizes)
    # stable: right ones first, then as the photographs stand
    by_person = np.lexsort((np.arange(len(codes)), ~said.right, codes))
    first = by_person[np.concatenate(([0], np.cumsum(sizes)[:-1]))]
    table = pd.DataFrame(
        {
            "person": names,
            "photographs": sizes,
            "right": right,
            "share": right / sizes,
            "low": low,
            "high": high,
            "estimate": shrunken(right, sizes),
            "example": said.rows[first],
        }
    )
    return table.sort_values(
        ["estimate", "low", "person"], ascending=[False, False, True], ignore_index=True
    )


def shrunken(right: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shares right / count (I,) drawn towards the mean by as much as a beta-binomial with their mean
    and spread says (moments after Kleinman, JASA 68, 1973)."""
    n = count.astype(float)
    share = right / n
    mean = float(right.sum() / n.sum())
    people = len(n)
    if people < 2 or mean in (0.0, 1.0) or n.max() <= 1:
        return np.full(people, mean)
    # E sum n (p - mean)^2 = mean (1 - mean) [(I - 1) + rho (N - sum n^2 / N - (I - 1))]
    spread = float((n * (share - mean) ** 2).sum()) / (mean * (1 - mean))
    room = n.sum() - (n**2).sum() / n.sum() - (people - 1)
    alike = min(1.0, max(0.0, (spread - (people - 1)) / room)) if room > 0 else 0.0
    weight = n * alike / (1 - alike + n * alike)
    return weight * share + (1 - weight) * mean
