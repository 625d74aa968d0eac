"""Where studies are kept: one SQLite file on this machine, or a PostgreSQL server by its URL.

`PENUMBRA_DATABASE` names it. The tables are brought up to date at the first use. Code that uses
the database does so in one transaction, `reading()` or `writing()`; what was written is on the disk
when the block has ended, so that an answer that was acknowledged outlives a crash and a power cut.
"""

import functools
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock
from sqlalchemy import Connection, Engine, Executable, create_engine, event, exc, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from core.errors import PenumbraError
from core.study.storage.location import url
from core.study.storage.tables import metadata
from core.study.storage.turns import NoTurn, in_turn

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
PATIENCE = 30  # seconds that one transaction waits for others
# Of a process. More make 200 participants at once wait longer (bench/study/load.py): on two cores 8
# gave a p95 of 290 to 315 ms for an answer on PostgreSQL, 5 gave 195 to 230, 3 gave 230 to 250.
CONNECTIONS = 5
IDLE = 3  # seconds after which a connection is looked at before it is used
ATTEMPTS = 3  # of work that may safely be done twice
WRITERS = "writing"  # SQLite's queue
IMMEDIATE: dict[str, Any] = {"begin": "BEGIN IMMEDIATE"}  # SQLite: is going to write
ONE_MOMENT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
MIGRATION_LOCK = 0x70656E756D627261  # "penumbra": the advisory lock of upgrades on PostgreSQL

log = logging.getLogger(__name__)
Work = TypeVar("Work", bound=Callable[..., Any])


class DatabaseError(PenumbraError):
    """The study database could not do what was asked; the message says what to do."""


class DatabaseAway(DatabaseError):
    """It cannot be reached, or the connection broke."""


class DatabaseBusy(DatabaseError):
    """Others held it for too long. The same may well work in a moment."""


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection that sees one moment of the database and changes nothing."""
    place = engine()
    kept: dict[str, Any] = {} if _is_sqlite(place.url) else ONE_MOMENT
    with _connected(place, **kept) as connection, connection.begin():
        yield connection


@contextmanager
def writing(after: str | None = None) -> Iterator[Connection]:
    """One transaction: all of it or nothing is there afterwards.

    SQLite has one writer at a time: those of this process take turns in the order in which they
    came, others wait for at most `PATIENCE` seconds. Raises DatabaseError; an IntegrityError of
    SQLAlchemy is the caller's to judge.

    after  others of this process that say the same: one by one, so that those which are going to
           lock the same row do not wait for it each with a connection in hand
    """
    place = engine()
    queue = WRITERS if _is_sqlite(place.url) else after
    # What somebody has answered is kept before others begin or are shown their next question.
    connected = _connected(place, queue, ahead=not after, **IMMEDIATE)
    with connected as connection, connection.begin():
        yield connection


def note(statement: Executable, values: dict[str, Any]) -> int:
    """One statement that nobody would miss after a power cut (a crash of this process it survives),
    quicker than `writing`: SQLite does not wait for the disk. The number of rows that it changed."""
    place = engine()
    queue: str | None = None
    how: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"}
    if _is_sqlite(place.url):
        queue, how = WRITERS, IMMEDIATE | {"synchronous": "NORMAL"}
    with _connected(place, queue, **how) as connection, connection.begin():
        return connection.execute(statement, values).rowcount


def wipe() -> None:
    """What was deleted leaves SQLite's log at once as well, or, where others are reading just now, when
    the log is written anew. (PostgreSQL overwrites deleted rows when it next vacuums.)"""
    place = engine()
    if not _is_sqlite(place.url):
        return
    try:
        with _connected(place, WRITERS) as connection:
            raw: Any = connection.connection.driver_connection  # no transaction may be begun
            raw.execute("PRAGMA busy_timeout = 500")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raw.execute(f"PRAGMA busy_timeout = {1000 * PATIENCE}")
    except (DatabaseError, sqlite3.Error) as error:  # the rows are gone, which was asked for
        log.warning("what was deleted stays in the database's log for now: %s", error)


def rows(connection: Connection, query: Executable) -> list[dict[str, Any]]:
    """All rows of a query: column -> value."""
    return [dict(row) for row in connection.execute(query).mappings()]


@contextmanager
def _connected(
    place: Engine, queue: str | None = None, ahead: bool = False, **options: Any
) -> Iterator[Connection]:
    """A connection with these execution options, as soon as it is this thread's turn in `queue` and
    one of `CONNECTIONS` is free; `ahead` of those that can wait."""
    turn = in_turn(place.url, queue).taken() if queue else nullcontext()
    free = in_turn(place.url, "connection", CONNECTIONS).taken(ahead)
    with _explained(place.url), turn, free, place.connect() as connection:
        yield connection.execution_options(**options)


def repeated(work: Work) -> Work:
    """Decorates what may be done twice with the outcome of once: it is tried again where others were
    in its way or its connection broke, as after a restart of the database server."""

    @functools.wraps(work)
    def again(*arguments: Any, **named: Any) -> Any:
        for _ in range(ATTEMPTS - 1):
            with suppress(DatabaseAway, DatabaseBusy):
                return work(*arguments, **named)
        return work(*arguments, **named)

    return again  # type: ignore[return-value]


# Engines -------------------------------------------------------------------------------------

_engines: dict[tuple[URL, int], Engine] = {}
_guard = threading.Lock()


def engine(address: str | None = None) -> Engine:
    """The engine of `address` (by default `url()`), with its tables up to date; one for each process
    and address. Raises DatabaseError."""
    place = _parsed(address or url())
    key = (place, os.getpid())  # connections do not survive a fork
    with _guard:
        if key not in _engines:
            _upgrade(place)
            _engines[key] = _made(place)
        return _engines[key]


def close() -> None:
    """Forget all engines of this process and close their connections."""
    with _guard:
        for made in _engines.values():
            made.dispose()
        _engines.clear()


@functools.lru_cache(maxsize=16)
def _parsed(address: str) -> URL:
    try:
        place = make_url(address)
    except (exc.ArgumentError, ValueError):
        raise DatabaseError(
            "PENUMBRA_DATABASE is no database URL; it reads sqlite:////folder/studies.sqlite or "
            "postgresql://user:password@host/database"
        ) from None
    kind = place.drivername.partition("+")[0]
    if kind in ("postgres", "postgresql"):
        return place.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise DatabaseError(f"studies are kept in SQLite or PostgreSQL, not in {kind!r:.40}")
    if not place.database or place.database == ":memory:" or place.database.startswith("file:"):
        raise DatabaseError("a study database has to be a file: sqlite:////folder/studies.sqlite")
    return place.set(drivername="sqlite", database=str(Path(place.database).expanduser().resolve()))


def _is_sqlite(place: URL) -> bool:
    return place.get_backend_name() == "sqlite"


def _made(place: URL, for_upgrade: bool = False) -> Engine:
    pool: dict[str, Any] = {"poolclass": NullPool}
    if not for_upgrade:
        pool = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": PATIENCE}
    # What people answered does not go into messages and logs.
    pool["hide_parameters"] = True
    if _is_sqlite(place):
        connect = {"timeout": PATIENCE, "check_same_thread": False}
        made = create_engine(place, connect_args=connect, **pool)
        _sqlite_manners(made, for_upgrade)
    else:
        made = create_engine(place, connect_args={"connect_timeout": 10}, **pool)
        _postgresql_manners(made)
    return made


def _sqlite_manners(made: Engine, for_upgrade: bool) -> None:
    @event.listens_for(made, "connect")
    def connected(raw: Any, record: Any) -> None:
        raw.isolation_level = None  # transactions begin where SQLAlchemy says, not at a guess
        raw.execute("PRAGMA synchronous = FULL")  # in WAL mode: a commit waits for the disk
        raw.execute("PRAGMA secure_delete = ON")  # what is withdrawn is overwritten
        # An upgrade makes tables anew; dropping the old one must not take what points to it along.
        raw.execute(f"PRAGMA foreign_keys = {'OFF' if for_upgrade else 'ON'}")
        if for_upgrade:
            raw.execute("PRAGMA journal_mode = WAL")  # readers do not wait; the file keeps it

    @event.listens_for(made, "begin")
    def began(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("synchronous"):
            connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
        connection.exec_driver_sql(options.get("begin", "BEGIN"))

    @event.listens_for(made, "checkin")
    def handed_back(raw: Any, record: Any) -> None:
        if raw is not None:
            raw.execute("PRAGMA synchronous = FULL")


def _postgresql_manners(made: Engine) -> None:
    import psycopg

    @event.listens_for(made, "connect")
    def connected(raw: Any, record: Any) -> None:
        raw.execute(f"SET lock_timeout = '{PATIENCE}s'")
        raw.execute("SET idle_in_transaction_session_timeout = '5min'")
        raw.commit()
        record.info["used"] = time.monotonic()

    @event.listens_for(made, "checkout")
    def taken(raw: Any, record: Any, proxy: Any) -> None:
        """A server that was started again has closed what lay idle: a new connection then. Those
        in use are not asked each time; `repeated` gets over their loss."""
        if time.monotonic() - record.info["used"] < IDLE:
            return
        try:
            raw.execute("SELECT 1")
            raw.rollback()
        except psycopg.Error as error:
            raise exc.DisconnectionError from error

    @event.listens_for(made, "checkin")
    def handed_back(raw: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()


# Tables up to date ---------------------------------------------------------------------------


def revision(connection: Connection) -> str | None:
    """The revision that the tables have; None where there are none."""
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(place: URL) -> None:
    """Make the tables, or bring those of an older Penumbra to the newest of `migrations`, in one
    transaction that no other process upgrades beside: all of it happens, or nothing."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = ScriptDirectory.from_config(configuration)
    lite = _is_sqlite(place)
    with (
        _explained(place),
        _file(place) if lite else nullcontext(),
        _made(place, for_upgrade=True).connect() as connection,
        connection.execution_options(**IMMEDIATE).begin(),
    ):
        if not lite:
            lock = text("SELECT pg_advisory_xact_lock(:key)")
            connection.execute(lock, {"key": MIGRATION_LOCK})
        here = revision(connection)
        if here is not None and here not in {entry.revision for entry in known.walk_revisions()}:
            raise DatabaseError(
                f"the study database has the tables of a newer Penumbra (revision {here:.40}); "
                "nothing was changed: update Penumbra on this machine, or name another database"
            )
        configuration.attributes["connection"] = connection
        if here is None:
            metadata.create_all(connection, checkfirst=False)  # never takes up others' tables
            command.stamp(configuration, "head")
        elif here != known.get_current_head():
            command.upgrade(configuration, "head")
        if lite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise DatabaseError("the upgrade would have torn rows apart; nothing was changed")


@contextmanager
def _file(place: URL) -> Iterator[None]:
    """SQLite's file, readable by its owner alone, while no other process sets it up."""
    path = Path(str(place.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=PATIENCE):
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            yield
    except OSError as error:
        raise DatabaseAway(
            f"the study database {path} cannot be opened ({error.strerror or error}); make its folder "
            "writable, or name another in PENUMBRA_DATABASE"
        ) from error


# Errors --------------------------------------------------------------------------------------

_BUSY = (
    "the study database is busy; nothing of this step was stored, what was stored before is safe: "
    "try again in a moment"
)


@contextmanager
def _explained(place: URL) -> Iterator[None]:
    """Errors of the database in words; never the URL, which may hold a password."""
    try:
        yield
    except (exc.IntegrityError, exc.ProgrammingError, exc.DataError):
        raise  # the caller's to judge, or a mistake in this program: not to be covered up
    except (NoTurn, exc.TimeoutError) as error:
        raise DatabaseBusy(_BUSY) from error
    except exc.DBAPIError as error:
        raise _in_words(place, error) from error


def _in_words(place: URL, error: exc.DBAPIError) -> DatabaseError:
    said = (str(error.orig).strip().splitlines() or [""])[0][:200]
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state in ("40001", "40P01", "55P03", "53300") or "locked" in said:
        return DatabaseBusy(_BUSY)
    if state == "53100" or "is full" in said:
        return DatabaseError(
            "the study database has no room left; what was stored before is safe, nothing new is "
            "stored: free space on its disk, then go on"
        )
    where = place.database if _is_sqlite(place) else f"at {place.host or 'this machine'}"
    if error.connection_invalidated or state[:2] in ("08", "28", "3D", "57") or not state:
        return DatabaseAway(
            f"the study database {where} cannot be used just now ({said}); what was stored before is "
            "safe: see that it runs and may be written to, then try again"
        )
    return DatabaseError(f"the study database {where} refused ({said}); nothing was changed")
