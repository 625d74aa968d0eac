"""The tables of README.md and docs/findings.md, from the shipped checkpoints.

`python -m bench.findings_tables` prints them; tests/cli/test_readme.py holds the documents to them.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import pandas as pd

from core import results
from core.attacks.identity.log_rank import log_rank
from core.run import ROOT

NONE = "–"
WHOLE = 10.0  # per cent of people found; below it one more digit is printed


class Row(NamedTuple):
    label: str
    method: str
    knobs: Mapping[str, float] = {}
    release: float | None = None
    tasks: str = "Smiling"
    schedule: str = ""


VERIFICATION = "verification"
OURS = "deep_obfuscator"
XIAO = "adversarial_reconstruction"
CONV4 = "layer=3, stem=1"  # in a network that sees well at this size
HALF = {"alpha": 0.5, "beta": 0.5}
ANSWER = Row("answer only", "answer_only")
FIRST = (
    Row("unprotected features", "original"),
    *(
        Row(f"DeepObfuscator λ₁ = {v}, λ₂ = 1", OURS, {"lambda1": v, "lambda2": 1})
        for v in (1, 5, 10)
    ),
    Row("blurred (σ = 3 % of the width)", "blur", release=3),
    Row("pixelated (8 cells across)", "pixelate", release=8),
    Row("noise on the picture (σ = 0.4)", "image_noise", release=0.4),
    Row("90 % of the values replaced", "random_replace", release=0.9),
    ANSWER,
    *(Row(f"certified answers, τ = {v}", "certified_code", release=v) for v in (0.1, 0.05, 0.02)),
)
SECOND = (
    FIRST[0],
    *(Row(f"PRIC λ = {value:g}", "pric", {"lambda": value}) for value in (10, 0.1, 0)),
    Row("AIA, unprotected", "aia_original", tasks=VERIFICATION),
    Row("AIA α = β = 0.5", "aia", HALF, tasks=VERIFICATION),
    Row(
        "the same, against a frozen adversary",
        "aia",
        HALF,
        None,
        VERIFICATION,
        "frozen_adversary=1",
    ),
    Row("AIA, half of the code replaced", "aia_random", release=0.5, tasks=VERIFICATION),
    Row(
        "adversarial reconstruction, cut after conv4, λ₁ = 0", XIAO, {"lambda1": 0}, schedule=CONV4
    ),
    Row("the same, λ₁ = 1", XIAO, {"lambda1": 1}, schedule=CONV4),
    Row("the same, λ₁ = 5", XIAO, {"lambda1": 5}, schedule=CONV4),
    Row("cut behind the last layer, λ₁ = 0", XIAO, {"lambda1": 0}),
    Row("the same, λ₁ = 1", XIAO, {"lambda1": 1}),
    Row("attribute network, cut (M0)", "dpfe_m0", tasks="Male"),
    Row("ten numbers (Simple), no noise", "dpfe_simple", release=0, tasks="Male"),
    Row("the same, noise ratio 0.5", "dpfe_simple", release=0.5, tasks="Male"),
    Row("Simple, trained as long as DPFE (β = 0), no noise", "dpfe", {"beta": 0}, 0, tasks="Male"),
    Row("the same, noise ratio 0.5", "dpfe", {"beta": 0}, 0.5, tasks="Male"),
    Row("DPFE, no noise", "dpfe", {"beta": 1}, 0, tasks="Male"),
    Row("DPFE, noise ratio 0.5", "dpfe", {"beta": 1}, 0.5, tasks="Male"),
    Row("DPFE that hides the gender", "dpfe", {"beta": 1}, 0),
    Row("the same, hardened", "dpfe_hardened", release=0),
    Row("features of a noisy picture (σ = 0.4)", "noisy_features", release=0.4),
    Row("LEACE, the gender erased", "leace"),
    Row("K-TOpt, λ = 0.5", "kernel_adversarial"),
    Row("VIB, β = 0.01", "vib"),
    Row("fair tree (FARE), γ = 0.5", "fair_tree"),
    ANSWER,
)
MALE, PICTURE = ("attribute:Male", "balanced_accuracy"), ("image", "ms_ssim")
Cell = Callable[[pd.DataFrame], str]


def chosen(table: pd.DataFrame, row: Row) -> pd.DataFrame:
    """The findings of one setting's first training. Raises LookupError where not exactly one run has
    it."""
    found = trainings(table, row)
    found = found[found["seed"] == 0]
    if found["run_id"].nunique() != 1:
        raise LookupError(f"{row.label}: {found['run_id'].nunique()} runs have this setting")
    return found


def trainings(table: pd.DataFrame, row: Row) -> pd.DataFrame:
    """The findings of a setting, of all its trainings."""
    table = table.assign(schedule=table["schedule"].fillna(""))
    same = {"method": row.method, "tasks": row.tasks, "schedule": row.schedule}
    same |= {f"knob:{knob}": value for knob, value in row.knobs.items()}
    if row.release is not None:
        same["release_value"] = row.release
    for column, wanted in same.items():
        table = table[table[column] == wanted]
    return table


def spread(number: Callable[[pd.DataFrame], float | None]) -> Cell:
    """Of several trainings the mean, and the least and the most."""

    def cell(found: pd.DataFrame) -> str:
        each = [number(mine) for _, mine in found.groupby("seed")]
        known = [value for value in each if value is not None]
        if not known:
            return NONE
        mean = sum(known) / len(known)
        return f"{decimals(mean)} ({decimals(min(known))}–{decimals(max(known))})"

    return cell


def value(
    found: pd.DataFrame, attacker: str, what: tuple[str, str], protocol: str = "strict"
) -> float | None:
    """One number of a setting; None where it was not measured."""
    same = {"attacker": attacker, "protocol": protocol, "target": what[0], "metric": what[1]}
    for column, wanted in same.items():
        found = found[found[column] == wanted]
    return None if found.empty else float(found["value"].iloc[0])


def decimals(number: float | None, digits: int = 3) -> str:
    """.958, without the zero before the point; a dash for what was not measured."""
    return NONE if number is None else f"{number:.{digits}f}".lstrip("0")


def at_most(number: float | None, digits: int = 3) -> str:
    """`decimals` of a bound: rounded up."""
    if number is None:
        return NONE
    return decimals(math.ceil(round(number * 10**digits, 6)) / 10**digits, digits)


def named(found: pd.DataFrame) -> str:
    """Share of people found by the strongest attacker, in per cent."""
    number = value(found, "worst_case", ("identity", "top1_accuracy"))
    if number is None:
        return NONE
    return f"{100 * number:.0f} %" if 100 * number >= WHOLE else f"{100 * number:.1f} %"


def served(found: pd.DataFrame) -> float | None:
    """Balanced accuracy of the best head, the method's own or a fresh one."""
    task = str(found["tasks"].iloc[0])
    target = task if task == VERIFICATION else f"attribute:{task}"
    return value(found, "best_head", (target, "balanced_accuracy"))


def service(found: pd.DataFrame) -> str:
    return decimals(served(found))


def both(own: float | None, fresh: float | None) -> str:
    """ "own / fresh", as in the second table; a dash where neither is known."""
    return NONE if fresh is None else f"{decimals(own)} / {decimals(fresh)}"


own_gender = partial(value, attacker="training_adversary", what=MALE, protocol="paper")
own_picture = partial(value, attacker="training_reconstructor", what=PICTURE, protocol="paper")
fresh_picture = partial(value, attacker="worst_case", what=PICTURE)
proven_gender = partial(
    value, attacker="certificate", what=("attribute:Male", "proven_accuracy"), protocol="proof"
)


def fresh_gender(found: pd.DataFrame) -> float | None:
    asked = "Male" in str(found["tasks"].iloc[0]).split(",")
    return None if asked else value(found, "worst_case", MALE)


COLUMNS_OF_FIRST: dict[str, Cell] = {
    "smile, balanced accuracy": service,
    "gender, training adversary (paper protocol)": lambda f: decimals(own_gender(f)),
    "gender, strongest fresh attacker (strict)": lambda f: decimals(fresh_gender(f)),
    "gender, no attacker above (proven)": lambda f: at_most(proven_gender(f)),
    "picture, training reconstructor: MS-SSIM": lambda f: decimals(own_picture(f)),
    "picture, strongest fresh redrawer: MS-SSIM": lambda f: decimals(fresh_picture(f)),
    "same person found (chance 0.5 %)": named,
}
BRIEF = (FIRST[0], FIRST[1], ANSWER, FIRST[-3])  # the README's
COLUMNS_OF_BRIEF: dict[str, Cell] = {
    "smile": service,
    "gender, by the method's own attacker": lambda f: decimals(own_gender(f)),
    "gender, strongest fresh attacker": lambda f: decimals(fresh_gender(f)),
    "gender, no attacker above (proven)": lambda f: at_most(proven_gender(f)),
    "same person found (chance 0.5 %)": named,
}
REPEATED = (FIRST[0], FIRST[1], ANSWER)
COLUMNS_OF_REPEATED: dict[str, Cell] = {
    "trainings": lambda f: str(f["seed"].nunique()),
    "smile": spread(served),
    "gender, training adversary": spread(own_gender),
    "gender, strongest fresh attacker": spread(fresh_gender),
}
SERVICES = {"Smiling": "smile", "Male": "gender", VERIFICATION: VERIFICATION}
LOG_RANK_PRIVACY = ("identity", "log_rank_privacy")
COLUMNS_OF_SECOND: dict[str, Cell] = {
    "service": lambda f: f"{SERVICES[str(f['tasks'].iloc[0])]} {service(f)}",
    "gender: own / fresh": lambda f: both(own_gender(f), fresh_gender(f)),
    "picture: own / fresh, MS-SSIM": lambda f: both(own_picture(f), fresh_picture(f)),
    "same person found": named,
    "log-rank privacy": lambda f: decimals(value(f, log_rank.name, LOG_RANK_PRIVACY), 2),
}


def markdown(
    table: pd.DataFrame,
    rows: tuple[Row, ...],
    columns: dict[str, Cell],
    of: Callable[[pd.DataFrame, Row], pd.DataFrame] = chosen,
) -> list[str]:
    lines = ["| setting | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        found = of(table, row)
        lines.append(f"| {' | '.join([row.label, *(cell(found) for cell in columns.values())])} |")
    return lines


def tables() -> list[tuple[str, list[str]]]:
    """(document, lines) of each table, of the checkpoints that come with Penumbra."""
    table = results.findings(ROOT / "checkpoints")
    table = table[table["dataset"] == "synthetic"]
    return [
        ("README.md", markdown(table, BRIEF, COLUMNS_OF_BRIEF)),
        ("docs/findings.md", markdown(table, FIRST, COLUMNS_OF_FIRST)),
        ("docs/findings.md", markdown(table, SECOND, COLUMNS_OF_SECOND)),
        ("docs/findings.md", markdown(table, REPEATED, COLUMNS_OF_REPEATED, trainings)),
    ]


if __name__ == "__main__":
    for document, lines in tables():
        print(document, *lines, "", sep="\n")
