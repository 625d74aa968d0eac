"""Work in a process of its own, which may fail, crash or hang without taking the caller along."""

import multiprocessing
import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

Figures = dict[str, Any]
Work = Callable[..., Iterator[Figures]]


@dataclass
class Worker:
    """A process that does one piece of work after another; what it prints goes to `log`.

    It keeps what it has imported and its hold of the device from one piece to the next. Once a piece
    has failed it is replaced: after an error on a CUDA device nothing else succeeds in its process.
    """

    log: Path
    process: Any = field(default=None, init=False)
    connection: Connection | None = field(default=None, init=False)

    def run(self, work: Work, arguments: dict[str, Any], limit: float) -> Iterator[Figures]:
        """What `work(**arguments)` yields, as it comes. Where it raises, dies or has not ended after
        `limit` seconds, {"failure": {"type", "message"}} is the last."""
        ends = time.monotonic() + limit
        if self.connection is None:
            self._start()
        assert self.connection is not None
        self.connection.send((work, arguments))
        while True:
            if not self.connection.poll(max(0.0, ends - time.monotonic())):
                answer = failure("TimeoutError", f"not done after {limit:.0f} seconds")
            else:
                try:
                    answer = self.connection.recv()
                except (EOFError, ConnectionError):
                    self.process.join()
                    answer = failure("ProcessDied", f"exit status {self.process.exitcode}")
            if answer is None:
                return
            if "failure" in answer:
                self.stop()
                yield answer
                return
            yield answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self.connection is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:  # dead, or not yet the leader of a group
            self.process.kill()
        self.process.join()
        self.connection.close()
        self.connection = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # CUDA survives no fork
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, self.log))
        self.process.start()
        theirs.close()  # so that the death of the process is noticed here


def serve(connection: Connection, log: Path) -> None:
    os.setsid()
    with open(log, "a", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    while True:
        try:
            work, arguments = connection.recv()
        except EOFError:
            return
        try:
            for figures in work(**arguments):
                connection.send(figures)
            connection.send(None)
        except Exception as error:
            traceback.print_exc()
            connection.send(failure(type(error).__name__, str(error)))
        sys.stdout.flush()
        sys.stderr.flush()


def failure(kind: str, message: str) -> Figures:
    return {"failure": {"type": kind, "message": without_paths(message)[:600]}}


def without_paths(text: str) -> str:
    """`text` with only the last part of every absolute path."""
    return re.sub(r"(?<![\w.])(?:/[^\s/:'\",]+)+/([^\s/:'\",]+)", r"\1", text)
