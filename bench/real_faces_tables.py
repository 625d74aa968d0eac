"""The tables of docs/real-faces.md, from the numbers of real faces that come with Penumbra.

`python -m bench.real_faces_tables` prints them, with `--write` into the document, between its two
marks; tests/bench/test_real_faces_tables.py holds the document to them. Where there are no numbers
there is no table.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from app.page import wording
from app.settings import outcomes, points, views
from app.settings.views import View
from core import results
from core.methods.declare import VERIFICATION
from core.run import ROOT
from core.storage import numbers_only, run_folder

DOCUMENT = ROOT / "docs" / "real-faces.md"
BEGIN, END = "<!-- numbers: begin -->", "<!-- numbers: end -->"
HIDDEN = "attribute:Male"
SIZE = "compact"
NONE = "–"


def tables(root: Path) -> list[str]:
    """Lines of Markdown: for each data set of which only numbers are here, what it is, and a table
    for each task; [] where there is none."""
    findings = results.findings(root)
    known = numbers_only.declared(root)
    lines: list[str] = []
    for dataset in views.datasets(findings, known):
        if dataset in known:
            said = known[dataset]
            lines += [f"### {said.title}", "", f"{said.made_of} {_counts(root, dataset)}", ""]
            for task in views.tasks(findings, dataset, SIZE):
                lines += [*_table(findings, dataset, task), ""]
    return lines


def _counts(root: Path, dataset: str) -> str:
    """How many photographs there are in each part, by the first run's record."""
    folder = next(f for f in run_folder.all_folders(root) if f.parent.name == dataset)
    found = run_folder.read_record(folder)["data"]["photographs"]
    parts = ", ".join(f"{name} {count:,}" for name, count in found.items())
    return f"Photographs: {parts}."


def _table(findings: pd.DataFrame, dataset: str, task: str) -> Iterator[str]:
    strict = _settings(findings, dataset, task, HIDDEN, "strict")
    paper = _settings(findings, dataset, task, HIDDEN, "paper")
    picture = _settings(findings, dataset, task, "image", "strict")
    person = _settings(findings, dataset, task, "identity", "strict")
    every = {**strict, **picture, **person}
    if not every:
        return
    guesses = {row["chance"] for row in person.values()}
    chance = f" (chance {100 * min(guesses):.1f} %)" if guesses else ""
    service = "verification" if task == VERIFICATION else wording.attribute_label(task).lower()
    yield (
        f"| setting | {service} | gender, as its paper asks | gender, strongest fresh attacker | "
        f"picture: MS-SSIM | same person found{chance} | trainings |"
    )
    yield "|---" * 7 + "|"
    for row in sorted(every.values(), key=points.protection):
        key = row["key"]
        served = task == HIDDEN.partition(":")[2]
        cells = [
            _cell(row, "utility"),
            NONE if served or key not in paper else _cell(paper[key]),
            NONE if served or key not in strict else _cell(strict[key]),
            _cell(picture[key]) if key in picture else NONE,
            _cell(person[key], scale=100) if key in person else NONE,
            f"{row['seeds']:.0f}",
        ]
        yield f"| {' | '.join([points.name(row), *cells])} |"


def _settings(
    findings: pd.DataFrame, dataset: str, task: str, target: str, protocol: str
) -> dict[str, points.Row]:
    found = outcomes.settings(findings, View(dataset, SIZE, task, target, protocol))
    return {row["key"]: row for row in points.records(found)}


def _cell(row: points.Row, name: str = "value", scale: int = 1) -> str:
    """.975 (.968–.981), or 96.1 % (…) where `scale` is 100; a mark where nothing can be concluded."""
    ends = ("utility_low", "utility_high") if name == "utility" else ("low", "high")
    value, low, high = (_number(row[column], scale) for column in (name, *ends))
    span = "" if NONE in (low, high) else f" ({low}–{high})"
    weak = "" if name == "utility" or row["conclusive"] else " too weak to conclude"
    return f"{value}{' %' if scale == 100 else ''}{span}{weak}"


def _number(value: float | None, scale: int) -> str:
    if not wording.known(value):
        return NONE
    return f"{scale * value:.1f}" if scale == 100 else f"{value:.3f}".lstrip("0")


def written(text: str, lines: list[str]) -> str:
    """A document with `lines` between its marks. Raises ValueError where it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT.name} lacks {BEGIN} or {END}")
    body = "\n" + "\n".join(lines).rstrip() + "\n\n" if lines else ""
    return f"{before}{BEGIN}\n{body}{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Print or write the tables of docs/real-faces.md.")
    parser.add_argument("--write", action="store_true", help="into the document")
    options = parser.parse_args()
    lines = tables(ROOT / "checkpoints")
    if not lines:
        print("no numbers of real faces are here yet: see docs/real-faces.md for what makes them")
        return 1
    if options.write:
        DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8"), lines), encoding="utf-8")
    else:
        print("\n".join(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
