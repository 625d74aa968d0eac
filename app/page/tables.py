"""Tables of numbers for people, from the tidy findings. Pure pandas."""

import math

import pandas as pd

from app.page import wording
from app.settings import points
from app.settings.points import setting_label
from app.settings.views import View
from core.methods import METHODS
from core.metrics import METRICS, named

BLIND = "Commoner answer"  # what always giving it scores
PROVEN = "No attacker beyond"  # what is proven
ROLES = {"utility": "the service", "private": "private", "unlisted": "nobody mentioned it"}


def of_setting(findings: pd.DataFrame, row: points.Row) -> pd.DataFrame:
    """Attackers x metrics of one setting, in words: one row per target, attacker and protocol."""
    rows = points.findings_of(findings, row)
    rows = rows.assign(
        Target=rows["target"].map(wording.target_label),
        Role=rows["role"].map(ROLES).fillna(rows["role"]),
        Attacker=rows["attacker"].map(wording.attacker, na_action="ignore"),
        Protocol=rows["protocol"].map(wording.PROTOCOL_WORDS).fillna(rows["protocol"]),
        shown=list(map(wording.measured, *(rows[c] for c in ("metric", "value", "low", "high")))),
    )
    index = ["Role", "Target", "Attacker", "Protocol"]
    wide = rows.pivot_table("shown", index, "metric", aggfunc="first", sort=False)
    present = [name for name in METRICS if name in wide] + [m for m in wide if m not in METRICS]
    wide = wide[present].fillna("")
    wide.columns = [heading(m) for m in present]
    for metric in filter(follows_the_labels, present):  # beside it, what it has to be read against
        blind = rows[rows["metric"] == metric].groupby(index, sort=False)["chance"].first()
        shown = blind.map(lambda share, m=metric: wording.measured(m, share, math.nan, math.nan))
        place = list(wide.columns).index(heading(metric)) + 1
        wide.insert(place, BLIND, shown.reindex(wide.index).fillna(""))
    rank = {role: position for position, role in enumerate(ROLES.values())}
    return wide.reset_index().sort_values("Role", key=lambda c: c.map(rank), kind="stable")


def follows_the_labels(metric: str) -> bool:
    """Whether what a guesser scores is no fixed number but the share of the commoner answer: a high
    value alone then says nothing."""
    known = METRICS.get(metric)
    return known is not None and known.of_counts is not None and known.chance is None


def heading(metric: str) -> str:
    return wording.capital(named(metric).title)


def of_settings(table: pd.DataFrame, view: View) -> pd.DataFrame:
    """One row per setting of the chart, as numbers that can be sorted."""
    factor = view.scale
    blind = {BLIND: table["utility_chance"] * 100} if follows_the_labels(view.service) else {}
    known = "proven" in table and table["proven"].notna().any()
    proven = {PROVEN: table["proven"].astype(float) * factor} if known else {}
    return pd.DataFrame(
        {
            "Method": table["method"].map(lambda name: METHODS[name].title),
            "Setting": [setting_label(row) for _, row in table.iterrows()],
            "Attacker": table["value"] * factor,
            "from": table["low"] * factor,
            "to": table["high"] * factor,
            **proven,
            "Guessing": table["chance"].astype(float) * factor,
            "Service": table["utility"] * 100,
            **blind,
            "Loss": table["cost"].astype(float) * 100,
            "Conclusive": table["conclusive"],
            "Trainings": table["seeds"],
        }
    )


def protocol_pairs(strict: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """label, method, strict, paper, chance, and `gone`: the part of the privacy claimed under the
    paper's protocol that the strict one takes away."""
    both = strict.merge(paper[["key", "value"]], on="key", suffixes=("", "_paper"))
    several = both["method"].nunique() > 1
    rows = points.records(both)
    labels = [points.name(row) if several else setting_label(row) or row["title"] for row in rows]
    pairs = both.assign(label=labels, gone=both["value"] - both["value_paper"])
    names = {"label": "label", "method": "method", "value": "strict", "value_paper": "paper"}
    return pairs[[*names, "chance", "gone"]].rename(columns=names)
