"""Made-up participants, to rehearse a study and to test its analysis: people differ, faces differ, a few
break off, and the chance that an answer is right is on average the planted skill. They are marked as
simulated and count nowhere as people."""

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from scipy.special import expit, ndtri
from sqlalchemy import Connection

from core import results
from core.attacks import default_attack
from core.errors import PenumbraError
from core.methods.papers.deep_obfuscator import DEEP_OBFUSCATOR
from core.study import studies
from core.study.design import setting_key
from core.study.participation import admission
from core.study.storage import database
from core.study.storage.tables import answers, items, participants, trials

BATCH = 20  # participants in one transaction: others can write in between
MOST = 10_000  # participants in one call
PEOPLE_DIFFER = 0.5  # standard deviation of a person's skill, in log-odds
FACES_DIFFER = 0.8  # of a face's difficulty, likewise
ATTENTIVE = 0.97  # share of practice and attention questions that are answered right
BREAKS_OFF = 0.05  # share of participants who leave before the end
RUNS_OUT = 0.05  # share of wrong answers that are none because time ran out, where it is limited
SECONDS = 4.5  # median time of an answer
APART = 30.0  # seconds between two participants' beginnings
PREPARED = ("ready", "open", "closed")  # states in which they may take part
Settings = dict[tuple[str, str], float]  # (setting, attacker) -> skill


def simulate(
    study_id: str, number: int, skill: float | Sequence[float], seed: int = 0
) -> dict[str, int]:
    """Let `number` made-up participants take part, as if they had come in the time before now; how
    many {"participants", "finished", "answers"} there were.

    skill  share in [0, 1] of questions answered right, or one for each setting of the design

    Raises PenumbraError where the study has no pictures yet or a number is out of range.
    """
    if not 1 <= number <= MOST:
        raise PenumbraError(f"simulate 1 to {MOST:,} participants at once, not {number}")
    chance = np.random.default_rng(seed)
    with database.reading() as connection:
        study = studies.find(connection, study_id)
        wanted = sa.select(items).where(items.c.study_id == study_id).order_by(items.c.id)
        faces = database.rows(connection, wanted)
    if study["state"] not in PREPARED or not faces:
        raise PenumbraError("this study has no pictures yet: prepare it first")
    people = chance.permutation(ndtri((np.arange(number) + 0.5) / number)) * PEOPLE_DIFFER
    right = _right(faces, _skills(study["design"], skill), people, chance)
    favourites = {row["id"]: int(chance.integers(1, len(row["options"]))) for row in faces}
    counts = {"participants": number, "finished": 0, "answers": 0}
    began = time.time() - number * APART - 3600
    for first in range(0, number, BATCH):
        with database.writing() as connection:
            study = studies.find(connection, study_id, lock=True)
            for person in range(first, min(first + BATCH, number)):
                theirs = {item: share[person] for item, share in right.items()}
                start = began + person * APART
                given = _take_part(connection, study, start, chance, theirs, favourites)
                study["admitted"] += 1
                counts["answers"] += given[0]
                counts["finished"] += given[1]
    return counts


def _skills(design: Mapping[str, Any], skill: float | Sequence[float]) -> Settings:
    settings = [(setting_key(entry), entry["attacker"]) for entry in design["settings"]]
    given = [float(skill)] if isinstance(skill, int | float) else [float(value) for value in skill]
    if len(given) not in (1, len(settings)) or not all(0 <= value <= 1 for value in given):
        raise PenumbraError(
            f"skill is a share from 0 to 1, or {len(settings)} of them, one for each setting"
        )
    return dict(zip(settings, given * (len(settings) // len(given)), strict=True))


def _right(
    faces: Sequence[Mapping[str, Any]],
    skills: Settings,
    people: NDArray[np.float64],
    chance: np.random.Generator,
) -> dict[int, NDArray[np.float64]]:
    """Item id -> (participants,) chance that each of them answers it right."""
    questions = [row for row in faces if row["role"] == "question"]
    rest = [row["id"] for row in faces if row["role"] != "question"]
    found = {item: np.full(len(people), ATTENTIVE) for item in rest}
    for setting, skill in skills.items():
        mine = [row["id"] for row in questions if (row["setting"], row["attacker"]) == setting]
        odds = people[:, None] + chance.normal(0, FACES_DIFFER, len(mine))
        found |= dict(zip(mine, _on_average(odds, skill).T, strict=True))
    return found


def _on_average(odds: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """Log-odds shifted so that the shares they stand for have this mean."""
    low, high = -60.0, 60.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if expit(odds + middle).mean() < mean else (low, middle)
    return expit(odds + low)


def _take_part(
    connection: Connection,
    study: Mapping[str, Any],
    began: float,
    chance: np.random.Generator,
    right: Mapping[int, float],
    favourites: Mapping[int, int],
) -> tuple[int, bool]:
    """(answers given, whether it went on to the end) of one participant, who begins at `began`."""
    token = secrets.token_hex(16)
    participant, drawn = admission.admit(connection, study, token, None, True, began)
    given = int(chance.integers(1, len(drawn))) if chance.random() < BREAKS_OFF else len(drawn)
    pace = np.exp(chance.normal(0, 0.3))  # some are quick, some are slow
    now, shown, rows = began, [], []
    for position, (item, _) in enumerate(drawn[:given]):
        choice, milliseconds = _choice(study["design"], right[item], favourites[item], pace, chance)
        shown.append({"at": now, "participant": participant, "place": position})
        server = milliseconds + int(chance.integers(40, 400))
        now += server / 1000
        row: dict[str, Any] = {"participant_id": participant, "position": position}
        row |= {"choice": choice, "answered": now}
        row |= {"milliseconds": milliseconds, "server_milliseconds": server}
        rows.append(row | {"confidence": _confidence(study["design"], choice, chance)})
    marked = sa.update(trials).where(
        trials.c.participant_id == sa.bindparam("participant"),
        trials.c.position == sa.bindparam("place"),
    )
    connection.execute(marked.values(shown=sa.bindparam("at")), shown)
    connection.execute(sa.insert(answers), rows)
    if given == len(drawn):
        finished = sa.update(participants).where(participants.c.id == participant)
        connection.execute(finished, {"finished": now})
    return given, given == len(drawn)


def _choice(
    design: Mapping[str, Any],
    right: float,
    favourite: int,
    pace: float,
    chance: np.random.Generator,
) -> tuple[int | None, int]:
    """(option or None, milliseconds). Of the wrong options one looks more alike than the others."""
    took = SECONDS * pace * np.exp(chance.normal(0, 0.5))
    limit = design["time_limit"]
    if limit is not None:
        took = min(took, limit * chance.uniform(0.7, 0.99))  # people hurry
    if chance.random() < right:
        return 0, int(1000 * took)
    if limit is not None and chance.random() < RUNS_OUT:
        return None, 1000 * limit
    if chance.random() < 0.3:
        return favourite, int(1300 * took)
    return int(chance.integers(1, design["options"])), int(1300 * took)


def _confidence(
    design: Mapping[str, Any], choice: int | None, chance: np.random.Generator
) -> int | None:
    if not design["confidence"] or choice is None:
        return None
    return int(np.clip(round(chance.normal(3.3 if choice == 0 else 2.4, 1.1)), 1, 5))


def rehearsal() -> str:
    """A study of its own to rehearse with, prepared: DeepObfuscator on the synthetic faces, one
    setting for each shipped λ1. Its id. Raises PenumbraError where no such run is there."""
    found = results.runs()
    finished = found[(found["method"] == DEEP_OBFUSCATOR.name) & (found["state"] == "finished")]
    here = finished[finished["dataset"] == "synthetic"]
    along = []
    if len(here):
        along = here[here["knob:lambda2"] == 1].sort_values("knob:lambda1")["run_id"].tolist()
    if not along:
        raise PenumbraError(
            "the shipped DeepObfuscator runs are not here; name a study of your own with --study"
        )
    attacker = default_attack("image").name
    setting = {"dataset": "synthetic", "release_value": None, "attacker": attacker}
    design = {"settings": [setting | {"run_id": run_id} for run_id in along], "confidence": True}
    design |= {"title": "Rehearsal with simulated participants", "questions": 2 * len(along)}
    study_id = studies.create(design)
    studies.prepare(study_id)
    return study_id
