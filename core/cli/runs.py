"""Commands that make runs and measure them: train, sweep, evaluate, explain, shipped."""

from __future__ import annotations

import argparse
from typing import Any

from core.cli.options import (
    add_command,
    add_device,
    add_release,
    add_workers,
    describe_attacks,
    describe_runs,
    described_runs,
    finished_folders,
    folders,
)
from core.errors import PenumbraError
from core.explain import EXPLANATIONS
from core.storage import run_folder


def running_commands(commands: Any) -> None:
    train = add_command(commands, "train", "train one setting of one method", _train)
    describe_runs(train)
    sweep = add_command(
        commands, "sweep", "train and measure every combination of settings", _sweep
    )
    describe_runs(sweep)
    sweep.add_argument("--no-evaluate", action="store_true", help="train only, attack later")
    add_release(sweep)
    add_workers(sweep)

    evaluate = add_command(
        commands, "evaluate", "attack finished runs and write findings", _evaluate
    )
    evaluate.add_argument("run", nargs="+", help="run id or run folder")
    describe_attacks(evaluate)
    evaluate.add_argument(
        "--protocol",
        choices=("strict", "paper"),
        default="strict",
        help="paper: people are on all sides of the split, as in most papers",
    )
    evaluate.add_argument(
        "--extra",
        metavar="DATASET",
        help="a second data set, of other people, whose photographs the attackers who redraw "
        "pictures learn from as well; kept as <attack>+<DATASET> beside what they find without",
    )
    add_release(evaluate)
    add_device(evaluate)
    add_workers(evaluate)

    explain = add_command(
        commands, "explain", "compute what pages show beside the numbers of finished runs", _explain
    )
    explain.add_argument("run", nargs="*", help="run id or run folder; default: every finished run")
    explain.add_argument(
        "--only", choices=list(EXPLANATIONS), help="one explanation; default: all of them"
    )
    add_device(explain)


def shipped_command(commands: Any) -> None:
    shipped = add_command(
        commands, "shipped", "rebuild the checkpoints that come with Penumbra", _shipped
    )
    add_device(shipped)
    add_workers(shipped)
    shipped.add_argument("--part", action="store_true", help=argparse.SUPPRESS)  # one of several


def job_command(commands: Any) -> None:
    """The process of a job, which `core.jobs` starts; help does not list it."""
    work = commands.add_parser("work")
    work.add_argument("job_id")
    work.set_defaults(command=_work)


def _train(options: argparse.Namespace, arguments: list[str]) -> int:
    from core.sweep import sweep

    runs = described_runs(options)
    if len(runs) > 1:
        raise PenumbraError(f"this describes {len(runs)} runs; use `sweep` for more than one")
    return _report(runs, sweep(runs, options.device, evaluate=False))


def _sweep(options: argparse.Namespace, arguments: list[str]) -> int:
    from core.sweep import side_by_side, sweep

    runs = described_runs(options)
    if options.workers > 1:
        return side_by_side(arguments, options.workers)
    failures = sweep(
        runs,
        options.device,
        evaluate=not options.no_evaluate,
        release_values=options.release,
    )
    return _report(runs, failures)


def _report(runs: list[Any], failures: list[str]) -> int:
    for run in runs:
        if run_folder.is_finished(run.folder):
            print(run.folder)
    return 1 if failures else 0


def _evaluate(options: argparse.Namespace, arguments: list[str]) -> int:
    if options.workers > 1:
        from core.sweep import side_by_side

        return side_by_side(arguments, options.workers)
    from core.evaluate import evaluate

    for folder in folders(options.run):
        evaluate(
            folder,
            attacks=options.attacks,
            release_values=options.release,
            device=options.device,
            protocol=options.protocol,
            extra=options.extra,
        )
    return 0


def _explain(options: argparse.Namespace, arguments: list[str]) -> None:
    from core.explain import explain

    for folder in folders(options.run) or finished_folders():
        explain(folder, [options.only] if options.only else None, options.device)


def _shipped(options: argparse.Namespace, arguments: list[str]) -> int:
    from core.shipping import shipped
    from core.sweep import side_by_side

    if options.workers > 1:
        status = side_by_side([*arguments, "--part"], options.workers)
        return status or shipped.finish()
    return shipped.build(options.device) or (0 if options.part else shipped.finish())


def _work(options: argparse.Namespace, arguments: list[str]) -> int:
    from core import jobs

    return jobs.work(options.job_id)
