"""`python -m core`: train, measure and look up from a terminal. The app starts the same commands."""

import argparse
import io
import sys
from collections.abc import Sequence

from core.cli.data import data_commands
from core.cli.options import PlainHelp
from core.cli.reproduce import reproduce_command
from core.cli.runs import job_command, running_commands, shipped_command
from core.cli.study import study_commands
from core.cli.tables import table_commands
from core.errors import PenumbraError, Stopped

DESCRIPTION = """How much does a face representation give away, and how little can it give away
while still doing its job? Train a method, attack it, read the numbers."""

EXAMPLES = """examples
  python -m core train --method deep_obfuscator --knob lambda1=1     one training
  python -m core evaluate deep_obfuscator-0123456789                 attack it
  python -m core sweep --method deep_obfuscator --knob lambda1=0,1,5 both, for several settings
  python -m core results --format csv > findings.csv                 every number, one row each
  python -m core reproduce aia "Table 1" --plan                      a paper's table: what it takes
  python -m core data add mine --source folder --path ~/photos       use your own photographs
  python -m core evaluate RUN --extra mine                           redrawers learn from these, too
  python -m core data join both synthetic mine                       so does the method

Everything is resumable: give a command again and it goes on where it was stopped."""


def main(arguments: Sequence[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console may know no Greek letters
            stream.reconfigure(errors="replace")
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(arguments, argparse.Namespace(arguments=arguments))
    try:
        return int(options.command(options) or 0)
    except PenumbraError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0
    except (KeyboardInterrupt, Stopped) as stopped:
        print(f"{stopped or 'stopped'}; give the same command again to go on", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=PlainHelp,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    running_commands(commands)  # in the order in which help lists them
    reproduce_command(commands)
    table_commands(commands)
    shipped_command(commands)
    data_commands(commands)
    study_commands(commands)
    job_command(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
