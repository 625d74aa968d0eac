"""Many participants at once: how long an answer takes, and whether one is ever lost or doubled.

    python -m bench.study.load                      200 participants on SQLite and on PostgreSQL
    python -m bench.study.load --database sqlite --participants 50
    python -m bench.study.load --kill               what survives kill -9, of the app and the database

This is the storage layer (`core.study.participation.taking`), without browser and page: one process
stands for the app, each participant is a thread of it. "at once" all start in the same moment, then
answer without time to think; "human pace" thinks 0.5 to 3 seconds before each answer. Every acknowledged
answer carries a number of its own and has to be there afterwards, once. A participant that meets an
error of the database asks again, as a browser would.

With --kill, SIGKILL ends the process in the middle, or `pg_ctl stop -m immediate` the database server;
then it is started again, and everybody goes on with the token that their browser keeps. Databases wait
for the disk at each commit. Ends with 1 if an acknowledged answer is not there or there twice.
"""

import argparse
import json
import os
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import numpy as np

from bench.app import machine
from bench.study import QUESTIONS, kept_in, open_study, stored
from core.study.participation import taking
from core.study.participation.tokens import token_hash
from core.study.storage import database
from core.study.storage.database import DatabaseError
from tests.study import postgres

# Seconds before an answer. In haste: many answers are under way in any moment, for --kill.
THINKING = {"at once": (0.0, 0.0), "human pace": (0.5, 3.0), "in haste": (0.0, 0.3)}
MEASURED = ("at once", "human pace")
GOAL = 300  # milliseconds: p95 of an answer
AGAIN = 0.2  # seconds until a browser asks again
PATIENCE = 120.0  # seconds of errors in a row after which a participant gives up
DESIGN = {"confidence": True, "target": 100_000}
KEPT = "acknowledged.jsonl"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--participants", type=int, default=200)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--pace", choices=MEASURED, help="only this one")
    parser.add_argument("--kill", action="store_true", help="kill -9 in the middle")
    options = parser.parse_args()
    print(f"{machine()}, SQLite {sqlite3.sqlite_version}")
    kinds = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    number, lost = options.participants, 0
    for kind in kinds:
        with kept_in(kind) as server:
            if options.kill:
                lost += killed(kind, "the app's process", number, None)
                lost += killed(kind, "the database server", number, server) if server else 0
            else:
                paces = [options.pace] if options.pace else MEASURED
                lost += sum(measured(kind, pace, number) for pace in paces)
    return 1 if lost else 0


def measured(kind: str, pace: str, number: int) -> int:
    """Everybody to the end; prints the times; how many answers were lost or doubled."""
    with tempfile.TemporaryDirectory(prefix="penumbra-load-") as folder:
        study, place = open_study(6, **DESIGN), Path(folder)
        begun = time.perf_counter()
        times = ended(worker(study, place, pace, number), place)
        seconds = time.perf_counter() - begun
        print(f"\n{kind}, {number} participants, {pace}, {seconds:.1f} s in all")
        for step in ("start", "current", "answer"):
            values = 1000 * np.percentile(times[step], (50, 95, 99, 100))
            names = ("p50", "p95", "p99", "max")
            said = (f"  {n} {value:7.1f} ms" for n, value in zip(names, values, strict=True))
            print(f"  {step:8}" + "".join(said))
        first, last = times["answered"]
        rate = number * QUESTIONS / (last - first)
        print(f"  {rate:.0f} answers a second; errors met: {times['errors']}")
        p95 = np.percentile(times["answer"], 95) * 1000
        print(f"  p95 of an answer {'under' if p95 < GOAL else 'NOT UNDER'} {GOAL} ms")
        return checked(study, place, number, complete=True)


def killed(kind: str, what: str, number: int, server: postgres.Server | None) -> int:
    """Everybody in haste; in the middle `what` is killed and started again. How many
    acknowledged answers were lost or doubled."""
    with tempfile.TemporaryDirectory(prefix="penumbra-load-") as folder:
        study, place = open_study(6, **DESIGN), Path(folder)
        process = worker(study, place, "in haste", number)
        while len(acknowledged(place)) < number * QUESTIONS // 2 and process.is_alive():
            time.sleep(0.02)  # polling a condition
        if server is None:
            process.kill()
            process.join()
        else:
            server.crash()
        before = len(acknowledged(place))
        print(f"\n{kind}: {what} was killed after {before} acknowledged answers")
        if server is not None:
            server.start()
            database.close()
        lost = checked(study, place, number, complete=False)
        if server is None:
            process = worker(study, place, "in haste", number)
        errors = ended(process, place)["errors"]
        print(f"  started again, everybody went on; errors met: {errors}")
        return lost + checked(study, place, number, complete=True)


def worker(study: str, place: Path, pace: str, number: int) -> SpawnProcess:
    process = get_context("spawn").Process(target=work, args=(study, place, pace, number))
    process.start()
    return process


def ended(process: SpawnProcess, place: Path) -> dict[str, Any]:
    process.join()
    assert process.exitcode == 0
    return json.loads((place / "times.json").read_text())


def checked(study: str, place: Path, number: int, complete: bool) -> int:
    """How many acknowledged answers are not there with their value; prints what was found."""
    wanted = acknowledged(place)
    rows = stored(study)
    there = {(row.token_hash, row.position): row.milliseconds for row in rows}
    hashes = {n: token_hash(token_of(study, n)) for n in range(number)}
    lost = sum(there.get((hashes[n], position)) != value for n, position, value in wanted)
    twice = len(wanted) - len({(n, position) for n, position, _ in wanted})
    doubled = len(rows) - len(there) + twice
    asked = number * QUESTIONS
    missing = asked - len(rows) if complete else 0
    print(
        f"  acknowledged {len(wanted)}, stored {len(rows)} of {asked}: lost {lost}, "
        f"doubled {doubled}, missing {missing}"
    )
    return lost + doubled + missing


def acknowledged(place: Path) -> list[list[int]]:
    """[participant, position, value] of every answer that was said to be stored."""
    path = place / KEPT
    lines = path.read_text().splitlines(keepends=True) if path.is_file() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def token_of(study: str, number: int) -> str:
    return f"{random.Random(f'{study}/{number}').getrandbits(128):032x}"


# The process that is killed --------------------------------------------------------------------


def work(study: str, place: Path, pace: str, number: int) -> None:
    """All participants, a thread each; writes times.json at the end."""
    times: dict[str, Any] = {"start": [], "current": [], "answer": [], "errors": 0, "answered": []}
    kept = os.open(place / KEPT, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    gate = threading.Barrier(number)
    threads = [
        threading.Thread(target=take_part, args=(study, n, THINKING[pace], kept, gate, times))
        for n in range(number)
    ]
    database.engine()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times["answered"] = [min(times["answered"]), max(times["answered"])]
    (place / "times.json").write_text(json.dumps(times))


def take_part(
    study: str,
    number: int,
    thinking: tuple[float, float],
    kept: int,
    gate: threading.Barrier,
    times: dict[str, Any],
) -> None:
    chance = random.Random(f"{number}/{os.getpid()}")
    token = token_of(study, number)
    gate.wait()
    time.sleep(chance.uniform(*thinking))  # reads the consent
    timed(times, "start", taking.start, study, token)
    if not thinking[1]:
        gate.wait()  # all are in before the first answers: nobody's wait eases another's
    while True:
        question = timed(times, "current", taking.current, study, token)
        if question["stage"] != "question":
            return
        assert len({*question["options"], question["redrawn"]}) == 5
        time.sleep(chance.uniform(*thinking))
        position = question["position"]
        value = chance.randrange(3_600_000)  # tells this answer from any other
        given = (position, chance.randrange(4), value, 3)
        said = timed(times, "answer", taking.answer, study, token, *given)
        times["answered"].append(time.perf_counter())
        # A repeated request may find its own first one: then its number is there, or another's.
        if said == "stored":
            os.write(kept, f"[{number}, {position}, {value}]\n".encode())


def timed(times: dict[str, Any], step: str, what: Callable[..., Any], *arguments: Any) -> Any:
    """Does it, again while the database has an error, and notes how long the last attempt took."""
    end = time.perf_counter() + PATIENCE
    while True:
        begun = time.perf_counter()
        try:
            found = what(*arguments)
        except DatabaseError:
            times["errors"] += 1
            if begun > end:
                raise
            time.sleep(AGAIN)  # as a browser asks again
            continue
        times[step].append(time.perf_counter() - begun)
        return found


if __name__ == "__main__":
    sys.exit(main())
