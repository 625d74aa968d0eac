"""Measurements of studies under load."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from core.study.storage import database
from core.study.storage.tables import ANSWERS_TRIAL, answers, participants, trials
from tests.study import postgres, sample_study

QUESTIONS = 10  # of each participant


def stored(study: str) -> Sequence[Any]:
    """Every answer to a study that is in the database: token_hash, position, option_order, choice and
    milliseconds."""
    person, trial, given = participants.c, trials.c, answers.c
    query = (
        sa.select(person.token_hash, trial.position, trial.option_order, given.choice)
        .add_columns(given.milliseconds)
        .join_from(participants, trials, trial.participant_id == person.id)
        .join(answers, ANSWERS_TRIAL)
        .where(person.study_id == study)
    )
    with database.reading() as connection:
        return connection.execute(query).all()


@contextmanager
def kept_in(kind: str) -> Iterator[postgres.Server | None]:
    """An empty database, "sqlite" or "postgresql", named in the environment; the server, where there
    is one. Both wait for the disk at each commit."""
    with tempfile.TemporaryDirectory(prefix="penumbra-load-") as place:
        os.environ["PENUMBRA_HOME"] = place
        try:
            if kind == "sqlite":
                os.environ["PENUMBRA_DATABASE"] = f"sqlite:///{place}/studies.sqlite"
                yield None
            else:
                with postgres.served(fsync=True) as server:
                    os.environ["PENUMBRA_DATABASE"] = server.create("load")
                    yield server
        finally:
            database.close()


def open_study(settings: int, **changes: Any) -> str:
    """Id of an open study with made-up pictures of the shipped ones' size: 64 x 64 pixels without
    compression, 12 kB."""
    sample_study.SIZE = 64
    asked = {"questions": QUESTIONS, "practice": False, "attention": 0}
    return sample_study.open_study(settings, **asked, **changes)
