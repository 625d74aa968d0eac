"""What `bench.on_gpu` measures: each part is a generator that yields its figures so far.

Nothing but the standard library is imported before a part begins, so that a package that is missing
costs the parts that need it, and is named in their figures.
"""

from __future__ import annotations

import gc
import itertools
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock
from xml.etree import ElementTree

from bench.gpu.isolated import Figures, without_paths

if TYPE_CHECKING:
    import torch

    from bench.methods import Bench
    from core.data.faces import Faces

COMPUTING = "float32 eager"
SECONDS = 6.0  # of steps per method, shared by its stages; half as long again without the loop
BLOCKS = 5  # into which the steps of a stage are divided; the median block is what is reported
PHOTOGRAPHS = 1024  # made of random bytes, four of each person
ATTACK_SECONDS = 45.0  # after which an attack is given no further epoch
TINY_PHOTOGRAPHS, TINY_SECONDS, TINY_ATTACK_SECONDS = 48, 0.0, 0.5
TINY_SCHEDULE = {"batch_size": 4, "adversary_width": 0.25}


def environment(device: str) -> Iterator[Figures]:
    """The device, versions, and what of requirements.txt is missing."""
    from core.run import ROOT, code_fingerprint

    required = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = [re.split(r"[\[<>=]", line)[0] for line in required if line and line[0] != "#"]
    versions = {name: _version(name) for name in names}
    found: Figures = {
        "code": code_fingerprint(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "packages": {name: version for name, version in versions.items() if version},
        "missing": [name for name, version in versions.items() if not version],
    }
    yield found
    import torch

    from core import device as devices

    chosen = devices.choose(device)
    found |= {
        "device": devices.describe(chosen),
        "torch": str(torch.__version__),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "tf32_convolutions": torch.backends.cudnn.allow_tf32,
        "tf32_matrix_products": torch.backends.cuda.matmul.allow_tf32,
    }
    if chosen.type == "cuda":
        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        found["driver"] = _said(query)
        found["memory_bytes"] = torch.cuda.get_device_properties(chosen).total_memory
    yield found


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _said(command: list[str]) -> str | None:
    """The first line that a command prints; None where it cannot be run."""
    if shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.splitlines()[0].strip() if done.returncode == 0 and done.stdout else None


def cuda_tests(tiny: bool) -> Iterator[Figures]:
    """The project's tests that are marked `cuda`, or one file of them."""
    from core.run import ROOT

    marked = [
        str(path)
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "pytest.mark.cuda" in path.read_text(encoding="utf-8")
    ]
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.xml"
        options = ["-m", "cuda", "-v", "-p", "no:cacheprovider", f"--junitxml={report}"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *marked[: 1 if tiny else None]],
            cwd=ROOT,
            check=False,
        )
        if not report.is_file():
            raise RuntimeError(f"pytest ended with status {done.returncode}")
        cases = list(ElementTree.parse(report).iter("testcase"))
    outcomes: dict[str, list[Any]] = {"passed": [], "skipped": [], "failed": []}
    for case in cases:
        name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"
        wrong = [child for kind in ("failure", "error") for child in case.findall(kind)]
        if wrong:
            message = without_paths(wrong[0].get("message", ""))[:400]
            outcomes["failed"].append({"test": name, "message": message})
        else:
            outcomes["passed" if case.find("skipped") is None else "skipped"].append(name)
    yield outcomes


def training(name: str, device: str, tiny: bool) -> Iterator[Figures]:
    """Steps of every stage of a method by the training loop's own code, on random photographs that
    lie on the device: its paper preset, or the compact one with tiny batches."""
    from bench.methods import Bench
    from core import device as devices
    from core.methods import METHODS
    from core.run import Run
    from core.run_validation import checked

    method, preset = METHODS[name], "compact" if tiny else "paper"
    settings = method.presets[preset]
    schedule = {n: v for n, v in TINY_SCHEDULE.items() if tiny and n in settings["schedule"]}
    run = checked(Run(name, "random", preset, method.tasks, method.private, schedule=schedule))
    count = TINY_PHOTOGRAPHS if tiny else PHOTOGRAPHS
    faces = random_faces(count, settings["height"], settings["width"], ("defender",))
    bench = Bench(run, faces, devices.choose(device))
    model = bench.model
    stages: list[Figures] = []
    found: Figures = {
        "preset": preset,
        "height": faces.height,
        "width": faces.width,
        "modes": {COMPUTING: {"stages": stages}},
        "parameters": sum(w.numel() for n in model.networks.values() for w in n.parameters()),
        "notes": model.notes() if model.notes else {},
    }
    seconds = TINY_SECONDS if tiny else SECONDS / max(1, sum(map(bool, bench.lengths)))
    for number, length in enumerate(bench.lengths):
        bench.prepare(number)
        if length:
            stages.append({})
            for figures in _stage(bench, number, seconds):
                stages[-1] = figures
                yield found
    yield found


def _stage(bench: Bench, number: int, seconds: float) -> Iterator[Figures]:
    """Speed and memory of one stage: first of the training loop, then of its networks and losses
    alone."""
    stage = bench.model.stages[number]
    step, count = bench.real(number), len(stage.phases)
    batch = len(bench.batch(number, 0).x)
    found: Figures = {"stage": stage.name, "batch": batch}
    peak = _peak_memory(bench.device)
    with _without_repeatable_kernel() as operations:
        for k in range(count):
            step(k)
    rates = [count * batch / each for each in _blocks(step, count, seconds, bench.device)]
    found |= peak() | {
        "images_per_second": statistics.median(rates),
        "images_per_second_low": min(rates),
        "images_per_second_high": max(rates),
        "blocks": len(rates),
        "not_repeatable": sorted(operations),
    }
    yield found
    taken: dict[str, list[float]] = {}
    for k in range(len(rates) * count):
        times = taken.setdefault(stage.phases[k % count].name, [])
        times.append(_seconds(step, [k], bench.device))
    found["milliseconds"] = {name: 1000 * statistics.median(t) for name, t in taken.items()}
    yield found
    del step  # and its optimisers
    bare = _blocks(bench.bare(number), count, seconds / 2, bench.device)
    found["images_per_second_bare"] = count * batch / statistics.median(bare)
    yield found


def _blocks(
    step: Callable[[int], None], count: int, seconds: float, device: torch.device
) -> list[float]:
    """Seconds of a pass through `count` phases: of each of at most `BLOCKS` blocks of passes, which
    take about `seconds` together, after two passes that are not counted."""
    numbers = itertools.count()

    def passes(several: int) -> float:
        steps = list(itertools.islice(numbers, several * count))
        return _seconds(step, steps, device) / several

    passes(1)
    once = passes(1)
    blocks = max(1, min(BLOCKS, int(seconds / once)))
    several = max(1, int(seconds / once / blocks))
    return [passes(several) for _ in range(blocks)]


def _seconds(step: Callable[[int], None], numbers: list[int], device: torch.device) -> float:
    _wait(device)
    began = time.perf_counter()
    for number in numbers:
        step(number)
    _wait(device)
    return time.perf_counter() - began


def _wait(device: torch.device) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _peak_memory(device: torch.device) -> Callable[[], Figures]:
    """Begin to watch the device's memory; what is returned tells the most that was used since."""
    import torch

    if device.type != "cuda":
        return dict
    gc.collect()  # networks of earlier parts
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    return lambda: {
        "peak_allocated_bytes": torch.cuda.max_memory_allocated(device),
        "peak_reserved_bytes": torch.cuda.max_memory_reserved(device),
    }


@contextmanager
def _without_repeatable_kernel() -> Iterator[set[str]]:
    """Fills in the operations within that torch warns of: those without a repeatable kernel."""
    import torch

    operations: set[str] = set()
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        torch.set_warn_always(True)
        try:
            yield operations
        finally:
            torch.set_warn_always(False)
    for warning in raised:
        operation, _, rest = str(warning.message).partition(" does not have a deterministic")
        if rest:
            operations.add(operation)


class Enough(Exception):
    """An attack has had its time."""


def attack(name: str, device: str, tiny: bool) -> Iterator[Figures]:
    """One strict attack, until it stops by itself or its time is over, on what DeepObfuscator's
    networks release before they are trained: the paper preset's maps of the synthetic faces, or
    compact ones of random photographs."""
    import torch

    from core import device as devices
    from core.attacks import ATTACKS, fitting
    from core.evaluate import Opened, view_at
    from core.methods.papers.deep_obfuscator import DEEP_OBFUSCATOR
    from core.run import Run
    from core.run_validation import checked
    from core.training import networks

    chosen = devices.choose(device)
    run = checked(Run(DEEP_OBFUSCATOR.name, "synthetic", "compact" if tiny else "paper"))
    faces, source = _attacked_faces(*DEEP_OBFUSCATOR.size(run.preset), tiny)
    model = DEEP_OBFUSCATOR.model(run, faces.attribute_names)
    networks.to_device(model, chosen)
    peak = _peak_memory(chosen)
    began = time.perf_counter()
    opened = Opened(run.folder, run, networks.freeze(model), faces, chosen)
    view = view_at(opened, None, recognisers=False)
    _wait(chosen)
    found: Figures = {
        "preset": run.preset,
        "photographs": source,
        "releases": sum(len(z) for z in view.z.values()),
        "release_shape": list(view.z["test"].shape[1:]),
        "seconds_to_release": time.perf_counter() - began,
    }
    yield found
    epochs: list[float] = []
    most = TINY_ATTACK_SECONDS if tiny else ATTACK_SECONDS

    def noted(*arguments: Any) -> Any:
        _wait(chosen)
        epochs.append(time.perf_counter())
        if epochs[-1] - epochs[0] > most:
            raise Enough
        return batches(*arguments)

    batches = fitting.batches
    began = time.perf_counter()
    with mock.patch.object(fitting, "batches", noted):
        try:
            ATTACKS[name].run(view, torch.Generator().manual_seed(0))
            _wait(chosen)
            found |= {"seconds": time.perf_counter() - began, "epochs": len(epochs)}
        except Enough:
            found["epochs"] = len(epochs) - 1
    found |= peak()
    if len(epochs) > 1:
        found["seconds_per_epoch"] = statistics.median(
            after - before for before, after in itertools.pairwise(epochs)
        )
    yield found


def _attacked_faces(height: int, width: int, tiny: bool) -> tuple[Faces, str]:
    """The synthetic faces, or random ones (and why)."""
    from core import data
    from core.data.faces import SPLITS
    from core.errors import PenumbraError

    if tiny:
        return random_faces(TINY_PHOTOGRAPHS, height, width, SPLITS), "random"
    try:
        return data.load("synthetic", height, width, progress=False), "synthetic"
    except (OSError, PenumbraError) as error:
        why = without_paths(f"random ({type(error).__name__}: {error})")[:300]
        return random_faces(PHOTOGRAPHS, height, width, SPLITS), why


def random_faces(count: int, height: int, width: int, splits: tuple[str, ...]) -> Faces:
    """`count` photographs of random bytes, four of each person, who take turns in `splits`, with
    random labels for every attribute that a method names by default."""
    import numpy as np

    from core.data.faces import SPLITS, Faces
    from core.methods import METHODS
    from core.methods.declare import attributes_among

    named = {n for m in METHODS.values() for n in attributes_among((*m.tasks, *m.private))}
    rng = np.random.default_rng(0)
    people = np.arange(count) // 4
    parts = np.array([SPLITS.index(split) for split in splits])
    return Faces(
        images=rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8),
        attributes=rng.integers(0, 2, (count, len(named)), dtype=np.int8),
        attribute_names=tuple(sorted(named)),
        identities=people,
        split=parts[people % len(parts)].astype(np.int8),
        names=tuple(f"{number}.png" for number in range(count)),
        fingerprint=f"random-{count}-{height}x{width}",
        dataset="random",
    )
