"""Grids of runs: train each, measure each, one after the other.

Runs that differ only in a knob share their pretraining (see `Stage.shared`), whichever comes first
trains it. Several machines may work on one sweep over a shared folder: a run that another process
holds is skipped and left to it.
"""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from filelock import FileLock, Timeout
from tqdm import tqdm

from core import data
from core.errors import PenumbraError
from core.explain import explain as compute
from core.methods import METHODS
from core.run import ROOT, Run
from core.run_validation import checked


class Measure(NamedTuple):
    """Attacks on a run, as `core.evaluate.evaluate` takes them."""

    protocol: str = "strict"
    attacks: tuple[str, ...] | None = None
    release_values: tuple[float, ...] | None = None


def grid(
    method: str,
    dataset: str,
    preset: str,
    tasks: Sequence[str],
    private: Sequence[str],
    knobs: Mapping[str, Sequence[float]],
    seeds: Sequence[int] = (0,),
    schedule: Mapping[str, Sequence[float]] = MappingProxyType({}),
) -> list[Run]:
    """Every combination of the values of knobs and schedule entries and of the seeds, as checked
    runs, without doubles. An entry at the preset's own value replaces nothing: that run is the one
    that leaves it out."""
    usual = METHODS[method].presets.get(preset, {}).get("schedule", {}) if method in METHODS else {}
    about = (method, dataset, preset, tuple(tasks), tuple(private))
    runs = [
        checked(
            Run(
                *about,
                dict(zip(knobs, ks, strict=True)),
                {n: e for n, e in zip(schedule, es, strict=True) if usual.get(n) != e},
                seed,
            )
        )
        for es in itertools.product(*schedule.values())
        for ks in itertools.product(*knobs.values())
        for seed in seeds
    ]
    return list({run.id: run for run in runs}.values())


def sweep(
    runs: Sequence[Run],
    device: str = "auto",
    evaluate: bool = True,
    progress: bool = True,
    report: Callable[[dict[str, Any]], None] = lambda state: None,
    release_values: Sequence[float] | None = None,
    explain: Sequence[str] | None = None,
    attacks: Sequence[str] | None = None,
    protocol: str = "strict",
    measures: Mapping[str, Sequence[Measure]] = MappingProxyType({}),
) -> list[str]:
    """Train, measure and explain `runs` in order; return one line for every run that failed.

    report          gets {"index", "run_id", "phase": "train" | "evaluate" | "explain"} before each
                    part, with what `core.evaluate.evaluate` reports before each attack
    release_values  at which methods with a release-time knob are measured; default: its grid
    attacks, protocol  as of `core.evaluate.evaluate`
    measures        of the runs that it names, by id, what is measured instead, in order
    explain         names of `core.explain.EXPLANATIONS`; default: all where `evaluate`, else none

    A failed run does not stop the others. A run that another process works on is left to it. Raises
    `core.errors.Stopped` when asked to stop, and PenumbraError, before anything is trained, for an
    attack that does not exist.
    """
    from core.evaluation.plan import attack_names
    from core.train import train

    for names in (attacks, *(each.attacks for of_run in measures.values() for each in of_run)):
        attack_names(names, None)
    failures = []
    for index, run in enumerate(runs):
        here = {"index": index, "run_id": run.id}
        method = METHODS[run.method]
        try:
            with FileLock(run.lock("sweep"), timeout=0):
                report(here | {"phase": "train"})
                faces = data.load(run.dataset, *method.size(run.preset), progress=progress)
                train(run, faces, device=device, progress=progress)
                here["phase"] = "evaluate"
                if evaluate:
                    from core.evaluate import evaluate as measure

                    report(here)
                    given = release_values if method.release_knob else None
                    usual = ((protocol, attacks, given),)
                    for each, names, values in measures.get(run.id, usual):
                        measure(
                            run.folder,
                            attacks=names,
                            protocol=each,
                            release_values=values,
                            device=device,
                            progress=progress,
                            report=lambda now, here=here: report(here | now),  # type: ignore[misc]
                        )
                if evaluate or explain is not None:
                    report(here | {"phase": "explain"})
                    compute(run.folder, explain, device, progress)
        except Timeout:
            tqdm.write(f"{run.id}: another process works on it; skipped")
        except PenumbraError as error:
            failures.append(f"{run.id}: {error}")
            tqdm.write(failures[-1])
    return failures


def side_by_side(arguments: Sequence[str], workers: int) -> int:
    """Run `python -m core <arguments>` in `workers` processes that share the machine's cores; they
    divide the runs among themselves. Returns the worst exit status."""
    threads = max(1, (os.cpu_count() or 1) // workers)
    environment = os.environ | {"PENUMBRA_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, "-m", "core", *arguments, "--workers", "1"]
    processes = [subprocess.Popen(command, env=environment, cwd=ROOT) for _ in range(workers)]
    return max(abs(process.wait()) for process in processes)
