"""All that is proven of a data set, as a table. Pure pandas."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from app.page import wording
from app.settings import points, proofs
from core.methods import METHODS
from core.metrics import METRICS

# Metric -> column
TITLES = {
    "proven_accuracy": "One release",
    "proven_accuracy_pair": "Two photographs",
    "proven_accuracy_repeated": "Repeated releases",
}
ORDER = ["Method", "Setting", "Secret", *TITLES.values(), "People counted"]


def certified(findings: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """One row for each setting and secret of a data set of which something is proven: the bounds in per
    cent, and who was counted; the lowest first."""
    rows = proofs.rows(findings)
    rows = rows[(rows["dataset"] == dataset) & rows["metric"].isin(list(TITLES))]
    rows = rows[rows["method"].isin(list(METHODS))]
    if rows.empty:
        return pd.DataFrame(columns=ORDER)
    found: list[dict[str, Any]] = []
    for _, group in rows.groupby(["run_id", "release_value", "target"], dropna=False, sort=False):
        entries = {entry["metric"]: entry for entry in group.to_dict("records")}
        first: Mapping[Any, Any] = next(iter(entries.values()))
        setting = dict(first)
        for knob in METHODS[first["method"]].knobs:
            if knob.when == "release":
                setting[f"knob:{knob.name}"] = first["release_value"]
        found.append(
            {
                "Method": METHODS[first["method"]].title,
                "Setting": points.setting_label(setting),
                "Secret": wording.target_label(first["target"]),
                **{
                    title: 100 * entries[metric]["value"] if metric in entries else None
                    for metric, title in TITLES.items()
                },
                "People counted": int(first["identities"]),
            }
        )
    return pd.DataFrame(found, columns=ORDER).sort_values(
        ["Secret", TITLES["proven_accuracy"]], kind="stable"
    )


def explained() -> str:
    """What the columns are."""
    return "  \n".join(f"**{title}**: {METRICS[name].says}" for name, title in TITLES.items())
