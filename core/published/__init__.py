"""What the five papers themselves report, one row per printed number, to be set beside ours.

`results.csv` holds every result of the papers' tables and every figure quoted in their text. Curves
and bars that are only drawn are not in it: nobody can read them to the digit. Nor are the tables
of architectures (DeepObfuscator 1 and 2); those are in `core.nets`.

None of these numbers was measured by the strict protocol. `protocol` says how each was.
"""

import csv
import functools
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import PenumbraError

FILE = Path(__file__).with_name("results.csv")
PAPERS = {
    "pric": "Li, Duan, Yang, Chen, Yang: PRIC",
    "deep_obfuscator": "Li, Guo, Yang, Chen: DeepObfuscator",
    "aia": "Mosallanezhad, Silva, Mancenido, Liu: Toward Privacy and Utility Preserving Image "
    "Representation",
    "adversarial_reconstruction": "Xiao, Tsai, Sohn, Chandraker, Yang: Adversarial Learning of "
    "Privacy-Preserving and Task-Oriented Representations",
    "dpfe": "Osia, Taheri, Shamsabadi, Katevas, Haddadi, Rabiee: Deep Private-Feature Extraction",
}
METHODS = (*PAPERS, "original", "noisy_features", "aia_original", "aia_random", "dpfe_simple")
PROTOCOLS = {
    "trained_along": "the network that was trained along with the method is scored",
    "trained_after": "a network trained from scratch on the finished method's releases is scored",
    "unsaid": "the paper does not say when the scored network was trained",
    "computed": "follows from the features, no network is trained",
    "people": "people were asked",
    "device": "measured on a device",
    "count": "a count or a chance level",
}
ROLES = ("utility", "private", "cost", "setup")


class Metric(NamedTuple):
    """A kind of number that papers print, a row of `metrics.csv`.

    low, high  the values it can have
    name       in tables and sentences
    unit       "%" for a share, "points" for hundredths of one, "dB" or ""
    ours       our metrics of the same kind, best first
    """

    meaning: str
    low: float
    high: float
    name: str
    unit: str
    ours: tuple[str, ...]


def _metrics() -> dict[str, Metric]:
    found = {}
    with open(FILE.with_name("metrics.csv"), encoding="utf-8", newline="") as file:
        for metric, meaning, low, high, name, unit, ours in list(csv.reader(file))[1:]:
            kinds = tuple(ours.split(";"))
            found[metric] = Metric(meaning, float(low), float(high), name or meaning, unit, kinds)
    return found


METRICS = _metrics()
UNITS = {"percent": 100.0, "number": 1.0, "dB": 1.0, "GB": 1.0}  # what a number is divided by
CHOICES = {
    "paper": PAPERS,
    "method": METHODS,
    "protocol": PROTOCOLS,
    "role": ROLES,
    "metric": METRICS,
    "unit": UNITS,
}
TEXTS = ("place", "label", "dataset", "setting", "attacker", "target", "printed", "note")
LISTS = ("tasks", "private")
SETTINGS = ("knobs", "schedule")
COLUMNS = {*CHOICES, *TEXTS, *LISTS, *SETTINGS}
WORDS = {"around", "about", "only", "less than", "up to", "GB", "%", "()", ""}
NAME = re.compile(r"[A-Za-z0-9_]+(:[A-Za-z0-9_]+)?")


def published(method: str | None = None) -> list[dict[str, Any]]:
    """Every published number, or those of one method, in the papers' order. A row has

    paper      key of `PAPERS`
    place      table, figure or section of the paper
    label      the row's or column's own name there
    method     of `METHODS`: whose number it is, a paper's own or a baseline's
    dataset    as the paper names it
    tasks, private  tuples of attribute names ("all": every attribute of the data set), "identity"
               or "verification"
    knobs, schedule  dicts: values of the method's knobs and schedule entries, as a Run has them
    setting    the rest of the setting, in words
    protocol   of `PROTOCOLS`
    attacker   which network was scored, "" for none
    target, role, metric  as in a finding; `METRICS` explains the metric. Target "attributes" is the
               mean over all, "task" or "private" over those of the run
    value      float: percent as fractions, so that it compares with a finding
    printed    the number exactly as the paper prints it, in `unit`
    note       where the paper contradicts itself, or ""

    Raises PenumbraError for an unknown method and for a damaged file.
    """
    if method is not None and method not in METHODS:
        raise PenumbraError(
            f"nothing is published of {method!r}; choose one of {', '.join(METHODS)}"
        )
    return [
        row | {column: dict(row[column]) for column in SETTINGS}
        for row in _rows(FILE)
        if method in (None, row["method"])
    ]


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its lists and knobs as text, as they stand in the file."""
    lists = {column: ";".join(row[column]) for column in LISTS}
    settings = {
        column: ";".join(f"{name}={value:g}" for name, value in row[column].items())
        for column in SETTINGS
    }
    return row | lists | settings


@functools.cache
def _rows(path: Path) -> tuple[dict[str, Any], ...]:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if set(reader.fieldnames or ()) != COLUMNS:
                raise PenumbraError(f"{path}: its columns must be {', '.join(sorted(COLUMNS))}")
            return tuple(
                _checked(row, f"{path}, row {number}") for number, row in enumerate(reader, 2)
            )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PenumbraError(f"{path} cannot be read ({error}); restore it") from error


def _checked(row: dict[str, Any], where: str) -> dict[str, Any]:
    """A row of the file, typed. Raises PenumbraError naming the cell that is wrong."""
    if None in row or None in row.values():
        raise PenumbraError(f"{where}: it must have {len(COLUMNS)} cells")
    for column in ("place", "dataset"):
        if not row[column]:
            raise PenumbraError(f"{where}: {column} is empty")
    for column, choices in CHOICES.items():
        if row[column] not in choices:
            known = ", ".join(choices)
            raise PenumbraError(f"{where}: {column} {row[column]!r} is none of {known}")
    if not NAME.fullmatch(row["target"]):
        raise PenumbraError(f"{where}: {row['target']!r} is no target")
    value = number(row["printed"], row["unit"], where)
    metric = METRICS[row["metric"]]
    if not metric.low <= value <= metric.high:
        raise PenumbraError(
            f"{where}: {row['metric']} is {value:g}, outside {metric.low:g} to {metric.high:g}"
        )
    lists = {column: tuple(filter(None, row[column].split(";"))) for column in LISTS}
    settings = {column: _settings(row[column], where) for column in SETTINGS}
    return row | lists | settings | {"value": value}


def number(printed: str, unit: str, where: str = "") -> float:
    """One number from "%78.01", "around 18%", "160K" or "54×44×128"; percent become fractions.

    Raises PenumbraError for anything else.
    """
    found = re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", printed)
    rest = " ".join(re.sub(r"[\d.,×]+[Kk]?", "", printed).replace("%", "").split())
    if not found or rest not in WORDS or (len(found) > 1 and "×" not in printed):
        raise PenumbraError(f"{where}: {printed!r} is not one number")
    value = math.prod(float(part.replace(",", "")) for part in found)
    return value * (1000 if re.search(r"\d[Kk]", printed) else 1) / UNITS[unit]


def _settings(text: str, where: str) -> dict[str, float]:
    entries = (entry.split("=") for entry in filter(None, text.split(";")))
    try:
        return {name: float(value) for name, value in entries}
    except ValueError:
        raise PenumbraError(f"{where}: {text!r} must read NAME=NUMBER") from None
