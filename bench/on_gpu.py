"""Everything worth knowing about Penumbra on a GPU, by one command that ends in time.

    python -m bench.on_gpu --out FOLDER [--minutes 9] [--only 'tests,training dpfe*']
    python -m bench.on_gpu --document FOLDER/figures.json
    python -m bench.on_gpu --out FOLDER --device cpu --tiny     a rehearsal without a GPU

For a machine with a CUDA device, without a network and without a display. Part after part, the most
telling first: the environment, the tests that need a GPU, the training of every method's paper preset,
strict attacks at paper size. Each has its own share of the time and its own failures, which are among
the figures. `FOLDER/figures.json` is written after every part, `FOLDER/log.txt` holds what was
printed. The second command writes `docs/gpu.md` from the figures.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from unittest import mock

from bench.gpu import document, parts
from bench.gpu.isolated import Figures, Work, Worker
from core.methods import METHODS, UNPROTECTED
from core.run import ROOT
from core.storage import files

ATTACKERS = ("cnn", "mirrored_decoder", "mlp")
RESERVE = 5.0  # seconds of the whole time in which no part runs


@dataclass(frozen=True)
class Part:
    """`work(**arguments)`, given up after `limit` seconds."""

    name: str
    work: Work
    arguments: dict[str, Any]
    limit: float


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, help="folder for figures.json and log.txt")
    what.add_argument("--document", type=Path, help="figures.json to write docs/gpu.md from")
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--tiny", action="store_true", help="compact presets and a few steps")
    parser.add_argument(
        "--only", default="*", help="parts by name, comma-separated, * for any text"
    )
    options = parser.parse_args(arguments)
    if options.document:
        text = document.written(json.loads(options.document.read_text(encoding="utf-8")))
        (ROOT / "docs" / "gpu.md").write_text(text, encoding="utf-8")
        return
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "log.txt").write_text("", encoding="utf-8")
    patterns = options.only.split(",")
    chosen = [
        part
        for part in all_parts(options.device, options.tiny)
        if any(fnmatchcase(part.name, pattern) for pattern in patterns)
    ]
    print(document.summary(measure(chosen, options.out, 60 * options.minutes)))


def all_parts(device: str, tiny: bool) -> list[Part]:
    where = {"device": device, "tiny": tiny}

    def training(name: str) -> Part:
        return Part(f"training {name}", parts.training, {"name": name, **where}, 60.0)

    plain = [n for n, m in METHODS.items() if not (m.baseline or m.hardens)] + [UNPROTECTED]
    return [
        Part("environment", parts.environment, {"device": device}, 60.0),
        Part("tests", parts.cuda_tests, {"tiny": tiny}, 120.0),
        *(training(name) for name in plain),
        *(
            Part(f"attack {name}", parts.attack, {"name": name, **where}, 75.0)
            for name in ATTACKERS
        ),
        *(training(name) for name in METHODS if name not in plain),
    ]


def measure(chosen: Sequence[Part], out: Path, seconds: float) -> Figures:
    """The figures of all parts that `seconds` suffice for, also in `out`."""
    began = time.monotonic()
    figures: Figures = {"parts": {}, "left_out": [part.name for part in chosen]}
    with (
        tempfile.TemporaryDirectory() as place,
        mock.patch.dict(os.environ, surroundings(place)),
        Worker(out / "log.txt") as worker,
    ):
        for part in chosen:
            left = seconds - RESERVE - (time.monotonic() - began)
            if left <= 0:
                break
            figures["left_out"].remove(part.name)
            started = time.monotonic()
            found: Figures = {"part_seconds": 0.0}
            for more in worker.run(part.work, part.arguments, min(part.limit, left)):
                found |= more
                found["part_seconds"] = round(time.monotonic() - started, 1)
                figures["parts"][part.name] = found
                figures["seconds"] = round(time.monotonic() - began, 1)
                files.write_json(out / "figures.json", rounded(figures))
            print(document.line(part.name, found), flush=True)
    files.write_json(out / "figures.json", rounded(figures))
    return figures


def surroundings(place: str) -> dict[str, str]:
    """The environment of the parts: nothing is kept outside `place`, and a download of weights is
    refused at once instead of waiting for an answer."""
    nowhere = "http://127.0.0.1:9"
    return {
        "PENUMBRA_HOME": f"{place}/home",
        "PENUMBRA_CHECKPOINTS": f"{place}/checkpoints",
        "http_proxy": nowhere,
        "https_proxy": nowhere,
    }


def rounded(value: Any) -> Any:
    """Four digits are more than a measurement of time has."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
