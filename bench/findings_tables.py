"""The tables of README.md and docs/findings.md, from the shipped checkpoints.

`python -m bench.findings_tables` prints them; tests/cli/test_readme.py holds the documents to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import pandas as pd

from core import results
from core.attacks.identity.log_rank import LOG_RANK
from core.run import ROOT

NONE = "–"
WHOLE = 10.0  # per cent of people found; below it one more digit is printed


class Row(NamedTuple):
    """A setting of the shipped runs, and its label in a table."""

    label: str
    method: str
    knobs: Mapping[str, float] = {}
    release: float | None = None
    tasks: str = "Smiling"
    private: str | None = None
    schedule: str = ""


VERIFICATION, GENDER_TASK = "verification", "Male"
OURS = "deep_obfuscator"
XIAO = "adversarial_reconstruction"
FIRST = (
    Row("unprotected features", "original"),
    *(
        Row(f"DeepObfuscator λ₁ = {value}, λ₂ = 1", OURS, {"lambda1": value, "lambda2": 1})
        for value in (1, 5, 10)
    ),
    Row("blurred (σ = 3 % of the width)", "blur", release=3),
    Row("pixelated (8 cells across)", "pixelate", release=8),
    Row("noise on the picture (σ = 0.4)", "image_noise", release=0.4),
    Row("90 % of the values replaced", "random_replace", release=0.9),
    Row("answer only", "answer_only"),
)
SECOND = (
    FIRST[0],
    *(Row(f"PRIC λ = {value:g}", "pric", {"lambda": value}) for value in (10, 0.1, 0)),
    Row("AIA, unprotected", "aia_original", tasks=VERIFICATION),
    Row("AIA α = β = 0.5", "aia", {"alpha": 0.5, "beta": 0.5}, tasks=VERIFICATION),
    Row("the same, against a frozen adversary", "aia", {"alpha": 0.5, "beta": 0.5},
        tasks=VERIFICATION, schedule="frozen_adversary=1"),
    Row("AIA, half of the code replaced", "aia_random", release=0.5, tasks=VERIFICATION),
    Row("adversarial reconstruction, cut after conv4, λ₁ = 0", XIAO, {"lambda1": 0},
        schedule="layer=3"),
    Row("the same, λ₁ = 5", XIAO, {"lambda1": 5}, schedule="layer=3"),
    Row("cut behind the last layer, λ₁ = 0", XIAO, {"lambda1": 0}),
    Row("the same, λ₁ = 1", XIAO, {"lambda1": 1}),
    Row("ten numbers (Simple), no noise", "dpfe_simple", release=0, tasks=GENDER_TASK),
    Row("the same, noise ratio 0.5", "dpfe_simple", release=0.5, tasks=GENDER_TASK),
    Row("DPFE, no noise", "dpfe", {"beta": 1}, 0, tasks=GENDER_TASK),
    Row("DPFE, noise ratio 0.5", "dpfe", {"beta": 1}, 0.5, tasks=GENDER_TASK),
    Row("DPFE that hides the gender", "dpfe", {"beta": 1}, 0),
    Row("the same, hardened", "dpfe_hardened", release=0),
    FIRST[-1],
)  # fmt: skip
MALE = ("attribute:Male", "balanced_accuracy")


def chosen(table: pd.DataFrame, row: Row) -> pd.DataFrame:
    """The findings of one setting. Raises LookupError where not exactly one run has it."""
    found = table[
        (table["method"] == row.method)
        & (table["tasks"] == row.tasks)
        & (table["schedule"] == row.schedule)
    ]
    for knob, value in row.knobs.items():
        found = found[found[f"knob:{knob}"] == value]
    if row.release is not None:
        found = found[found["release_value"] == row.release]
    if found["run_id"].nunique() != 1:
        raise LookupError(f"{row.label}: {found['run_id'].nunique()} runs have this setting")
    return found


def value(
    found: pd.DataFrame, attacker: str, what: tuple[str, str], protocol: str = "strict"
) -> float | None:
    """One number of a setting; None where it was not measured."""
    rows = found[
        (found["attacker"] == attacker)
        & (found["protocol"] == protocol)
        & (found["target"] == what[0])
        & (found["metric"] == what[1])
    ]
    return None if rows.empty else float(rows["value"].iloc[0])


def decimals(number: float | None, digits: int = 3) -> str:
    """.958, without the zero before the point; a dash for what was not measured."""
    return NONE if number is None else f"{number:.{digits}f}".lstrip("0")


def named(found: pd.DataFrame) -> str:
    """Share of people found by the strongest attacker, in per cent."""
    number = value(found, "worst_case", ("identity", "top1_accuracy"))
    if number is None:
        return NONE
    percent = 100 * number
    return f"{percent:.0f} %" if percent >= WHOLE else f"{percent:.1f} %"


def service(found: pd.DataFrame) -> float | None:
    """Balanced accuracy of the best head, the method's own or a fresh one."""
    tasks = str(found["tasks"].iloc[0])
    target = tasks if tasks == "verification" else f"attribute:{tasks}"
    return value(found, "best_head", (target, "balanced_accuracy"))


def both(own: float | None, fresh: float | None) -> str:
    """ "own / fresh", as in the second table; a dash where neither is known."""
    return NONE if fresh is None else f"{decimals(own)} / {decimals(fresh)}"


Cell = Callable[[pd.DataFrame], str]


def gender(found: pd.DataFrame) -> float | None:
    hidden = "Male" not in str(found["tasks"].iloc[0]).split(",")
    return value(found, "worst_case", MALE) if hidden else None


COLUMNS_OF_FIRST: dict[str, Cell] = {
    "smile, balanced accuracy": lambda f: decimals(service(f)),
    "gender, training adversary (paper protocol)": lambda f: decimals(
        value(f, "training_adversary", MALE, "paper")
    ),
    "gender, strongest fresh attacker (strict)": lambda f: decimals(gender(f)),
    "picture, training reconstructor: MS-SSIM": lambda f: decimals(
        value(f, "training_reconstructor", ("image", "ms_ssim"), "paper")
    ),
    "picture, strongest fresh redrawer: MS-SSIM": lambda f: decimals(
        value(f, "worst_case", ("image", "ms_ssim"))
    ),
    "same person found (chance 0.5 %)": named,
}
BRIEF = (FIRST[0], FIRST[1], *FIRST[-2:])  # the README's
COLUMNS_OF_BRIEF: dict[str, Cell] = dict(
    zip(
        (
            "smile",
            "gender, by the method's own attacker",
            "gender, strongest fresh attacker",
            "same person found (chance 0.5 %)",
        ),
        (cell for name, cell in COLUMNS_OF_FIRST.items() if not name.startswith("picture")),
        strict=True,
    )
)
SERVICES = {"Smiling": "smile", "Male": "gender", "verification": "verification"}
COLUMNS_OF_SECOND: dict[str, Cell] = {
    "service": lambda f: f"{SERVICES[str(f['tasks'].iloc[0])]} {decimals(service(f))}",
    "gender: own / fresh": lambda f: both(value(f, "training_adversary", MALE, "paper"), gender(f)),
    "picture: own / fresh, MS-SSIM": lambda f: both(
        value(f, "training_reconstructor", ("image", "ms_ssim"), "paper"),
        value(f, "worst_case", ("image", "ms_ssim")),
    ),
    "same person found": named,
    "log-rank privacy": lambda f: decimals(
        value(f, LOG_RANK.name, ("identity", "log_rank_privacy")), 2
    ),
}


def markdown(table: pd.DataFrame, rows: tuple[Row, ...], columns: dict[str, Cell]) -> list[str]:
    """The lines of a Markdown table."""
    lines = ["| setting | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        found = chosen(table, row)
        cells = [row.label, *(cell(found) for cell in columns.values())]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def tables() -> list[tuple[str, list[str]]]:
    """(document, lines) of each table, of the checkpoints that come with Penumbra."""
    table = results.findings(ROOT / "checkpoints")
    table = table[table["dataset"] == "synthetic"]
    return [
        ("README.md", markdown(table, BRIEF, COLUMNS_OF_BRIEF)),
        ("docs/findings.md", markdown(table, FIRST, COLUMNS_OF_FIRST)),
        ("docs/findings.md", markdown(table, SECOND, COLUMNS_OF_SECOND)),
    ]


if __name__ == "__main__":
    for document, lines in tables():
        print(document, *lines, "", sep="\n")
