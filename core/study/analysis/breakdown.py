"""Answers of a study (`core.study.analysis.results.answers`, or some of them) by face, by participant,
by how sure people were, and how many more it takes."""

import math
from typing import Any

import numpy as np
import pandas as pd

from core.metrics import intervals
from core.study.analysis import statistics
from core.study.analysis.results import MACHINES, counted

GOAL_WIDTH = 0.1  # whole width of an interval that is narrow enough to decide by: ± 5 points
QUESTION = ["setting", "attacker", "item", "person"]
SHARE = ["n", "right", "share", "low", "high"]
MACHINE = [f"{name}_right" for name in MACHINES]


def faces(answers: pd.DataFrame) -> pd.DataFrame:
    """One row for each reconstruction, the least recognised first: `QUESTION`, options, n, right,
    share, low, high (Wilson), choices (how often each option was taken, the right one first),
    timed_out (answers), machine_release_right, machine_picture_right."""
    first = {name: (name, "first") for name in ("options", *MACHINE)}
    late = {"timed_out": ("timed_out", "sum")}
    groups = counted(answers).groupby(QUESTION, sort=False)
    table = _shares(groups, choices=("choice", list), **late, **first)
    table["choices"] = [
        np.bincount([c for c in taken if c is not pd.NA], minlength=options).tolist()
        for taken, options in zip(table["choices"], table["options"], strict=True)
    ]
    table = table[[*QUESTION, "options", *SHARE, "choices", "timed_out", *MACHINE]]
    # Of faces that are recognised equally often, those with most answers stand furthest out.
    usual = table["right"].sum() / max(1, table["n"].sum())
    table = table.assign(weight=table["right"] - usual * table["n"])
    ordered = table.sort_values(["share", "weight", "item"], ignore_index=True)
    return ordered.drop(columns="weight")


def participants(answers: pd.DataFrame) -> pd.DataFrame:
    """One row for each participant who answered a question: participant, n, right, share, low,
    high (Wilson), milliseconds (median), passed, finished."""
    groups = counted(answers).groupby("participant", sort=True)
    table = _shares(
        groups,
        milliseconds=("milliseconds", "median"),
        passed=("passed", "first"),
        finished=("finished", "first"),
    )
    return table[["participant", *SHARE, "milliseconds", "passed", "finished"]]


def _shares(groups: Any, **more: tuple[str, Any]) -> pd.DataFrame:
    """One row for each group of answers: its key, `SHARE` (Wilson), and `more` as `agg` has it."""
    table = groups.agg(n=("item", "size"), right=("right", "sum"), **more).reset_index()
    table["right"] = table["right"].astype("int64")
    table["share"] = table["right"] / table["n"]
    right, answers = table["right"].to_numpy(), table["n"].to_numpy()
    table["low"], table["high"] = intervals.wilson(right, answers)
    return table


def if_all_alike(people: pd.DataFrame, edges: np.ndarray) -> np.ndarray:
    """How many of `participants` would have a share of right answers between each two of `edges`
    (the upper one included, in the first both), if all were equally good."""
    from scipy.stats import binom

    pooled = people["right"].sum() / max(1, people["n"].sum())
    expected = np.zeros(len(edges) - 1)
    for n, count in zip(*np.unique(people["n"], return_counts=True), strict=True):
        right = np.arange(n + 1)
        places = np.searchsorted(edges[1:-1], right / n - 1e-9)
        np.add.at(expected, places, count * binom.pmf(right, n, pooled))
    return expected


def calibration(answers: pd.DataFrame) -> pd.DataFrame:
    """How often people were right by how sure they were: confidence, n, right, share, low, high
    (Wilson). Empty where nobody was asked."""
    asked = counted(answers).dropna(subset=["confidence"])
    return _shares(asked.groupby(asked["confidence"].astype(int)))[["confidence", *SHARE]]


def agreement(answers: pd.DataFrame) -> pd.DataFrame:
    """Whether people choose the same photograph when they see the same face; one row for each setting
    and attacker: setting, attacker, alpha (Krippendorff's, over the photographs), faces (that two
    people or more answered), answers (to those).

    Each face's options are numbered from another start: "right" must not be a category of its own, on
    which people who are always right could not have disagreed.
    """
    said = counted(answers).dropna(subset=["choice"])
    rows = []
    for (setting, attacker), group in said.groupby(["setting", "attacker"], sort=False):
        options = int(group["options"].iloc[0])
        turn = group["item"].rank(method="dense").astype(int)
        named = (group["choice"].astype(int) + turn) % options
        counts = pd.crosstab(group["item"], named).reindex(columns=range(options), fill_value=0)
        several = counts.to_numpy()[counts.to_numpy().sum(1) > 1]
        alpha = statistics.agreement(several) if len(several) else math.nan
        rows.append((setting, attacker, alpha, len(several), int(several.sum())))
    return pd.DataFrame(rows, columns=["setting", "attacker", "alpha", "faces", "answers"])


def more(row: dict[str, Any], width: float = GOAL_WIDTH) -> dict[str, int | None]:
    """How many more answers a row of `results.summary` needs, if people stay as good as they are:

    to_tell    until the exact test finds with 80 % probability that they beat guessing; None where
               they do not beat it, or by too little to be ever found
    to_narrow  until the interval is no wider than `width`
    """
    found: dict[str, int | None] = {"to_tell": None, "to_narrow": None}
    if row["n"]:
        for name, wanted in zip(found, (None, width), strict=True):
            total = statistics.needed(row["share"], row["chance"], width=wanted)
            found[name] = None if total is None else max(0, total - row["n"])
    return found
