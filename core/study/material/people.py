"""Whom a study asks about, with which photographs, and who stands beside them. Rows are positions in
`Faces`.

Everything follows from the seed; each decision has a random stream of its own, so that changing one
field of a design leaves what the others decide as it was.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.data.faces import Faces
from core.errors import PenumbraError

WHOM, SHOWN, BESIDE, UNASKED = range(4)  # random streams
FEWEST_ATTENTION = 3  # people of attention questions, however few of these a participant gets
SPARE_ATTENTION = 3  # times as many of them as a participant gets
Photographs = Mapping[int, NDArray[np.int64]]  # person -> rows
# Right row, columns -> who could stand beside.
Fitting = Callable[[int, Sequence[int]], Photographs]


class Trial(NamedTuple):
    """One question, whatever setting reconstructs it."""

    role: str  # "question", "attention" or "practice"
    person: int
    photograph: int  # the row that the reconstruction is made from
    options: tuple[int, ...]  # rows of different people's photographs, the right person's first


def photographs(faces: Faces, rows: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """The people in `rows`, in the order of their numbers, and which of `rows` show each."""
    if not len(rows):
        return {}
    people = faces.identities[rows]
    order = np.argsort(people, kind="stable")
    found, starts = np.unique(people[order], return_index=True)
    parts = np.split(rows[order], starts[1:])
    return {int(person): part for person, part in zip(found, parts, strict=True)}


def trials(
    faces: Faces, design: Mapping[str, Any], seed: int, among: NDArray[np.int64] | None = None
) -> list[Trial]:
    """The questions of a study about test people, whom no network was trained on: one for each of
    the design's `people`, then those of attention and practice, about others.

    among  rows that can be reconstructed for the questions (default: every test photograph)

    The right option is another photograph of the person or, for attention and practice always, the
    very one. Nobody who is asked about is a distractor, and as few as possible are one twice.
    Raises PenumbraError, saying what to relax, where there are too few people, second photographs,
    or people who share the attributes in `matched_on` with the right photograph.
    """
    everybody = photographs(faces, faces.indices("test"))
    reconstructed = everybody if among is None else photographs(faces, among)
    order = np.random.default_rng([seed, WHOM]).permutation(list(everybody)).tolist()
    asked = _asked(order, everybody, reconstructed, design)
    left = [person for person in order if person not in set(asked)]
    # Not everybody is asked the same questions about unprotected faces.
    spared = max(FEWEST_ATTENTION, SPARE_ATTENTION * design["attention"])
    extra = ["attention"] * spared + ["practice"]
    beside = {person: everybody[person] for person in left[len(extra) :]}
    if len(beside) < design["options"] - 1:
        most = len(everybody) - len(extra) - design["options"] + 1
        raise PenumbraError(
            f"{faces.dataset} has {len(everybody)} test people: with {design['options']} options, "
            f"and {len(extra)} people for practice and attention questions, at most "
            f"{max(most, 0)} can be asked about, not {design['people']}; ask about fewer people, "
            "or show fewer options"
        )
    same = design["photograph"] == "same"
    whose = [("question", person, reconstructed[person], same) for person in asked]
    spare = zip(extra, left[: len(extra)], strict=True)
    whose += [(role, person, everybody[person], True) for role, person in spare]
    pairs = [_pair(person, rows, everybody[person], same, seed) for _, person, rows, same in whose]
    matched = design["matched_on"] if design["distractors"] == "matched" else []
    columns = dict(zip(matched, faces.columns(matched), strict=True))
    fitting = partial(_fitting, faces, np.concatenate(list(beside.values())))
    used: Counter[int] = Counter()
    others: list[list[int]] = []
    for part, shared, stream in (
        (pairs[: len(asked)], columns, BESIDE),
        (pairs[len(asked) :], {}, UNASKED),
    ):
        drawn = np.random.default_rng([seed, stream])
        rights = [right for _, right in part]
        others += _others(fitting, rights, shared, design["options"] - 1, drawn, used)
    return [
        Trial(role, person, photograph, (right, *distractors))
        for (role, person, _, _), (photograph, right), distractors in zip(
            whose, pairs, others, strict=True
        )
    ]


def _asked(
    order: Sequence[int],
    everybody: Photographs,
    reconstructed: Photographs,
    design: Mapping[str, Any],
) -> list[int]:
    """The first of `order` who can be asked about."""
    wanted, other = design["people"], design["photograph"] == "other"
    able = [p for p in order if p in reconstructed and (len(everybody[p]) > 1 or not other)]
    if len(able) >= wanted:
        return able[:wanted]
    all_of_them = len(reconstructed) == len(everybody)
    who = "the data set has" if all_of_them else "the attackers of these settings have redrawn"
    held = f"{who} {len(reconstructed)} test people"
    if len(able) < len(reconstructed):
        raise PenumbraError(
            f"{held}, of whom {len(able)} have a second photograph that could be the right option; "
            f"the study asks about {wanted}: ask about fewer people, or let the right option be the "
            "very photograph that was redrawn (photograph: same)"
        )
    instead = "" if all_of_them else ", or choose mirrored_decoder as attacker"
    raise PenumbraError(f"{held}; the study asks about {wanted}: ask about fewer people{instead}")


def _pair(
    person: int, shown: NDArray[np.int64], rows: NDArray[np.int64], same: bool, seed: int
) -> tuple[int, int]:
    """(the row to reconstruct, of those `shown`; the row of the right option) of one person."""
    drawn = np.random.default_rng([seed, SHOWN, person])
    photograph = int(drawn.choice(shown))
    return photograph, photograph if same else int(drawn.choice(rows[rows != photograph]))


def _others(
    fitting: Fitting,
    rights: Sequence[int],
    columns: Mapping[str, int],
    wanted: int,
    drawn: np.random.Generator,
    used: Counter[int],
) -> list[list[int]]:
    """Rows of `wanted` people beside each of the photographs `rights`, who share its attributes in
    `columns`. `used`: how often each has been a distractor; counted on here."""
    able = [fitting(right, [*columns.values()]) for right in rights]
    if lacking := sum(len(found) < wanted for found in able):
        raise PenumbraError(_too_few(fitting, rights, columns, wanted, lacking))
    found: list[list[int]] = [[] for _ in rights]
    # those first who have the fewest to choose from
    for place in sorted(range(len(rights)), key=lambda i: len(able[i])):
        people = drawn.permutation(list(able[place])).tolist()
        chosen = sorted(people, key=lambda person: used[person])[:wanted]
        used.update(chosen)
        found[place] = [int(drawn.choice(able[place][person])) for person in chosen]
    return found


def _fitting(
    faces: Faces, rows: NDArray[np.int64], right: int, columns: Sequence[int]
) -> Photographs:
    """Who has a photograph among `rows` that shares the attributes in `columns` with `right`, and
    which."""
    if columns:
        alike = faces.attributes[rows][:, columns] == faces.attributes[right, columns]
        rows = rows[alike.all(axis=1)]
    return photographs(faces, rows)


def _too_few(
    fitting: Fitting, rights: Sequence[int], columns: Mapping[str, int], wanted: int, lacking: int
) -> str:
    """What to say where matches are missing, with the attribute whose absence helps most."""
    without = {}
    for name, column in columns.items():
        rest = [other for other in columns.values() if other != column]
        without[name] = sum(len(fitting(right, rest)) < wanted for right in rights)
    # of equal ones the last: designs name first what matters most
    helps = min(reversed(without), key=lambda name: without[name])
    left = f"it would be {without[helps]}" if without[helps] else "there would be enough"
    return (
        f"for {lacking} of the {len(rights)} people asked about, fewer than {wanted} others share "
        f"{', '.join(columns)} with the right photograph; without {helps} {left}: match on fewer "
        "attributes, show fewer options, or ask about fewer people"
    )
