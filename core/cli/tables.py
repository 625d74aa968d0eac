"""Commands that print what is known of runs: results, cost, compare, published."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from core.cli.options import add_command, finished_folders, folders
from core.errors import PenumbraError
from core.metrics import METRICS
from core.storage import cost_file

if TYPE_CHECKING:
    import pandas as pd


def table_commands(commands: Any) -> None:
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


def _results(options: argparse.Namespace, arguments: list[str]) -> int:
    from core import results

    table, problems = results.read()
    for column in ("dataset", "target", "metric"):
        if wanted := getattr(options, column):
            table = table[table[column] == wanted]
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    _print(table, options.format, "no findings yet; start with `sweep`")
    return 0


def _cost(options: argparse.Namespace, arguments: list[str]) -> None:
    import pandas as pd

    from core.analysis import device_cost as cost

    rows = []
    for folder in folders(options.run) or finished_folders():
        cost.measure(folder, options.threads, options.repeats)
        rows += cost_file.rows(folder)
        if any((row["share_waited"] or 0) > cost.BUSY for row in cost_file.rows(folder)):
            print(f"{folder.name}: other work slowed this; measure it again", file=sys.stderr)
    table = pd.DataFrame(rows, columns=[*cost_file.RECORD, *cost_file.RELEASE])
    if options.format == "csv":
        table.to_csv(sys.stdout, index=False)
    elif options.format == "json":
        print(json.dumps(rows, indent=1))
    else:
        shown = table[list(cost.SHOWN)].to_string(index=False)
        print(shown if rows else "no finished run yet; start with `train`")


def _compare(options: argparse.Namespace, arguments: list[str]) -> None:
    from core.analysis.compare import Setting, compare
    from core.analysis.protocols import protocols

    settings = []
    for text in filter(None, (options.first, options.second)):
        name, _, value = text.partition("@")
        (folder,) = folders([name])
        try:
            settings.append(Setting(folder, float(value) if value else None))
        except ValueError:
            raise PenumbraError(
                f"{value!r} in {text!r} is no release value: give a number"
            ) from None
    table = compare(*settings) if len(settings) == 2 else protocols(*settings)
    _print(table, options.format)


def _published(options: argparse.Namespace, arguments: list[str]) -> None:
    import pandas as pd

    from core.published import flat, published

    table = pd.DataFrame([flat(row) for row in published(options.method)])
    if options.format == "csv":
        table.to_csv(sys.stdout, index=False)
    else:
        shown = ["paper", "place", "label", "method", "knobs", "target", "metric", "printed"]
        print(table[shown].to_string(index=False))


def _print(table: pd.DataFrame, form: str, empty: str = "nothing") -> None:
    """A table on standard output, as "csv", "json" or "table"."""
    if form == "csv":
        table.to_csv(sys.stdout, index=False)
    elif form == "json":
        print(json.dumps(json.loads(table.to_json(orient="records")), indent=1))
    else:
        print(table.to_string(index=False) if len(table) else empty)
