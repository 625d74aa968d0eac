"""Commands that print what is known of runs: results, cost, compare, published."""

import argparse
import json
import sys
from difflib import get_close_matches
from typing import Any

import pandas as pd

from core import results
from core.analysis import device_cost
from core.analysis.compare import Setting, compare, protocols
from core.cli.options import add_command, finished_folders, folders
from core.errors import PenumbraError
from core.metrics import METRICS
from core.published import flat, published
from core.storage import cost_file


def table_commands(commands: Any) -> None:
    add = add_command(commands, "results", "print the findings of every run", _results).add_argument
    add("--format", choices=("csv", "json", "table"), default="table")
    add("--dataset", help="only this data set")
    add("--target", help="only this target, for example attribute:Male")
    add("--metric", help=f"only this metric: {', '.join(METRICS)}")

    what = "measure what runs cost the device that releases"
    add = add_command(commands, "cost", what, _cost).add_argument
    add("run", nargs="*", help="run id or run folder; default: every finished run")
    add("--threads", type=int, default=1, help="cores to use (default 1)")
    add("--repeats", type=int, default=100, help="timed releases (default 100)")
    add("--format", choices=("csv", "json", "text"), default="text")

    what = (
        "do two settings differ, or of one setting, what does its paper's protocol hide? with 95 % "
        "intervals"
    )
    add = add_command(commands, "compare", what, _compare).add_argument
    add("first", help="run id or run folder, @VALUE behind it for a release value")
    what = (
        "the same; differences are second minus first. Left out: the strict protocol minus the "
        "paper's, for the first"
    )
    add("second", nargs="?", help=what)
    add("--format", choices=("csv", "json", "table"), default="table")

    add = add_command(
        commands, "published", "print what the papers report", _published
    ).add_argument
    add("--method", help="only this method or baseline")
    add("--format", choices=("csv", "text"), default="text")


def _results(options: argparse.Namespace) -> None:
    table, problems = results.read()
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    for column in ("dataset", "target", "metric"):
        if (wanted := getattr(options, column)) and len(table):
            known = sorted(table[column].unique())
            if wanted not in known:
                near = ", ".join(get_close_matches(wanted, known, 3) or known)
                raise PenumbraError(f"no finding has {column} {wanted[:60]!r}; some have: {near}")
            table = table[table[column] == wanted]
    print_table(table, options.format, "no findings yet; start with `sweep`")


def _cost(options: argparse.Namespace) -> None:
    rows = []
    for folder in folders(options.run) or finished_folders():
        measured = device_cost.measure(folder, options.threads, options.repeats)
        rows += cost_file.rows(folder)
        if device_cost.slowed(measured):
            kept = "" if cost_file.read(folder) == measured else " (the one from before is kept)"
            print(f"{folder.name}: other work slowed this; measure it again{kept}", file=sys.stderr)
    if options.format == "json":
        print(json.dumps(rows, indent=1))
        return
    table = pd.DataFrame(rows, columns=[*cost_file.RECORD, *cost_file.RELEASE])
    if options.format == "text":
        table = table[list(device_cost.SHOWN)]
    print_table(table, options.format, "no finished run yet; start with `train`")


def _compare(options: argparse.Namespace) -> None:
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
    print_table(table, options.format)


def _published(options: argparse.Namespace) -> None:
    table = pd.DataFrame([flat(row) for row in published(options.method)])
    if options.format == "text":
        table = table[["paper", "place", "label", "method", "knobs", "target", "metric", "printed"]]
    print_table(table, options.format)


def print_table(table: pd.DataFrame, form: str, empty: str = "nothing") -> None:
    if form == "csv":
        table.to_csv(sys.stdout, index=False)
    elif form == "json":
        print(json.dumps(json.loads(table.to_json(orient="records")), indent=1))
    else:
        print(table.to_string(index=False) if len(table) else empty)
