"""A `Run` describes one training completely; its id names its folder. The same `Run` gives the same
id and, on the same device and the same photographs, the same weights."""

import functools
import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = 1  # of the run folder's format; a folder of another version is refused
# How trainings are done. 1, until December 2026: batch norm kept the running statistics of the last
# steps, and DeepObfuscator drew its noise image anew for every photograph (both are mended in 2).
RECIPE = 2
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
ATTRIBUTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ -]{0,59}")
RUN_ID = re.compile(r"[a-z0-9_]{1,40}-[0-9a-f]{10}")


def home() -> Path:
    """Folder for what belongs to this machine alone: registered data sets, packed photographs,
    jobs, shared pretrainings. `PENUMBRA_HOME` moves it."""
    return _folder("PENUMBRA_HOME", ".penumbra")


def checkpoints() -> Path:
    """Folder of all runs, `<dataset>/<run_id>/`. `PENUMBRA_CHECKPOINTS` moves it."""
    return _folder("PENUMBRA_CHECKPOINTS", "checkpoints")


def _folder(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or ROOT / default).expanduser().resolve()


@dataclass(frozen=True)
class Run:
    """One training, described.

    method    of `core.methods.METHODS`
    dataset   a name of `core.data.catalogue()`
    preset    "paper" (published widths and input size) or "compact" (thinner, 64x64)
    tasks     attributes the service needs
    private   attributes to hide; may be empty
    knobs     values of the method's training-time knobs by name; one training serves all values of
              a release-time knob
    schedule  entries that replace the preset's schedule (for example {"epochs": 1})
    seed      of everything random in the training
    recipe    of `RECIPE`: a training of an earlier one stays what it was
    """

    method: str
    dataset: str
    preset: str = "compact"
    tasks: tuple[str, ...] = ("Smiling",)
    private: tuple[str, ...] = ("Male",)
    knobs: dict[str, float] = field(default_factory=dict)
    schedule: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    recipe: int = RECIPE

    def canonical(self) -> str:
        """The Run as JSON with sorted keys: what is hashed. The first recipe has no name in it."""
        entries = asdict(self)
        if self.recipe == 1:
            del entries["recipe"]
        return json.dumps(entries, sort_keys=True, separators=(",", ":"))

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


def code_fingerprint() -> str:
    """SHA-256 over the engine's own source: stored with every run, so that a figure can be traced
    to the code that made it."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "core").rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
