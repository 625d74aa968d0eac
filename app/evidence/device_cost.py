"""What protection costs the device, beside what it buys: findings' settings joined to `cost.json`,
the words and the table. Pure pandas; no Streamlit in here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from app.page import wording
from app.settings import points
from app.settings.views import View
from core.analysis.device_cost import BUSY
from core.methods import METHODS
from core.storage.cost_file import RECORD, RELEASE


class Measure(NamedTuple):
    """One way of counting what a release costs. `kind` is how its numbers are said."""

    column: str
    label: str
    axis: str
    kind: str
    meaning: str


TIMED = "time"
MEASURES = {
    TIMED: Measure(
        "milliseconds",
        "Time",
        "time on one processor core, per photograph",
        "milliseconds",
        "Wall-clock time of one photograph on one processor core: the median of many releases; the "
        "bar spans the middle half of them.",
    ),
    "memory": Measure(
        "peak_memory_bytes",
        "Memory",
        "peak memory, per photograph",
        "bytes",
        "Weights that take part, the photograph, and the most that the computation holds beside "
        "them at one time.",
    ),
    "arithmetic": Measure(
        "multiply_adds",
        "Arithmetic",
        "multiply-adds, per photograph",
        "count",
        "Multiplications with an addition, in convolutions and matrix products: the part of the "
        "cost that no machine changes.",
    ),
    "traffic": Measure(
        "released_bytes",
        "Traffic",
        "bytes that leave the device, per photograph",
        "bytes",
        "What is sent for each photograph, as 32-bit numbers; half of that as 16-bit numbers. The "
        "dotted line is the photograph as it is stored.",
    ),
    "weights": Measure(
        "parameters",
        "Trained numbers",
        "trained numbers on the device",
        "count",
        "Trained numbers that the device has to hold for a release.",
    ),
}


def joined(table: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """`app.settings.points.compared` with the fields of `core.storage.cost_file.rows` of the same run and release value;
    NaN (text: None) where the cost of a setting was not measured. Order and rows stay."""
    fields = [*RECORD, *RELEASE]
    known = costs if len(costs) else pd.DataFrame(columns=fields)
    known = known.drop_duplicates(["run_id", "release_value"])
    alike = {"run_id": object, "release_value": float}
    return table.astype(alike).merge(known.astype(alike), how="left", on=list(alike))


def measured(row: Mapping[str, Any]) -> bool:
    return wording.known(row.get("milliseconds"))


def without_cost(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Run ids of settings whose cost was not measured."""
    return list(dict.fromkeys(row["run_id"] for row in rows if not measured(row)))


def busy(row: Mapping[str, Any]) -> bool:
    """Whether other work kept the processor from the measurement: its times are too long."""
    return wording.known(row.get("share_waited")) and row["share_waited"] > BUSY


def amount(kind: str, value: float | None) -> str:
    """1234567 bytes -> "1.2 MB"; 0 of anything -> "none"."""
    if not wording.known(value):
        return "–"
    if value == 0:
        return "none"
    if kind == "milliseconds":
        return f"{_digits(value)} ms"
    millions, thousands, ones = (
        ("MB", "kB", " bytes") if kind == "bytes" else ("million", "thousand", "")
    )
    for unit, size in ((millions, 1e6), (thousands, 1e3)):
        if value >= 0.9995 * size:
            return f"{_digits(value / size)} {unit}"
    return f"{value:.0f}{ones}"


def _digits(value: float) -> str:
    """Two figures that count, never an exponent: 0.057, 1.2, 26, 917."""
    places = max(0, 1 - math.floor(math.log10(1.005 * value))) if value > 0 else 0
    return f"{value:.{min(places, 4)}f}"


def sentence(row: Mapping[str, Any]) -> str:
    """What one setting takes of the device and sends, in one sentence."""
    name = METHODS[row["method"]].title
    if not measured(row):
        return f"What {name} costs the device was not measured at this setting."
    time = amount("milliseconds", row["milliseconds"])
    return f"{name} takes {time} of a processor core and {sends(row)}."


def sends(row: Mapping[str, Any]) -> str:
    """ "sends 33 kB per photograph, 13 times the photograph itself (2.6 kB)"."""
    released, photograph = row["released_bytes"], row["photograph_bytes"]
    text = f"sends {amount('bytes', released)} per photograph"
    if not photograph:
        return text
    if released < photograph:
        return f"{text} instead of {amount('bytes', photograph)}"
    times = released / photograph
    more = "as much as" if round(times, 1) == 1 else f"{_digits(times)} times"
    return f"{text}, {more} the photograph itself ({amount('bytes', photograph)})"


def small_print(row: Mapping[str, Any]) -> str:
    """On what, and how, the cost of one setting was measured."""
    if not measured(row):
        return ""
    low, high = (amount("milliseconds", row[f"milliseconds_{end}"]) for end in ("low", "high"))
    cores = "one core" if row["threads"] == 1 else f"{row['threads']:.0f} cores"
    machine = row["machine"].partition(",")[0]  # the rest counts threads, which are said before
    text = (
        f"Measured on {cores} of {machine}, torch {row['torch']}: {row['repeats']:.0f} "
        f"releases, half of them between {low} and {high}; a phone's processor is another. The "
        f"photograph: {row['photograph']}."
    )
    share = row.get("share_of_multiply_adds")
    if wording.known(share):
        text += f" The device computes {wording.percent(share)} of the whole network."
    return text


def warning(row: Mapping[str, Any]) -> str:
    """Says where the time is not to be believed; "" where it is."""
    if not busy(row):
        return ""
    return (
        f"The processor did other work in {wording.percent(row['share_waited'])} of the time of "
        "this measurement, so the milliseconds are too many. The other costs are not touched. "
        f"Measure again: python -m core cost {row['run_id']}"
    )


def frame(table: pd.DataFrame, view: View) -> pd.DataFrame:
    """One row per setting with every cost, as numbers that can be sorted; missing ones are empty."""
    factor = view.scale
    rows = points.records(table)
    return pd.DataFrame(
        {
            "Method": [METHODS[row["method"]].title for row in rows],
            "Setting": [points.setting_label(row) for row in rows],
            "Attacker": [row["value"] * factor for row in rows],
            "Service": [row["utility"] * 100 for row in rows],
            "Milliseconds": table["milliseconds"].astype(float),
            "Memory, kB": table["peak_memory_bytes"].astype(float) / 1000,
            "Multiply-adds, millions": table["multiply_adds"].astype(float) / 1e6,
            "Sent, kB": table["released_bytes"].astype(float) / 1000,
            "Sent as 16-bit, kB": table["released_bytes_float16"].astype(float) / 1000,
            "Photograph, kB": table["photograph_bytes"].astype(float) / 1000,
            "Trained numbers": table["parameters"].astype(float),
            "Part of the network, %": table["share_of_multiply_adds"].astype(float) * 100,
            "Processor busy with other work, %": table["share_waited"].astype(float) * 100,
        }
    )
