"""Commands that make runs and measure them: train, sweep, evaluate, certify, explain, shipped."""

import argparse
from typing import Any

import pandas as pd

from core import explain, jobs, sweep
from core.cli.options import (
    add_command,
    add_device,
    add_protocol,
    add_release,
    add_workers,
    describe_attacks,
    describe_runs,
    described_runs,
    finished_folders,
    folders,
)
from core.cli.tables import print_table
from core.errors import PenumbraError
from core.run import Run
from core.shipping import real_faces, shipped
from core.storage import run_folder


def running_commands(commands: Any) -> None:
    describe_runs(add_command(commands, "train", "train one setting of one method", _train))

    what = "train and measure every combination of settings"
    command = add_command(commands, "sweep", what, _sweep)
    describe_runs(command)
    command.add_argument("--no-evaluate", action="store_true", help="train only, attack later")
    describe_attacks(command)
    add_protocol(command)
    add_release(command)
    add_workers(command)

    command = add_command(
        commands, "evaluate", "attack finished runs and write findings", _evaluate
    )
    command.add_argument("run", nargs="+", help="run id or run folder")
    describe_attacks(command)
    add_protocol(command)
    what = (
        "a second data set, of other people, whose photographs the attackers who redraw "
        "pictures learn from as well; kept as <attack>+<DATASET> beside what they find without"
    )
    command.add_argument("--extra", metavar="DATASET", help=what)
    add_release(command)
    add_device(command)
    add_workers(command)

    what = "prove what no attacker can do with what finished runs release, where that can be proven"
    command = add_command(commands, "certify", what, _certify)
    command.add_argument("run", nargs="+", help="run id or run folder")
    what = (
        "a second data set, all of whose people are counted as well, save those that the run's own "
        "has; default: those of its own whom the method has not seen"
    )
    command.add_argument("--people", metavar="DATASET", help=what)
    add_release(command)
    add_device(command)
    what = "how it is printed"
    command.add_argument("--format", choices=("csv", "json", "table"), default="table", help=what)

    what = "compute what pages show beside the numbers of finished runs"
    command = add_command(commands, "explain", what, _explain)
    command.add_argument("run", nargs="*", help="run id or run folder; default: every finished run")
    only, what = list(explain.EXPLANATIONS), "one explanation; default: all of them"
    command.add_argument("--only", choices=only, help=what)
    add_device(command)


def shipped_command(commands: Any) -> None:
    what = "rebuild the checkpoints that come with Penumbra"
    command = add_command(commands, "shipped", what, _shipped)
    what = (
        "whose; of photographs of people numbers alone, which go to the repository's folder, while "
        "the networks stay in that of PENUMBRA_CHECKPOINTS (default: synthetic)"
    )
    known = (shipped.DATASET, *real_faces.SETS)
    command.add_argument("--dataset", choices=known, default=shipped.DATASET, help=what)
    what = "print what is there and what is ahead, and do nothing (photographs of people)"
    command.add_argument("--plan", action="store_true", help=what)
    add_device(command)
    add_workers(command)
    command.add_argument("--part", action="store_true", help=argparse.SUPPRESS)  # one of several


def job_command(commands: Any) -> None:
    """The process of a job, which `core.jobs` starts; help does not list it."""
    command = commands.add_parser("work")
    command.add_argument("job_id")
    command.set_defaults(command=lambda options: jobs.work(options.job_id))


def _train(options: argparse.Namespace) -> int:
    runs = described_runs(options)
    if len(runs) > 1:
        raise PenumbraError(f"this describes {len(runs)} runs; use `sweep` for more than one")
    return _report(runs, sweep.sweep(runs, options.device, evaluate=False))


def _sweep(options: argparse.Namespace) -> int:
    runs = described_runs(options)
    measured = not options.no_evaluate
    if not measured and (options.attacks or options.release or options.protocol != "strict"):
        raise PenumbraError(
            "--no-evaluate leaves out what --attacks, --release and --protocol describe: leave one or "
            "the other out"
        )
    if options.workers > 1:
        return sweep.side_by_side(options.arguments, options.workers)
    failures = sweep.sweep(
        runs,
        options.device,
        measured,
        release_values=options.release,
        attacks=options.attacks,
        protocol=options.protocol,
    )
    return _report(runs, failures)


def _report(runs: list[Run], failures: list[str]) -> int:
    for run in runs:
        if run_folder.is_finished(run.folder):
            print(run.folder)
    return 1 if failures else 0


def _evaluate(options: argparse.Namespace) -> int:
    if options.workers > 1:
        return sweep.side_by_side(options.arguments, options.workers)
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


def _certify(options: argparse.Namespace) -> None:
    from core import evaluate
    from core.evaluation import plan, proof

    rows = []
    for folder in folders(options.run):
        opened = evaluate.open_run(folder, options.device)
        values = plan.release_values(opened.run, options.release)
        evaluate.certify(opened, values, options.people)
        rows += proof.found(folder, values)
    shown = ["run_id", "release_value", "target", "metric", "value", "low", "identities"]
    table = pd.DataFrame(rows, columns=shown)
    print_table(table, options.format, "of these releases nothing can be proven")


def _explain(options: argparse.Namespace) -> None:
    for folder in folders(options.run) or finished_folders():
        explain.explain(folder, [options.only] if options.only else None, options.device)


def _shipped(options: argparse.Namespace) -> int:
    if options.dataset in real_faces.SETS:
        return _real_faces(options)
    if options.plan:
        raise PenumbraError("--plan goes with a --dataset of photographs of people")
    if options.workers > 1:
        status = sweep.side_by_side([*options.arguments, "--part"], options.workers)
        return status or shipped.finish()
    return shipped.build(options.device) or (0 if options.part else shipped.finish())


def _real_faces(options: argparse.Namespace) -> int:
    if options.plan:
        print("\n".join(real_faces.table(options.dataset)))
        return 0
    real_faces.check(options.dataset)
    if options.workers > 1:
        status = sweep.side_by_side([*options.arguments, "--part"], options.workers)
    else:
        status = real_faces.build(options.dataset, options.device)
    return status if options.part else max(status, real_faces.finish(options.dataset))
