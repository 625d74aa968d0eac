"""Defender, attacker, validation and test photographs, such that no person is in two of them.

The seeded split is a pure function of a person's name and the seed: two data sets that share people
(two crops of CelebA, say) put each of them on the same side.
"""

from collections.abc import Sequence

import numpy as np

from core.data.faces import SPLITS
from core.errors import PenumbraError
from core.seeding import seed_of

# Shares of the identities, in the order of SPLITS.
FRACTIONS = (0.40, 0.35, 0.05, 0.20)


def place(identity: str, seed: int) -> float:
    """A person's place in [0, 1), uniform over people and fixed for (identity, seed)."""
    return seed_of(f"{seed}\0{identity}", 8) / 2**64


def seeded(identities: Sequence[str], seed: int) -> tuple[np.ndarray, list[str]]:
    """(split int8 (N,), notes) of N photographs of the people `identities`.

    Where a split would stay empty, as with a handful of people, they are ranked by place instead,
    and a note says so. Raises PenumbraError below four people.
    """
    people, codes = np.unique(np.array(identities, dtype=object), return_inverse=True)
    if len(people) < len(SPLITS):
        raise PenumbraError(
            f"{len(people)} people cannot fill {len(SPLITS)} splits that share nobody; "
            "add photographs of more people"
        )
    bounds = np.cumsum(FRACTIONS)[:-1]
    places = np.array([place(person, seed) for person in people])
    of_person = np.searchsorted(bounds, places, side="right").astype(np.int8)
    notes = []
    if len(np.unique(of_person)) < len(SPLITS):
        ranks = np.argsort(np.argsort(places, kind="stable"), kind="stable")
        of_person = np.searchsorted(_counts(len(people)), ranks, side="right").astype(np.int8)
        notes.append(
            f"only {len(people)} people: split by rank, so a set that shares people with this one "
            "may place them differently"
        )
    return of_person[codes], notes


def _counts(people: int) -> np.ndarray:
    """Cumulative number of people after each split but the last, each split at least one."""
    sizes = np.maximum(1, np.floor(np.array(FRACTIONS) * people)).astype(int)
    sizes[0] += people - sizes.sum()
    return np.cumsum(sizes)[:-1]


def drawn(identities: Sequence[str], count: int) -> np.ndarray:
    """Places of the photographs of `count` of the people `identities` (N,), of all where there are
    fewer. Who is drawn follows from a person's name alone, and says nothing of their split."""
    people = sorted(set(identities), key=lambda person: (place(f"drawn\0{person}", 0), person))
    chosen = set(people[:count])
    return np.array([row for row, person in enumerate(identities) if person in chosen], dtype=int)


def to_learn_from(identities: Sequence[str], seed: int) -> np.ndarray:
    """Split int8 (N,) of people who are never tested: defender or attacker by a person's place, in
    the proportion that these have in `FRACTIONS`. Either may stay empty."""
    border = FRACTIONS[0] / (FRACTIONS[0] + FRACTIONS[1])
    return np.array([place(person, seed) >= border for person in identities], dtype=np.int8)


def official(
    identities: Sequence[str], partition: Sequence[int], seed: int
) -> tuple[np.ndarray, list[str]]:
    """(split, notes) by CelebA's own partition: 2 is test; the people of 0 are halved into defender
    and attacker, those of 1 into validation and attacker (an attack is chosen on few photographs
    and trained on many). Where a number is absent, as in a subset, or a person is in two, the
    seeded split is used and a note says so."""
    numbers = set(partition)
    of_person = dict(zip(identities, partition, strict=True))
    if numbers != {0, 1, 2} or len(set(zip(identities, partition, strict=True))) > len(of_person):
        split, notes = seeded(identities, seed)
        absent = ", ".join(str(number) for number in sorted({0, 1, 2} - numbers))
        why = f"lacks partition {absent}" if absent else "puts a person into two partitions"
        return split, [f"the official partition {why}: split by identity with seed {seed}", *notes]
    halves = {0: ("defender", "attacker"), 1: ("validation", "attacker"), 2: ("test", "test")}
    side = {
        person: SPLITS.index(halves[number][int(place(person, seed) >= 0.5)])
        for person, number in of_person.items()
    }
    return np.array([side[person] for person in identities], dtype=np.int8), [
        "the official partition is used"
    ]


def own(
    identities: Sequence[str], named: Sequence[str], label_file: str, rows: Sequence[int]
) -> np.ndarray:
    """The split column of a user's own CSV, int8 (N,). Raises PenumbraError for an unknown split
    and for a person in two."""
    first: dict[str, tuple[str, int]] = {}
    for person, name, row in zip(identities, named, rows, strict=True):
        if name not in SPLITS:
            raise PenumbraError(
                f"{label_file}, row {row}: unknown split {name!r}; write one of {', '.join(SPLITS)}"
            )
        before, where = first.setdefault(person, (name, row))
        if before != name:
            raise PenumbraError(
                f"{label_file}, row {row}: {person!r} is in split {name} here and in {before} in "
                f"row {where}; give all photographs of a person the same split"
            )
    return np.array([SPLITS.index(name) for name in named], dtype=np.int8)


def checked(split: np.ndarray, identities: Sequence[str] | np.ndarray, where: str) -> None:
    """Raise PenumbraError naming the data, `where`, if a split int8 (N,) is empty or shares one of
    the N `identities` with another."""
    for number, name in enumerate(SPLITS):
        if not np.any(split == number):
            raise PenumbraError(
                f"{where}: split {name} is empty; give it photographs, or leave the split to the seed"
            )
    people, codes = np.unique(identities, return_inverse=True)
    if len(np.unique(codes * len(SPLITS) + split)) != len(people):
        raise PenumbraError(f"{where}: a person is in two splits; every person belongs to one")
