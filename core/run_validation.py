"""Whether a `Run` can be trained, and reading one: the checks that need to know the methods."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import PenumbraError
from core.methods import METHODS
from core.methods.declare import RESERVED
from core.run import ATTRIBUTE, NAME, RECIPE, VERSION, Run
from core.storage import run_folder


def checked(run: Run) -> Run:
    """`run` with the method's default for each training knob that it does not name, numbers as
    floats (so that 1 and 1.0 are one run) and tuples for lists.

    Raises PenumbraError naming the field that is wrong.
    """
    if run.method not in METHODS:
        raise PenumbraError(f"unknown method {run.method!r}; choose one of {', '.join(METHODS)}")
    method = METHODS[run.method]
    if not NAME.fullmatch(run.dataset):
        raise PenumbraError(
            f"data set name {run.dataset!r} must be a-z, 0-9, _ or -, up to 40 long"
        )
    if run.preset not in method.presets:
        raise PenumbraError(
            f"{run.method} has no preset {run.preset!r}; choose one of {', '.join(method.presets)}"
        )
    for label, names in (("task", run.tasks), ("private attribute", run.private)):
        for name in names:
            if not isinstance(name, str) or not ATTRIBUTE.fullmatch(name):
                raise PenumbraError(f"{label} {name!r} is no attribute name")
            if name in RESERVED and name not in method.understands:
                raise PenumbraError(f"{run.method} cannot have {name} as {label}")
        if len(set(names)) != len(names):
            raise PenumbraError(f"{label} named twice: {', '.join(names)}")
    if not run.tasks:
        raise PenumbraError("name at least one task attribute (what the service is for)")
    both = set(run.tasks) & set(run.private)
    if both:
        raise PenumbraError(f"{', '.join(sorted(both))} cannot be both a task and private")
    if not 0 <= run.seed < 2**31:
        raise PenumbraError(f"seed {run.seed} must lie between 0 and {2**31 - 1}")
    if run.recipe not in range(1, RECIPE + 1):
        raise PenumbraError(f"recipe {run.recipe} is unknown here; the newest is {RECIPE}")
    knobs = {knob.name: float(knob.default) for knob in method.knobs if knob.when == "train"}
    knobs |= _numbers(run.knobs, knobs, run.method, "knob")
    entries = method.presets[run.preset]["schedule"]
    schedule = _numbers(run.schedule, entries, run.method, "schedule entry")
    for choice in method.choices:
        value = schedule.get(choice.name)
        first, last = (0, len(choice.values) - 1) if choice.values else choice.between
        if value is not None and value not in range(first, last + 1):
            known = ", ".join(f"{number} ({what})" for number, what in enumerate(choice.values))
            known = known or f"the whole numbers from {first} to {last}"
            raise PenumbraError(f"{choice.name} is {value:g}; choose one of {known}")
    return replace(
        run, tasks=tuple(run.tasks), private=tuple(run.private), knobs=knobs, schedule=schedule
    )


def _numbers(
    given: Mapping[str, Any], known: Collection[str], method: str, what: str
) -> dict[str, float]:
    """The values, finite numbers >= 0, of a method's knobs or schedule entries."""
    for name, value in given.items():
        if name not in known:
            kind = what.replace("knob", "training knob")
            has = ", ".join(known) or "none"
            raise PenumbraError(f"{method} has no {kind} {name!r}; it has: {has}")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
            raise PenumbraError(f"{what} {name} is {value!r}; it must be a number from 0 to 1e9")
    return {name: float(value) for name, value in given.items()}


def from_dict(entry: dict[str, Any]) -> Run:
    """A Run from JSON, checked; of the first recipe where it names none. Raises PenumbraError on
    unknown or missing fields."""
    fields = set(Run.__dataclass_fields__)
    if not isinstance(entry, dict) or not {"method", "dataset"} <= set(entry) <= fields:
        raise PenumbraError(
            f"a run needs method and dataset, and may have {', '.join(sorted(fields))}"
        )
    entry = dict(entry)
    entry.setdefault("recipe", 1)
    for name in ("tasks", "private"):
        if name in entry:
            if not isinstance(entry[name], (list, tuple)):
                raise PenumbraError(f"{name} must be a list of attribute names")
            entry[name] = tuple(entry[name])
    for name in ("knobs", "schedule"):
        if not isinstance(entry.get(name, {}), dict):
            raise PenumbraError(f"{name} must map names to numbers")
    for name, kind in (
        ("seed", int),
        ("recipe", int),
        ("method", str),
        ("dataset", str),
        ("preset", str),
    ):
        if name in entry and (not isinstance(entry[name], kind) or isinstance(entry[name], bool)):
            raise PenumbraError(f"{name} must be a {kind.__name__}, not {entry[name]!r}")
    return checked(Run(**entry))


def read_run(folder: Path) -> Run:
    """The Run of a folder. Raises PenumbraError when run.json is missing, damaged or of another
    version, or when the folder was renamed or lies outside its data set's folder."""
    record = run_folder.read_record(folder)
    if record.get("version") != VERSION:
        raise PenumbraError(
            f"{folder.name} was written by another version of Penumbra; train it again"
        )
    run = from_dict(record.get("run", {}))
    if run.id != folder.name:
        raise PenumbraError(f"{folder} holds {run.id}; give the folder its own name back")
    if run.dataset != folder.parent.name:
        raise PenumbraError(
            f"{folder} is a run of the data set {run.dataset!r}, and is read only in a folder of that "
            f"name: move it to {run.folder}"
        )
    return run
