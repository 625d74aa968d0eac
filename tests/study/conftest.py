"""Both databases: every test that asks for `database` runs on SQLite and on a real PostgreSQL."""

import shutil
import sqlite3
from contextlib import ExitStack

import pytest

from core.study.storage import database as study_database
from tests.study import postgres

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server for all tests. A missing one fails the tests: they are never skipped."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres.served())
        except AssertionError as error:
            pytest.fail(str(error))
        study_database.engine(server.create("migrated"))
        study_database.close()
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("migrated") / "studies.sqlite"
    study_database.engine(f"sqlite:///{path}")
    study_database.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture
def postgresql_url(postgresql):
    """URL of the database that tests use one after another; each leaves it empty."""
    yield postgresql.url("migrated")
    postgresql.execute("TRUNCATE studies RESTART IDENTITY CASCADE", "migrated")


@pytest.fixture(params=KINDS)
def database(request, tmp_path, monkeypatch):
    """URL of an empty study database, which `core.study` uses during the test."""
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    if request.param == "sqlite":
        path = tmp_path / "studies.sqlite"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("postgresql_url")
    monkeypatch.setenv("PENUMBRA_DATABASE", url)
    yield url
    study_database.close()
