"""`python -m core data …`: list, describe, add, join and make data sets."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from core.cli.options import add_command, pairs
from core.data.datasets import OPTIONS
from core.data.sources import SOURCES


def data_commands(commands: Any) -> None:
    data = add_command(commands, "data", "list, add, describe and make data sets", None)
    commands = data.add_subparsers(title="data commands", required=True, metavar="COMMAND")
    add_command(commands, "list", "list the known data sets", _data_list)
    describe = add_command(
        commands, "describe", "count photographs, people and labels", _data_describe
    )
    describe.add_argument("name")
    add = add_command(commands, "add", "register photographs under a name", _data_add)
    add.formatter_class = argparse.RawDescriptionHelpFormatter
    add.epilog = f"sources\n{_sources()}"
    add.add_argument("name", help="a-z, 0-9, _ and -")
    add.add_argument("--source", required=True, help=f"one of {', '.join(SOURCES)}")
    add.add_argument("--path", required=True, type=Path, help="the data set's folder")
    add.add_argument("--option", action="append", default=[], metavar="NAME=VALUE",
                     help="an option of the source (see below), e.g. labels=my.csv")  # fmt: skip
    embedder = add_command(
        commands,
        "embedder",
        "measure a data set through a second face network, too",
        _data_embedder,
    )
    embedder.add_argument("name")
    embedder.add_argument("network", help="dlib, an ONNX model's path, or none")
    preparation = "of an ONNX model: pixels from 0 to 255 become (pixel - mean) / scale"
    embedder.add_argument("--mean", type=float, default=127.5, help=preparation)
    embedder.add_argument("--scale", type=float, default=127.5, help="the same")
    embedder.add_argument("--channels", choices=("rgb", "bgr"), default="rgb")
    join = add_command(
        commands, "join", "give defender and attacker the people of a second data set", _data_join
    )
    join.add_argument("name", help="of the joined data set: a-z, 0-9, _ and -")
    join.add_argument("first", help="its four splits stay as they are")
    join.add_argument("second", help="its people are only learned from, never tested on")
    remove = add_command(commands, "remove", "forget a name; the photographs stay", _data_remove)
    remove.add_argument("name")
    synthetic = add_command(commands, "synthetic", "make a set of synthetic faces", _data_synthetic)
    synthetic.add_argument("--identities", type=int, default=1000)
    synthetic.add_argument("--images", type=int, default=8, help="photographs per identity")
    synthetic.add_argument("--size", type=int, default=128, help="pixels on a side")
    synthetic.add_argument("--seed", type=int, default=0)
    synthetic.add_argument("--workers", type=int, default=None, help="default: all cores")
    synthetic.add_argument("--out", type=Path, required=True, help="folder to write")
    synthetic.add_argument("--correlations", type=Path, metavar="FILE.json",
                           help="shares and correlations to change; set.json shows all")  # fmt: skip


def _sources() -> str:
    """What each source declares, and the options that all of them take."""
    lines = []
    for name, source in SOURCES.items():
        lines += [f"  {name}: {source.title}", f"    {source.help}"]
        lines += [f"    --option {option}: {text}" for option, text in source.options.items()]
    lines += ["options of every source"]
    return "\n".join(
        [*lines, *(f"  --option {option}: {text}" for option, text in OPTIONS.items())]
    )


def _data_list(options: argparse.Namespace, arguments: list[str]) -> None:
    from core import data

    for name, entry in data.catalogue().items():
        place = entry.get("path") or " + ".join(entry["options"].values())
        print(f"{name:24} {entry['source']:10} {place}")


def _data_describe(options: argparse.Namespace, arguments: list[str]) -> None:
    from core import data

    print(json.dumps(data.describe(options.name), indent=1))


def _data_add(options: argparse.Namespace, arguments: list[str]) -> None:
    from core import data

    data.add(options.name, options.source, options.path, pairs(options.option, "option"))
    _data_describe(options, arguments)


def _data_embedder(options: argparse.Namespace, arguments: list[str]) -> None:
    from core import embedders

    preparation = embedders.Preparation(options.mean, options.scale, options.channels)
    name = embedders.choose(options.name, options.network, preparation)
    if name is None:
        print(f"{options.name} is measured through Penumbra's own face network alone")
    else:
        print(f"{options.name}: what is measured through the second network ends in _{name};")
        print(
            "attacks that are done are not repeated: delete an attack's folder to measure it again"
        )


def _data_join(options: argparse.Namespace, arguments: list[str]) -> None:
    from core import data

    data.join(options.name, options.first, options.second)
    _data_describe(options, arguments)


def _data_remove(options: argparse.Namespace, arguments: list[str]) -> None:
    from core import data

    data.remove(options.name)


def _data_synthetic(options: argparse.Namespace, arguments: list[str]) -> None:
    from core.storage import files
    from core.synthetic.build import build

    build(
        options.out, options.identities, options.images, options.size, options.seed,
        workers=options.workers,
        correlations=files.read_json(options.correlations) if options.correlations else None,
    )  # fmt: skip
