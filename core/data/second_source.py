"""A second data set for attackers: the photographs in it that show nobody of the run's own.

Attackers that had seen the people they are tested on would be no strict attackers.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.data import datasets, joined
from core.data.faces import Faces
from core.data.joined import Entry
from core.errors import PenumbraError


class SecondSource(NamedTuple):
    """A data set's `faces`, all of them, at the run's size; positions in it, ascending, of people
    who are not in the run's data set; and how many people are in both."""

    dataset: str
    faces: Faces
    rows: NDArray[np.int64]
    left_out: int


def second_source(dataset: str, faces: Faces, progress: bool = True) -> SecondSource:
    """The data set `dataset` at the size of `faces`, a run's photographs, without whom both have.

    By their names alone: see `joined.names_alike`. It may be more of the people from the same
    folder. Raises PenumbraError for an unknown name, for the run's own data set, and where nobody
    remains.
    """
    own = faces.dataset
    ours, theirs = (datasets.sources(datasets.entry_of(name)) for name in (own, dataset))
    if dataset == own:
        raise PenumbraError(f"{own} is the run's own data set; name another one as the second")
    for entry in theirs:  # read by another kind of source, the people of a folder have other names
        others_kind = tuple(mine for mine in ours if mine["source"] != entry["source"])
        joined.check_folders(own, others_kind, dataset, (entry,))
    others = datasets.load(dataset, faces.height, faces.width, progress)
    known = _people(own, ours, faces)
    both = {
        number
        for entry, people in _people(dataset, theirs, others)
        for other, names in known
        if joined.names_alike(entry, other)
        for name, number in people.items()
        if name in names
    }
    rows = np.flatnonzero(~np.isin(others.identities, sorted(both)))
    if not len(rows):
        raise PenumbraError(
            f"everybody in {dataset} has the name of somebody in {own}: give photographs of other "
            "people, or other names to people who are not the same"
        )
    return SecondSource(dataset, others, rows, len(both))


def _people(
    dataset: str, sources: tuple[Entry, ...], faces: Faces
) -> list[tuple[Entry, dict[str, int]]]:
    """(entry, {its own name of a person: the number in `faces.identities`}) of each of the
    `sources` of a data set: two where it is a join."""
    numbers = {name: number for number, name in enumerate(faces.identity_names)}
    if len(sources) == 1:
        return [(sources[0], numbers)]
    prefix = joined.prefixed(joined.names(datasets.entry_of(dataset))[1], "")
    second = {name: number for name, number in numbers.items() if name.startswith(prefix)}
    first = {name: number for name, number in numbers.items() if name not in second}
    return [
        (sources[0], first),
        (sources[1], {name.removeprefix(prefix): number for name, number in second.items()}),
    ]
