"""Numbers of runs on photographs of people, without the photographs, the networks, and anything else
that is about one photograph or one person.

Nothing is taken away from a run's folder: what may leave is listed here, and only that is written.
`offences` goes through what was written and names everything that is not on the lists.
"""

import json
import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from core.attacks.attackers import CERTIFICATE, WORST_CASE
from core.attacks.attributes.learning_curve import data_curve
from core.errors import DAMAGE, PenumbraError
from core.run import ATTRIBUTE, RUN_ID
from core.run_validation import read_run
from core.storage import (
    array_file,
    attack_folders,
    cost_file,
    files,
    findings_file,
    numbers_only,
    run_folder,
    whole_folders,
)

RECORD = (  # of run.json
    "version",
    "run",
    "attributes",
    "data",
    "device",
    "device_type",
    "threads",
    "torch",
    "code",
    "notes",
    "seconds",
    "steps",
    "weights_sha256",
)
DATA = ("fingerprint", "photographs", "identities")  # counts, by split and in all
# Of an attack's arrays, what charts of numbers read: names of attackers, a curve over counts, and what
# a certificate rests on.
ENDS = ("value", "low", "high")
AGGREGATES = {
    WORST_CASE.name: ("targets", "chosen", "criteria", "criteria_chosen"),
    CERTIFICATE.name: (
        *("delta", "certificates", "people", "fingerprints"),
        *("names", "floors", "frontiers"),
    ),
    data_curve.name: (
        *("attributes", "people", "photographs", "ahead", *ENDS),
        *(f"ahead_{end}" for end in ENDS),
    ),
}
MOST = 2000  # numbers in one of them: there are fewer attributes and sizes, and more photographs
TARGET = re.compile(rf"attribute:({ATTRIBUTE.pattern})|identity|image|features|verification")
PROTOCOLS = ("strict", "paper", "proof")


def export(folder: Path, into: Path, values: Collection[float | None]) -> Path:
    """Write the numbers of a finished run, as far as its attacks were on one of the release `values`,
    to `into/<dataset>/<run id>/`, in place of what was there. Returns that folder."""
    run = read_run(folder)
    record = run_folder.read_record(folder)
    target = into / run.dataset / run.id
    partial = target.with_name(f".{target.name}.part")
    if partial.exists():
        shutil.rmtree(partial)
    kept = {name: record[name] for name in RECORD if name in record}
    kept["data"] = {name: record["data"][name] for name in DATA}
    run_folder.write_record(partial, kept)
    if cost := cost_file.read(folder):
        cost_file.write(partial, cost)
    for place in attack_folders.all_finished(folder):
        task = attack_folders.task_of(place)
        if task.value in values and task.plain == task.attack:
            _export_attack(place, attack_folders.place(partial, task), task.attack)
    if target.exists():
        shutil.rmtree(target)
    partial.rename(target)
    return target


def _export_attack(place: Path, target: Path, attack: str) -> None:
    names = findings_file.COLUMNS
    rows = [{n: v for n, v in row.items() if n in names} for row in findings_file.read(place)]
    allowed = AGGREGATES.get(attack, ())
    found = array_file.read(place) if allowed and array_file.exist(place) else {}
    arrays = {name: array for name, array in found.items() if name in allowed}
    attack_folders.save(target, rows, arrays, {}, attack_folders.seconds(place))


def offences(dataset_folder: Path) -> list[str]:
    """One line for everything in the folder of a data set that is not on the lists: files, fields,
    arrays, and rows of which one cannot say what they sum up."""
    found = []
    for path in sorted(dataset_folder.rglob("*")):
        if path.is_symlink():
            found.append(f"{path}: a link")
        elif path.is_file():
            try:
                found += [f"{path}: {what}" for what in _wrong(path, dataset_folder)]
            except (PenumbraError, *DAMAGE) as error:
                found.append(f"{path}: {error}")
    return found


def _wrong(path: Path, root: Path) -> Iterator[str]:
    """What of one file is not on the lists."""
    parts = path.relative_to(root).parts
    if parts == (numbers_only.NAME,):
        numbers_only.read(root)
        yield from _beyond(files.read_json(path), numbers_only.NumbersOnly._fields)
    elif len(parts) == 2 and RUN_ID.fullmatch(parts[0]) and parts[1] == "run.json":
        record = files.read_json(path)
        read_run(path.parent)
        yield from _beyond(record, RECORD)
        yield from _beyond(record["data"], DATA)
        counts = (*record["data"]["photographs"].values(), record["data"]["identities"])
        if not all(type(count) is int for count in counts):
            yield "counts that are none"
    elif len(parts) == 2 and RUN_ID.fullmatch(parts[0]) and parts[1] == cost_file.NAME:
        cost = cost_file.read(path.parent) or {}
        yield from _beyond(cost, (*cost_file.RECORD, "version", "releases"))
        for release in cost.get("releases", ()):
            yield from _beyond(release, cost_file.RELEASE)
    elif (
        len(parts) == 5
        and RUN_ID.fullmatch(parts[0])
        and (parts[1] == "attacks" and parts[2] in PROTOCOLS)
    ):
        yield from _wrong_of_attack(path)
    else:
        yield "no file of a run's numbers"


def _beyond(found: dict[str, Any], allowed: Collection[str]) -> Iterator[str]:
    for name in sorted(set(found) - set(allowed)):
        yield f"the field {name}"


def _wrong_of_attack(path: Path) -> Iterator[str]:
    attack = attack_folders.task_of(path.parent)
    if path.name == whole_folders.DONE:
        if not re.fullmatch(r"(\d+\.\d\d\n)?", path.read_text(encoding="utf-8")):
            yield "more than the seconds that it took"
    elif path.name == array_file.NAME:
        for name, array in array_file.read(path.parent).items():
            if name not in AGGREGATES.get(attack.attack, ()):
                yield f"the array {name}"
            elif array.size > MOST or array.dtype.kind not in "Uif":
                yield f"the array {name} has {array.size} entries of {array.dtype}"
    elif path.name == findings_file.NAME:
        seen = set()
        for row in findings_file.read(path.parent):
            yield from _beyond(row, findings_file.COLUMNS)
            key = json.dumps([row[name] for name in ("target", "role", "attacker", "metric")])
            if key in seen:
                yield f"{key} twice"
            seen.add(key)
            if not TARGET.fullmatch(row["target"]):
                yield f"the target {row['target'][:60]!r}"
        findings_file.columns(path.parent, path.parents[3].name, 0)
    else:
        yield "no file of an attack's numbers"
