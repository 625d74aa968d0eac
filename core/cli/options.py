"""The options that commands share, and the runs that they describe."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import data
from core.attacks import ATTACKS
from core.device import CHOICES
from core.errors import PenumbraError
from core.methods import METHODS
from core.run import Run
from core.storage import run_folder
from core.sweep import grid


class PlainHelp(argparse.RawDescriptionHelpFormatter):
    """Help texts as they are written: argparse would take a bare % for a placeholder."""

    def _expand_help(self, action: argparse.Action) -> str:
        return self._get_help_string(action) or ""


def add_command(commands: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    said = {"help": text, "description": text[0].upper() + text[1:] + "."}
    command = commands.add_parser(name, **said, formatter_class=PlainHelp)
    command.set_defaults(command=run)
    return command


def describe_runs(command: argparse.ArgumentParser) -> None:
    knobs = "\n".join(
        f"  {method.name}: {knob.name} ({knob.symbol}, default {knob.default:g}, usual values "
        f"{', '.join(f'{v:g}' for v in knob.grid)}). {knob.help}"
        for method in METHODS.values()
        for knob in method.knobs
    )
    command.epilog = (
        f"knobs\n{knobs}\n\nKnobs that move at release time are measured by `evaluate`."
    )
    add, known = command.add_argument, f"one of {', '.join(METHODS)}"
    add("--method", required=True, choices=list(METHODS), metavar="METHOD", help=known)
    add("--dataset", default="synthetic", help="a name of `data list`")
    what = "compact trains on a laptop; paper has the published widths"
    add("--preset", choices=("compact", "paper"), default="compact", help=what)
    what = (
        "what the service needs, or all: every attribute that is not hidden (default: as in the "
        "method's paper; Smiling for most)"
    )
    add("--tasks", type=names, metavar="A,B", help=what)
    what = "what to hide (default: as in the method's paper; Male for most)"
    add("--private", type=names, metavar="A,B", help=what)
    published = "; ".join(
        f"{m.name}: {', '.join(m.published_sets)}" for m in METHODS.values() if m.published_sets
    )
    what = (
        "combinations of tasks and private attributes of the method's paper, or all, in place of "
        f"--tasks and --private ({published})"
    )
    add("--sets", type=names, default=(), metavar="A,B", help=what)
    what = "values of a training-time knob; may be given several times"
    add("--knob", action="append", default=[], metavar="NAME=V[,V…]", help=what)
    what = "values that replace an entry of the preset's schedule, e.g. task_epochs=1 or layer=3,4"
    add("--schedule", action="append", default=[], metavar="NAME=V[,V…]", help=what)
    add("--seed", type=integers, default=(0,), metavar="N[,N…]", help="default 0")
    add_device(command)


def describe_attacks(command: argparse.ArgumentParser) -> None:
    width = max(map(len, ATTACKS))
    attacks = "\n".join(f"  {a.name:{width}}  {a.title}" for a in ATTACKS.values())
    command.epilog = "\n\n".join(filter(None, (command.epilog, f"attacks\n{attacks}")))
    what = "those listed below; default: all"
    command.add_argument("--attacks", type=names, metavar="A,B", help=what)


def add_protocol(command: argparse.ArgumentParser) -> None:
    what = "paper: people are on all sides of the split, as in most papers"
    command.add_argument("--protocol", choices=("strict", "paper"), default="strict", help=what)


def add_device(command: argparse.ArgumentParser) -> None:
    what = "auto takes a GPU if there is one"
    command.add_argument("--device", choices=CHOICES, default="auto", help=what)


def add_release(command: argparse.ArgumentParser) -> None:
    what = "values of the release-time knob; default: its grid"
    command.add_argument("--release", type=numbers, help=what)


def add_workers(command: argparse.ArgumentParser) -> None:
    what = "processes side by side, sharing the cores (default 1)"
    command.add_argument("--workers", type=at_least_one, default=1, metavar="N", help=what)


def at_least_one(text: str) -> int:
    """A number of processes. Raises ArgumentTypeError for anything else."""
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 256")
    return int(text)


def names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def numbers(text: str) -> tuple[float, ...]:
    return tuple(float(value) for value in text.split(","))


def integers(text: str) -> tuple[int, ...]:
    return tuple(int(value) for value in text.split(","))


def pairs(entries: Sequence[str], label: str) -> dict[str, str]:
    """["a=1", …] as a dict. Raises PenumbraError for an entry without '=' and for a second one of the
    same name."""
    found = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals or not name or not value:
            raise PenumbraError(f"--{label} {entry!r} must read NAME=VALUE")
        if name in found:
            raise PenumbraError(
                f"--{label} names {name} twice: give it once, with all that it gets"
            )
        found[name] = value
    return found


def described_runs(options: argparse.Namespace) -> list[Run]:
    try:
        knobs = {k: numbers(v) for k, v in pairs(options.knob, "knob").items()}
        schedule = {k: numbers(v) for k, v in pairs(options.schedule, "schedule").items()}
    except ValueError as error:
        if isinstance(error, PenumbraError):
            raise
        raise PenumbraError(f"knob and schedule values must be numbers ({error})") from error
    about = options.method, options.dataset, options.preset
    return [
        run
        for tasks, private in _combinations(options)
        for run in grid(*about, tasks, private, knobs, options.seed, schedule)
    ]


def _combinations(options: argparse.Namespace) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Pairs (tasks, private attributes) from --sets, or the one of --tasks and --private."""
    method = METHODS[options.method]
    if not options.sets:
        tasks = method.tasks if options.tasks is None else options.tasks
        private = method.private if options.private is None else options.private
        if tasks == ("all",):
            known = data.describe(options.dataset)["attributes"]
            tasks = tuple(name for name in known if name not in private)
        return [(tasks, private)]
    published = method.published_sets
    if not published:
        raise PenumbraError(
            f"the paper of {options.method} names no sets: leave --sets out, and name --tasks and "
            "--private"
        )
    if options.tasks is not None or options.private is not None:
        raise PenumbraError("--sets stands in place of --tasks and --private: leave those two out")
    wanted = tuple(published) if options.sets == ("all",) else options.sets
    for name in wanted:
        if name not in published:
            known = ", ".join(published)
            raise PenumbraError(f"{options.method} has no published set {name!r}; it has: {known}")
    return [published[name] for name in wanted]


def folders(names: list[str]) -> list[Path]:
    """Run folders by run id or path. Raises PenumbraError for one that is not there."""
    known = {folder.name: folder for folder in run_folder.all_folders()}
    folders = [known.get(name) or Path(name).resolve() for name in names]
    for name, folder in zip(names, folders, strict=True):
        if not run_folder.has_record(folder) and folder.name not in known:
            raise PenumbraError(f"there is no run {name!r}; `results` lists them")
    return folders


def finished_folders() -> list[Path]:
    return [folder for folder in run_folder.all_folders() if run_folder.is_finished(folder)]
