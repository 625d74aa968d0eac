"""`python -m core data …`: list, describe, add, join and make data sets."""

import argparse
import json
from pathlib import Path
from typing import Any

from core import data
from core.cli.options import add_command, pairs
from core.data.datasets import OPTIONS
from core.data.sources import SOURCES
from core.storage import files
from core.synthetic import build


def data_commands(commands: Any) -> None:
    group = add_command(commands, "data", "list, add, describe and make data sets", None)
    commands = group.add_subparsers(title="data commands", required=True, metavar="COMMAND")
    add_command(commands, "list", "list the known data sets", _list)
    what = "count photographs, people and labels"
    add_command(commands, "describe", what, _describe).add_argument("name")

    command = add_command(commands, "add", "register photographs under a name", _add)
    command.epilog = f"sources\n{_sources()}"
    add = command.add_argument
    add("name", help="a-z, 0-9, _ and -")
    add("--source", required=True, help=f"one of {', '.join(SOURCES)}")
    add("--path", required=True, type=Path, help="the data set's folder")
    what = "an option of the source (see below), e.g. labels=my.csv"
    add("--option", action="append", default=[], metavar="NAME=VALUE", help=what)

    what = "measure a data set through a second face network, too"
    add = add_command(commands, "embedder", what, _embedder).add_argument
    add("name")
    add("network", help="dlib, an ONNX model's path, or none")
    preparation = "of an ONNX model: pixels from 0 to 255 become (pixel - mean) / scale"
    add("--mean", type=float, default=127.5, help=preparation)
    add("--scale", type=float, default=127.5, help="the same")
    add("--channels", choices=("rgb", "bgr"), default="rgb")

    what = "give defender and attacker the people of a second data set"
    add = add_command(commands, "join", what, _join).add_argument
    add("name", help="of the joined data set: a-z, 0-9, _ and -")
    add("first", help="its four splits stay as they are")
    add("second", help="its people are only learned from, never tested on")

    what = "forget a name; the photographs stay"
    remove = add_command(commands, "remove", what, lambda options: data.remove(options.name))
    remove.add_argument("name")

    add = add_command(
        commands, "synthetic", "make a set of synthetic faces", _synthetic
    ).add_argument
    add("--identities", type=int, default=1000)
    add("--images", type=int, default=8, help="photographs per identity")
    add("--size", type=int, default=128, help="pixels on a side")
    add("--seed", type=int, default=0)
    add("--workers", type=int, default=None, help="default: all cores")
    add("--out", type=Path, required=True, help="folder to write")
    what = "shares and correlations to change; set.json shows all"
    add("--correlations", type=Path, metavar="FILE.json", help=what)


def _sources() -> str:
    lines = []
    for name, source in SOURCES.items():
        lines += [f"  {name}: {source.title}", f"    {source.help}"]
        lines += [f"    --option {option}: {text}" for option, text in source.options.items()]
    lines += ["options of every source"]
    lines += [f"  --option {option}: {text}" for option, text in OPTIONS.items()]
    return "\n".join(lines)


def _list(options: argparse.Namespace) -> None:
    for name, entry in data.catalogue().items():
        place = entry.get("path") or " + ".join(entry["options"].values())
        print(f"{name:24} {entry['source']:10} {place}")


def _describe(options: argparse.Namespace) -> None:
    print(json.dumps(data.describe(options.name), indent=1))


def _add(options: argparse.Namespace) -> None:
    data.add(options.name, options.source, options.path, pairs(options.option, "option"))
    _describe(options)


def _embedder(options: argparse.Namespace) -> None:
    from core import embedders

    preparation = embedders.Preparation(options.mean, options.scale, options.channels)
    name = embedders.choose(options.name, options.network, preparation)
    if name is None:
        print(f"{options.name} is measured through Penumbra's own face network alone")
        return
    print(f"{options.name}: what is measured through the second network ends in _{name};")
    print("attacks that are done are not repeated: delete an attack's folder to measure it again")


def _join(options: argparse.Namespace) -> None:
    data.join(options.name, options.first, options.second)
    _describe(options)


def _synthetic(options: argparse.Namespace) -> None:
    changed = files.read_json(options.correlations) if options.correlations else None
    size = options.identities, options.images, options.size
    build.build(options.out, *size, options.seed, workers=options.workers, correlations=changed)
