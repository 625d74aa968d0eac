"""Certificates of a run: what no attacker can do, proven on people who were used for nothing before.

Kept as another attack's findings, `attacks/proof/certificate[@<release value>]/`. Nothing is written
of a release of which nothing can be proven.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.attacks.attackers import CERTIFICATE
from core.attacks.interface import Result
from core.certificates import finite, histograms, noise
from core.certificates.finite import Bound
from core.certificates.histograms import Floats, Groups
from core.certificates.labels import MOST_TASKS, frontier
from core.data import SecondSource
from core.data.faces import Faces
from core.data.on_device import read
from core.evaluation.write import write_changes
from core.methods import METHODS, Model
from core.methods.declare import attributes_among
from core.metrics import Metric
from core.metrics import certificates as metrics
from core.run import Run
from core.seeding import generator_for, seed_of
from core.storage import attack_folders, findings_file
from core.storage.attack_folders import Task

DELTA = 0.05  # of all that is proven of a run together
# What the parts of it are for: one release, two photographs, repeated releases of one.
SHARES = {metrics.PROVEN: 0.8, metrics.PROVEN_PAIR: 0.1, metrics.PROVEN_REPEATED: 0.1}
REPEATED = 16  # releases of one photograph, where the noise is Gaussian
MOST_PAIRS = 40  # answers up to which pairs of them are counted
BATCH = 256


class Counted(NamedTuple):
    """Photographs of people whom nothing of the method has seen: rows of one data set or two."""

    parts: tuple[tuple[Faces, NDArray[np.int64]], ...]

    @property
    def people(self) -> NDArray[np.int64]:
        """(n,), other numbers in each data set."""
        found, first = [], 0
        for faces, rows in self.parts:
            found.append(faces.identities[rows] + first)
            first += len(faces.identity_names) or int(faces.identities.max(initial=0)) + 1
        return np.concatenate(found)

    def labels(self, names: Sequence[str]) -> NDArray[np.int8]:
        """(n, names)."""
        return np.concatenate([f.attributes[rows][:, f.columns(names)] for f, rows in self.parts])

    @property
    def said(self) -> str:
        return ",".join(faces.dataset for faces, _ in self.parts)


def people_of(faces: Faces, other: SecondSource | None = None) -> Counted:
    """The attacker's, the validation and the test people, and all of another data set who are not in
    the run's own."""
    rows = np.sort(np.concatenate([faces.indices(s) for s in ("attacker", "validation", "test")]))
    more = ((other.faces, other.rows),) if other is not None else ()
    return Counted(((faces, rows), *more))


def is_done(folder: Path, value: float | None) -> bool:
    return attack_folders.is_done(folder, Task("proof", CERTIFICATE.name, value))


def found(folder: Path, values: Sequence[float | None]) -> list[dict[str, Any]]:
    """The findings that are kept of a run at these release values."""
    tasks = [Task("proof", CERTIFICATE.name, v) for v in values if is_done(folder, v)]
    return [row for task in tasks for row in findings_file.read(attack_folders.place(folder, task))]


def certify(
    folder: Path,
    run: Run,
    model: Model,
    counted: Counted,
    device: torch.device,
    values: Sequence[float | None],
) -> None:
    """Prove what can be proven of a run's releases at `values`, and keep it where it changed.

    Delta is divided among the private attributes and all values of the method's own grid, whether
    they are asked for or not: it must not depend on what has been seen.
    """
    names = list(attributes_among(run.private))
    grid = METHODS[run.method].release_values
    settings = len({*grid, *values}) * max(1, len(names))
    deltas = {metric: DELTA * share / settings for metric, share in SHARES.items()}
    prove = _proofs(run, model, counted, device, names, deltas) if values else None
    if prove is None:
        return
    arrays = {
        "delta": np.array(DELTA),
        "certificates": np.array(settings * len(SHARES)),
        "people": np.array(counted.said),
        "fingerprints": np.array([faces.fingerprint for faces, _ in counted.parts]),
    } | _possible(run, counted, names)
    for value in values:
        if findings := prove(value):
            result = Result([row.finding() for row in findings], arrays)
            write_changes(folder, run, Task("proof", CERTIFICATE.name, value), result)


def _possible(run: Run, counted: Counted, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """`names` of the secrets, the `floors` of each and the `frontiers` (names, limits, 2) of what is
    possible at all (`core.certificates.labels`), where the tasks are attributes, and few."""
    tasks = attributes_among(run.tasks)
    if not names or not 0 < len(tasks) <= MOST_TASKS or len(tasks) < len(run.tasks):
        return {}
    answers, people = counted.labels(tasks), counted.people
    found = [frontier(answers, counted.labels([name])[:, 0], people) for name in names]
    return {
        "names": np.array(names, dtype=str),
        "floors": np.array([floor for floor, _ in found], np.float32),
        "frontiers": np.array([line for _, line in found], np.float32),
    }


class _Row(NamedTuple):
    """`people` were counted, with `photographs`; `chance` is what a guesser scores."""

    target: str
    metric: Metric
    bound: Bound
    photographs: int
    people: int
    chance: float = 0.5

    def finding(self) -> dict[str, Any]:
        seen, bound = self.bound
        return {
            "target": self.target,
            "role": "private",
            "attacker": CERTIFICATE.name,
            "metric": self.metric.name,
            "value": _up(bound),
            "low": None if math.isnan(seen) else round(seen, 4),
            "high": _up(bound),
            "chance": round(self.chance, 4),
            "n": self.photographs,
            "identities": self.people,
        }


def _up(bound: float) -> float:
    """Four decimals, never less than the bound."""
    return math.ceil(round(bound * 1e4, 6)) / 1e4


def _proofs(
    run: Run,
    model: Model,
    counted: Counted,
    device: torch.device,
    names: Sequence[str],
    deltas: dict[Metric, float],
) -> Callable[[float | None], list[_Row]] | None:
    """What proves things of a release at one value; None where nothing can be proven."""
    people = counted.people
    labels = {name: counted.labels([name])[:, 0] for name in names}

    def each(read_one: Callable[[Tensor], Tensor]) -> NDArray[Any]:
        found = []
        with torch.no_grad():
            for faces, rows in counted.parts:
                for part in np.array_split(rows, max(1, -(-len(rows) // BATCH))):
                    found.append(read_one(read(faces, part).to(device).float() / 255).cpu())
        return torch.cat(found).numpy()

    if model.cells is not None and model.table is not None:
        cells = each(model.cells)
        own = counted.parts[0][0]
        tested = len(np.unique(own.identities[own.indices("test")]))
        return partial(_of_answers, model.table, cells, people, labels, tested, deltas)
    known = model.noise() if model.noise is not None else {}
    if "root" in known and names:
        code = each(lambda x: model.release(x, generator_for("proof"), 0.0)).astype(np.float64)
        root = known["root"].double().cpu().numpy()
        return partial(_of_noise, run.id, root, code, people, labels, deltas)
    return None


def _of_answers(
    table_at: Callable[[float | None], Tensor],
    cells: NDArray[np.int64],
    people: NDArray[np.int64],
    labels: dict[str, NDArray[np.int8]],
    tested: int,
    deltas: dict[Metric, float],
    value: float | None,
) -> list[_Row]:
    with torch.no_grad():
        table = table_at(value).double().cpu().numpy()
    places = histograms.one_hot(cells, len(table))
    found = []

    def add(name: str, metric: Metric, groups: Groups) -> None:
        bound = finite.balanced(groups, deltas[metric])
        found.append(_Row(f"attribute:{name}", metric, bound, len(cells), groups.people))

    for name, of in labels.items():
        groups = histograms.of_people(places, people, of)
        add(name, metrics.PROVEN, groups.through(table))
        if table.shape[1] <= MOST_PAIRS:
            add(name, metrics.PROVEN_PAIR, histograms.of_pairs(places @ table, people, of))
        if not np.isin(table, (0, 1)).all():  # fresh draws of one photograph tell its cell
            add(name, metrics.PROVEN_REPEATED, groups)
    factor = finite.capacity(table)
    named = finite.identification(factor, tested)
    for metric, bound, chance in (
        (metrics.PROVEN_NAMED, named, 1 / tested),
        (metrics.CAPACITY, factor, 1.0),
    ):
        found.append(_Row("identity", metric, Bound(math.nan, bound), len(cells), tested, chance))
    return found


def _of_noise(
    run_id: str,
    root: Floats,
    code: Floats,
    people: NDArray[np.int64],
    labels: dict[str, NDArray[np.int8]],
    deltas: dict[Metric, float],
    value: float | None,
) -> list[_Row]:
    found: list[_Row] = []
    for name, of in labels.items() if value else ():
        having, without = _by_person(code, people, of)
        for metric, releases in ((metrics.PROVEN, 1), (metrics.PROVEN_REPEATED, REPEATED)):
            seed = seed_of(f"{run_id}/proof/{value}/{name}/{releases}")
            scaled = root * math.sqrt(value or 0)
            bound = noise.balanced(having, without, scaled, deltas[metric], seed, releases)
            who = len(having) + len(without)
            found.append(_Row(f"attribute:{name}", metric, bound, len(code), who))
    return found


def _by_person(
    code: Floats, people: NDArray[np.int64], labels: NDArray
) -> tuple[list[Floats], list[Floats]]:
    """The rows of each person with an attribute, and of each without it; mixed ones are left out."""
    having: list[Floats] = []
    without: list[Floats] = []
    for person in np.unique(people):
        mine = people == person
        share = float(labels[mine].mean())
        if share in (0.0, 1.0):
            (having if share else without).append(code[mine])
    return having, without
