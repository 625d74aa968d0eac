"""The database by itself: what it promises, and what it says when it cannot."""

import os
import sqlite3
import subprocess
import sys
import threading
import traceback

import psycopg
import pytest
import sqlalchemy as sa

from core.errors import PenumbraError
from core.run import ROOT
from core.study import studies
from core.study.storage import database as db
from core.study.storage import location as place
from core.study.storage import turns
from core.study.storage.tables import studies as table
from tests.study import sample_study

SECRET = "hunter2-very-secret"


def row(name: str) -> dict:
    return {"id": name, "title": name, "created": 0.0, "state": "draft", "seed": 1, "design": {}}


def count() -> int:
    with db.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def insert(*rows: dict) -> None:
    with db.writing() as connection:
        for values in rows:
            connection.execute(sa.insert(table), values)


def test_what_fails_in_the_middle_leaves_nothing(database):
    with pytest.raises(KeyError), db.writing() as connection:
        connection.execute(sa.insert(table), [row("one"), {}["two"]])
    assert count() == 0
    insert(row("one"))
    with pytest.raises(sa.exc.IntegrityError):
        insert(row("two"), row("one"))
    assert count() == 1


def test_who_reads_sees_one_moment(database):
    query = sa.select(sa.func.count()).select_from(table)
    with db.reading() as connection:
        assert connection.execute(query).scalar_one() == 0

        thread = threading.Thread(target=insert, args=(row("one"),))
        thread.start()
        thread.join()
        assert connection.execute(query).scalar_one() == 0
    assert count() == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_reads_cannot_write(database):
    with pytest.raises(db.DatabaseError), db.reading() as connection:
        connection.execute(sa.insert(table), row("one"))


def test_a_note_is_kept_and_counted(database):
    study = studies.create(sample_study.design())
    moved = sa.update(table).where(table.c.id == study)
    assert db.note(moved, {"done": 3}) == 1
    assert studies.read(study)["done"] == 3
    assert db.note(sa.update(table).where(table.c.id == "nobody"), {"done": 3}) == 0
    with db.writing() as connection:  # what follows waits for the disk again
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sqlite_is_set_up_to_keep_answers(database):
    path = database.removeprefix("sqlite:///")
    with db.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
    }
    assert os.path.exists(path)


def test_the_default_is_a_file_for_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("PENUMBRA_DATABASE", raising=False)
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    path = tmp_path / "home" / "studies" / "studies.sqlite"
    assert db.url() == f"sqlite:///{path}"
    assert not place.exists()
    assert studies.list_studies() == []
    assert not path.exists()  # who only looks makes no database
    assert count() == 0
    assert place.exists()
    assert path.stat().st_mode & 0o777 == 0o600
    db.close()


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgres://me:pw@host:5433/studies", "postgresql+psycopg://me:pw@host:5433/studies"),
        ("postgresql://me@/studies?host=/run", "postgresql+psycopg://me@/studies?host=%2Frun"),
        ("postgresql+psycopg2://me@host/x", "postgresql+psycopg://me@host/x"),
        ("sqlite:////tmp/../tmp/x.sqlite", "sqlite:////tmp/x.sqlite"),
    ],
)
def test_urls_as_hosters_give_them(given, taken):
    assert db._parsed(given).render_as_string(hide_password=False) == taken


SQLITE_URLS = ("sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true")
OTHER_URLS = ("mysql://me:pw@host/x", f"oracle://me:{SECRET}@host/x")


@pytest.mark.parametrize(
    "given",
    ["", "nonsense", *SQLITE_URLS, *OTHER_URLS, f"postgresql://me:{SECRET}@host:notaport/x"],
)
def test_other_urls_are_refused_in_words(given, monkeypatch):
    monkeypatch.setenv("PENUMBRA_DATABASE", given or " ")
    with pytest.raises(db.DatabaseError) as error:
        db.engine()
    assert SECRET not in str(error.value)


def test_a_server_that_is_away_is_named_without_the_password(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_DATABASE", f"postgresql://me:{SECRET}@127.0.0.1:1/x")
    with pytest.raises(db.DatabaseAway, match=r"127\.0\.0\.1.*see that it runs") as error:
        count()
    told = "".join(traceback.format_exception(error.value))
    assert SECRET not in told
    assert isinstance(error.value, PenumbraError)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(db.DatabaseAway, match="PENUMBRA_DATABASE"):
        db.engine(f"sqlite:///{tmp_path}/file/studies.sqlite")


def test_a_file_that_is_no_database_is_said_and_left_alone(tmp_path):
    path = tmp_path / "studies.sqlite"
    path.write_bytes(b"my diary, not a database" * 100)
    with pytest.raises(db.DatabaseError, match="not a database"):
        db.engine(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"my diary")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_full_disk_stores_nothing_and_loses_nothing(database):
    studies.create(sample_study.design())

    def fill() -> None:
        with db.writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            connection.execute(sa.insert(table), row("big") | {"message": "x" * 100_000})

    with pytest.raises(db.DatabaseError, match="free space"):
        fill()
    assert count() == 1


def test_a_full_disk_of_the_server_is_said():
    full = sa.exc.OperationalError("INSERT", {}, psycopg.errors.DiskFull("no space left on device"))
    place = db._parsed(f"postgresql://me:{SECRET}@host/x")
    with pytest.raises(db.DatabaseError, match="free space"), db._explained(place):
        raise full


def test_who_holds_the_database_for_too_long_is_waited_for_and_then_said(database, monkeypatch):
    """Another process has locked what is to be written."""
    study = studies.create(sample_study.design())
    db.close()
    monkeypatch.setattr(db, "PATIENCE", 1)
    if database.startswith("sqlite"):
        other = sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)
        db.engine()
        other.execute("BEGIN IMMEDIATE")
    else:
        other = psycopg.connect(database)
        other.execute("SELECT * FROM studies FOR UPDATE")
    with pytest.raises(db.DatabaseBusy, match="try again in a moment"):
        studies.change(study, sample_study.design(title="Another"))
    other.rollback()
    other.close()
    studies.change(study, sample_study.design(title="Another"))
    assert studies.read(study)["title"] == "Another"


def test_what_may_be_done_twice_gets_over_others_and_broken_connections():
    tries = []

    @db.repeated
    def work(failure):
        tries.append(failure)
        if len(tries) < 3:
            raise failure("others")
        return "done"

    assert work(db.DatabaseBusy) == "done"
    tries.clear()
    with pytest.raises(db.DatabaseError):
        work(db.DatabaseError)
    assert len(tries) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_server_that_was_started_again_is_found_again(database, monkeypatch):
    study = studies.create(sample_study.design())

    def cut() -> None:
        with psycopg.connect(database, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    cut()  # connections that were just in use: the error is seen, then all are made anew
    with pytest.raises(db.DatabaseAway, match="what was stored before is safe"):
        studies.read(study)
    assert studies.read(study)["id"] == study
    cut()
    assert db.repeated(studies.read)(study)["id"] == study
    cut()
    monkeypatch.setattr(db, "IDLE", 0)  # connections that lay idle are looked at before
    assert studies.read(study)["id"] == study


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_many_processes_may_be_the_first(kind, tmp_path, request):
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path}/new.sqlite"
    else:
        server = request.getfixturevalue("postgresql")
        url = server.create("first_of_many")
    script = (
        "from core.study.storage import database\n"
        "with database.reading() as connection: print(database.revision(connection))\n"
    )
    environment = os.environ | {"PENUMBRA_DATABASE": url, "PENUMBRA_HOME": str(tmp_path)}
    how = {"cwd": ROOT, "stdout": subprocess.PIPE, "text": True, "env": environment}
    started = [subprocess.Popen([sys.executable, "-c", script], **how) for _ in range(3)]
    said = {process.communicate(timeout=120)[0].strip() for process in started}
    assert all(process.returncode == 0 for process in started)
    assert len(said) == 1
    assert said != {"None"}


# Turns -----------------------------------------------------------------------------------------


def test_turns_are_taken_in_order_and_never_by_two():
    queue, order, inside, most = turns.Turns(1), [], [], []
    entered = threading.Event()

    def enter(number: int) -> None:
        with queue.taken():
            inside.append(number)
            most.append(len(inside))
            order.append(number)
            inside.remove(number)

    with queue.taken():
        threads = []
        for number in range(20):
            threads.append(threading.Thread(target=enter, args=(number,)))
            threads[-1].start()
            while len(queue.waiting) <= number:
                entered.wait(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(20))
    assert max(most) == 1
    assert queue.places == 1


def test_what_cannot_wait_goes_before_all_that_can():
    queue, order = turns.Turns(1), []
    entered = threading.Event()

    def enter(name: str) -> None:
        with queue.taken(ahead=name.isupper()):
            order.append(name)

    with queue.taken():
        threads = []
        for number, name in enumerate("abAcB"):
            threads.append(threading.Thread(target=enter, args=(name,)))
            threads[-1].start()
            while len(queue.waiting) + len(queue.hurried) <= number:
                entered.wait(0.001)
    for thread in threads:
        thread.join()
    assert order == list("ABabc")
    assert queue.places == 1


def test_who_waits_too_long_leaves_the_queue(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    queue = turns.Turns(2)
    with queue.taken(), queue.taken():
        with pytest.raises(turns.NoTurn), queue.taken():
            pass
        assert not queue.waiting
    assert queue.places == 2
    with queue.taken():
        assert queue.places == 1
