"""The command that makes a paper's table or figure again: reproduce."""

import argparse
from typing import Any

import pandas as pd

from core import reproduce, results
from core.attacks.attackers import OWN_NETWORKS
from core.cli.options import add_command, add_device
from core.cli.tables import print_table
from core.published import PAPERS
from core.published.tables import Table, named, of_paper
from core.storage.attack_folders import Task
from core.sweep import Measure

PLANNED = ["run_id", "method", "trained", "protocol", "release_value", "attack", "done"]
TEXT = """papers
{papers}

Without a PAPER or a TABLE it lists what there is. What is trained and attacked already is not done
again: stopped, or given a second time, it goes on where it was."""


def reproduce_command(commands: Any) -> None:
    what = "make a paper's table or figure again: train and attack what is missing, print it"
    command = add_command(commands, "reproduce", what, _reproduce)
    papers = "\n".join(f"  {name:28}{title}" for name, title in PAPERS.items())
    command.epilog = TEXT.format(papers=papers)
    add = command.add_argument
    add("paper", nargs="?", metavar="PAPER", help="one of those below")
    add("table", nargs="?", metavar="TABLE", help='a table or figure, such as "Table 3"')
    add("--dataset", default="synthetic", help="a name of `data list`")
    what = "compact trains on a laptop; paper has the published widths"
    add("--preset", choices=("compact", "paper"), default="compact", help=what)
    add("--plan", action="store_true", help="say what it takes and what is there; do nothing")
    add("--format", choices=("csv", "json", "table"), default="table")
    add_device(command)


def _reproduce(options: argparse.Namespace) -> int:
    if not options.paper or not options.table:
        papers = [options.paper] if options.paper else list(PAPERS)
        found = [table for paper in papers for table in of_paper(paper)]
        if options.format == "table":
            _list(found)
        else:
            print_table(pd.DataFrame(map(_listed, found)), options.format)
        return 0
    made = reproduce.plan(named(options.paper, options.table), options.dataset, options.preset)
    plain = options.format == "table"
    if plain:
        _say(made)
    if options.plan:
        if not plain:
            print_table(pd.DataFrame(_planned(made), columns=PLANNED), options.format)
        return 0
    failures = reproduce.carry_out(made, options.device)
    numbers = reproduce.printed(reproduce.pairs(made, results.findings()))
    if not plain:
        print_table(numbers, options.format)
        return 1 if failures else 0
    print()
    print("\n".join(_laid_out(numbers)))
    print()
    for line in reproduce.differences(made):
        print(f"- {line}")
    return 1 if failures else 0


def _list(found: list[Table]) -> None:
    paper = ""
    for table in found:
        if table.paper != paper:
            paper = table.paper
            print(f"{paper}  ({PAPERS[paper]})")
        print(f"  {table.place:12}{table.title}")
        if not table.made:
            print(f"  {'':12}not here: {table.reason}")


def _laid_out(numbers: pd.DataFrame) -> list[str]:
    """The numbers in columns; what is to be remarked stands below, by its number."""
    remarks = [text for text in dict.fromkeys(numbers["remark"]) if text]
    marks = {text: f"({place})" for place, text in enumerate(remarks, 1)} | {"": ""}
    if numbers["photographs"].nunique() < 2:
        numbers = numbers.drop(columns="photographs")
    shown = numbers.assign(remark=numbers["remark"].map(marks)).rename(columns={"remark": ""})
    cells = [list(shown.columns), *shown.astype(str).to_numpy().tolist()]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True)) for row in cells]
    return [*(line.rstrip() for line in lines), *(f"{marks[text]} {text}" for text in remarks)]


def _listed(table: Table) -> dict[str, str]:
    words = table.words if table.made else f"no: {table.reason}"
    made = "yes" if table.made else ""
    where = {"paper": table.paper, "place": table.place, "title": table.title}
    return where | {"made": made, "note": words}


def _planned(made: reproduce.Plan) -> list[dict[str, Any]]:
    """A row for each attack on each training that a plan takes; `own_networks` for those that the
    method brings along, which are scored whatever is asked for."""
    rows: list[dict[str, Any]] = []
    for step in made.steps:
        for measure in step.measures:
            for value in measure.release_values or (None,):
                left = {t.attack for t in step.pending if t[::2] == (measure.protocol, value)}
                own = left & {*OWN_NETWORKS}
                done = {attack: attack not in left for attack in measure.attacks or ()}
                for attack, there in (done or {"own_networks": not own}).items():
                    rows.append(
                        {
                            "run_id": step.run.id,
                            "method": step.run.method,
                            "trained": step.trained,
                            "protocol": measure.protocol,
                            "release_value": value,
                            "attack": attack,
                            "done": there,
                        }
                    )
    return rows


def _say(made: reproduce.Plan) -> None:
    """What a plan takes, what of it is there, and how long the rest may take."""
    table = made.table
    print(f"{table.place} of {table.paper}: {table.title}")
    if table.words:
        print(table.words)
    for step in made.steps:
        run, state = step.run, "there" if step.trained else "to be trained"
        about = [f"{name}={value:g}" for name, value in {**run.knobs, **run.schedule}.items()]
        named = f"serves {_names(run.tasks)}"
        named += f", hides {_names(run.private)}" if run.private else ""
        print(f"  {run.id}: {state}; {' '.join([run.method, *about])}; {named}")
        for measure in step.measures:
            mine = [task for task in step.pending if task.protocol == measure.protocol]
            values = measure.release_values
            at = f" at {', '.join(f'{v:g}' for v in values)}" if values else ""
            names = ", ".join(measure.attacks or ()) or "its own networks"
            print(f"    {measure.protocol}{at}: {names}{_left(mine, measure)}")
    for line in reproduce.left_out(made):
        print(f"  {line}")
    print(_length(made))


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) < 6 else f"{len(names)} attributes"


def _left(pending: list[Task], measure: Measure) -> str:
    left = {task.attack for task in pending}
    if not left:
        return " (there)"
    everything = left >= set(measure.attacks or left)
    return " (missing)" if everything else f" (missing: {', '.join(sorted(left))})"


def _length(made: reproduce.Plan) -> str:
    count = reproduce.summary(made)
    if not made.lacking:
        return "All of it is there."
    if made.refused:
        return f"What is missing cannot be made: {made.refused}."
    said = f"{count['trained']} of {count['trainings']} trainings are there"
    said += f", {count['measured']} of {count['measures']} attacks"
    training, attacks = made.training, made.attacks
    if attacks is None:
        return (
            f"{said}. Nothing of this size was attacked here, so nobody can say how long it takes."
        )
    if training is None:
        return (
            f"{said}. Nothing alike was trained here, so nobody can say how long the trainings take; "
            f"the attacks may take {_minutes(attacks)}."
        )
    rest = _minutes(training + attacks)
    return f"{said}. The rest may take {rest}, and the controls of a new data set more."


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
