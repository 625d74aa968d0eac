"""A real PostgreSQL for tests: Debian's binaries, a folder of its own, a socket instead of a port."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.waiting import SECONDS, until

MISSING = (
    "no PostgreSQL for the tests of the study database: install Debian's package `postgresql` (its "
    "binaries suffice, no server of it need run), or put `initdb` and `postgres` on the PATH"
)


def binary(name: str) -> str | None:
    """Path of a program of PostgreSQL, the newest version where there are several."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: float(path.parts[-3]) if path.parts[-3].replace(".", "").isdigit() else 0,
    )
    return str(versions[-1]) if versions else shutil.which(name)


class Server:
    """A server in `folder`, reached through a socket in it."""

    def __init__(self, folder: Path, fsync: bool) -> None:
        self.folder, self.fsync = folder, fsync
        self.process: subprocess.Popen | None = None
        # PostgreSQL refuses to run as root; where the tests do, it runs as Debian's own user.
        self.as_user: dict = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            self.as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
            os.chown(folder, owner.pw_uid, owner.pw_gid)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def initialise(self) -> None:
        words = "--username postgres --auth trust --encoding UTF8 --locale C --no-sync"
        self._run("initdb", "--pgdata", str(self.folder / "data"), *words.split())

    def start(self) -> None:
        program = binary("postgres")
        assert program, MISSING
        safety = "on" if self.fsync else "off"
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.folder)}
        settings |= {"fsync": safety, "full_page_writes": safety, "max_connections": "60"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [program, "-D", str(self.folder / "data"), *options]
        with open(self.folder / "log.txt", "ab") as log:
            quiet = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            self.process = subprocess.Popen(command, cwd=self.folder, **quiet, **self.as_user)
        until(self._answers, lambda: f"PostgreSQL did not start: {self._said()}")

    def _answers(self) -> bool:
        assert self.process is not None
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url()).close()
            return True
        assert self.process.poll() is None, f"PostgreSQL ended: {self._said()}"
        return False

    def _said(self) -> str:
        return (self.folder / "log.txt").read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        """Let it end in order."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(SECONDS)
            self.process = None

    def crash(self) -> None:
        """`pg_ctl stop -m immediate`: no shutdown checkpoint, the next start has to recover."""
        words = "stop --mode immediate --wait --pgdata"
        self._run("pg_ctl", *words.split(), str(self.folder / "data"))
        assert self.process is not None
        self.process.wait(SECONDS)
        self.process = None

    def create(self, database: str, template: str = "template1") -> str:
        """A new database, a copy of `template`; its URL."""
        self.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def execute(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("SET lock_timeout = '30s'")
            connection.execute(statement.encode())

    def _run(self, name: str, *arguments: str) -> None:
        program = binary(name)
        assert program, MISSING
        done = subprocess.run(
            [program, *arguments], cwd=self.folder, capture_output=True, text=True, **self.as_user
        )
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


@contextmanager
def served(fsync: bool = False) -> Iterator[Server]:
    """A running server; without `fsync` faster, and not to be pulled the plug on. Raises
    AssertionError with what to install where there is no PostgreSQL."""
    assert all(map(binary, ("initdb", "postgres", "pg_ctl"))), MISSING
    folder = Path(tempfile.mkdtemp(prefix="penumbra-pg-", dir="/tmp"))  # a socket's path is short
    server = Server(folder, fsync)
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
