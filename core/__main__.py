"""`python -m core`: train, measure and look up from a terminal. The app starts the same commands."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.data import data_commands
from core.cli.options import (
    Parser,
    add_command,
    add_device,
    add_release,
    add_workers,
    describe_runs,
    described_runs,
    names,
)
from core.cli.study import study_commands
from core.errors import PenumbraError, Stopped
from core.explain import EXPLANATIONS
from core.metrics import METRICS

if TYPE_CHECKING:
    import pandas as pd

DESCRIPTION = """How much does a face representation give away, and how little can it give away
while still doing its job? Train a method, attack it, read the numbers."""

EXAMPLES = """examples
  python -m core train --method deep_obfuscator --knob lambda1=1     one training
  python -m core evaluate deep_obfuscator-0123456789                 attack it
  python -m core sweep --method deep_obfuscator --knob lambda1=0,1,5 both, for several settings
  python -m core results --format csv > findings.csv                 every number, one row each
  python -m core data add mine --source folder --path ~/photos       use your own photographs
  python -m core evaluate RUN --extra mine                           redrawers learn from these, too
  python -m core data join both synthetic mine                       so does the method

Everything is resumable: give a command again and it goes on where it was stopped."""


def main(arguments: Sequence[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console may know no Greek letters
            stream.reconfigure(errors="replace")
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options, arguments) or 0)
    except PenumbraError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0
    except (KeyboardInterrupt, Stopped) as stopped:
        print(f"{stopped or 'stopped'}; give the same command again to go on", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m core", description=DESCRIPTION, epilog=EXAMPLES)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

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
    evaluate.add_argument("--attacks", help="comma-separated; default: all")
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

    results = add_command(commands, "results", "print the findings of every run", _results)
    results.add_argument("--format", choices=("csv", "json", "table"), default="table")
    results.add_argument("--dataset", help="only this data set")
    results.add_argument("--target", help="only this target, for example attribute:Male")
    results.add_argument("--metric", help=f"only this metric: {', '.join(METRICS)}")

    cost = add_command(commands, "cost", "measure what runs cost the device that releases", _cost)
    cost.add_argument("run", nargs="*", help="run id or run folder; default: every finished run")
    cost.add_argument("--threads", type=int, default=1, help="cores to use (default 1)")
    cost.add_argument("--repeats", type=int, default=100, help="timed releases (default 100)")
    cost.add_argument("--format", choices=("csv", "json", "text"), default="text")

    compare = add_command(
        commands,
        "compare",
        "do two settings differ, or of one setting, what does its paper's protocol hide? with 95 % "
        "intervals",
        _compare,
    )
    compare.add_argument("first", help="run id or run folder, @VALUE behind it for a release value")
    compare.add_argument("second", nargs="?",
                         help="the same; differences are second minus first. Left out: the strict "
                              "protocol minus the paper's, for the first")  # fmt: skip
    compare.add_argument("--format", choices=("csv", "json", "table"), default="table")

    published = add_command(commands, "published", "print what the papers report", _published)
    published.add_argument("--method", help="only this method or baseline")
    published.add_argument("--format", choices=("csv", "text"), default="text")

    shipped = add_command(
        commands, "shipped", "rebuild the checkpoints that come with Penumbra", _shipped
    )
    add_device(shipped)
    add_workers(shipped)
    shipped.add_argument("--part", action="store_true", help=argparse.SUPPRESS)  # one of several

    data = add_command(commands, "data", "list, add, describe and make data sets", None)
    data_commands(data.add_subparsers(title="data commands", required=True, metavar="COMMAND"))

    study = add_command(commands, "study", "whom do people recognise? keep studies, rehearse", None)
    study_commands(study.add_subparsers(title="study commands", required=True, metavar="COMMAND"))

    work = commands.add_parser("work")  # the process of a job; started by core.jobs
    work.add_argument("job_id")
    work.set_defaults(command=_work)
    return parser


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
        if (run.folder / "done").is_file():
            print(run.folder)
    return 1 if failures else 0


def _evaluate(options: argparse.Namespace, arguments: list[str]) -> int:
    if options.workers > 1:
        from core.sweep import side_by_side

        return side_by_side(arguments, options.workers)
    from core.evaluate import evaluate

    for folder in _folders(options.run):
        attacks = list(names(options.attacks)) if options.attacks else None
        evaluate(
            folder,
            attacks=attacks,
            release_values=options.release,
            device=options.device,
            protocol=options.protocol,
            extra=options.extra,
        )
    return 0


def _explain(options: argparse.Namespace, arguments: list[str]) -> None:
    from core.explain import explain

    for folder in _folders(options.run) or _finished():
        explain(folder, [options.only] if options.only else None, options.device)


def _finished() -> list[Path]:
    """The folders of all finished runs."""
    from core import results

    return [folder for folder in results.run_folders() if (folder / "done").is_file()]


def _folders(names: list[str]) -> list[Path]:
    """Run folders by run id or path. Raises PenumbraError for one that is not there."""
    from core import results

    known = {folder.name: folder for folder in results.run_folders()}
    folders = [known.get(name) or Path(name) for name in names]
    for name, folder in zip(names, folders, strict=True):
        if not folder.is_dir():
            raise PenumbraError(f"there is no run {name!r}; `results` lists them")
    return folders


def _compare(options: argparse.Namespace, arguments: list[str]) -> None:
    from core.analysis.compare import Setting, compare
    from core.analysis.protocols import protocols

    settings = []
    for text in filter(None, (options.first, options.second)):
        name, _, value = text.partition("@")
        (folder,) = _folders([name])
        try:
            settings.append(Setting(folder, float(value) if value else None))
        except ValueError:
            raise PenumbraError(
                f"{value!r} in {text!r} is no release value: give a number"
            ) from None
    table = compare(*settings) if len(settings) == 2 else protocols(*settings)
    _print(table, options.format)


def _cost(options: argparse.Namespace, arguments: list[str]) -> None:
    import pandas as pd

    from core.analysis import device_cost as cost

    rows = []
    for folder in _folders(options.run) or _finished():
        cost.measure(folder, options.threads, options.repeats)
        rows += cost.rows(folder)
        if any((row["share_waited"] or 0) > cost.BUSY for row in cost.rows(folder)):
            print(f"{folder.name}: other work slowed this; measure it again", file=sys.stderr)
    table = pd.DataFrame(rows, columns=[*cost.RECORD, *cost.RELEASE])
    if options.format == "csv":
        table.to_csv(sys.stdout, index=False)
    elif options.format == "json":
        print(json.dumps(rows, indent=1))
    else:
        shown = table[list(cost.SHOWN)].to_string(index=False)
        print(shown if rows else "no finished run yet; start with `train`")


def _results(options: argparse.Namespace, arguments: list[str]) -> int:
    from core import results

    table = results.findings()
    for column in ("dataset", "target", "metric"):
        if wanted := getattr(options, column):
            table = table[table[column] == wanted]
    for problem in results.problems():
        print(f"left out: {problem}", file=sys.stderr)
    _print(table, options.format, "no findings yet; start with `sweep`")
    return 0


def _print(table: pd.DataFrame, form: str, empty: str = "nothing") -> None:
    """A table on standard output, as "csv", "json" or "table"."""
    if form == "csv":
        table.to_csv(sys.stdout, index=False)
    elif form == "json":
        print(json.dumps(json.loads(table.to_json(orient="records")), indent=1))
    else:
        print(table.to_string(index=False) if len(table) else empty)


def _published(options: argparse.Namespace, arguments: list[str]) -> None:
    import pandas as pd

    from core.published import flat, published

    table = pd.DataFrame([flat(row) for row in published(options.method)])
    if options.format == "csv":
        table.to_csv(sys.stdout, index=False)
    else:
        shown = ["paper", "place", "label", "method", "knobs", "target", "metric", "printed"]
        print(table[shown].to_string(index=False))


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


if __name__ == "__main__":
    sys.exit(main())
