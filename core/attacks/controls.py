"""Controls: an attacker that fails where everything is open proves nothing where it is closed.

An attack is conclusive for a target when it clearly succeeds on the photographs themselves (positive
control) and stays at chance on a constant (negative control).
"""

from collections.abc import Iterable
from typing import Any

from torch import Generator, Tensor

from core.metrics import METRICS, Bound

IDENTITY, CONSTANT = "identity", "constant"


def identity_release(x: Tensor, generator: Generator) -> Tensor:
    """The photograph itself: nothing is protected."""
    return x


def constant_release(x: Tensor, generator: Generator) -> Tensor:
    """The same map for everybody, (n, 8, H // 4, W // 4): nothing is released."""
    return x.new_full((len(x), 8, x.shape[2] // 4, x.shape[3] // 4), 0.5)


RELEASES = {IDENTITY: identity_release, CONSTANT: constant_release}


def verdicts(
    positive: Iterable[dict[str, Any]], negative: Iterable[dict[str, Any]]
) -> dict[tuple[str, str], bool]:
    """(attacker, target) -> whether the attacker is conclusive, from the rows of both controls."""
    opened, closed = _deciding(positive), _deciding(negative)
    best: dict[str, float] = {}
    for (_, target), rows in opened.items():
        best[target] = max(best.get(target, -1.0), *(row["value"] or -1.0 for row in rows))
    return {
        key: all(succeeds(row, best[key[1]]) for row in rows)
        and key in closed
        and all(map(at_chance, closed[key]))
        for key, rows in opened.items()
    }


def _deciding(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """(attacker, target) -> the rows that all have to come out right."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        if row["metric"] in METRICS and METRICS[row["metric"]].control is not None:
            found.setdefault((row["attacker"], row["target"]), []).append(row)
    return found


def succeeds(row: dict[str, Any], best: float) -> bool:
    """Whether a row of the positive control clearly beats chance and does not fall far behind
    `best`, the value of the strongest attacker on the same target."""
    control, chance = METRICS[row["metric"]].control, row["chance"]
    if control is None or row["low"] is None or chance is None or not _beyond(row, control.floor):
        return False
    return not control.share or bool(row["value"] >= chance + control.share * (best - chance))


def at_chance(row: dict[str, Any]) -> bool:
    """Whether a row of the negative control is where a guesser would be."""
    control = METRICS[row["metric"]].control
    if control is None or row["low"] is None or row["chance"] is None:
        return False
    return not _beyond(row, control.ceiling)


def _beyond(row: dict[str, Any], bound: Bound) -> bool:
    """Whether the weaker end of a row's interval shows that more than `bound` is known."""
    limit = bound.at(row["chance"])
    if METRICS[row["metric"]].higher_means_more_known:
        return bool(row["low"] > limit)
    return bool(row["high"] < limit)
