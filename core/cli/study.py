"""`python -m core study …`: studies from a terminal."""

import argparse
import getpass
import sys
import time
from pathlib import Path
from typing import Any

from core.cli.options import add_command, numbers
from core.errors import PenumbraError

FEWEST_CHARACTERS = 8  # of a password
SHOWN = ["who", "setting", "attacker", "n", "right", "share", "low", "high", "chance", "p"]
SHOWN += ["d_prime", "machine_release", "machine_picture"]


def study_commands(commands: Any) -> None:
    study = add_command(commands, "study", "whom do people recognise? keep studies, rehearse", None)
    commands = study.add_subparsers(title="study commands", required=True, metavar="COMMAND")
    add_command(commands, "list", "list the studies and how far they are", _list)
    what = "make a study's pictures; the app does it too"
    add_command(commands, "prepare", what, _prepare).add_argument("study")

    what = "let made-up participants take part, to rehearse"
    add = add_command(commands, "simulate", what, _simulate).add_argument
    add("--participants", type=int, default=40, metavar="N", help="default 40")
    what = "share they get right: one, or one for each setting"
    add("--skill", type=numbers, required=True, metavar="P[,P…]", help=what)
    add("--study", help="default: a rehearsal study of its own is made")
    add("--seed", type=int, default=0)

    what = "write a study's answers with a data dictionary"
    export = add_command(commands, "export", what, _export)
    export.add_argument("study")
    export.add_argument("--format", choices=("csv", "parquet"), default="csv")
    export.add_argument("--out", type=Path, required=True, metavar="FOLDER")

    what = "print what people recognised, per setting"
    results = add_command(commands, "results", what, _results)
    results.add_argument("study")
    results.add_argument("--format", choices=("csv", "table"), default="table")
    for command in (export, results):
        command.add_argument("--simulated", action="store_true", help="the made-up participants'")
    add_command(commands, "password", "make the line that sets the officers' password", _password)
    add_command(commands, "upgrade", "bring the database's tables up to date", _upgrade)


def _list(options: argparse.Namespace) -> None:
    from core.study import studies

    for study in studies.list_studies():
        made = time.strftime("%Y-%m-%d", time.localtime(study["created"]))
        print(
            f"{study['id']}  {made}  {study['state']:9}  {study['participants']:>6} participants  "
            f"{study['answers']:>7} answers  {study['simulated']:>6} simulated  {study['title']}"
        )


def _prepare(options: argparse.Namespace) -> None:
    from core.study import studies

    studies.prepare(options.study)


def _simulate(options: argparse.Namespace) -> None:
    from core.study.analysis import simulate

    study = options.study or simulate.rehearsal()
    counts = simulate.simulate(study, options.participants, options.skill, options.seed)
    print(
        f"{counts['participants']} simulated participants gave {counts['answers']} answers, "
        f"{counts['finished']} to the end; see `study results {study} --simulated`"
    )


def _export(options: argparse.Namespace) -> None:
    from core.study.analysis.export import export

    for path in export(options.study, options.out, options.format, options.simulated):
        print(path)


def _results(options: argparse.Namespace) -> None:
    from core.study.analysis import results

    table = results.summary(results.answers(options.study, options.simulated))
    if options.format == "csv":
        table.to_csv(sys.stdout, index=False)
    elif not len(table):
        print("no answers yet")
    else:
        print(table[SHOWN].to_string(index=False, float_format=lambda value: f"{value:.3f}"))


def _password(options: argparse.Namespace) -> None:
    from argon2 import PasswordHasher

    password = getpass.getpass("password of the officers' pages: ")
    if len(password) < FEWEST_CHARACTERS:
        raise PenumbraError(f"take {FEWEST_CHARACTERS} characters or more; nothing was changed")
    if getpass.getpass("the same again: ") != password:
        raise PenumbraError("the two are not the same; nothing was changed")
    # In single quotes: a shell would take the dollar signs for variables.
    print(f"PENUMBRA_PASSWORD_HASH='{PasswordHasher().hash(password)}'")
    text = "set this where the app is started; the password itself is stored nowhere"
    print(text, file=sys.stderr)


def _upgrade(options: argparse.Namespace) -> None:
    from core.study.storage import database

    with database.reading() as connection:
        print(f"the study database is at revision {database.revision(connection)}")
