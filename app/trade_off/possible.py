"""The line of the possible: what no release can do on the people counted, and the best that is proven.
Pure numpy."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.settings import mixtures, proofs
from app.settings.points import Row, Rows
from app.settings.views import SERVICE, View
from core.errors import PenumbraError

Points = list[tuple[float, float]]  # (an attacker's balanced accuracy, the service's), shares
PLACES = 120  # at which the best proven line is looked up
ROOM = 1e-9


class Possible(NamedTuple):
    """floor     how well the true answers of the task alone tell the secret, balanced
    frontier  (n, 2): a balanced accuracy on the secret, and the best of the task that any release
              has then on the people counted; rising"""

    floor: float
    frontier: NDArray[np.float64]

    def best(self, attack: float) -> float:
        """No release that lets a secret be told at `attack` serves better: never less than the truth
        between two points that were computed."""
        corners = outer(self.frontier)
        x, y = (np.array([corner[axis] for corner in corners]) for axis in (0, 1))
        return float(np.interp(attack, x, y))


def asked_of(view: View) -> bool:
    """Whether what is looked at has such a line: one secret, one task, right answers of both."""
    one = len(view.targets) == 1 and view.target.startswith("attribute:")
    return one and view.service == SERVICE and view.protocol == "strict"


def read(arrays: Mapping[str, NDArray[Any]], secret: str) -> Possible | None:
    """What a certificate's arrays say of a secret; None where they say nothing. Raises PenumbraError
    where they are not what they should be."""
    if "names" not in arrays:
        return None
    names = [str(name) for name in np.asarray(arrays["names"]).ravel()]
    if secret not in names:
        return None
    try:
        at = names.index(secret)
        floor = float(np.asarray(arrays["floors"], float)[at])
        line = np.asarray(arrays["frontiers"], float)[at]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise PenumbraError(f"what is possible cannot be read ({error})") from error
    whole = line.ndim == 2 and line.shape[1] == 2 and len(line) > 1
    if not whole or not np.isfinite([floor, *line.ravel()]).all():
        raise PenumbraError("what is possible is damaged: certify the run again")
    if (line < 0).any() or (line > 1 + 1e-6).any() or (np.diff(line[:, 0]) <= 0).any():
        raise PenumbraError("what is possible is damaged: certify the run again")
    return Possible(floor, np.clip(line, 0, 1))


def outer(frontier: NDArray[np.float64]) -> Points:
    """Corners of a line that a concave frontier through these points nowhere exceeds: between two of
    them the neighbouring chords, drawn on until they meet."""
    x, y = frontier[:, 0], frontier[:, 1]
    slopes = np.diff(y) / np.diff(x)
    found: Points = [(float(x[0]), float(y[0]))]
    for i in range(len(slopes)):
        before = slopes[i - 1] if i else np.inf
        after = slopes[i + 1] if i + 1 < len(slopes) else 0.0
        left, right = (x[i], y[i]), (x[i + 1], y[i + 1])
        if before > slopes[i] + ROOM and after < slopes[i] - ROOM:
            if np.isinf(before):
                meet = (left[0], right[1] - after * (right[0] - left[0]))
            else:
                across = (right[1] - left[1] + before * left[0] - after * right[0]) / (
                    before - after
                )
                meet = (across, left[1] + before * (across - left[0]))
            found.append((float(meet[0]), float(min(1.0, meet[1]))))
        found.append((float(right[0]), float(right[1])))
    return found


def best_proven(rows: Rows) -> Points:
    """The best utility of the proven settings at each bound, mixtures of neighbours included: what can
    be had where no attacker exceeds it."""
    known = proofs.proven_rows(rows)
    if not known:
        return []
    pairs = list(mixtures.neighbours(known))
    bounds = sorted({row["proven"] for row in known})
    at = np.unique([*np.linspace(bounds[0], bounds[-1], PLACES), *bounds])
    best = np.full(len(at), -np.inf)
    for row in known:
        best = np.where(at >= row["proven"] - ROOM, np.maximum(best, row["utility"]), best)
    for pair in pairs:
        ends = sorted((row["proven"], row["utility"]) for row in pair[:2])
        (low, first), (high, second) = ends
        if low < high:
            on = np.interp(at, (low, high), (first, second))
            best = np.where((at >= low) & (at <= high), np.maximum(best, on), best)
    best = np.maximum.accumulate(best)
    return [(float(x), float(y)) for x, y in zip(at, best, strict=True)]


def within(rows: Rows, attack: float | None, loss: float | None, cost: str) -> Row | None:
    """The proven setting, or mixture of two, that serves best where no attacker exceeds `attack` and the
    service loses at most `loss` (column `cost`); without a limit on the attack the one with the
    lowest bound. None where there is none."""
    known = proofs.proven_rows(rows)
    found: list[Row] = list(known)
    for pair in mixtures.neighbours(known):
        for column, limit in (("proven", attack), (cost, loss)):
            first, second = pair.weak[column], pair.strong[column]
            if limit is None or not min(first, second) < limit < max(first, second):
                continue
            value = pair.at((limit - second) / (first - second))[f"knob:{pair.knob.name}"]
            found += [pair.of(rounded) for rounded in _about(value, pair)]

    def keeps(row: Row) -> bool:
        kept = attack is None or row["proven"] <= attack + ROOM
        return kept and (loss is None or row[cost] <= loss + ROOM)

    able = [row for row in found if keeps(row)]
    if attack is None:
        return min(able, key=lambda row: (row["proven"], -row["utility"]), default=None)
    return max(able, key=lambda row: (row["utility"], -row["proven"]), default=None)


def _about(value: float, pair: mixtures.Between) -> list[float]:
    """Values that an address holds on both sides of one, within the pair."""
    step = 10.0 ** (np.floor(np.log10(max(value, 1e-9))) - 3)
    below = float(f"{np.floor(value / step) * step:.6g}")
    return [v for v in (below, float(f"{below + step:.6g}")) if min(pair.ends) < v < max(pair.ends)]
