"""A `Run` describes one training completely; its id names its folder.

The description is plain data: two people who write the same `Run` get the same id, and, on the
same device and the same photographs, the same weights.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import PenumbraError

ROOT = Path(__file__).resolve().parent.parent
VERSION = 1  # of the run folder's format; a folder of another version is refused
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
ATTRIBUTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ -]{0,59}")
RUN_ID = re.compile(r"[a-z0-9_]{1,40}-[0-9a-f]{10}")


def home() -> Path:
    """Folder for what belongs to this machine alone: registered data sets, packed photographs,
    jobs, shared pretrainings. `PENUMBRA_HOME` moves it."""
    return Path(os.environ.get("PENUMBRA_HOME") or ROOT / ".penumbra").expanduser().resolve()


def checkpoints() -> Path:
    """Folder of all runs, `<dataset>/<run_id>/`. `PENUMBRA_CHECKPOINTS` moves it."""
    return (
        Path(os.environ.get("PENUMBRA_CHECKPOINTS") or ROOT / "checkpoints").expanduser().resolve()
    )


@dataclass(frozen=True)
class Run:
    """One training, described.

    method    a key of `core.methods.METHODS`
    dataset   a name of `core.data.catalogue()`
    preset    "paper" (published widths and input size) or "compact" (thinner, 64x64)
    tasks     attributes the service needs (utility)
    private   attributes to hide; may be empty for baselines that hide nothing in particular
    knobs     values of the method's training-time knobs by name; release-time knobs are no part
              of a Run: one training serves all their values
    schedule  entries that replace the preset's schedule (for example {"epochs": 1}); a quick
              trial is another run than the full training and has another id
    seed      of everything random in the training
    """

    method: str
    dataset: str
    preset: str = "compact"
    tasks: tuple[str, ...] = ("Smiling",)
    private: tuple[str, ...] = ("Male",)
    knobs: dict[str, float] = field(default_factory=dict)
    schedule: dict[str, float] = field(default_factory=dict)
    seed: int = 0

    def canonical(self) -> str:
        """The Run as JSON with sorted keys: what is hashed."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @functools.cached_property  # asked for every row of findings
    def id(self) -> str:
        return f"{self.method}-{hashlib.sha256(self.canonical().encode()).hexdigest()[:10]}"

    @property
    def folder(self) -> Path:
        return checkpoints() / self.dataset / self.id

    def lock(self, purpose: str) -> Path:
        """Lock file beside the run folders: processes on any machine that see the same folder
        agree on who does what."""
        place = checkpoints() / self.dataset / ".locks"
        place.mkdir(parents=True, exist_ok=True)
        return place / f"{self.id}.{purpose}"


def checked(run: Run) -> Run:
    """Return `run` with the method's default for every training knob left out, numbers as floats
    (so that 1 and 1.0 are one run) and tuples for lists.

    Raises PenumbraError naming the field that is wrong.
    """
    from core.methods import METHODS
    from core.methods.declare import RESERVED

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
    knobs = {knob.name: float(knob.default) for knob in method.knobs if knob.when == "train"}
    for name, value in run.knobs.items():
        if name not in knobs:
            known = ", ".join(knobs) or "none"
            raise PenumbraError(f"{run.method} has no training knob {name!r}; it has: {known}")
        knobs[name] = _number(value, f"knob {name}")
    schedule = {}
    for name, value in run.schedule.items():
        if name not in method.presets[run.preset]["schedule"]:
            known = ", ".join(method.presets[run.preset]["schedule"]) or "none"
            raise PenumbraError(f"{run.method} has no schedule entry {name!r}; it has: {known}")
        schedule[name] = _number(value, f"schedule entry {name}")
    return replace(
        run, tasks=tuple(run.tasks), private=tuple(run.private), knobs=knobs, schedule=schedule
    )


def _number(value: Any, label: str) -> float:
    """`value` as a finite number >= 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
        raise PenumbraError(f"{label} is {value!r}; it must be a number from 0 to 1e9")
    return float(value)


def from_dict(entry: dict[str, Any]) -> Run:
    """A Run from JSON, checked. Raises PenumbraError on unknown or missing fields."""
    fields = set(Run.__dataclass_fields__)
    if not isinstance(entry, dict) or not {"method", "dataset"} <= set(entry) <= fields:
        raise PenumbraError(
            f"a run needs method and dataset, and may have {', '.join(sorted(fields))}"
        )
    entry = dict(entry)
    for name in ("tasks", "private"):
        if name in entry:
            if not isinstance(entry[name], (list, tuple)):
                raise PenumbraError(f"{name} must be a list of attribute names")
            entry[name] = tuple(entry[name])
    for name in ("knobs", "schedule"):
        if not isinstance(entry.get(name, {}), dict):
            raise PenumbraError(f"{name} must map names to numbers")
    for name, kind in (("seed", int), ("method", str), ("dataset", str), ("preset", str)):
        if name in entry and (not isinstance(entry[name], kind) or isinstance(entry[name], bool)):
            raise PenumbraError(f"{name} must be a {kind.__name__}, not {entry[name]!r}")
    return checked(Run(**entry))


def code_fingerprint() -> str:
    """SHA-256 over the engine's own source: stored with every run, so that a figure can be traced
    to the code that made it."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "core").rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def state(folder: Path) -> str:
    """ "finished", "training" (has saved progress or is running), "empty" or "damaged"."""
    if not (folder / "run.json").is_file():
        return "damaged" if any(folder.iterdir()) else "empty"
    if (folder / "done").is_file():
        return "finished" if (folder / "weights.safetensors").is_file() else "damaged"
    return "training"
