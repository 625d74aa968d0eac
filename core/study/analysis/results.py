"""What people, or those that were simulated, answered, as tables: every answer, what it comes to per
setting, and as findings."""

import math
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, func, or_, select

from core import published
from core import results as runs
from core.attacks.attackers import HUMAN
from core.errors import PenumbraError
from core.metrics.intervals import mean_interval, resample_identities
from core.run import checkpoints
from core.storage import findings_file
from core.study.analysis import statistics
from core.study.storage import database
from core.study.storage.tables import ANSWERS_TRIAL, items, participants, studies, trials
from core.study.storage.tables import answers as answered
from core.study.studies import STUDY_ID, pngs

ENOUGH = 10  # answers below which nothing is said of a setting
RESAMPLES = 1000
MOST_DRAWN = 20_000_000  # participants times resamples that are held at once: 160 MB
MACHINES = ("machine_release", "machine_picture")
OF_ITEM = ("role", "setting", "dataset", "run_id", "release_value", "attacker", "person")
GIVEN = ("choice", "confidence", "milliseconds", "server_milliseconds", "answered")


# Column of `answers` -> its pandas type, its unit or values, what it means.
COLUMNS: dict[str, tuple[str, str, str]] = {
    "participant": ("int64", "1, 2, …", "number of the participant in order of consent; no name belongs to it"),
    "position": ("int64", "0, 1, …", "place of the question in what this participant was asked"),
    "role": ("str", "practice, attention, question", "practice and attention questions show an unprotected face and count for nothing but who looks"),
    "setting": ("str", "<run_id> or <run_id>@<release value>", "the setting whose redrawn face was shown"),
    "dataset": ("str", "name", "data set of the photographs"),
    "run_id": ("str", "name", "the trained run, a folder of the checkpoints"),
    "release_value": ("float64", "the knob's own", "value of the knob that moves at release; empty where there is none"),
    "attacker": ("str", "name", "the attacker who redrew the face"),
    "item": ("int64", "number", "redrawn face with its options: the same number is the same question for everybody"),
    "person": ("int64", "number", "the person shown, as the data set numbers people"),
    "choice": ("Int64", "0 … options - 1", "what was chosen: 0 is the right person, others are the distractors; empty where time ran out or nothing was answered"),
    "place": ("Int64", "0 … options - 1", "where on the screen the chosen photograph stood"),
    "right": ("boolean", "true, false", "whether the right person was chosen; false where time ran out, empty where nothing was answered"),
    "confidence": ("Int64", "1 (guessed) … 5 (sure)", "how sure the participant was; empty where it was not asked"),
    "milliseconds": ("Int64", "milliseconds", "from the pictures' appearance to the answer, as the participant's browser measured it"),
    "server_milliseconds": ("Int64", "milliseconds", "from sending the question to the answer's arrival, network included"),
    "answered": ("float64", "seconds since 1970-01-01 UTC", "when the answer arrived; empty where nothing was answered"),
    "timed_out": ("bool", "true, false", "whether the time limit passed without a choice"),
    "passed": ("bool", "true, false", "whether the participant was right in every attention check that they answered"),
    "finished": ("bool", "true, false", "whether the participant came to the end"),
    "machine_release_right": ("boolean", "true, false", "whether the nearest neighbour among what is released finds the right option in this very question; empty where it was not asked"),
    "machine_picture_right": ("boolean", "true, false", "whether a face network that sees the same pictures finds the right option; empty where there is none"),
    "options": ("int64", "2 … 8", "how many photographs there were to choose from; guessing is right in one of so many"),
}  # fmt: skip


def answers(study_id: str, simulated: bool = False) -> pd.DataFrame:
    """Every question of a study that was shown to people (or to `simulated` participants), in the
    columns `COLUMNS`, ordered by participant and position; one that was not answered has nothing in
    `answered` and `right`. Raises PenumbraError where there is no such study."""
    with database.reading() as connection:
        known(connection, study_id)
        query = (
            select(participants.c.number.label("participant"), participants.c.finished)
            .add_columns(trials.c.position, trials.c.item_id.label("item"), trials.c.option_order)
            .add_columns(*(items.c[name] for name in (*OF_ITEM, *MACHINES, "options")))
            .add_columns(*(answered.c[name] for name in GIVEN))
            .join_from(participants, trials, trials.c.participant_id == participants.c.id)
            .join(items, items.c.id == trials.c.item_id)
            .outerjoin(answered, ANSWERS_TRIAL)
            .where(participants.c.study_id == study_id, participants.c.simulated == simulated)
            .where(or_(trials.c.shown.is_not(None), answered.c.answered.is_not(None)))
            .order_by(participants.c.number, trials.c.position)
        )
        rows = [_said(row._asdict()) for row in connection.execute(query)]
    checks = [row for row in rows if row["role"] == "attention"]
    failed = {row["participant"] for row in checks if row["right"] is False}
    for row in rows:
        row["passed"] = row["participant"] not in failed
    table = pd.DataFrame(rows, columns=[*COLUMNS], dtype=object)
    return table.astype({name: kind for name, (kind, *_) in COLUMNS.items()})


def known(connection: Connection, study_id: str) -> None:
    """Raises PenumbraError where there is no such study."""
    wanted = select(studies.c.id).where(studies.c.id == study_id)
    named = isinstance(study_id, str) and STUDY_ID.fullmatch(study_id)
    if not named or connection.execute(wanted).first() is None:
        raise PenumbraError(
            f"there is no study {study_id!r:.20}; `python -m core study list` names all"
        )


def _said(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the database in the columns that follow from it alone."""
    given, choice = row["answered"] is not None, row["choice"]
    machines = {f"{name}_right": None if row[name] is None else row[name] == 0 for name in MACHINES}
    return row | {
        "place": None if choice is None else row["option_order"].index(choice),
        "right": choice == 0 if given else None,
        "timed_out": given and choice is None,
        "finished": row["finished"] is not None,
        "options": len(row["options"]),
        **machines,
    }


def pictures(study_id: str, item: int) -> dict[str, Any]:
    """{"redrawn": PNG, "options": PNGs, the right one first} of one question. Raises PenumbraError
    where the study has none such."""
    with database.reading() as connection:
        wanted = (items.c.study_id == study_id, items.c.id == item)
        row = connection.execute(select(items.c.redrawn, items.c.options).where(*wanted)).first()
        if row is None:
            raise PenumbraError("this question is gone; its study was deleted or prepared again")
        png = pngs(connection, [row.redrawn, *row.options])
    return {"redrawn": png[row.redrawn], "options": [png[name] for name in row.options]}


def counted(answers: pd.DataFrame) -> pd.DataFrame:
    """The answers that count: to questions proper, those where time ran out among them."""
    return answers[(answers["role"] == "question") & answers["answered"].notna()]


def summary(answers: pd.DataFrame) -> pd.DataFrame:
    """What `answers` come to: two rows for each setting and attacker, in the order in which they
    first occur; `who` is "all" or "passed" (only those who passed the attention checks).

    n, right, participants, people (who were shown)
    share, low, high               right answers, with Wilson's interval
    chance, p                      guessing; the exact test that people do better
    d_prime, d_low, d_high         the same on the scale of `statistics.d_prime`
    clustered_low, clustered_high  interval that lets a participant's answers hang together
    people_low, people_high        interval that lets answers about one face hang together; both are
                                   bootstraps of whole participants or faces, NaN with fewer than two
    machine_release, machine_picture with _low, _high, _n
                                   the machine on the same questions, each weighted as often as
                                   people were asked it; n questions
    milliseconds, timed_out        median time of an answer; share where time ran out
    """
    rows = []
    same = ["setting", "attacker", "dataset", "run_id", "release_value"]
    for _, group in counted(answers).groupby(["setting", "attacker"], sort=False):
        first = group.iloc[0]
        shared = {name: first[name] for name in same}
        for who, part in (("all", group), ("passed", group[group["passed"]])):
            rows.append({"who": who} | shared | _scores(part, int(first["options"])))
    return pd.DataFrame(rows, columns=[*SUMMARY])


SUMMARY = (
    "who", "setting", "attacker", "dataset", "run_id", "release_value", "n", "right", "participants",
    "people", "share", "low", "high", "chance", "p", "d_prime", "d_low", "d_high", "clustered_low",
    "clustered_high", "people_low", "people_high",
    *(f"{name}{end}" for name in MACHINES for end in ("", "_low", "_high", "_n")),
    "milliseconds", "timed_out",
)  # fmt: skip


def _scores(part: pd.DataFrame, options: int) -> dict[str, Any]:
    n, hits = len(part), part["right"].to_numpy(dtype=bool)
    right = int(hits.sum())
    share = right / n if n else math.nan
    low, high = statistics.wilson(right, n)
    found = {"n": n, "right": right, "share": share, "low": low, "high": high}
    found |= {"participants": part["participant"].nunique(), "people": part["person"].nunique()}
    found |= {"chance": 1 / options, "p": statistics.binomial_p(right, n, 1 / options)}
    found["d_prime"] = statistics.d_prime(share, options) if n else math.nan
    for end in ("low", "high"):
        found[f"d_{end}"] = statistics.d_prime(found[end], options)
    found["milliseconds"] = float(part["milliseconds"].astype(float).median())
    found["timed_out"] = float(part["timed_out"].mean()) if n else math.nan
    for name, column in (("clustered", "participant"), ("people", "person")):
        found[f"{name}_low"], found[f"{name}_high"] = _clustered(hits, part[column])
    for name in MACHINES:
        found |= _machine(part, name)
    return found


def _clustered(hits: np.ndarray, clusters: pd.Series) -> tuple[float, float]:
    """95 % interval of the share of hits by a bootstrap of whole clusters."""
    count = clusters.nunique()
    if count < 2:
        return math.nan, math.nan
    drawn = max(100, min(RESAMPLES, MOST_DRAWN // count))
    return mean_interval(hits, resample_identities(clusters.to_numpy(), drawn, seed=0))


def _machine(part: pd.DataFrame, name: str) -> dict[str, Any]:
    """The machine's share of right choices on the questions of these answers. The interval is that of
    as many answers as there are questions, fewer where people were asked unequally often (Kish's
    effective size, "Survey Sampling" 1965, section 11.7)."""
    asked = part[part[f"{name}_right"].notna()]
    weights = asked.groupby("item").size()
    if weights.empty:
        return {name: math.nan, f"{name}_low": math.nan, f"{name}_high": math.nan, f"{name}_n": 0}
    share = float(asked[f"{name}_right"].astype(float).mean())
    size = float(weights.sum() ** 2 / np.square(weights).sum())
    low, high = statistics.wilson(share * size, size)
    return {name: share, f"{name}_low": low, f"{name}_high": high, f"{name}_n": len(weights)}


def reference() -> dict[str, Any]:
    """DeepObfuscator's own study, from its paper: share, questions, responses, answers, chance, place;
    ours are right (rounded), low, high, p and p_two_sided, as if answers were independent."""
    rows = [row for row in published.published() if row["label"] == "Human Perceptual Study"]
    value = {row["metric"]: row["value"] for row in rows}
    total = round(value["questions"] * value["responses"])
    right = round(value["top1_accuracy"] * total)
    chance = value["chance"]
    low, high = statistics.wilson(right, total)
    found = {"share": value["top1_accuracy"], "answers": total, "right": right, "chance": chance}
    found |= {name: int(value[name]) for name in ("questions", "responses")}
    found |= {"low": low, "high": high, "place": rows[0]["place"]}
    found["p"] = statistics.binomial_p(right, total, chance)
    return found | {"p_two_sided": statistics.binomial_p(right, total, chance, "two-sided")}


def described(table: pd.DataFrame) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """({run_id: `core.results.describe` of it}, one line for each run that is gone or damaged) of
    the runs in a frame with `dataset` and `run_id`."""
    found: dict[str, dict[str, Any]] = {}
    wrong = []
    for dataset, run_id in dict.fromkeys(zip(table["dataset"], table["run_id"], strict=True)):
        try:
            found[run_id] = runs.describe(runs.read_run(checkpoints() / dataset / run_id))
        except PenumbraError as error:
            wrong.append(str(error))
    return found, wrong


def findings(study_ids: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """(rows as `core.results.findings` has them, one line for everything that was left out) of those
    studies that are there.

    Target `recognition:<study id>`, attacker `human`, `machine_release` or `machine_picture` on the
    same questions, metric `right_picks`, chance 1/options; `redrawer` is the attacker that made the
    reconstructions, n the number of answers (of questions, for the machine), identities the people
    shown. Only answers of people who passed the attention checks. Not conclusive below ENOUGH.
    """
    rows: list[dict[str, Any]] = []
    wrong: list[str] = []
    query = select(studies.c.id, studies.c.design).where(studies.c.id.in_(study_ids))
    with database.reading() as connection:
        designs = {row.id: row.design for row in connection.execute(query)}
    for study_id in filter(designs.__contains__, study_ids):
        table = summary(answers(study_id))
        table = table[(table["who"] == "passed") & (table["n"] > 0)]
        about, missing = described(table)
        wrong += [f"study {study_id}: {line}" for line in missing]
        for row in table.to_dict("records"):
            if row["run_id"] in about:
                same = designs[study_id]["photograph"] == "same"
                rows += _findings(row, study_id, same, about[row["run_id"]])
    columns = [*findings_file.COLUMNS, *runs.RUN, "redrawer"]
    knobs = sorted({name for row in rows for name in row if name.startswith("knob:")})
    return pd.DataFrame(rows, columns=[*columns, *knobs]), wrong


def _findings(
    row: dict[Hashable, Any], study_id: str, same: bool, about: dict[str, Any]
) -> list[dict[str, Any]]:
    shared = about | {name: row[name] for name in ("run_id", "release_value", "chance")}
    shared |= {"target": f"recognition:{study_id}", "role": "private", "protocol": "strict"}
    shared |= {"metric": "right_picks", "conclusive": row["n"] >= ENOUGH}
    shared |= {"identities": row["people"], "redrawer": row["attacker"]}
    human = {"attacker": HUMAN.name, "value": row["share"]}
    found = [shared | human | {name: row[name] for name in ("low", "high", "n")}]
    for name in MACHINES:
        # A release is trivially nearest to that of the very photograph it was made of.
        if row[f"{name}_n"] and not (same and name == "machine_release"):
            ends = {end: row[f"{name}_{end}"] for end in ("low", "high", "n")}
            found.append(shared | ends | {"attacker": name, "value": row[name]})
    return found


# Closed studies: what may be decided by. While a study runs, its numbers stand on its own page alone.


def closed_version() -> str:
    """Changes whenever a study is closed, opened again or deleted, or answers of a closed one are
    finished or withdrawn; empty where none is closed. Raises DatabaseError."""
    query = (
        select(studies.c.id, studies.c.withdrawn, func.count(participants.c.finished))
        .outerjoin(participants, participants.c.study_id == studies.c.id)
        .where(studies.c.state == "closed")
        .group_by(studies.c.id, studies.c.withdrawn)
        .order_by(studies.c.id)
    )
    with database.reading() as connection:
        return ";".join(",".join(map(str, row)) for row in connection.execute(query))


def closed_titles() -> dict[str, str]:
    """Study id -> title of every closed study, its id behind it where two are called the same."""
    query = select(studies.c.id, studies.c.title).where(studies.c.state == "closed")
    with database.reading() as connection:
        found = {row.id: row.title for row in connection.execute(query)}
    named = list(found.values())
    return {
        name: title if named.count(title) == 1 else f"{title} ({name})"
        for name, title in found.items()
    }
