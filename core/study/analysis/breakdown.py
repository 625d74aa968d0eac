"""Answers of a study (`core.study.analysis.results.answers`, or some of them) by face, by participant,
by how sure people were, and how many more it takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from core.study.analysis import statistics
from core.study.analysis.results import MACHINES, counted

GOAL_WIDTH = 0.1  # whole width of an interval that is narrow enough to decide by: ± 5 points
QUESTION = ["setting", "attacker", "item", "person"]
SHARE = ["n", "right", "share", "low", "high"]
MACHINE = [f"{name}_right" for name in MACHINES]


def faces(answers: pd.DataFrame) -> pd.DataFrame:
    """One row for each redrawn face, the least recognised first: `QUESTION`, options, n, right,
    share, low, high (Wilson), choices (how often each option was taken, the right one first),
    timed_out (answers), machine_release_right, machine_picture_right."""
    rows = []
    for key, group in counted(answers).groupby(QUESTION, sort=False):
        n, options = len(group), int(group["options"].iloc[0])
        choices = group["choice"].dropna().astype(int)
        taken = np.bincount(choices, minlength=options).tolist()
        rows.append(
            dict(zip(QUESTION, key, strict=True))
            | {"options": options, "choices": taken, "timed_out": int(group["timed_out"].sum())}
            | statistics.share_of(taken[0], n)
            | {name: group[name].iloc[0] for name in MACHINE}
        )
    columns = [*QUESTION, "options", *SHARE, "choices", "timed_out", *MACHINE]
    table = pd.DataFrame(rows, columns=columns)
    # Of faces that are recognised equally often, those with most answers stand furthest out.
    usual = table["right"].sum() / max(1, table["n"].sum())
    table["weight"] = table["right"] - usual * table["n"]
    return (
        table.sort_values(["share", "weight", "item"]).drop(columns="weight").reset_index(drop=True)
    )


def participants(answers: pd.DataFrame) -> pd.DataFrame:
    """One row for each participant who answered a question: participant, n, right, share, low,
    high (Wilson), milliseconds (median), passed, finished."""
    groups = counted(answers).groupby("participant", sort=True)
    table = groups.agg(
        n=("item", "size"),
        right=("right", "sum"),
        milliseconds=("milliseconds", "median"),
        passed=("passed", "first"),
        finished=("finished", "first"),
    ).reset_index()
    table["right"] = table["right"].astype("int64")
    counts = zip(table["right"], table["n"], strict=True)
    shares = pd.DataFrame([statistics.share_of(*count) for count in counts], columns=SHARE)
    table[["share", "low", "high"]] = shares[["share", "low", "high"]].astype(float)
    return table[["participant", *SHARE, "milliseconds", "passed", "finished"]]


def if_all_alike(people: pd.DataFrame, edges: np.ndarray) -> np.ndarray:
    """How many of `participants` would have a share of right answers between each two of `edges`
    (the upper one included, in the first both), if all were equally good."""
    pooled = people["right"].sum() / max(1, people["n"].sum())
    expected = np.zeros(len(edges) - 1)
    for n, count in zip(*np.unique(people["n"], return_counts=True), strict=True):
        for right in range(n + 1):
            place = np.searchsorted(edges[1:-1], right / n - 1e-9)
            chance = math.comb(int(n), right) * pooled**right * (1 - pooled) ** (n - right)
            expected[place] += count * chance
    return expected


def calibration(answers: pd.DataFrame) -> pd.DataFrame:
    """How often people were right by how sure they were: confidence, n, right, share, low, high
    (Wilson). Empty where nobody was asked."""
    asked = counted(answers).dropna(subset=["confidence"])
    rows = [
        {"confidence": sure} | statistics.share_of(int(group["right"].sum()), len(group))
        for sure, group in asked.groupby(asked["confidence"].astype(int), sort=True)
    ]
    return pd.DataFrame(rows, columns=["confidence", *SHARE])


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
